"""What the other programs call at one level only, and the asynchronous client."""
import asyncio

import pytest
from agentmail import MessageReceivedEvent, NotFoundError, Subscribe, Subscribed

from correspondent import fetch


@pytest.fixture
def received(client, inbox, ada):
    mail = ada.write(inbox.inbox_id, "Report", text="Attached.")
    mail.add_attachment(b"1,2\n", maintype="text", subtype="csv", filename="a.csv")
    ada.send(mail)
    item, = client.inboxes.messages.list(inbox.inbox_id).messages
    return item


def test_a_file_is_read_through_its_thread_on_both_levels(client, inbox, received):
    attachment, = received.attachments
    for link in (client.threads.get_attachment(received.thread_id, attachment.attachment_id),
                 client.inboxes.threads.get_attachment(inbox.inbox_id, received.thread_id, attachment.attachment_id)):
        assert (link.attachment_id, link.filename, link.size) == (attachment.attachment_id, "a.csv", 4)
        assert fetch(link.download_url)[::2] == (200, b"1,2\n")


def test_a_thread_is_deleted_in_its_inbox(client, inbox, received):
    other = client.inboxes.create()
    with pytest.raises(NotFoundError):
        client.inboxes.threads.delete(other.inbox_id, received.thread_id)
    client.inboxes.threads.delete(inbox.inbox_id, received.thread_id)
    with pytest.raises(NotFoundError):
        client.threads.get(received.thread_id)
    assert client.inboxes.messages.list(inbox.inbox_id).count == 0


def test_the_asynchronous_client_sends_lists_and_hears(async_client, ada):
    async def program():
        inbox = await async_client.inboxes.create()
        sent = await async_client.inboxes.messages.send(inbox.inbox_id, to=ada.address, subject="Hello", text="x")
        listed = await async_client.inboxes.messages.list(inbox.inbox_id)
        assert [item.message_id for item in listed.messages] == [sent.message_id]
        async with async_client.websockets.connect() as socket:
            await socket.send_subscribe(Subscribe(inbox_ids=[inbox.inbox_id], event_types=["message.received"]))
            assert isinstance(await socket.recv(), Subscribed)
            await asyncio.to_thread(ada.send, ada.write(inbox.inbox_id, "Question", text="Well?"))
            event = await socket.recv()
        assert isinstance(event, MessageReceivedEvent), event
        assert event.message.subject == "Question"
        assert (await async_client.inboxes.messages.get(inbox.inbox_id, event.message.message_id)).text.strip() == "Well?"

    asyncio.run(program())

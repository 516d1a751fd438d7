"""The quick start of an agent that was never upgraded: one file, run with each older release of the Python SDK."""
import importlib.metadata
import os
import secrets

import pytest
from agentmail import AgentMail, MessageReceivedEvent, NotFoundError, Subscribe, Subscribed
from agentmail.environment import AgentMailEnvironment
from agentmail.inboxes import CreateInboxRequest

from correspondent import Correspondent, fetch

RELEASE = tuple(map(int, importlib.metadata.version("agentmail").split(".")))


@pytest.fixture(scope="session")
def client():
    url = os.environ["MAILROOST_URL"]
    environment = AgentMailEnvironment(http=url, websockets=url.replace("http", "ws", 1))
    return AgentMail(api_key=os.environ["MAILROOST_API_KEY"], environment=environment)


@pytest.fixture
def inbox(client):
    return client.inboxes.create(request=CreateInboxRequest(username="old" + secrets.token_hex(5)))


@pytest.fixture
def ada():
    return Correspondent("Ada Byron", "ada@customer.example", os.environ["MAILROOST_SMTP"])


@pytest.fixture
def received(client, inbox, ada):
    mail = ada.write(inbox.inbox_id, "Report", text="The figures are attached.\n")
    mail.add_attachment(b"a,b\n1,2\n", maintype="text", subtype="csv", filename="figures.csv")
    raw = ada.send(mail)
    item, = client.inboxes.messages.list(inbox.inbox_id).messages
    return item, raw


def test_an_inbox_is_made_once_and_found_again(client):
    name = "old" + secrets.token_hex(5)
    request = CreateInboxRequest(username=name, client_id=name, display_name="Old Desk")
    first, again = (client.inboxes.create(request=request) for _ in range(2))
    assert first.inbox_id == again.inbox_id and first.inbox_id.startswith(name)
    assert client.inboxes.get(first.inbox_id).display_name == "Old Desk"
    assert first.inbox_id in [inbox.inbox_id for inbox in client.inboxes.list(limit=100).inboxes]


def test_a_mail_is_sent_listed_and_read(client, inbox):
    sent = client.inboxes.messages.send(
        inbox.inbox_id, to="ada@customer.example", subject="Hello", text="From an agent.", labels=["outreach"])
    item, = client.inboxes.messages.list(inbox.inbox_id, labels=["outreach"]).messages
    assert (item.message_id, item.thread_id, item.subject) == (sent.message_id, sent.thread_id, "Hello")
    message = client.inboxes.messages.get(inbox.inbox_id, sent.message_id)
    assert message.text.strip() == "From an agent." and message.to == ["ada@customer.example"]


def test_a_mail_that_arrives_is_told_on_the_socket(client, inbox, ada):
    with client.websockets.connect() as socket:
        socket.send_subscribe(Subscribe(inbox_ids=[inbox.inbox_id]))
        assert isinstance(socket.recv(), Subscribed)
        ada.send(ada.write(inbox.inbox_id, "Question", text="Where is my order?\n"))
        event = socket.recv()
    assert isinstance(event, MessageReceivedEvent)
    assert event.message.subject == "Question" and event.message.text.strip() == "Where is my order?"
    reply = client.inboxes.messages.reply(inbox.inbox_id, event.message.message_id, text="On its way.")
    thread = client.inboxes.threads.get(inbox.inbox_id, event.message.thread_id)
    assert [message.message_id for message in thread.messages] == [event.message.message_id, reply.message_id]
    assert client.threads.get(event.message.thread_id).message_count == 2


def test_an_attachment_is_a_link(client, inbox, received):
    item, _ = received
    attachment, = item.attachments
    assert (attachment.filename, attachment.size) == ("figures.csv", 8)
    for link in (client.inboxes.messages.get_attachment(inbox.inbox_id, item.message_id, attachment.attachment_id),
                 client.inboxes.threads.get_attachment(inbox.inbox_id, item.thread_id, attachment.attachment_id)):
        assert link.filename == "figures.csv"
        assert fetch(link.download_url)[::2] == (200, b"a,b\n1,2\n")


def test_raw_is_what_this_release_takes_it_for(client, inbox, received):
    item, raw = received
    answer = client.inboxes.messages.get_raw(inbox.inbox_id, item.message_id)
    if RELEASE < (0, 4):
        stored = b"".join(answer)
    else:
        assert answer.message_id == item.message_id
        status, _, stored = fetch(answer.download_url)
        assert status == 200 and len(stored) == answer.size
    assert stored == raw


def test_labels_are_changed_and_the_answer_has_the_type_of_this_release(client, inbox, received):
    item, _ = received
    answer = client.inboxes.messages.update(
        inbox.inbox_id, item.message_id, add_labels=["done"], remove_labels=["unread"])
    assert answer.message_id == item.message_id
    assert "done" in answer.labels and "unread" not in answer.labels
    if RELEASE < (0, 4, 14):
        assert (answer.subject, answer.thread_id) == ("Report", item.thread_id)
        assert answer.text.strip() == "The figures are attached." and answer.from_ == "Ada Byron <ada@customer.example>"
    assert client.inboxes.messages.list(inbox.inbox_id, labels=["done"]).count == 1


def test_what_is_not_there_is_a_typed_error(client, inbox):
    with pytest.raises(NotFoundError):
        client.inboxes.messages.get(inbox.inbox_id, "<no@such>")

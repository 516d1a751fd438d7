"""Two agents on one server: their mail takes the same way in as mail from outside."""
from agentmail import MessageReceivedEvent

from correspondent import address_of, mail_of
from sockets import next_event, subscribed


def test_two_agents_converse_for_six_turns(client):
    buyer, seller = client.inboxes.create(), client.inboxes.create()
    turns = ["Do you have 40 chairs?", "Yes, at 30 each.", "Make it 25.", "28, delivered.", "Agreed.", "They ship on Monday."]
    with subscribed(client, inbox_ids=[buyer.inbox_id, seller.inbox_id], event_types=["message.received"]) as socket:
        client.inboxes.messages.send(buyer.inbox_id, to=seller.inbox_id, subject="Chairs", text=turns[0])
        heard = []
        for number, words in enumerate(turns):
            reader, writer = (seller, buyer) if number % 2 == 0 else (buyer, seller)
            message = next_event(socket, MessageReceivedEvent).message
            assert message.inbox_id == reader.inbox_id
            assert address_of(message.from_) == writer.inbox_id
            assert message.subject == ("Chairs" if number == 0 else "Re: Chairs")
            heard.append(message.extracted_text.strip())
            if number + 1 < len(turns):
                client.inboxes.messages.reply(reader.inbox_id, message.message_id, text=turns[number + 1])
        assert heard == turns

    for inbox in (buyer, seller):
        thread_item, = client.inboxes.threads.list(inbox.inbox_id).threads
        assert thread_item.message_count == len(turns)
        thread = client.inboxes.threads.get(inbox.inbox_id, thread_item.thread_id)
        assert [message.extracted_text.strip() for message in thread.messages if "received" in message.labels] == \
            (turns[0::2] if inbox is seller else turns[1::2])
        assert {"sent", "received"} <= set(thread.labels)


def test_both_sides_share_the_message_id_and_nothing_else(client):
    one, two = client.inboxes.create(), client.inboxes.create()
    with subscribed(client, inbox_ids=[two.inbox_id]) as socket:
        sent = client.inboxes.messages.send(
            one.inbox_id, to=two.inbox_id, bcc="ada@customer.example", subject="Hi", text="Hi", labels=["mine"])
        assert next_event(socket, MessageReceivedEvent).message.message_id == sent.message_id
    received = client.inboxes.messages.get(two.inbox_id, sent.message_id)
    assert received.thread_id != sent.thread_id
    assert "mine" not in received.labels and {"received", "unread"} <= set(received.labels)
    assert not received.bcc, "a blind copy must stay blind"
    client.inboxes.messages.delete(one.inbox_id, sent.message_id)
    assert client.inboxes.messages.get(two.inbox_id, sent.message_id).text.strip() == "Hi"
    assert mail_of(client, two.inbox_id, sent.message_id)["Subject"] == "Hi"


def test_one_mail_to_several_inboxes_reaches_each(client, ada):
    inboxes = [client.inboxes.create() for _ in range(3)]
    mail = ada.write([inbox.inbox_id for inbox in inboxes], "To all", text="Hello all")
    ada.send(mail)
    for inbox in inboxes:
        message = client.inboxes.messages.get(inbox.inbox_id, mail["Message-ID"])
        assert message.inbox_id == inbox.inbox_id and message.text.strip() == "Hello all"
        assert len(message.to) == 3


def test_the_same_mail_delivered_twice_is_one_message(client, inbox, ada):
    mail = ada.write(inbox.inbox_id, "Once", text="x")
    ada.send(mail)
    ada.send(mail)
    listed = client.inboxes.messages.list(inbox.inbox_id)
    assert [item.message_id for item in listed.messages] == [mail["Message-ID"]]

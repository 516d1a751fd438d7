"""The support loop: mail arrives, the agent is told, reads the new words, answers in the thread, and the customer answers back."""
import asyncio
import threading

from agentmail import AsyncAgentMail, MessageReceivedEvent, MessageSentEvent, Subscribe, Subscribed

from correspondent import address_of, addresses_of, mail_of
from sockets import next_event, subscribed


def test_a_customer_and_an_agent_talk_in_one_thread(client, inbox, ada):
    with subscribed(client, inbox_ids=[inbox.inbox_id], event_types=["message.received"]) as socket:
        question = ada.write(inbox.inbox_id, "Order 4711", text="Where is my order?")
        ada.send(question)
        event = next_event(socket, MessageReceivedEvent)
        assert event.event_type == "message.received" and event.event_id
        assert event.message.inbox_id == inbox.inbox_id
        assert event.message.message_id == question["Message-ID"]
        assert event.message.extracted_text.strip() == "Where is my order?"
        assert event.thread.thread_id == event.message.thread_id
        thread_id = event.message.thread_id

        answer = client.inboxes.messages.reply(
            inbox.inbox_id, event.message.message_id, text="It left this morning.")
        assert answer.thread_id == thread_id

        # What Ada's mail program gets, and whether it would put it below her own mail.
        received = mail_of(client, inbox.inbox_id, answer.message_id)
        assert received["In-Reply-To"] == question["Message-ID"]
        assert received["References"].split()[-1] == question["Message-ID"]
        assert received["Subject"] == "Re: Order 4711"
        assert addresses_of(received["From"]) == [inbox.inbox_id]
        assert addresses_of(received["To"]) == [ada.address]
        body = received.get_body(("plain",)).get_content()
        assert body.startswith("It left this morning.")
        assert "> Where is my order?" in body

        # Her program quotes the whole history below her new words; only the new words count.
        thanks = ada.answer(received, "Great, thank you!")
        ada.send(thanks)
        event = next_event(socket, MessageReceivedEvent)
        assert event.message.thread_id == thread_id
        assert event.message.extracted_text.strip() == "Great, thank you!"
        assert "It left this morning." in event.message.text

        final = client.inboxes.messages.reply(inbox.inbox_id, event.message.message_id, text="You are welcome.")
        assert final.thread_id == thread_id
        last = mail_of(client, inbox.inbox_id, final.message_id)
        assert last["Subject"] == "Re: Order 4711", "the prefix must not pile up"
        assert last["References"].split() == [question["Message-ID"], answer.message_id, thanks["Message-ID"]]

    thread = client.inboxes.threads.get(inbox.inbox_id, thread_id)
    assert thread.message_count == 4
    assert [message.message_id for message in thread.messages] == [
        question["Message-ID"], answer.message_id, thanks["Message-ID"], final.message_id]
    assert thread.last_message_id == final.message_id
    assert {address_of(sender) for sender in thread.senders} == {ada.address, inbox.inbox_id}


def test_a_subscription_hears_its_inbox_and_its_events_only(client, inbox, ada):
    other = client.inboxes.create()
    with subscribed(client, inbox_ids=[inbox.inbox_id], event_types=["message.received"]) as socket:
        ada.send(ada.write(other.inbox_id, "Not for this socket", text="x"))
        client.inboxes.messages.send(inbox.inbox_id, to=ada.address, subject="Sent, not received", text="x")
        ada.send(ada.write(inbox.inbox_id, "For this socket", text="x"))
        event = next_event(socket, MessageReceivedEvent)
        assert event.message.subject == "For this socket"


def test_a_sent_message_is_announced(client, inbox, ada):
    with subscribed(client, inbox_ids=[inbox.inbox_id], event_types=["message.sent"]) as socket:
        sent = client.inboxes.messages.send(inbox.inbox_id, to=[ada.address, "grace@partner.example"], subject="News", text="x")
        event = next_event(socket, MessageSentEvent)
        assert event.send.message_id == sent.message_id
        assert event.send.thread_id == sent.thread_id
        assert event.send.inbox_id == inbox.inbox_id
        assert {address_of(to) for to in event.send.recipients} == {ada.address, "grace@partner.example"}


def test_a_socket_without_filters_hears_everything(client, ada):
    with subscribed(client) as socket:
        inbox = client.inboxes.create()
        ada.send(ada.write(inbox.inbox_id, "Later inboxes count too", text="x"))
        while True:
            event = socket.recv()
            if isinstance(event, MessageReceivedEvent) and event.message.inbox_id == inbox.inbox_id:
                break
        assert event.message.subject == "Later inboxes count too"


def test_the_async_client_hears_the_same(environment, key, client, inbox, ada):
    async def listen():
        agent = AsyncAgentMail(api_key=key, environment=environment)
        async with agent.websockets.connect() as socket:
            await socket.send_subscribe(Subscribe(inbox_ids=[inbox.inbox_id]))
            assert isinstance(await socket.recv(), Subscribed)
            sender = threading.Thread(target=ada.send, args=(ada.write(inbox.inbox_id, "Async", text="Hello"),))
            sender.start()
            async for event in socket:
                if isinstance(event, MessageReceivedEvent):
                    break
            sender.join()
            reply = await agent.inboxes.messages.reply(inbox.inbox_id, event.message.message_id, text="Hi")
            return event, reply

    event, reply = asyncio.run(listen())
    assert event.message.subject == "Async"
    assert reply.thread_id == event.message.thread_id


def test_reply_all_reaches_everybody_but_the_agent(client, inbox, ada):
    mail = ada.write([inbox.inbox_id, "Boss <boss@customer.example>"], "Meeting", text="When?", cc=["team@customer.example"])
    ada.send(mail, inbox.inbox_id)
    item, = client.inboxes.messages.list(inbox.inbox_id).messages
    answer = client.inboxes.messages.reply_all(inbox.inbox_id, item.message_id, text="Tomorrow.")
    received = mail_of(client, inbox.inbox_id, answer.message_id)
    assert addresses_of(received["To"]) == [ada.address, "boss@customer.example"]
    assert addresses_of(received["Cc"]) == ["team@customer.example"]

    only = client.inboxes.messages.reply(inbox.inbox_id, item.message_id, text="Just you.")
    received = mail_of(client, inbox.inbox_id, only.message_id)
    assert addresses_of(received["To"]) == [ada.address] and received["Cc"] is None

    flagged = client.inboxes.messages.reply(inbox.inbox_id, item.message_id, text="All again.", reply_all=True)
    received = mail_of(client, inbox.inbox_id, flagged.message_id)
    assert addresses_of(received["To"]) == [ada.address, "boss@customer.example"]

    chosen = client.inboxes.messages.reply(inbox.inbox_id, item.message_id, text="Elsewhere.", to="grace@partner.example")
    received = mail_of(client, inbox.inbox_id, chosen.message_id)
    assert addresses_of(received["To"]) == ["grace@partner.example"]


def test_a_reply_goes_where_reply_to_points(client, inbox, ada):
    ada.send(ada.write(inbox.inbox_id, "Please answer the desk", text="x", Reply_To="desk@customer.example"))
    item, = client.inboxes.messages.list(inbox.inbox_id).messages
    answer = client.inboxes.messages.reply(inbox.inbox_id, item.message_id, text="Done.")
    assert addresses_of(mail_of(client, inbox.inbox_id, answer.message_id)["To"]) == ["desk@customer.example"]


def test_the_new_words_of_common_mail_programs_are_found(client, inbox, ada):
    plain = {
        "gmail": "Yes please.\n\nOn Mon, Mar 2, 2026 at 9:14 AM Agent <{to}> wrote:\n\n> Shall I go on?\n> Regards\n",
        "gmail, broken line": "Yes please.\n\nOn Mon, Mar 2, 2026 at 9:14 AM A Very Long Agent Name Indeed\n<{to}> wrote:\n\n> Shall I go on?\n",
        "outlook": "Yes please.\n\n________________________________\nFrom: Agent <{to}>\nSent: Monday, March 2, 2026 9:14 AM\n"
                   "To: Ada Byron <ada@customer.example>\nSubject: Go on?\n\nShall I go on?\n",
        "apple mail": "Yes please.\n\n> On 2. Mar 2026, at 09:14, Agent <{to}> wrote:\n> \n> Shall I go on?\n",
    }
    for program, body in plain.items():
        mail = ada.write(inbox.inbox_id, f"Re: Go on? ({program})", text=body.format(to=inbox.inbox_id))
        ada.send(mail)
        message = client.inboxes.messages.get(inbox.inbox_id, mail["Message-ID"])
        assert message.extracted_text.strip() == "Yes please.", program
        assert "Shall I go on?" in message.text, program

    html = ('<div dir="ltr">Yes <b>please</b>.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
            'On Mon, Mar 2, 2026 at 9:14 AM Agent wrote:<br></div><blockquote class="gmail_quote">Shall I go on?</blockquote></div>')
    mail = ada.write(inbox.inbox_id, "Re: Go on? (HTML)", html=html)
    ada.send(mail)
    message = client.inboxes.messages.get(inbox.inbox_id, mail["Message-ID"])
    assert message.extracted_text.strip() == "Yes please."
    assert "Shall I go on?" not in (message.extracted_html or "")

"""The first five minutes: an address, a mail out, a mail in."""
from correspondent import address_of, addresses_of, mail_of


def test_an_inbox_without_arguments_sends_lists_and_gets(client):
    inbox = client.inboxes.create()
    assert "@" in inbox.inbox_id
    assert inbox.email == inbox.inbox_id
    assert inbox.pod_id and inbox.created_at and inbox.updated_at

    sent = client.inboxes.messages.send(
        inbox.inbox_id, to="ada@customer.example", subject="Hello", text="From an agent.", html="<p>From an agent.</p>")
    assert sent.message_id.startswith("<") and sent.message_id.endswith(">")

    listed = client.inboxes.messages.list(inbox.inbox_id)
    assert listed.count == 1
    assert [item.message_id for item in listed.messages] == [sent.message_id]
    assert listed.messages[0].subject == "Hello"
    assert listed.messages[0].preview == "From an agent."
    assert "sent" in listed.messages[0].labels

    message = client.inboxes.messages.get(inbox.inbox_id, sent.message_id)
    assert message.thread_id == sent.thread_id
    assert message.text.strip() == "From an agent."
    assert message.html.strip() == "<p>From an agent.</p>"
    assert address_of(message.from_) == inbox.inbox_id
    assert [address_of(to) for to in message.to] == ["ada@customer.example"]
    assert message.size > 0


def test_the_mail_that_leaves_is_what_was_asked_for(client, inbox):
    sent = client.inboxes.messages.send(
        inbox.inbox_id, to=["Ada <ada@customer.example>"], cc="grace@partner.example", bcc="linus@lab.example",
        reply_to="desk@agents.example", subject="Grüße aus Köln", text="Viele Grüße\n.\nEnde", headers={"X-Ticket": "42"})
    mail = mail_of(client, inbox.inbox_id, sent.message_id)

    assert mail["Message-ID"] == sent.message_id
    assert addresses_of(mail["From"]) == [inbox.inbox_id]
    assert addresses_of(mail["To"]) == ["ada@customer.example"]
    assert addresses_of(mail["Cc"]) == ["grace@partner.example"]
    assert addresses_of(mail["Reply-To"]) == ["desk@agents.example"]
    assert mail["Bcc"] is None, "a blind copy must not be named in the mail"
    assert mail["Subject"] == "Grüße aus Köln"
    assert mail["X-Ticket"] == "42"
    assert mail["Date"] is not None and mail["MIME-Version"] == "1.0"
    assert mail.get_body(("plain",)).get_content().splitlines() == ["Viele Grüße", ".", "Ende"]
    stored = client.inboxes.messages.get(inbox.inbox_id, sent.message_id)
    assert [address_of(bcc) for bcc in stored.bcc] == ["linus@lab.example"]


def test_a_received_mail_is_unread_and_complete(client, inbox, ada):
    mail = ada.write(inbox.inbox_id, "A question", text="How much is it?", html="<p>How <b>much</b> is it?</p>")
    ada.send(mail)

    item, = client.inboxes.messages.list(inbox.inbox_id).messages
    assert {"received", "unread"} <= set(item.labels)
    assert item.message_id == mail["Message-ID"]
    message = client.inboxes.messages.get(inbox.inbox_id, item.message_id)
    assert message.from_ == "Ada Byron <ada@customer.example>"
    assert [address_of(to) for to in message.to] == [inbox.inbox_id]
    assert message.text.strip() == "How much is it?"
    assert message.html.strip() == "<p>How <b>much</b> is it?</p>"
    assert message.extracted_text.strip() == "How much is it?"
    headers = {name.lower(): value for name, value in message.headers.items()}
    assert headers["subject"] == "A question"


def test_mail_to_an_unknown_address_is_refused_at_once(inbox, ada):
    import smtplib

    import pytest

    nobody = "nobody-here-" + inbox.inbox_id
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        ada.send(ada.write(nobody, "Hello", text="Anyone?"))
    code, _ = refused.value.recipients[nobody]
    assert code == 550


def test_a_line_break_in_a_field_never_becomes_a_header(client, inbox):
    from agentmail.core.api_error import ApiError

    attack = "Hello\r\nBcc: victim@target.example\r\nX-Injected: yes"
    for field in ({"subject": attack}, {"subject": "x", "headers": {"X-Note": attack}}, {"subject": "x", "reply_to": attack}):
        try:
            sent = client.inboxes.messages.send(inbox.inbox_id, to="ada@customer.example", text="x", **field)
        except ApiError as error:
            assert error.status_code == 400
            continue
        mail = mail_of(client, inbox.inbox_id, sent.message_id)
        assert mail["Bcc"] is None and mail["X-Injected"] is None

"""Any mail library sends as an inbox: the user is its address, the password an API key."""
import email.message
import email.policy
import os
import smtplib
import ssl

import pytest
from agentmail import CreateBearerApiKeyRequest, MessageSentEvent

from sockets import next_event, subscribed

POLICY = email.policy.SMTP


@pytest.fixture(scope="session")
def door(url):
    if not os.environ.get("MAILROOST_SUBMISSION"):
        pytest.exit("MAILROOST_SUBMISSION not set: run this through scripts/with-server", returncode=4)
    host, _, port = os.environ["MAILROOST_SUBMISSION"].rpartition(":")
    return host, int(port)


def session(door, tls=True):
    client = smtplib.SMTP(*door, timeout=20)
    if tls:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        client.starttls(context=trusting)
    return client


def mail_from(inbox, to, subject, text="Hello."):
    mail = email.message.EmailMessage(policy=POLICY)
    mail["From"], mail["To"], mail["Subject"] = inbox.inbox_id, to, subject
    mail.set_content(text)
    return mail


@pytest.mark.parametrize("tls", [True, False])
def test_smtplib_sends_as_an_inbox(client, inbox, door, key, unique, tls):
    other = client.inboxes.create()
    mail = mail_from(inbox, other.inbox_id, unique)
    mail["Bcc"] = "hidden@outside.example"
    mail["Message-ID"] = f"<{unique}@library.example>"
    mail.add_attachment(b"\x00\xff" * 1000, maintype="application", subtype="x-odd", filename="ödd.bin")
    with subscribed(client, inbox_ids=[inbox.inbox_id], event_types=["message.sent"]) as socket:
        with session(door, tls) as smtp:
            smtp.login(inbox.inbox_id, key)
            assert smtp.send_message(mail, to_addrs=[other.inbox_id, "hidden@outside.example"]) == {}
        sent = next_event(socket, MessageSentEvent).send
    assert sent.message_id == f"<{unique}@library.example>"
    assert sorted(sent.recipients) == sorted([other.inbox_id, "hidden@outside.example"])
    message = client.inboxes.messages.get(inbox.inbox_id, sent.message_id)
    assert message.subject == unique and message.bcc == ["hidden@outside.example"]
    assert "sent" in message.labels and "received" not in message.labels
    attachment, = message.attachments
    assert attachment.filename == "ödd.bin" and attachment.size == 2000
    assert message.extracted_text.strip() == "Hello."


def test_login_takes_each_mechanism_and_tells_a_stranger_nothing(inbox, door, key):
    for mechanism in ("auth_plain", "auth_login"):
        with session(door) as smtp:
            smtp.ehlo()
            smtp.user, smtp.password = inbox.inbox_id, key
            code, _ = smtp.auth(mechanism.removeprefix("auth_").upper(), getattr(smtp, mechanism))
            assert code == 235
    told = set()
    for user in (inbox.inbox_id, "nobody@nowhere.example"):
        with session(door) as smtp:
            with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
                smtp.login(user, "am_us_" + "0" * 64)
            told.add((refused.value.smtp_code, refused.value.smtp_error))
    assert len(told) == 1 and told.pop()[0] == 535


def test_an_inbox_cannot_speak_for_another(client, inbox, door, key, unique):
    other = client.inboxes.create()
    own = client.inboxes.api_keys.create(inbox.inbox_id, request=CreateBearerApiKeyRequest(name=unique))
    with session(door) as smtp:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login(other.inbox_id, own.api_key)
    with session(door) as smtp:
        smtp.login(inbox.inbox_id, own.api_key)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            smtp.send_message(mail_from(other, "ann@outside.example", unique), from_addr=inbox.inbox_id)
        assert refused.value.smtp_code == 550 and inbox.inbox_id in refused.value.smtp_error.decode()
        with pytest.raises(smtplib.SMTPSenderRefused):
            smtp.send_message(mail_from(inbox, "ann@outside.example", unique), from_addr=other.inbox_id)
    assert client.inboxes.messages.list(inbox.inbox_id).count == 0


def test_an_answer_over_smtp_joins_its_thread(client, inbox, door, key, ada, unique):
    asked = ada.write(inbox.inbox_id, unique, text="Are you there?")
    ada.send(asked, inbox.inbox_id)
    answer = mail_from(inbox, ada.address, f"Re: {unique}", "Yes.")
    answer["In-Reply-To"] = asked["Message-ID"]
    with session(door) as smtp:
        smtp.login(inbox.inbox_id, key)
        smtp.send_message(answer)
    thread, = client.inboxes.threads.list(inbox.inbox_id).threads
    assert thread.message_count == 2

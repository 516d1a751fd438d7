"""Attachments and raw mail, byte for byte, both ways, through links that need no credential and cannot be forged."""
import base64
import datetime
import email
import email.policy
import random
import re

import pytest
from agentmail import NotFoundError, SendAttachment

from correspondent import addresses_of, fetch, mail_of, raw_of

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
# Everything that could go wrong on the way: NUL, bare CR and LF, dots at line starts, no line end at the end.
BYTES = random.Random(7).randbytes(100_000) + b"\r\n.\r\n\n.\n\r\0\xff.hidden"


def content(data):
    return base64.b64encode(data).decode()


def download(client, inbox_id, message_id, attachment):
    answer = client.inboxes.messages.get_attachment(inbox_id, message_id, attachment.attachment_id)
    assert answer.attachment_id == attachment.attachment_id and answer.size == attachment.size
    assert answer.expires_at > datetime.datetime.now(datetime.timezone.utc)
    status, headers, data = fetch(answer.download_url)
    assert status == 200
    return answer, headers, data


@pytest.fixture
def sent(client, inbox):
    """A sent message with a binary file, a picture shown in the HTML, and a file with a name that needs encoding."""
    return client.inboxes.messages.send(
        inbox.inbox_id, to="ada@customer.example", subject="Files", text="See the files.",
        html='<p>See <img src="cid:logo@mail"></p>',
        attachments=[
            SendAttachment(filename="data.bin", content_type="application/octet-stream", content=content(BYTES)),
            SendAttachment(filename="logo.png", content_type="image/png", content_disposition="inline",
                           content_id="logo@mail", content=content(PNG)),
            SendAttachment(filename="Größe 報告.txt", content_type="text/plain", content=content("Über\n".encode())),
        ])


def test_what_is_sent_arrives_outside(client, inbox, sent):
    mail = mail_of(client, inbox.inbox_id, sent.message_id)
    parts = {part.get_filename(): part for part in mail.walk() if part.get_filename()}
    assert set(parts) == {"data.bin", "logo.png", "Größe 報告.txt"}
    assert parts["data.bin"].get_payload(decode=True) == BYTES
    assert parts["data.bin"].get_content_disposition() == "attachment"
    assert parts["logo.png"].get_payload(decode=True) == PNG
    assert parts["logo.png"].get_content_type() == "image/png"
    assert parts["logo.png"].get_content_disposition() == "inline"
    assert parts["logo.png"]["Content-ID"] == "<logo@mail>"
    assert parts["Größe 報告.txt"].get_payload(decode=True) == "Über\n".encode()
    assert mail.get_body(("plain",)).get_content().strip() == "See the files."
    assert "cid:logo@mail" in mail.get_body(("html",)).get_content()


def test_what_is_sent_can_be_read_back(client, inbox, sent):
    message = client.inboxes.messages.get(inbox.inbox_id, sent.message_id)
    files = {attachment.filename: attachment for attachment in message.attachments}
    assert files["data.bin"].size == len(BYTES)
    assert files["logo.png"].content_id == "logo@mail"
    assert files["logo.png"].content_disposition == "inline"
    for name, data in (("data.bin", BYTES), ("logo.png", PNG), ("Größe 報告.txt", "Über\n".encode())):
        assert download(client, inbox.inbox_id, sent.message_id, files[name])[2] == data
        by_thread = client.threads.get_attachment(sent.thread_id, files[name].attachment_id)
        assert fetch(by_thread.download_url)[2] == data


def test_what_arrives_is_kept_byte_for_byte(client, inbox, ada):
    mail = ada.write(inbox.inbox_id, "Here it is", text="Attached.")
    mail.add_attachment(BYTES, maintype="application", subtype="zip", filename="archive.zip")
    mail.add_attachment(PNG, maintype="image", subtype="png", filename="größe.png", disposition="inline", cid="<pic@ada>")
    raw = ada.send(mail)

    item, = client.inboxes.messages.list(inbox.inbox_id).messages
    files = {attachment.filename: attachment for attachment in item.attachments}
    assert set(files) == {"archive.zip", "größe.png"}
    assert files["archive.zip"].size == len(BYTES)
    assert files["archive.zip"].content_type == "application/zip"
    assert files["größe.png"].content_id == "pic@ada"
    for name, data in (("archive.zip", BYTES), ("größe.png", PNG)):
        _, headers, got = download(client, inbox.inbox_id, item.message_id, files[name])
        assert got == data
        assert headers["Content-Type"] == files[name].content_type
        assert headers["Content-Disposition"].startswith("attachment"), "a stored file must not run in a browser"
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert raw_of(client, inbox.inbox_id, item.message_id) == raw


@pytest.mark.parametrize("name, raw", {
    "dots and long lines": b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n" + b"y" * 900 + b"\r\n\r\n\r\n",
    "no header fields": b"\r\nonly a body\r\n",
    "unknown charset": b"Subject: =?x-none?Q?caf=E9?=\r\nContent-Type: text/plain; charset=x-none\r\n\r\ncaf\xe9\r\n",
    "not UTF-8": b"Subject: caf\xe9\r\n\r\n\xff\xfe caf\xe9\r\n",
    "MIME without end": b'Subject: x\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n',
    "nested 200 deep": b"Subject: x\r\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(200)) + b"\r\nend\r\n",
    "same header 500 times": b"X-Again: and again\r\n" * 500 + b"Subject: x\r\n\r\nx\r\n",
}.items())
def test_odd_mail_is_accepted_readable_and_unchanged(client, inbox, ada, name, raw):
    ada.send(raw, inbox.inbox_id)
    item, = client.inboxes.messages.list(inbox.inbox_id, include_spam=True, include_unauthenticated=True).messages
    assert raw_of(client, inbox.inbox_id, item.message_id) == raw
    message = client.inboxes.messages.get(inbox.inbox_id, item.message_id)
    assert message.message_id.startswith("<") and message.thread_id
    assert client.inboxes.threads.get(inbox.inbox_id, message.thread_id).message_count == 1


@pytest.mark.timeout(120)
def test_a_25_megabyte_mail_goes_through(client, inbox, ada):
    data = random.Random(8).randbytes(18_000_000)
    mail = ada.write(inbox.inbox_id, "Large", text="Attached.")
    mail.add_attachment(data, maintype="application", subtype="octet-stream", filename="large.bin")
    raw = ada.send(mail)
    assert len(raw) > 24_000_000
    item, = client.inboxes.messages.list(inbox.inbox_id).messages
    assert download(client, inbox.inbox_id, item.message_id, item.attachments[0])[2] == data
    assert raw_of(client, inbox.inbox_id, item.message_id) == raw
    sent = client.inboxes.messages.send(
        inbox.inbox_id, to=ada.address, subject="Back", attachments=[SendAttachment(filename="large.bin", content=content(data))])
    mail = mail_of(client, inbox.inbox_id, sent.message_id)
    assert [part.get_payload(decode=True) for part in mail.iter_attachments()] == [data]


def test_a_forged_link_opens_nothing(client, inbox, sent):
    message = client.inboxes.messages.get(inbox.inbox_id, sent.message_id)
    good = client.inboxes.messages.get_attachment(inbox.inbox_id, sent.message_id, message.attachments[0].attachment_id).download_url
    assert fetch(good)[0] == 200
    base, _, token = good.rpartition("/")
    for place in {0, len(token) // 3, len(token) // 2, len(token) - 2}:
        swapped = "A" if token[place] != "A" else "B"
        status, headers, body = fetch(f"{base}/{token[:place]}{swapped}{token[place + 1:]}")
        assert 400 <= status < 500, place
        assert headers.get_content_type() == "application/json" and b"message" in body
    for token in ("", "x", "." * 40, "%00", token[:-1], token + "A", "..%2f..%2fetc%2fpasswd"):
        assert 400 <= fetch(f"{base}/{token}")[0] < 500, token


def test_a_link_dies_with_its_message(client, inbox, sent):
    link = client.inboxes.messages.get_raw(inbox.inbox_id, sent.message_id).download_url
    client.inboxes.messages.delete(inbox.inbox_id, sent.message_id)
    assert fetch(link)[0] == 404


def test_unknown_attachments_are_not_found(client, inbox, sent):
    for wrong in ("00000000-0000-7000-8000-000000000000", "nonsense"):
        with pytest.raises(NotFoundError):
            client.inboxes.messages.get_attachment(inbox.inbox_id, sent.message_id, wrong)


def test_a_forward_carries_the_files_along(client, inbox, ada):
    mail = ada.write(inbox.inbox_id, "Contract", text="Please sign.")
    mail.add_attachment(BYTES, maintype="application", subtype="pdf", filename="contract.pdf")
    ada.send(mail)
    item, = client.inboxes.messages.list(inbox.inbox_id).messages
    forwarded = client.inboxes.messages.forward(
        inbox.inbox_id, item.message_id, to="legal@partner.example", text="Is this fine?",
        attachments=[SendAttachment(filename="note.txt", content_type="text/plain", content=content(b"note"))])
    assert forwarded.thread_id == item.thread_id
    received = mail_of(client, inbox.inbox_id, forwarded.message_id)
    assert re.match(r"Fwd: Contract$", received["Subject"])
    assert addresses_of(received["To"]) == ["legal@partner.example"]
    body = received.get_body(("plain",)).get_content()
    assert body.startswith("Is this fine?") and "Please sign." in body
    files = {part.get_filename(): part.get_payload(decode=True) for part in received.iter_attachments()}
    assert files == {"contract.pdf": BYTES, "note.txt": b"note"}


def test_a_mail_carried_by_a_mail_is_an_attachment(client, inbox, ada):
    inner = ada.write("someone@else.example", "Inner", text="inside")
    outer = ada.write(inbox.inbox_id, "Outer", text="outside")
    outer.add_attachment(inner)
    ada.send(outer)
    item, = client.inboxes.messages.list(inbox.inbox_id).messages
    message = client.inboxes.messages.get(inbox.inbox_id, item.message_id)
    assert message.subject == "Outer" and message.text.strip() == "outside"
    attachment, = message.attachments
    assert attachment.content_type == "message/rfc822"
    data = download(client, inbox.inbox_id, item.message_id, attachment)[2]
    assert email.message_from_bytes(data, policy=email.policy.default)["Subject"] == "Inner"

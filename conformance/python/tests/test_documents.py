"""The text of attached documents behind `text_url`."""

import base64
import datetime
import pathlib

from agentmail import SendAttachment

from correspondent import fetch

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "crates" / "documents" / "tests" / "fixtures"
OFFICE = "vnd.openxmlformats-officedocument."
DOCUMENTS = {
    "letter.docx": (OFFICE + "wordprocessingml.document", "We offer twelve crates of pears."),
    "orders.xlsx": (OFFICE + "spreadsheetml.sheet", "2026-11-02\tPears\t12\t25%\tTRUE"),
    "plan.pptx": (OFFICE + "presentationml.presentation", "[Slide 2]\nThen"),
    "report.pdf": ("pdf", "Pears\t12\t3.50"),
}


def test_the_text_of_documents_is_behind_text_url(client, inbox, ada):
    mail = ada.write(inbox.inbox_id, "Documents", text="Attached.")
    for name, (subtype, _) in DOCUMENTS.items():
        mail.add_attachment((FIXTURES / name).read_bytes(), maintype="application", subtype=subtype, filename=name)
    mail.add_attachment(b"\x89PNG\r\n\x1a\n\0", maintype="image", subtype="png", filename="photo.png")
    ada.send(mail)

    item, = client.inboxes.messages.list(inbox.inbox_id).messages
    files = {attachment.filename: attachment.attachment_id for attachment in item.attachments}
    for name, (_, words) in DOCUMENTS.items():
        for answer in (
            client.inboxes.messages.get_attachment(inbox.inbox_id, item.message_id, files[name]),
            client.threads.get_attachment(item.thread_id, files[name]),
        ):
            assert answer.expires_at > datetime.datetime.now(datetime.timezone.utc)
            status, headers, data = fetch(answer.text_url)
            assert status == 200 and headers["content-type"] == "text/plain; charset=utf-8"
            assert words in data.decode(), data.decode()
    photo = client.inboxes.messages.get_attachment(inbox.inbox_id, item.message_id, files["photo.png"])
    assert photo.text_url is None


def test_a_document_without_text_says_why(client, inbox):
    sent = client.inboxes.messages.send(
        inbox.inbox_id, to="ada@customer.example", subject="Locked",
        attachments=[SendAttachment(filename="locked.pdf", content=base64.b64encode((FIXTURES / "locked.pdf").read_bytes()).decode())])
    attachment, = client.inboxes.messages.get(inbox.inbox_id, sent.message_id).attachments
    answer = client.inboxes.messages.get_attachment(inbox.inbox_id, sent.message_id, attachment.attachment_id)
    status, _, body = fetch(answer.text_url)
    assert status == 422 and b"encrypted" in body
    assert fetch(answer.download_url)[2] == (FIXTURES / "locked.pdf").read_bytes()

"""Drafts: the whole life of plain ones, answers and forwards, at every level; schedules; sending once."""
import base64
import datetime
import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from agentmail import ConflictError, NotFoundError, SendAttachment, ValidationError
from agentmail.core.api_error import ApiError

from correspondent import fetch, raw_of

FAR = datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone.utc)


def eventually(probe, seconds=20):
    """Asks until there is an answer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = probe()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def encoded(content):
    return base64.b64encode(content).decode()


def test_a_draft_is_created_read_changed_and_sent(client, inbox, unique):
    made = client.inboxes.drafts.create(
        inbox.inbox_id, to=["Ada <ada@customer.example>"], cc=["cc@customer.example"], bcc=["bcc@customer.example"],
        reply_to=["desk@customer.example"], subject=unique, text="First words.", html="<p>First words.</p>",
        labels=[unique], client_id=unique)
    assert (made.inbox_id, made.client_id, made.subject, made.preview) == (inbox.inbox_id, unique, unique, "First words.")
    assert set(made.labels) == {"draft", unique}
    assert (made.to, made.cc, made.bcc) == (["Ada <ada@customer.example>"], ["cc@customer.example"], ["bcc@customer.example"])
    assert made.send_status is None and made.send_at is None and made.in_reply_to is None
    assert client.inboxes.drafts.get(inbox.inbox_id, made.draft_id) == made
    assert client.drafts.get(made.draft_id) == made
    assert client.pods.drafts.get(inbox.pod_id, made.draft_id) == made
    again = client.inboxes.drafts.create(inbox.inbox_id, client_id=unique, subject="something else")
    assert again == made, "the same client_id gives the first draft"

    changed = client.inboxes.drafts.update(
        inbox.inbox_id, made.draft_id, text="Better words.", html=None, cc=[], bcc=None, add_labels=["urgent"], remove_labels=[unique])
    assert (changed.text, changed.html, changed.cc, changed.bcc) == ("Better words.", None, None, None)
    assert changed.subject == unique and changed.to == made.to, "what was left out stays"
    assert set(changed.labels) == {"draft", "urgent"}
    assert changed.updated_at > made.updated_at and changed.created_at == made.created_at

    sent = client.inboxes.drafts.send(inbox.inbox_id, made.draft_id, add_labels=["by-hand"], remove_labels="urgent")
    message = client.inboxes.messages.get(inbox.inbox_id, sent.message_id)
    assert (message.subject, message.text.strip(), message.thread_id) == (unique, "Better words.", sent.thread_id)
    assert message.reply_to == ["desk@customer.example"]
    assert {"sent", "by-hand"} <= set(message.labels) and not {"draft", "urgent", "scheduled"} & set(message.labels)
    for call in (lambda: client.inboxes.drafts.get(inbox.inbox_id, made.draft_id),
                 lambda: client.drafts.get(made.draft_id),
                 lambda: client.inboxes.drafts.delete(inbox.inbox_id, made.draft_id)):
        with pytest.raises(NotFoundError) as refused:
            call()
        assert refused.value.body.message == "Draft not found"


def test_drafts_are_listed_at_every_level_by_their_last_change(client, inbox, unique):
    other = client.inboxes.create()
    made = [client.inboxes.drafts.create(inbox.inbox_id, subject=str(n), labels=[unique]) for n in range(4)]
    elsewhere = client.inboxes.drafts.create(other.inbox_id, subject="elsewhere", labels=[unique])
    client.inboxes.drafts.update(inbox.inbox_id, made[0].draft_id, text="touched")
    page = client.inboxes.drafts.list(inbox.inbox_id, limit=3)
    assert [draft.subject for draft in page.drafts] == ["0", "3", "2"] and (page.count, page.limit) == (3, 3)
    assert not hasattr(page.drafts[0], "text"), "items have no bodies"
    rest = client.inboxes.drafts.list(inbox.inbox_id, limit=3, page_token=page.next_page_token)
    assert [draft.subject for draft in rest.drafts] == ["1"] and rest.next_page_token is None
    upward = client.inboxes.drafts.list(inbox.inbox_id, ascending=True)
    assert [draft.subject for draft in upward.drafts] == ["1", "2", "3", "0"]
    for level in (client.drafts.list(labels=[unique]), client.pods.drafts.list(inbox.pod_id, labels=[unique, "draft"])):
        assert [draft.subject for draft in level.drafts] == ["0", "elsewhere", "3", "2", "1"]
    recent = client.drafts.list(labels=[unique], after=elsewhere.updated_at)
    assert [draft.subject for draft in recent.drafts] == ["0", "elsewhere"]
    earlier = client.drafts.list(labels=[unique], before=elsewhere.updated_at)
    assert [draft.subject for draft in earlier.drafts] == ["3", "2", "1"]
    client.inboxes.drafts.delete(inbox.inbox_id, made[3].draft_id)
    assert client.inboxes.drafts.list(inbox.inbox_id).count == 3


def test_attachments_of_drafts_are_the_same_bytes(client, inbox):
    first, second = os.urandom(200_000), b"second\r\n.\r\n"
    made = client.inboxes.drafts.create(inbox.inbox_id, to=["ada@customer.example"], text="x", attachments=[
        SendAttachment(filename="größe.bin", content=encoded(first)),
        SendAttachment(filename="pic.png", content_type="image/png", content_disposition="inline", content_id="pic", content=encoded(b"PNG"))])
    assert [(file.filename, file.size, file.content_disposition) for file in made.attachments] == [
        ("größe.bin", len(first), "attachment"), ("pic.png", 3, "inline")]
    assert made.attachments[1].content_id == "pic" and made.attachments[1].content_type == "image/png"
    for get in (lambda file: client.inboxes.drafts.get_attachment(inbox.inbox_id, made.draft_id, file),
                lambda file: client.drafts.get_attachment(made.draft_id, file),
                lambda file: client.pods.drafts.get_attachment(inbox.pod_id, made.draft_id, file)):
        found = get(made.attachments[0].attachment_id)
        assert found.expires_at > datetime.datetime.now(datetime.timezone.utc)
        assert hashlib.sha256(fetch(found.download_url)[2]).digest() == hashlib.sha256(first).digest()
    changed = client.inboxes.drafts.update(
        inbox.inbox_id, made.draft_id, remove_attachments=[made.attachments[0].attachment_id],
        add_attachments=[SendAttachment(filename="second.txt", content=encoded(second))])
    assert [file.filename for file in changed.attachments] == ["pic.png", "second.txt"]
    with pytest.raises(NotFoundError):
        client.drafts.get_attachment(made.draft_id, made.attachments[0].attachment_id)
    sent = client.inboxes.drafts.send(inbox.inbox_id, made.draft_id)
    message = client.inboxes.messages.get(inbox.inbox_id, sent.message_id)
    files = {file.filename: file for file in message.attachments}
    assert set(files) == {"pic.png", "second.txt"}
    link = client.inboxes.messages.get_attachment(inbox.inbox_id, sent.message_id, files["second.txt"].attachment_id)
    assert fetch(link.download_url)[2] == second


def test_an_answer_and_a_forward_are_drafted(client, inbox, ada):
    mail = ada.write(inbox.inbox_id, "Order 4711", "Where is it?", cc="boss@customer.example")
    ada.send(mail, inbox.inbox_id)
    question = eventually(lambda: client.inboxes.messages.list(inbox.inbox_id).messages)[0]
    reply = client.inboxes.drafts.create(inbox.inbox_id, in_reply_to=question.message_id, text="On its way.")
    assert reply.subject == "Re: Order 4711" and reply.in_reply_to == question.message_id
    assert reply.references == [question.message_id] and "ada@customer.example" in reply.to[0]
    everybody = client.inboxes.drafts.create(inbox.inbox_id, in_reply_to=question.message_id, reply_all=True, text="x")
    assert everybody.cc == ["boss@customer.example"]
    forward = client.inboxes.drafts.create(inbox.inbox_id, forward_of=question.message_id, to=["grace@partner.example"], text="FYI")
    assert (forward.subject, forward.forward_of, forward.in_reply_to) == ("Fwd: Order 4711", question.message_id, None)

    sent = client.inboxes.drafts.send(inbox.inbox_id, reply.draft_id)
    assert sent.thread_id == question.thread_id
    message = client.inboxes.messages.get(inbox.inbox_id, sent.message_id)
    assert message.in_reply_to == question.message_id and message.extracted_text.strip() == "On its way."
    assert b"> Where is it?" in raw_of(client, inbox.inbox_id, sent.message_id)
    passed_on = client.inboxes.drafts.send(inbox.inbox_id, forward.draft_id)
    assert "Where is it?" in client.inboxes.messages.get(inbox.inbox_id, passed_on.message_id).text
    for wrong in ({"in_reply_to": question.message_id, "forward_of": question.message_id}, {"reply_all": True},
                  {"in_reply_to": question.message_id, "reply_all": True, "to": ["ada@customer.example"]}):
        with pytest.raises(ValidationError):
            client.inboxes.drafts.create(inbox.inbox_id, **wrong)
    with pytest.raises(NotFoundError):
        client.inboxes.drafts.create(inbox.inbox_id, in_reply_to="<nothing@nowhere.example>")


def test_a_draft_goes_at_its_time_or_not(client, inbox, unique):
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    made = client.inboxes.drafts.create(inbox.inbox_id, to=["ada@customer.example"], subject=unique, send_at=soon)
    assert made.send_status == "scheduled" and "scheduled" in made.labels
    assert abs((made.send_at - soon).total_seconds()) < 0.01
    message = eventually(lambda: client.inboxes.messages.list(inbox.inbox_id, labels=["sent"]).messages)[0]
    assert message.subject == unique and message.timestamp >= made.send_at
    assert client.inboxes.drafts.list(inbox.inbox_id).count == 0

    made = client.inboxes.drafts.create(inbox.inbox_id, to=["ada@customer.example"], subject="later", send_at=FAR)
    assert client.drafts.list(labels=["scheduled"]).drafts[0].send_at == FAR
    taken_back = client.inboxes.drafts.update(inbox.inbox_id, made.draft_id, send_at=None)
    assert taken_back.send_status is None and taken_back.send_at is None and taken_back.labels == ["draft"]
    moved = client.inboxes.drafts.update(inbox.inbox_id, made.draft_id, send_at=FAR)
    assert moved.send_status == "scheduled"
    client.inboxes.drafts.update(inbox.inbox_id, made.draft_id, send_at=FAR.replace(year=2020))
    eventually(lambda: client.inboxes.messages.list(inbox.inbox_id, labels=["sent"]).count == 2)
    with pytest.raises(ValidationError):
        client.inboxes.drafts.create(inbox.inbox_id, send_at=FAR)


def test_a_scheduled_draft_that_cannot_go_says_why(client, inbox):
    client.inboxes.update(inbox.inbox_id, status="paused")
    made = client.inboxes.drafts.create(inbox.inbox_id, to=["ada@customer.example"], send_at=FAR.replace(year=2020))
    get = lambda: client.inboxes.drafts.get(inbox.inbox_id, made.draft_id)
    failed = eventually(lambda: get() if get().send_status == "failed" else None)
    assert "inbox_paused" in failed.send_error and "scheduled" not in failed.labels
    client.inboxes.update(inbox.inbox_id, status="active")
    client.inboxes.drafts.update(inbox.inbox_id, made.draft_id, send_at=FAR.replace(year=2020))
    eventually(lambda: client.inboxes.messages.list(inbox.inbox_id, labels=["sent"]).messages)


def test_the_five_ways_to_send_are_idempotent(client, inbox, ada, unique):
    ada.send(ada.write(inbox.inbox_id, "Question", "?"), inbox.inbox_id)
    question = eventually(lambda: client.inboxes.messages.list(inbox.inbox_id).messages)[0].message_id
    draft = client.inboxes.drafts.create(inbox.inbox_id, to=["ada@customer.example"], text="x").draft_id
    messages = client.inboxes.messages
    calls = [
        lambda key: messages.send(inbox.inbox_id, to="ada@customer.example", text="x", idempotency_key=key),
        lambda key: messages.reply(inbox.inbox_id, question, text="x", idempotency_key=key),
        lambda key: messages.reply_all(inbox.inbox_id, question, text="x", idempotency_key=key),
        lambda key: messages.forward(inbox.inbox_id, question, to="grace@partner.example", idempotency_key=key),
        lambda key: client.inboxes.drafts.send(inbox.inbox_id, draft, idempotency_key=key),
    ]
    for number, call in enumerate(calls):
        key = f"{unique}-{number}"
        first = call(key)
        assert call(key) == first
        assert messages.list(inbox.inbox_id, labels=["sent"]).count == number + 1
    with pytest.raises(ConflictError) as refused:
        messages.send(inbox.inbox_id, to="somebody@else.example", idempotency_key=f"{unique}-0",
                      request_options={"max_retries": 0})
    assert refused.value.status_code == 409 and refused.value.body.code == "conflict"
    for bad in ("", "a b", "a@b"):
        with pytest.raises(ApiError) as refused:
            messages.send(inbox.inbox_id, to="ada@customer.example", idempotency_key=bad)
        assert refused.value.status_code == 400


def test_twenty_at_once_with_one_key_send_one_message(client, inbox, unique):
    def send(_):
        return client.inboxes.messages.send(inbox.inbox_id, to="ada@customer.example", text="x", idempotency_key=unique)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))
    assert len({answer.message_id for answer in answers}) == 1
    assert client.inboxes.messages.list(inbox.inbox_id).count == 1

"""Labels, deletion, threads on both levels, and the typed errors of the SDK."""
import pytest
from agentmail import NotFoundError, ValidationError
from agentmail.core.api_error import ApiError

from correspondent import mail_of


@pytest.fixture
def received(client, inbox, ada):
    ada.send(ada.write(inbox.inbox_id, "Hello", text="Hello there"))
    return client.inboxes.messages.list(inbox.inbox_id).messages[0]


def test_labels_are_added_and_removed(client, inbox, received):
    update = client.inboxes.messages.update
    answer = update(inbox.inbox_id, received.message_id, add_labels=["Read", "todo"], remove_labels="unread")
    assert answer.message_id == received.message_id
    assert {"read", "todo", "received"} <= set(answer.labels) and "unread" not in answer.labels
    assert set(client.inboxes.messages.get(inbox.inbox_id, received.message_id).labels) == set(answer.labels)
    answer = update(inbox.inbox_id, received.message_id, add_labels=["both"], remove_labels=["both", "todo"])
    assert not {"both", "todo"} & set(answer.labels), "what is added and removed is removed"
    for wrong in ({"add_labels": ["sent"]}, {"remove_labels": "received"}, {}, {"add_labels": ["x" * 257]}):
        with pytest.raises(ValidationError) as refused:
            update(inbox.inbox_id, received.message_id, **wrong)
        assert refused.value.body.fix
    again = client.inboxes.messages.get(inbox.inbox_id, received.message_id)
    assert set(again.labels) == set(answer.labels), "a refused change changes nothing"


def test_a_deleted_message_is_gone(client, inbox, received):
    client.inboxes.messages.delete(inbox.inbox_id, received.message_id)
    for call in (
        lambda: client.inboxes.messages.get(inbox.inbox_id, received.message_id),
        lambda: client.inboxes.messages.delete(inbox.inbox_id, received.message_id),
        lambda: client.inboxes.messages.get_raw(inbox.inbox_id, received.message_id),
        lambda: client.inboxes.messages.reply(inbox.inbox_id, received.message_id, text="x"),
        lambda: client.inboxes.threads.get(inbox.inbox_id, received.thread_id),
    ):
        with pytest.raises(NotFoundError):
            call()
    assert client.inboxes.messages.list(inbox.inbox_id).count == 0


def test_message_ids_of_every_shape_are_found(client, inbox, ada):
    for local in ("plain", "a/b/c", "x+y=z", "reply", "a/raw", "q'uo!te$", "%41", "a|b~c"):
        mail = ada.write(inbox.inbox_id, f"Id {local}", text="x")
        mail.replace_header("Message-ID", f"<{local}@ids.example>")
        ada.send(mail)
        message = client.inboxes.messages.get(inbox.inbox_id, f"<{local.replace('%', '%25')}@ids.example>")
        assert message.message_id == f"<{local}@ids.example>" and message.subject == f"Id {local}"
    assert client.inboxes.messages.get(inbox.inbox_id, "plain@ids.example").message_id == "<plain@ids.example>"


def test_threads_answer_on_both_levels(client, inbox, received):
    reply = client.inboxes.messages.reply(inbox.inbox_id, received.message_id, text="Hi", labels=["answered"])
    for get in (lambda: client.threads.get(received.thread_id), lambda: client.inboxes.threads.get(inbox.inbox_id, received.thread_id)):
        thread = get()
        assert thread.inbox_id == inbox.inbox_id and thread.message_count == thread.count == 2
        assert [message.message_id for message in thread.messages] == [received.message_id, reply.message_id]
        assert thread.messages[0].text.strip() == "Hello there"
        assert thread.subject == "Hello" and "answered" in thread.labels
    assert received.thread_id in [thread.thread_id for thread in client.threads.list(limit=100).threads]
    other = client.inboxes.create()
    with pytest.raises(NotFoundError):
        client.inboxes.threads.get(other.inbox_id, received.thread_id)

    updated = client.threads.update(received.thread_id, add_labels=["vip"], remove_labels=["unread"])
    assert updated.thread_id == received.thread_id and "vip" in updated.labels and "unread" not in updated.labels
    for message in client.inboxes.threads.get(inbox.inbox_id, received.thread_id).messages:
        assert "vip" in message.labels
    updated = client.inboxes.threads.update(inbox.inbox_id, received.thread_id, remove_labels=["vip"])
    assert "vip" not in updated.labels
    with pytest.raises(ValidationError):
        client.threads.update(received.thread_id, add_labels=["sent"])

    client.threads.delete(received.thread_id)
    for call in (lambda: client.threads.get(received.thread_id),
                 lambda: client.threads.delete(received.thread_id),
                 lambda: client.inboxes.messages.get(inbox.inbox_id, reply.message_id)):
        with pytest.raises(NotFoundError):
            call()


def test_a_thread_pages_backwards_in_time(client, inbox, received):
    ids, last = [received.message_id], received.message_id
    for number in range(6):
        last = client.inboxes.messages.reply(inbox.inbox_id, last, text=f"turn {number}").message_id
        ids.append(last)
    newest = client.inboxes.threads.get(inbox.inbox_id, received.thread_id, limit=3)
    assert [message.message_id for message in newest.messages] == ids[4:]
    assert newest.message_count == 7 and newest.count == 3
    older = client.inboxes.threads.get(inbox.inbox_id, received.thread_id, limit=3, page_token=newest.next_page_token)
    assert [message.message_id for message in older.messages] == ids[1:4]
    oldest = client.inboxes.threads.get(inbox.inbox_id, received.thread_id, limit=3, page_token=older.next_page_token)
    assert [message.message_id for message in oldest.messages] == ids[:1] and not oldest.next_page_token


def test_a_reply_to_the_own_mail_continues_with_its_recipients(client, inbox, ada):
    sent = client.inboxes.messages.send(inbox.inbox_id, to=ada.address, subject="Offer", text="First")
    more = client.inboxes.messages.reply(inbox.inbox_id, sent.message_id, text="One more thing")
    assert more.thread_id == sent.thread_id
    mail = mail_of(client, inbox.inbox_id, more.message_id)
    assert ada.address in mail["To"] and mail["In-Reply-To"] == sent.message_id


@pytest.mark.parametrize("wrong", [
    {}, {"to": []}, {"to": "not an address"}, {"to": "a@b.example", "cc": ["x@"]}, {"to": [f"p{n}@many.example" for n in range(51)]},
    {"to": "a@b.example", "attachments": [{"filename": "x", "content": "not base64!"}]},
    {"to": "a@b.example", "attachments": [{"filename": "x"}]},
], ids=lambda wrong: str(wrong)[:50])
def test_a_mail_that_cannot_be_sent_is_refused_with_a_fix(client, inbox, wrong):
    with pytest.raises(ValidationError) as refused:
        client.inboxes.messages.send(inbox.inbox_id, subject="x", text="x", **wrong)
    assert refused.value.body.message and refused.value.body.fix
    assert client.inboxes.messages.list(inbox.inbox_id).count == 0


def test_unknown_things_are_not_found_and_say_what_to_do(client, inbox):
    for call, message in (
        (lambda: client.inboxes.get("nobody@nowhere.example"), "Inbox not found"),
        (lambda: client.inboxes.messages.get(inbox.inbox_id, "<no@such>"), "Message not found"),
        (lambda: client.inboxes.threads.get(inbox.inbox_id, "00000000-0000-7000-8000-000000000000"), "Thread not found"),
    ):
        with pytest.raises(NotFoundError) as missing:
            call()
        body = missing.value.body
        assert (body.name, body.code, body.message) == ("NotFoundError", "not_found", message)
        assert body.fix and body.docs


def test_a_body_of_the_wrong_type_is_refused_with_its_path(url, key, inbox):
    import json
    import urllib.error
    import urllib.request

    for body, path in ((b'{"to": 5}', "to"), (b'{"to": "a@b.example", "labels": {"a": 1}}', "labels"),
                       (b"[1, 2]", None), (b'{"to": "a@b.exa', None), (b"[" * 5000, None), (b"\xff\xfe", None)):
        request = urllib.request.Request(
            f"{url}/v0/inboxes/{inbox.inbox_id}/messages/send", data=body,
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        with refused.value as answer:
            assert answer.code == 400
            error = json.load(answer)
        assert error["name"] == "ValidationError" and error["fix"]
        if path:
            assert error["errors"][0]["path"][0] == path


def test_a_wrong_route_is_an_error_in_the_same_shape(client):
    with pytest.raises(ApiError) as missing:
        client.drafts.get("00000000-0000-7000-8000-000000000000")
    assert missing.value.status_code == 404


def test_a_doubled_version_prefix_is_tolerated(connect, key, url):
    from agentmail import AgentMail, AgentMailEnvironment

    doubled = AgentMail(api_key=key, environment=AgentMailEnvironment(http=f"{url}/v0", websockets=url.replace("http", "ws", 1) + "/v0"))
    inbox = doubled.inboxes.create()
    assert doubled.inboxes.get(inbox.inbox_id).inbox_id == inbox.inbox_id

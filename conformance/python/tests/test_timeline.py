"""What happened to a message: beyond the SDK, so through plain HTTP, beside what the SDK says of the same message."""
from urllib.parse import quote

import httpx
import pytest


def timeline(url, key, inbox_id, message_id):
    path = f"{url}/v0/inboxes/{inbox_id}/messages/{quote(message_id, safe='')}/timeline"
    return httpx.get(path, headers={"Authorization": f"Bearer {key}"})


def kinds(told):
    return [entry["kind"] for entry in told["entries"]]


def test_mail_that_arrives_says_how_and_what_was_thought_of_it(client, inbox, ada, url, key):
    ada.send(ada.write(inbox.inbox_id, "Timeline", "x"))
    [listed] = client.inboxes.messages.list(inbox.inbox_id, include_unauthenticated=True).messages
    answer = timeline(url, key, inbox.inbox_id, listed.message_id)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["message_id"], told["thread_id"]) == (listed.message_id, listed.thread_id)
    assert told["direction"] == "received" and told["count"] == len(told["entries"])
    first = told["entries"][0]
    assert first["kind"] == "session" and first["origin"]["way"] == "smtp"
    assert first["origin"]["recipient"] == inbox.inbox_id and first["origin"]["session_id"]
    assert {"authentication", "filed", "event"} <= set(kinds(told))
    [filed] = [entry for entry in told["entries"] if entry["kind"] == "filed"]
    assert {one["label"] for one in filed["labels"]} == set(listed.labels)
    assert [entry["at"] for entry in told["entries"]] == sorted(entry["at"] for entry in told["entries"])

    client.inboxes.messages.update(inbox.inbox_id, listed.message_id, add_labels=["seen"])
    after = timeline(url, key, inbox.inbox_id, listed.message_id).json()
    assert "label_added" in kinds(after)
    assert [entry for entry in after["entries"] if entry["kind"] == "filed"] == [filed]


def test_mail_that_is_sent_says_with_which_key_and_what_became_of_it(client, inbox, unique, url, key):
    recipient = f"{unique}@outside.example"
    sent = client.inboxes.messages.send(inbox.inbox_id, to=recipient, subject="Out", text="x")
    told = timeline(url, key, inbox.inbox_id, sent.message_id).json()
    assert told["direction"] == "sent" and kinds(told)[0] == "submitted"
    assert told["entries"][0]["origin"]["way"] == "api"
    queued = [entry for entry in told["entries"] if entry["kind"] == "delivery" and entry["state"] == "queued"]
    assert [entry["recipient"] for entry in queued] == [recipient]
    events = [entry["event"]["event_type"] for entry in told["entries"] if entry["kind"] == "event"]
    assert events[0] == "message.sent"


@pytest.mark.parametrize("message_id", ["<nobody@nowhere.example>", "x"])
def test_what_is_not_there_has_none(inbox, url, key, message_id):
    answer = timeline(url, key, inbox.inbox_id, message_id)
    assert answer.status_code == 404 and answer.json()["code"] == "not_found"

"""Batches, the record of labels, the event log as one cursor, and polling webhooks."""
import json

import httpx
import pytest
from agentmail import MessageReceivedEvent, NotFoundError, Subscribe, Subscribed, ValidationError
from agentmail.core.api_error import ApiError


def received(ada, inbox, *subjects):
    """Hands mail in; gives the Message-IDs."""
    ids = []
    for subject in subjects:
        mail = ada.write(inbox.inbox_id, subject, text=f"About {subject}.")
        ada.send(mail)
        ids.append(mail["Message-ID"])
    return ids


def test_batch_get(client, inbox, ada):
    first, second, third = received(ada, inbox, "One", "Two", "Three")
    batch = client.inboxes.messages.batch_get(inbox.inbox_id, message_ids=[third, "<ghost@x.example>", first])
    assert (batch.limit, batch.count) == (3, 2)
    assert [message.message_id for message in batch.messages] == [third, first]
    for message in batch.messages:
        whole = client.inboxes.messages.get(inbox.inbox_id, message.message_id)
        assert whole.text and message.text is None and message.html is None and message.extracted_text is None
        assert (message.subject, message.headers, message.labels) == (whole.subject, whole.headers, whole.labels)
        assert message.headers["Subject"] == message.subject
    with pytest.raises(ValidationError):
        client.inboxes.messages.batch_get(inbox.inbox_id, message_ids=[])
    with pytest.raises(ValidationError):
        client.inboxes.messages.batch_get(inbox.inbox_id, message_ids=[second] * 501)


def test_batch_update(client, inbox, ada):
    ids = received(ada, inbox, "One", "Two", "Three")
    updated = client.inboxes.messages.batch_update(
        inbox.inbox_id, message_ids=[ids[2], "<ghost@x.example>", ids[0]], add_labels=["Done"], remove_labels="unread")
    assert (updated.limit, updated.count) == (3, 2)
    assert [(one.message_id, one.labels) for one in updated.updates] == [
        (ids[2], ["done", "received"]), (ids[0], ["done", "received"])]
    assert [client.inboxes.messages.get(inbox.inbox_id, each).labels for each in ids] == [
        ["done", "received"], ["received", "unread"], ["done", "received"]]
    for wrong in ({"message_ids": [ids[0]]}, {"message_ids": [ids[0]], "add_labels": "sent"},
                  {"message_ids": [ids[0], ids[0]], "add_labels": "x"}):
        with pytest.raises(ValidationError):
            client.inboxes.messages.batch_update(inbox.inbox_id, **wrong)


def test_inbox_events(client, inbox, ada):
    one, = received(ada, inbox, "One")
    assert client.inboxes.events.list(inbox.inbox_id).events == [], "the labels it was born with are not in the record"
    client.inboxes.messages.update(inbox.inbox_id, one, add_labels=["vip", "urgent"])
    client.inboxes.messages.update(inbox.inbox_id, one, remove_labels=["unread"])
    page = client.inboxes.events.list(inbox.inbox_id, limit=2)
    assert (page.count, page.limit) == (2, 2)
    rest = client.inboxes.events.list(inbox.inbox_id, limit=2, page_token=page.next_page_token)
    assert rest.next_page_token is None
    events = page.events + rest.events
    assert [(event.event_type, event.label) for event in events] == [
        ("label.removed", "unread"), ("label.added", "vip"), ("label.added", "urgent")]
    me = client.auth.me()
    for event in events:
        assert (event.inbox_id, event.message_id) == (inbox.inbox_id, one)
        assert (event.organization_id, event.pod_id) == (me.organization_id, inbox.pod_id)
        assert event.event_at == event.created_at
    ids = [event.event_id for event in events]
    assert ids == sorted(ids, reverse=True) and len(set(ids)) == 3
    oldest = client.inboxes.events.list(inbox.inbox_id, ascending=True).events
    assert [event.event_id for event in oldest] == ids[::-1]
    with pytest.raises(NotFoundError):
        client.inboxes.events.list("ghost@mailroost.localhost")


LEVELS = ["organization", "pod", "inbox"]


def polling(client, inbox, level):
    """The methods of a level, with what they take first, and what belongs to it."""
    if level == "organization":
        return client.webhooks.polling, (), (None, None)
    if level == "pod":
        return client.pods.webhooks.polling, (inbox.pod_id,), (inbox.pod_id, None)
    return client.inboxes.webhooks.polling, (inbox.inbox_id,), (inbox.pod_id, inbox.inbox_id)


def poll(webhook, token, iterator=None):
    answer = httpx.get(webhook.url, params={"iterator": iterator} if iterator else None,
                       headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    page = answer.json()
    return [event["message"]["message_id"] for event in page["data"]], page["iterator"], page["done"]


@pytest.mark.parametrize("level", LEVELS)
def test_a_polling_webhook_is_made_listed_read_and_deleted(client, ada, unique, level):
    pod = client.pods.create()
    inbox = client.pods.inboxes.create(pod.pod_id)
    methods, place, (pod_id, inbox_id) = polling(client, inbox, level)
    made = methods.create(*place, client_id=unique, event_types=["message.received"])
    assert made.webhook_id.startswith("ep_") and made.token
    assert (made.client_id, made.event_types) == (unique, ["message.received"])
    assert (made.pod_id, made.inbox_id) == (pod_id, inbox_id)
    for name in (made.webhook_id, unique):
        shown = methods.get(*place, name)
        assert shown.webhook_id == made.webhook_id and shown.created_at == made.created_at
        assert not hasattr(shown, "token"), "the token is shown once"
    listed = methods.list(*place, limit=100)
    assert made.webhook_id in [one.webhook_id for one in listed.polling_webhooks]

    nothing, iterator, _ = poll(made, made.token)
    assert nothing == []
    ids = received(ada, inbox, "One", "Two")
    found, iterator, done = poll(made, made.token, iterator)
    assert (found, done) == (ids, True)
    assert poll(made, made.token, iterator)[0] == []

    again = methods.create(*place, client_id=unique, event_types=["message.received"])
    assert again.webhook_id == made.webhook_id and again.token != made.token
    assert httpx.get(made.url, headers={"Authorization": f"Bearer {made.token}"}).status_code == 401
    assert poll(made, again.token, iterator)[0] == []

    methods.delete(*place, unique)
    with pytest.raises(NotFoundError):
        methods.get(*place, made.webhook_id)
    assert httpx.get(made.url, headers={"Authorization": f"Bearer {again.token}"}).status_code == 401


def test_polling_webhooks_are_narrowed_and_bounded(client, ada, unique):
    pod = client.pods.create()
    inboxes = [client.pods.inboxes.create(pod.pod_id) for _ in range(2)]
    made = client.webhooks.polling.create(client_id=unique, event_types=["message.received"], inbox_ids=[inboxes[1].inbox_id])
    assert (made.inbox_ids, made.pod_ids) == ([inboxes[1].inbox_id], None)
    of_pod = client.webhooks.polling.create(client_id=unique + "p", event_types=["message.received"], pod_ids=[pod.pod_id])
    assert of_pod.pod_ids == [pod.pod_id]
    begun = [poll(each, each.token)[1] for each in (made, of_pod)]
    ids = [received(ada, inbox, "One")[0] for inbox in inboxes]
    assert poll(made, made.token, begun[0])[0] == [ids[1]]
    assert poll(of_pod, of_pod.token, begun[1])[0] == ids
    for each in (made, of_pod):
        client.webhooks.polling.delete(each.webhook_id)
    for number in range(10):
        client.pods.webhooks.polling.create(pod.pod_id, client_id=f"c{number}", event_types=["message.received"])
    with pytest.raises(ApiError) as refused:
        client.pods.webhooks.polling.create(pod.pod_id, client_id="c10", event_types=["message.received"])
    assert (refused.value.status_code, refused.value.body["code"]) == (403, "limit_exceeded")


def test_a_socket_resumes_after_an_event(client, inbox, ada):
    with client.websockets.connect() as socket:
        socket.send_subscribe(Subscribe(inbox_ids=[inbox.inbox_id]))
        assert isinstance(socket.recv(), Subscribed)
        first, = received(ada, inbox, "One")
        last = socket.recv()
        assert last.message.message_id == first
    missed = received(ada, inbox, "Two", "Three")
    with client.websockets.connect() as socket:
        socket.send_subscribe(Subscribe(inbox_ids=[inbox.inbox_id], after=last.event_id))
        assert isinstance(socket.recv(), Subscribed)
        live = received(ada, inbox, "Four")
        for expected in missed + live:
            event = socket.recv()
            assert isinstance(event, MessageReceivedEvent) and event.message.message_id == expected


def test_the_log_is_one_cursor(contract, url, key, inbox, ada):
    http, headers = contract.client(), {"Authorization": f"Bearer {key}"}
    ids = received(ada, inbox, "One", "Two", "Three")
    page, found = {"next_after": "start", "has_more": True}, []
    while page["has_more"]:
        params = {"inbox_ids": inbox.inbox_id, "after": page["next_after"], "limit": 2}
        page = http.get(f"{url}/v0/events", params=params, headers=headers).json()
        found += page["events"]
    assert [event["message"]["message_id"] for event in found] == ids
    http.get(f"{url}/v0/pods/{inbox.pod_id}/events", headers=headers).raise_for_status()
    refused = http.get(f"{url}/v0/events", params={"after": "yesterday"}, headers=headers)
    assert refused.status_code == 400 and refused.json()["errors"][0]["path"] == ["after"]
    with httpx.stream("GET", f"{url}/v0/events", params={"inbox_ids": inbox.inbox_id}, headers={
            **headers, "Accept": "text/event-stream", "Last-Event-ID": found[0]["event_id"]}) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        data = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
        assert [next(data), next(data)] == found[1:]
        live, = received(ada, inbox, "Four")
        assert next(data)["message"]["message_id"] == live

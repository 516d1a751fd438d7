"""Outreach: labelled mail to several people, their answers found by label and by thread."""
import json
import urllib.parse

import pytest

from correspondent import address_of, fetch, mail_of


@pytest.fixture
def campaign(client, inbox, unique, ada, grace, linus):
    """Three labelled mails; Ada and Grace have answered."""
    people = {person.address: person for person in (ada, grace, linus)}
    sent = {
        address: client.inboxes.messages.send(
            inbox.inbox_id, to=person.mailbox, subject=f"Hello {person.name}", text="May I show you something?",
            labels=[unique, f"to-{person.name.split()[0].lower()}"])
        for address, person in people.items()
    }
    for person in (ada, grace):
        pitch = mail_of(client, inbox.inbox_id, sent[person.address].message_id)
        person.send(person.answer(pitch, f"{person.name} is interested."))
    return inbox.inbox_id, unique, sent


def test_answers_are_tracked_by_thread_and_label(client, campaign, ada, grace, linus):
    inbox_id, label, sent = campaign
    assert len({message.thread_id for message in sent.values()}) == 3, "every person has a thread of their own"

    pitches = client.inboxes.messages.list(inbox_id, labels=[label])
    assert {message.message_id for message in pitches.messages} == {message.message_id for message in sent.values()}

    everyone = client.inboxes.threads.list(inbox_id, labels=[label, "sent"])
    assert {thread.thread_id for thread in everyone.threads} == {message.thread_id for message in sent.values()}
    answered = client.inboxes.threads.list(inbox_id, labels=[label, "received"])
    assert {thread.thread_id for thread in answered.threads} == {sent[p.address].thread_id for p in (ada, grace)}
    for item in answered.threads:
        assert item.message_count == 2 and item.received_timestamp and item.sent_timestamp
        thread = client.threads.get(item.thread_id)
        pitch, answer = thread.messages
        assert label in pitch.labels and "sent" in pitch.labels
        assert "received" in answer.labels and "is interested." in answer.extracted_text

    one = client.inboxes.threads.list(inbox_id, labels=["to-grace"])
    assert [thread.thread_id for thread in one.threads] == [sent[grace.address].thread_id]


def test_threads_with_sent_mail_only_appear_when_asked_for(client, campaign, linus):
    inbox_id, _, sent = campaign
    assert sent[linus.address].thread_id not in [t.thread_id for t in client.inboxes.threads.list(inbox_id).threads]
    assert sent[linus.address].thread_id in [t.thread_id for t in client.inboxes.threads.list(inbox_id, labels=["sent"]).threads]


def test_thread_filters_by_people_and_subject(client, campaign, ada, grace):
    inbox_id, _, sent = campaign
    found = client.inboxes.threads.list(inbox_id, senders=[ada.address])
    assert [thread.thread_id for thread in found.threads] == [sent[ada.address].thread_id]
    found = client.inboxes.threads.list(inbox_id, recipients=["GRACE@partner"])
    assert [thread.thread_id for thread in found.threads] == [sent[grace.address].thread_id]
    found = client.threads.list(subject=["hello grace"], senders=[grace.address], recipients=[inbox_id])
    assert [thread.thread_id for thread in found.threads] == [sent[grace.address].thread_id]
    assert address_of(found.threads[0].senders[0])


@pytest.mark.parametrize("write", [
    lambda labels: [("labels", json.dumps(labels))],
    lambda labels: [("labels", json.dumps(labels, separators=(",", ":")))],
    lambda labels: [("labels", ",".join(labels))],
    lambda labels: [("labels", label) for label in labels],
], ids=["JSON array", "compact JSON array", "comma list", "repeated key"])
def test_labels_filter_in_every_list_encoding(url, key, campaign, grace, write):
    inbox_id, label, sent = campaign
    path = f"{url}/v0/inboxes/{urllib.parse.quote(inbox_id)}/messages"
    for labels, expected in (([label, "to-grace"], 1), ([label], 3), (["to-grace", "to-ada"], 0)):
        status, _, body = fetch(f"{path}?{urllib.parse.urlencode(write(labels))}", Authorization=f"Bearer {key}")
        assert status == 200, body
        page = json.loads(body)
        assert page["count"] == len(page["messages"]) == expected, labels
    # A bare value is a list of one; null would be a TypeScript warning, so absent fields are left out.
    assert all(value is not None for message in page["messages"] for value in message.values())


def test_labels_are_folded_and_protected(client, inbox):
    from agentmail import ValidationError

    sent = client.inboxes.messages.send(inbox.inbox_id, to="ada@customer.example", subject="x", text="x", labels=[" Warm Lead "])
    assert "warm lead" in client.inboxes.messages.get(inbox.inbox_id, sent.message_id).labels
    with pytest.raises(ValidationError):
        client.inboxes.messages.send(inbox.inbox_id, to="ada@customer.example", subject="x", text="x", labels=["received"])

"""Counts of events, usage and rates: of the organization, a pod and an inbox."""
import datetime

import pytest
from agentmail import ValidationError

HOUR = datetime.timedelta(hours=1)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def total(series):
    return sum(bucket.count for bucket in series)


@pytest.fixture
def busy(client, ada):
    """An inbox of a pod of its own that got two mails and sent one, which bounced for one of two."""
    pod = client.pods.create()
    inbox = client.pods.inboxes.create(pod.pod_id)
    for n in range(2):
        ada.send(ada.write(inbox.inbox_id, f"S{n}", text="x"))
    domain = inbox.inbox_id.split("@")[1]
    sent = client.inboxes.messages.send(inbox.inbox_id, to=["ada@customer.example", f"nobody@{domain}"], text="x")
    while "bounced" not in client.inboxes.messages.get(inbox.inbox_id, sent.message_id).labels:
        pass
    return pod, inbox


def test_events_are_counted_at_every_level(client, busy):
    pod, inbox = busy
    for found in (
        client.inboxes.metrics.query_events(inbox.inbox_id),
        client.pods.metrics.query_events(pod.pod_id, period=3600),
        client.pods.metrics.query_events(pod.pod_id, start=now() - HOUR, end=now() + HOUR, period=60),
    ):
        assert total(found["message.received"]) == 2
        assert total(found["message.sent"]) == 1
        assert total(found["message.bounced"]) == 1
        assert "message.complained" not in found
    organization = client.metrics.query_events(event_types=["message.received", "message.complained"], period=86400)
    assert total(organization["message.received"]) >= 2 and organization["message.complained"] == []
    (newest,) = client.metrics.query_events(event_types=["message.sent"], descending=True, limit=1)["message.sent"]
    assert now() - HOUR < newest.timestamp <= now() and newest.count >= 1


def test_usage_is_a_running_total(client, busy):
    pod, inbox = busy
    size = sum(message.size for message in client.inboxes.messages.list(inbox.inbox_id).messages)
    own = client.inboxes.metrics.query_usage(inbox.inbox_id)
    assert sorted(own) == ["message_count", "storage_bytes", "thread_count"]
    assert own["message_count"][-1].value == 3 and own["storage_bytes"][-1].value == size
    assert own["message_count"][0].value == 0 and len(own["message_count"]) in (144, 145)
    of_pod = client.pods.metrics.query_usage(pod.pod_id, usage_types=["inbox_count", "domain_count"], limit=1, descending=True)
    assert {name: points[0].value for name, points in of_pod.items()} == {"inbox_count": 1, "domain_count": 0}
    whole = client.metrics.query_usage(start=now() - HOUR, end=now(), period=600)
    assert whole["pod_count"][-1].value >= 2 and whole["inbox_count"][-1].value >= 1


def test_rates_are_shares_of_recipients(client, busy):
    pod, inbox = busy
    for found in (client.inboxes.metrics.query_rates(inbox.inbox_id), client.pods.metrics.query_rates(pod.pod_id)):
        assert sorted(found) == ["bounce", "complaint"]
        assert (found["bounce"][-1].rate, found["bounce"][-1].sent) == (0.5, 2)
        assert found["complaint"][-1].rate == 0
        assert found["bounce"][0].rate is None and found["bounce"][0].sent == 0
    narrow = client.metrics.query_rates(rate_types=["bounce"], period=600, window=3600, limit=1, descending=True)
    assert narrow["bounce"][0].sent >= 2 and 0 < narrow["bounce"][0].rate <= 1


def test_what_cannot_be_answered_is_refused(client, inbox):
    for call, code in (
        (lambda: client.metrics.query_events(start=now() - 100 * 24 * HOUR), "validation_error"),
        (lambda: client.metrics.query_events(event_types=["message.opened"]), "validation_error"),
        (lambda: client.metrics.query_events(period=0), "validation_error"),
        (lambda: client.metrics.query_usage(period=10), "query_range_too_wide"),
        (lambda: client.metrics.query_rates(period=600, window=1000), "validation_error"),
        (lambda: client.inboxes.metrics.query_usage(inbox.inbox_id, usage_types=["pod_count"]), "validation_error"),
    ):
        with pytest.raises(ValidationError) as refused:
            call()
        assert refused.value.body.code == code and refused.value.body.fix

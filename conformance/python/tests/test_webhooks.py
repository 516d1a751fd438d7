"""Webhooks: all methods at all three levels, and real deliveries checked by the packages that receivers use."""
import json
import time

import pytest
import standardwebhooks
import svix.webhooks
from agentmail import NotFoundError, ValidationError
from agentmail.core.api_error import ApiError

from receiver import receiver


def level(client, name, inbox):
    """The webhooks of a level, and the arguments that its methods begin with."""
    if name == "pods":
        return client.pods.webhooks, [inbox.pod_id]
    if name == "inboxes":
        return client.inboxes.webhooks, [inbox.inbox_id]
    return client.webhooks, []


@pytest.mark.parametrize("name", ["webhooks", "pods", "inboxes"])
def test_all_seven_methods(client, inbox, unique, name):
    webhooks, place = level(client, name, inbox)
    made = webhooks.create(*place, url="http://127.0.0.1:9/hook", event_types=["message.received", "message.bounced"],
                           client_id=unique, headers={"X-Token": "secret"})
    assert made.webhook_id.startswith("ep_") and made.secret.startswith("whsec_") and made.enabled
    assert made.url == "http://127.0.0.1:9/hook" and made.client_id == unique
    assert made.event_types == ["message.received", "message.bounced"]
    assert (made.pod_id, made.inbox_id) == (None if name == "webhooks" else inbox.pod_id,
                                            inbox.inbox_id if name == "inboxes" else None)
    again = webhooks.create(*place, url="http://127.0.0.1:9/other", event_types=["message.sent"], client_id=unique)
    assert again == made

    assert webhooks.get(*place, made.webhook_id) == made
    listed = [one for one in webhooks.list(*place, limit=100).webhooks if one.webhook_id == made.webhook_id]
    assert len(listed) == 1 and listed[0].secret is None

    assert webhooks.get_headers(*place, made.webhook_id).header_names == ["X-Token"]
    assert webhooks.update_headers(*place, made.webhook_id, headers={"X-Other": "1"}, remove_headers=["x-token"]) is None
    assert webhooks.get_headers(*place, made.webhook_id).header_names == ["X-Other"]

    changed = webhooks.update(*place, made.webhook_id, event_types=["message.sent"], enabled=False)
    assert changed.event_types == ["message.sent"] and changed.enabled is False and changed.secret == made.secret
    assert webhooks.update(*place, made.webhook_id, event_types=[]).event_types == ["message.sent"]

    assert webhooks.delete(*place, made.webhook_id) is None
    with pytest.raises(NotFoundError):
        webhooks.get(*place, made.webhook_id)


def test_what_is_wrong_is_told(client, inbox):
    for url in ("http://10.0.0.1/", "https://169.254.169.254/latest", "ftp://example.com/", "nonsense"):
        with pytest.raises(ValidationError):
            client.webhooks.create(url=url, event_types=["message.received"])
    with pytest.raises(ValidationError):
        client.webhooks.create(url="http://127.0.0.1:9/", event_types=["message.eaten"])
    with pytest.raises(NotFoundError):
        client.webhooks.delete("ep_" + "0" * 32)
    with pytest.raises(ApiError) as refused:
        client.webhooks.create(url="http://127.0.0.1:9/", event_types=["message.sent"], inbox_ids=[inbox.inbox_id] +
                               [f"nobody{n}@mailroost.localhost" for n in range(10)])
    assert refused.value.status_code == 403 and refused.value.body["code"] == "limit_exceeded"


def test_a_filter_grows_and_shrinks(client, inbox):
    other = client.inboxes.create()
    hook = client.webhooks.create(url="http://127.0.0.1:9/", event_types=["message.sent"], inbox_ids=[inbox.inbox_id])
    assert hook.inbox_ids == [inbox.inbox_id]
    hook = client.webhooks.update(hook.webhook_id, add_inbox_ids=[other.inbox_id], remove_inbox_ids=[inbox.inbox_id],
                                  add_pod_ids=[inbox.pod_id])
    assert (hook.inbox_ids, hook.pod_ids) == ([other.inbox_id], [inbox.pod_id])
    hook = client.webhooks.update(hook.webhook_id, remove_pod_ids=[inbox.pod_id])
    assert not hook.pod_ids
    client.webhooks.delete(hook.webhook_id)


def test_a_delivery_verifies_with_svix_and_standardwebhooks(client, inbox, ada):
    with receiver() as mine:
        hook = client.webhooks.create(url=mine.url, event_types=["message.received"], inbox_ids=[inbox.inbox_id],
                                      headers={"Authorization": "Bearer mine"})
        ada.send(ada.write(inbox.inbox_id, "Order", "Two, please"))
        headers, body = mine.next()
        svix.webhooks.Webhook(hook.secret).verify(body, headers)
        event = standardwebhooks.Webhook(hook.secret).verify(body, headers)
        assert event == json.loads(body)
        assert (event["type"], event["event_type"]) == ("event", "message.received")
        message = event["message"]
        assert message["subject"] == "Order" and message["from_"] == message["from"] == "Ada Byron <ada@customer.example>"
        read = client.inboxes.messages.get(inbox.inbox_id, message["message_id"])
        assert (read.thread_id, read.text) == (event["thread"]["thread_id"], message["text"])
        assert headers["authorization" if "authorization" in headers else "Authorization"] == "Bearer mine"

        for verifier in (svix.webhooks.Webhook, standardwebhooks.Webhook):
            with pytest.raises(standardwebhooks.WebhookVerificationError):
                verifier(hook.secret).verify(body.replace(b"Order", b"Ordex"), headers)
            with pytest.raises(standardwebhooks.WebhookVerificationError):
                verifier("whsec_" + "A" * 32).verify(body, headers)
        client.webhooks.delete(hook.webhook_id)


def test_a_failed_delivery_comes_again_under_its_id(client, inbox, ada):
    with receiver([500]) as mine:
        hook = client.inboxes.webhooks.create(inbox.inbox_id, url=mine.url, event_types=["message.received"])
        ada.send(ada.write(inbox.inbox_id, "Again", "x"))
        (first, body), begun = mine.next(), time.monotonic()
        second, same = mine.next()
        assert time.monotonic() - begun > 4
        identity = {name.lower(): value for name, value in first.items()}["svix-id"]
        assert {name.lower(): value for name, value in second.items()}["svix-id"] == identity
        assert body == same
        svix.webhooks.Webhook(hook.secret).verify(same, second)
        client.inboxes.webhooks.delete(inbox.inbox_id, hook.webhook_id)


def test_both_secrets_hold_while_one_is_replaced(client, inbox, url, key):
    """Rotation is beyond the SDK: any HTTP client calls it."""
    import httpx

    with receiver() as mine:
        hook = client.webhooks.create(url=mine.url, event_types=["message.received"])
        api = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"})
        new = api.post(f"/v0/webhooks/{hook.webhook_id}/rotate-secret").json()
        assert new["secret"] != hook.secret
        test = api.post(f"/v0/webhooks/{hook.webhook_id}/test").json()
        headers, body = mine.next()
        for secret in (hook.secret, new["secret"]):
            svix.webhooks.Webhook(secret).verify(body, headers)
            standardwebhooks.Webhook(secret).verify(body, headers)
        assert json.loads(body)["event_type"] == "webhook.test"
        listed = api.get(f"/v0/webhooks/{hook.webhook_id}/deliveries").json()["deliveries"]
        assert [one["delivery_id"] for one in listed] == [test["delivery_id"]]
        client.webhooks.delete(hook.webhook_id)

"""Suppressed addresses as the SDK sees them: read-only entries that outrank allows, and refused sends."""
import httpx
import pytest
from agentmail import MessageRejectedError
from agentmail.core.api_error import ApiError


def test_a_suppressed_address_is_a_read_only_entry_and_cannot_be_written_to(client, inbox, url, key, unique):
    address = f"{unique}@gone.example"
    suppressions = f"{url}/v0/suppressions"
    bearer = {"Authorization": f"Bearer {key}"}
    made = httpx.post(suppressions, json={"entry": address.upper(), "reason": "asked by phone"}, headers=bearer)
    assert made.status_code == 200 and made.json()["cause"] == "manual", made.text

    entry = client.lists.get("send", "block", address)
    assert (entry.read_only, entry.reason, entry.entry_type) == (True, "asked by phone", "email")
    assert address in [one.entry for one in client.lists.list("send", "block", limit=100).entries]
    with pytest.raises(ApiError) as kept:
        client.lists.delete("send", "block", address, request_options={"max_retries": 0})
    assert kept.value.status_code == 409 and kept.value.body["code"] == "cannot_delete"
    client.inboxes.lists.create(inbox.inbox_id, "send", "allow", entry=address)
    with pytest.raises(MessageRejectedError) as refused:
        client.inboxes.messages.send(inbox.inbox_id, to=address, text="x")
    assert address in str(refused.value.body) and "suppressed" in str(refused.value.body)

    assert httpx.delete(f"{suppressions}/{address}", headers=bearer).status_code == 204
    with pytest.raises(ApiError) as gone:
        client.lists.get("send", "block", address)
    assert gone.value.status_code == 404
    assert client.inboxes.messages.send(inbox.inbox_id, to=address, text="x").message_id

"""What the gate holds, as the SDK sees it: a refused send, a draft that waits, and the message once somebody has approved it."""
import httpx
import pytest
from agentmail import MessageRejectedError
from agentmail.core.api_error import ApiError

ONCE = {"max_retries": 0}


def call(url, key, method, path, body=None):
    answer = httpx.request(method, f"{url}/v0{path}", json=body, headers={"Authorization": f"Bearer {key}"}, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def agent(url, key, inbox, connect):
    """A key of the inbox for which a person decides, and its client."""
    made = call(url, key, "POST", f"/inboxes/{inbox.inbox_id}/api-keys", {})
    call(url, key, "PUT", f"/api-keys/{made['api_key_id']}/policy", {"preset": "human_in_the_loop"})
    return connect(made["api_key"])


def test_a_held_send_is_a_draft_until_another_key_approves_it(agent, client, inbox, url, key, unique):
    letter = {"to": f"{unique}@outside.example", "subject": unique, "text": "As agreed."}
    with pytest.raises(ApiError) as held:
        agent.inboxes.messages.send(inbox.inbox_id, **letter, request_options=ONCE)
    assert held.value.status_code == 403 and isinstance(held.value, MessageRejectedError)
    told = held.value.body
    told = told if isinstance(told, dict) else told.dict()
    assert told["code"] == "approval_required" and told["fix"] and told["findings"][0]["rule"] == "policy_send"

    [draft] = [one for one in agent.inboxes.drafts.list(inbox.inbox_id).drafts if one.draft_id == told["draft_id"]]
    assert "approval-pending" in draft.labels and draft.subject == unique
    with pytest.raises(ApiError) as refused:
        agent.inboxes.drafts.send(inbox.inbox_id, told["draft_id"], request_options=ONCE)
    assert refused.value.status_code == 403
    agent.inboxes.drafts.update(inbox.inbox_id, told["draft_id"], text="As agreed on Monday.")
    assert "approval-pending" in agent.inboxes.drafts.get(inbox.inbox_id, told["draft_id"]).labels

    rights = {"approval_read": True, "approval_decide": True}
    person = call(url, key, "POST", "/api-keys", {"permissions": rights})["api_key"]
    approval = call(url, person, "GET", f"/approvals/{told['approval_id']}")
    assert approval["state"] == "pending" and approval["to"] == [letter["to"]]
    seen = {"draft_version": approval["draft_version"]}
    sent = call(url, person, "POST", f"/approvals/{told['approval_id']}/approve", seen)
    message = client.inboxes.messages.get(inbox.inbox_id, sent["message_id"])
    assert message.text.strip() == "As agreed on Monday." and "approval-pending" not in message.labels
    assert told["draft_id"] not in [one.draft_id for one in client.drafts.list().drafts]


def test_a_policy_refuses_with_its_rule(client, inbox, url, key):
    path = f"/inboxes/{inbox.inbox_id}/policy"
    shown = call(url, key, "PUT", path, {"preset": "allow_list", "policy": {"recipients": ["friend.example"]}})
    assert shown["effective"]["recipients"] == ["friend.example"]
    with pytest.raises(MessageRejectedError) as refused:
        client.inboxes.messages.send(inbox.inbox_id, to="eve@evil.example", text="x", request_options=ONCE)
    assert "policy_recipient" in str(refused.value.body)
    assert client.inboxes.messages.send(inbox.inbox_id, to="ann@friend.example", text="x").message_id

"""Beyond AgentMail: keys for one job, and tickets that SDKs take in place of a key when they open a socket."""
import httpx
import pytest
import websockets
from agentmail import MessageReceivedEvent
from agentmail.core.api_error import ApiError

from sockets import next_event, subscribed


def call(url, key, method, path, body=None, expected=200):
    answer = httpx.request(method, f"{url}/v0{path}", json=body, headers={"Authorization": f"Bearer {key}"}, timeout=60)
    assert answer.status_code == expected, answer.text
    return answer.json()


def test_a_ticket_opens_one_socket_of_the_sdk(connect, inbox, url, key, ada):
    ticket = call(url, key, "POST", f"/inboxes/{inbox.inbox_id}/socket-tickets")["ticket"]
    holder = connect(ticket)
    with pytest.raises(ApiError) as refused:
        holder.inboxes.list()
    assert refused.value.status_code == 401, "a ticket opens a socket and nothing else"
    with subscribed(holder, event_types=["message.received"]) as socket:
        ada.send(ada.write(inbox.inbox_id, "Hello", text="Hello."))
        assert next_event(socket, MessageReceivedEvent).message.inbox_id == inbox.inbox_id
    with pytest.raises((ApiError, websockets.InvalidStatus)) as refused:
        with subscribed(holder):
            pass
    status = getattr(refused.value, "status_code", None) or refused.value.response.status_code
    assert status == 401


def test_a_preset_is_a_list_of_permissions_to_the_sdk(client, connect, inbox, url, key, unique):
    made = call(url, key, "POST", "/api-keys", {"name": unique, "preset": "draft"})
    shown = client.api_keys.get(made["api_key_id"])
    assert shown.permissions.draft_create and not shown.permissions.message_send
    assert "draft_create" in made["effective_permissions"] and made["preset"] == "draft"
    assistant = connect(made["api_key"])
    draft = assistant.inboxes.drafts.create(inbox.inbox_id, to=["bob@outside.example"], text="Shall we?")
    with pytest.raises(ApiError) as refused:
        assistant.inboxes.drafts.send(inbox.inbox_id, draft.draft_id)
    assert refused.value.status_code == 403
    client.inboxes.drafts.send(inbox.inbox_id, draft.draft_id)
    told = call(url, key, "POST", "/api-keys", {"preset": "draft", "permissions": {"inbox_read": True}}, expected=400)
    assert told["errors"][0]["path"] == ["preset"] and told["fix"]

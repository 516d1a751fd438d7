"""What the hosted service has and this server does not offer: told cleanly, with the typed error of the SDK, on every method."""
import inspect
import pathlib
import uuid

import pytest
from agentmail.core.api_error import ApiError

ENDPOINTS = pathlib.Path(__file__).resolve().parents[2] / "endpoints.txt"
OFF = [operation for method, path, operation, tier, sdks in
       (line.split() for line in ENDPOINTS.read_text().splitlines() if not line.startswith("#"))
       if tier in ("labs", "app_sign_in") and "py" in sdks.split(",") and operation != "organizations.get_labs"]
ARGUMENTS = {
    "account_id": uuid.UUID(int=7), "app_id": str(uuid.UUID(int=7)), "event_id": str(uuid.UUID(int=7)), "file_id": str(uuid.UUID(int=7)),
    "message_id": "<m@outside.example>", "q": "calendar", "auth_token": "token", "timezone": "Europe/Berlin",
    "title": "Lunch", "start": "2027-01-01T12:00:00", "end": "2027-01-01T13:00:00", "status": "accepted",
    "path": "notes.txt", "size": 1, "sha_256": "0" * 64, "feedback": "missed_threat", "reason": "It is harmless.",
}


def method_of(client, operation):
    for name in operation.split("."):
        client = getattr(client, name)
    return client


@pytest.mark.parametrize("operation", OFF)
def test_every_method_raises_not_enabled_and_says_what_to_do(client, inbox, operation):
    call = method_of(client, operation)
    known = {**ARGUMENTS, "inbox_id": inbox.inbox_id, "pod_id": inbox.pod_id}
    needed = [name for name, parameter in inspect.signature(call).parameters.items() if parameter.default is inspect.Parameter.empty]
    with pytest.raises(ApiError) as refused:
        call(**{name: known[name] for name in needed})
    assert refused.value.status_code == 403
    body = refused.value.body if isinstance(refused.value.body, dict) else vars(refused.value.body)
    assert body["code"] == "not_enabled" and body["message"] and body["fix"]


def test_labs_are_off_and_cannot_be_joined(client):
    labs = client.organizations.get_labs()
    assert (labs.enabled, labs.enabled_at, labs.available) == (False, None, False)


def test_an_inbox_that_is_not_there_is_told_first(client):
    with pytest.raises(ApiError) as missing:
        client.inboxes.files.list("nobody@nowhere.example")
    assert missing.value.status_code == 404

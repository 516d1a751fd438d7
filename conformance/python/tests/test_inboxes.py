"""Inboxes: creating once, names that are taken, metadata, deleting."""
import pytest
from agentmail import NotFoundError, ValidationError
from agentmail.core.api_error import ApiError
from agentmail.inboxes import CreateInboxRequest

from correspondent import addresses_of, mail_of


def test_a_client_id_creates_once(client, unique):
    first = client.inboxes.create(request=CreateInboxRequest(username=unique, client_id=f"{unique}-1", display_name="Desk"))
    again = client.inboxes.create(request=CreateInboxRequest(username="ignored", client_id=f"{unique}-1"))
    assert again.inbox_id == first.inbox_id and again.display_name == "Desk"
    assert first.client_id == f"{unique}-1"
    assert first.created_at == again.created_at
    other = client.inboxes.create(request=CreateInboxRequest(client_id=f"{unique}-2"))
    assert other.inbox_id != first.inbox_id
    with pytest.raises(ValidationError):
        client.inboxes.create(request=CreateInboxRequest(client_id="not@allowed"))


def test_a_taken_name_is_refused_with_suggestions(client, unique):
    taken = client.inboxes.create(request=CreateInboxRequest(username=unique))
    with pytest.raises(ApiError) as refused:
        client.inboxes.create(request=CreateInboxRequest(username=unique.upper()))
    assert refused.value.status_code == 403
    body = refused.value.body
    assert body["name"] == "IsTakenError" and body["code"] == "resource_taken" and body["fix"]
    assert 1 <= len(body["suggestions"]) <= 3 and unique not in body["suggestions"]
    suggestion = body["suggestions"][0].partition("@")[0]
    assert client.inboxes.create(request=CreateInboxRequest(username=suggestion)).inbox_id != taken.inbox_id


@pytest.mark.parametrize("wrong", [
    {"username": "has space"}, {"username": "a@b"}, {"username": "x" * 65}, {"username": ".dot"},
    {"display_name": "A <b@c.example>"}, {"display_name": "line\r\nBcc: x@y.example"}, {"display_name": "x" * 257},
    {"metadata": {"k": "v" * 257}},
], ids=str)
def test_wrong_fields_are_refused_with_their_path(client, wrong):
    with pytest.raises(ValidationError) as refused:
        client.inboxes.create(request=CreateInboxRequest(**wrong))
    assert refused.value.body.name == "ValidationError"
    assert refused.value.body.fix
    assert refused.value.body.errors[0]["path"][0] == next(iter(wrong))


def test_a_domain_that_is_not_ours_is_not_found(client):
    with pytest.raises(ApiError) as refused:
        client.inboxes.create(request=CreateInboxRequest(domain="not-ours.example"))
    assert refused.value.status_code == 404


def test_an_inbox_is_found_in_any_case(client, unique):
    inbox = client.inboxes.create(request=CreateInboxRequest(username=f"{unique}.Desk"))
    assert inbox.inbox_id == inbox.inbox_id.lower()
    assert client.inboxes.get(inbox.inbox_id.upper()).inbox_id == inbox.inbox_id


def test_update_changes_what_is_given_and_nothing_else(client, unique, ada):
    inbox = client.inboxes.create(request=CreateInboxRequest(
        username=unique, display_name="First", metadata={"team": "support", "tier": 2, "active": True}))
    assert inbox.metadata == {"team": "support", "tier": 2, "active": True}
    renamed = client.inboxes.update(inbox.inbox_id, display_name="Second Name")
    assert renamed.display_name == "Second Name" and renamed.metadata == inbox.metadata
    merged = client.inboxes.update(inbox.inbox_id, metadata={"tier": 3, "team": None, "new": "x"})
    assert merged.metadata == {"tier": 3, "active": True, "new": "x"} and merged.display_name == "Second Name"
    assert client.inboxes.get(inbox.inbox_id).metadata == merged.metadata
    assert not client.inboxes.update(inbox.inbox_id, metadata=None).metadata
    sent = client.inboxes.messages.send(inbox.inbox_id, to=ada.address, subject="x", text="x")
    sender = mail_of(client, inbox.inbox_id, sent.message_id)["From"]
    assert addresses_of(sender) == [inbox.inbox_id] and str(sender).startswith("Second Name")
    with pytest.raises(ValidationError):
        client.inboxes.update(inbox.inbox_id)


def test_a_deleted_inbox_is_gone(client, ada):
    import smtplib

    inbox = client.inboxes.create()
    ada.send(ada.write(inbox.inbox_id, "Before", text="x"))
    thread, = client.inboxes.threads.list(inbox.inbox_id).threads
    client.inboxes.delete(inbox.inbox_id)
    for call in (
        lambda: client.inboxes.get(inbox.inbox_id),
        lambda: client.inboxes.delete(inbox.inbox_id),
        lambda: client.inboxes.messages.list(inbox.inbox_id),
        lambda: client.inboxes.messages.send(inbox.inbox_id, to=ada.address, text="x"),
        lambda: client.threads.get(thread.thread_id),
    ):
        with pytest.raises(NotFoundError) as missing:
            call()
        assert missing.value.body.code == "not_found" and missing.value.body.fix
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        ada.send(ada.write(inbox.inbox_id, "After", text="x"))

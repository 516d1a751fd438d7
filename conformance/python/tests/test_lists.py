"""Allow and block lists: every method at every scope, and what the lists do to mail."""
import secrets
import time

import pytest
from agentmail import CreateListEntryRequest, MessageRejectedError, NotFoundError, ValidationError
from agentmail.core.api_error import ApiError

from correspondent import Correspondent

NO_RETRY = {"max_retries": 0}


@pytest.fixture(params=["organization", "pod", "inbox"])
def lists(request, client, inbox):
    """The lists of one scope: their client, the ids its methods begin with, and what its entries say of their scope."""
    if request.param == "organization":
        return client.lists, (), (None, None)
    if request.param == "pod":
        return client.pods.lists, (inbox.pod_id,), (inbox.pod_id, None)
    return client.inboxes.lists, (inbox.inbox_id,), (inbox.pod_id, inbox.inbox_id)


def test_create_get_list_and_delete(client, lists, unique):
    lists, scope, (pod_id, inbox_id) = lists
    organization = client.auth.me().organization_id
    for direction in ("send", "receive", "reply"):
        for kind in ("allow", "block"):
            # Nobody has these addresses, and an allow entry of the organization would shut out everybody else.
            if kind == "allow" and inbox_id is None:
                continue
            address = f"{unique}.{direction}@listed.example"
            made = lists.create(*scope, direction, kind, entry=f" {address.upper()} ", reason="a test")
            assert (made.entry, made.entry_type) == (address, "email")
            assert (made.direction, made.list_type, made.reason) == (direction, kind, "a test")
            assert made.organization_id == organization
            assert not made.read_only
            assert abs(made.created_at.timestamp() - time.time()) < 60
            assert (getattr(made, "pod_id", None), getattr(made, "inbox_id", None)) == (pod_id, inbox_id)

            again = lists.create(*scope, direction, kind, entry=address, reason="another")
            assert (again.created_at, again.reason) == (made.created_at, "a test")
            assert lists.get(*scope, direction, kind, address) == made
            listed = lists.list(*scope, direction, kind, limit=100)
            assert listed.limit == 100 and listed.count == len(listed.entries)
            assert made in listed.entries
            names = [one.entry for one in listed.entries]
            assert names == sorted(names)

            opposite = "block" if kind == "allow" else "allow"
            with pytest.raises(ApiError) as refused:
                lists.create(*scope, direction, opposite, entry=address, request_options=NO_RETRY)
            assert refused.value.status_code == 409 and refused.value.body["code"] == "conflict"
            with pytest.raises(NotFoundError):
                lists.get(*scope, direction, opposite, address)

            assert lists.delete(*scope, direction, kind, address) is None
            for call in (lists.get, lists.delete):
                with pytest.raises(NotFoundError):
                    call(*scope, direction, kind, address)


def test_pages_and_domains(client, inbox):
    lists = client.inboxes.lists
    entries = ["*.a.example", "a.example", "ann@a.example", "xn--bcher-kva.example", "zoe@a.example"]
    for entry in reversed(["*.A.example", "a.example", "ann@a.example", "bücher.example", "zoe@a.example"]):
        made = lists.create(inbox.inbox_id, "receive", "block", entry=entry)
        assert made.entry_type == ("email" if "@" in entry else "domain")
        assert made.reason is None
    seen, token = [], None
    while True:
        page = lists.list(inbox.inbox_id, "receive", "block", limit=2, page_token=token)
        seen += [one.entry for one in page.entries]
        token = page.next_page_token
        if token is None:
            break
    assert seen == entries
    assert lists.get(inbox.inbox_id, "receive", "block", "*.a.example").entry == "*.a.example"
    assert lists.get(inbox.inbox_id, "receive", "block", "bücher.example").entry == "xn--bcher-kva.example"


def test_what_is_no_entry_is_a_validation_error(client, inbox):
    for entry in ("", "@a.example", "Ann <ann@a.example>", "a b"):
        with pytest.raises(ValidationError) as refused:
            client.inboxes.lists.create(inbox.inbox_id, "send", "allow", entry=entry)
        assert refused.value.body.errors[0]["path"] == ["entry"]
    with pytest.raises(ValidationError):
        client.inboxes.lists.create(inbox.inbox_id, "send", "allow", entry="a.example", reason="x" * 1025)
    with pytest.raises(NotFoundError):
        client.inboxes.lists.get("nobody@nowhere.example", "send", "allow", "a.example")


def test_a_send_list_refuses_before_anything_is_stored(client, inbox):
    client.inboxes.lists.create(inbox.inbox_id, "send", "allow", entry="customer.example")
    with pytest.raises(MessageRejectedError) as refused:
        client.inboxes.messages.send(inbox.inbox_id, to="ada@customer.example", cc="x@y.example", text="x")
    assert "Recipient(s) blocked: x@y.example (not in allow list)" in str(refused.value.body)
    assert client.inboxes.messages.list(inbox.inbox_id).count == 0
    client.inboxes.messages.send(inbox.inbox_id, to="ada@customer.example", text="x")


def test_blocked_mail_is_kept_hidden_and_announced_and_replies_have_lists_of_their_own(client, inbox, ada, linus):
    from sockets import subscribed

    sent = client.inboxes.messages.send(inbox.inbox_id, to=ada.address, subject="Question", text="?")
    client.inboxes.lists.create(inbox.inbox_id, "receive", "allow", entry=linus.address)
    with subscribed(client, inbox_ids=[inbox.inbox_id], event_types=["message.received", "message.received.blocked"]) as socket:
        ada.send(ada.write(inbox.inbox_id, "New", text="x"))
        event = socket.recv()
        assert event.event_type == "message.received.blocked"
        assert event.message.subject == "New" and "blocked" in event.message.labels
        ada.send(ada.write(inbox.inbox_id, "Re: Question", text="!", In_Reply_To=sent.message_id))
        assert socket.recv().event_type == "message.received"
        linus.send(linus.write(inbox.inbox_id, "Hello", text="x"))
        assert socket.recv().event_type == "message.received"
        client.inboxes.lists.create(inbox.inbox_id, "reply", "block", entry="customer.example")
        ada.send(ada.write(inbox.inbox_id, "Re: Question", text="!!", In_Reply_To=sent.message_id))
        assert socket.recv().event_type == "message.received.blocked"
    shown = [one.subject for one in client.inboxes.messages.list(inbox.inbox_id, labels=["received"]).messages]
    assert shown == ["Hello", "Re: Question"]
    every = client.inboxes.messages.list(inbox.inbox_id, labels=["received"], include_blocked=True)
    assert every.count == 4

"""Pods as tenants of one organization: their inboxes, threads and keys, and the walls between them."""
import pytest
from agentmail import ApiKeyPermissions, CreateBearerApiKeyRequest, NotFoundError, ValidationError
from agentmail.core.api_error import ApiError


@pytest.fixture
def pod(client, unique):
    return client.pods.create(name=unique)


def test_a_pod_is_made_read_listed_and_deleted(client, unique):
    pod = client.pods.create(name="Acme", client_id=unique)
    assert (pod.name, pod.client_id) == ("Acme", unique)
    assert client.pods.create(name="Other", client_id=unique).pod_id == pod.pod_id, "the same client_id is the same pod"
    assert client.pods.get(pod.pod_id) == pod
    assert client.pods.create().name == "My Pod"
    page = client.pods.list(limit=1)
    assert (page.count, page.limit, len(page.pods)) == (1, 1, 1)
    older = client.pods.list(limit=1, page_token=page.next_page_token)
    assert older.pods[0].pod_id == pod.pod_id
    assert client.pods.list(ascending=True, limit=1).pods[0].pod_id == client.auth.me().organization_id, "the default pod is the first"
    client.pods.inboxes.create(pod.pod_id, username=unique)
    with pytest.raises(ApiError) as refused:
        client.pods.delete(pod.pod_id)
    assert refused.value.status_code == 409
    client.pods.inboxes.delete(pod.pod_id, f"{unique}@mailroost.localhost")
    client.pods.delete(pod.pod_id)
    with pytest.raises(NotFoundError):
        client.pods.get(pod.pod_id)
    assert client.pods.create(client_id=unique).pod_id != pod.pod_id, "the client_id is free again"


def test_a_pod_has_inboxes_of_its_own(client, pod, unique):
    made = client.pods.inboxes.create(pod.pod_id, username=unique, display_name="Sales", metadata={"tier": 2})
    assert (made.pod_id, made.inbox_id, made.display_name) == (pod.pod_id, f"{unique}@mailroost.localhost", "Sales")
    assert client.pods.inboxes.get(pod.pod_id, made.inbox_id) == made
    assert client.inboxes.get(made.inbox_id) == made
    changed = client.pods.inboxes.update(pod.pod_id, made.inbox_id, display_name="Support", metadata={"tier": None, "plan": "x"})
    assert (changed.display_name, changed.metadata) == ("Support", {"plan": "x"})
    assert [inbox.inbox_id for inbox in client.pods.inboxes.list(pod.pod_id).inboxes] == [made.inbox_id]
    other = client.pods.create()
    assert client.pods.inboxes.list(other.pod_id).count == 0
    with pytest.raises(NotFoundError):
        client.pods.inboxes.get(other.pod_id, made.inbox_id)
    client.pods.inboxes.delete(pod.pod_id, made.inbox_id)
    with pytest.raises(NotFoundError):
        client.inboxes.get(made.inbox_id)


def test_a_pod_has_the_threads_of_its_inboxes(client, pod, ada):
    inbox = client.pods.inboxes.create(pod.pod_id)
    elsewhere = client.inboxes.create()
    offer = ada.write([inbox.inbox_id, elsewhere.inbox_id], "Offer", text="See below")
    offer.add_attachment(b"10 percent", maintype="application", subtype="octet-stream", filename="offer.bin")
    ada.send(offer)
    threads = client.pods.threads.list(pod.pod_id)
    assert [(thread.subject, thread.inbox_id) for thread in threads.threads] == [("Offer", inbox.inbox_id)]
    thread = client.pods.threads.get(pod.pod_id, threads.threads[0].thread_id)
    assert thread.messages[0].text.strip() == "See below"
    link = client.pods.threads.get_attachment(pod.pod_id, thread.thread_id, thread.messages[0].attachments[0].attachment_id)
    assert link.size == len(b"10 percent") and link.download_url
    labels = client.pods.threads.update(pod.pod_id, thread.thread_id, add_labels=["won"], remove_labels=["unread"]).labels
    assert "won" in labels and "unread" not in labels
    assert client.pods.threads.list(pod.pod_id, labels=["won"]).count == 1
    with pytest.raises(NotFoundError):
        client.pods.threads.get(client.pods.create().pod_id, thread.thread_id)
    client.pods.threads.delete(pod.pod_id, thread.thread_id)
    with pytest.raises(NotFoundError):
        client.pods.threads.get(pod.pod_id, thread.thread_id)


def test_a_key_of_a_pod_sees_its_pod_only(client, connect, pod, unique):
    inbox = client.pods.inboxes.create(pod.pod_id)
    other = client.inboxes.create()
    made = client.pods.api_keys.create(pod.pod_id, request=CreateBearerApiKeyRequest(name=unique))
    assert (made.pod_id, made.inbox_id) == (pod.pod_id, None)
    tenant = connect(made.api_key)
    me = tenant.auth.me()
    assert (me.scope_type, me.scope_id, me.pod_id) == ("pod", pod.pod_id, pod.pod_id)
    assert [seen.inbox_id for seen in tenant.inboxes.list().inboxes] == [inbox.inbox_id]
    assert [seen.pod_id for seen in tenant.pods.list().pods] == [pod.pod_id]
    assert tenant.inboxes.create().pod_id == pod.pod_id
    minted = tenant.api_keys.create(request=CreateBearerApiKeyRequest(name="more"))
    assert minted.pod_id == pod.pod_id, "a key of a pod makes keys of that pod"
    for call in (lambda: tenant.inboxes.get(other.inbox_id), lambda: tenant.pods.get(other.pod_id),
                 lambda: tenant.pods.inboxes.list(other.pod_id)):
        with pytest.raises(NotFoundError):
            call()
    with pytest.raises(ApiError) as refused:
        tenant.pods.create()
    assert refused.value.status_code == 403
    # Walls for data, not for mail.
    tenant.inboxes.messages.send(inbox.inbox_id, to=other.inbox_id, subject=unique, text="Hello")

    listed = client.pods.api_keys.list(pod.pod_id)
    assert {key.api_key_id for key in listed.api_keys} == {made.api_key_id, minted.api_key_id}
    renamed = client.pods.api_keys.update(pod.pod_id, made.api_key_id, name="Tenant")
    assert (renamed.name, renamed.type, renamed.pod_id) == ("Tenant", "bearer", pod.pod_id)
    client.pods.api_keys.delete(pod.pod_id, made.api_key_id)
    with pytest.raises(ApiError) as refused:
        tenant.auth.me()
    assert refused.value.status_code == 401


def test_an_unrestricted_key_changes_permissions(client, connect, inbox, unique):
    made = client.api_keys.create(request=CreateBearerApiKeyRequest(name=unique, permissions=ApiKeyPermissions(inbox_read=True)))
    worker = connect(made.api_key)
    changed = client.api_keys.update(made.api_key_id, name="Clerk", permissions=ApiKeyPermissions(inbox_read=True, inbox_create=True))
    assert changed.name == "Clerk" and changed.permissions.inbox_create and not changed.permissions.inbox_delete
    assert worker.inboxes.create().inbox_id
    assert client.api_keys.update(made.api_key_id, permissions=None).permissions is None, "null takes the list away"
    worker.api_keys.update(made.api_key_id, permissions=ApiKeyPermissions(inbox_read=True, api_key_update=True))
    with pytest.raises(ApiError) as refused:
        worker.api_keys.update(made.api_key_id, permissions=None)
    assert refused.value.status_code == 403 and refused.value.body["code"] == "unrestricted_key_required"
    with pytest.raises(ValidationError):
        client.api_keys.update(made.api_key_id, name="")
    bound = client.inboxes.api_keys.create(inbox.inbox_id, request=CreateBearerApiKeyRequest(name="bound"))
    assert client.inboxes.api_keys.update(inbox.inbox_id, bound.api_key_id, name="Bound").name == "Bound"
    with pytest.raises(NotFoundError):
        client.inboxes.api_keys.update(inbox.inbox_id, made.api_key_id, name="x")
    assert client.api_keys.list(type="public_key").count == 0
    assert made.api_key_id in [key.api_key_id for key in client.api_keys.list(type="bearer", limit=100).api_keys]


def test_whoever_may_send_may_reply(client, connect, inbox, ada, unique):
    ada.send(ada.write(inbox.inbox_id, unique, text="Hello?"))
    [message] = client.inboxes.messages.list(inbox.inbox_id).messages
    key = client.inboxes.api_keys.create(inbox.inbox_id, request=CreateBearerApiKeyRequest(
        name=unique, permissions=ApiKeyPermissions(message_send=True)))
    assert connect(key.api_key).inboxes.messages.reply(inbox.inbox_id, message.message_id, text="Hi").thread_id == message.thread_id

"""Domains: their records, their zone file, their inboxes, of the organization and of a pod; what the server adds to mail."""
import re

import dns.rdatatype
import dns.zone
import httpx
import pytest
from agentmail import NotFoundError, UnprocessableError, ValidationError
from agentmail.core.api_error import ApiError
from agentmail.inboxes import CreateInboxRequest

PLAIN = ["TXT rsa._domainkey", "MX @", "MX mail", "TXT mail", "TXT _dmarc"]
RECOMMENDED = ["TXT ed25519._domainkey", "TXT _mta-sts", "CNAME mta-sts", "TXT _smtp._tls"]


def kinds(domain, recommended=False):
    """Types and names of the records that are needed, or of those that are only recommended; selectors without their date."""
    chosen = [record for record in domain.records if bool(getattr(record, "recommended", None)) == recommended]
    return [re.sub(r" mr\d{8}(-\d+)?-", " ", f"{record.type} {record.name}") for record in chosen]


@pytest.fixture
def name(unique):
    return f"{unique}.test"


@pytest.fixture
def pod(client):
    return client.pods.create()


def zone_of(chunks, origin):
    """The zone file, as a reader of such files understands it."""
    text = b"".join(chunks).decode()
    return dns.zone.from_text(text, origin=origin, relativize=True, check_origin=False)


def published(zone, record):
    found = zone.get_rdataset(record.name, dns.rdatatype.from_text(record.type))
    assert found is not None, f"{record.type} {record.name} is missing"
    (data,) = found
    if record.type == "TXT":
        return b"".join(data.strings).decode()
    if record.type == "MX":
        assert data.preference == record.priority
        return data.exchange.to_text().rstrip(".")
    return data.target.to_text().rstrip(".")


def test_a_domain_from_its_creation_to_its_end(client, name):
    made = client.domains.create(domain=name.upper())
    assert (made.domain_id, made.domain, made.status) == (name, name, "NOT_STARTED")
    assert (made.feedback_enabled, made.inbound_enabled) == (True, True)
    assert (made.subdomains_enabled, made.tracking_enabled) == (False, False)
    assert made.pod_id is None and kinds(made) == PLAIN
    assert kinds(made, recommended=True) == RECOMMENDED
    key = made.records[0].value
    assert key.startswith("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A")
    assert made.records[1].priority == 10 and made.records[3].value.startswith("v=spf1 ")

    assert client.domains.get(name).records[0].value == key
    (item,) = [one for one in client.domains.list(limit=100).domains if one.domain_id == name]
    assert item.created_at == made.created_at and not hasattr(item, "records")

    changed = client.domains.update(name, subdomains_enabled=True, tracking_enabled=True, feedback_enabled=False, inbound_enabled=False)
    assert kinds(changed) == ["TXT rsa._domainkey", "MX mail", "TXT mail", "TXT _dmarc", "MX *", "CNAME link"]
    assert changed.feedback_enabled is False and changed.updated_at >= made.updated_at
    assert client.domains.get_setup_link(name).supported is False

    client.domains.delete(name)
    for call in (client.domains.get, client.domains.delete, client.domains.verify, client.domains.get_setup_link):
        with pytest.raises(NotFoundError) as gone:
            call(name)
        assert gone.value.body.code == "not_found"


def test_the_zone_file_is_read_by_others_as_the_records_say(client, name):
    below = f"bots.{name}"
    made = client.domains.create(domain=below, subdomains_enabled=True, tracking_enabled=True)
    zone = zone_of(client.domains.get_zone_file(below), name)
    for record in made.records:
        assert record.name.endswith("bots")
        assert published(zone, record) == record.value


def test_looking_at_the_dns_finds_nothing_where_there_is_nothing(client, name):
    client.domains.create(domain=name)
    assert client.domains.verify(name) is None
    domain = client.domains.get(name)
    assert domain.status == "PENDING"
    assert domain.reason in ("dns_records_missing", "dns_lookup_failed")
    assert {record.status for record in domain.records} == {"MISSING"}


def test_an_inbox_lives_under_a_domain_and_below_it_where_that_is_allowed(client, ada, name):
    client.domains.create(domain=name)
    inbox = client.inboxes.create(request=CreateInboxRequest(username="bot", domain=name))
    assert inbox.inbox_id == f"bot@{name}"
    ada.send(ada.write(inbox.inbox_id, "Hi", text="x"))
    assert client.inboxes.messages.list(inbox.inbox_id).count == 1
    with pytest.raises(UnprocessableError):
        client.inboxes.create(request=CreateInboxRequest(domain=f"eu.{name}"))
    client.domains.update(name, subdomains_enabled=True)
    assert client.inboxes.create(request=CreateInboxRequest(domain=f"eu.{name}")).inbox_id.endswith(f"@eu.{name}")


def test_a_name_that_cannot_be_had_is_refused_with_its_reason(client, name):
    client.domains.create(domain=name)
    for call, error, code in (
        (lambda: client.domains.create(domain="no name"), ValidationError, "validation_error"),
        (lambda: client.domains.create(domain="co.uk"), UnprocessableError, "unprocessable"),
    ):
        with pytest.raises(error) as refused:
            call()
        assert refused.value.body.code == code
    with pytest.raises(ApiError) as refused:
        client.domains.create(domain=name)
    assert (refused.value.status_code, refused.value.body["code"]) == (403, "already_exists")
    real = client.domains.create(domain=name.replace(".test", ".dev"), allow_conflicting_provider=True)
    with pytest.raises(ApiError) as refused:
        client.inboxes.create(request=CreateInboxRequest(domain=real.domain_id))
    assert (refused.value.status_code, refused.value.body["code"]) == (403, "domain_not_verified")


def test_a_pods_domain_through_every_route_of_its_pod(client, pod, name):
    made = client.pods.domains.create(pod.pod_id, domain=name)
    assert made.pod_id == pod.pod_id and kinds(made) == PLAIN
    assert [one.domain_id for one in client.pods.domains.list(pod.pod_id).domains] == [name]
    assert client.pods.domains.get(pod.pod_id, name).records[0].value == made.records[0].value
    changed = client.pods.domains.update(pod.pod_id, name, tracking_enabled=True)
    assert kinds(changed)[-1] == "CNAME link"
    zone = zone_of(client.pods.domains.get_zone_file(pod.pod_id, name), name)
    for record in changed.records:
        assert published(zone, record) == record.value
    assert client.pods.domains.verify(pod.pod_id, name) is None
    assert client.pods.domains.get(pod.pod_id, name).status == "PENDING"

    other = client.pods.create()
    with pytest.raises(NotFoundError):
        client.pods.domains.get(other.pod_id, name)
    with pytest.raises(ApiError) as walled:
        client.pods.inboxes.create(other.pod_id, domain=name)
    assert walled.value.status_code == 404
    assert client.pods.inboxes.create(pod.pod_id, domain=name).pod_id == pod.pod_id
    client.pods.domains.delete(pod.pod_id, name)
    assert client.pods.domains.list(pod.pod_id).count == 0


def more(**fields):
    """Fields that the SDK does not know."""
    return {"additional_body_parameters": fields}


def test_mail_for_unknown_names_goes_where_the_domain_says(client, ada, name):
    client.domains.create(domain=name)
    desk = client.inboxes.create(request=CreateInboxRequest(username="desk", domain=name))
    changed = client.domains.update(name, request_options=more(catch_all_inbox_id=desk.inbox_id, mta_sts_mode="enforce"))
    assert (changed.catch_all_inbox_id, changed.mta_sts_mode) == (desk.inbox_id, "enforce")
    ada.send(ada.write(f"whoever@{name}", "Hi", text="x"))
    (caught,) = client.inboxes.messages.list(desk.inbox_id).messages
    assert caught.to == [f"whoever@{name}"]
    with pytest.raises(ApiError) as refused:
        client.domains.update(name, request_options=more(catch_all_inbox_id="nobody@nowhere.test"))
    assert refused.value.status_code == 400
    assert not hasattr(client.domains.update(name, request_options=more(catch_all_inbox_id=None)), "catch_all_inbox_id")


def test_one_click_ends_the_mail_to_its_recipient(client, inbox, unique):
    reader, elsewhere = f"{unique}@outside.test", f"other-{unique}@outside.test"
    news = {"text": "News", "headers": {"List-Unsubscribe": "one-click"}}
    sent = client.inboxes.messages.send(inbox.inbox_id, to=reader, **news)
    headers = client.inboxes.messages.get(inbox.inbox_id, sent.message_id).headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = headers["List-Unsubscribe"].strip("<>")
    assert "/v0/unsubscribe/" in link
    assert "Unsubscribe</button>" in httpx.get(link).text
    client.inboxes.messages.send(inbox.inbox_id, to=reader, **news)
    assert httpx.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    with pytest.raises(ApiError) as refused:
        client.inboxes.messages.send(inbox.inbox_id, to=reader, text="x")
    assert (refused.value.status_code, refused.value.body.code) == (403, "message_rejected")
    client.inboxes.messages.send(inbox.inbox_id, to=elsewhere, text="x")
    entry = client.lists.get("send", "block", reader)
    assert entry.read_only is True
    with pytest.raises(ApiError) as kept:
        client.lists.delete("send", "block", reader)
    assert kept.value.status_code == 409
    with pytest.raises(ApiError) as refused:
        client.inboxes.messages.send(inbox.inbox_id, to=[f"a-{elsewhere}", elsewhere], **news)
    assert refused.value.status_code == 400


def test_an_inbox_chooses_what_says_that_no_person_sent_it(client, inbox):
    def said():
        sent = client.inboxes.messages.send(inbox.inbox_id, to="bob@outside.test", text="x")
        return client.inboxes.messages.get(inbox.inbox_id, sent.message_id).headers.get("Auto-Submitted")

    assert said() == "auto-generated"
    changed = client.inboxes.update(inbox.inbox_id, request_options=more(auto_submitted="never"))
    assert changed.auto_submitted == "never" and said() is None
    with pytest.raises(ApiError) as refused:
        client.inboxes.update(inbox.inbox_id, request_options=more(auto_submitted="sometimes"))
    assert refused.value.status_code == 400

"""DKIM, DMARC, ARC that vouches, and the one judgement. The other side is dkimpy, which shares no code with the server."""
import pathlib
import tempfile

import dkim
import pytest

from conftest import HOSTNAME, Server, results
from keys import Ed25519, Rsa
from name_server import TIMEOUT, pieces

MESSAGE = (
    b"From: Ann <ann@author.example>\r\nTo: bob@there.example\r\nSubject: Lunch\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
    b"Message-ID: <1@author.example>\r\nMIME-Version: 1.0\r\n\r\nHello  there,\t \r\nat noon?\r\n"
)
RSA, OTHER, SHORT, ED = Rsa(2048), Rsa(), Rsa(512), Ed25519()


def txt(*values):
    return [("TXT", pieces(value)) for value in values]


@pytest.fixture
def zone(name_server):
    """Keys and no policy; tests add to it."""
    name_server.zone = {
        "rsa._domainkey.author.example": txt(RSA.record),
        "ed._domainkey.author.example": txt(ED.record),
        "short._domainkey.author.example": txt(SHORT.record),
        "gone._domainkey.author.example": txt("v=DKIM1; p="),
        "s._domainkey.other.example": txt(OTHER.record),
        "author.example": [], "other.example": [],
    }
    return name_server.zone


def signed(message=MESSAGE, key=RSA, selector="rsa", domain="author.example", forms=(b"relaxed", b"relaxed"), **more):
    line = dkim.sign(message, selector.encode(), domain.encode(), key.private, canonicalize=forms,
                     signature_algorithm=key.algorithm, **more)
    return line + message


def proof(judged):
    """The code, which must agree with the label."""
    told = judged["authentication"]
    assert told["sender_proven"] == ("unauthenticated" not in judged["labels"]), judged
    return told["reason"]


@pytest.mark.parametrize("forms", [(b"relaxed", b"relaxed"), (b"simple", b"simple"), (b"relaxed", b"simple"), (b"simple", b"relaxed")])
@pytest.mark.parametrize("key, selector", [(RSA, "rsa"), (ED, "ed")])
def test_a_good_signature_of_the_author(server, zone, forms, key, selector):
    judged = server.judged(signed(key=key, selector=selector, forms=forms))
    assert proof(judged) == "dkim_aligned"
    (one,) = judged["authentication"]["dkim"]
    assert one == {"result": "pass", "domain": "author.example", "selector": selector, "aligned": True,
                   "algorithm": key.algorithm.decode()}
    assert results(judged)["dkim"] == "pass" and results(judged)["dmarc"] == "none"


def test_white_space_at_the_end_of_a_body_does_not_matter_in_the_relaxed_form(server, zone):
    judged = server.judged(signed() + b" \r\n\t\r\n\r\n")
    assert judged["authentication"]["dkim"][0]["result"] == "pass"


@pytest.mark.parametrize("change, result, detail", [
    (lambda raw: raw.replace(b"noon", b"nine"), "fail", "body_changed"),
    (lambda raw: raw.replace(b"Subject: Lunch", b"Subject: Money"), "fail", "signature_wrong"),
    (lambda raw: b"Subject: Money\r\n" + raw, "policy", "field_added"),
    (lambda raw: b"Content-Type: text/html\r\nContent-Type: text/plain\r\n" + raw, "pass", None),
    (lambda raw: raw.replace(b"\r\n\r\n", b"\r\nSend money at once\r\nto this account\r\n\r\n"), "policy", "header_malformed"),
    (lambda raw: raw.replace(b"s=rsa", b"s=ed"), "permerror", "key_unsuitable"),
    (lambda raw: raw.replace(b"s=rsa", b"s=gone"), "permerror", "key_revoked"),
    (lambda raw: raw.replace(b"s=rsa", b"s=none"), "permerror", "key_missing"),
    (lambda raw: raw.replace(b"v=1", b"v=2"), "permerror", "version_unknown"),
    (lambda raw: raw.replace(b"rsa-sha256", b"rsa-sha1"), "policy", "algorithm_too_weak"),
    (lambda raw: raw.replace(b"q=dns/txt", b"x=1000000000"), "permerror", "signature_unreadable"),
])
def test_what_was_changed_proves_nothing(server, zone, change, result, detail):
    changed = change(signed())
    assert changed != signed(), "the change must change something"
    judged = server.judged(changed)
    (one,) = judged["authentication"]["dkim"]
    assert (one["result"], one.get("detail")) == (result, detail)
    assert (proof(judged) == "dkim_aligned") == (result == "pass")


def test_a_short_key_proves_nothing(server, zone):
    judged = server.judged(signed(key=SHORT, selector="short"))
    assert judged["authentication"]["dkim"][0]["detail"] == "key_too_short"
    assert proof(judged) == "failed"


def test_a_signature_that_leaves_the_end_of_the_body_open_proves_nothing(server, zone):
    whole = server.judged(signed(length=True))
    assert proof(whole) == "dkim_aligned"
    added = server.judged(signed(length=True) + b"Send money.\r\n")
    assert added["authentication"]["dkim"][0]["detail"] == "body_not_covered"
    assert proof(added) == "failed"


def test_many_signatures_of_strangers_do_not_hide_the_one_that_counts(server, zone):
    raw = signed()
    for _ in range(15):
        raw = dkim.sign(MESSAGE, b"s", b"other.example", OTHER.private, canonicalize=(b"relaxed", b"relaxed")) + raw
    judged = server.judged(raw)
    assert proof(judged) == "dkim_aligned"
    assert len(judged["authentication"]["dkim"]) == 10


@pytest.mark.parametrize("from_field, records, spf, signer, result, reason, owner", [
    # Nothing at all, and nothing of the author's.
    ("a@author.example", {}, None, None, "none", "nothing", None),
    ("a@author.example", {}, "other.example", "other.example", "none", "not_aligned", None),
    ("a@author.example", {}, "author.example", None, "none", "spf_aligned", None),
    # A policy: either way of meeting it will do.
    ("a@author.example", {"author.example": "v=DMARC1; p=reject"}, None, "author.example", "pass", "dmarc_pass", "author.example"),
    ("a@author.example", {"author.example": "v=DMARC1; p=reject"}, "author.example", None, "pass", "dmarc_pass", "author.example"),
    ("a@author.example", {"author.example": "v=DMARC1; p=reject"}, "bounce.author.example", None, "pass", "dmarc_pass", "author.example"),
    ("a@author.example", {"author.example": "v=DMARC1; p=reject; aspf=s"}, "bounce.author.example", None, "fail", "dmarc_fail", "author.example"),
    ("a@author.example", {"author.example": "v=DMARC1; p=none"}, "other.example", "other.example", "fail", "dmarc_fail", "author.example"),
    # The policy of the organisation, and its word for names below it.
    ("a@mail.author.example", {"author.example": "v=DMARC1; p=none; sp=reject"}, None, "author.example", "pass", "dmarc_pass", "author.example"),
    ("a@mail.author.example", {"author.example": "v=DMARC1; p=none; adkim=s"}, None, "author.example", "fail", "dmarc_fail", "author.example"),
    ("a@mail.author.example", {"mail.author.example": "v=DMARC1; p=none", "author.example": "v=DMARC1; p=reject; adkim=s"},
     None, "author.example", "pass", "dmarc_pass", "mail.author.example"),
    # Records that say nothing.
    ("a@author.example", {"author.example": "v=DMARC2; p=reject"}, None, None, "none", "nothing", None),
    # Several authors of one domain are one; of two domains they are nobody.
    ("a@author.example, b@author.example", {"author.example": "v=DMARC1; p=reject"}, None, "author.example", "pass", "dmarc_pass", "author.example"),
    ("a@author.example, b@other.example", {"author.example": "v=DMARC1; p=reject"}, "author.example", "author.example", "permerror", "from_ambiguous", None),
])
def test_policies(server, zone, from_field, records, spf, signer, result, reason, owner):
    for domain, record in records.items():
        zone[f"_dmarc.{domain}"] = txt(record)
    raw = MESSAGE.replace(b"Ann <ann@author.example>", from_field.encode())
    sender = "x@nowhere.example"
    if spf:
        zone[spf] = txt("v=spf1 ip4:192.0.2.1 -all")
        sender = f"x@{spf}"
    if signer:
        key, selector = (RSA, "rsa") if signer == "author.example" else (OTHER, "s")
        raw = signed(raw, key, selector, signer)
    judged = server.judged(raw, sender=sender)
    dmarc = judged["authentication"]["dmarc"]
    assert (dmarc["result"], dmarc.get("domain")) == (result, owner)
    assert results(judged)["dmarc"] == result
    assert proof(judged) == reason


def test_two_from_fields_never_pass(server, zone):
    raw = signed()
    for second in (b"From: Ann <ann@author.example>\r\n", b"from : Eve <eve@evil.example>\r\n"):
        assert proof(server.judged(second + raw)) == "from_ambiguous"
        assert proof(server.judged(raw.replace(b"To:", second + b"To:"))) == "from_ambiguous"


def test_a_null_reverse_path_is_judged_by_the_name_of_the_client(server, zone):
    zone["mx.author.example"] = txt("v=spf1 ip4:192.0.2.1 -all")
    judged = server.judged(MESSAGE, helo="mx.author.example", sender="")
    assert judged["authentication"]["spf"] == {
        "result": "pass", "identity": "helo", "domain": "mx.author.example", "aligned": True}
    assert proof(judged) == "spf_aligned"


def test_results_in_our_name_are_taken_away(server, zone):
    forged = f"Authentication-Results: {HOSTNAME.upper()};\r\n dmarc=pass header.from=author.example\r\n".encode()
    others = b"Authentication-Results: mx.there.example; spf=pass\r\n"
    judged = server.judged(forged + others + MESSAGE)
    ours, theirs = judged["headers"]["Authentication-Results"].split("\n")
    assert ours.startswith(f"{HOSTNAME}; spf=") and "dmarc=pass" not in ours
    assert theirs == "mx.there.example; spf=pass"


def test_a_name_server_that_is_silent_costs_no_mail(server, zone):
    zone["author.example"] = [(TIMEOUT, None)]
    zone["_dmarc.author.example"] = [(TIMEOUT, None)]
    judged = server.judged(MESSAGE, sender="ann@author.example")
    told = judged["authentication"]
    assert (told["spf"]["result"], told["dmarc"]["result"]) == ("temperror", "temperror")
    assert proof(judged) == "lookup_failed"


def forwarded(sealer, before="pass", message=None):
    """A message as a mailing list changes and seals it: `before` is what it says it found."""
    raw = message or MESSAGE.replace(b"Lunch", b"[list] Lunch")
    raw = (f"Authentication-Results: lists.example; dmarc={before} header.from=author.example\r\n").encode() + raw
    return b"".join(dkim.arc_sign(raw, b"s", sealer.encode(), OTHER.private, b"lists.example")) + raw


@pytest.fixture(scope="module")
def strict_server(request, name_server):
    with tempfile.TemporaryDirectory(prefix="mailroost-mailauth-") as folder:
        more = {"MAILROOST_TRUSTED_SEALERS": "trusted.example, other.example", "MAILROOST_ON_DMARC_REJECT": "refuse"}
        server = Server(request.config.getoption("--binary"), pathlib.Path(folder), name_server.port, **more)
        yield server
        server.stop()


@pytest.mark.parametrize("sealer, before, reason", [
    ("trusted.example", "pass", "arc_trusted"),
    ("trusted.example", "fail", "dmarc_fail"),
    ("stranger.example", "pass", "dmarc_fail"),
])
def test_only_a_trusted_forwarder_vouches(strict_server, zone, sealer, before, reason):
    zone["_dmarc.author.example"] = txt("v=DMARC1; p=quarantine")
    zone[f"s._domainkey.{sealer}"] = txt(OTHER.record)
    judged = strict_server.judged(forwarded(sealer, before))
    assert judged["authentication"]["arc"] == {"result": "pass", "sealers": [sealer]}
    assert proof(judged) == reason
    changed = strict_server.judged(forwarded(sealer, before).replace(b"noon", b"nine"))
    assert proof(changed) == "dmarc_fail"


def test_a_stranger_cannot_hide_behind_a_trusted_forwarder(strict_server, zone):
    zone["_dmarc.author.example"] = txt("v=DMARC1; p=quarantine")
    zone["s._domainkey.trusted.example"] = zone["s._domainkey.stranger.example"] = txt(OTHER.record)
    raw = forwarded("trusted.example").replace(b"noon", b"nine")
    raw = b"Authentication-Results: lists.example; arc=pass\r\n" + raw
    again = dkim.arc_sign(raw, b"s", b"stranger.example", OTHER.private, b"lists.example")
    judged = strict_server.judged(b"".join(again) + raw)
    assert proof(judged) == "dmarc_fail"


def test_the_operator_may_refuse_what_a_policy_wants_refused(strict_server, server, zone):
    zone["_dmarc.author.example"] = txt("v=DMARC1; p=reject")
    code, text = strict_server.judged(MESSAGE)
    assert code == 550 and text.startswith("5.7.1"), text
    assert proof(server.judged(MESSAGE)) == "dmarc_fail"
    assert proof(strict_server.judged(signed())) == "dmarc_pass"


def test_records_are_remembered_for_as_long_as_they_last(server, zone, name_server):
    name_server.ttl = 300
    zone["remembered.example"] = txt("v=spf1 -all")
    try:
        for _ in range(3):
            server.judged(MESSAGE, sender="ann@remembered.example")
    finally:
        name_server.ttl = 0
    assert name_server.asked.count(("remembered.example", "TXT")) == 1


def test_facts_are_told_with_their_evidence(server, zone):
    raw = b"Auto-Submitted: auto-replied\r\nList-Id: <l.author.example>\r\n" + MESSAGE
    judged = server.judged(raw, sender="", helo="mx.author.example")
    assert [(fact["kind"], fact["evidence"]) for fact in judged["facts"][:3]] == [
        ("auto_reply", "Auto-Submitted: auto-replied"), ("mailing_list", "List-Id: <l.author.example>"),
        ("null_sender", "MAIL FROM:<>")]


def test_mail_that_goes_in_circles_is_refused(server, zone):
    code, text = server.judged(b"Received: from a by b; Sun, 22 Nov 2026 10:00:00 +0000\r\n" * 101 + MESSAGE)
    assert code == 554 and text.startswith("5.4.6"), text

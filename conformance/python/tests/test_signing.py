"""What leaves is signed, and another implementation of DKIM (dkimpy) agrees: by both types of keys, whatever is in the message.

The server under test has no name server of ours, so this starts another one, of the same program, that has.
"""
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.request

import dkim
import pytest
from agentmail import AgentMail, AgentMailEnvironment
from agentmail.attachments import SendAttachment
from agentmail.inboxes import CreateInboxRequest

from correspondent import Correspondent
from nameserver import NameServer

DOMAIN = "acme.dev"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def names():
    server = NameServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def signer(names, tmp_path_factory, url):
    """A client of a server that asks our name server, and the address of its SMTP door."""
    binary = os.environ.get("MAILROOST_BINARY")
    if not binary:
        pytest.skip("MAILROOST_BINARY is not set: run this through scripts/with-server")
    http, smtp = (f"127.0.0.1:{free_port()}" for _ in range(2))
    key = "am_us_" + secrets.token_hex(32)
    folder = tmp_path_factory.mktemp("signer")
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAILROOST_")}
    env |= {"MAILROOST_API_KEY": key, "MAILROOST_DNS": names.address}
    with (folder / "log").open("wb") as log:
        arguments = [binary, "serve", "--data", folder / "data", "--http", http, "--smtp", smtp]
        server = subprocess.Popen(arguments, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until_ready(server, http, folder / "log")
        environment = AgentMailEnvironment(http=f"http://{http}", websockets=f"ws://{http}")
        yield AgentMail(api_key=key, environment=environment), smtp
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(40) == 0


def wait_until_ready(server, http, log):
    end = time.monotonic() + 30
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://{http}/healthz", timeout=2).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the server did not start:\n{pathlib.Path(log).read_text()}")


@pytest.fixture(scope="module")
def bot(signer, names):
    client, _ = signer
    names.publish(client.domains.create(domain=DOMAIN).records, DOMAIN)
    client.domains.verify(DOMAIN)
    assert client.domains.get(DOMAIN).status == "VERIFIED"
    return client.inboxes.create(request=CreateInboxRequest(username="bot", domain=DOMAIN, display_name="Bötchen"))


def raw_of(client, inbox, message_id):
    link = client.inboxes.messages.get_raw(inbox.inbox_id, message_id).download_url
    with urllib.request.urlopen(link) as answer:
        return answer.read()


def algorithms(raw, names):
    """The algorithms of the signatures, each of which must verify."""
    found = []
    for index in range(raw.lower().count(b"\ndkim-signature:") + raw.lower().startswith(b"dkim-signature:")):
        message = dkim.DKIM(raw)
        assert message.verify(idx=index, dnsfunc=names.txt), index
        found.append(message.signature_fields[b"a"].decode())
        assert message.signature_fields[b"d"] == DOMAIN.encode() and b"l" not in message.signature_fields
    return found


BOTH = ["rsa-sha256", "ed25519-sha256"]
WORDS = {
    "plain": {"subject": "Hello", "text": "Hello Bob\n"},
    "nothing": {"text": ""},
    "empty lines": {"text": "\n\n\n"},
    "blanks at the end": {"text": "Hello  \n \n\t\n"},
    "no line break": {"text": "x"},
    "dots": {"text": ".\n..\nFrom here\n"},
    "not ASCII": {"subject": "Grüße aus 東京 " * 12, "text": "東京\n" * 40},
    "long lines": {"text": "x" * 5000 + " y" * 700},
    "html": {"subject": "a  b", "text": "Hi", "html": "<p>Hi  <b>there</b></p>\n\n"},
    "own fields": {"text": "x", "headers": {"X-Own": "a  b", "List-Unsubscribe": "one-click", "Auto-Submitted": "no"}},
    "a file": {"text": "x", "attachments": [SendAttachment(filename="ä.pdf", content_type="application/pdf", content="JVBERg==")]},
}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS.keys())
def test_what_is_sent_verifies_by_both_keys(signer, names, bot, words):
    client, _ = signer
    sent = client.inboxes.messages.send(bot.inbox_id, to="bob@outside.dev", **words)
    raw = raw_of(client, bot, sent.message_id)
    assert algorithms(raw, names) == BOTH
    with pytest.raises(dkim.ValidationError):
        dkim.DKIM(raw.replace(b"\r\n\r\n", b"\r\n\r\nMore\r\n", 1)).verify(dnsfunc=names.txt)
    for added in (b"From: evil@other.dev", b"Cc: evil@other.dev", b"Reply-To: evil@other.dev", b"Subject: Urgent"):
        assert not verifies(added + b"\r\n" + raw, names), added


def verifies(raw, names):
    try:
        return dkim.DKIM(raw).verify(dnsfunc=names.txt)
    except dkim.DKIMException:
        return False


def test_answers_and_forwards_verify_and_reach_local_inboxes_as_they_are(signer, names, bot):
    client, smtp = signer
    other = client.inboxes.create()
    ada = Correspondent("Ada Byron", "ada@customer.example", smtp)
    ada.send(ada.write(bot.inbox_id, "Question", text="Well?"))
    (question,) = client.inboxes.messages.list(bot.inbox_id, labels=["received"]).messages
    answer = client.inboxes.messages.reply(bot.inbox_id, question.message_id, text="So.\n\n", reply_to=[other.inbox_id])
    assert algorithms(raw_of(client, bot, answer.message_id), names) == BOTH
    sent = client.inboxes.messages.forward(bot.inbox_id, question.message_id, to=other.inbox_id, text="See:")
    end = time.monotonic() + 20
    while not (arrived := client.inboxes.messages.list(other.inbox_id).messages) and time.monotonic() < end:
        time.sleep(0.05)
    raw = raw_of(client, other, arrived[0].message_id)
    # Its way is recorded in front of it; what was signed is behind that.
    assert raw_of(client, bot, sent.message_id) in raw
    assert algorithms(raw, names) == BOTH


def test_new_keys_sign_once_their_records_are_there(signer, names, bot):
    client, _ = signer
    send = lambda: raw_of(client, bot, client.inboxes.messages.send(bot.inbox_id, to="bob@outside.dev", text="x").message_id)
    selectors = lambda raw: re.findall(rb"\r\n s=([^;]+);", raw)
    before = send()
    http = client._client_wrapper.httpx_client
    answer = http.request(f"v0/domains/{DOMAIN}/rotate-keys", method="POST", base_url=client._client_wrapper.get_environment().http)
    assert answer.status_code == 200
    domain = client.domains.get(DOMAIN)
    assert domain.status == "VERIFIED"
    waiting = [record for record in domain.records if getattr(record, "key_stage", None) == "waiting"]
    assert len(waiting) == 2 and selectors(send()) == selectors(before)
    names.publish(waiting, DOMAIN)
    client.domains.verify(DOMAIN)
    after = send()
    assert not set(selectors(after)) & set(selectors(before))
    assert algorithms(after, names) == BOTH and algorithms(before, names) == BOTH

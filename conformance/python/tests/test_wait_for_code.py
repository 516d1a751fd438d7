"""Codes and links, waiting for them and the parts of a message: beyond the SDK, so through plain HTTP beside it."""
import pathlib
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import httpx
import pytest
from agentmail import MessageReceivedEvent

from sockets import next_event, subscribed

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "examples" / "python"
HTML = """<table><tr><td><p>Your verification code is</p><p style="font-size:28px"><b>83</b><b>0264</b></p>
<p>or <a href="https://service.example/verify?t=x&amp;u=%2B1">verify your email address</a>.</p>
<p>Both expire in 15&nbsp;minutes.</p></td></tr></table>"""


@pytest.fixture
def get(url, key):
    def get(path, **params):
        answer = httpx.get(url + path, headers={"Authorization": f"Bearer {key}"}, params=params, timeout=100)
        assert answer.status_code == 200, answer.text
        return answer.json()
    return get


def message_path(inbox, message_id, what):
    return f"/v0/inboxes/{inbox.inbox_id}/messages/{quote(message_id, safe='')}/{what}"


def test_codes_and_links_are_told_verbatim_and_the_sdk_reads_what_carries_them(client, inbox, ada, get):
    with subscribed(client, inbox_ids=[inbox.inbox_id], event_types=["message.received"]) as socket:
        ada.send(ada.write(inbox.inbox_id, "Your code", html=HTML))
        event = next_event(socket, MessageReceivedEvent).message
    told = get(message_path(inbox, event.message_id, "codes"))
    assert (told["code"]["value"], told["code"]["place"]) == ("830264", "body")
    assert told["link"]["url"] == "https://service.example/verify?t=x&u=%2B1" and told["link"]["kind"] == "verify"
    assert told["expires_at"] > told["timestamp"] and told["sender_proven"] is True
    # Models of the SDK keep what they do not know.
    for message in (event, client.inboxes.messages.get(inbox.inbox_id, event.message_id)):
        assert message.codes["code"]["value"] == "830264", message
        assert message.codes["link"] == told["link"]


def test_one_request_waits_for_the_code(inbox, ada, get):
    def send():
        ada.send(ada.write(inbox.inbox_id, "Welcome", text="No code in here."))
        ada.send(ada.write(inbox.inbox_id, "Your code", text="Your verification code is 553311."))
    threading.Timer(0, send).start()
    answer = get(f"/v0/inboxes/{inbox.inbox_id}/wait", has_code="true", subject="code", timeout=60, **{"from": "ada@"})
    assert answer["timed_out"] is False and answer["codes"]["code"]["value"] == "553311"
    assert answer["message"]["subject"] == "Your code"
    answer = get(f"/v0/inboxes/{inbox.inbox_id}/wait", timeout=0, after=answer["next_after"])
    assert answer["timed_out"] is True and "message" not in answer


def test_parallel_waiters_never_take_each_others_codes(inbox, ada, get):
    def wait(_):
        answer = get(f"/v0/inboxes/{inbox.inbox_id}/wait", has_code="true", claim="true", timeout=90)
        return answer["codes"]["code"]["value"]
    wanted = {f"77{n}001" for n in range(5)}
    with ThreadPoolExecutor(len(wanted)) as pool:
        waiting = pool.map(wait, wanted)
        for code in sorted(wanted):
            ada.send(ada.write(inbox.inbox_id, "Code", text=f"Your login code is {code}."))
        assert set(waiting) == wanted


def test_the_parts_of_a_reply(client, inbox, ada, get):
    sent = client.inboxes.messages.send(inbox.inbox_id, to="ada@customer.example", subject="Plan", text="Shall we meet on Monday at ten?")
    text = "Yes, gladly.\n\nOn Mon, 2 Nov 2026 at 10:00, Bot <bot@b.example> wrote:\n> Shall we meet on Monday at ten?\n"
    reply = ada.write(inbox.inbox_id, "Re: Plan", text=text)
    reply["In-Reply-To"] = sent.message_id
    ada.send(reply)
    message = client.inboxes.messages.get(inbox.inbox_id, reply["Message-ID"])
    told = get(message_path(inbox, reply["Message-ID"], "extraction"))
    assert [span["kind"] for span in told["spans"]] == ["reply", "quote"]
    assert told["spans"][0]["text"] == message.extracted_text.strip() == "Yes, gladly."
    for span in told["spans"]:
        assert message.text[span["start"]:span["end"]] == span["text"]
    assert (told["method"], told["earlier_messages"]) == ("quote_marks", 1)


def test_a_quotation_that_only_its_parent_proves_is_left_out(client, inbox, ada):
    old = ("The committee proposes to renew the lease of the old harbour office for another five years, "
           "and to repair its roof before the first autumn storms arrive.")
    sent = client.inboxes.messages.send(inbox.inbox_id, to="ada@customer.example", subject="Lease", text=old)
    reply = ada.write(inbox.inbox_id, "Lease", text=f"I agree with it.\n\n{old}\n")
    reply["In-Reply-To"] = sent.message_id
    ada.send(reply)
    message = client.inboxes.messages.get(inbox.inbox_id, reply["Message-ID"])
    assert message.extracted_text.strip() == "I agree with it." and old.split(",")[0] in message.text
    # Without the parent nothing says that it is quoted.
    ada.send(alone := ada.write(inbox.inbox_id, "Lease", text=f"I agree with it.\n\n{old}\n"))
    alone = client.inboxes.messages.get(inbox.inbox_id, alone["Message-ID"])
    assert "committee" in alone.extracted_text


def test_the_example_waits_in_one_call(client, ada):
    program = subprocess.Popen([sys.executable, EXAMPLES / "wait_for_code.py"], stdout=subprocess.PIPE, text=True)
    try:
        address = program.stdout.readline().split()[-1]
        ada.send(ada.write(address, "Your code", text="Your verification code is 918273."))
        assert program.stdout.readline().strip() == "the code is 918273"
        assert program.wait(40) == 0
    finally:
        program.kill()
        program.wait()
        program.stdout.close()

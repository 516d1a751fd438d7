"""The OTP loop: a fresh address is typed into some sign-up form; the agent waits for the code."""
import re

import pytest
from agentmail import MessageReceivedEvent

from sockets import next_event, subscribed

CODE = re.compile(r"\b(\d{6})\b")

HTML = """<html><head><style>.code { color: #998877; font-size: 24px } td { width: 600000px }</style>
<script>var tracking = 111111;</script></head><body><table><tr><td>
<p>Your verification code is</p><p class="code"><b>83</b><b>0264</b></p><p>It is valid for 10&nbsp;minutes.</p>
<img src="https://service.example/open/222222.gif" alt=""></td></tr></table></body></html>"""


@pytest.mark.parametrize("body", [
    {"text": "Your verification code is 830264.\nIt is valid for 10 minutes.\n"},
    {"html": HTML},
    {"text": "Your verification code is 830264.", "html": HTML},
], ids=["text", "HTML only", "both"])
def test_the_code_arrives_on_the_socket(client, ada, body):
    inbox = client.inboxes.create()
    with subscribed(client, inbox_ids=[inbox.inbox_id], event_types=["message.received"]) as socket:
        ada.send(ada.write(inbox.inbox_id, "Your code", **body))
        message = next_event(socket, MessageReceivedEvent).message
    found = CODE.findall(message.extracted_text or message.text)
    assert found == ["830264"]
    stored = client.inboxes.messages.get(inbox.inbox_id, message.message_id)
    assert CODE.findall(stored.extracted_text or stored.text) == ["830264"]


def test_the_message_is_readable_when_its_event_arrives(client, inbox, ada):
    with subscribed(client, inbox_ids=[inbox.inbox_id]) as socket:
        for number in range(20):
            ada.send(ada.write(inbox.inbox_id, f"Code {number}", text=f"{number:06}"))
            event = next_event(socket, MessageReceivedEvent)
            assert event.message.subject == f"Code {number}"
            client.inboxes.messages.get(inbox.inbox_id, event.message.message_id)

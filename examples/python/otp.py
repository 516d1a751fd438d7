"""One-time codes: a fresh address for a sign-up form, and the code as soon as it arrives.

    MAILROOST_API_KEY=am_us_... python otp.py
"""
import os
import re

from agentmail import AgentMail, AgentMailEnvironment, MessageReceivedEvent, Subscribe

url = os.environ.get("MAILROOST_URL", "http://127.0.0.1:8080")
client = AgentMail(
    api_key=os.environ["MAILROOST_API_KEY"],
    environment=AgentMailEnvironment(http=url, websockets=url.replace("http", "ws", 1)),
)

inbox = client.inboxes.create()

with client.websockets.connect() as socket:
    socket.send_subscribe(Subscribe(inbox_ids=[inbox.inbox_id], event_types=["message.received"]))
    for event in socket:
        if not isinstance(event, MessageReceivedEvent):
            # The subscription stands: only now type the address into the form, so that no code can be missed.
            print("sign up with", inbox.inbox_id, flush=True)
            continue
        code = re.search(r"\b\d{6}\b", event.message.extracted_text or event.message.text or "")
        if code:
            print("the code is", code[0])
            break

client.inboxes.delete(inbox.inbox_id)

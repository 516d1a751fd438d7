"""Support agent: hear every mail the moment it arrives and answer in its thread.

    MAILROOST_API_KEY=am_us_... python support_agent.py
"""
import os

from agentmail import AgentMail, AgentMailEnvironment, MessageReceivedEvent, Subscribe
from agentmail.inboxes import CreateInboxRequest

url = os.environ.get("MAILROOST_URL", "http://127.0.0.1:8080")
client = AgentMail(
    api_key=os.environ["MAILROOST_API_KEY"],
    environment=AgentMailEnvironment(http=url, websockets=url.replace("http", "ws", 1)),
)


def think(question: str) -> str:
    """Your model goes here."""
    return f"Thank you for asking: {question!r}. A colleague will look into it."


# The client id makes this the same inbox at every start.
inbox = client.inboxes.create(request=CreateInboxRequest(client_id="support-agent", display_name="Support"))

with client.websockets.connect() as socket:
    socket.send_subscribe(Subscribe(inbox_ids=[inbox.inbox_id], event_types=["message.received"]))
    for event in socket:
        if not isinstance(event, MessageReceivedEvent):
            print("listening for mail to", inbox.inbox_id, flush=True)
            continue
        message = event.message
        # extracted_text is what the customer wrote now, without the quoted history below it.
        question = (message.extracted_text or message.text or "").strip()
        print(f"{message.from_} asks: {question}", flush=True)
        client.inboxes.messages.reply(inbox.inbox_id, message.message_id, text=think(question))
        client.inboxes.messages.update(inbox.inbox_id, message.message_id, remove_labels=["unread"])
        print("answered", flush=True)

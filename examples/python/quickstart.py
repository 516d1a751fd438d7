"""Quick start: make an inbox, send a mail, see it in the list.

    pip install agentmail
    MAILROOST_API_KEY=am_us_... python quickstart.py
"""
import os

from agentmail import AgentMail, AgentMailEnvironment

url = os.environ.get("MAILROOST_URL", "http://127.0.0.1:8080")
client = AgentMail(
    api_key=os.environ["MAILROOST_API_KEY"],
    environment=AgentMailEnvironment(http=url, websockets=url.replace("http", "ws", 1)),
)

inbox = client.inboxes.create()
print("my address is", inbox.inbox_id)

sent = client.inboxes.messages.send(
    inbox.inbox_id,
    to="ada@customer.example",
    subject="Hello from an agent",
    text="This is my first mail.",
)

for item in client.inboxes.messages.list(inbox.inbox_id).messages:
    print(item.timestamp, item.from_, "->", ", ".join(item.to), "|", item.subject, item.labels)

message = client.inboxes.messages.get(inbox.inbox_id, sent.message_id)
print(message.text)

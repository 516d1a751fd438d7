"""Outreach: write to several people, then see who answered what.

    MAILROOST_API_KEY=am_us_... python outreach.py send ada@customer.example grace@partner.example
    MAILROOST_API_KEY=am_us_... python outreach.py report
"""
import os
import sys

from agentmail import AgentMail, AgentMailEnvironment
from agentmail.inboxes import CreateInboxRequest

CAMPAIGN = "spring-offer"

url = os.environ.get("MAILROOST_URL", "http://127.0.0.1:8080")
client = AgentMail(
    api_key=os.environ["MAILROOST_API_KEY"],
    environment=AgentMailEnvironment(http=url, websockets=url.replace("http", "ws", 1)),
)
inbox = client.inboxes.create(request=CreateInboxRequest(client_id="outreach-agent", display_name="Sam from Sales"))


def send(addresses):
    for address in addresses:
        client.inboxes.messages.send(
            inbox.inbox_id,
            to=address,
            subject="A spring offer for you",
            text="May I show you what is new?",
            labels=[CAMPAIGN],  # found again below, together with the answers in the same thread
        )
        print("wrote to", address)


def report():
    for item in client.inboxes.threads.list(inbox.inbox_id, labels=[CAMPAIGN, "sent"]).threads:
        thread = client.inboxes.threads.get(inbox.inbox_id, item.thread_id)
        person = ", ".join(thread.messages[0].to)
        answers = [message for message in thread.messages if "received" in message.labels]
        if answers:
            print(f"{person} answered: {(answers[-1].extracted_text or answers[-1].text or '').strip()}")
        else:
            print(f"{person} has not answered")


match sys.argv[1:]:
    case ["send", *addresses] if addresses:
        send(addresses)
    case ["report"]:
        report()
    case _:
        sys.exit(__doc__)

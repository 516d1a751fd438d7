"""One-time codes in one call: a fresh address for a sign-up form, and the server waits for the code.

    MAILROOST_API_KEY=am_us_... python wait_for_code.py
"""
import os

import httpx
from agentmail import AgentMail, AgentMailEnvironment

url = os.environ.get("MAILROOST_URL", "http://127.0.0.1:8080")
key = os.environ["MAILROOST_API_KEY"]
client = AgentMail(api_key=key, environment=AgentMailEnvironment(http=url, websockets=url.replace("http", "ws", 1)))

inbox = client.inboxes.create()
print("sign up with", inbox.inbox_id, flush=True)

# What arrived in the last two minutes counts too, so it does not matter if the mail is faster than this line. With
# claim=true nobody else who waits in this inbox is given the same code.
answer = httpx.get(
    f"{url}/v0/inboxes/{inbox.inbox_id}/wait",
    params={"has_code": "true", "claim": "true", "timeout": 120},
    headers={"Authorization": f"Bearer {key}"},
    timeout=130,
).raise_for_status().json()

if answer["timed_out"]:
    print("no code came")
else:
    print("the code is", answer["codes"]["code"]["value"])

client.inboxes.delete(inbox.inbox_id)

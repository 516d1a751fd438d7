"""How mail comes to an agent: it reads it with its key, or is handed it by what has no key."""
import http.server
import json
import queue
import threading
import urllib.parse
import urllib.request

from agent import call, hand_in

# What mail of a sender that nothing proves is told as, whatever else is found in it.
KINDS = [f"message.received{more}" for more in ("", ".unauthenticated", ".spam", ".blocked")]


class ByKey:
    """The agent fetches the message itself."""

    def __init__(self, server, inbox):
        self.server, self.inbox = server, inbox

    def deliver(self, subject, body, message_id):
        hand_in(self.server, self.inbox, subject, body, message_id)

    def show(self, agent, message_id):
        agent.read(message_id)

    def close(self):
        pass


class ByWebhook(ByKey):
    """The text is in the request of a webhook; no key of the agent has touched the message."""

    def __init__(self, server, inbox):
        super().__init__(server, inbox)
        self.posted = queue.Queue()
        posted = self.posted

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                posted.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=lambda: self.receiver.serve_forever(0.01), daemon=True).start()
        body = {"url": f"http://127.0.0.1:{self.receiver.server_port}/", "event_types": KINDS}
        status, made = call(server, server.key, "POST", f"/v0/inboxes/{inbox}/webhooks", body)
        assert status == 200, made
        self.id = made["webhook_id"]

    def show(self, agent, message_id):
        while True:
            event = self.posted.get(timeout=120)
            if event["message"]["message_id"] == message_id:
                return

    def close(self):
        status, told = call(self.server, self.server.key, "DELETE", f"/v0/webhooks/{self.id}")
        # An agent with a key of the organisation may have deleted the inbox, and the webhook with it.
        assert status in (204, 200, 404), told
        self.receiver.shutdown()
        self.receiver.server_close()


class ByPolling(ByKey):
    """The text is in the answer to a polling token, likewise."""

    def __init__(self, server, inbox):
        super().__init__(server, inbox)
        body = {"client_id": "agent", "event_types": KINDS}
        status, made = call(server, server.key, "POST", f"/v0/inboxes/{inbox}/webhooks/polling", body)
        assert status == 200, made
        self.url, self.token = made["url"], made["token"]
        self.iterator = self.poll()["iterator"]

    def poll(self, query=""):
        path = urllib.parse.urlsplit(self.url).path
        request = urllib.request.Request(f"http://127.0.0.1:{self.server.http}{path}{query}",
                                         headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def show(self, agent, message_id):
        page = self.poll(f"?iterator={self.iterator}")
        assert [event["message"]["message_id"] for event in page["data"]] == [message_id], page


FEEDS = {"key": ByKey, "webhook": ByWebhook, "polling": ByPolling}

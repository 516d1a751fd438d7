"""A server in public mode that asks a name server of the test's own and trusts the test as a relay in front of it."""
import json
import os
import pathlib
import re
import secrets
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import pytest

from name_server import NameServer

HOSTNAME = "mx.agents-under-test.dev"
DOMAIN = "agents-under-test.dev"


def pytest_addoption(parser):
    parser.addoption("--binary", default="target/release/mailroost")


class Server:
    def __init__(self, binary, folder, dns_port, **more):
        self.key = "am_us_" + secrets.token_hex(32)
        self.http, self.smtp = free_port(), free_port()
        env = {k: v for k, v in os.environ.items() if not k.startswith("MAILROOST_")}
        env |= {
            "MAILROOST_API_KEY": self.key, "MAILROOST_DATA": str(folder / "data"), "MAILROOST_DOMAIN": DOMAIN,
            "MAILROOST_HOSTNAME": HOSTNAME, "MAILROOST_DNS": f"127.0.0.1:{dns_port}",
            "MAILROOST_HTTP": f"127.0.0.1:{self.http}", "MAILROOST_SMTP": f"127.0.0.1:{self.smtp}",
            "MAILROOST_TRUSTED_RELAYS": "127.0.0.1", "MAILROOST_REQUESTS_PER_KEY": "0",
            "MAILROOST_REQUESTS_PER_ADDRESS": "0", **more,
        }
        self.log = folder / "server.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen([pathlib.Path(binary).resolve(), "serve"], env=env, cwd=folder,
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        end = time.monotonic() + 60
        while True:
            try:
                self.call("GET", "/v0/inboxes")
                return
            except (urllib.error.URLError, OSError):
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("the server did not start:\n" + self.log.read_text()) from None
                time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(40) == 0
        faults = [line for line in self.log.read_text().splitlines() if "ERROR" in line or "panicked" in line]
        assert not faults, faults

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {self.key}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")

    def inbox(self):
        return self.call("POST", "/v0/inboxes", {})["inbox_id"]

    def hand_in(self, raw, inbox, client, helo, sender):
        """Sends one message as `client`; gives the reply that refused it, or None."""
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=40) as smtp:
            smtp.ehlo("relay.test")
            code, text = smtp.docmd("XCLIENT", f"ADDR={address(client)} HELO={xtext(helo)}")
            assert code == 220, (code, text)
            smtp.ehlo("relay.test")
            code, text = smtp.docmd("MAIL", f"FROM:<{sender}>")
            if code != 250:
                return code, text.decode()
            assert smtp.docmd("RCPT", f"TO:<{inbox}>")[0] == 250
            code, text = smtp.data(raw)
            return None if code == 250 else (code, text.decode())

    def judged(self, raw, client="192.0.2.1", helo="mx.client.example", sender="ann@client.example"):
        """Hands a message in and gives it as the API shows it; a refusal as (code, text)."""
        inbox = self.inbox()
        refusal = self.hand_in(raw, inbox, client, helo, sender)
        if refusal:
            return refusal
        query = "include_unauthenticated=true&include_spam=true&include_blocked=true"
        listed = self.call("GET", f"/v0/inboxes/{inbox}/messages?{query}")["messages"]
        assert len(listed) == 1, listed
        quoted = urllib.request.quote(listed[0]["message_id"], safe="")
        return self.call("GET", f"/v0/inboxes/{inbox}/messages/{quoted}")


def address(text):
    return f"IPV6:{text}" if ":" in text else text


def xtext(text):
    return "".join(c if 33 <= ord(c) <= 126 and c not in "+=" else f"+{ord(c):02X}" for c in text)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def results(message):
    """What the first Authentication-Results field says, which is the server's own: method to result."""
    first = message["headers"]["Authentication-Results"].split("\n")[0]
    name, _, rest = first.partition(";")
    assert name == HOSTNAME, first
    return dict(re.match(r"\s*(\w+)=(\w+)", part).groups() for part in rest.split(";"))


@pytest.fixture(scope="session")
def name_server():
    server = NameServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def server(request, name_server):
    with tempfile.TemporaryDirectory(prefix="mailroost-mailauth-") as folder:
        server = Server(request.config.getoption("--binary"), pathlib.Path(folder), name_server.port)
        yield server
        server.stop()

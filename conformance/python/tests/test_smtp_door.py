"""The SMTP door, byte by byte: where a message ends, and what must not smuggle a second one in."""
import re
import socket

import pytest

from correspondent import raw_of


class Dialog:
    """A raw connection; `say` sends bytes as they are and returns the reply."""

    def __init__(self, smtp):
        host, _, port = smtp.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.lines = self.socket.makefile("rb")
        assert self.reply().startswith("220")

    def reply(self):
        while True:
            line = self.lines.readline().decode()
            if not line or re.match(r"\d{3} ", line):
                return line.rstrip()

    def say(self, data):
        self.socket.sendall(data)
        return self.reply()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.socket.close()


@pytest.fixture
def dialog(smtp):
    with Dialog(smtp) as dialog:
        yield dialog


def begin(dialog, inbox_id):
    assert dialog.say(b"EHLO client.example\r\n").startswith("250")
    assert dialog.say(b"MAIL FROM:<ada@customer.example>\r\n").startswith("250")
    assert dialog.say(f"RCPT TO:<{inbox_id}>\r\n".encode()).startswith("250")
    assert dialog.say(b"DATA\r\n").startswith("354")


@pytest.mark.parametrize("end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n"], ids=repr)
def test_only_the_true_end_ends_a_message(client, inbox, dialog, end):
    begin(dialog, inbox.inbox_id)
    smuggled = b"MAIL FROM:<x@evil.example>\r\nRCPT TO:<%s>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n" % inbox.inbox_id.encode()
    first = dialog.say(b"Subject: outer\r\n\r\nhello" + end + smuggled)
    # Refusing the bare line end and keeping everything as one message are both right; a second message never is.
    subjects = [item.subject for item in client.inboxes.messages.list(inbox.inbox_id).messages]
    assert subjects in ([], ["outer"])
    assert first.startswith("250") == (subjects == ["outer"])


def test_dots_are_unstuffed_and_a_message_is_visible_at_its_250(client, inbox, dialog):
    for number in range(3):
        begin(dialog, inbox.inbox_id)
        assert dialog.say(b"Subject: %d\r\n\r\n..\r\n...x\r\n.\r\n" % number).startswith("250")
        item = client.inboxes.messages.list(inbox.inbox_id, limit=1).messages[0]
        assert item.subject == str(number)
        assert raw_of(client, inbox.inbox_id, item.message_id).endswith(b"\r\n\r\n.\r\n..x\r\n")


def test_a_broken_connection_leaves_nothing(client, inbox, smtp):
    with Dialog(smtp) as dialog:
        begin(dialog, inbox.inbox_id)
        dialog.socket.sendall(b"Subject: half\r\n\r\nnot finished")
    with Dialog(smtp) as dialog:
        begin(dialog, inbox.inbox_id)
        assert dialog.say(b"Subject: whole\r\n\r\nfinished\r\n.\r\n").startswith("250")
    assert [item.subject for item in client.inboxes.messages.list(inbox.inbox_id).messages] == ["whole"]


def test_the_extensions_are_offered(dialog):
    dialog.socket.sendall(b"EHLO client.example\r\n")
    offered = set()
    while True:
        line = dialog.lines.readline().decode().rstrip()
        offered.add(line[4:].split(" ")[0].upper())
        if line.startswith("250 "):
            break
    assert {"PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "CHUNKING", "STARTTLS", "ENHANCEDSTATUSCODES"} <= offered


def test_chunks_carry_a_message(client, inbox, dialog):
    assert dialog.say(b"EHLO client.example\r\n").startswith("250")
    assert dialog.say(b"MAIL FROM:<ada@customer.example>\r\n").startswith("250")
    assert dialog.say(f"RCPT TO:<{inbox.inbox_id}>\r\n".encode()).startswith("250")
    assert dialog.say(b"BDAT 19\r\nSubject: chunks\r\n\r\n").startswith("250")
    assert dialog.say(b"BDAT 10 LAST\r\n.\r\nbytes\r\n").startswith("250")
    item, = client.inboxes.messages.list(inbox.inbox_id).messages
    assert raw_of(client, inbox.inbox_id, item.message_id) == b"Subject: chunks\r\n\r\n.\r\nbytes\r\n"


def test_bytes_before_tls_are_forgotten(dialog):
    """What an attacker pushes in behind STARTTLS must not be read as if it had come encrypted."""
    import ssl

    assert dialog.say(b"EHLO client.example\r\n").startswith("250")
    dialog.socket.sendall(b"STARTTLS\r\nMAIL FROM:<x@evil.example>\r\n")
    answer = dialog.reply()
    if not answer.startswith("220"):
        return  # refusing the pipelined command is as good
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(dialog.socket) as secure:
        secure.settimeout(20)
        secure.sendall(b"NOOP\r\n")
        assert secure.recv(1000).startswith(b"250 2."), "the first answer belongs to NOOP"
        secure.sendall(b"RCPT TO:<a@b.example>\r\n")
        assert secure.recv(1000).startswith(b"5"), "no MAIL was seen"

"""The four programs every agent developer starts with, run as they stand in examples/python."""
import os
import pathlib
import re
import subprocess
import sys
from contextlib import contextmanager

import pytest
from agentmail.inboxes import CreateInboxRequest

from correspondent import mail_of

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "examples" / "python"


def run(name, *arguments):
    done = subprocess.run([sys.executable, EXAMPLES / name, *arguments], capture_output=True, text=True, timeout=40)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running(name):
    program = subprocess.Popen([sys.executable, EXAMPLES / name], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        yield program
    finally:
        program.kill()
        program.wait()
        program.stdout.close()


def address_in(line):
    found = re.search(r"\S+@\S+", line)
    assert found, line
    return found[0]


def test_quickstart():
    output = run("quickstart.py")
    assert "Hello from an agent" in output and "This is my first mail." in output


def test_support_agent(client, ada):
    with running("support_agent.py") as program:
        address = address_in(program.stdout.readline())
        question = ada.write(address, "Opening hours", text="When do you open?")
        ada.send(question)
        assert "When do you open?" in program.stdout.readline()
        assert program.stdout.readline().strip() == "answered"
        thread = client.inboxes.threads.get(address, client.inboxes.messages.get(address, question["Message-ID"]).thread_id)
        asked, answered = thread.messages
        assert "unread" not in asked.labels
        mail = mail_of(client, address, answered.message_id)
        assert mail["In-Reply-To"] == question["Message-ID"] and mail["Subject"] == "Re: Opening hours"
        assert "Thank you for asking" in mail.get_body(("plain",)).get_content()


def test_outreach(client, ada, grace):
    run("outreach.py", "send", ada.address, grace.address)
    inbox = client.inboxes.create(request=CreateInboxRequest(client_id="outreach-agent"))
    sent, = client.inboxes.messages.list(inbox.inbox_id, labels=["spring-offer"], to=[ada.address], limit=1).messages
    ada.send(ada.answer(mail_of(client, inbox.inbox_id, sent.message_id), "Yes, show me."))
    report = run("outreach.py", "report")
    assert f"{ada.address} answered: Yes, show me." in report
    assert f"{grace.address} has not answered" in report


@pytest.mark.parametrize("body", [{"text": "Code: 404812"}, {"html": "<p>Code: <b>404812</b></p>"}], ids=["text", "HTML"])
def test_otp(client, ada, body):
    with running("otp.py") as program:
        address = address_in(program.stdout.readline())
        ada.send(ada.write(address, "Your code", **body))
        assert program.stdout.readline().strip() == "the code is 404812"
        assert program.wait(timeout=30) == 0

"""Every program of docs/events.md, run as it stands there."""
import os
import pathlib
import re
import selectors
import subprocess
import sys
import time

import pytest

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs" / "events.md"
PROGRAMS = re.findall(r"^## ([^\n]+)$|^```(python|sh)\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def programs():
    title = ""
    for heading, language, text in PROGRAMS:
        title = heading or title
        if text:
            yield pytest.param(language, text, id=f"{title}, {language}")


def said(program, text, seconds):
    """Whether the program says this within that time, on any line."""
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(program.stdout, selectors.EVENT_READ)
        while (left := end - time.monotonic()) > 0:
            if selector.select(left):
                chunk = os.read(program.stdout.fileno(), 1 << 16)
                if not chunk:
                    return False
                program.seen += chunk.decode()
                if text in program.seen:
                    return True
    return False


def test_the_page_has_five_programs():
    assert len(list(programs())) == 5


@pytest.mark.parametrize(("language", "text"), programs())
def test_a_program_hears_of_mail(language, text, client, inbox, ada, unique, tmp_path):
    command = [sys.executable, "-c", text] if language == "python" else ["sh", "-c", text]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    program.seen = ""
    before = {webhook.webhook_id for webhook in client.webhooks.list(limit=100).webhooks}
    try:
        # It listens from some moment on, so mail is sent until it has heard of one.
        for number in range(40):
            ada.send(ada.write(inbox.inbox_id, f"{unique} {number}", text="Hello."))
            if said(program, unique, seconds=0.5):
                break
            assert program.poll() is None, program.stderr.read().decode()
        else:
            pytest.fail(f"it heard nothing: {program.seen}")
    finally:
        program.kill()
        program.wait()
        program.stdout.close()
        program.stderr.close()
        for webhook in client.webhooks.list(limit=100).webhooks:
            if webhook.webhook_id not in before:
                client.webhooks.delete(webhook.webhook_id)

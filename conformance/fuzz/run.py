"""Sends a running server what nobody would send it: schemathesis, over every operation of the description.

    scripts/with-server -- .work/venv/bin/python conformance/fuzz/run.py [SECONDS]

Fails on an answer of 500 or more, and on one with a status, a type or a shape that is not described. The seed is fixed, so
that a run can be repeated; FUZZ_SEED names another one. The WebSocket is left out: it is no request with an answer.
"""
import json
import os
import pathlib
import re
import secrets
import smtplib
import subprocess
import sys
import tempfile
import time

import httpx

HERE = pathlib.Path(__file__).resolve().parent
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LEFT_OUT = ["websockets.connect"]
INBOXES, MAILS = 3, 4
MAIL = """From: Ann <ann@outside.example>
To: {to}
Subject: Number {number}
Message-ID: <{id}@outside.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Words to look for.
--b
Content-Type: text/csv
Content-Disposition: attachment; filename=a.csv

1,2
--b--
"""


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 75
    url, key = os.environ["MAILROOST_URL"], os.environ["MAILROOST_API_KEY"]
    api = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60)
    begun = time.monotonic()
    run = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json"]
    # `python -m schemathesis.cli` only defines the command; the program beside this Python runs it.
    run[1:3] = [str(pathlib.Path(sys.executable).parent / "schemathesis")]
    run += ["--header", f"Authorization: Bearer {key}", "--checks", CHECKS, "--continue-on-failure", "--no-color",
            "--workers", "2", "--max-examples", "12", "--max-time", str(seconds), "--request-timeout", "30",
            "--seed", os.environ.get("FUZZ_SEED", "1"), "--no-shrink", "--generation-database", "none", "--warnings", "off"]
    for operation in LEFT_OUT:
        run += ["--exclude-operation-id", operation]
    environment = {**os.environ, "FUZZ_THINGS": json.dumps(things(api)), "SCHEMATHESIS_HOOKS": "hooks",
                   "PYTHONPATH": str(HERE)}
    with tempfile.TemporaryDirectory() as scratch:  # it keeps what it found beside itself
        status = subprocess.run(run, env=environment, cwd=scratch).returncode
    alive = api.get("/healthz").status_code == 200
    if status == 0 and alive:
        described = api.get("/openapi.json").json()["paths"]
        operations = sum(len(methods) for methods in described.values()) - len(LEFT_OUT)
        # The same words as pytest, for scripts/count-tests.
        print(f"{operations} passed in {time.monotonic() - begun:.2f}s")
    return status or (0 if alive else 1)


def things(api):
    """Ids of things that are there, by the name of the path parameter; the fuzzer would not guess them."""
    pool = {"own_key": [api.get("/v0/auth/me").raise_for_status().json()["api_key_id"]]}

    def add(name, value):
        pool.setdefault(name, []).append(value)

    for _ in range(INBOXES):
        inbox = api.post("/v0/inboxes", json={}).raise_for_status().json()
        add("inbox_id", inbox["inbox_id"])
        add("pod_id", inbox["pod_id"])
        for number in range(MAILS):
            deliver(inbox["inbox_id"], number)
        listed = api.get(f"/v0/inboxes/{inbox['inbox_id']}/messages").raise_for_status().json()["messages"]
        for message in listed:
            add("message_id", message["message_id"])
            add("thread_id", message["thread_id"])
            add("attachment_id", message["attachments"][0]["attachment_id"])
    return pool


def deliver(to, number):
    host, _, port = os.environ["MAILROOST_SMTP"].rpartition(":")
    mail = MAIL.format(to=to, number=number, id=secrets.token_hex(8))
    with smtplib.SMTP(host, int(port), local_hostname="client.example", timeout=30) as connection:
        connection.sendmail("ann@outside.example", [to], re.sub("\n", "\r\n", mail))


if __name__ == "__main__":
    sys.exit(main())

"""A server in public mode; its name server, and the client that hands mail in, are those of ../mailauth."""
import json
import os
import pathlib
import random
import secrets
import subprocess
import sys
import tempfile
import urllib.parse

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "mailauth"))

from name_server import NameServer  # noqa: E402

# Attacks of a corpus that are tried without --all.
SAMPLE = 120


def load(path):
    import importlib.util

    spec = importlib.util.spec_from_file_location("mailauth_server", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Server = load(HERE.parent / "mailauth" / "conftest.py").Server


def pytest_addoption(parser):
    parser.addoption("--binary", default="target/release/mailroost")
    parser.addoption("--engine", default="sqlite", choices=["sqlite", "postgres"],
                     help="postgres takes a new database on the server of MAILROOST_TEST_POSTGRES")
    parser.addoption("--corpus", default=None, help="more attacks, as JSON lines; a sample of them")
    parser.addoption("--all", action="store_true", help="all attacks of the corpus")


@pytest.fixture(scope="session")
def server(request):
    names = NameServer()
    # What is posted to webhooks is posted to the test.
    more, drop = {"MAILROOST_EGRESS_ALLOW": "127.0.0.0/8"}, None
    if request.config.getoption("--engine") == "postgres":
        more["MAILROOST_DATABASE"], drop = new_database()
    with tempfile.TemporaryDirectory(prefix="mailroost-gate-") as folder:
        server = Server(request.config.getoption("--binary"), pathlib.Path(folder), names.port, **more)
        free_the_operator(server)
        yield server
        server.stop()
    names.close()
    if drop:
        drop()


def new_database():
    """The URL of a new database, and what removes it."""
    admin = os.environ.get("MAILROOST_TEST_POSTGRES")
    assert admin, "--engine postgres needs MAILROOST_TEST_POSTGRES: scripts/with-postgres sets it"
    name = f"gate_{secrets.token_hex(6)}"
    psql(admin, f"CREATE DATABASE {name}")
    return (urllib.parse.urlsplit(admin)._replace(path=f"/{name}").geturl(),
            lambda: psql(admin, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


def psql(url, statement):
    parts = urllib.parse.urlsplit(url)  # the password goes by environment: arguments are public
    plain = parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")).geturl()
    programs = [*map(str, pathlib.Path("/usr/lib/postgresql").glob("*/bin/psql")), "psql"]
    command = [programs[0], "-qXd", plain, "-v", "ON_ERROR_STOP=1", "-c", statement]
    subprocess.run(command, env={**os.environ, "PGPASSWORD": parts.password or ""}, check=True)


def free_the_operator(server):
    """The key of the test itself looks at what was sent and makes keys: as a platform's own program it is not tainted."""
    rights = {"permissions": {"api_key_update": True, "policy_read": True, "policy_update": True}}
    loosener = server.call("POST", "/v0/api-keys", rights)
    [own] = [key for key in server.call("GET", "/v0/api-keys")["api_keys"] if server.key.startswith(key["prefix"])]
    operator, server.key = server.key, loosener["api_key"]
    server.call("PUT", f"/v0/api-keys/{own['api_key_id']}/policy", {"policy": {"taint": "off"}})
    server.key = operator


def attacks_of(file):
    # A mail may hold what Python takes for the end of a line and JSON does not.
    rows = [json.loads(line) for line in pathlib.Path(file).read_text().split("\n") if line]
    return [row for row in rows if row.get("label", "attack") == "attack"]


@pytest.fixture(scope="session")
def attacks(request):
    own, corpus = attacks_of(HERE / "attacks.jsonl"), request.config.getoption("--corpus")
    if not corpus:
        return own
    more = attacks_of(corpus)
    if not request.config.getoption("--all"):
        more = random.Random(6).sample(more, min(SAMPLE, len(more)))
    return own + more

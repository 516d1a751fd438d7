"""The server under test comes from the environment; every test gets inboxes of its own.

Every answer that the SDK gets is held against the server's own description (see contract.py). With `--record FILE` a run in
which nothing failed leaves there which operations were called.
"""
import importlib.metadata
import os
import pathlib
import secrets

import pytest
from agentmail import AgentMail, AgentMailEnvironment, AsyncAgentMail

import sockets
from correspondent import Correspondent

try:
    from contract import Contract, Record
except ModuleNotFoundError as missing:
    pytest.exit(f"{missing.name} is not installed: `scripts/test python` brings .work/venv up to requirements.txt", returncode=4)

NAMES = ("MAILROOST_URL", "MAILROOST_SMTP", "MAILROOST_API_KEY")


def pytest_addoption(parser):
    parser.addoption("--record", type=pathlib.Path, metavar="FILE", help="where to write which operations were called")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    record = item.config.stash.get(RECORD, None)
    if record and report.when == "call":
        record.settle(item.nodeid, report.passed)
    return report


def pytest_sessionfinish(session, exitstatus):
    file, record = session.config.getoption("record"), session.config.stash.get(RECORD, None)
    if file and record and exitstatus == 0:
        record.write(file, importlib.metadata.version("agentmail"))


RECORD = pytest.StashKey[Record]()


@pytest.fixture(scope="session")
def url():
    missing = [name for name in NAMES if not os.environ.get(name)]
    if missing:
        pytest.exit(f"{', '.join(missing)} not set: run this through scripts/with-server", returncode=4)
    return os.environ["MAILROOST_URL"]


@pytest.fixture(scope="session")
def smtp(url):
    return os.environ["MAILROOST_SMTP"]


@pytest.fixture(scope="session")
def key(url):
    return os.environ["MAILROOST_API_KEY"]


@pytest.fixture(scope="session")
def environment(url):
    return AgentMailEnvironment(http=url, websockets=url.replace("http", "ws", 1))


@pytest.fixture(scope="session")
def contract(url, pytestconfig):
    contract = Contract.of_server(url)
    pytestconfig.stash[RECORD] = Record(contract)
    sockets.opened = lambda: contract.calls["websockets.connect"].add(101)
    return contract


@pytest.fixture(scope="session")
def connect(environment, contract):
    """Makes a client for any key."""
    return lambda api_key: AgentMail(api_key=api_key, environment=environment, httpx_client=contract.client())


@pytest.fixture
def async_client(environment, contract, key):
    return AsyncAgentMail(api_key=key, environment=environment, httpx_client=contract.async_client())


@pytest.fixture(scope="session")
def client(connect, key):
    return connect(key)


@pytest.fixture
def inbox(client):
    return client.inboxes.create()


@pytest.fixture
def unique():
    """A word no other test uses: for labels, subjects, user names."""
    return "t" + secrets.token_hex(5)


@pytest.fixture
def ada(smtp):
    return Correspondent("Ada Byron", "ada@customer.example", smtp)


@pytest.fixture
def grace(smtp):
    return Correspondent("Grace Hopper", "grace@partner.example", smtp)


@pytest.fixture
def linus(smtp):
    return Correspondent("Linus Pauling", "linus@lab.example", smtp)

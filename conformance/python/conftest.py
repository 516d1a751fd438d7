"""The server under test comes from the environment; every test gets inboxes of its own."""
import os
import secrets

import pytest
from agentmail import AgentMail, AgentMailEnvironment

from correspondent import Correspondent

NAMES = ("MAILROOST_URL", "MAILROOST_SMTP", "MAILROOST_API_KEY")


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
def connect(environment):
    """Makes a client for any key."""
    return lambda api_key: AgentMail(api_key=api_key, environment=environment)


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

"""A server in public mode; its name server, and the client that hands mail in, are those of ../mailauth."""
import json
import pathlib
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "mailauth"))

from name_server import NameServer  # noqa: E402


def load(path):
    import importlib.util

    spec = importlib.util.spec_from_file_location("mailauth_server", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Server = load(HERE.parent / "mailauth" / "conftest.py").Server


def pytest_addoption(parser):
    parser.addoption("--binary", default="target/release/mailroost")
    parser.addoption("--corpus", default=None, help="more attacks, as JSON lines")


@pytest.fixture(scope="session")
def server(request):
    names = NameServer()
    with tempfile.TemporaryDirectory(prefix="mailroost-gate-") as folder:
        server = Server(request.config.getoption("--binary"), pathlib.Path(folder), names.port)
        free_the_operator(server)
        yield server
        server.stop()
    names.close()


def free_the_operator(server):
    """The key of the test itself looks at what was sent and makes keys: as a platform's own program it is not tainted."""
    rights = {"permissions": {"api_key_update": True, "policy_read": True, "policy_update": True}}
    loosener = server.call("POST", "/v0/api-keys", rights)
    [own] = [key for key in server.call("GET", "/v0/api-keys")["api_keys"] if server.key.startswith(key["prefix"])]
    operator, server.key = server.key, loosener["api_key"]
    server.call("PUT", f"/v0/api-keys/{own['api_key_id']}/policy", {"policy": {"taint": "off"}})
    server.key = operator


@pytest.fixture(scope="session")
def attacks(request):
    files = [HERE / "attacks.jsonl", request.config.getoption("--corpus")]
    rows = [json.loads(line) for file in files if file for line in pathlib.Path(file).read_text().splitlines()]
    return [row for row in rows if row.get("label", "attack") == "attack"]

"""Holds every answer against the OpenAPI description that the server itself gives, and records what was called.

The SDK stays as it is: an event hook of its HTTP client sees each answer before the SDK does. An answer with a status that
is not described, a body of another shape, or a field that is not described fails the test that asked for it.
"""
import datetime
import json
import re
from collections import defaultdict

import httpx
import jsonschema

METHODS = ("get", "post", "patch", "put", "delete")


class Broken(AssertionError):
    """The server answered what it does not describe."""


class Contract:
    def __init__(self, description):
        self.components = {"schemas": {name: closed(schema) for name, schema in description["components"]["schemas"].items()}}
        self.formats = jsonschema.FormatChecker(formats=())
        self.formats.checks("date-time")(is_instant)
        self.validators = {}
        self.operations = [
            (method.upper(), pattern(path), weight(path), operation)
            for path, methods in description["paths"].items()
            for method, operation in methods.items() if method in METHODS]
        self.calls = defaultdict(set)

    @classmethod
    def of_server(cls, url):
        answer = httpx.get(f"{url}/openapi.json")
        answer.raise_for_status()
        return cls(answer.json())

    def operation(self, method, path):
        """The operation that a request is for: the one with the most literal path, as the server chooses."""
        path = re.sub(r"^/v0(?=/v0(/|$))", "", path)  # a doubled prefix is tolerated
        found = [(weight, operation) for verb, pattern, weight, operation in self.operations
                 if verb == method and pattern.fullmatch(path)]
        return max(found, key=lambda each: each[0])[1] if found else None

    def check(self, response):
        """Raises `Broken`; records the call when not."""
        request = response.request
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        operation = self.operation(request.method, path)
        where = f"{request.method} {path} answered {response.status_code}"
        if operation is None:
            if response.status_code != 404:
                raise Broken(f"{where}, but is not described")
            return
        self.calls[operation["operationId"]].add(response.status_code)
        described = operation["responses"].get(str(response.status_code))
        if described is None:
            raise Broken(f"{where}, which {operation['operationId']} does not describe: {response.text[:300]}")
        content = described.get("content")
        if not content:
            if response.content:
                raise Broken(f"{where} with a body")
            return
        if "application/json" not in content:
            return
        kind = response.headers.get("content-type", "")
        if kind.partition(";")[0] != "application/json":
            raise Broken(f"{where} with the content type {kind!r}")
        errors = sorted(self.validator(operation, response.status_code, content).iter_errors(response.json()), key=str)
        if errors:
            raise Broken(f"{where}, {operation['operationId']}: " + "; ".join(map(told, errors)))

    def validator(self, operation, status, content):
        key = operation["operationId"], status
        if key not in self.validators:
            schema = {**content["application/json"]["schema"], "components": self.components}
            self.validators[key] = jsonschema.Draft202012Validator(schema, format_checker=self.formats)
        return self.validators[key]

    def hook(self, response):
        response.read()
        self.check(response)

    async def async_hook(self, response):
        await response.aread()
        self.check(response)

    def client(self):
        """An HTTP client for the SDK."""
        return httpx.Client(timeout=60, follow_redirects=True, event_hooks={"response": [self.hook]})

    def async_client(self):
        return httpx.AsyncClient(timeout=60, follow_redirects=True, event_hooks={"response": [self.async_hook]})


def pattern(path):
    """A message id may have slashes, which the Python SDK sends as they are."""
    parts = re.split(r"(\{\w+\})", path)
    return re.compile("".join(
        (".+" if part == "{message_id}" else "[^/]+") if part.startswith("{") else re.escape(part) for part in parts))


def weight(path):
    return sum(not part.startswith("{") for part in path.split("/")), len(path)


def closed(schema):
    """The same schema without room for fields that it does not name."""
    if isinstance(schema, dict):
        schema = {key: closed(value) for key, value in schema.items()}
        if schema.get("type") == "object" and "properties" in schema and "additionalProperties" not in schema:
            schema["additionalProperties"] = False
    elif isinstance(schema, list):
        schema = [closed(each) for each in schema]
    return schema


def is_instant(text):
    """RFC 3339 in UTC with `Z`, as every SDK reads it."""
    if not isinstance(text, str):
        return True
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", text):
        return False
    try:
        datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return False
    return True


def told(error):
    return f"{error.json_path}: {error.message[:300]}"


class Record:
    """Which operations the tests that passed have called, with the statuses they got."""

    def __init__(self, contract):
        self.contract = contract
        self.passed = defaultdict(lambda: {"tests": set(), "statuses": set()})

    def settle(self, nodeid, has_passed):
        """Ends a test: what it called counts if it passed."""
        for operation, statuses in self.contract.calls.items():
            if has_passed:
                self.passed[operation]["tests"].add(nodeid)
                self.passed[operation]["statuses"] |= statuses
        self.contract.calls.clear()

    def write(self, file, release):
        calls = {operation: {"tests": len(seen["tests"]), "statuses": sorted(seen["statuses"])}
                 for operation, seen in sorted(self.passed.items())}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"release": release, "operations": calls}, indent=1) + "\n")

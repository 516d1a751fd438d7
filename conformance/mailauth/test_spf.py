"""The RFC 7208 suite."""
import pathlib

import pytest
import yaml

from conftest import results
from name_server import TIMEOUT

SUITE = pathlib.Path(__file__).parent / "spf" / "rfc7208-tests.yml"
MESSAGE = "From: Ann <ann@author.example>\r\nTo: you\r\nSubject: x\r\n\r\nHello\r\n"


def scenarios():
    for scenario in yaml.safe_load_all(SUITE.read_text(encoding="utf-8")):
        zone = read_zone(scenario["zonedata"])
        for name, case in scenario["tests"].items():
            yield pytest.param(zone, case, id=f"{scenario['description']}-{name}".replace(" ", "_"))


def read_zone(data):
    """The suite's rules: records of type SPF are also TXT records unless a TXT record is there; NONE is none."""
    zone = {}
    for name, entries in data.items():
        records, spf, has_txt = [], [], False
        for entry in entries:
            if entry == TIMEOUT:
                records.append((TIMEOUT, None))
                continue
            ((kind, value),) = entry.items()
            if kind in ("SPF", "TXT"):
                texts = value if isinstance(value, list) else [value]
                texts = [str(text) for text in texts] or [""]
                if kind == "SPF":
                    spf.append(("TXT", texts))
                else:
                    has_txt = True
                    if value != "NONE":
                        records.append(("TXT", texts))
            elif kind == "MX":
                records.append(("MX", f"{value[0]} {absolute(value[1])}"))
            elif kind in ("PTR", "CNAME"):
                records.append((kind, absolute(value)))
            else:
                records.append((kind, str(value)))
        zone[str(name).lower().rstrip(".")] = records + ([] if has_txt else spf)
    return zone


def absolute(name):
    return str(name).rstrip(".") + "."


def quoted(sender):
    """As an SMTP client writes an address whose local part has a space in it."""
    local, at, domain = sender.rpartition("@")
    return f'"{local}"{at}{domain}' if " " in local else sender


def is_address(sender):
    local, _, domain = sender.rpartition("@")
    return local and all(0 < len(label) < 64 for label in domain.split("."))


@pytest.mark.parametrize("zone, case", list(scenarios()))
def test_spf(server, name_server, zone, case):
    name_server.zone = zone
    wanted = case["result"] if isinstance(case["result"], list) else [case["result"]]
    sender = case.get("mailfrom") or ""
    judged = server.judged(MESSAGE, str(case["host"]), str(case["helo"]), quoted(sender))
    if sender and not is_address(sender):
        code, _ = judged
        assert code in (501, 553), judged
        return
    spf = judged["authentication"]["spf"]
    assert spf["result"] in wanted, spf
    assert results(judged)["spf"] == spf["result"]
    assert spf["identity"] == ("mailfrom" if sender else "helo")
    if "explanation" in case:
        wanted = None if case["explanation"] == "DEFAULT" else case["explanation"]
        assert spf.get("explanation") == wanted

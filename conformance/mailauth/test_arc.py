"""The ARC validation suite."""
import pathlib

import pytest
import yaml

from conftest import results
from name_server import pieces

SUITE = pathlib.Path(__file__).parent / "arc" / "arc-draft-validation-tests.yml"


def scenarios():
    seen = set()
    for scenario in yaml.safe_load_all(SUITE.read_text(encoding="utf-8")):
        records = scenario.get("txt-records") or {}
        zone = {name.lower(): [("TXT", pieces(value))] for name, value in records.items()}
        for name, case in scenario["tests"].items():
            name = f"{scenario['description']}-{name}".replace(" ", "_")
            assert name not in seen
            seen.add(name)
            yield pytest.param(zone, case, id=name)


@pytest.mark.parametrize("zone, case", list(scenarios()))
def test_arc(server, name_server, zone, case):
    name_server.zone = zone
    raw = "\r\n".join(case["message"].split("\n")).encode("utf-8")
    judged = server.judged(raw)
    arc = judged["authentication"]["arc"]["result"]
    assert results(judged)["arc"] == arc
    if wanted := case["cv"].strip().lower():
        assert arc == wanted
    else:  # the suite leaves open whether such a chain is refused before it is looked at
        assert arc != "pass"

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.reachability, from its options to its answer, on loopback."""

from __future__ import annotations

import math
import socket

import pytest
import yaml

from ansible_collections.jsa.ports.plugins.modules import reachability
from ansible_collections.jsa.ports.tests.unit.plugins.modules.standin import run_main


@pytest.fixture
def answer(monkeypatch):
    return lambda **params: run_main(monkeypatch, reachability, params)[0]


@pytest.fixture
def ports():
    """One port that answers, one that is closed."""
    with socket.socket() as service, socket.socket() as nothing:
        for sock in (service, nothing):
            sock.bind(("127.0.0.1", 0))
        service.listen(5)
        yield service.getsockname()[1], nothing.getsockname()[1]


def test_an_answer(answer, ports: tuple[int, int]) -> None:
    probes = [{"address": "127.0.0.1", "port": port, "id": f"port {port}"} for port in ports]
    got = answer(probes=probes)
    assert [(item["id"], item["result"]) for item in got["results"]] == [
        (f"port {ports[0]}", "open"),
        (f"port {ports[1]}", "refused"),
    ]
    assert got["changed"] is False
    assert got["summary"] == {
        "open": 1,
        "refused": 1,
        "prohibited": 0,
        "unreachable": 0,
        "no_answer": 0,
        "open_or_filtered": 0,
        "unavailable": 0,
    }
    assert 0 <= got["seconds"] < 10


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("timeout", 0.0, "timeout: 0.0 is not a number above 0"),
        ("timeout", -1.0, "timeout: -1.0 is not a number above 0"),
        ("timeout", math.inf, "timeout: inf is not a number above 0"),
        ("rate", -1.0, "rate: -1.0 is not a number of 0 or more"),
        ("rate", math.nan, "rate: nan is not a number of 0 or more"),
        ("retries", -1, "retries: -1 is not a number of 0 or more"),
        ("recheck_seconds", -0.5, "recheck_seconds: -0.5 is not a number of 0 or more"),
    ],
)
def test_numbers_that_mean_nothing(answer, option: str, value: float, complaint: str) -> None:
    assert answer(probes=[], **{option: value}) == {"failed": True, "msg": complaint}


@pytest.mark.parametrize("option", ["rate", "retries", "recheck_seconds"])
def test_nought_is_allowed(answer, ports: tuple[int, int], option: str) -> None:
    assert answer(probes=[{"address": "127.0.0.1", "port": ports[0]}], **{option: 0})["summary"]["open"] == 1


def test_all_mistakes_in_one_message_and_nothing_sent(answer, monkeypatch) -> None:
    monkeypatch.setattr(reachability.Engine, "run", lambda *_arguments: pytest.fail("something was sent"))
    got = answer(probes=[{"address": "con1", "port": 22}, {"address": "::1"}], timeout=0.0, source=["nowhere"])
    assert got["failed"]
    for part in ("timeout", "source", "probes[0]: address", "probes[1]: port"):
        assert part in got["msg"]


def test_check_mode_is_the_same_run(monkeypatch) -> None:
    _answer, stand_in = run_main(monkeypatch, reachability, {"probes": []})
    assert stand_in.made_with["supports_check_mode"] is True


def test_examples_and_samples_are_what_the_module_takes_and_gives(answer, ports: tuple[int, int]) -> None:
    documented = yaml.safe_load(reachability.RETURN)
    got = answer(probes=[{"address": "127.0.0.1", "port": ports[0]}])
    assert set(got) == {"changed", *documented}
    (result,) = got["results"]
    expecting = {name for name, item in documented["results"]["contains"].items() if "returned" in item}
    assert set(result) == set(documented["results"]["contains"]) - expecting
    asked = answer(probes=[{"address": "127.0.0.1", "port": ports[1], "expect": "0123456789abcdef ep1"}])
    assert set(asked["results"][0]) == {*documented["results"]["contains"], "expect"}
    assert set(result) | {"id"} == set(documented["results"]["sample"][0])
    assert set(got["summary"]) == set(documented["summary"]["sample"])
    probes = [
        probe
        for task in yaml.safe_load(reachability.EXAMPLES)
        for probe in task.get("jsa.ports.reachability", {}).get("probes", [])
        if isinstance(probe, dict)
    ]
    assert len(reachability.read_probes(probes)) == 3

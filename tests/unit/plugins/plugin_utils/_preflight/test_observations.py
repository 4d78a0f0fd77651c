# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a preflight observed: out of what the modules return, and back out of a file."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import failures
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.observations import (
    HostPreflight,
    PreflightObservations,
    observed,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write

SCHEMA = json.loads((Path(__file__).parents[5] / "docs" / "observations.schema.json").read_text())

STARTED: dict[str, Any] = {
    "changed": True,
    "pid": 4711,
    "listening": [{"protocol": "udp", "port": 514, "families": ["ipv4", "ipv6"]}],
    "in_use": [
        {
            "protocol": "tcp",
            "port": 22,
            "families": ["ipv4"],
            "listens": True,
            "bind": "network",
            "addresses": ["0.0.0.0"],
            "processes": [{"pid": 812, "name": "sshd"}],
        }
    ],
    "not_bound": [{"protocol": "tcp", "port": 443, "families": ["ipv4"], "why": "needs root"}],
    "networks": ["10.1.0.0/24"],
    "firewall": {"as_planned": True, "reason": None, "opened": True},
}
PROBES = {"changed": False, "results": [{"address": "10.0.0.2", "port": 22, "protocol": "tcp", "result": "open"}]}
ENDED: dict[str, Any] = {
    "changed": True,
    "stood": True,
    "watched": True,
    "arrived": [{"protocol": "udp", "port": 514, "peer": "10.0.0.2"}],
    "answered": [],
}
ALL = {"listeners": STARTED, "probes": PROBES, "record": ENDED}


def look(**parts: Any) -> HostPreflight:
    return observed({part: {"ep1": result} for part, result in parts.items()}, ["ep1"], ["ep1"])["ep1"]


def test_what_modules_return() -> None:
    ep1 = look(**ALL)
    assert not ep1.unseen
    assert ep1.in_use["tcp", 22].processes == ("sshd",)
    assert ep1.not_bound == {("tcp", 443): "needs root"}
    assert (ep1.networks, ep1.firewall_as_planned, ep1.stood, ep1.watched) == (("10.1.0.0/24",), True, True, True)
    assert ep1.arrived == {("udp", 514, "10.0.0.2")} and ep1.answered == frozenset()
    assert ep1.answers is not None and ep1.answers["10.0.0.2", 22, "tcp"].result == "open"


@pytest.mark.parametrize(
    ("address", "port", "stands"), [("10.0.0.2", 514, True), ("fd00::2", 514, True), ("10.0.0.2", 22, False)]
)
def test_who_stands_where(address: str, port: int, stands: bool) -> None:
    flow = ExpectedFlow("con1", "ep1", address, "udp", port, ("id",), "s", True)
    assert look(listeners=STARTED).stands(flow) is stands
    assert not HostPreflight().stands(flow)


def test_a_host_that_could_not_listen_says_why() -> None:
    ep1 = look(**{**ALL, "listeners": {"changed": False, "failed": False, "msg": "no space left"}})
    assert (ep1.standing, ep1.why_none, ep1.networks, ep1.firewall_as_planned) == (None, "no space left", (), None)
    # The task did not fail, so that the host can still probe: nobody else would tell.
    assert set(failures(ep1.unseen)) == {"listeners"}


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("listeners", "listening", [{"protocol": "udp", "port": 0, "families": []}]),
        ("listeners", "in_use", [{"protocol": "tcp", "port": 22}]),
        ("listeners", "networks", ["10.1.0.1/24"]),
        ("listeners", "firewall", {"as_planned": "yes"}),
        ("record", "arrived", [{"protocol": "icmp", "port": 1, "peer": "x"}]),
        ("record", "watched", None),
        ("record", "answered", 3),
    ],
)
def test_a_malformed_answer_costs_this_part(part: str, key: str, value: Any) -> None:
    ep1 = look(**{**ALL, part: {**ALL[part], key: value}})
    assert set(failures(ep1.unseen)) == set(ep1.unseen) == {part}


def test_a_document_is_read_back_as_it_was() -> None:
    document = PreflightObservations(hosts={"ep1": look(**ALL), "con1": HostPreflight()})
    written = json.loads(json.dumps(write(document)))
    problems: list[str] = []
    assert read(PreflightObservations, written, "observations", problems) == document
    assert problems == []
    jsonschema.Draft202012Validator(SCHEMA).validate(written)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdicts on flows that the console tested: what was not tested is never ok."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observing import observed
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Diagnosis, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan, address_of

GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors", "ep1b": "jsa_event_processors"}
PLAN = Plan(GROUPS, {"ep1": {"jsa_ha_peer": "ep1b", "jsa_ha_virtual_address": "10.0.9.9"}}).plan
EP1, EP1B = address_of("ep1", GROUPS), address_of("ep1b", GROUPS)
NAMES = list(GROUPS)
SKIPPED = {"changed": False, "skipped": True}


def answer(address: str, result: str, port: int = 32006) -> dict[str, Any]:
    return {"address": address, "port": port, "result": result}


def seen(console: dict[str, Any], **parts: Any) -> dict[str, HostObservation]:
    results = {name: console.get(name, {"answers": []}) for name in NAMES}
    handed = {
        "console": results,
        **{part: {name: values.get(name, SKIPPED) for name in NAMES} for part, values in parts.items()},
    }
    return observed(handed, NAMES, NAMES)


def verdicts(observations: dict[str, HostObservation]) -> list[Verdict]:
    return Diagnosis(PLAN, observations).verdicts(Expectations(PLAN, NAMES).wanted())


def verdict(
    observations: dict[str, HostObservation], listener: str = "ep1", port: int | None = 32006
) -> Verdict | None:
    found = [
        item
        for item in verdicts(observations)
        if (item.flow.initiator, item.flow.listener, item.flow.port) == ("con1", listener, port)
        and item.flow.protocol in ("tcp", "icmp")
    ]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("result", "expected", "reason"),
    [
        ("SUCCESS", "ok", ""),
        ("UNREACHABLE", "blocked", "service, host firewall or network: connect by SSH to tell which"),
        ("MANAGEDHOST_UNREACHABLE", "unverifiable", "the console cannot ask con1"),
    ],
)
def test_what_the_console_says(result: str, expected: str, reason: str) -> None:
    found = verdict(seen({"con1": {"answers": [answer(EP1, result)]}}))
    assert found is not None
    assert found.verdict == expected
    assert reason in found.reason
    assert bool(found.symptoms) == (expected == "blocked")


def test_nothing_that_was_not_tested_is_ok() -> None:
    found = verdicts(seen({}))
    assert found
    assert {item.verdict for item in found} == {"unverifiable"}
    assert all(item.reason.startswith("not tested: ") for item in found)
    assert {item.reason for item in found if item.flow.protocol != "tcp"} == {
        "not tested: the console can test TCP only"
    }


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"answers": [], "reason": "its status is ADDING"}, "not tested: its status is ADDING"),
        ({"answers": [], "failures": [{"address": EP1, "port": 32006, "reason": "HTTP 422"}]}, "not tested: HTTP 422"),
        ({"answers": []}, "not tested: the console gave no result"),
    ],
)
def test_why_it_was_not_tested(told: dict[str, Any], reason: str) -> None:
    found = verdict(seen({"con1": told}))
    assert found is not None
    assert (found.verdict, found.reason) == ("unverifiable", reason)


def test_a_standby_node_is_no_fault() -> None:
    both = [answer(EP1, "SUCCESS"), answer(EP1B, "UNREACHABLE")]
    assert verdict(seen({"con1": {"answers": both}}), "ep1b") is None
    neither = [answer(EP1, "UNREACHABLE"), answer(EP1B, "UNREACHABLE")]
    found = verdict(seen({"con1": {"answers": neither}}), "ep1b")
    assert found is not None
    assert found.verdict == "blocked"


def listening(bind: str | None) -> dict[str, Any]:
    return {
        "changed": False,
        "results": [
            {
                "protocol": "tcp",
                "ports": "32006",
                "status": "listening",
                "bind": bind,
                "addresses": [],
                "families": ["ipv4"],
            }
        ],
    }


def test_a_listener_that_was_asked_by_ssh_tells_more() -> None:
    told = {"con1": {"answers": [answer(EP1, "UNREACHABLE")]}, "ep1": SKIPPED}
    found = verdict(seen(told, sockets={"ep1": listening("network")}))
    assert found is not None
    assert (found.verdict, "the service listens: host firewall or network" in found.reason) == ("blocked", True)
    found = verdict(seen(told, sockets={"ep1": listening("loopback")}))
    assert found is not None
    assert found.verdict == "service_down"


def test_what_is_skipped_on_purpose_is_not_missing() -> None:
    found = seen({"ep1": SKIPPED}, sockets={"ep1": listening("network")}, probes={"ep1": {"results": []}})
    assert {name: dict(one.unseen) for name, one in found.items()} == {"con1": {}, "ep1": {}, "ep1b": {}}
    # A part that nobody can do without is.
    found = seen({"ep1": SKIPPED}, sockets={"ep1": listening("network")}, probes={})
    assert list(found["ep1"].unseen) == ["probes"]


def test_a_result_that_is_not_known() -> None:
    found = seen({"con1": {"answers": [answer(EP1, "MAYBE")]}})
    assert found["con1"].unseen["console"].kind == "malformed"

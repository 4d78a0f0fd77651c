# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the check prints and returns, out of what the role registered: the parts put together."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.action import port_verdicts
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import (
    FIREWALL_VARIABLE,
    LISTENERS_VARIABLE,
    PATHS_VARIABLE,
    REACHABILITY_VARIABLE,
)
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan, address_of

GROUPS = {"con1": "jsa_console", "ec1": "jsa_event_collectors", "ep1": "jsa_event_processors"}
CON1, EP1 = address_of("con1", GROUPS), address_of("ep1", GROUPS)
PLAN = Plan(GROUPS, {"ec1": {"jsa_encrypted": True, "jsa_processor": "ep1"}}).plan
ACCEPTED = {"decision": "accept", "rule": None}


def socket(port: int, bind: str) -> dict[str, Any]:
    return {
        "protocol": "tcp",
        "ports": str(port),
        "status": "listening",
        "bind": bind,
        "addresses": [],
        "families": ["ipv4", "ipv6"],
    }


def path(role: str, own: str, peer: str) -> dict[str, Any]:
    return {
        "changed": False,
        "addresses": [{"address": own, "prefix": 32, "interface": "eth0"}],
        "flows": [
            {
                "role": role,
                "own": own,
                "peer": peer,
                "protocol": "tcp",
                "port": 32006,
                "question": ACCEPTED,
                "answer": ACCEPTED,
                "route": True,
                "half_open": None,
                "backlog": None,
                "ignored": False,
            }
        ],
    }


def firewall(*lacks: str) -> dict[str, Any]:
    differences = [f"lacks in the files, policy jsa-in: {line}" for line in lacks]
    return {"changed": False, "as_planned": not lacks, "differences": differences, "openings": []}


def seen(tunnels: bool, *lacks: str) -> dict[str, dict[str, Any]]:
    """con1's probe of ep1 is lost on the way; ec1 has its tunnels or not; ep1's firewall lacks some rules."""
    probe = {"address": EP1, "protocol": "tcp", "port": 32006, "result": "no_answer"}
    return {
        "con1": {
            REACHABILITY_VARIABLE: {"changed": False, "results": [probe]},
            PATHS_VARIABLE: path("initiator", CON1, EP1),
        },
        "ec1": {LISTENERS_VARIABLE: {"changed": False, "results": [socket(20000, "loopback")] if tunnels else []}},
        "ep1": {
            LISTENERS_VARIABLE: {"changed": False, "results": [socket(32006, "network")]},
            FIREWALL_VARIABLE: firewall(*lacks),
            PATHS_VARIABLE: path("listener", EP1, CON1),
        },
    }


@pytest.fixture(name="judge")
def fixture_judge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Result and printed text; what is written lies in tmp_path."""
    printed: list[str] = []
    monkeypatch.setattr(port_verdicts, "show", printed.append)

    def judge(hostvars: dict[str, dict[str, Any]], **options: Any) -> tuple[dict[str, Any], str]:
        action = port_verdicts.ActionModule.__new__(port_verdicts.ActionModule)
        action._task = type("Task", (), {"check_mode": False})()
        arguments = {"scope": None, "dest": str(tmp_path), "baseline": None, "fail_on_new": False, **options}
        arguments.setdefault("fail_on", list(port_verdicts.FAIL_ON))
        task_vars = {"hostvars": hostvars, "ansible_play_hosts_all": list(GROUPS)}
        return action.work({"plan": PLAN, **arguments}, task_vars), printed.pop()

    return judge


def test_the_table(judge: Any) -> None:
    result, text = judge(seen(True, "accepts this"))
    assert result["failed"] and "whose fault" in result["msg"]
    # The network is the one that the hosts told, not the one that their addresses look like.
    assert f"network  {CON1}/32 (con1) -> {EP1}/32 (ep1)  tcp 32006" in text
    assert f"a firewall between {CON1}/32 and {EP1}/32 drops it" in text
    assert "JSA may say: An IO error occurred on server(s)" in text
    assert "lacks in the files, policy jsa-in: accepts this" in text
    assert f"Stopped on the way (1 flow): {CON1}/32 to {EP1}/32." in text


def test_with_a_baseline_only_what_is_new_is_shown(judge: Any, tmp_path: Path) -> None:
    _result, text = judge(seen(False, "accepts this"))
    assert "its SSH tunnels are down" in text
    baseline = {"baseline": str(tmp_path / "port_check.json"), "fail_on_new": True}
    result, text = judge(seen(True, "accepts this", "accepts that"), **baseline)
    assert "failed" not in result
    assert "gone: service_down  ec1 -> ec1  tcp" in text and [item["to"] for item in result["baseline"]["gone"]] == [
        "ec1"
    ]
    assert "accepts that" in text and "accepts this" not in text
    assert "drops it" not in text and " still there" in text
    # What is written has all of it.
    written = json.loads((tmp_path / "port_check.json").read_text())
    assert len(written["hosts"]["ep1"]["firewall_difference"]) == 2
    result, text = judge(seen(False, "accepts this"), **baseline)
    assert result["failed"] and "its SSH tunnels are down" in text and "accepts" not in text

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task that lets the console test the flows, against the stand-in, and its verdicts."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import pytest

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.action import console_check
from ansible_collections.jsa.ports.plugins.plugin_utils._console.validator import VALIDATOR
from ansible_collections.jsa.ports.tests.console.faults import Fault
from ansible_collections.jsa.ports.tests.console.server import StandIn
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan

pytestmark = pytest.mark.process

GROUPS = {
    "con1": "jsa_console",
    "ep1": "jsa_event_processors",
    "ep1b": "jsa_event_processors",
    "other": "jsa_data_nodes",
}
HOSTS: dict[str, dict[str, Any]] = {
    "con1": {"ansible_host": "10.0.0.1"},
    "ep1": {"ansible_host": "10.0.0.21", "jsa_ha_peer": "ep1b", "jsa_ha_virtual_address": "10.0.0.20"},
    "ep1b": {"ansible_host": "10.0.0.22"},
    # Not a host of the console.
    "other": {"ansible_host": "10.0.0.99"},
}
PLAN = Plan(
    GROUPS,
    HOSTS,
    jsa_networks={
        "admin": ["192.0.2.0/28"],
        "users": "none",
        "api_clients": "none",
        "log_sources": "none",
        "flow_sources": "none",
        "off_site_sources": "none",
        "certificate_clients": "none",
    },
).plan.as_dict()


@pytest.fixture
def check(standin: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The result of the task, and what it printed."""
    printed: list[str] = []
    monkeypatch.setattr(console_check, "show", printed.append)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)

    def run(check_mode: bool = False, **options: Any) -> tuple[dict[str, Any], str]:
        action = console_check.ActionModule.__new__(console_check.ActionModule)
        action._task = type("Task", (), {"check_mode": check_mode})()
        arguments = {
            "url": standin.url,
            "token": standin.token,
            "validate_certs": True,
            "ca_path": str(standin.ca_path),
            "api_version": None,
            "timeout": 10.0,
            "page_size": 500,
            "plan": PLAN,
            "scope": None,
            "initiators": None,
            "whole_plan": False,
            "rate": 0.0,
            "progress_file": str(tmp_path / "progress"),
            **options,
        }
        printed.clear()
        result = action.work(arguments, {"ansible_play_hosts_all": list(GROUPS)})
        return result, "\n".join(printed)

    return run


def results(result: dict[str, Any], name: str) -> set[str]:
    return {one["result"] for one in result["hosts"][name]["answers"]}


def test_every_tcp_flow_of_a_managed_host(check: Any, standin: StandIn, tmp_path: Path) -> None:
    standin.reach = {(100, "10.0.0.21", 32006): "UNREACHABLE"}
    result, text = check()
    assert result["calls"] == standin.asked().count(f"POST {VALIDATOR}") > 10
    assert results(result, "con1") == {"SUCCESS", "UNREACHABLE"}
    assert results(result, "ep1") == {"SUCCESS"}
    assert result["hosts"]["ep1b"]["answers"] == result["hosts"]["other"]["answers"] == []
    assert "primary node" in result["hosts"]["ep1b"]["reason"]
    # All initiators of one listener and port in one call.
    bodies = [one.body for one in standin.requests if one.method == "POST"]
    assert len({(body["hostname"], body["port"]) for body in bodies}) == len(bodies)
    assert any(len(body["hosts"]) == 2 for body in bodies)
    for line in (
        "flows: the console can test TCP only",
        "(admin): the console has no host there",
        "connections from other: ",
    ):
        assert line in text
    assert not (tmp_path / "progress").exists()


def test_the_others_are_asked_by_ssh(check: Any, standin: StandIn) -> None:
    result, _text = check(initiators=["ep1"])
    assert {name: one.get("skipped", False) for name, one in result["hosts"].items()} == {
        "con1": True,
        "ep1": False,
        "ep1b": True,
        "other": True,
    }
    assert {item["id"] for one in standin.requests if one.method == "POST" for item in one.body["hosts"]} == {101}


def test_it_goes_on_where_it_ended(check: Any, standin: StandIn, tmp_path: Path) -> None:
    whole, _text = check()
    standin.faults = {VALIDATOR: Fault(status=500, code=1006, message="internal", after=3)}
    with pytest.raises(AnsibleActionFail) as caught:
        check()
    assert f"3 of {whole['calls']} calls are complete and stored in {tmp_path / 'progress'}: run again" in str(
        caught.value
    )
    assert len(json.loads((tmp_path / "progress").read_text())["tested"]) == 3
    standin.faults, standin.requests = {}, []
    again, text = check()
    assert again["hosts"] == whole["hosts"]
    assert standin.asked().count(f"POST {VALIDATOR}") == whole["calls"] - 3
    assert "(3 of them complete from an earlier run)" in text
    assert not (tmp_path / "progress").exists()


def test_without_a_file_nothing_is_kept(check: Any, standin: StandIn, tmp_path: Path) -> None:
    standin.faults = {VALIDATOR: Fault(status=500, after=3)}
    with pytest.raises(AnsibleActionFail, match="are complete and lost, because progress_file is not set"):
        check(progress_file=None)
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_console_is_one_line(check: Any, standin: StandIn) -> None:
    standin.denied = {"/config/deployment/hosts"}
    with pytest.raises(AnsibleActionFail, match="it lacks the rights to GET /config/deployment/hosts: give"):
        check()
    with pytest.raises(AnsibleActionFail, match="JSA_TOKEN"):
        check(token="")
    with pytest.raises(AnsibleActionFail, match="rate is -1"):
        check(rate=-1.0)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the preflight prints, writes, returns and fails on."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.action import preflight_verdicts
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan

GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors"}
PLAN = Plan(GROUPS).plan
ENDED = {"changed": True, "stood": True, "watched": True, "arrived": [], "answered": []}


def started(as_planned: bool) -> dict[str, Any]:
    ports = [
        {"protocol": "tcp", "port": port, "families": ["ipv4"]} for port in (22, 443, 514, 7676, 7677, 8413, 32006)
    ]
    return {
        "changed": True,
        "listening": ports,
        "in_use": [],
        "not_bound": [],
        "networks": ["10.0.0.0/24"],
        "firewall": {"as_planned": as_planned, "reason": None},
    }


def seen(names: tuple[str, ...], as_planned: bool = True) -> dict[str, Any]:
    return {
        "listeners": {name: started(as_planned) for name in names},
        "probes": {name: {"changed": False, "results": []} for name in names},
        "record": dict.fromkeys(names, ENDED),
    }


@pytest.fixture(name="join")
def fixture_join(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Result and printed text; what is written lies in tmp_path."""
    printed: list[str] = []
    monkeypatch.setattr(preflight_verdicts, "show", printed.append)

    def join(*play: str, plan: dict[str, Any] | None = None, **options: Any) -> tuple[dict[str, Any], str]:
        action = preflight_verdicts.ActionModule.__new__(preflight_verdicts.ActionModule)
        action._task = type("Task", (), {"check_mode": False})()
        arguments: dict[str, Any] = {"plan": plan or PLAN.as_dict(), "observations": seen(play)}
        arguments.update({"dest": str(tmp_path), "observations_dest": None, "fail_on": ["network"]})
        arguments.update({"allow_empty": False, "fail": True, **options})
        task_vars = {"ansible_play_hosts_all": list(play), "ansible_play_batch": list(play)}
        return action.work(arguments, task_vars), printed.pop()

    return join


class TestNothingWasTested:
    def test_is_no_success(self, join: Any) -> None:
        result, _text = join("con1")
        assert result["failed"]
        assert result["msg"].startswith(
            "nothing was tested: there is no flow to test between the hosts of the play (1)"
        )
        assert "jsa_preflight_allow_empty" in result["msg"]
        assert result["guilty"] == {"con1": result["msg"]}
        # The role fails the host in a task of its own.
        result, _text = join("con1", fail=False)
        assert "failed" not in result and list(result["guilty"]) == ["con1"]

    def test_unless_it_is_expected(self, join: Any) -> None:
        result, _text = join("con1", allow_empty=True)
        assert "failed" not in result and result["guilty"] == {} and result["verdicts"] == []

    def test_a_deployment_of_one_host_has_no_flow(self, join: Any) -> None:
        alone = Plan({"con1": "jsa_all_in_one"}).plan.as_dict()
        assert join("con1", plan=alone)[0]["guilty"] == {}


def test_what_it_writes_and_returns(join: Any, tmp_path: Path) -> None:
    """Nobody has probed: nothing is verified, and by default nothing fails for it."""
    result, text = join("con1", "ep1", observations_dest=str(tmp_path / "seen.json"))
    assert result["changed"] and "failed" not in result and result["guilty"] == {}
    number = result["summary"]["unverifiable"]
    assert number == sum(result["summary"].values()) == len(result["verdicts"]) > 10
    assert f"{number} flows" in text
    written = json.loads((tmp_path / "preflight.json").read_text())
    assert written["summary"] == result["summary"] and set(written["hosts"]) == set(GROUPS)
    assert (tmp_path / "preflight.xml").read_text().count("<skipped ") == number
    # Its own document says the same.
    again, same = join("con1", "ep1", observations=json.loads((tmp_path / "seen.json").read_text()))
    assert not again["changed"] and (again["verdicts"], same) == (result["verdicts"], text)


def test_the_verdicts_that_fail_it(join: Any) -> None:
    result, _text = join("con1", "ep1", fail_on=["unverifiable"])
    assert result["failed"] and "see the table above for the causes" in result["msg"]
    assert "verdicts" not in result and set(result["guilty"]) <= set(GROUPS)


def test_a_host_that_was_not_observed_fails_it(join: Any) -> None:
    observations = seen(("con1", "ep1"))
    observations["record"]["ep1"] = {"changed": False, "msg": "no answer"}
    result, text = join("con1", "ep1", observations=observations)
    assert result["failed"] and "not observed: ep1 (record: no answer)" in result["msg"]
    assert result["guilty"] == {"ep1": "not observed: ep1 (record: no answer)"}
    assert "Not observed:" in text

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the check prints, returns and fails on, out of what was observed: the parts put together."""

from __future__ import annotations

import json
import re

from pathlib import Path
from typing import Any

import pytest

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.action import port_verdicts
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.host_files import write_host_files
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.observed import CHECK
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import Scope
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan, address_of

GROUPS = {"con1": "jsa_console", "ec1": "jsa_event_collectors", "ep1": "jsa_event_processors"}
CON1, EP1 = address_of("con1", GROUPS), address_of("ep1", GROUPS)
MODEL = Plan(
    GROUPS, {"ec1": {"jsa_encrypted": True, "jsa_processor": "ep1"}}, jsa_confidence=["high", "medium", "low"]
).plan
PLAN = MODEL.as_dict()
#: Ansible has dropped it from the play where a test gives it no result.
LOST = "ec1"
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
    return {"changed": False, "as_planned": not lacks, "reason": None, "differences": differences, "openings": []}


NO_PATHS: dict[str, Any] = {"changed": False, "addresses": None, "flows": []}


def listening(*sockets: dict[str, Any]) -> dict[str, Any]:
    return {"changed": False, "results": list(sockets)}


def seen(tunnels: bool, *lacks: str) -> dict[str, dict[str, Any]]:
    """con1's probe of ep1 is lost on the way; ec1 has its tunnels or not; ep1's firewall lacks some rules."""
    probe = {"address": EP1, "protocol": "tcp", "port": 32006, "result": "no_answer"}
    return {
        "sockets": {
            "con1": listening(),
            "ec1": listening(socket(20000, "loopback")) if tunnels else listening(),
            "ep1": listening(socket(32006, "network")),
        },
        "firewall": {"con1": firewall(), "ec1": firewall(), "ep1": firewall(*lacks)},
        "probes": {"con1": {"changed": False, "results": [probe]}, "ec1": listening(), "ep1": listening()},
        "paths": {"con1": path("initiator", CON1, EP1), "ec1": NO_PATHS, "ep1": path("listener", EP1, CON1)},
    }


@pytest.fixture(name="join")
def fixture_join(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Result and printed text; what is written lies in tmp_path."""
    printed: list[str] = []
    monkeypatch.setattr(port_verdicts, "show", printed.append)

    def join(
        observations: dict[str, Any] | None, play: tuple[str, ...] = tuple(GROUPS), lost: str = LOST, **options: Any
    ) -> tuple[dict[str, Any], str]:
        action = port_verdicts.ActionModule.__new__(port_verdicts.ActionModule)
        action._task = type("Task", (), {"check_mode": False})()
        arguments = {"scope": None, "dest": str(tmp_path), "baseline": None, "fail_on_new": False}
        arguments.update({"allow_empty": False, "fail": True, "plan_file": None, "max_age": 3600})
        arguments.update({"observations_from": None, "observations": observations, **options})
        arguments.setdefault("fail_on", list(port_verdicts.FAIL_ON))
        task_vars = {
            "ansible_play_hosts_all": list(play),
            "ansible_play_hosts": [name for name in play if name != lost],
            "ansible_play_batch": [name for name in play if name != lost],
        }
        return action.work({"plan": PLAN, **arguments}, task_vars), printed.pop()

    return join


def test_the_table(join: Any) -> None:
    result, text = join(seen(True, "accepts this"))
    assert result["failed"] and "see the table above" in result["msg"]
    # The network is the one that the hosts told, not the one that their addresses look like.
    assert f"network  {CON1}/32 (con1) -> {EP1}/32 (ep1)  tcp 32006" in text
    assert f"a firewall between {CON1}/32 and {EP1}/32 drops it" in text
    assert "JSA may report: An IO error occurred on server(s)" in text
    assert "lacks in the files, policy jsa-in: accepts this" in text
    assert f"Blocked by the network (1 flow): {CON1}/32 to {EP1}/32." in text


def test_a_host_without_a_working_firewall_comes_first_and_always_fails(join: Any, tmp_path: Path) -> None:
    observations = seen(True)
    observations["firewall"]["con1"].update(as_planned=False, alarms=["firewalld has failed"])
    result, text = join(observations, fail_on=[])
    assert result["failed"] and result["msg"].startswith("no working firewall: con1; ")
    assert text.startswith("ALARM: hosts without a working firewall:\n  con1: firewalld has failed\n")
    assert json.loads((tmp_path / "port_check.json").read_text())["hosts"]["con1"]["firewall_alarms"] == [
        "firewalld has failed"
    ]
    assert 'message="firewalld has failed"' in (tmp_path / "port_check.xml").read_text()


def test_a_host_that_is_not_enforced_is_named_and_is_no_failure(join: Any) -> None:
    observations = seen(True)
    observations["firewall"]["con1"]["refuse"] = "log"
    observations["firewall"]["ep1"]["refuse"] = "enforce"
    result, text = join(observations, fail_on=[])
    assert "failed" not in result
    assert text.startswith("NOT ENFORCED: hosts whose rules reject nothing (jsa_firewall_refuse: log):\n  con1\n\n")


def test_with_a_baseline_only_what_is_new_is_shown(join: Any, tmp_path: Path) -> None:
    _result, text = join(seen(False, "accepts this"))
    assert "its SSH tunnels are down" in text
    baseline = {"baseline": str(tmp_path / "port_check.json"), "fail_on_new": True}
    result, text = join(seen(True, "accepts this", "accepts that"), **baseline)
    assert "failed" not in result
    assert "gone: service_down  ec1 -> ec1  tcp" in text and [item["to"] for item in result["baseline"]["gone"]] == [
        "ec1"
    ]
    assert "accepts that" in text and "accepts this" not in text
    assert "drops it" not in text and " unchanged" in text
    # What is written has all of it.
    written = json.loads((tmp_path / "port_check.json").read_text())
    assert len(written["hosts"]["ep1"]["firewall_difference"]) == 2
    result, text = join(seen(False, "accepts this"), **baseline)
    assert result["failed"] and "its SSH tunnels are down" in text and "accepts" not in text


def without(observations: dict[str, dict[str, Any]], name: str, *parts: str) -> dict[str, dict[str, Any]]:
    return {
        part: {one: None if one == name and part in (parts or observations) else result for one, result in of.items()}
        for part, of in observations.items()
    }


class TestWhoWasNotObserved:
    def test_a_host_that_should_have_been_is_an_error_whatever_fails_the_check(self, join: Any, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"sockets: ep1 has no result of jsa\.ports\.listeners"):
            join(without(seen(True), "ep1", "sockets"), fail_on=[])
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("part", ["sockets", "probes"])
    def test_parts_that_verdicts_stand_on_have_to_be_there(self, join: Any, part: str) -> None:
        with pytest.raises(InputError, match=f"observations: {part} is missing"):
            join({name: results for name, results in seen(True).items() if name != part})

    def test_a_host_that_was_dropped_before_fails_the_check_and_the_others_have_verdicts(self, join: Any) -> None:
        result, text = join(without(seen(True), LOST), fail_on=[])
        assert result["failed"] and "not observed: ec1 (sockets: Ansible dropped the host" in result["msg"]
        assert text.startswith("Not observed:\n  ec1: sockets, firewall, probes, paths: Ansible dropped the host")
        assert "drops it" in text and "whose fault" not in result["msg"]

    def test_an_unreachable_host_is_named_and_does_not_fail_it(self, join: Any, tmp_path: Path) -> None:
        observations = without(seen(True), LOST)
        observations["sockets"][LOST] = {"unreachable": True, "changed": False, "msg": "no route to host"}
        result, text = join(observations, fail_on=[])
        assert "failed" not in result
        assert "  ec1: sockets, firewall, probes, paths: no route to host" in text
        written = json.loads((tmp_path / "port_check.json").read_text())
        assert written["hosts"]["ec1"]["unseen"]["probes"] == "no route to host"
        assert any(item["to"] == "ec1" and item["verdict"] == "unverifiable" for item in written["verdicts"])

    def test_a_malformed_answer_fails_it_by_name_and_costs_nobody_else(self, join: Any) -> None:
        observations = seen(True)
        observations["sockets"]["ep1"]["results"][0]["ports"] = "abc"
        result, _text = join(observations, fail_on=[])
        assert result["failed"] and "not observed: ep1 (sockets: the answer of jsa.ports.listeners" in result["msg"]
        assert "con1" not in result["msg"].partition(";")[0]


class TestThroughTheConsole:
    """The console tests the flows of some hosts; the others are asked by SSH."""

    TESTED: dict[str, Any] = {"changed": False, "answers": [], "failures": []}
    SKIPPED = {"changed": False, "skipped": True}

    @pytest.mark.parametrize("part", ["sockets", "probes"])
    def test_whoever_is_asked_by_ssh_needs_both_parts(self, join: Any, part: str) -> None:
        observations = seen(True)
        for own in observations.values():
            own["con1"] = self.SKIPPED
        observations["console"] = {"con1": self.TESTED, "ec1": self.SKIPPED, "ep1": self.SKIPPED}
        assert join(observations)[0]["summary"]["ok"] == 0
        del observations[part]
        with pytest.raises(InputError, match=f"observations: {part} is missing"):
            join(observations)

    def test_where_it_tests_all_of_them_nobody_else_is_asked(self, join: Any) -> None:
        result, _text = join({"console": dict.fromkeys(GROUPS, self.TESTED)}, fail_on=[])
        assert result["guilty"] == {} and result["summary"]["unverifiable"] > 0

    def test_a_host_that_nobody_asked_is_named(self, join: Any) -> None:
        observations = {"console": {"con1": self.TESTED, "ep1": self.TESTED}}
        with pytest.raises(InputError, match=r"ec1 has no result of jsa\.ports\.console_check"):
            join(observations, play=("ec1", "con1", "ep1"), lost="")


class TestFilesOfHosts:
    """Joined later on another machine, out of a file for each host."""

    @pytest.fixture(name="files")
    def fixture_files(self, tmp_path: Path) -> Path:
        folder = tmp_path / "files"
        found = CHECK.read(seen(True, "accepts this"), MODEL, {"ansible_play_hosts_all": list(GROUPS)})
        write_host_files(str(folder), MODEL, found, Scope(), check_mode=False)
        return folder

    def join_files(self, join: Any, files: Path, given: Any = None, **options: Any) -> tuple[dict[str, Any], str]:
        found: tuple[dict[str, Any], str] = join(given, ("localhost",), observations_from=str(files), **options)
        return found

    def test_they_say_the_same(self, join: Any, files: Path, tmp_path: Path) -> None:
        first, text = join(seen(True, "accepts this"))
        written = (tmp_path / "port_check.json").read_text()
        again, same = self.join_files(join, files)
        # Who is to blame is no host of that play.
        assert again.pop("guilty") == {"localhost": again["msg"]} and first.pop("guilty")
        assert (again, same) == ({**first, "changed": False}, text)
        assert (tmp_path / "port_check.json").read_text() == written

    def test_a_host_without_a_file_fails_it_by_name(self, join: Any, files: Path) -> None:
        (files / "ep1.json").unlink()
        result, text = self.join_files(join, files, fail_on=[])
        assert result["failed"] and "ep1 (there is no file ep1.json in " in result["msg"]
        assert "  ep1: sockets, firewall, probes, paths: there is no file ep1.json" in text

    def test_a_host_that_another_run_could_not_reach_fails_it_too(self, join: Any, files: Path) -> None:
        lost = {part: {"unreachable": True, "msg": "no route to host"} for part in ("sockets", "probes")}
        found = CHECK.read(
            {part: {"ep1": one} for part, one in lost.items()}, MODEL, {"ansible_play_hosts_all": ["ep1"]}
        )
        write_host_files(str(files), MODEL, found, Scope(), check_mode=False)
        result, _text = self.join_files(join, files, fail_on=[])
        assert result["failed"] and "ep1 (sockets: no route to host" in result["msg"]

    def test_one_that_is_too_old_fails_it_too(self, join: Any, files: Path) -> None:
        text = (files / "ep1.json").read_text()
        (files / "ep1.json").write_text(re.sub(r'"at": "20..-', '"at": "2020-', text))
        result, _text = self.join_files(join, files, fail_on=[], max_age=60)
        assert result["failed"] and "jsa_port_check_max_age is 60" in result["msg"] and "con1" not in result["msg"]

    def test_a_file_that_cannot_be_used_is_an_error_and_nothing_is_written(
        self, join: Any, files: Path, tmp_path: Path
    ) -> None:
        (files / "ep1.json").write_text("{")
        with pytest.raises(InputError, match=r"ep1\.json: it is not valid JSON"):
            self.join_files(join, files)
        assert not (tmp_path / "port_check.json").exists()

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"given": {}}, "exactly one of observations and observations_from"),
            ({"plan_file": "plan.json"}, "exactly one of plan and plan_file"),
            ({"max_age": 0}, "jsa_port_check_max_age is 0"),
        ],
    )
    def test_options_that_exclude_each_other(self, join: Any, files: Path, options: dict[str, Any], told: str) -> None:
        with pytest.raises(AnsibleActionFail, match=told):
            self.join_files(join, files, **options)


class TestWhoFails:
    def test_the_hosts_that_have_to_be_corrected(self, join: Any) -> None:
        result, _text = join(seen(True), fail=False)
        assert "failed" not in result and "msg" not in result
        # Ansible has dropped ec1 already.
        assert set(result["guilty"]) == {"con1", "ep1"}
        assert result["guilty"]["ep1"].startswith("flows to correct here: ")
        assert "1 network" in result["guilty"]["ep1"]

    def test_the_first_host_where_they_take_no_part(self, join: Any) -> None:
        result, _text = join(without(seen(True), "ep1"), play=("con1",), fail_on=["service_down"])
        assert list(result["guilty"]) == ["con1"]

    def test_nobody(self, join: Any) -> None:
        assert join(seen(True), fail_on=[])[0]["guilty"] == {}


class TestNothingWasChecked:
    ALONE = {"sockets": {"con1": listening()}, "probes": {"con1": listening()}}

    def test_is_no_success(self, join: Any) -> None:
        result, text = join(self.ALONE, play=("con1",))
        assert result["failed"] and "nothing was checked" in result["msg"]
        assert "jsa_port_check_allow_empty" in result["msg"]
        assert "Nothing was checked" in text

    def test_unless_it_is_expected(self, join: Any) -> None:
        result, _text = join(self.ALONE, play=("con1",), allow_empty=True)
        assert "failed" not in result and result["guilty"] == {}


def test_the_counts_explain_themselves(join: Any) -> None:
    """From the selected flows to the verdicts."""
    result, text = join(seen(False))
    selected, verdicts = result["scope"]["flows"], sum(result["summary"].values())
    lines = text.splitlines()
    (without_verdict,) = (line for line in lines if "have no verdict" in line)
    (further,) = (line for line in lines if "further" in line)
    assert verdicts == selected - int(without_verdict.split()[0]) + int(further.split()[0])
    assert lines[-1].startswith(f"{verdicts} flows: ")

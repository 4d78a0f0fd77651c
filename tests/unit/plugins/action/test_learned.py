# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What jsa.ports.learned prints, writes, returns and fails for: the parts put together."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.jsa.ports.plugins.action import learned
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import dump_plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import (
    address_of,
    planner,
    read,
)
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.recorded import contact, record

GROUPS = {"con1": "jsa_console", "ec1": "jsa_event_collectors", "ep1": "jsa_event_processors"}
RESULTS = {
    "con1": record(contact("192.0.2.9", "443/tcp")),
    "ec1": record(contact("10.1.0.4", "514/udp"), contact("10.1.0.200", "514/udp")),
    "ep1": record(contact(address_of("ec1", GROUPS), "32004/tcp")),
}
#: Ansible has dropped it from the play where a test gives it no result.
LOST = "ep1"


class Run:
    """The action, with an inventory of groups and addresses alone, and what it has printed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.printed: list[str] = []
        self.topology = read(GROUPS, jsa_networks=None)
        monkeypatch.setattr(learned, "show", self.printed.append)
        monkeypatch.setattr(learned, "topology_of_task", lambda task_vars, templar: self.topology)
        monkeypatch.setattr(learned, "addresses_of_strangers", lambda task_vars, topology: {"web1": ("192.0.2.9",)})

    def __call__(self, traffic: dict[str, Any] | None, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        action = learned.ActionModule.__new__(learned.ActionModule)
        action._task = type("Task", (), {"check_mode": check_mode})()
        action._templar = None
        arguments = {name: one.get("default") for name, one in learned.ActionModule.ARGUMENT_SPEC.items()}
        arguments["observations"] = None if traffic is None else {"traffic": traffic}
        arguments.update(options)
        task_vars = {
            "ansible_play_hosts_all": [*GROUPS, "web1"],
            "ansible_play_hosts": [name for name in GROUPS if name != LOST],
        }
        return action.work(arguments, task_vars)


@pytest.fixture(name="run")
def fixture_run(monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(monkeypatch)


def test_without_observations_it_names_the_hosts_to_observe(run: Run) -> None:
    assert run(None) == {"changed": False, "hosts": ["con1", "ec1", "ep1"]}
    assert run.printed == []


def test_prints_and_writes_without_any_network(run: Run, tmp_path: Path) -> None:
    result = run(RESULTS, dest=str(tmp_path / "learned"), observations_dest=str(tmp_path / "seen.json"))
    assert result["changed"] and result["guilty"] == {} and not result.get("failed")
    assert result["summary"]["ec1"]["cut_off"] == 1
    (text,) = run.printed
    assert "Would be cut off:" in text and "To paste into the inventory:" in text
    assert "web1" in text, "hosts of the inventory outside of the deployment are named"
    document = json.loads((tmp_path / "learned" / "learned.json").read_text())
    assert set(document["hosts"]) == set(GROUPS)
    assert document["suggestions"]["jsa_networks"]["log_sources"] == ["10.1.0.4/32", "10.1.0.200/32"]
    assert document["suggestions"]["jsa_networks"]["api_clients"] == "none"
    assert document["suggestions"]["jsa_processor"] == {"ec1": "ep1"}
    inventory = yaml.safe_load((tmp_path / "learned" / "suggested.yml").read_text())
    assert inventory["all"]["vars"]["jsa_networks"] == document["suggestions"]["jsa_networks"]
    assert not run(RESULTS, dest=str(tmp_path / "learned"), observations_dest=str(tmp_path / "seen.json"))["changed"]


def test_the_observations_are_read_back(run: Run, tmp_path: Path) -> None:
    run(RESULTS, observations_dest=str(tmp_path / "seen.json"), dest=str(tmp_path / "one"))
    kept = json.loads((tmp_path / "seen.json").read_text())
    run(None, observations=kept, dest=str(tmp_path / "two"))
    one, two = ((tmp_path / name / "learned.json").read_text() for name in ("one", "two"))
    assert one == two


def test_check_mode_writes_nothing(run: Run, tmp_path: Path) -> None:
    assert run(RESULTS, check_mode=True, dest=str(tmp_path / "learned"))["changed"]
    assert not (tmp_path / "learned").exists()


def test_addresses_are_rounded_where_that_is_wished(run: Run, tmp_path: Path) -> None:
    run(RESULTS, dest=str(tmp_path), prefix=24)
    document = json.loads((tmp_path / "learned.json").read_text())
    assert document["suggestions"]["jsa_networks"]["log_sources"] == ["10.1.0.0/24"]


@pytest.mark.parametrize("options", [{"prefix": 33}, {"prefix": 7}, {"prefix6": 129}, {"prefix6": 15}])
def test_a_prefix_that_cannot_be_is_refused_before_anything_else(run: Run, options: dict[str, int]) -> None:
    (name,) = options
    with pytest.raises(InputError, match=f"jsa_learn_{name}"):
        run(RESULTS, **options)


class TestAHostThatWasNotObserved:
    def test_fails_after_everything_is_written(self, run: Run, tmp_path: Path) -> None:
        results = {**RESULTS, "ec1": record(state="absent", since=None)}
        result = run(results, dest=str(tmp_path))
        assert result["failed"] and "nothing is recorded there: run jsa.ports.learn first" in result["msg"]
        assert set(result["guilty"]) == {"ec1"}
        assert "ec1" in json.loads((tmp_path / "learned.json").read_text())["not_observed"]
        assert "Not observed:\n  ec1: " in run.printed[0]

    def test_can_be_left_to_a_later_task(self, run: Run) -> None:
        result = run({**RESULTS, "ec1": {"changed": False, "traffic": {"state": "odd"}}}, fail=False)
        assert not result.get("failed") and "traffic.state" in result["guilty"]["ec1"]

    def test_is_no_second_failure_where_ansible_has_told(self, run: Run) -> None:
        result = run({**RESULTS, "ec1": {"unreachable": True, "msg": "no route"}})
        assert not result.get("failed") and result["guilty"] == {}
        assert "no route" in run.printed[0]

    def test_that_ansible_has_dropped_is_named(self, run: Run) -> None:
        result = run({name: one for name, one in RESULTS.items() if name != LOST})
        assert LOST in result["msg"] and result["failed"]

    def test_that_nobody_knows_of_ends_the_task(self, run: Run) -> None:
        with pytest.raises(InputError, match=r"ec1 has no result of jsa\.ports\.traffic"):
            run({name: one for name, one in RESULTS.items() if name != "ec1"})


class TestTheInventory:
    def test_other_problems_than_networks_are_errors(self, run: Run) -> None:
        run.topology = (run.topology[0], ["ec1: jsa_address: 10.0.0.300 is not an IP address"])
        with pytest.raises(InputError, match=r"10\.0\.0\.300"):
            run(RESULTS)

    def test_a_saved_plan_decides(self, run: Run, tmp_path: Path) -> None:
        networks = {"users": ["192.0.2.0/24"], "log_sources": "any"}
        nobody = dict.fromkeys(
            ["admin", "api_clients", "certificate_clients", "flow_sources", "off_site_sources"], "none"
        )
        saved = planner(GROUPS, jsa_networks={**nobody, **networks}).plan()
        (tmp_path / "plan.json").write_text(dump_plan(saved))
        assert run(RESULTS, plan_file=str(tmp_path / "plan.json"))["summary"]["con1"]["cut_off"] == 0
        assert run(RESULTS)["summary"]["con1"]["cut_off"] == 1

    def test_a_saved_plan_of_others_is_refused(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "plan.json").write_text(dump_plan(planner().plan()))
        with pytest.raises(InputError, match=r"app1 of .* is not in the inventory"):
            run(RESULTS, plan_file=str(tmp_path / "plan.json"))

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts contact what, what is printed, and when a run fails."""

from __future__ import annotations

from typing import Any

import pytest

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.action import outward
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible import inventory
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS

GROUPS = {"all": ["con1", "con2", "ep1", "web"], "jsa_console": ["con1"], "jsa_processors": ["ep1"]}
HOSTS: dict[str, dict[str, Any]] = {
    "con1": {"ansible_host": "10.0.0.1", "jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.9"},
    "con2": {"ansible_host": "10.0.0.2"},
    "ep1": {"ansible_host": "10.0.0.3"},
    "web": {"ansible_host": "10.0.0.4"},
}
PUBLIC = 3


class HostVars(dict[str, dict[str, Any]]):
    def raw_get(self, name: str) -> dict[str, Any]:
        return self[name]


class Templar:
    @staticmethod
    def template(value: Any) -> Any:
        return value


def task_vars(name: str, play: list[str] | None = None, **host: Any) -> dict[str, Any]:
    hostvars = HostVars({one: {**own, "jsa_networks": NO_NETWORKS} for one, own in HOSTS.items()})
    hostvars[name].update(host)
    play = list(HOSTS) if play is None else play
    return {
        **hostvars[name], "inventory_hostname": name, "groups": GROUPS, "hostvars": hostvars,
        "ansible_play_hosts": play, "ansible_play_hosts_all": play,
    }  # fmt: skip


@pytest.fixture(name="run")
def fixture_run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The result of the action, what it printed, and with what it called the module."""
    monkeypatch.setattr(ActionBase, "run", lambda self, tmp=None, task_vars=None: {})

    def run(variables: dict[str, Any], answer: Any = "ok", **arguments: Any) -> tuple[dict[str, Any], str, Any]:
        printed: list[str] = []
        called: list[dict[str, Any]] = []
        monkeypatch.setattr(outward, "show", printed.append)

        def module(name: str, given: dict[str, Any], **_more: Any) -> dict[str, Any]:
            assert name == "jsa.ports.outward"
            called.append(given)
            if not isinstance(answer, str):
                return dict(answer)
            outcome = {"result": answer, "reason": "" if answer == "ok" else "why"}
            results = [{"target": one["host"], "purpose": "", **one, **outcome} for one in given["targets"]]
            return {"changed": False, "results": results, "summary": {answer: len(results)}}

        action = outward.ActionModule.__new__(outward.ActionModule)
        action._task = type("Task", (), {"args": arguments})()
        action._templar = Templar()
        action._execute_module = module
        return action.run(None, variables), "".join(printed), called[0] if called else None

    return run


def test_a_console_contacts_what_the_inventory_says(run: Any) -> None:
    result, printed, called = run(task_vars("con1"), dns_name="x.test", timeout=3)
    assert set(called) == {"targets", "timeout"} and len(called["targets"]) == PUBLIC
    assert len(result["results"]) == PUBLIC and result["failures"] == 0 and "failed" not in result
    assert result["left_out"] and all(f"not checked: {text}" in printed for text in result["left_out"])
    assert printed.startswith("FROM  TARGET") and printed.count("con1") >= PUBLIC


def test_a_target_that_fails_fails_the_task(run: Any) -> None:
    result, printed, _called = run(task_vars("con1"), "refused", public_servers={"download.juniper.net": "none"})
    assert result["failed"] is True and result["failures"] == PUBLIC - 1
    assert result["msg"] == "2 of 2 targets failed; see the table above for the causes"
    assert "results" not in result and result["summary"] == {"refused": 2}
    assert "start the service" in printed


@pytest.mark.parametrize("name", ["ep1", "web"])
def test_other_hosts_are_skipped(run: Any, name: str) -> None:
    result, printed, called = run(task_vars(name))
    assert result["skipped"] is True and called is None and printed == ""
    # The first one of the play as well, which looks whether there is a console.
    assert run(task_vars(name, [name, "con1"]))[0]["skipped"] is True


def test_the_other_node_of_a_consoles_pair_is_one_too(run: Any) -> None:
    _result, printed, called = run(task_vars("con2"))
    assert len(called["targets"]) == PUBLIC and "con2" in printed


def test_a_play_without_a_console_fails(run: Any) -> None:
    with pytest.raises(AnsibleActionFail, match=r"the console \(con1, con2\) is not in this play"):
        run(task_vars("ep1", ["ep1", "web"]))


def test_problems_of_the_inventory_fail(run: Any) -> None:
    with pytest.raises(AnsibleActionFail, match="no server was contacted"):
        run(task_vars("con1", jsa_features="nosuch"))


def test_given_targets_are_contacted_from_any_host_and_judged_by_the_caller(run: Any) -> None:
    target = {"kind": "smtp", "host": "mail.test"}
    result, printed, called = run(task_vars("web", ["web"]), "refused", targets=[target], dns_name="x.test")
    assert called == {"targets": [target]}
    assert "failed" not in result and result["results"][0]["result"] == "refused" and printed == ""


def test_what_the_module_refuses_is_not_reported_as_contacted(run: Any) -> None:
    result, printed, _called = run(task_vars("con1"), {"failed": True, "msg": "proxy: expected"})
    assert result == {"failed": True, "msg": "proxy: expected"} and printed == ""


@pytest.mark.parametrize(
    ("name", "host", "certain"),
    [
        ("ep1", {}, True),
        ("con1", {}, False),
        ("ep1", {"jsa_roles": ["console"]}, False),
        ("con1", {"jsa_roles": ["data_node"]}, True),
        # Wrong variables are for the reader of the whole inventory to tell.
        ("ep1", {"jsa_roles": ["consol"]}, False),
        ("ep1", {"jsa_group_roles": {"jsa_processors": ["console"]}}, False),
        ("ep1", {"jsa_group_roles": {"jsa_console": ["console"], "jsa_processors": ["data_node"]}}, True),
        # No role of its own: perhaps that of its HA peer.
        ("con2", {}, False),
        ("web", {}, True),
        ("web", {"jsa_ha_peer": "con9"}, False),
        ("web", {"jsa_ha_peer": "con9", "jsa_roles": ["app_host"]}, True),
    ],
)
def test_who_is_certainly_no_console(name: str, host: dict[str, Any], certain: bool) -> None:
    assert inventory.is_certainly_no_console(task_vars(name, **host), Templar()) is certain


def test_a_peer_that_only_a_template_names_may_be_anybody() -> None:
    variables = task_vars("web")
    variables["hostvars"]["con1"]["jsa_ha_peer"] = "{{ other }}"
    assert inventory.is_certainly_no_console(variables, Templar()) is False

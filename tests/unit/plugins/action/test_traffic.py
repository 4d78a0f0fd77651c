# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which ports of a host are recorded, by its roles alone, and which hosts are passed over."""

from __future__ import annotations

from typing import Any

import pytest

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.action import traffic

GROUPS = {"all": ["con1", "con2", "con3", "ep1", "web"], "jsa_console": ["con1"], "jsa_processors": ["ep1"]}
#: No jsa_networks: for the first look, nobody needs any.
HOSTS: dict[str, dict[str, Any]] = {
    "con1": {"ansible_host": "10.0.0.1"},
    "con2": {"ansible_host": "10.0.0.2", "jsa_ha_peer": "con1"},
    "con3": {"ansible_host": "10.0.0.5"},
    "ep1": {"ansible_host": "10.0.0.3", "jsa_ha_peer": "con3"},
    "web": {"ansible_host": "10.0.0.4"},
}


class HostVars(dict[str, dict[str, Any]]):
    def raw_get(self, name: str) -> dict[str, Any]:
        return self[name]


class Templar:
    @staticmethod
    def template(value: Any) -> Any:
        return value


@pytest.fixture(name="run")
def fixture_run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The result of the action, and with what it called the module."""
    monkeypatch.setattr(ActionBase, "run", lambda self, tmp=None, task_vars=None: {})

    def run(name: str, host: dict[str, Any] | None = None, **arguments: Any) -> tuple[dict[str, Any], Any]:
        called: list[dict[str, Any]] = []
        hostvars = HostVars({one: dict(own) for one, own in HOSTS.items()})
        hostvars[name].update(host or {})
        task_vars = {**hostvars[name], "inventory_hostname": name, "groups": GROUPS, "hostvars": hostvars}

        def module(wanted: str, given: dict[str, Any], **_more: Any) -> dict[str, Any]:
            assert wanted == "jsa.ports.traffic"
            called.append(given)
            return {"changed": True, "traffic": {"notes": ["\x1b"]}}

        action = traffic.ActionModule.__new__(traffic.ActionModule)
        action._task = type("Task", (), {"args": arguments})()
        action._templar = Templar()
        action._execute_module = module
        return action.run(None, task_vars), called[0] if called else None

    return run


def test_the_ports_are_those_of_the_roles(run: Any) -> None:
    _result, console = run("con1", entries=10)
    assert console["entries"] == 10
    assert {"22/tcp", "443/tcp"} <= set(console["ports"])
    _result, processor = run("ep1")
    assert {"22/tcp", "514/udp", "2055/udp"} <= set(processor["ports"])
    assert "2055/udp" not in console["ports"], "another host collects flows"


def test_ports_of_the_task_are_added(run: Any) -> None:
    for given, there in ((["9100/tcp"], {"9100/tcp"}), ("9100/tcp,161/udp", {"9100/tcp", "161/udp"})):
        _result, called = run("con1", ports=given)
        assert there | {"443/tcp"} <= set(called["ports"])


def test_a_node_of_a_pair_has_the_roles_of_the_other(run: Any) -> None:
    assert run("con2")[1]["ports"] == run("con1")[1]["ports"]
    assert run("con3")[1]["ports"] == run("ep1")[1]["ports"], "the other one names it"
    assert run("con2", {"jsa_roles": []})[1] is None


def test_roles_of_the_host_itself_count(run: Any) -> None:
    assert run("web", {"jsa_roles": ["console"]})[1]["ports"] == run("con1")[1]["ports"]


def test_a_host_without_a_role_is_passed_over(run: Any) -> None:
    result, called = run("web")
    assert called is None
    assert result == {"changed": False, "skipped": True, "skip_reason": "the host has no role in the deployment"}
    assert run("con1", {"jsa_roles": []})[1] is None, "it is taken out of the deployment"


@pytest.mark.parametrize("arguments", [{"state": "absent"}, {"rules": {"inbound": [], "refused": []}}])
def test_what_needs_no_role(run: Any, arguments: dict[str, Any]) -> None:
    result, called = run("web", **arguments)
    assert called == arguments
    assert result == {"changed": True, "traffic": {"notes": ["\\x1b"]}}


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ({"jsa_roles": ["consol"]}, "jsa_roles"),
        ({"jsa_learn_stat": "absent"}, "did you mean jsa_learn_state?"),
    ],
)
def test_what_cannot_be_meant(run: Any, host: dict[str, Any], words: str) -> None:
    with pytest.raises(AnsibleActionFail) as error:
        run("con1", host)
    assert words in str(error.value)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task that changes rules refuses before it connects, and how it words what the module tells."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.confirm_probes import Probe
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.confirmed_action import ConfirmedAction
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError

SET = {"inventory_hostname": "con1", "jsa_firewall_stepss": 2}


@pytest.fixture(name="run")
def fixture_run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The result, and the arguments with which the module was called."""
    monkeypatch.setattr(ActionBase, "run", lambda self, tmp=None, task_vars=None: {})

    def run(state: str, variables: dict[str, Any], role: str | None = None) -> tuple[dict[str, Any], list[Any]]:
        called: list[Any] = []

        def stage(arguments: Any, task_vars: Any) -> dict[str, Any]:
            called.append(arguments)
            return {"failed": True, "msg": "set jsa_firewall_offline: true"}

        action = type("Action", (ConfirmedAction,), {})
        one: Any = action.__new__(action)
        one._task = SimpleNamespace(
            args={"state": state}, check_mode=False, _role=role and SimpleNamespace(get_name=lambda: role)
        )
        one._templar = SimpleNamespace(template=lambda value: value)
        one.stage = stage
        try:
            return one.run(None, variables), called
        except AnsibleActionFail as error:
            return {"error": str(error)}, called

    return run


@pytest.mark.parametrize("state", ["absent", "previous"])
def test_a_misspelt_variable_is_told_where_no_plan_is_computed(run: Any, state: str) -> None:
    result, called = run(state, SET)
    assert "did you mean jsa_firewall_steps?" in result["error"]
    assert called == []
    result, called = run(state, {**SET, "jsa_unknown_variables": "ignore"})
    assert called and "error" not in result


def test_with_a_plan_it_has_been_told_already(run: Any) -> None:
    assert run("present", SET)[1]


@pytest.mark.parametrize(
    ("role", "words"), [("jsa_firewall", "set jsa_firewall_offline: true"), (None, "set offline: true")]
)
def test_what_the_module_tells_is_worded_for_the_reader(run: Any, role: str | None, words: str) -> None:
    assert run("present", {}, role)[0]["msg"] == words


class TestWhoProbes:
    """A host that applies its own rules, to which nobody connects."""

    HOSTS = {
        "ep1": {"inventory_hostname": "ep1", "ansible_connection": "local"},
        "con1": {"inventory_hostname": "con1", "ansible_connection": "local"},
        "localhost": {"inventory_hostname": "localhost", "ansible_connection": "local"},
    }
    VARIABLES: dict[str, Any] = {**HOSTS["ep1"], "hostvars": HOSTS}

    def action(self) -> Any:
        action: Any = ConfirmedAction.__new__(type("Action", (ConfirmedAction,), {}))
        action._templar = SimpleNamespace(template=lambda value: value)
        return action

    @pytest.mark.parametrize("source", ["ep1", "localhost"])
    def test_the_machine_itself_can(self, source: str) -> None:
        item = {"from": source, "port": "443/tcp", "address": "192.0.2.1"}
        (probe,) = self.action()._read_probes([item], self.VARIABLES)
        assert (probe.source, probe.address, probe.port) == (source, "192.0.2.1", 443)

    def test_another_host_would_not_be_the_one_that_sends_it(self) -> None:
        item = {"from": "con1", "port": "443/tcp", "address": "192.0.2.1"}
        with pytest.raises(InputError, match="con1 has ansible_connection: local"):
            self.action()._read_probes([item], self.VARIABLES)

    def test_the_host_itself_uses_the_connection_that_it_has(self) -> None:
        action, ran = self.action(), []
        action._connection = object()

        def execute(name: str, arguments: Any, task_vars: Any) -> dict[str, Any]:
            ran.append((name, task_vars["inventory_hostname"], action._connection))
            return {"results": [{"result": "open"}]}

        action._execute_module = execute
        used = action._connection
        probe = Probe("ep1", "192.0.2.1", 443, "tcp")
        action._probe("ep1", [probe], self.VARIABLES)
        assert ran == [("jsa.ports.reachability", "ep1", used)]

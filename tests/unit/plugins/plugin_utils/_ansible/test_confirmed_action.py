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

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.confirmed_action import ConfirmedAction

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

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks for all hosts at once."""

from __future__ import annotations

import gc
import json

from types import SimpleNamespace
from typing import Any

import pytest

from ansible.errors import AnsibleActionFail
from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.playbook.task import Task

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    PLAN_OPTION,
    ControllerAction,
    no_search_for_cycles,
    require_together,
    strategy_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.json_text import compact_json


def task_of(strategy: str | None, run_once: bool = True) -> Task:
    """In a block of a block, as a role's are."""
    play = Play()
    if strategy is not None:
        play.strategy = strategy
    task = Task(block=Block(parent_block=Block(play=play), play=play))
    task.run_once = run_once
    return task.copy()


@pytest.mark.parametrize("strategy", ["free", "ansible.builtin.free", "host_pinned", "mitogen_free"])
def test_strategies_that_do_not_wait(strategy: str) -> None:
    with pytest.raises(AnsibleActionFail, match=f"is {strategy}, .*ANSIBLE_STRATEGY=linear"):
        require_together(task_of(strategy))
    require_together(task_of(strategy, run_once=False))


@pytest.mark.parametrize("strategy", [None, "linear", "ansible.builtin.linear", "debug", "mitogen_linear"])
def test_strategies_that_wait(strategy: str | None) -> None:
    task = task_of(strategy)
    assert strategy_of(task) == (strategy or "linear")
    require_together(task)


class Takes(ControllerAction):
    AS_IS = ("plan",)
    ARGUMENT_SPEC = {"plan": PLAN_OPTION, "scope": {"type": "str"}}


def arguments_of(**given: Any) -> dict[str, Any]:
    action = Takes.__new__(Takes)
    action._task = SimpleNamespace(args=given, action="jsa.ports.port_flows")
    found: dict[str, Any] = action._arguments()
    assert action._task.args == given
    return found


def test_a_plan_is_a_mapping_or_its_text() -> None:
    plan = {"version": 1, "hosts": {"con1": {"inbound": [True, None, "10.0.0.1"]}}}
    for given in (plan, compact_json(plan), json.dumps(plan, indent=1)):
        assert arguments_of(plan=given, scope="full") == {"plan": plan, "scope": "full"}


@pytest.mark.parametrize("text", ["", "plan.json", "{", '{"a": 1, "a": 2}', "[" * 100000, "hosts=1"])
def test_a_text_that_is_no_plan_names_the_option(text: str) -> None:
    with pytest.raises(AnsibleActionFail, match="plan is neither a mapping nor the JSON text of one"):
        arguments_of(plan=text)


def test_ansible_does_not_read_a_text_as_python() -> None:
    """Before 2.19, it does so with what begins with a brace or a bracket."""
    assert compact_json({"a": [1]}) == ' {"a":[1]}'


def test_a_task_without_a_play() -> None:
    task = Task()
    task.run_once = True
    require_together(task)
    assert strategy_of(task) == ""


def test_the_search_for_garbage_goes_on_after_a_task_that_fails() -> None:
    assert gc.isenabled()
    with pytest.raises(AnsibleActionFail), no_search_for_cycles():
        assert not gc.isenabled()
        raise AnsibleActionFail("it cannot work")
    assert gc.isenabled()


def test_who_needs_no_search_for_garbage_gets_none() -> None:
    gc.disable()
    try:
        with no_search_for_cycles():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks for all hosts at once."""

from __future__ import annotations

import gc

import pytest

from ansible.errors import AnsibleActionFail
from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.playbook.task import Task

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    no_search_for_cycles,
    require_together,
    strategy_of,
)


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

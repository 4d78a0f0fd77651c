# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that are loaded for a while: what the host is asked, and what is told. The lab's tests have real hosts."""

from __future__ import annotations

import json
import re

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from ansible.errors import AnsibleConnectionFailure

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.staging import (
    NotConfirmed,
    StagingAction,
    answer_of,
    read_answer,
)

PENDING = {"id": "1f", "seconds": 60, "command": ["/usr/bin/python3", "/state/timer.pyz"]}
RULES = {"inbound": [], "refused": []}


class Connection(SimpleNamespace):
    transport = "ssh"

    def get_option(self, name: str) -> int:
        return 10

    def set_option(self, name: str, value: int) -> None:
        self.given = {name: value}


class Action(StagingAction):
    """A host that answers as it is told to, through the connection in use and through a new one."""

    def __init__(self, result: dict[str, Any], new: Any = None, old: Any = None, check_mode: bool = False) -> None:
        self._task = SimpleNamespace(check_mode=check_mode)
        self._connection: Any = Connection()
        self._result = result
        self._answers = {"new": new, "old": old}
        self._through = "old"
        self.asked: list[tuple[str, str]] = []
        self.module: dict[str, Any] = {}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        raise NotImplementedError

    def _execute_module(self, name: str, arguments: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        assert name == "jsa.ports.firewall"
        self.module = arguments
        return dict(self._result)

    @contextmanager
    def new_connection(self, pending: Any) -> Iterator[None]:
        self._through = "new"
        try:
            yield
        finally:
            self._through = "old"

    def _low_level_execute_command(self, command: str) -> dict[str, Any]:
        self.asked.append((self._through, command))
        answer = self._answers[self._through]
        if isinstance(answer, Exception):
            raise answer
        return {"rc": 0, "stdout": json.dumps(answer), "stderr": ""}


OK = {"ok": True, "msg": "The host is back on the committed rules"}
GONE = AnsibleConnectionFailure("timed out")


def test_loaded_for_a_while() -> None:
    action = Action({"changed": True, "pending": PENDING}, new=OK)
    result = action.load_temporarily(RULES, 0, {}, "log")
    assert action.module == {
        "rules": RULES, "confirm_timeout": 1, "refuse": "log", "require_controller": True, "phase": "stage",
        "new_connection": True,
    }  # fmt: skip
    assert result == {"changed": True, "pending": PENDING}
    assert action.asked == [("new", "true")], "nobody confirms"


def test_rules_that_hold_already_and_check_mode_load_nothing() -> None:
    action = Action({"changed": False})
    assert action.load_temporarily(RULES, 60, {}, "log") == {"changed": False}
    assert action.asked == []
    action = Action({"changed": True}, check_mode=True)
    assert action.load_temporarily(RULES, 60, {}, "log") == {"changed": True}
    assert (action.module["phase"], action.asked) == ("apply", [])


def test_another_connection_than_ssh_has_no_controller() -> None:
    action = Action({"changed": True, "pending": PENDING})
    action._connection.transport = "local"
    assert "failed" not in action.load_temporarily(RULES, 60, {}, "log")
    assert action.module["require_controller"] is False
    assert action.asked == []


@pytest.mark.parametrize(
    ("old", "outcome"),
    [(OK, r"The host is back on the committed rules$"), (GONE, r"by itself within 6[01] seconds$")],
)
def test_nobody_is_locked_out(old: Any, outcome: str) -> None:
    action = Action({"changed": True, "pending": PENDING}, new=GONE, old=old)
    result = action.load_temporarily(RULES, 60, {}, "log")
    assert (result["failed"], result["changed"], "pending" in result) == (True, False, False)
    assert result["msg"].startswith("The firewall was not opened: no new connection: timed out. ")
    assert re.search(outcome, result["msg"])
    assert action.asked[-1][1].startswith("/usr/bin/python3 /state/timer.pyz abort 1f ")
    assert action._connection.given == {"timeout": 10}


def test_taken_back() -> None:
    action = Action({}, old=OK)
    assert action.take_back(PENDING, "it is over") == (True, OK["msg"])
    assert action.asked == [("old", "/usr/bin/python3 /state/timer.pyz abort 1f 'it is over'")]
    assert Action({}, old={"ok": False, "msg": "the timer was first"}).take_back(PENDING, "") == (
        False, "the timer was first",
    )  # fmt: skip
    with pytest.raises(NotConfirmed, match=r"no answer from the host \(exit 0\)"):
        Action({}, old=[]).take_back(PENDING, "")


@pytest.mark.parametrize(
    ("transport", "new", "old", "how"),
    [("ssh", OK, None, "new connection"), ("local", None, OK, "same connection")],
)
def test_confirmed(transport: str, new: Any, old: Any, how: str) -> None:
    action = Action({}, new=new, old=old)
    action._connection.transport = transport
    assert action.confirm(PENDING) == how
    ((through, command),) = action.asked
    assert (through, command) == (how.split()[0].replace("same", "old"), "/usr/bin/python3 /state/timer.pyz confirm 1f")


def test_a_confirmation_that_the_host_rejects() -> None:
    with pytest.raises(NotConfirmed, match=r"^it came too late$"):
        Action({}, new={"ok": False, "msg": "it came too late."}).confirm(PENDING)


def test_an_answer_behind_a_banner() -> None:
    assert read_answer('Welcome!\n{"ok": true}\n{"other": 1}\n') == {"ok": True}
    assert read_answer("Welcome!") is None
    with pytest.raises(NotConfirmed, match=r"\(exit 127\): not found"):
        answer_of({"rc": 127, "stdout": "", "stderr": "not found\n"})

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which connections rules go through, and what is said where one proves nothing."""

from __future__ import annotations

import re

from types import SimpleNamespace
from typing import Any

import pytest

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.utils.display import Display

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible import fresh_connection as fresh
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.confirmed_action import ConfirmedAction
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.staging import (
    Aborted,
    NoConnection,
    NotConfirmed,
    StagingAction,
    answer_of,
    words_of,
)

PENDING = {"id": "1", "seconds": 60, "command": ["python", "timer.pyz"]}


class Connection:
    def __init__(self, transport: str, local: bool = False) -> None:
        self.transport = transport
        self._remote_is_local = local
        self.timeout = 10

    def get_option(self, name: str) -> Any:
        return self.timeout

    def set_option(self, name: str, value: Any) -> None:
        self.timeout = value


def action(kind: type, transport: str, local: bool = False, answers: Any = ()) -> Any:
    """An action plugin on a host that answers commands with *answers*, each a text or an exception."""
    concrete = type("Action", (kind,), {"run": lambda self: {}})
    made = concrete.__new__(concrete)
    made._connection = Connection(transport, local)
    made._task = SimpleNamespace(check_mode=False, _uuid="1")
    made._play_context = None
    made.given = []
    replies = list(answers)

    def execute_module(name: str, arguments: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        made.given.append(arguments)
        return {"changed": True, "pending": dict(PENDING)}

    def command(text: str) -> dict[str, Any]:
        reply = replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return {"stdout": reply, "stderr": "", "rc": 0}

    made._execute_module = execute_module
    made._low_level_execute_command = command
    return made


@pytest.mark.parametrize(
    ("transport", "local", "words"),
    [
        ("ansible.netcommon.httpapi", True, "run on the control node"),
        ("ansible.netcommon.network_cli", True, "run on the control node"),
        ("paramiko", False, "keeps one connection per host"),
        ("ansible.netcommon.libssh", False, "keeps one connection per host"),
    ],
)
def test_connections_that_are_rejected_before_anything_is_written(transport: str, local: bool, words: str) -> None:
    one = action(StagingAction, transport, local)
    with pytest.raises(AnsibleActionFail, match=words) as caught:
        one.stage({}, {})
    assert "ansible_connection: ssh" in str(caught.value)
    assert one.given == []


def test_a_folder_that_cannot_be_removed_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, text: warnings.append(text))
    one = action(StagingAction, "ssh", answers=[AnsibleConnectionFailure("timed out.")])
    one._connection._shell = SimpleNamespace(tmpdir="/tmp/x", remove=lambda path, recurse: f"rm {path}")
    one._task.async_val = 0
    one._should_remove_tmp_path = bool
    command = one._low_level_execute_command
    one._low_level_execute_command = lambda text, sudoable: command(text)
    one.cleanup()
    assert warnings == ["The temporary folder /tmp/x was not removed from the host: timed out"]


@pytest.mark.parametrize(("transport", "new"), [("ssh", True), ("local", False), ("containers.podman.podman", False)])
def test_one_side_decides_for_both(transport: str, new: bool) -> None:
    one = action(StagingAction, transport)
    one.stage({}, {})
    assert one.given == [{"require_controller": new, "phase": "stage", "new_connection": new}]


@pytest.fixture
def confirmed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The result of a task whose connection answers as it is told."""

    def run(*answers: Any) -> dict[str, Any]:
        one = action(ConfirmedAction, "local", answers=answers)
        result: dict[str, Any] = {
            "changed": True,
            "controller": {"address": "192.0.2.7", "port": 22},
            "earlier_controllers": ["192.0.2.8"],
        }
        one._settle(PENDING, [], result, {})
        return result

    return run


def test_a_confirmation(confirmed: Any) -> None:
    result = confirmed('{"ok": true}')
    assert result["changed"] and not result.get("failed")
    assert result["confirmation"]["by"] == "same connection"


def test_a_confirmation_whose_answer_was_lost_counts(confirmed: Any) -> None:
    lost = AnsibleConnectionFailure("Connection reset by peer")
    result = confirmed(lost, '{"ok": false, "confirmed": true, "msg": "The rules were already confirmed and are kept"}')
    assert result["changed"] and not result.get("failed")
    assert "answer was lost" in result["confirmation"]["by"]


def test_no_new_connection_names_who_is_let_in(confirmed: Any) -> None:
    result = confirmed(AnsibleConnectionFailure("timed out."), '{"ok": true, "msg": "The host is back"}')
    assert result["failed"] and not result["changed"]
    assert result["msg"].startswith("The rules were not confirmed: no new connection: timed out (the host accepts ")
    assert "192.0.2.7, 192.0.2.8" in result["msg"]
    assert "jsa_firewall_management_addresses" in result["msg"]
    assert result["msg"].endswith(". The host is back")


@pytest.mark.parametrize("error", [AnsibleConnectionFailure(""), AnsibleConnectionFailure(" . ")])
def test_no_reason_is_ever_empty(confirmed: Any, error: Exception) -> None:
    result = confirmed(error, '{"ok": true, "msg": "The host is back"}')
    assert "no new connection: " in result["msg"] and "no new connection:  (" not in result["msg"]
    assert words_of(ValueError()) == words_of(ValueError(" . ")) == "ValueError"


def test_an_answer_without_a_word() -> None:
    with pytest.raises(Exception, match=r"no answer from the host \(exit 1\): no output"):
        answer_of({"stdout": "", "stderr": "", "rc": 1})


def test_another_failure_says_nothing_of_addresses(confirmed: Any) -> None:
    result = confirmed('{"ok": false, "msg": "it came too late."}', '{"ok": true, "msg": "The host is back"}')
    assert result["msg"] == "The rules were not confirmed: it came too late. The host is back"


def test_the_words_of_an_abort() -> None:
    one = action(StagingAction, "ssh", answers=[NoConnection("gone")])
    with pytest.raises(NoConnection):
        one.abort(PENDING, "why", 0.0)
    one = action(StagingAction, "ssh", answers=["no answer at all"])
    assert one.abort(PENDING, "why", 0.0) == Aborted(
        False, "The host rolls back to the committed rules by itself within 1 seconds"
    )


@pytest.mark.parametrize(("seconds", "interval"), [(30, 10), (31, 11), (1, 1)])
def test_a_slow_login_has_all_of_the_time(monkeypatch: pytest.MonkeyPatch, seconds: int, interval: int) -> None:
    options: dict[str, Any] = {"ssh_args": "-C", "ssh_extra_args": None}

    class New:
        _options: dict[str, Any] = {}

        def set_become_plugin(self, plugin: Any) -> None: ...

        def set_option(self, name: str, value: Any) -> None:
            options[name] = value

    used = SimpleNamespace(
        _load_name="ssh", _options={}, _shell=None, become=None, transport="ssh", get_option=lambda name: options[name]
    )
    monkeypatch.setattr(fresh.connection_loader, "get", lambda *arguments, **more: New())
    fresh.fresh_connection(used, None, SimpleNamespace(_uuid="1"), seconds)
    for words in (f"ConnectTimeout={seconds} ", f"ServerAliveInterval={interval} ", "ServerAliveCountMax=3", "-C"):
        assert words in options["ssh_args"]
    assert interval * 3 >= seconds


def test_what_a_host_says_does_not_steer_the_operator_s_terminal() -> None:
    said = '{"ok": false, "msg": "\\u001b[2Jgone\\u202e"}'
    made = action(ConfirmedAction, "ssh", answers=[said, said])
    assert made.abort(PENDING, "why", 0.0) == Aborted(False, "\\x1b[2Jgone\\u202e")
    assert made.take_back(PENDING, "why") == (False, "\\x1b[2Jgone\\u202e")
    with pytest.raises(NotConfirmed, match=re.escape("no answer from the host (exit 1): \\x1b]0;title\\x07")):
        answer_of({"stdout": "", "stderr": "\x1b]0;title\x07", "rc": 1})
    assert words_of(ValueError("\x1b[31m.")) == "\\x1b[31m"
    made._execute_module = lambda *_arguments, **_more: {"msg": "\x9b31m", "warnings": ["\x1b[2J"], "changed": False}
    assert made.stage({}, {}) == {"msg": "\\x9b31m", "warnings": ["\\x1b[2J"], "changed": False}


@pytest.mark.parametrize("said", ['{"ok": false}', '{"ok": null, "msg": null}', '{"ok": 0, "msg": {}}'])
def test_an_answer_without_a_reason_is_one(said: str) -> None:
    assert not action(ConfirmedAction, "ssh", answers=[said]).abort(PENDING, "why", 0.0).confirmed


def test_an_answer_of_any_depth() -> None:
    with pytest.raises(NotConfirmed, match="no answer"):
        answer_of({"stdout": "[" * 100_000, "stderr": "", "rc": 0})

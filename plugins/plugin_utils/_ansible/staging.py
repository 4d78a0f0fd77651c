# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that a host has loaded and not yet written to stay: confirm them, or take them back."""

from __future__ import annotations

import json
import shlex
import time

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.fresh_connection import fresh_connection

#: The module that loads rules, for all backends.
MODULE = "jsa.ports.firewall"

_SSH_TRANSPORTS = ("ssh", "paramiko", "ansible.netcommon.libssh")


class NotConfirmed(Exception):
    """The text says why."""


class StagingAction(ActionBase):
    """An action that loads rules on its host for a while, through whatever backend that has.

    ``stage`` loads them. From then on the host's own timer takes them back when the time is over, whatever becomes of
    the controller, unless ``confirm`` writes them to stay, or ``take_back`` comes first. ``load_temporarily`` is for
    rules that nobody is going to confirm: it makes sure that a new connection gets through, too.
    """

    TRANSFERS_FILES = False

    def stage(self, arguments: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result of jsa.ports.firewall with *arguments*. It has ``pending`` where rules wait."""
        given = dict(arguments)
        # Other connections (local, a container's) have no controller's address that could be locked out.
        given.setdefault("require_controller", self._connection.transport in _SSH_TRANSPORTS)
        given.setdefault("phase", "apply" if self._task.check_mode else "stage")
        told: dict[str, Any] = self._execute_module(MODULE, given, task_vars=task_vars)
        return told

    def load_temporarily(self, rules: Mapping[str, Any], seconds: int, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Loads *rules* (a host's part of a plan) for at most so many *seconds*, at least one.

        The result of jsa.ports.firewall, with ``pending`` for ``take_back`` where something was loaded. It has
        ``failed``, and the host its earlier rules, where no new connection gets through. In check mode nothing is
        loaded.
        """
        # Without a timeout, the rules would be written to stay.
        result = self.stage({"rules": dict(rules), "confirm_timeout": max(1, seconds)}, task_vars)
        pending = result.get("pending")
        if not pending:
            return result
        started = time.monotonic()
        try:
            if pending["ssh"]:
                with self.new_connection(pending):
                    self._run("true")
        except Exception as error:
            # Whatever it is, a host must not be left waiting because of it.
            outcome = self.abort(pending, str(error), started)
            del result["pending"]
            result.update(failed=True, changed=False, msg=f"The firewall was not opened: {error}. {outcome}")
        return result

    def take_back(self, pending: Mapping[str, Any], why: str) -> tuple[bool, str]:
        """Ends what ``load_temporarily`` has loaded. Whether this did it, or the timer before, and what the host has.

        Raises NotConfirmed where the host does not answer.
        """
        command = shlex.join([*pending["command"], "abort", pending["id"], why])
        answer = answer_of(self._low_level_execute_command(command))
        return bool(answer["ok"]), str(answer.get("msg", ""))

    def confirm(self, pending: Mapping[str, Any]) -> str:
        """Writes the rules to stay, through a new connection where it is SSH. How. Raises NotConfirmed."""
        if not pending["ssh"]:
            self._ask(pending, "confirm", pending["id"])
            return "same connection"
        with self.new_connection(pending):
            self._ask(pending, "confirm", pending["id"])
        return "new connection"

    def abort(self, pending: Mapping[str, Any], why: str, started: float) -> str:
        """Takes the rules back at once where the connection that loaded them still works. What the host has then.

        *started*: the value of time.monotonic() when they were loaded.
        """
        command = shlex.join([*pending["command"], "abort", pending["id"], why])
        left = max(1, int(pending["seconds"] - (time.monotonic() - started)) + 1)
        later = f"The host goes back to the committed rules by itself in {left} seconds at most"
        if self._connection.transport == "ssh":
            # Where that connection is gone as well, a longer wait would only come after the timer.
            self._connection.set_option("timeout", min(int(self._connection.get_option("timeout")), left))
        try:
            answer = read_answer(self._low_level_execute_command(command)["stdout"])
        except AnsibleError:
            return later
        if answer is None:
            return later
        return str(answer["msg"])

    @contextmanager
    def new_connection(self, pending: Mapping[str, Any]) -> Iterator[None]:
        """Everything inside goes through a connection that shares nothing with the one that loaded the rules."""
        used = self._connection
        # Half of the time at most: the other half is for taking the rules back through the connection that we have.
        seconds = max(1, min(int(used.get_option("timeout")), pending["seconds"] // 2))
        new = fresh_connection(used, self._play_context, self._task, seconds)
        self._connection = new
        try:
            yield
        finally:
            self._connection = used
            new.close()

    def _ask(self, pending: Mapping[str, Any], *words: str) -> None:
        """Runs the program that the module has left on the host. Raises NotConfirmed."""
        answer = answer_of(self._run(shlex.join([*pending["command"], *words])))
        if not answer["ok"]:
            raise NotConfirmed(str(answer["msg"]).rstrip("."))

    def _run(self, command: str) -> dict[str, Any]:
        """Raises NotConfirmed where the host cannot be reached."""
        try:
            told: dict[str, Any] = self._low_level_execute_command(command)
        except AnsibleError as error:
            raise NotConfirmed(f"no new connection: {str(error).strip().rstrip('.')}") from error
        return told


def answer_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """Of a command that ran on the host. Raises NotConfirmed where there is none."""
    answer = read_answer(told["stdout"])
    if answer is None:
        text = (told["stderr"] or told["stdout"]).strip()
        raise NotConfirmed(f"no answer from the host (exit {told['rc']}): {text}")
    return answer


def read_answer(output: str) -> dict[str, Any] | None:
    """The last line that is one: profiles and banners print before it."""
    for line in reversed(output.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and "ok" in found:
            return found
    return None

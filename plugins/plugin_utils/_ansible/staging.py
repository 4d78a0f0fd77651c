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
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.fresh_connection import fresh_connection
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.module_result import without_arguments

#: The module that loads rules, for all backends.
MODULE = "jsa.ports.firewall"

_LOCAL = "local"
#: These keep one connection per host: what looks new would be the one that loaded the rules.
_CANNOT_CONFIRM = ("paramiko", "paramiko_ssh", "ansible.netcommon.libssh", "libssh")
_SSH = "ssh"


class NotConfirmed(Exception):
    """The text says why."""


class NoConnection(NotConfirmed):
    """The host cannot be reached through a new connection."""


@dataclass(frozen=True)
class Aborted:
    """What came of taking rules back."""

    #: The rules had been confirmed: only the answer that said so was lost.
    confirmed: bool
    words: str


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
        self._require_connection()
        # Other connections (local, a container's) have no controller's address that could be locked out.
        given.setdefault("require_controller", self._connection.transport == _SSH)
        given.setdefault("phase", "apply" if self._task.check_mode else "stage")
        given["new_connection"] = self._connection.transport == _SSH
        told: dict[str, Any] = plain(without_arguments(self._execute_module(MODULE, given, task_vars=task_vars)))
        return told

    def cleanup(self, force: bool = False) -> None:
        """As every action's, but a host that a candidate has locked out is no reason to lose the result."""
        try:
            super().cleanup(force)
        except AnsibleError as error:
            folder = self._connection._shell.tmpdir
            Display().warning(
                f"The temporary folder {printable(folder)} was not removed from the host: {words_of(error)}"
            )

    def _require_connection(self) -> None:
        """Raises AnsibleActionFail where the connection is none to the host, or cannot be opened a second time."""
        transport = self._connection.transport
        if transport != _LOCAL and getattr(self._connection, "_remote_is_local", False):
            raise AnsibleActionFail(
                f"ansible_connection is {transport}, whose modules run on the control node: the rules would be applied "
                "there. Nothing was changed. Set ansible_connection: ssh for this host"
            )
        if transport in _CANNOT_CONFIRM:
            raise AnsibleActionFail(
                f"ansible_connection is {transport}, which keeps one connection per host, so no new connection can "
                "confirm the rules. Nothing was changed. Set ansible_connection: ssh for this host"
            )

    def load_temporarily(
        self, rules: Mapping[str, Any], seconds: int, task_vars: dict[str, Any], refuse: str
    ) -> dict[str, Any]:
        """Loads *rules* (a host's part of a plan) for at most so many *seconds*, at least one.

        *refuse*: as the option of jsa.ports.firewall.

        The result of jsa.ports.firewall, with ``pending`` for ``take_back`` where something was loaded. It has
        ``failed``, and the host its earlier rules, where no new connection gets through. In check mode nothing is
        loaded.
        """
        # Without a timeout, the rules would be written to stay.
        arguments = {"rules": dict(rules), "confirm_timeout": max(1, seconds), "refuse": refuse}
        result = self.stage(arguments, task_vars)
        pending = result.get("pending")
        if not pending:
            return result
        started = time.monotonic()
        try:
            if self._connection.transport == _SSH:
                with self.new_connection(pending):
                    self._run("true")
        except Exception as error:
            # Whatever it is, a host must not be left waiting because of it.
            outcome = self.abort(pending, words_of(error), started)
            del result["pending"]
            msg = f"The firewall was not opened: {words_of(error)}. {outcome.words}"
            result.update(failed=True, changed=False, msg=msg)
        return result

    def take_back(self, pending: Mapping[str, Any], why: str) -> tuple[bool, str]:
        """Ends what ``load_temporarily`` has loaded. Whether this did it, or the timer before, and what the host has.

        Raises NotConfirmed where the host does not answer.
        """
        command = shlex.join([*pending["command"], "abort", pending["id"], why])
        answer = answer_of(self._low_level_execute_command(command))
        return bool(answer["ok"]), _message(answer)

    def confirm(self, pending: Mapping[str, Any]) -> str:
        """Writes the rules to stay, through a new connection where it is SSH. How. Raises NotConfirmed."""
        if self._connection.transport != _SSH:
            self._ask(pending, "confirm", pending["id"])
            return "same connection"
        with self.new_connection(pending):
            self._ask(pending, "confirm", pending["id"])
        return "new connection"

    def abort(self, pending: Mapping[str, Any], why: str, started: float) -> Aborted:
        """Takes the rules back at once where the connection that loaded them still works. What the host has then.

        *started*: the value of time.monotonic() when they were loaded.
        """
        command = shlex.join([*pending["command"], "abort", pending["id"], why])
        left = max(1, int(pending["seconds"] - (time.monotonic() - started)) + 1)
        later = Aborted(False, f"The host rolls back to the committed rules by itself within {left} seconds")
        if self._connection.transport == "ssh":
            # Where that connection is gone as well, a longer wait would only come after the timer.
            self._connection.set_option("timeout", min(int(self._connection.get_option("timeout")), left))
        try:
            answer = read_answer(self._low_level_execute_command(command)["stdout"])
        except AnsibleError:
            return later
        if answer is None:
            return later
        return Aborted(bool(answer.get("confirmed")), _message(answer))

    @contextmanager
    def new_connection(self, pending: Mapping[str, Any]) -> Iterator[None]:
        """Everything inside goes through a connection that shares nothing with the one that loaded the rules."""
        used = self._connection
        # Half of the time, whatever Ansible's own timeout is: a login may be slow, and the other half is for taking the
        # rules back through the connection that we have.
        seconds = max(1, pending["seconds"] // 2)
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
            raise NotConfirmed(_message(answer).rstrip("."))

    def _run(self, command: str) -> dict[str, Any]:
        """Raises NotConfirmed where the host cannot be reached."""
        try:
            told: dict[str, Any] = self._low_level_execute_command(command)
        except AnsibleError as error:
            raise NoConnection(f"no new connection: {words_of(error)}") from error
        return told


def words_of(error: Exception) -> str:
    """What an exception says, without a full stop at its end; its kind where it says nothing."""
    return printable(str(error)).strip().rstrip(".") or type(error).__name__


def _message(answer: Mapping[str, Any]) -> str:
    return printable(str(answer.get("msg", "")))


def answer_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """Of a command that ran on the host. Raises NotConfirmed where there is none."""
    answer = read_answer(told["stdout"])
    if answer is None:
        text = printable(told["stderr"] or told["stdout"]).strip() or "no output"
        raise NotConfirmed(f"no answer from the host (exit {told['rc']}): {text}")
    return answer


def read_answer(output: str) -> dict[str, Any] | None:
    """The last line that is one: profiles and banners print before it."""
    for line in reversed(output.split("\n")):
        try:
            found = json.loads(line)
        except (RecursionError, ValueError):
            continue
        if isinstance(found, dict) and "ok" in found:
            return found
    return None

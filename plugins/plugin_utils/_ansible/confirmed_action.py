# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins of all backends do: the module loads rules, and a new connection confirms them."""

from __future__ import annotations

import json
import shlex
import time

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import fail_with
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.confirm_probes import Probe, connect_to, read_probes
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.fresh_connection import fresh_connection
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError

_DEFAULT_TIMEOUT = 60
_SSH_TRANSPORTS = ("ssh", "paramiko", "ansible.netcommon.libssh")


class NotConfirmed(Exception):
    """The text says why."""


class ConfirmedAction(ActionBase):
    """Stage, new connection, confirm: one task, so that nobody forgets the second half."""

    TRANSFERS_FILES = False
    #: Full name of the module that stages.
    MODULE = ""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        probes = self._read_probes(arguments.get("confirm_probes") or [], task_vars)
        # What is no number at all, the module refuses.
        unconfirmed = str(arguments.get("confirm_timeout", _DEFAULT_TIMEOUT)).strip() == "0"
        # Other connections (local, a container's) have no controller's address that could be locked out.
        arguments.setdefault("require_controller", self._connection.transport in _SSH_TRANSPORTS)
        arguments["phase"] = "apply" if unconfirmed or self._task.check_mode else "stage"
        result.update(self._execute_module(self.MODULE, arguments, task_vars=task_vars))
        pending = result.pop("pending", None)
        if pending:
            self._confirm(pending, probes, result, task_vars)
        elif unconfirmed and result.get("changed") and not self._task.check_mode:
            result.setdefault("warnings", []).append(
                "The rules were written to stay without a confirmation, as confirm_timeout is 0: nothing would have "
                "taken them back if they had locked you out."
            )
        return result

    def _read_probes(self, items: Any, task_vars: dict[str, Any]) -> list[Probe]:
        own: list[Any] = []
        for name in ("jsa_address", "ansible_host", "inventory_hostname"):
            value = self._templar.template(task_vars.get(name))
            own += value if isinstance(value, list) else [value]
        try:
            return read_probes(items, task_vars.get("hostvars", {}), own)
        except InputError as error:
            raise fail_with(error) from error

    def _confirm(
        self, pending: dict[str, Any], probes: list[Probe], result: dict[str, Any], task_vars: dict[str, Any]
    ) -> None:
        started = time.monotonic()
        try:
            for source in dict.fromkeys(probe.source for probe in probes):
                self._probe(source, [probe for probe in probes if probe.source == source], task_vars)
            by = self._through_new_connection(pending) if pending["ssh"] else self._through_this(pending)
        except Exception as error:
            # Whatever it is, a host must not be left waiting because of it.
            outcome = self._abort(pending, str(error), started)
            result.update(failed=True, changed=False, msg=f"The rules were not confirmed: {error}. {outcome}")
            return
        result["confirmation"] = {"by": by, "seconds": round(time.monotonic() - started, 2)}

    def _probe(self, source: str, probes: list[Probe], task_vars: dict[str, Any]) -> None:
        """Raises NotConfirmed where one does not get through."""
        variables = task_vars["hostvars"][source]
        used = self._connection
        self._connection = connect_to(variables, self._play_context, self._task, self._templar)
        arguments = {"probes": [probe.arguments() for probe in probes], "recheck_seconds": 2}
        try:
            told = self._execute_module("jsa.ports.reachability", arguments, task_vars=variables)
            self._remove_tmp_path(self._connection._shell.tmpdir)
        except AnsibleError as error:
            raise NotConfirmed(f"{source} cannot be asked to probe: {str(error).strip().rstrip('.')}") from error
        finally:
            self._connection = used
        if told.get("failed"):
            raise NotConfirmed(f"{source} cannot probe: {told.get('msg')}")
        outcomes = [(probe, row["result"]) for probe, row in zip(probes, told["results"], strict=True)]
        lost = [f"{probe} is {outcome}" for probe, outcome in outcomes if not probe.succeeded(outcome)]
        if lost:
            raise NotConfirmed("; ".join(lost))

    def _through_new_connection(self, pending: dict[str, Any]) -> str:
        with self._new_connection(pending):
            self._ask(pending, "confirm", pending["id"])
        return "new connection"

    @contextmanager
    def _new_connection(self, pending: dict[str, Any]) -> Iterator[None]:
        used = self._connection
        # Half of the time at the most: the other half is for taking the rules back through the connection that we have.
        seconds = max(1, min(int(used.get_option("timeout")), pending["seconds"] // 2))
        new = fresh_connection(used, self._play_context, self._task, seconds)
        self._connection = new
        try:
            yield
        finally:
            self._connection = used
            new.close()

    def _through_this(self, pending: dict[str, Any]) -> str:
        self._ask(pending, "confirm", pending["id"])
        return "same connection"

    def _ask(self, pending: dict[str, Any], *words: str) -> None:
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

    def _abort(self, pending: dict[str, Any], why: str, started: float) -> str:
        """Takes the rules back at once where the connection that loaded them still works. What the host has then."""
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

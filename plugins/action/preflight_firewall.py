# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.preflight_firewall: rules that are loaded for a while, and that nobody ever confirms."""

from __future__ import annotations

import shlex
import time

from typing import Any, ClassVar

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.confirm_probes import Probe
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.confirmed_action import (
    ConfirmedAction,
    NotConfirmed,
    answer_of,
)


class ActionModule(ConfirmedAction):
    """The first half of commit confirmed. The host's own timer is the second, unless it is told to go back before."""

    MODULE = "jsa.ports.firewalld_policy"
    ARGUMENT_SPEC: ClassVar[dict[str, Any]] = {
        "state": {"type": "str", "choices": ["opened", "closed"], "default": "opened"},
        "inbound": {"type": "list", "elements": "dict", "default": []},
        "refused": {"type": "list", "elements": "dict", "default": []},
        "unlisted": {"type": "str", "choices": ["zone", "reject", "drop"], "default": "zone"},
        "controllers": {"type": "list", "elements": "str", "default": []},
        "seconds": {"type": "int", "default": 300},
        "pending": {"type": "dict"},
    }

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        _spec, arguments = self.validate_argument_spec(argument_spec=self.ARGUMENT_SPEC)
        if arguments["state"] == "closed":
            return self._close(arguments["pending"])
        self._task = self._task.copy()
        kept = ("inbound", "refused", "unlisted", "controllers")
        self._task.args = {name: arguments[name] for name in kept}
        # Without a timeout, the rules would be written to stay.
        self._task.args["confirm_timeout"] = max(1, arguments["seconds"])
        return super().run(tmp, task_vars)

    def _confirm(
        self, pending: dict[str, Any], probes: list[Probe], result: dict[str, Any], task_vars: dict[str, Any]
    ) -> None:
        """Does not: only sees to it that nobody is locked out for as long as they are loaded."""
        started = time.monotonic()
        try:
            if pending["ssh"]:
                with self._new_connection(pending):
                    self._run("true")
        except Exception as error:
            outcome = self._abort(pending, str(error), started)
            result.update(failed=True, changed=False, msg=f"The firewall was not opened: {error}. {outcome}")
            return
        result["pending"] = pending

    def _close(self, pending: dict[str, Any] | None) -> dict[str, Any]:
        if not pending or self._task.check_mode:
            return {"changed": False}
        command = shlex.join([*pending["command"], "abort", pending["id"], "the preflight is over"])
        told = self._low_level_execute_command(command)
        try:
            answer = answer_of(told)
        except NotConfirmed as error:
            return {"failed": True, "msg": str(error)}
        # Not ok: the timer was first.
        return {"changed": bool(answer["ok"]), "msg": answer.get("msg", "")}

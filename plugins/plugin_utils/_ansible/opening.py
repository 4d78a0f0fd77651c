# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host's firewall during a preflight: compared with the plan, opened for a while, and closed again."""

from __future__ import annotations

import shlex
import time

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.confirm_probes import Probe
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.confirmed_action import (
    ConfirmedAction,
    NotConfirmed,
    answer_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan


class OpeningAction(ConfirmedAction):
    """The first half of commit confirmed. The host's own timer is the second, unless it is told to go back before.

    All that knows the module of a backend is ``MODULE``, ``_options`` and ``compare``.
    """

    MODULE = "jsa.ports.firewalld_policy"

    @staticmethod
    def _options(rules: HostPlan) -> dict[str, Any]:
        """Every rule of the host, those for what it sends as well: a part of them would lift the others."""
        host = rules.as_dict()
        options: dict[str, Any] = {
            name: host[name] for name in ("inbound", "refused", "internal", "outbound") if name in host
        }
        return {**options, "unlisted": rules.unlisted, "controllers": list(rules.management_addresses)}

    def compare(self, rules: HostPlan, task_vars: dict[str, Any]) -> dict[str, Any]:
        """``as_planned``, None where the firewall could not be asked, and the ``reason`` for that."""
        told = self._run_module(self._options(rules), True, task_vars)
        if told.get("failed") or "actions" not in told:
            return {"as_planned": None, "reason": str(told.get("msg") or "its firewall could not be asked")}
        differs = any([*told["actions"].values(), told.get("reload_reasons")])
        return {"as_planned": not differs, "reason": None}

    def open(self, rules: HostPlan, seconds: int, task_vars: dict[str, Any]) -> dict[str, Any]:
        """``pending``, what :meth:`close` takes, or a failed result."""
        # Without a timeout, the rules would be written to stay.
        options = {**self._options(rules), "confirm_timeout": max(1, seconds)}
        return self._run_module(options, bool(self._task.check_mode), task_vars)

    def close(self, pending: dict[str, Any]) -> dict[str, Any]:
        command = shlex.join([*pending["command"], "abort", pending["id"], "the preflight is over"])
        told = self._low_level_execute_command(command)
        try:
            answer = answer_of(told)
        except NotConfirmed as error:
            return {"failed": True, "msg": str(error)}
        # Not ok: the timer was first.
        return {"changed": bool(answer["ok"]), "msg": answer.get("msg", "")}

    def _run_module(self, options: dict[str, Any], check_mode: bool, task_vars: dict[str, Any]) -> dict[str, Any]:
        own = self._task
        self._task = own.copy()
        self._task.args = options
        self._task.check_mode = check_mode
        try:
            return ConfirmedAction.run(self, None, task_vars)
        finally:
            self._task = own

    def _confirm(
        self, pending: dict[str, Any], probes: list[Probe], result: dict[str, Any], task_vars: dict[str, Any]
    ) -> None:
        """Does not: only sees to it that nobody is locked out for as long as the rules are loaded."""
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

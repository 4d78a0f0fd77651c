# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.preflight: opens the firewall and listens as planned, for a limited time."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.jsa.ports.plugins.module_utils._printable import plain
from ansible_collections.jsa.ports.plugins.module_utils._rules.staged import ENFORCE, LOG
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import fail_with
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.staging import NotConfirmed, StagingAction
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan

_LISTENERS = "jsa.ports.preflight"
_FIREWALL = "jsa.ports.firewall_info"


class ActionModule(StagingAction):
    """The module starts and stops the listeners on the host. This plugin opens and rolls back the firewall."""

    ARGUMENT_SPEC: ClassVar[dict[str, Any]] = {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "rules": {"type": "dict"},
        "open": {"type": "bool", "default": False},
        "token": {"type": "str", "no_log": False},
        "host": {"type": "str"},
        "name": {"type": "str", "default": "default"},
        "seconds": {"type": "int", "default": 300},
        "pending": {"type": "dict"},
    }

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        _spec, arguments = self.validate_argument_spec(
            argument_spec=self.ARGUMENT_SPEC, required_if=[("state", "present", ("rules", "token", "host"))]
        )
        for_module = {key: value for key, value in arguments.items() if key not in ("open", "pending")}
        if arguments["state"] == "absent":
            return self._absent(for_module, arguments["pending"], task_vars)
        try:
            rules = HostPlan.from_dict(arguments["rules"])
        except InputError as error:
            raise fail_with(error) from error
        firewall = {**self._compare(rules, task_vars), "opened": False}
        refuse = firewall.pop("refuse")
        pending = None
        if arguments["open"] and firewall["as_planned"] is False:
            opened = self.load_temporarily(rules.as_dict(), arguments["seconds"], task_vars, refuse)
            if opened.get("failed") or opened.get("unreachable"):
                return opened
            pending = opened.get("pending")
            firewall.update(as_planned=not self._task.check_mode, opened=True)
        result: dict[str, Any] = plain(self._execute_module(_LISTENERS, for_module, task_vars=task_vars))
        result["firewall"] = firewall
        result["changed"] = bool(result.get("changed")) or firewall["opened"]
        if pending:
            result["pending"] = pending
        return result

    def _absent(
        self, for_module: dict[str, Any], pending: dict[str, Any] | None, task_vars: dict[str, Any]
    ) -> dict[str, Any]:
        result: dict[str, Any] = plain(self._execute_module(_LISTENERS, for_module, task_vars=task_vars))
        if not pending or self._task.check_mode:
            return result
        try:
            # False if the host's own timer was first.
            closed, result["closed"] = self.take_back(pending, "the preflight is over")
        except NotConfirmed as error:
            told = f"{result['msg']}; " if result.get("failed") else ""
            result.update(failed=True, msg=f"{told}the firewall was not closed: {error}")
            return result
        result["changed"] = bool(result.get("changed")) or closed
        return result

    def _compare(self, rules: HostPlan, task_vars: dict[str, Any]) -> dict[str, Any]:
        """``as_planned``, None if the firewall could not be read, the ``reason`` for that, and ``refuse``.

        A host that is not enforced stays so.
        """
        asked = {"rules": rules.as_dict()}
        told = plain(self._execute_module(_FIREWALL, asked, task_vars=task_vars))
        refuse = str(told.get("refuse") or ENFORCE)
        if refuse == LOG:
            told = plain(self._execute_module(_FIREWALL, {**asked, "refuse": refuse}, task_vars=task_vars))
        if told.get("failed") or "as_planned" not in told:
            reason = str(told.get("msg") or "its firewall could not be read")
            return {"as_planned": None, "reason": reason, "refuse": refuse}
        return {"as_planned": told["as_planned"], "reason": told["reason"], "refuse": refuse}

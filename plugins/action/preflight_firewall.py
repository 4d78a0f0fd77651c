# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.preflight_firewall: rules that are loaded for a while, and that nobody ever confirms."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.staging import NotConfirmed, StagingAction


class ActionModule(StagingAction):
    """The first half of commit confirmed. The host's own timer is the second, unless it is told to go back before."""

    ARGUMENT_SPEC: ClassVar[dict[str, Any]] = {
        "state": {"type": "str", "choices": ["opened", "closed"], "default": "opened"},
        "rules": {"type": "dict"},
        "seconds": {"type": "int", "default": 300},
        "pending": {"type": "dict"},
    }

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _spec, arguments = self.validate_argument_spec(argument_spec=self.ARGUMENT_SPEC)
        if arguments["state"] == "opened":
            return {**result, **self.load_temporarily(arguments["rules"], arguments["seconds"], task_vars or {})}
        pending = arguments["pending"]
        if not pending or self._task.check_mode:
            return {**result, "changed": False}
        try:
            changed, words = self.take_back(pending, "the preflight is over")
        except NotConfirmed as error:
            return {**result, "failed": True, "msg": str(error)}
        return {**result, "changed": changed, "msg": words}

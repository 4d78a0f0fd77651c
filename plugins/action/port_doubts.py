# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.port_doubts: which flows each host of the play should look at once more."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import doubts
from ansible_collections.jsa.ports.plugins.plugin_utils._check.task import SCOPE_OPTION, expected_and_seen

ARGUMENT_SPEC: dict[str, Any] = {"plan": {"type": "dict", "required": True}, "scope": SCOPE_OPTION}


class ActionModule(ActionBase):
    """Sorts the flows that went as nobody expected by the hosts at their ends; touches no host."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result = super().run(tmp, task_vars)
        _spec, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        expectations, observations = expected_and_seen(arguments, task_vars)
        flows = [*expectations.wanted(), *expectations.unwanted(observations)]
        found = doubts(arguments["plan"], flows, observations)
        result.update(changed=False, flows=found, _ansible_verbose_override=True)
        return result

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.port_doubts: which flows each host of the play should look at once more."""

from __future__ import annotations

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import PLAN_OPTION, ControllerAction
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.check_task import SCOPE_OPTION, expected_and_seen
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import doubts


class ActionModule(ControllerAction):
    """Sorts the flows that went as nobody expected by the hosts at their ends; touches no host."""

    ARGUMENT_SPEC = {"plan": PLAN_OPTION, "scope": SCOPE_OPTION}

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        expectations, observations = expected_and_seen(arguments, task_vars)
        flows = [*expectations.wanted(), *expectations.unwanted(observations)]
        found = doubts(arguments["plan"], flows, observations)
        return {"changed": False, "flows": found, "_ansible_verbose_override": True}

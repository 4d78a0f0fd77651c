# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.explain: why a packet is accepted or refused."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.plugin_utils._action import fail_with, read_file, require_netaddr, show
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.task import discoveries_of_task
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.explain import explain, explanation_text
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.inventory import topology_of_task

ARGUMENT_SPEC: dict[str, Any] = {
    "source": {"type": "str", "required": True},
    "target": {"type": "str", "required": True},
    "port": {"type": "str", "required": True},
    "plan_file": {"type": "path"},
}


class ActionModule(ActionBase):
    """Answers from the inventory, or from a saved plan; touches no host."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result = super().run(tmp, task_vars)
        _spec, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        require_netaddr()

        try:
            topology, mistakes = topology_of_task(task_vars, self._templar)
            planner = Planner(topology, discoveries_of_task(topology, task_vars))
            plan = planner.plan(mistakes)
            if arguments["plan_file"]:
                text = read_file(arguments["plan_file"], "The saved plan")
                plan = parse_plan(text, arguments["plan_file"])
            answer = explain(planner, plan, arguments["source"], arguments["target"], arguments["port"])
        except InputError as error:
            raise fail_with(error) from error
        show(explanation_text(answer))
        result.update(changed=False, **answer)
        return result

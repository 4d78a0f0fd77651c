# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.why: why a packet is accepted or refused."""

from __future__ import annotations

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import ControllerAction, require_netaddr, show
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.discoveries import DISCOVERY_OPTIONS, Handed
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.inventory import topology_of_task
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discoveries
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.why import explanation_text, why


class ActionModule(ControllerAction):
    """Answers from the inventory, or from a saved plan; touches no host."""

    ARGUMENT_SPEC = {
        "source": {"type": "str", "required": True},
        "target": {"type": "str", "required": True},
        "port": {"type": "str", "required": True},
        "plan_file": {"type": "path"},
        **DISCOVERY_OPTIONS,
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        require_netaddr()
        topology, problems = topology_of_task(task_vars, self._templar)
        handed = Handed.of(arguments)
        planner = Planner(topology, handed.discoveries() if topology.dynamic_ports.use else Discoveries())
        plan = planner.plan(problems)
        handed.require_all(plan)
        if arguments["plan_file"]:
            text = read_file(arguments["plan_file"], "The saved plan")
            plan = parse_plan(text, arguments["plan_file"])
        answer = why(planner, plan, arguments["source"], arguments["target"], arguments["port"])
        show(explanation_text(answer))
        return {"changed": False, **answer.as_dict()}

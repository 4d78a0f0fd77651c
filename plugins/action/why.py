# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.why: why a packet is accepted or refused."""

from __future__ import annotations

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import ControllerAction, require_netaddr, show
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.discoveries import DISCOVERY_OPTIONS, Handed
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.inventory import (
    addresses_of_strangers,
    topology_of_task,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discoveries
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.asking import OF_PLAYBOOK, OptionNames, Question
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.why import explanation_text, why

#: Where the three options have names of their own.
_PLAYBOOK = "/jsa/ports/playbooks/why.yml"


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
        source, target, plan_file = arguments["source"], arguments["target"], arguments["plan_file"]
        saved = parse_plan(read_file(plan_file, "The saved plan"), plan_file) if plan_file else None
        topology, problems = topology_of_task(task_vars, self._templar)
        handed = Handed.of(arguments)
        inventory = Planner(topology, handed.discoveries() if topology.dynamic_ports.use else Discoveries())
        planner: Planner | None = inventory
        result: dict[str, Any] = {"changed": False}
        try:
            plan = inventory.plan(problems)
            handed.require_all(plan)
        except InputError as error:
            if saved is None:
                raise
            plan, planner = saved, None
            if topology.hosts:
                result["warnings"] = [
                    f"The reasons are only those of {plan_file}, because the inventory has problems: "
                    f"{'; '.join(error.problems)}"
                ]
        strangers = addresses_of_strangers(task_vars, topology)
        question = Question(source, target, arguments["port"], self._names(task_vars), strangers)
        answer = why(planner, saved or plan, question)
        show(explanation_text(answer))
        return {**result, **answer.as_dict()}

    def _names(self, task_vars: dict[str, Any]) -> OptionNames:
        """What the options are called where they were typed."""
        if not str(self._task.get_path() or "").rpartition(":")[0].endswith(_PLAYBOOK):
            return OptionNames()
        typed_port = "port" if "dport" not in task_vars and "port" in task_vars else OF_PLAYBOOK.port
        return OptionNames(OF_PLAYBOOK.source, OF_PLAYBOOK.target, typed_port)

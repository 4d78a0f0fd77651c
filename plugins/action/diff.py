# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.diff: what differs between two plans, computed on the controller."""

from __future__ import annotations

import json

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    ControllerAction,
    no_search_for_cycles,
    require_netaddr,
    show,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.discoveries import DISCOVERY_OPTIONS, Handed
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.inventory import topology_of_task
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discoveries
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.changes import plan_changes
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.changes_text import ChangesReport


class ActionModule(ControllerAction):
    """Compares a saved plan with another one, or with the inventory; touches no host."""

    ARGUMENT_SPEC = {
        "old": {"type": "path", "required": True},
        "new": {"type": "path"},
        "dest": {"type": "path"},
        "show": {"type": "bool", "default": False},
        **DISCOVERY_OPTIONS,
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        require_netaddr()
        old_file, new_file = arguments["old"], arguments["new"]
        if not old_file:
            raise InputError(
                "The plans cannot be compared",
                ["old is empty: set it to the file of an earlier plan; for the playbook jsa.ports.diff, -e from=FILE"],
            )
        with no_search_for_cycles():
            old = _saved(old_file)
            new = _saved(new_file) if new_file else self._of_inventory(arguments, task_vars)
            report = ChangesReport(plan_changes(old, new), old, new)
        written = False
        if arguments["dest"]:
            text = json.dumps(report.document(), indent=1, ensure_ascii=False) + "\n"
            written = write_file(arguments["dest"], text, "The differences", self._task.check_mode)
        if arguments["show"]:
            show(report.headed(old_file, new_file or "the current inventory"))
        return {
            "changed": False,
            "written": written,
            "differences": report.lines(),
            "changes": report.document(),
            # Both are too long for the output of -v. Use show and dest instead.
            "_ansible_verbose_override": True,
            **({"warnings": list(new.warnings)} if not new_file and new.warnings else {}),
        }

    def _of_inventory(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> Plan:
        """The plan of today. Raises InputError."""
        topology, problems = topology_of_task(task_vars, self._templar)
        handed = Handed.of(arguments)
        planner = Planner(topology, handed.discoveries() if topology.dynamic_ports.use else Discoveries())
        plan = planner.plan(problems)
        handed.require_all(plan)
        return plan


def _saved(path: str) -> Plan:
    return parse_plan(read_file(path, "The saved plan"), path)

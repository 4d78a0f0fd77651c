# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.plan: the plan of the whole deployment, computed on the controller."""

from __future__ import annotations

import gc
import time

from dataclasses import replace
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    ControllerAction,
    deployment_hosts_in_play,
    require_netaddr,
    show,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.dynamic_task import discoveries_of_task
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.inventory import topology_of_task
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import (
    dump_plan,
    parse_plan,
    plan_differences,
    stale_discoveries,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.plan_table import plan_table
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import DynamicPortsChoice

#: So many lines of difference are printed; all of them are returned.
_SHOWN_DIFFERENCES = 40


class ActionModule(ControllerAction):
    """Computes or loads the plan; touches no host."""

    ARGUMENT_SPEC = {
        "plan_file": {"type": "path"},
        "dest": {"type": "path"},
        "show": {"type": "bool", "default": False},
        "use_discovered": {"type": "bool", "default": True},
        "return_plan": {"type": "bool", "default": True},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        require_netaddr()
        # A worker is a fork of Ansible with the whole inventory in it, none of which will ever be garbage here.
        gc.freeze()
        plan, differences, remarks = self._plan(arguments["plan_file"], arguments["use_discovered"], task_vars)
        changed = False
        if arguments["dest"]:
            changed = write_file(arguments["dest"], dump_plan(plan), "The plan", self._task.check_mode)
        if arguments["show"]:
            table = plan_table(plan, deployment_hosts_in_play(plan, task_vars))
            if table:
                show(table)
        warnings = [*plan.get("warnings", ()), *remarks]
        if differences:
            warnings.append(
                f"{arguments['plan_file']} is applied as it was reviewed, but the inventory has changed since: "
                f"{len(differences)} {'difference' if len(differences) == 1 else 'differences'}, printed above"
            )
            more = len(differences) - _SHOWN_DIFFERENCES
            shown = [*differences[:_SHOWN_DIFFERENCES], *([f"... and {more} more"] if more > 0 else [])]
            show("\n".join([f"Saved plan {arguments['plan_file']} (-) and the inventory of today (+):", *shown]))
        result: dict[str, Any] = {"changed": changed, "differences": differences}
        if arguments["return_plan"]:
            result["plan"] = plan
            # Nobody reads a plan in the output of -v; show and dest are for that.
            result["_ansible_verbose_override"] = True
        if warnings:
            result["warnings"] = warnings
        return result

    def _plan(
        self, plan_file: str | None, use_discovered: bool, task_vars: dict[str, Any]
    ) -> tuple[dict[str, Any], list[str], list[str]]:
        """The plan, and what differs from the inventory's and is to be warned of where a saved one is used.

        Raises InputError.
        """
        saved = parse_plan(read_file(plan_file, "The saved plan"), plan_file) if plan_file else None
        topology, problems = topology_of_task(task_vars, self._templar)
        if not use_discovered:
            topology = replace(topology, dynamic_ports=DynamicPortsChoice())
        planner = Planner(topology, discoveries_of_task(topology, task_vars))
        if saved is None:
            return planner.plan(problems), [], []
        play_hosts = set(task_vars.get("ansible_play_hosts_all", ()))
        unknown = [name for name in topology.hosts if name in play_hosts and name not in saved["hosts"]]
        if unknown:
            raise InputError(
                f"The saved plan {plan_file} does not know every host of this play; nothing was changed",
                [f"{name} is not in it: write the plan anew, or leave the host out with --limit" for name in unknown],
            )
        stale = stale_discoveries(saved, topology.dynamic_ports.max_age, time.time())
        old = f"dynamic ports in {plan_file} are older than jsa_dynamic_ports_max_age: {', '.join(stale)}"
        remarks = [old] if stale else []
        try:
            current = planner.plan(problems)
        except InputError as error:
            # A part of the inventory is enough to apply a saved plan, but not to compute one.
            return saved, [f"it could not be compared: {'; '.join(error.problems)}"], remarks
        return saved, plan_differences(saved, current), remarks

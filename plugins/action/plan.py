# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.plan: the plan of the whole deployment, computed on the controller."""

from __future__ import annotations

import os
import time

from dataclasses import dataclass, replace
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    ControllerAction,
    hosts_in_play,
    no_search_for_cycles,
    require_netaddr,
    show,
    verbosity,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.discoveries import DISCOVERY_OPTIONS, Handed
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.guilty import guilty_of_problems
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.inventory import topology_of_task
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discoveries
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.changes import plan_changes
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import dump_plan, parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.dynamic import stale_discoveries
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.changes_text import ChangesReport
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.discovered_table import discovered_table
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.plan_table import plan_table
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import DynamicPortsChoice
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.json_text import compact_json

#: The maximum number of differences to print without --diff. All of them are returned.
_SHOWN_DIFFERENCES = 40


@dataclass(frozen=True)
class _Found:
    """The plan. For a saved plan, also its differences from the inventory, and what is to be told about it."""

    plan: Plan
    report: ChangesReport | None = None
    #: Why there are no differences to tell.
    not_compared: str | None = None
    remarks: tuple[str, ...] = ()


class ActionModule(ControllerAction):
    """Computes or loads the plan. Connects to no host."""

    ARGUMENT_SPEC = {
        "plan_file": {"type": "path"},
        "dest": {"type": "path"},
        "show": {"type": "bool", "default": False},
        **DISCOVERY_OPTIONS,
        "use_discovered": {"type": "bool", "default": True},
        "show_discovered": {"type": "bool", "default": False},
        "return_plan": {"type": "bool", "default": True},
        "as_text": {"type": "bool", "default": False},
        "fail": {"type": "bool", "default": True},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        require_netaddr()
        try:
            with no_search_for_cycles():
                return {**self._work(arguments, task_vars), "guilty": {}}
        except InputError as error:
            if arguments["fail"]:
                raise
            return {"changed": False, "skipped": True, "guilty": guilty_of_problems(error, task_vars)}

    def _work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Raises InputError."""
        handed = Handed.of(arguments)
        found = self._plan(arguments, handed, task_vars)
        handed.require_all(found.plan)
        written = handed.write(self._task.check_mode)
        if arguments["show_discovered"] and handed.found:
            show(discovered_table(handed.found))
        warnings = [*found.plan.warnings, *found.remarks]
        differences = self._compare_saved(found, arguments, warnings)
        if arguments["dest"]:
            differences += self._compare_dest(found.plan, arguments["dest"], warnings)
            text = dump_plan(found.plan)
            written = write_file(arguments["dest"], text, "The plan", self._task.check_mode) or written
        if arguments["show"]:
            table = plan_table(found.plan, hosts_in_play(found.plan.hosts, task_vars), every=verbosity() > 0)
            if table:
                show(table)
        # The task runs on one of the hosts, and nothing of it is changed by a file on the controller.
        result: dict[str, Any] = {"changed": False, "written": written, "differences": differences}
        if arguments["discovered"] is not None:
            result["discovered"] = handed.kept()
        if arguments["return_plan"]:
            plan = found.plan.as_dict()
            result.update({"plan_text": compact_json(plan)} if arguments["as_text"] else {"plan": plan})
            # The plan is too long for the output of -v. Use show and dest instead.
            result["_ansible_verbose_override"] = True
        if warnings:
            result["warnings"] = warnings
        return result

    def _plan(self, arguments: dict[str, Any], handed: Handed, task_vars: dict[str, Any]) -> _Found:
        """Raises InputError."""
        plan_file = arguments["plan_file"]
        saved = parse_plan(read_file(plan_file, "The saved plan"), plan_file) if plan_file else None
        topology, problems = topology_of_task(task_vars, self._templar)
        if not arguments["use_discovered"]:
            topology = replace(topology, dynamic_ports=DynamicPortsChoice(declined=True))
        if saved is not None and topology.misspelt:
            # The plan that is computed for the comparison would only warn of it.
            raise InputError(f"The saved plan {plan_file} is not used; nothing was changed", topology.misspelt)
        planner = Planner(topology, handed.discoveries() if topology.dynamic_ports.use else Discoveries())
        if saved is None:
            return _Found(planner.plan(problems))
        unknown = [name for name in hosts_in_play(topology.hosts, task_vars) if name not in saved.hosts]
        if unknown:
            raise InputError(
                f"The saved plan {plan_file} does not contain all hosts of this play. Nothing was changed",
                [f"{name} is missing: create the plan again, or exclude the host with --limit" for name in unknown],
            )
        stale = stale_discoveries(saved, topology.dynamic_ports.max_age, time.time())
        old = f"dynamic ports in {plan_file} are older than jsa_dynamic_ports_max_age: {', '.join(stale)}"
        # The saved plan knows only the doubts of its own time.
        doubts = tuple(warning for warning in topology.warnings if warning not in saved.warnings)
        remarks = (*doubts, old) if stale else doubts
        if not topology.hosts:
            # As where the host applies its own part of the plan, without an inventory.
            return _Found(saved, remarks=remarks)
        try:
            current = planner.plan(problems)
        except InputError as error:
            # A part of the inventory is enough to apply a saved plan, but not to compute one.
            return _Found(saved, not_compared="; ".join(error.problems), remarks=remarks)
        return _Found(saved, ChangesReport(plan_changes(saved, current), saved, current), remarks=remarks)

    def _compare_saved(self, found: _Found, arguments: dict[str, Any], warnings: list[str]) -> list[str]:
        """Shows what differs between the saved plan and the inventory, and adds a warning about it. All of it."""
        plan_file = arguments["plan_file"]
        if found.not_compared is not None:
            warnings.append(f"{plan_file} could not be compared with the inventory: {found.not_compared}")
        differences = found.report.lines() if found.report else []
        if found.report and (differences or (self._task.diff and arguments["show"])):
            limit = None if self._task.diff else _SHOWN_DIFFERENCES
            show(found.report.headed(f"Saved plan {plan_file}", "the current inventory", limit))
        if differences:
            count = f"{len(differences)} {'difference' if len(differences) == 1 else 'differences'}"
            warnings.append(
                f"{plan_file} is applied as reviewed, but the inventory has changed since: {count}, printed above"
            )
        return differences

    def _compare_dest(self, plan: Plan, dest: str, warnings: list[str]) -> list[str]:
        """In diff mode, shows what differs between the file that is there and the plan. All of it."""
        if not self._task.diff or not os.path.exists(os.path.expanduser(dest)):
            return []
        try:
            before = parse_plan(read_file(dest, "The earlier plan"), dest)
        except (InputError, AnsibleActionFail) as error:
            warnings.append(f"{dest} could not be compared with the plan: {error}")
            return []
        report = ChangesReport(plan_changes(before, plan), before, plan)
        show(report.headed(dest, "the new plan"))
        return report.lines()

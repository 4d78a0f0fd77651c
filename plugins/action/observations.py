# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.observations: writes what was observed of each host to a file of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    PLAN_OPTION,
    SCOPE_OPTION,
    ControllerAction,
    show,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.guilty import guilty_hosts
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.host_files import write_host_files
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.observed import CHECK, required_in_check
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import Scope
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.unobserved import (
    unobserved_hosts,
    unobserved_message,
    unobserved_table,
)


class ActionModule(ControllerAction):
    """Writes a file for each host of the play, and fails for those that were not observed. Connects to no host."""

    AS_IS = ("plan", "observations")
    OPTIONS_OF = "jsa_port_check"
    ARGUMENT_SPEC = {
        "plan": PLAN_OPTION,
        "observations": {"type": "dict", "required": True},
        "scope": SCOPE_OPTION,
        "dest": {"type": "path", "required": True},
        "fail": {"type": "bool", "default": True},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        plan = Plan.from_dict(arguments["plan"])
        given = arguments["observations"]
        observations = CHECK.read(given, plan, task_vars, required_in_check(given))
        scope = Scope(**arguments["scope"]) if arguments["scope"] else Scope()
        write_host_files(arguments["dest"], plan, observations, scope, self._task.check_mode)
        others = [name for name in plan.hosts if name not in observations]
        result: dict[str, Any] = {"changed": False, "written": len(observations), "complete": not others, "guilty": {}}
        if others:
            # Otherwise, the verdicts name them.
            show(_told(arguments["dest"], observations, others))
            unseen_of = {name: seen.unseen for name, seen in observations.items()}
            not_observed = unobserved_hosts(unseen_of)
            if not_observed:
                msg = unobserved_message(not_observed)
                result["guilty"] = guilty_hosts({}, not_observed, msg, task_vars)
                result.update({"failed": True, "msg": msg} if arguments["fail"] else {})
        return result


def _told(folder: str, observations: Mapping[str, HostObservation], others: Collection[str]) -> str:
    """What a run over a part of the plan prints instead of verdicts."""
    table = unobserved_table({name: seen.unseen for name, seen in observations.items()})
    hosts = len(observations) + len(others)
    text = (
        f"{len(observations):,} of {hosts:,} hosts of the plan are in this run, and their files are in {folder}. "
        "There are no verdicts yet: join the files of all hosts with jsa.ports.verdicts."
    )
    return "\n\n".join(part for part in (table, text) if part)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.preflight_probes: what each host of the play should probe while listeners stand."""

from __future__ import annotations

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    PLAN_OPTION,
    ControllerAction,
    deployment_hosts_in_play,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.flows import tested_flows
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.observations import read_seen


class ActionModule(ControllerAction):
    """Sorts the tested flows by the host that probes them; touches no host."""

    ARGUMENT_SPEC = {
        "plan": PLAN_OPTION,
        "token": {"type": "str", "required": True, "no_log": False},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        plan = arguments["plan"]
        names = deployment_hosts_in_play(plan, task_vars)
        flows = tested_flows(plan, names)
        seen = read_seen(task_vars["hostvars"], names)
        probes: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for flow in flows:
            probe = flow.probe()
            if seen[flow.listener].stands(flow):
                probe["expect"] = f"{arguments['token']} {flow.listener}"
            probes[flow.initiator].append(probe)
        return {"changed": False, "probes": probes, "_ansible_verbose_override": True}

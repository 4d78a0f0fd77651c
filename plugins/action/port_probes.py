# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.port_probes: what each host of the play should probe."""

from __future__ import annotations

import math

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import PLAN_OPTION, ControllerAction, show
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.check_task import SCOPE_OPTION, expected_and_seen
from ansible_collections.jsa.ports.plugins.plugin_utils._check.pacing import expected_seconds, rates, shuffled


class ActionModule(ControllerAction):
    """Sorts the expected flows by the host that probes them; touches no host."""

    ARGUMENT_SPEC = {
        "plan": PLAN_OPTION,
        "scope": SCOPE_OPTION,
        "rate": {"type": "float", "default": 200},
        "seed": {"type": "int", "default": 0},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        if not (math.isfinite(arguments["rate"]) and arguments["rate"] >= 0):
            raise AnsibleActionFail(f"jsa_port_check_rate is {arguments['rate']}: expected a number from 0 on")
        expectations, observations = expected_and_seen(arguments, task_vars)
        probes: dict[str, list[dict[str, Any]]] = {name: [] for name in observations}
        for flow in expectations.wanted():
            if flow.required or observations[flow.listener].listens(flow.protocol, flow.port, flow.address):
                probes[flow.initiator].append(flow.probe())
        for flow in expectations.unwanted(observations):
            # Refused or silent, closed is closed: it is not worth the peer's ration of ICMP errors.
            probes[flow.initiator].append({**flow.probe(), "recheck": False})
        probes = {name: shuffled(own, f"{arguments['seed']} {name}") for name, own in probes.items()}
        # More than so many hosts never probe at a time.
        at_once = max(1, int(task_vars.get("ansible_forks") or len(probes) or 1))
        rates_of = rates(probes, arguments["rate"], at_once)
        show(_announcement(probes, rates_of, at_once))
        return {"changed": False, "probes": probes, "rates": rates_of, "_ansible_verbose_override": True}


def _announcement(probes: Mapping[str, Sequence[Any]], rates_of: Mapping[str, float], at_once: int) -> str:
    """Said before a task that may print nothing for minutes."""
    hosts = sum(1 for own in probes.values() if own)
    seconds = math.ceil(expected_seconds(probes, rates_of, at_once))
    return (
        f"{sum(map(len, probes.values())):,} probes from {hosts:,} hosts, up to {min(at_once, max(1, hosts))} of them "
        f"at a time: {seconds:,} seconds or more. A port that gives no answer takes its time-out, and Ansible its own "
        "time for each host."
    )

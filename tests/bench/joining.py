# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process of its own: joins invented results of SIZE hosts as the check does, and says how much memory that took.

The results are in the form in which Ansible keeps them; what else Ansible keeps of so many hosts is not in here.
"""

from __future__ import annotations

import json
import resource
import sys
import time

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._check.faults import faults, plain_words
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import read_observations
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Diagnosis
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import Scope
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.check_table import RESULT, fault_table
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.reader import read_topology
from ansible_collections.jsa.ports.tests.bench import planning

#: Every so many flows, one is blocked.
_BLOCKED = 50


def main() -> None:
    plan = _plan(int(sys.argv[1]))
    names = list(plan["hosts"])
    scope = Scope(sys.argv[2])
    hostvars = {name: _looked(plan["hosts"][name]) for name in names}
    for number, flow in enumerate(Expectations(plan, names, scope).wanted()):
        answer = {"result": "open", "by": None} if number % _BLOCKED else {"result": "no_answer", "by": None}
        rest = {"rate_limited": False, "elapsed_ms": 0.4, "error": None}
        hostvars[flow.initiator]["jsa_port_check_reachability"]["results"].append({**flow.probe(), **answer, **rest})
    # What the kernel counts in KiB, before and after.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    expectations = Expectations(plan, names, scope)
    observations = read_observations(hostvars, names)
    flows = [*expectations.wanted(), *expectations.unwanted(observations)]
    verdicts = Diagnosis(plan, observations).verdicts(flows)
    expectations.total()
    found = faults(verdicts, plan["hosts"])
    texts = [
        fault_table(found),
        *plain_words(found, sum(item.verdict == "ok" for item in verdicts)),
        RESULT.as_json(verdicts, {name: one.as_dict() for name, one in observations.items()}),
        RESULT.as_junit(verdicts, ["network"]),
    ]
    print(
        json.dumps(
            {
                "flows": len(flows),
                "faults": len(found),
                "written_mib": sum(map(len, texts)) / 2**20,
                "seconds": time.perf_counter() - start,
                "before_mib": before / 1024,
                "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def _plan(size: int) -> dict[str, Any]:
    written = planning.inventory(size)["all"]
    groups = {name: [group] for group, members in written["children"].items() for name in members["hosts"]}
    variables = {
        name: {**written["vars"], **own}
        for members in written["children"].values()
        for name, own in members["hosts"].items()
    }
    topology, problems = read_topology(variables, groups)
    return Planner(topology).plan(problems)


def _looked(host: dict[str, Any]) -> dict[str, Any]:
    """Everything that is expected listens, and the firewall is as planned."""
    listening = [
        {
            "id": item["id"],
            "protocol": item["protocol"],
            "ports": item["ports"],
            "status": "listening",
            "bind": "loopback" if item["bind"] == "loopback" else "network",
            "addresses": ["0.0.0.0"],
            "families": ["ipv4"],
            "processes": [{"pid": 1000, "name": "java"}],
        }
        for item in host["listeners"]
    ]
    return {
        "jsa_port_check_listeners": {"changed": False, "results": listening},
        "jsa_port_check_firewall": {"changed": False, "as_planned": True, "differences": [], "openings": []},
        "jsa_port_check_reachability": {"changed": False, "results": []},
    }


if __name__ == "__main__":
    main()

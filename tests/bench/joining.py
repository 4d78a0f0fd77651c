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

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._check.faults import faults, plain_words
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observing import OBSERVED, observed
from ansible_collections.jsa.ports.plugins.plugin_utils._check.texts import write_answer
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Diagnosis
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import Probe
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import Scope
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.check_table import RESULT, fault_table, host_result
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.reader import read_topology
from ansible_collections.jsa.ports.tests.bench import planning

#: Every so many flows, one is blocked.
_BLOCKED = 50


def main() -> None:
    written = _plan(int(sys.argv[1]))
    plan = Plan.from_dict(written)
    names = list(plan.hosts)
    scope = Scope(sys.argv[2])
    handed_over = _looked(plan.hosts)
    for number, flow in enumerate(Expectations(plan, names, scope).wanted()):
        answer = {"result": "open", "by": None} if number % _BLOCKED else {"result": "no_answer", "by": None}
        rest = {"rate_limited": False, "elapsed_ms": 0.4, "error": None}
        handed_over["probes"][flow.initiator]["results"].append({**Probe.of(flow).as_dict(), **answer, **rest})
    # As the tasks of the role return it.
    answers = {name: write_answer({part: of[name] for part, of in handed_over.items()}) for name in names}
    handed_over = {OBSERVED: answers}
    # What the kernel counts in KiB, before and after.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    plan = Plan.from_dict(written)
    expectations = Expectations(plan, names, scope)
    observations = observed(handed_over, names, names)
    exposed = {name: seen.exposed for name, seen in observations.items()}
    flows = [*expectations.wanted(), *expectations.unwanted(exposed)]
    verdicts = Diagnosis(plan, observations).verdicts(flows)
    expectations.total()
    found = faults(verdicts, plan.hosts)
    texts = [
        fault_table(found),
        *plain_words(found, sum(item.verdict == "ok" for item in verdicts)),
        RESULT.as_json(verdicts, {name: host_result(one) for name, one in observations.items()}),
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
    return Planner(topology).plan(problems).as_dict()


def _looked(hosts: Mapping[str, HostPlan]) -> dict[str, dict[str, Any]]:
    """Everything that is expected listens, and the firewalls are as planned: by part and host, without any probe."""
    firewall = {"changed": False, "as_planned": True, "differences": [], "openings": []}
    return {
        "sockets": {name: {"changed": False, "results": _listening(host)} for name, host in hosts.items()},
        "firewall": dict.fromkeys(hosts, firewall),
        "probes": {name: {"changed": False, "results": []} for name in hosts},
    }


def _listening(host: HostPlan) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "protocol": one.protocol,
            "ports": format_ports(one.ports),
            "status": "listening",
            "bind": "loopback" if one.bind == "loopback" else "network",
            "addresses": ["0.0.0.0"],
            "families": ["ipv4"],
            "processes": [{"pid": 1000, "name": "java"}],
        }
        for one in host.listeners or ()
    ]


if __name__ == "__main__":
    main()

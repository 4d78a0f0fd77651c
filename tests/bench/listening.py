# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""(c) What listens on a host, beside community.general.listen_ports_facts."""

from __future__ import annotations

import json

from ansible_collections.jsa.ports.tests.bench.hosts import NEAR, Hosts
from ansible_collections.jsa.ports.tests.bench.measure import AT_LEAST, Part, Samples
from ansible_collections.jsa.ports.tests.bench.process import UnmeasurableError

_PORTS = list(range(30001, 30301))
_PROCESSES = 30


def measure(hosts: Hosts, rounds: int) -> Part:
    expected = [{"id": f"port_{port}", "protocol": "tcp", "ports": str(port), "bind": "network"} for port in _PORTS]
    hosts.warm_up(NEAR)
    samples = Samples()
    with hosts.holding(NEAR, _PROCESSES, _PORTS):
        ours = hosts.sent_module(NEAR, "jsa.ports.listeners", {"expected": expected, "return_sockets": True})
        theirs = hosts.sent_module(NEAR, "community.general.listen_ports_facts", {"command": "ss"})
        for _round in range(rounds):
            timed = hosts.run(NEAR, *theirs)
            if len(json.loads(timed.output)["ansible_facts"]["tcp_listen"]) < len(_PORTS):
                raise UnmeasurableError("community.general.listen_ports_facts did not find all sockets")
            samples.add("listen_ports_facts", timed.seconds)
            timed = hosts.run(NEAR, *ours)
            if json.loads(timed.output)["summary"]["listening"] != len(_PORTS):
                raise UnmeasurableError("jsa.ports.listeners did not find all sockets")
            samples.add("listeners", timed.seconds)
            samples.add("ss -ltnup", hosts.run(NEAR, "ss", "-ltnup").seconds)
    return Part(
        f"(c) {len(_PORTS)} listening sockets, beside community.general.listen_ports_facts",
        f"{_PROCESSES} processes hold {len(_PORTS)} TCP sockets. Ansible sends each module once "
        "(`ANSIBLE_KEEP_REMOTE_FILES`). The figure is the time of that file, including its arguments, run by Python on "
        "the host: only the module, with its start. `jsa.ports.listeners` also compares all sockets with the expected "
        "ones. The other module uses `ss`.",
        samples,
        [
            samples.ratio("listen_ports_facts / listeners", ["listen_ports_facts"], ["listeners"], AT_LEAST, 10),
            samples.ratio("listeners / ss", ["listeners"], ["ss -ltnup"]),
        ],
    )

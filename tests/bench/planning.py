# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""(b) The plan of large inventories, beside a play that does nothing with them."""

from __future__ import annotations

import json
import time

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.jsa.ports.tests.bench import peers, process
from ansible_collections.jsa.ports.tests.bench.measure import AT_MOST, Part, Samples
from ansible_collections.jsa.ports.tests.bench.process import UnmeasurableError

_SIZES = (10, 100, 1000, 2000, 5000)
#: The size with a target, and for which the ports that services have chosen are planned, too.
_LARGE = 1000
_CHOSEN = 43691
_DISCOVERED = f"plan, {_LARGE:,} hosts, ports discovered on each"
_DEBUG = [
    {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": "ok"}, "run_once": True}]}
]
#: No plan can do without each host's variables, and Ansible is slow to tell them.
_READS = "{{ ansible_play_hosts_all | map('extract', hostvars, 'ansible_host') | unique | length }} addresses"
_READING = [
    {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": _READS}, "run_once": True}]}
]
_READ = f"debug of each host's address, {_LARGE:,} hosts"
_NETWORKS = {
    "admin": ["10.1.0.0/24"],
    "users": ["10.2.0.0/16"],
    "api_clients": "none",
    "log_sources": ["10.3.0.0/16", "10.4.0.0/16"],
    "flow_sources": ["10.5.0.0/16"],
    "wincollect_agents": "none",
    "snmp_managers": "none",
    "packet_capture_sources": "none",
    "off_site_sources": "none",
    "certificate_clients": "none",
}
#: What every ten hosts beyond the consoles are.
_MIX = (
    "jsa_processors",
    "jsa_data_nodes",
    "jsa_event_collectors",
    "jsa_event_collectors",
    "jsa_event_collectors",
    "jsa_event_collectors",
    "jsa_event_collectors",
    "jsa_flow_collectors",
    "jsa_flow_collectors",
    "jsa_collectors",
)


def measure(folder: Path, rounds: int) -> Part:
    environment = peers.environment(folder)
    play = folder / "debug.json"
    play.write_text(json.dumps(_DEBUG))
    reading = folder / "reading.json"
    reading.write_text(json.dumps(_READING))
    inventories = {}
    for size in _SIZES:
        inventories[size] = folder / f"inventory-{size}.yml"
        inventories[size].write_text(yaml.safe_dump(inventory(size)))

    discovered = folder / "discovered.json"
    discovered.write_text(json.dumps(_discovered(_LARGE)))

    def run(playbook: str, size: int, *more: str) -> float:
        argv = [peers.program("ansible-playbook"), playbook, "-i", str(inventories[size]), *more]
        timed = process.run(argv, environment)
        if playbook == "jsa.ports.plan" and f"h{size - 1:04}" not in timed.output:
            raise UnmeasurableError(f"{playbook} printed nothing about the last of {size} hosts: {timed.output[-500:]}")
        if more and timed.output.count(str(_CHOSEN)) < size // 2:
            raise UnmeasurableError(f"the plan of {size} hosts does not have the discovered ports")
        return timed.seconds

    # Once for nothing: Python compiles what it meets for the first time.
    run("jsa.ports.plan", _SIZES[0])
    samples = Samples()
    for _round in range(rounds):
        for size in _SIZES:
            samples.add(_debug(size), run(str(play), size))
            samples.add(_plan(size), run("jsa.ports.plan", size))
        samples.add(_READ, run(str(reading), _LARGE))
        settings = {"jsa_dynamic_ports": "discovered", "jsa_dynamic_ports_file": str(discovered)}
        samples.add(_DISCOVERED, run("jsa.ports.plan", _LARGE, "-e", json.dumps(settings)))
    ratios = []
    for size in _SIZES:
        target = (AT_MOST, 1.5) if size == _LARGE else ()
        ratios.append(samples.ratio(f"plan / debug, {size:,} hosts", [_plan(size)], [_debug(size)], *target))
    ratios.append(samples.ratio(f"plan / {_READ}", [_plan(_LARGE)], [_READ]))
    ratios.append(samples.ratio(f"{_DISCOVERED} / none", [_DISCOVERED], [_plan(_LARGE)]))
    for more, fewer in ((2000, 1000), (5000, 1000)):
        what = f"{more:,} hosts / {fewer:,} hosts"
        # A tenth more than the hosts: what grows with their square would be far above it.
        target = (AT_MOST, more / fewer * 1.1)
        ratios.append(samples.ratio(f"plan, {what}", [_plan(more)], [_plan(fewer)], *target))
        ratios.append(samples.ratio(f"debug, {what}", [_debug(more)], [_debug(fewer)]))
    return Part(
        "(b) The plan of a large deployment, beside a play with one debug",
        "The inventories are generated, in YAML: a console with its HA secondary, and for every ten additional hosts "
        "one processor, one data node, and eight collectors, 50 hosts to a subnet, every fourth host encrypted. "
        "`jsa.ports.plan` computes the complete plan and prints the table of all hosts. The other play has one `debug` "
        "task with `run_once` on the same inventory. A third play prints the number of the hosts' addresses. For that, "
        "Ansible reads the variables of each host, as it does for a plan. With discovered ports, a file has the "
        "answers of each host's port mappers (`jsa_dynamic_ports_file`). The figures are complete processes of "
        "`ansible-playbook`. No host is contacted.",
        samples,
        ratios,
    )


def _debug(size: int) -> str:
    return f"debug, {size:,} hosts"


def _plan(size: int) -> str:
    return f"plan, {size:,} hosts"


def _discovered(size: int) -> dict[str, Any]:
    """The answers of the port mappers of all hosts: a broker that has chosen four ports."""
    services = [
        {"service": name, "kind": "imq", "protocol": "tcp", "port": _CHOSEN + number}
        for number, name in enumerate(("admin", "cluster", "jms", "jmxrmi"))
    ]
    answer = {
        "observed_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "services": services,
        "imq": {"state": "ok"},
        "rpcbind": {"state": "ok"},
    }
    return {"version": 1, "hosts": {f"h{index:04}": answer for index in range(size)}}


def inventory(size: int) -> dict[str, Any]:
    """A deployment of so many hosts."""
    children: dict[str, dict[str, dict[str, Any]]] = {"jsa_console": {"hosts": {}}}
    for group in _MIX:
        children[group] = {"hosts": {}}
    for group, name, variables in _members(size):
        children[group]["hosts"][name] = variables
    return {"all": {"vars": {"jsa_release": "7.5.0 UP8", "jsa_networks": _NETWORKS}, "children": children}}


def _members(size: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    processor = ""
    for index in range(size):
        name = f"h{index:04}"
        variables: dict[str, Any] = {"ansible_host": f"10.{80 + index // 10000}.{index // 50 % 200}.{index % 50 + 11}"}
        if index < 2:
            variables["jsa_ha_peer"] = f"h{1 - index:04}"
            variables["jsa_ha_virtual_address"] = "10.79.0.1"
            yield "jsa_console", name, variables
            continue
        group = _MIX[(index - 2) % len(_MIX)]
        if group == "jsa_processors":
            processor = name
        else:
            variables["jsa_processor"] = processor
        if index % 4 == 0:
            variables["jsa_encrypted"] = True
        yield group, name, variables

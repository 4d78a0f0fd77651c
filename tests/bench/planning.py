# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""(b) The plan of large inventories, beside a play that does nothing with them."""

from __future__ import annotations

import json

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.jsa.ports.tests.bench import peers, process
from ansible_collections.jsa.ports.tests.bench.measure import AT_MOST, Part, Samples
from ansible_collections.jsa.ports.tests.bench.process import UnmeasurableError

_SIZES = (10, 100, 1000, 2000)
_DEBUG = [
    {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": "ok"}, "run_once": True}]}
]
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
    inventories = {}
    for size in _SIZES:
        inventories[size] = folder / f"inventory-{size}.yml"
        inventories[size].write_text(yaml.safe_dump(inventory(size)))

    def run(playbook: str, size: int) -> float:
        argv = [peers.program("ansible-playbook"), playbook, "-i", str(inventories[size])]
        timed = process.run(argv, environment)
        if playbook != str(play) and f"h{size - 1:04}" not in timed.output:
            raise UnmeasurableError(f"{playbook} printed nothing about the last of {size} hosts: {timed.output[-500:]}")
        return timed.seconds

    # Once for nothing: Python compiles what it meets for the first time.
    run("jsa.ports.plan", _SIZES[0])
    samples = Samples()
    for _round in range(rounds):
        for size in _SIZES:
            samples.add(_debug(size), run(str(play), size))
            samples.add(_plan(size), run("jsa.ports.plan", size))
    ratios = []
    for size in _SIZES:
        target = (AT_MOST, 2.0) if size == 1000 else ()
        ratios.append(samples.ratio(f"plan / debug, {size:,} hosts", [_plan(size)], [_debug(size)], *target))
    ratios.append(samples.ratio("plan, 2,000 hosts / 1,000 hosts", [_plan(2000)], [_plan(1000)], AT_MOST, 2.2))
    ratios.append(samples.ratio("debug, 2,000 hosts / 1,000 hosts", [_debug(2000)], [_debug(1000)]))
    return Part(
        "(b) The plan of a large deployment, beside a play with one debug",
        "The inventories are generated, in YAML: a console with its HA secondary, and for every ten additional hosts "
        "one processor, one data node, and eight collectors, 50 hosts to a subnet, every fourth host encrypted. "
        "`jsa.ports.plan` computes the complete plan and prints the table of all hosts. The other play has one `debug` "
        "task with `run_once` on the same inventory. The figures are complete processes of `ansible-playbook`. No host "
        "is contacted.",
        samples,
        ratios,
    )


def _debug(size: int) -> str:
    return f"debug, {size:,} hosts"


def _plan(size: int) -> str:
    return f"plan, {size:,} hosts"


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

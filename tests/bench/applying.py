# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""(a) The rules of one console: beside a loop of ansible.posix.firewalld, and beside what cannot be undercut."""

from __future__ import annotations

import ipaddress
import json

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.jsa.ports.tests.bench import peers, process
from ansible_collections.jsa.ports.tests.bench.hosts import CONSOLE, Hosts
from ansible_collections.jsa.ports.tests.bench.measure import AT_LEAST, AT_MOST, Part, Samples
from ansible_collections.jsa.ports.tests.bench.process import UnmeasurableError

_INVENTORY = peers.ROOT / "tests" / "lab" / "inventories" / "demo.yml"
_LOOPED = 60

#: The host as it was: no rule of anybody's, neither in the files nor in what runs.
_RESET = "rm -f /etc/firewalld/zones/* /etc/firewalld/policies/* /etc/firewalld/ipsets/* && firewall-cmd -q --reload"


def measure(hosts: Hosts, folder: Path, rounds: int) -> Part:
    rules = _console(folder)
    ours = {"inbound": rules["inbound"], "refused": rules["refused"]}
    rich = list(_rich_rules(rules["inbound"]))
    if len(rich) < _LOOPED:
        raise UnmeasurableError(f"the console of {_INVENTORY.name} has {len(rich)} rules only")
    hosts.warm_up(CONSOLE)
    samples = Samples()
    for _round in range(rounds):
        _beside_the_floor(hosts, ours, samples)
    for _round in range(min(3, (rounds + 1) // 2)):
        _beside_the_loop(hosts, ours, rich[:_LOOPED], samples)
    hosts.run(CONSOLE, "sh", "-c", _RESET)
    return Part(
        f"(a) The rules of one console, beside a loop of ansible.posix.firewalld with {_LOOPED} rules",
        f"The console of `{_INVENTORY.relative_to(peers.ROOT)}` accepts {len(rich)} pairs of port and source and "
        f"refuses {len(rules['refused'])} ports or ranges to everyone else. `jsa.ports.firewalld_policy` gets all of "
        f"that; the loop gets the first {_LOOPED} of the accepted pairs as rich rules (`permanent` and `immediate`). "
        "Each figure is a whole process of `ansible-playbook` (beside the loop) or `ansible -m` (beside the ping) with "
        "this one task, over a connection that ControlPersist has kept open. Before each first apply the host has no "
        "rule of anybody's. The floor is `ansible -m ping` plus a bare `firewall-cmd --reload` on the host with the "
        "console's rules in its files: whoever brings rules from files into what runs pays for both.",
        samples,
        [
            samples.ratio("loop / ours, first apply", ["loop, first"], ["play, first"], AT_LEAST, 40),
            samples.ratio("loop / ours, no change", ["loop, no change"], ["play, no change"], AT_LEAST, 40),
            samples.ratio("first apply / (ping + reload)", ["first apply"], ["ping", "reload"], AT_MOST, 1.5),
            samples.ratio(
                "first apply / (ping + reload without any rules)", ["first apply"], ["ping", "reload without rules"]
            ),
            samples.ratio("no change / ping", ["no change"], ["ping"], AT_MOST, 1.3),
        ],
    )


def _console(folder: Path) -> dict[str, Any]:
    """What the plan says about the console, computed as a user would."""
    plan = folder / "plan.json"
    argv = [peers.program("ansible-playbook"), "jsa.ports.plan", "-i", str(_INVENTORY), "-e", f"jsa_plan_dest={plan}"]
    process.run(argv, peers.environment(folder))
    console: dict[str, Any] = json.loads(plan.read_text())["hosts"][CONSOLE]
    return console


def _rich_rules(inbound: list[dict[str, Any]]) -> Iterator[str]:
    for rule in inbound:
        for source in rule["sources"]:
            network = ipaddress.ip_network(source)
            if rule["protocol"] == "icmp":
                what = f'protocol value="{"icmp" if network.version == 4 else "ipv6-icmp"}"'
            else:
                what = f'port port="{rule["ports"]}" protocol="{rule["protocol"]}"'
            yield f'rule family="ipv{network.version}" source address="{network}" {what} accept'


def _beside_the_floor(hosts: Hosts, ours: dict[str, Any], samples: Samples) -> None:
    def reload(name: str) -> None:
        samples.add(name, hosts.run(CONSOLE, "firewall-cmd", "--reload").seconds)

    def apply(name: str, status: str) -> None:
        timed = hosts.module(CONSOLE, "jsa.ports.firewalld_policy", ours)
        if not timed.output.startswith(f"{CONSOLE} | {status} "):
            raise UnmeasurableError(f"{name}: {timed.output[:500]}")
        samples.add(name, timed.seconds)

    hosts.run(CONSOLE, "sh", "-c", _RESET)
    reload("reload without rules")
    apply("first apply", "CHANGED")
    samples.add("ping", hosts.module(CONSOLE, "ansible.builtin.ping", {}).seconds)
    apply("no change", "SUCCESS")
    reload("reload")


def _beside_the_loop(hosts: Hosts, ours: dict[str, Any], rich: list[str], samples: Samples) -> None:
    loop = {
        "ansible.posix.firewalld": {
            "rich_rule": "{{ item }}",
            "zone": "public",
            "state": "enabled",
            "permanent": True,
            "immediate": True,
        },
        "loop": rich,
    }

    def play(name: str, task: dict[str, Any], changed: bool) -> None:
        timed = hosts.play(CONSOLE, task)
        if f"changed={int(changed)} " not in timed.output:
            raise UnmeasurableError(f"{name}: {timed.output[-500:]}")
        samples.add(name, timed.seconds)

    for who, task in (("loop", loop), ("play", {"jsa.ports.firewalld_policy": ours})):
        hosts.run(CONSOLE, "sh", "-c", _RESET)
        play(f"{who}, first", task, True)
        play(f"{who}, no change", task, False)

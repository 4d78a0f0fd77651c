# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""(a) The rules of one console: beside a loop of ansible.posix.firewalld, and beside what cannot be undercut."""

from __future__ import annotations

import ipaddress
import json
import statistics

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.jsa.ports.tests.bench import peers, process
from ansible_collections.jsa.ports.tests.bench.hosts import CONSOLE, Hosts
from ansible_collections.jsa.ports.tests.bench.measure import AT_MOST, Part, Ratio, Samples
from ansible_collections.jsa.ports.tests.bench.process import UnmeasurableError

_INVENTORY = peers.ROOT / "tests" / "lab" / "inventories" / "demo.yml"
_LOOPED = 60
_MODULE = "jsa.ports.firewall"

_PING, _RELOAD, _EMPTY_RELOAD = "ping", "reload", "reload without any rules"
_FIRST, _AGAIN = "first apply", "no change"
_CONFIRMED, _CONFIRMED_AGAIN = "first apply, confirmed", "no change, confirmed"
_LOOP_FIRST, _LOOP_AGAIN = "play with the loop, first apply", "play with the loop, no change"
_PLAY_FIRST, _PLAY_AGAIN, _PLAY_PING = "play with ours, first apply", "play with ours, no change", "play with one ping"

#: The host as it was: no rule of anybody's, neither in the files nor in the running rules.
_RESET = "rm -f /etc/firewalld/zones/* /etc/firewalld/policies/* /etc/firewalld/ipsets/* && firewall-cmd -q --reload"


def measure(hosts: Hosts, folder: Path, rounds: int) -> Part:
    rules = _console(folder)
    # Neither the loop nor the floor confirms anything; what the confirmation costs is measured by itself.
    ours = {"rules": rules, "confirm_timeout": 0}
    rich = list(_rich_rules(rules["inbound"]))
    if len(rich) < _LOOPED:
        raise UnmeasurableError(f"the console of {_INVENTORY.name} has {len(rich)} rules only")
    hosts.warm_up(CONSOLE)
    samples = Samples()
    for _round in range(rounds):
        _beside_the_floor(hosts, ours, samples)
        for name, module in ((_PING, "ansible.builtin.ping"), (_AGAIN, _MODULE)):
            samples.add(_pack(name), hosts.packing(module))
    for _round in range(min(3, (rounds + 1) // 2)):
        _beside_the_loop(hosts, ours, rich[:_LOOPED], samples)
    reset(hosts)
    return Part(
        f"(a) The rules of one console, beside a loop of ansible.posix.firewalld with {_LOOPED} rules",
        f"The console of `{_INVENTORY.relative_to(peers.ROOT)}` accepts {len(rich)} pairs of port and source and "
        f"rejects {len(rules['refused'])} ports or ranges for everyone else. `jsa.ports.firewall` applies all of these "
        f"rules. The loop applies the first {_LOOPED} of the accepted pairs as rich rules (`permanent` and "
        "`immediate`). Each figure is a complete process with this one task: `ansible-playbook` for the comparison "
        "with the loop, `ansible -m` for the comparison with the ping. ControlPersist keeps the connection open. In "
        "the comparison with the loop, our figure is the mean of a run before the loop and a run after it. Before each "
        "first apply, the host has no rules. The lower bound is `ansible -m ping` plus `firewall-cmd --reload` on the "
        "host with the console's rules in its files: every program that loads rules from files needs both. No task can "
        "take less than a play with one ping, so no task can be faster than the loop by more than that ratio. Before "
        "it contacts a host, Ansible packs a module with everything that it imports, once in a run: that is measured "
        "by itself, and does not grow with the hosts.",
        samples,
        [
            *_loop_ratios(samples, len(rich) + len(rules["refused"])),
            samples.ratio("first apply / (ping + reload)", [_FIRST], [_PING, _RELOAD], AT_MOST, 1.5),
            samples.ratio("first apply / (ping + reload without any rules)", [_FIRST], [_PING, _EMPTY_RELOAD]),
            samples.ratio("no change / ping", [_AGAIN], [_PING], AT_MOST, 1.3),
            Ratio(
                "no change / ping, without packing the module", _unpacked(samples, _AGAIN) / _unpacked(samples, _PING)
            ),
            samples.ratio("first apply, confirmed / unconfirmed", [_CONFIRMED], [_FIRST], AT_MOST, 2),
            samples.ratio("no change, to be confirmed / not to be", [_CONFIRMED_AGAIN], [_AGAIN]),
        ],
    )


def _pack(name: str) -> str:
    return f"Ansible packs the module of {name!r}"


def _unpacked(samples: Samples, name: str) -> float:
    return samples.median(name) - samples.median(_pack(name))


def reset(hosts: Hosts) -> None:
    """Takes all rules away from the console, the site's too."""
    hosts.run(CONSOLE, "sh", "-c", _RESET)


def _loop_ratios(samples: Samples, rules: int) -> list[Ratio]:
    first = samples.ratio("loop / ours, first apply", [_LOOP_FIRST], [_PLAY_FIRST])
    again = samples.ratio("loop / ours, no change", [_LOOP_AGAIN], [_PLAY_AGAIN])
    return [
        first,
        again,
        samples.ratio("loop / a play with one ping (lower bound)", [_LOOP_AGAIN], [_PLAY_PING]),
        first.scaled(rules / _LOOPED, f"loop, scaled to all {rules} rules / ours, first apply"),
        again.scaled(rules / _LOOPED, f"loop, scaled to all {rules} rules / ours, no change"),
    ]


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

    def apply(name: str, status: str, confirm_timeout: int = 0) -> None:
        timed = hosts.module(CONSOLE, _MODULE, {**ours, "confirm_timeout": confirm_timeout})
        if not timed.output.startswith(f"{CONSOLE} | {status} "):
            raise UnmeasurableError(f"{name}: {timed.output[:500]}")
        samples.add(name, timed.seconds)

    reset(hosts)
    reload(_EMPTY_RELOAD)
    apply(_FIRST, "CHANGED")
    samples.add(_PING, hosts.module(CONSOLE, "ansible.builtin.ping", {}).seconds)
    apply(_AGAIN, "SUCCESS")
    apply(_CONFIRMED_AGAIN, "SUCCESS", 60)
    reload(_RELOAD)
    reset(hosts)
    apply(_CONFIRMED, "CHANGED", 60)


def _beside_the_loop(hosts: Hosts, ours: dict[str, Any], rich: list[str], samples: Samples) -> None:
    """A loop takes so long that the machine may be another one at its end: what it is compared with surrounds it."""
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

    def play(task: dict[str, Any], changed: bool) -> float:
        timed = hosts.play(CONSOLE, task)
        if f"changed={int(changed)} " not in timed.output:
            raise UnmeasurableError(f"{next(iter(task))}: {timed.output[-500:]}")
        return timed.seconds

    def from_nothing(task: dict[str, Any]) -> tuple[float, float]:
        reset(hosts)
        return play(task, True), play(task, False)

    around = [(*from_nothing({_MODULE: ours}), play({"ansible.builtin.ping": {}}, False))]
    first, again = from_nothing(loop)
    around.append((*from_nothing({_MODULE: ours}), play({"ansible.builtin.ping": {}}, False)))
    samples.add(_LOOP_FIRST, first)
    samples.add(_LOOP_AGAIN, again)
    for name, values in zip((_PLAY_FIRST, _PLAY_AGAIN, _PLAY_PING), zip(*around, strict=True), strict=True):
        samples.add(name, statistics.mean(values))

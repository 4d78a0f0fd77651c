# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""(g) The console of a deployment of 2,000 hosts: its plan, its rules on a real host, one host more, two plans."""

from __future__ import annotations

import json
import sys

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.jsa.ports.tests.bench import applying, peers, planning, process
from ansible_collections.jsa.ports.tests.bench.hosts import CONSOLE, Hosts
from ansible_collections.jsa.ports.tests.bench.measure import AT_MOST, Part, Ratio, Samples
from ansible_collections.jsa.ports.tests.bench.process import UnmeasurableError

_SIZE = 2000
_PLANNED = "h0000"
_MIB = 2**20

_PING, _RELOAD = "play with ping", "reload"
_FIRST, _ADDED, _AGAIN = "first apply", "one host more", "no change"
_READ, _COMPARED = "reading two plans", "comparing them"
#: Two plans, once they are read.
_MOST_SECONDS = 2.0

#: Runs a command, and prints the most memory that one of its processes had, in KiB.
_MEMORY = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@dataclass(frozen=True)
class _Saved:
    """A plan as jsa.ports.plan saves it."""

    path: Path
    rules: dict[str, Any]
    memory_mib: float

    @property
    def mib(self) -> float:
        return self.path.stat().st_size / _MIB

    @property
    def entries(self) -> int:
        return sum(len(rule["sources"]) for rule in self.rules["inbound"])


def measure(hosts: Hosts, folder: Path, rounds: int) -> Part:
    old, new = _saved(folder, _SIZE), _saved(folder, _SIZE + 1)
    hosts.warm_up(CONSOLE)
    samples = Samples()
    for _round in range(rounds):
        _applied(hosts, old, new, samples)
        _compared(folder, old, new, samples)
    applying.reset(hosts)
    return Part(
        f"(g) The rules of the console of {_SIZE:,} hosts",
        f"The inventory is that of (b). `jsa.ports.plan` saves the plan. `jsa.ports.firewall` applies the rules of the "
        f"console ({len(old.rules['inbound'])} rules with {old.entries:,} entries of their sources, in sets that they "
        "share) to a host with firewalld, then the rules of the same deployment with one host more, and then the same "
        "once more. Each figure is a complete process of `ansible-playbook` with this one task. One host more changes "
        "entries of sets only: a task that reloads firewalld fails. The two plans are then read and compared as "
        "`jsa.ports.diff` does, without Ansible. The memory is that of the largest process of `jsa.ports.plan`.",
        samples,
        [
            samples.ratio("first apply / (ping + reload)", [_FIRST], [_PING, _RELOAD]),
            samples.ratio("one host more / ping", [_ADDED], [_PING]),
            samples.ratio("no change / ping", [_AGAIN], [_PING]),
            Ratio("seconds, comparing two plans", samples.median(_COMPARED), AT_MOST, _MOST_SECONDS),
            Ratio("MiB, the saved plan", old.mib),
            Ratio("MiB, the memory of the plan's largest process", old.memory_mib),
        ],
    )


def _saved(folder: Path, size: int) -> _Saved:
    inventory = folder / f"scale-{size}.yml"
    inventory.write_text(yaml.safe_dump(planning.inventory(size)))
    path = folder / f"scale-{size}.json"
    command = [peers.program("ansible-playbook"), "jsa.ports.plan", "-i", str(inventory), "-e", f"jsa_plan_dest={path}"]
    told = process.run([sys.executable, "-c", _MEMORY, *command], peers.environment(folder)).output
    rules: dict[str, Any] = json.loads(path.read_text())["hosts"][_PLANNED]
    return _Saved(path, rules, int(told) / 1024)


def _applied(hosts: Hosts, old: _Saved, new: _Saved, samples: Samples) -> None:
    def apply(name: str, saved: _Saved, changed: bool, reloaded: bool) -> None:
        task = {
            # The host of the lab is none of the plan's.
            "jsa.ports.firewall": {"rules": saved.rules, "confirm_timeout": 0, "verify_identity": False},
            "register": "applied",
            "failed_when": f"applied.failed | default(false) or applied.reloaded != {reloaded}",
        }
        timed = hosts.play(CONSOLE, task)
        if f"changed={int(changed)} " not in timed.output:
            raise UnmeasurableError(f"{name}: {timed.output[-500:]}")
        samples.add(name, timed.seconds)

    applying.reset(hosts)
    samples.add(_PING, hosts.play(CONSOLE, {"ansible.builtin.ping": {}}).seconds)
    apply(_FIRST, old, changed=True, reloaded=True)
    apply(_ADDED, new, changed=True, reloaded=False)
    apply(_AGAIN, new, changed=False, reloaded=False)
    samples.add(_RELOAD, hosts.run(CONSOLE, "firewall-cmd", "--reload").seconds)


def _compared(folder: Path, old: _Saved, new: _Saved, samples: Samples) -> None:
    module = "ansible_collections.jsa.ports.tests.bench.comparing"
    environment = {**peers.environment(folder), "PYTHONPATH": str(peers.ROOT / ".dev")}
    told = process.run([sys.executable, "-m", module, str(old.path), str(new.path)], environment).output
    found = json.loads(told)
    if not found["lines"]:
        raise UnmeasurableError("two plans that differ by one host have no difference")
    samples.add(_READ, found["read"])
    samples.add(_COMPARED, found["compare"])

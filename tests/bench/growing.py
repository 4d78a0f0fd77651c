# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""(h) How the time of a check grows with the hosts, and what that makes of a deployment that no lab can hold."""

from __future__ import annotations

import json

from collections.abc import Callable
from pathlib import Path

from lab import Lab
from lab.api import take_down

from ansible_collections.jsa.ports.tests.bench.checking import Run, inventory_of
from ansible_collections.jsa.ports.tests.bench.measure import Part, Ratio, Samples

LAB = "bench-growth"
_SIZES = (10, 50, 200)
_MODELED = 2000
#: Of that size, the default scope is another one, with fewer flows for each pair of hosts.
_SCOPE = "console"


def measure(folder: Path) -> Part:
    samples = Samples()
    for size in _SIZES:
        _measured(folder, size, samples)
    small, large = _SIZES[-2:]
    a_check = _each(samples, _check, small, large)
    a_ping = _each(samples, _ping, small, large)
    beyond = samples.median(_check(large)) + a_check * (_MODELED - large)
    return Part(
        "(h) A check as the deployment grows",
        f"Hosts as in (e), {', '.join(map(str, _SIZES))} of them, each deployment in a lab of its own, measured once. "
        f"`jsa_port_check_scope` is `{_SCOPE}`, the default for more than 50 hosts. Both plays run with Ansible's "
        f"default of five forks. From {small} to {large} hosts, each host more takes {a_check:.2f} s of the check and "
        f"{a_ping:.2f} s of the ping. A check of {_MODELED:,} hosts would take {beyond / 60:.0f} minutes at that rate, "
        f"and a ping {(samples.median(_ping(large)) + a_ping * (_MODELED - large)) / 60:.0f} minutes: computed, not "
        "measured. The bound is the processor of the controller, where Ansible starts a process and several SSH "
        "sessions for each host and task. More forks help as far as it has processors. `jsa_port_check_observations` "
        "divides the hosts among several controllers.",
        samples,
        [
            *(samples.ratio(f"check / ping, {size} hosts", [_check(size)], [_ping(size)]) for size in _SIZES),
            samples.ratio(f"check, {large} hosts / {small} hosts", [_check(large)], [_check(small)]),
            samples.ratio(f"ping, {large} hosts / {small} hosts", [_ping(large)], [_ping(small)]),
            Ratio(f"one host more of the check / one of the ping, from {small} to {large} hosts", a_check / a_ping),
        ],
    )


def _check(size: int) -> str:
    return f"jsa.ports.check, {size} hosts"


def _ping(size: int) -> str:
    return f"play with ping, {size} hosts"


def _each(samples: Samples, name_of: Callable[[int], str], small: int, large: int) -> float:
    """The seconds of one host more."""
    return (samples.median(name_of(large)) - samples.median(name_of(small))) / (large - small)


def _measured(folder: Path, size: int, samples: Samples) -> None:
    inventory = folder / "check.yml"
    inventory.write_text(json.dumps(inventory_of(size)))
    take_down(LAB)
    with Lab.up(inventory, LAB) as lab:
        run = Run(lab, folder)
        run.playbook("jsa.ports.plan", "-e", f"jsa_plan_dest={folder}/check-plan.json")
        lab.load_services(folder / "check-plan.json")
        # Opens the connections that ControlPersist keeps.
        run.play({"ansible.builtin.ping": {}})
        samples.add(_ping(size), run.play({"ansible.builtin.ping": {}}))
        samples.add(_check(size), run.check(scope=_SCOPE))

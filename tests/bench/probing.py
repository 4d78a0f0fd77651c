# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""(d) A thousand TCP probes, beside nmap and beside a loop of wait_for."""

from __future__ import annotations

import json

from collections.abc import Sequence
from typing import Any

from ansible_collections.jsa.ports.tests.bench.hosts import ADDRESSES, FAR, NEAR, Hosts
from ansible_collections.jsa.ports.tests.bench.measure import AT_LEAST, AT_MOST, Part, Ratio, Samples
from ansible_collections.jsa.ports.tests.bench.process import UnmeasurableError

_SILENT = range(20001, 21001)
_CLOSED = range(30001, 31001)
#: One port in a hundred is open.
_STEP = 100
_TIMEOUT = 1
_WAITED_FOR = 10


def _open(ports: Sequence[int]) -> list[int]:
    return list(ports[_STEP - 1 :: _STEP])


def measure(hosts: Hosts, rounds: int) -> Part:
    hosts.warm_up(NEAR)
    hosts.run(FAR, "nft", _dropping(_SILENT))
    samples = Samples()
    with hosts.holding(FAR, 1, [*_open(_SILENT), *_open(_CLOSED)]):
        for name, ports, result in (("closed", _CLOSED, "refused"), ("silent", _SILENT, "no_answer")):
            ours = hosts.sent_module(NEAR, "jsa.ports.reachability", _arguments(ports), mark=name)
            for _round in range(rounds):
                samples.add(f"nmap, mostly {name}", _nmap(hosts, ports))
                whole, probing = _reachability(hosts, ours, ports, result)
                samples.add(f"reachability, mostly {name}", whole)
                samples.add(f"reachability without its start, mostly {name}", probing)
                samples.add(f"nmap --min-rate 1000, mostly {name}", _nmap(hosts, ports, "--min-rate", "1000"))
        ping = hosts.sent_module(NEAR, "ansible.builtin.ping", {})
        for _round in range(rounds):
            samples.add(_START, hosts.run(NEAR, *ping).seconds)
        for _round in range(max(1, rounds // 3)):
            _beside_wait_for(hosts, samples)
    return Part(
        f"(d) {len(_CLOSED):,} TCP probes from one host to another, beside nmap and wait_for",
        f"One port in {_STEP} is open. Of the others, a thousand are closed, and another thousand are dropped without "
        "an answer. `nmap -sT -Pn -n -p PORTS ADDRESS` runs on the host, and so does the file of "
        f"`jsa.ports.reachability` that Ansible has sent there (`rate: 0`, `timeout: {_TIMEOUT}`). It is measured with "
        "its start and without (`seconds` of its answer). nmap starts with a timeout of one second and adapts it to "
        "the answers that it gets. The module always waits for its timeout. The start is compared with the file of "
        "`ansible.builtin.ping`, which starts only Python and Ansible's own part: no module can take less. "
        f"`wait_for` (`timeout: {_TIMEOUT}`) runs "
        f"in a loop over {_WAITED_FOR} silent ports only, compared with one task of the module for all thousand ports, "
        "both as complete processes of `ansible-playbook`. The ratio is per port, without the time of a ping for the "
        "loop.",
        samples,
        [
            *_beside_nmap(samples, "closed"),
            *_beside_nmap(samples, "silent"),
            Ratio("start of reachability / start of ping", _own_start(samples) / samples.median(_START)),
            Ratio("wait_for / reachability, per port", _per_port(samples), AT_LEAST, 1),
        ],
    )


def _dropping(ports: range) -> str:
    accepted = ", ".join(map(str, _open(ports)))
    return (
        "add table inet bench; add chain inet bench input { type filter hook input priority 0; }; "
        f"add rule inet bench input tcp dport {ports[0]}-{ports[-1]} tcp dport != {{ {accepted} }} drop"
    )


def _arguments(ports: Sequence[int]) -> dict[str, Any]:
    probes = [{"address": ADDRESSES[FAR], "port": port} for port in ports]
    return {"probes": probes, "rate": 0, "timeout": _TIMEOUT}


def _nmap(hosts: Hosts, ports: range, *options: str) -> float:
    command = ["nmap", "-sT", "-Pn", "-n", *options, "-p", f"{ports[0]}-{ports[-1]}", ADDRESSES[FAR]]
    timed = hosts.run(NEAR, *command)
    found = sum("/tcp open" in " ".join(line.split()) for line in timed.output.splitlines())
    if found != len(_open(ports)):
        raise UnmeasurableError(f"nmap found {found} open ports instead of {len(_open(ports))}:\n{timed.output}")
    return timed.seconds


def _reachability(hosts: Hosts, command: Sequence[str], ports: range, result: str) -> tuple[float, float]:
    """Seconds of the whole file, and of the probing in it as the module tells them."""
    timed = hosts.run(NEAR, *command)
    answer = json.loads(timed.output)
    summary = answer["summary"]
    if summary["open"] != len(_open(ports)) or summary[result] != len(ports) - len(_open(ports)):
        raise UnmeasurableError(f"jsa.ports.reachability found something else: {summary}")
    return timed.seconds, answer["seconds"]


def _beside_nmap(samples: Samples, case: str) -> list[Ratio]:
    ours, theirs = f"reachability, mostly {case}", f"nmap, mostly {case}"
    hurried, inner = f"nmap --min-rate 1000, mostly {case}", f"reachability without its start, mostly {case}"
    return [
        samples.ratio(f"reachability / nmap, mostly {case}", [ours], [theirs]),
        samples.ratio(f"reachability without its start / nmap, mostly {case}", [inner], [theirs], AT_MOST, 1),
        samples.ratio(f"reachability / nmap --min-rate 1000, mostly {case}", [ours], [hurried]),
    ]


def _own_start(samples: Samples) -> float:
    """The seconds of the module's file that are no probing."""
    name = "mostly closed"
    return samples.median(f"reachability, {name}") - samples.median(f"reachability without its start, {name}")


def _beside_wait_for(hosts: Hosts, samples: Samples) -> None:
    silent = [port for port in _SILENT if port not in _open(_SILENT)][:_WAITED_FOR]
    looped = {
        "ansible.builtin.wait_for": {"host": ADDRESSES[FAR], "port": "{{ item }}", "timeout": _TIMEOUT},
        "loop": silent,
        # That they time out is what is measured.
        "failed_when": False,
    }
    samples.add("ping", hosts.module(NEAR, "ansible.builtin.ping", {}).seconds)
    samples.add(_LOOPED, hosts.play(NEAR, looped).seconds)
    samples.add(_PLAYED, hosts.play(NEAR, {"jsa.ports.reachability": _arguments(_SILENT)}).seconds)


_START = "ping, the file on the host"
_LOOPED = f"play with wait_for, {_WAITED_FOR} ports"
_PLAYED = f"play with reachability, {len(_SILENT):,} ports"


def _per_port(samples: Samples) -> float:
    loop = samples.median(_LOOPED) - samples.median("ping")
    return loop / _WAITED_FOR / (samples.median(_PLAYED) / len(_SILENT))

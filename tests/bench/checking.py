# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""(e) A check of fifty hosts, beside nmap and a loop of wait_for on the same ports; and the memory for 2,000."""

from __future__ import annotations

import json
import shlex
import sys

from pathlib import Path
from typing import Any

from lab import Lab
from lab.api import take_down

from ansible_collections.jsa.ports.tests.bench import peers, planning, process
from ansible_collections.jsa.ports.tests.bench.measure import AT_LEAST, AT_MOST, Part, Ratio, Samples
from ansible_collections.jsa.ports.tests.bench.process import UnmeasurableError

LAB = "bench-check"
_HOSTS = 50
#: With firewalld on each of them.
_SITE_LAB = "bench-site"
_SITE_HOSTS = 16
_SCOPE = "full"
_WAITED_FOR = 5
_RATE = 200

#: A whole check, beside a play with one ping of the same hosts; and a site run without a change, beside ping and check.
_MOST_PINGS = 2.5
_MOST_SITE = 1.3

_JOINED = 2000
_MOST_MIB = 512

_CHECK = "jsa.ports.check, everything"
_SITE = f"jsa.ports.site, no change, {_SITE_HOSTS} hosts with firewalld"
_SITE_CHECK = f"jsa.ports.check, {_SITE_HOSTS} hosts with firewalld"
_SITE_PING = f"play with ping, {_SITE_HOSTS} hosts with firewalld"
_OURS = "play with reachability"
_NMAP = "play with nmap -sT"
_LOOP = f"play with wait_for, {_WAITED_FOR} ports of each host"
_PING = "play with ping"


def measure(folder: Path, rounds: int, size: int = _HOSTS) -> Part:
    memory = _memory(folder)
    inventory = folder / "check.yml"
    inventory.write_text(json.dumps(inventory_of(size)))
    take_down(LAB)
    with Lab.up(inventory, LAB) as lab:
        run = Run(lab, folder)
        run.playbook("jsa.ports.plan", "-e", f"jsa_plan_dest={folder}/check-plan.json")
        lab.load_services(folder / "check-plan.json")
        run.play({"ansible.builtin.ping": {}})
        # What it probes is what the others get to probe.
        run.check()
        probes = run.probes()
        samples = Samples()
        for _round in range(rounds):
            samples.add(_CHECK, run.check())
            samples.add(_PING, run.play({"ansible.builtin.ping": {}}))
            samples.add(_OURS, run.play({"jsa.ports.reachability": {"probes": "{{ probes }}", "rate": _RATE}}))
            samples.add(_NMAP, run.play({"ansible.builtin.shell": "{{ nmap }}"}))
        # It takes longer than everything else, and by far more than noise could.
        samples.add(_LOOP, run.play(_looped()))
    _measure_site(folder, rounds, samples)
    count = sum(map(len, probes.values()))
    waited = sum(min(_WAITED_FOR, len(own)) for own in probes.values())
    # Ours keeps what Ansible itself takes: so little is left without it that noise would decide.
    loop = (samples.median(_LOOP) - samples.median(_PING)) / waited
    ours = samples.median(_OURS) / count
    everything = samples.median(_CHECK)
    return Part(
        f"(e) A check of {size} hosts, beside nmap and wait_for",
        f"A console with its HA secondary, processors, data nodes and collectors with JSA's sockets on {size} hosts of "
        f"the lab, without firewalld. `jsa.ports.check` (`jsa_port_check_scope: {_SCOPE}`, the default rate) asks each "
        f"host once for its sockets, its firewall and its probes; the {count:,} TCP probes of all hosts are then given "
        f"to one task of `jsa.ports.reachability` (`rate: {_RATE}`), of `nmap -sT -Pn -n` on the hosts, and, "
        f"{_WAITED_FOR} of each host, to a loop of `wait_for`. Whole processes of `ansible-playbook` with its default "
        "of five forks. The "
        "ratio with wait_for is per port, after a play with ping has been taken off the loop. The check itself took "
        f"{everything / size:.2f} seconds per host. The memory is that of a process that joins invented results of "
        f"{_JOINED:,} hosts (scope console, {memory['flows']:,} flows, {memory['seconds']:.0f} seconds): "
        f"{memory['mib']:.0f} MiB at its peak, of which {memory['before_mib']:.0f} MiB are the plan and the results "
        f"themselves. `jsa.ports.site` plans, compares the rules of each host, and checks, on {_SITE_HOSTS} hosts with "
        "firewalld and the rules of their plan, where everything is as it should be.",
        samples,
        [
            Ratio("TCP probes per second, check", count / everything),
            Ratio("TCP probes per second, reachability", count / samples.median(_OURS)),
            Ratio("TCP probes per second, nmap", count / samples.median(_NMAP)),
            samples.ratio("check / ping", [_CHECK], [_PING], AT_MOST, _MOST_PINGS),
            samples.ratio(f"check / ping, {_SITE_HOSTS} hosts with firewalld", [_SITE_CHECK], [_SITE_PING]),
            samples.ratio("site / (ping + check)", [_SITE], [_SITE_PING, _SITE_CHECK], AT_MOST, _MOST_SITE),
            samples.ratio("reachability / nmap", [_OURS], [_NMAP]),
            samples.ratio("check / nmap", [_CHECK], [_NMAP]),
            Ratio("wait_for / reachability, per port", loop / ours, AT_LEAST, 1),
            Ratio(f"MiB, joining {_JOINED:,} hosts' results", memory["mib"], AT_MOST, _MOST_MIB),
        ],
    )


def _measure_site(folder: Path, rounds: int, samples: Samples) -> None:
    """A whole run that finds everything as it should be, on hosts with the rules of their plan."""
    inventory = folder / "check.yml"
    inventory.write_text(json.dumps(inventory_of(_SITE_HOSTS, firewalld=True)))
    take_down(_SITE_LAB)
    with Lab.up(inventory, _SITE_LAB) as lab:
        run = Run(lab, folder)
        run.playbook("jsa.ports.plan", "-e", f"jsa_plan_dest={folder}/check-plan.json")
        lab.load_services(folder / "check-plan.json")
        run.playbook("jsa.ports.site", "--tags", "firewall")
        for _round in range(rounds):
            samples.add(_SITE_PING, run.play({"ansible.builtin.ping": {}}))
            samples.add(_SITE_CHECK, run.check())
            samples.add(_SITE, run.check("jsa.ports.site"))


class Run:
    """Ansible against the lab; each host's probes are variables of the hosts."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab = lab
        self._folder = folder
        self._environment = peers.environment(folder)
        self._variables = folder / "check-probes.json"
        self._variables.write_text("{}")

    def playbook(self, *argv: str) -> float:
        # The lab's own says how hosts are reached, and nothing of their roles.
        inventories = ["-i", str(self._folder / "check.yml"), "-i", str(self._lab.state.inventory)]
        command = [*self._lab.entering(None), peers.program("ansible-playbook"), *inventories]
        return process.run([*command, *argv], self._environment).seconds

    def play(self, task: dict[str, Any]) -> float:
        file = self._folder / "check-play.json"
        variables = {name: f"{{{{ all_{name}[inventory_hostname] }}}}" for name in ("probes", "nmap")}
        play = {"hosts": "all", "gather_facts": False, "vars": variables, "tasks": [task]}
        file.write_text(json.dumps([play]))
        return self.playbook(str(file), "-e", f"@{self._variables}")

    def check(self, playbook: str = "jsa.ports.check", scope: str = _SCOPE) -> float:
        # Verdicts fail nothing: what is timed is how they are come by.
        options = {
            "jsa_port_check_fail_on": [],
            "jsa_port_check_dest": str(self._folder / "check"),
            "jsa_port_check_scope": scope,
        }
        return self.playbook(playbook, "-e", json.dumps(options))

    def probes(self) -> dict[str, list[dict[str, Any]]]:
        """The TCP probes of each host, as the check had them; also as variables for the other plays."""
        document = json.loads((self._folder / "check" / "port_check.json").read_text())
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in document["hosts"]}
        for item in document["verdicts"]:
            if item["protocol"] == "tcp":
                found[item["from"]].append({"address": item["address"], "port": item["port"]})
        # Nothing refuses anybody on these hosts, so that every probe has to find its port open.
        closed = [
            one for one in document["verdicts"] if one["verdict"] not in ("ok", "unexpected_open", "unverifiable")
        ]
        if not all(found.values()) or closed:
            raise UnmeasurableError(f"the check found faults on sound hosts, or nothing to probe: {closed[:3]}")
        commands = {name: _nmap(own) for name, own in found.items()}
        self._variables.write_text(json.dumps({"all_probes": found, "all_nmap": commands}))
        return found


def _nmap(probes: list[dict[str, Any]]) -> str:
    """One nmap for all addresses with the same ports: nobody would start it for each of them."""
    ports_of: dict[str, list[int]] = {}
    for probe in probes:
        ports_of.setdefault(probe["address"], []).append(probe["port"])
    addresses_of: dict[str, list[str]] = {}
    for address, ports in ports_of.items():
        addresses_of.setdefault(",".join(map(str, sorted(ports))), []).append(address)
    commands = [["nmap", "-sT", "-Pn", "-n", "-p", ports, *them] for ports, them in addresses_of.items()]
    return " && ".join(map(shlex.join, commands))


def _looped() -> dict[str, Any]:
    return {
        "ansible.builtin.wait_for": {"host": "{{ item.address }}", "port": "{{ item.port }}", "timeout": 1},
        "loop": f"{{{{ probes[:{_WAITED_FOR}] }}}}",
    }


def inventory_of(size: int, firewalld: bool = False) -> dict[str, Any]:
    """A deployment of the lab's hosts."""
    whole = planning.inventory(size)
    whole["all"]["vars"]["lab_firewalld"] = firewalld
    members = [host for group in whole["all"]["children"].values() for host in group["hosts"].items()]
    for name, variables in members:
        variables["ansible_host"] = f"10.77.0.{11 + int(name[1:])}"
        # A tunnel would be JSA's own.
        variables.pop("jsa_encrypted", None)
        if "jsa_ha_virtual_address" in variables:
            variables["jsa_ha_virtual_address"] = "10.77.0.10"
            variables["lab_holds_virtual_address"] = name == "h0000"
    return whole


def _memory(folder: Path) -> dict[str, Any]:
    # As the controller runs it: with the Ansible that is measured, in a process that has held nothing before.
    module = "ansible_collections.jsa.ports.tests.bench.joining"
    environment = {**peers.environment(folder), "PYTHONPATH": str(peers.ROOT / ".dev")}
    timed = process.run([sys.executable, "-m", module, str(_JOINED), "console"], environment)
    found: dict[str, Any] = json.loads(timed.output)
    return found

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arranges faults in a lab, and checks one flow as the role jsa_port_check does: the same modules on the same hosts.

con1, ec1 ── 10.1.0.0/24, fd01::/64 ── router ── 10.2.0.0/24, fd02::/64 ── con2, ep1, dn1, out
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from lab import Lab

from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observing import observed
from ansible_collections.jsa.ports.plugins.plugin_utils._check.suspects import as_flow, closer_looks
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Diagnosis, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow, Probe
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan

#: In this order: the host behind another one, in a circle, is who tries what must stay closed.
NAMES = ("con1", "con2", "ep1", "ec1", "dn1")
ROUTER = "router"

HOSTS = """
all:
  vars:
    jsa_release: "7.5.0 UP8"
    jsa_networks: {admin: ["10.1.0.250/32", "10.2.0.250/32"], users: none, api_clients: none, log_sources: none,
      flow_sources: none, off_site_sources: none, certificate_clients: none}
    lab_controller: [10.1.0.250, 10.2.0.250, "fd01::250", "fd02::250"]
  children:
    west:
      vars:
        lab_gateways: {10.2.0.0/24: 10.1.0.254, "fd02::/64": "fd01::254"}
      hosts: {con1: , ec1: }
    east:
      vars:
        lab_gateways: {10.1.0.0/24: 10.2.0.254, "fd01::/64": "fd02::254"}
      hosts: {con2: , ep1: , dn1: , out: }
    jsa_console:
      hosts:
        con1: {ansible_host: 10.1.0.11, jsa_address: [10.1.0.11, "fd01::11"], jsa_ha_virtual_address: 10.1.0.10,
          lab_holds_virtual_address: true}
        con2: {ansible_host: 10.2.0.12, jsa_address: [10.2.0.12, "fd02::12"], jsa_ha_peer: con1}
    jsa_event_processors:
      hosts:
        ep1: {ansible_host: 10.2.0.31, jsa_address: [10.2.0.31, "fd02::31"], lab_extra_addresses: [10.2.0.131]}
    jsa_event_collectors:
      hosts:
        ec1: {ansible_host: 10.1.0.21, jsa_processor: ep1, jsa_encrypted: true}
    jsa_data_nodes:
      hosts:
        dn1: {ansible_host: 10.2.0.32, jsa_processor: ep1}
    outsiders:
      vars: {lab_firewalld: false}
      hosts:
        out: {ansible_host: 10.2.0.99}
        router: {ansible_host: 10.1.0.254, lab_extra_addresses: [10.2.0.254, "fd01::254", "fd02::254"],
          lab_sysctls: {net.ipv4.ip_forward: 1, net.ipv6.conf.all.forwarding: 1, net.ipv4.icmp_ratelimit: 0,
            net.ipv6.icmp.ratelimit: 0}}
"""

#: Both networks are on one cable: a router would tell the hosts to take the direct way.
NO_REDIRECTS = "for file in /proc/sys/net/ipv4/conf/*/send_redirects; do echo 0 >$file; done"


class Deployment:
    """The lab's hosts, and the plan for them."""

    def __init__(self, lab: Lab, plan: dict[str, Any]) -> None:
        self.lab = lab
        self.plan = plan

    def run(self, host: str, command: str) -> str:
        return self.lab.run(host, ["sh", "-c", command], check=True).stdout

    def module(self, host: str, name: str, check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
        """A module of the collection as Ansible starts it on a host."""
        told = self.lab.module(host, name, {**arguments, "_ansible_check_mode": check_mode})
        return {"changed": False, **told}

    def address(self, host: str, family: int = 4) -> str:
        return next(text for text in self.lab.hosts[host].addresses if (":" in text) == (family == 6))

    def rules(self, host: str, plan: dict[str, Any]) -> dict[str, Any]:
        """The rules of the plan, as the controller in the host's network would load them."""
        network = self.address(host).rpartition(".")[0]
        management = [f"{address}/32" for address in self.lab.plan.controller if address.startswith(f"{network}.")]
        return {**plan["hosts"][host], "management_addresses": management}

    def firewall(self, host: str, plan: dict[str, Any]) -> dict[str, Any]:
        """Loads them."""
        rules = self.rules(host, plan)
        return self.module(host, "firewall", rules=rules, require_controller=False, confirm_timeout=0)

    def compared(self, host: str, plan: dict[str, Any]) -> dict[str, Any]:
        """Whether the running rules are the plan's."""
        return self.module(host, "firewall_info", rules=self.rules(host, plan))

    def check(
        self, wanted: str, plan: dict[str, Any] | None = None, unseen: Sequence[str] = (), see: Sequence[str] = ()
    ) -> list[Verdict]:
        """The verdicts on one flow, ``con1>ep1 tcp/32006``, on what must stay closed, ``con1!ep1 tcp/5432``, or on the
        tunnels of one host, ``ec1``.

        *unseen* hosts cannot be asked, *see* are asked beside the two of the flow.
        """
        written = plan or self.plan
        hosts, _space, socket = wanted.partition(" ")
        initiator, sign, listener = hosts.partition(">" if ">" in hosts else "!")
        protocol, _slash, port = socket.partition("/")
        listening = {listener or initiator, *see}
        seen: dict[str, dict[str, Any]] = {part: {} for part in ("sockets", "firewall", "probes", "paths")}

        def each(look: Callable[[str], None], names: set[str]) -> None:
            with ThreadPoolExecutor() as pool:
                list(pool.map(look, sorted(names - set(unseen))))

        def first(name: str) -> None:
            host = written["hosts"][name]
            seen["sockets"][name] = self.module(name, "listeners", expected=host["listeners"])
            seen["firewall"][name] = self.compared(name, written)

        # What listens on the initiator, and whether its rules are the plan's, changes no verdict on this flow.
        each(first, listening)
        known = Plan.from_dict(written)
        expectations = Expectations(known, list(NAMES))

        def so_far() -> dict[str, HostObservation]:
            # Hosts that nobody asked here are lost: none of them is alive.
            return observed(seen, NAMES, ())

        def flows() -> list[ExpectedFlow]:
            exposed = {name: one.exposed for name, one in so_far().items()}
            source = expectations.unwanted(exposed) if sign == "!" else expectations.wanted()
            socket_of = (protocol, int(port) if port else None)
            return [
                one for one in source if (one.initiator, one.listener, one.socket) == (initiator, listener, socket_of)
            ]

        chosen = flows() if sign else []
        if sign == ">":
            assert len(chosen) == 1, f"the plan has no {wanted}"
        if chosen and initiator not in unseen:
            probes = [Probe.of(one).as_dict() for one in chosen]
            seen["probes"][initiator] = self.module(initiator, "reachability", probes=probes, timeout=2)
        looks = closer_looks(known, chosen, so_far())

        def second(name: str) -> None:
            seen["paths"][name] = self.module(name, "packet_path", flows=[as_flow(key) for key in looks[name]])

        each(second, {initiator, *listening})
        verdicts = Diagnosis(known, so_far()).verdicts(chosen)
        return [one for one in verdicts if one.flow in chosen or not sign]


#: Address in the plan -> what a wrong inventory has instead; nothing takes it out.
Changes = tuple[tuple[str, str], ...]

#: Arranges something and takes it back.
Arrangement = Callable[[Deployment], AbstractContextManager[None]]


def shell(host: str, do: str, undo: str) -> Arrangement:
    @contextmanager
    def arranged(deployment: Deployment) -> Iterator[None]:
        try:
            deployment.run(host, do)
            yield
        finally:
            deployment.run(host, undo)

    return arranged


def nft(host: str, hook: str, *rules: str, kind: str = "filter", priority: int = 0) -> Arrangement:
    """A table of the site's own."""
    body = "\n".join(rules)
    table = f"table inet site {{\nchain {hook} {{\ntype {kind} hook {hook} priority {priority};\n{body}\n}}\n}}\n"
    return shell(host, f"nft -f - <<'END'\n{table}\nEND", "nft delete table inet site")


def bound(host: str, port: str, bind: str) -> Arrangement:
    @contextmanager
    def arranged(deployment: Deployment) -> Iterator[None]:
        try:
            deployment.lab.services(host, "rebind", port, bind)
            yield
        finally:
            deployment.lab.services(host, "rebind", port, "network")

    return arranged


def stopped(host: str, *ports: str) -> Arrangement:
    @contextmanager
    def arranged(deployment: Deployment) -> Iterator[None]:
        try:
            for port in ports:
                deployment.lab.services(host, "stop", port)
            yield
        finally:
            for port in ports:
                deployment.lab.services(host, "start", port)

    return arranged


def planned(host: str, changes: Changes) -> Arrangement:
    """The host has the rules of an inventory with other addresses."""

    @contextmanager
    def arranged(deployment: Deployment) -> Iterator[None]:
        def apply(plan: dict[str, Any]) -> None:
            told = deployment.firewall(host, plan)
            assert not told.get("failed"), told

        try:
            apply(with_addresses(deployment.plan, changes))
            yield
        finally:
            apply(deployment.plan)

    return arranged


def with_addresses(plan: dict[str, Any], changes: Changes) -> dict[str, Any]:
    """The plan of an inventory that has other addresses."""
    text = json.dumps(plan)
    for right, other in changes:
        text = text.replace(f'"{right}", ', "") if not other else text.replace(f'"{right}', f'"{other}')
    changed: dict[str, Any] = json.loads(text)
    assert changed != plan
    return changed


def restarted(host: str, port: str) -> Arrangement:
    @contextmanager
    def arranged(deployment: Deployment) -> Iterator[None]:
        deployment.lab.services(host, "stop", port)
        deployment.lab.services(host, "start", port)
        yield

    return arranged


_STAND_IN = "the stand-in of a test"


def program(host: str, script: str) -> Arrangement:
    """A program of Python that says a line when it is ready and runs until it is ended."""

    @contextmanager
    def arranged(deployment: Deployment) -> Iterator[None]:
        argv = [*deployment.lab.entering(host), "PATH=/usr/bin:/bin", "/usr/bin/python3", "-c", script]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=sys.stderr) as running:
            try:
                assert running.stdout is not None
                assert running.stdout.readline() == b"ready\n"
                yield
            finally:
                deployment.lab.run(host, ["pkill", "-KILL", "-f", _STAND_IN])
                running.kill()
                # Until it is gone, it has the port that the next one wants.
                deadline = time.monotonic() + 60
                while deployment.lab.run(host, ["pgrep", "-f", _STAND_IN]).stdout:
                    assert time.monotonic() < deadline, f"{host}: the stand-in does not end"
                    time.sleep(0.05)

    script = f"# {_STAND_IN}\n{script}"
    return arranged


def server(port: int, queue: int = 9, full: bool = False) -> str:
    """A program that accepts and closes; a *full* one accepts nobody, and its queue is taken."""
    act = f"held = [socket.create_connection(('127.0.0.1', {port}))]" if full else ""
    return f"""
import socket, time
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("0.0.0.0", {port}))
sock.listen({queue})
{act}
print("ready", flush=True)
while True:
    {"time.sleep(9)" if full else "sock.accept()[0].close()"}
"""


def sysctl(host: str, key: str, value: int) -> Arrangement:
    """Through the kernel of this machine, for a host may not change its own."""
    path = f"/proc/sys/{key.replace('.', '/')}"

    @contextmanager
    def arranged(deployment: Deployment) -> Iterator[None]:
        init = deployment.lab.host(host).require()

        def write(number: str) -> None:
            argv = ["nsenter", f"--net={init.namespace('net')}", "--", "sh", "-c", f"echo {number} >{path}"]
            subprocess.run(argv, check=True)

        before = deployment.run(host, f"cat {path}").strip()
        try:
            write(str(value))
            yield
        finally:
            write(before)

    return arranged


def daemon_stopped(host: str, name: str) -> Arrangement:
    @contextmanager
    def arranged(deployment: Deployment) -> Iterator[None]:
        try:
            deployment.lab.daemon(host, "stop", name)
            yield
        finally:
            deployment.lab.daemon(host, "start", name)
            deadline = time.monotonic() + 60
            while "jsa-in" not in deployment.lab.run(host, ["nft", "list", "ruleset"]).stdout:
                assert time.monotonic() < deadline, f"{name} on {host} does not come back"
                time.sleep(0.1)

    return arranged


@contextmanager
def arranged(deployment: Deployment, arrangements: Sequence[Arrangement]) -> Iterator[None]:
    with ExitStack() as stack:
        for arrangement in arrangements:
            stack.enter_context(arrangement(deployment))
        yield

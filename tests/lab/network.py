# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's namespace with the bridge, the hosts' cables, and the proof that no way leads out."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import subprocess

from collections.abc import Mapping
from typing import Any

from lab.errors import LabError
from lab.inventory import Host, Plan
from lab.processes import Process

BRIDGE = "lab"

#: An address that no lab has, per family, asked of the routing table only: nothing is sent there.
_OUTSIDE = {4: ("192.0.2.1", "198.51.100.1", "8.8.8.8"), 6: ("2001:db8::1", "2600::1")}

#: A lab's addresses are its own, so asking the network whether they are free only costs a second.
_QUIET_IPV6 = (
    "for key in accept_dad accept_ra; do for scope in all default; do "
    'file=/proc/sys/net/ipv6/conf/$scope/$key; [ ! -w "$file" ] || echo 0 >"$file"; done; done; exec ip -batch -'
)


def entering(process: Process) -> list[str]:
    """The prefix that runs a command with this process' network and everything else as it is here."""
    return ["nsenter", f"--net={process.namespace('net')}", "--"]


def _ip(process: Process, lines: list[str]) -> None:
    argv = [*entering(process), "sh", "-c", _QUIET_IPV6]
    result = subprocess.run(argv, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise LabError(f"the lab's network cannot be set up: {result.stderr.strip()}")


def _query(process: Process, *words: str) -> list[dict[str, Any]]:
    result = subprocess.run([*entering(process), "ip", "-json", *words], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise LabError(f"ip {' '.join(words)}: {result.stderr.strip()}")
    content = json.loads(result.stdout or "[]")
    return [entry for entry in content if entry]


def mark(token: str) -> str:
    """What the lab writes on its devices, so that a namespace can be told from any other."""
    return f"jsa-lab {token}"


def hardware_address(token: str, name: str) -> str:
    """The same at each start: after a reboot the neighbors still know the old one for a while."""
    digits = hashlib.sha256(f"{token} {name}".encode()).hexdigest()
    # Locally administered, for one station.
    return ":".join(["02", *(digits[index : index + 2] for index in range(0, 10, 2))])


def set_values(process: Process, values: Mapping[str, str]) -> None:
    """Writes settings below ``net.`` where the host itself may not."""
    for key, value in values.items():
        write = ["sh", "-c", 'printf %s "$1" >"$2"', "sh", value, f"/proc/sys/{key.replace('.', '/')}"]
        result = subprocess.run([*entering(process), *write], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise LabError(f"{key}={value}: {result.stderr.strip()}")


def carries_mark(process: Process, token: str) -> bool:
    """Whether the network that this process lives in was made by the lab with this token."""
    try:
        links = _query(process, "-details", "link", "show")
    except LabError:
        return False
    return any(str(link.get("ifalias", "")).startswith(mark(token)) for link in links)


def set_up_controller(process: Process, plan: Plan, token: str) -> None:
    """The bridge and the controller's addresses; run again, it adds what is new."""
    known = {link["ifname"] for link in _query(process, "link", "show")}
    lines = ["link set lo up"]
    if BRIDGE not in known:
        # Snooping and spanning tree would hold back the first packets of every new host.
        lines.append(f"link add {BRIDGE} type bridge stp_state 0 forward_delay 0 mcast_snooping 0")
        lines.append(f'link set {BRIDGE} alias "{mark(token)}"')
    lines.append(f"link set {BRIDGE} up")
    lines += [f"addr replace {plan.interface(address)} dev {BRIDGE}{_nodad(address)}" for address in plan.controller]
    _ip(process, lines)


def plug_in(controller: Process, host: Process, port: str, spec: Host, plan: Plan, token: str) -> None:
    """A cable from the bridge to the host's only interface, with the host's addresses and a way to every subnet."""
    # The former cable of a host that has just died may still be there: the kernel takes its namespace down later.
    subprocess.run([*entering(controller), "ip", "link", "delete", port], capture_output=True, check=False)
    _ip(
        controller,
        [
            f"link add {port} type veth peer name eth0 address {hardware_address(token, spec.name)} netns {host.pid}",
            f'link set {port} alias "{mark(token)} {spec.name}"',
            f"link set {port} master {BRIDGE} up",
        ],
    )
    lines = ["link set lo up", f'link set eth0 alias "{mark(token)} {spec.name}"', "link set eth0 up"]
    lines += [f"addr add {plan.interface(address)} dev eth0{_nodad(address)}" for address in spec.addresses]
    _ip(host, lines + _on_link(spec, plan))


def add_subnets(host: Process, spec: Host, plan: Plan) -> None:
    """Lets a running host reach subnets that came after it."""
    _ip(host, _on_link(spec, plan))


def _on_link(spec: Host, plan: Plan) -> list[str]:
    own = {str(plan.subnet(address)) for address in spec.addresses}
    families = {ipaddress.ip_address(address).version for address in spec.addresses}
    return [
        f"route replace {subnet} " + (f"via {spec.gateways[subnet]}" if subnet in spec.gateways else "dev eth0")
        for subnet in plan.subnets
        if subnet not in own and ipaddress.ip_network(subnet).version in families
    ]


def _nodad(address: str) -> str:
    return " nodad" if ipaddress.ip_address(address).version == 6 else ""


def ways_out(controller: Process) -> list[str]:
    """Everything in the controller's namespace through which a packet could leave the lab. Empty is right."""
    found = []
    links = _query(controller, "-details", "link", "show")
    for link in links:
        name = link["ifname"]
        if name in ("lo", BRIDGE) or "UP" not in link.get("flags", []):
            continue
        kind = link.get("linkinfo", {}).get("info_kind")
        if kind != "veth" or link.get("master") != BRIDGE or not str(link.get("ifalias", "")).startswith("jsa-lab "):
            found.append(f"interface {name} is none of the lab's")
    for family, addresses in _OUTSIDE.items():
        for route in _query(controller, f"-{family}", "route", "show", "table", "all"):
            if route.get("dst") == "default" and route.get("type") not in ("unreachable", "prohibit", "blackhole"):
                found.append(f"default route through {route.get('dev', route.get('gateway', 'somewhere'))}")
        for address in addresses:
            argv = [*entering(controller), "ip", "route", "get", address]
            if subprocess.run(argv, capture_output=True, check=False).returncode == 0:
                found.append(f"route to {address}")
    return found


def assert_isolated(controller: Process) -> None:
    """Refuses a lab from which anything could reach the outside."""
    found = ways_out(controller)
    if found:
        raise LabError("the controller's namespace has a way out, so the lab does not start: " + "; ".join(found))

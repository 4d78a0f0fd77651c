# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts of a lab, read from the Ansible inventory that the tests use."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import subprocess

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.requirements import ansible_program

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: A host's name becomes a folder, a host name and an argument.
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")


@dataclass(frozen=True)
class Host:
    """What the lab has to know to build one host."""

    name: str
    addresses: tuple[str, ...]
    firewalld: bool = True
    appliance: bool = False
    sshd: bool = True
    ssh_port: int = 22
    python: str = "/usr/bin/python3"
    root: str = "/"
    without: tuple[str, ...] = ()
    sysctls: dict[str, str] = field(default_factory=dict)
    #: Subnet -> address of the lab host that routes there; the others are on the link.
    gateways: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where ssh reaches it."""
        return self.addresses[0]

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "addresses": list(self.addresses), "without": list(self.without)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Host:
        return cls(**{**values, "addresses": tuple(values["addresses"]), "without": tuple(values["without"])})


@dataclass(frozen=True)
class Plan:
    """All hosts, the subnets they share, and the controller's address in each of them."""

    hosts: dict[str, Host]
    subnets: tuple[str, ...]
    controller: tuple[str, ...]

    def interface(self, address: str) -> str:
        """``10.77.0.11/24``."""
        return f"{address}/{self.subnet(address).prefixlen}"

    def subnet(self, address: str) -> Network:
        wanted = ipaddress.ip_address(address)
        return next(network for network in map(ipaddress.ip_network, self.subnets) if wanted in network)


def read(path: str | Path) -> Plan:
    """Runs ``ansible-inventory``, so that groups, ranges and variables mean here what they mean to Ansible."""
    argv = [ansible_program("ansible-inventory"), "-i", str(path), "--list"]
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise LabError(f"{path}: ansible-inventory cannot read it:\n{result.stderr.strip()}")
    hostvars = json.loads(result.stdout).get("_meta", {}).get("hostvars", {})
    return plan(hostvars, str(path))


def plan(hostvars: dict[str, dict[str, Any]], origin: str) -> Plan:
    """The lab that these variables ask for. All problems are told at once."""
    problems: list[str] = []
    hosts: dict[str, Host] = {}
    owners: dict[str, str] = {}
    for name in sorted(hostvars):
        host = _host(name, hostvars[name], problems)
        if host is None:
            continue
        hosts[name] = host
        for address in host.addresses:
            if address in owners:
                problems.append(f"{name}: {address} belongs to {owners[address]} already")
            owners.setdefault(address, name)
    if not hosts and not problems:
        problems.append("no host has an address: set ansible_host or jsa_address to one")
    prefixes = {}
    for version, key, default, longest in ((4, "lab_prefix", 24, 30), (6, "lab_prefix6", 64, 126)):
        prefixes[version] = _number(key, _one(hostvars, key, default, problems), 8, longest, problems)
    wanted = _listed(_one(hostvars, "lab_controller", [], problems))
    problems += [f"lab_controller: {text!r} is no address" for text in wanted if not _address(text)]
    if problems:
        raise LabError(f"{origin}: no lab can be built from it:\n  " + "\n  ".join(problems))
    subnets = _subnets(owners, prefixes)
    return Plan(hosts, tuple(map(str, subnets)), _controller(subnets, owners, wanted, origin))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [] if value in (None, "") else [value]


def _address(text: Any) -> str | None:
    try:
        return str(ipaddress.ip_address(str(text).strip()))
    except ValueError:
        return None


def _network(text: str) -> bool:
    try:
        return bool(ipaddress.ip_network(text))
    except ValueError:
        return False


def _host(name: str, values: dict[str, Any], problems: list[str]) -> Host | None:
    if values.get("ansible_connection") == "local":
        return None
    candidates = [values["ansible_host"]] if _address(values.get("ansible_host")) else []
    candidates += _listed(values.get("jsa_address")) + _listed(values.get("lab_extra_addresses"))
    if values.get("lab_holds_virtual_address"):
        candidates += _listed(values.get("jsa_ha_virtual_address"))
    addresses: list[str] = []
    for text in candidates:
        address = _address(text)
        if address is None:
            problems.append(f"{name}: {text!r} is no address (the lab takes literal ones, no templates)")
        elif address not in addresses:
            addresses.append(address)
    if not addresses:
        return None
    if not _NAME.match(name):
        problems.append(f"{name}: a lab host's name has letters, digits, '.', '_' and '-' only")
    sysctls = {str(key): str(value) for key, value in (values.get("lab_sysctls") or {}).items()}
    problems += [
        f"{name}: lab_sysctls: {key} is not below net., so it would change this machine, not the host"
        for key in sysctls
        if not re.match(r"^net\.[A-Za-z0-9_.-]+$", key)
    ]
    gateways = {str(key): str(value) for key, value in (values.get("lab_gateways") or {}).items()}
    problems += [
        f"{name}: lab_gateways: {subnet}: {gateway}: expected a subnet and the address of a host that routes there"
        for subnet, gateway in gateways.items()
        if not _network(subnet) or not _address(gateway)
    ]
    appliance = bool(values.get("lab_appliance", False))
    values = {**_elsewhere(), **values} if "lab_root" not in values else values
    root = Path(str(values.get("lab_root", "/")))
    if not (root / "usr" / "bin" / "python3").exists():
        problems.append(f"{name}: lab_root: {root} holds no system with /usr/bin/python3")
    without = [str(program) for program in _listed(values.get("lab_without"))]
    problems += [
        f"{name}: lab_without: {program!r} is no program that {root} has"
        for program in without
        if not places(root, program)
    ]
    return Host(
        name=name,
        addresses=tuple(addresses),
        # An appliance has rules of its own, and firewalld would take them away.
        firewalld=bool(values.get("lab_firewalld", not appliance)),
        appliance=appliance,
        sshd=bool(values.get("lab_sshd", True)),
        ssh_port=_number(f"{name}: lab_ssh_port", values.get("lab_ssh_port", 22), 1, 65535, problems),
        python=str(values.get("ansible_python_interpreter", "/usr/bin/python3")),
        root=str(root),
        without=tuple(without),
        sysctls=sysctls,
        gateways=gateways,
    )


def _elsewhere() -> dict[str, Any]:
    """What hosts stand on that say nothing about it: whoever starts the tests can choose another system for all."""
    root = os.environ.get("JSA_LAB_ROOT")
    return {"lab_root": root, "lab_without": os.environ.get("JSA_LAB_WITHOUT", "").split()} if root else {}


def places(root: Path, program: str) -> list[Path]:
    """Where a system has a program, below its root. A folder that is a link to another one is not counted twice."""
    folders = [Path(folder) for folder in ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin")]
    return [
        folder / program
        for folder in folders
        if not (root / folder).is_symlink() and (root / folder / program).exists()
    ]


def _number(key: str, value: Any, least: int, most: int, problems: list[str]) -> int:
    if str(value).isdigit() and least <= int(value) <= most:
        return int(value)
    problems.append(f"{key}: {value!r} is no number from {least} to {most}")
    return least


def _one(hostvars: dict[str, dict[str, Any]], key: str, default: Any, problems: list[str]) -> Any:
    """A variable of the whole lab: it may stand anywhere in the inventory, but with one value."""
    found = [values[key] for values in hostvars.values() if key in values]
    if any(value != found[0] for value in found):
        problems.append(f"{key}: one value for the whole lab, not {', '.join(sorted({str(value) for value in found}))}")
    return found[0] if found else default


def _subnets(addresses: dict[str, str], prefixes: dict[int, Any]) -> list[Network]:
    found: set[Network] = set()
    for text in addresses:
        address = ipaddress.ip_address(text)
        found.add(ipaddress.ip_network(f"{address}/{prefixes[address.version]}", strict=False))
    return sorted(found, key=lambda network: (network.version, network.network_address))


def _controller(subnets: list[Network], taken: dict[str, str], wanted: list[Any], origin: str) -> tuple[str, ...]:
    for text in wanted:
        if not any(ipaddress.ip_address(text) in network for network in subnets):
            raise LabError(f"{origin}: lab_controller: {text} lies in none of the hosts' subnets")
    chosen = []
    for network in subnets:
        own = [address for address in map(_address, wanted) if address and ipaddress.ip_address(address) in network]
        if own and own[0] in taken:
            raise LabError(f"{origin}: lab_controller: {own[0]} belongs to {taken[own[0]]}")
        chosen.append(own[0] if own else _free(network, taken, origin))
    return tuple(chosen)


def _free(network: Network, taken: dict[str, str], origin: str) -> str:
    last = min(254, network.num_addresses - 2)
    for offset in range(last, 0, -1):
        address = str(network[offset])
        if address not in taken:
            return address
    raise LabError(f"{origin}: {network} has no free address for the controller")

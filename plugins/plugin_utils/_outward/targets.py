# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a console contacts outside of the deployment, as targets for ``jsa.ports.outward``."""

from __future__ import annotations

import ipaddress

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_port
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.applicability import Applicability
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import any_covers
from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import did_you_mean
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host, Topology
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import NAME_SERVERS

PUBLIC_SERVERS = "public_servers"

#: Entry of the catalog to the protocol that it is checked in.
_KINDS = {"smtp": "smtp", "ntp_out": "ntp", "nfs": "nfs", "nfs_mountd": "mountd"}

_SERVER_KEYS = ("host", "port", "name")
SUBJECT = "The outside servers of the console cannot be determined; no server was contacted"


@dataclass
class Outward:
    """What one console contacts, and what it does not."""

    #: As the module ``jsa.ports.outward`` takes them, each with the catalog's ``id`` and a ``purpose`` for people.
    targets: list[dict[str, Any]] = field(default_factory=list)
    #: A sentence for each thing that is not contacted, with the reason.
    left_out: list[str] = field(default_factory=list)


def require_console(topology: Topology, play_hosts: Iterable[str]) -> None:
    """Raises InputError where no console of the deployment is among the hosts of the play."""
    consoles = [host.name for host in topology.hosts.values() if host.is_console]
    if not set(consoles).intersection(play_hosts):
        raise InputError(SUBJECT, [f"the console ({', '.join(consoles)}) is not in this play: include it in --limit"])


def outward_targets(topology: Topology, name: str, public_servers: Any = None, dns_name: str | None = None) -> Outward:
    """What the console *name* contacts outside.

    *public_servers*: ``jsa_public_servers``. *dns_name*: what to ask name servers for; else a public server's name.
    Raises InputError with every problem.
    """
    console = topology.hosts[name]
    outward = Outward()
    applicability = Applicability.of(topology)
    entries = [entry for entry in load_catalog().values() if entry.exposure == "outbound" and entry.ports]
    problems: list[str] = []
    servers = _public_entries(entries, applicability, console)
    replaced = _read_public_servers(public_servers, servers, problems)
    for entry in entries:
        if entry.id in _KINDS:
            _add_network(outward, topology, applicability, entry, console)
    public = [_public_target(entry, replaced[entry.id]) for entry in servers if replaced[entry.id] is not None]
    _add_name_servers(outward, topology, dns_name or _first_name(public))
    outward.targets += public
    if problems:
        raise InputError(SUBJECT, problems)
    return outward


def _add_network(
    outward: Outward, topology: Topology, applicability: Applicability, entry: Entry, console: Host
) -> None:
    obstacle = applicability.obstacle(entry.when, console)
    if obstacle:
        outward.left_out.append(f"{entry.id}: {obstacle}")
        return
    for network in {token: None for flow in entry.flows for token in flow.listeners}:
        for address in _addresses(outward, topology, network, entry.id):
            outward.targets.append(_target(entry.id, entry.service, _KINDS[entry.id], address, entry.ports[0][0]))


def _add_name_servers(outward: Outward, topology: Topology, name: str | None) -> None:
    for address in _addresses(outward, topology, NAME_SERVERS, "dns"):
        if name is None:
            outward.left_out.append(f"dns: {address} cannot be asked without a name: set jsa_outward_dns_name")
        else:
            outward.targets.append({**_target("dns", "DNS", "dns", address, 53), "name": name})


def _addresses(outward: Outward, topology: Topology, network: str, purpose: str) -> list[str]:
    """The single addresses of a network; larger networks cannot be contacted."""
    if network not in topology.networks:
        outward.left_out.append(f"{purpose}: jsa_networks.{network} is not set")
        return []
    addresses = []
    for cidr in topology.networks[network]:
        parsed = ipaddress.ip_network(cidr)
        if parsed.num_addresses == 1:
            addresses.append(str(parsed.network_address))
        else:
            outward.left_out.append(f"{purpose}: {cidr} in jsa_networks.{network} is not a single address")
    return addresses


def _target(entry: str, purpose: str, kind: str, host: str, port: int) -> dict[str, Any]:
    return {"id": entry, "purpose": purpose, "kind": kind, "host": host, "port": port}


def _public_entries(entries: list[Entry], applicability: Applicability, console: Host) -> list[Entry]:
    """Public servers that the console contacts: other hosts contact the others."""
    return [
        entry
        for entry in entries
        if entry.server
        and not applicability.obstacle(entry.when, console)
        and any(PUBLIC_SERVERS in flow.listeners and any_covers(console, flow.initiators) for flow in entry.flows)
    ]


def _public_target(entry: Entry, replacement: Mapping[str, Any] | None) -> dict[str, Any]:
    server = str(entry.server)
    given = replacement or {}
    host = str(given.get("host", server))
    target = _target(entry.id, entry.service, "tls", host, parse_port(given.get("port", entry.ports[0][0])))
    if "name" in given:
        target["name"] = str(given["name"])
    return target


def _first_name(targets: list[dict[str, Any]]) -> str | None:
    for target in targets:
        try:
            ipaddress.ip_address(target["host"])
        except ValueError:
            return str(target["host"])
    return None


def _read_public_servers(value: Any, entries: list[Entry], problems: list[str]) -> dict[str, Mapping[str, Any] | None]:
    """Entry id to what replaces its server: an empty mapping where nothing does, None where it is left out."""
    everything: dict[str, Mapping[str, Any] | None] = {entry.id: {} for entry in entries}
    if value is None:
        return everything
    if value == "none":
        return dict.fromkeys(everything)
    if not isinstance(value, Mapping):
        problems.append("jsa_public_servers: expected none, or a mapping of server names to what replaces them")
        return everything
    by_server = {str(entry.server): entry.id for entry in entries}
    for server, replacement in value.items():
        if server not in by_server:
            hint = did_you_mean(str(server), by_server)
            known = f"the console contacts {', '.join(by_server)}"
            problems.append(f"jsa_public_servers.{server}: is not a server of the catalog{hint}; {known}")
        elif replacement == "none":
            everything[by_server[server]] = None
        else:
            wrong = _replacement_problems(replacement)
            problems += [f"jsa_public_servers.{server}: {problem}" for problem in wrong]
            if not wrong:
                everything[by_server[server]] = replacement
    return everything


def _replacement_problems(replacement: Any) -> list[str]:
    if not isinstance(replacement, Mapping) or not replacement:
        return [f"expected none, or a mapping with {', '.join(_SERVER_KEYS)}"]
    problems = [f"unknown key {key!r}" for key in replacement if key not in _SERVER_KEYS]
    problems += [
        f"{key}: {replacement[key]!r} is not a name"
        for key in ("host", "name")
        if key in replacement and (not isinstance(replacement[key], str) or not replacement[key])
    ]
    try:
        parse_port(replacement.get("port", 443))
    except ValueError as error:
        problems.append(f"port: {error}")
    return problems

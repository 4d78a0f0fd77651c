# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what the console told to the hosts of an inventory, as a careful person would have written it."""

from __future__ import annotations

import re

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.releases import parse_release
from ansible_collections.jsa.ports.plugins.plugin_utils._console.names import Names
from ansible_collections.jsa.ports.plugins.plugin_utils._console.networks import proposed_networks
from ansible_collections.jsa.ports.plugins.plugin_utils._console.records import About, HostRecord, Records, ServerRecord
from ansible_collections.jsa.ports.plugins.plugin_utils._console.roles import RoleTable, appliance_texts, groups_of
from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import did_you_mean
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import parse_address
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.deployment import DEFAULT_GROUP_ROLES

UNKNOWN_GROUP = "jsa_unknown"
#: Statuses of a host that can be in an inventory. Hosts that are or become deleted never are.
STATUSES = (
    "Active",
    "ADDING",
    "New",
    "ADD_FAILED",
    "ADD_FAILED_CHECK_LOGS",
    "ADD_FAILED_DEPLOY_IN_PROGRESS",
    "ADD_FAILED_HA",
    "ADD_FAILED_QVMPROCESSOR_ALREADY_EXISTS",
    "ADD_FAILED_RETRY_CONNECTION",
    "ADD_FAILED_VERSION_CHECK",
)

_PROCESSORS = {"event_processor", "flow_processor"}
_REPORTING = {"event_collector", "flow_collector", "data_node"}
_MOST_NAMES = 3


@dataclass(frozen=True)
class Settings:
    """What the site says of the inventory."""

    table: RoleTable
    statuses: tuple[str, ...] = ("Active",)
    named_by: str = "hostname"

    def has_tunnels(self, host: HostRecord) -> bool:
        """Whether the tunnels of the host can tell to which processor it reports."""
        if not host.encryption_enabled or host.status not in self.statuses:
            return False
        return _reports(self.table.roles(host, [host.hostname]) or frozenset())


@dataclass(frozen=True)
class InventoryHost:
    """A host, its groups, and its variables."""

    name: str
    groups: tuple[str, ...]
    variables: Mapping[str, Any]


@dataclass(frozen=True)
class Inventory:
    """All hosts in the order of the console, the variables of all, and what is worth a warning."""

    hosts: tuple[InventoryHost, ...]
    variables: Mapping[str, Any]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Node:
    """A machine of a host: the only one, or one of an HA pair."""

    name: str
    #: As the console has it.
    hostname: str
    addresses: tuple[str, ...]
    peer: str | None = None
    virtual_addresses: tuple[str, ...] = ()


def make_inventory(records: Records, settings: Settings) -> Inventory:
    """Raises ConsoleError if two hosts have the same address."""
    return _Maker(records, settings).inventory()


class _Maker:
    def __init__(self, records: Records, settings: Settings) -> None:
        self._records = records
        self._settings = settings
        self._warnings = list(records.remarks)
        self._names = Names(settings.named_by, self._warnings)
        self._servers: dict[int, list[ServerRecord]] = {}
        for server in sorted(records.servers, key=lambda one: one.server_id):
            if server.managed_host_id is not None and (server.status or "").lower() != "deleted":
                self._servers.setdefault(server.managed_host_id, []).append(server)

    def inventory(self) -> Inventory:
        hosts = {one.id: one for one in sorted(self._records.hosts, key=lambda one: one.id) if self._is_wanted(one)}
        self._check_servers()
        nodes = {number: self._nodes(host) for number, host in hosts.items()}
        roles = {
            number: self._settings.table.roles(host, [*(node.name for node in nodes[number]), host.hostname])
            for number, host in hosts.items()
        }
        self._warn_of_unknown({number: host for number, host in hosts.items() if roles[number] is None})
        self._warn_of_overrides(hosts, nodes)
        made: list[InventoryHost] = []
        for number, host in hosts.items():
            own = roles[number]
            groups = (UNKNOWN_GROUP,) if own is None else groups_of(own, DEFAULT_GROUP_ROLES)
            shared = _flags(host, own or frozenset())
            processor = self._processor(host, own or frozenset(), roles, nodes)
            if processor is not None:
                shared["jsa_processor"] = processor
            made += [InventoryHost(node.name, groups, _variables(node, host, shared)) for node in nodes[number]]
        variables: dict[str, Any] = {}
        release = _release(self._records.about)
        if release is not None:
            variables["jsa_release"] = release
        else:
            self._warnings.append(
                "the console does not say which release it runs, so the plan takes the newest: set jsa_release"
            )
        if self._records.learned is not None:
            own_addresses = {address for host in self._records.hosts for address in (host.private_ip, host.public_ip)}
            own_addresses |= {server.private_ip for server in self._records.servers}
            variables["jsa_proposed_networks"] = proposed_networks(self._records.learned, own_addresses)
        return Inventory(tuple(made), variables, tuple(dict.fromkeys(self._warnings)))

    def _is_wanted(self, host: HostRecord) -> bool:
        if host.status not in self._settings.statuses:
            return False
        try:
            parse_address(host.private_ip)
        except ValueError as error:
            self._warnings.append(
                f"{printable(host.hostname, keep='')}: private_ip: {error}; the host is not in the inventory: correct "
                "it on the console, or add the host by hand"
            )
            return False
        return True

    def _check_servers(self) -> None:
        known = {one.id for one in self._records.hosts}
        for number, servers in self._servers.items():
            if number not in known:
                names = ", ".join(printable(one.hostname, keep="") for one in servers)
                self._warnings.append(
                    f"{names}: a server of the host with the id {number}, which the console does not list; it is not "
                    "in the inventory: check the HA pair on the console"
                )

    def _nodes(self, host: HostRecord) -> list[_Node]:
        addresses = _addresses(host)
        servers = self._servers.get(host.id, [])
        if host.secondary_server_id is None and len(servers) < 2:
            return [_Node(self._names.of(host.hostname, addresses[0]), host.hostname, addresses)]
        # By their ids: the order must not depend on which of them is active.
        valid = [one for one in servers if _is_valid(one.private_ip)]
        if len(valid) != 2:
            return [self._half_pair(host, addresses, valid)]
        names = [self._names.of(one.hostname, parse_address(one.private_ip)) for one in valid]
        return [
            _Node(name, server.hostname, (parse_address(server.private_ip),), peer, addresses)
            for name, server, peer in zip(names, valid, reversed(names), strict=True)
        ]

    def _half_pair(self, host: HostRecord, addresses: tuple[str, ...], servers: Sequence[ServerRecord]) -> _Node:
        """One host with all addresses that are known, so that none of them is rejected."""
        own = [parse_address(one.private_ip) for one in servers]
        name = self._names.of(host.hostname, (*own, *addresses)[0])
        self._warnings.append(
            f"{name} is an HA pair, but the console lists {len(servers)} servers of it instead of two, so it is one "
            "host with all known addresses here: check the HA pair on the console, or write both nodes by hand"
        )
        return _Node(name, host.hostname, tuple(dict.fromkeys((*own, *addresses))))

    def _processor(
        self,
        host: HostRecord,
        roles: frozenset[str],
        all_roles: Mapping[int, frozenset[str] | None],
        nodes: Mapping[int, Sequence[_Node]],
    ) -> str | None:
        """The processor that the host has tunnels to, if it is a single one."""
        if not _reports(roles):
            return None
        tunnels = self._records.tunnels.get(str(host.id), ())
        remote = {one.remote_host_id for one in tunnels if one.remote_host_id is not None}
        found = [
            number
            for number in remote
            if number in nodes and number != host.id and _is_processor(all_roles[number] or frozenset())
        ]
        return nodes[found[0]][0].name if len(found) == 1 else None

    def _warn_of_unknown(self, hosts: Mapping[int, HostRecord]) -> None:
        kinds: dict[str, list[str]] = {}
        for host in hosts.values():
            kinds.setdefault((appliance_texts(host) or ["without a code"])[0], []).append(host.hostname)
        for kind, names in kinds.items():
            more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
            listed = printable(", ".join(names[:_MOST_NAMES]), keep="")
            self._warnings.append(
                f"the kind of appliance {printable(ascii(kind))} of {listed}{more} is not known, so the hosts are in "
                f"the group {UNKNOWN_GROUP} without a role: add the kind to appliance_roles, or the hosts to host_roles"
            )

    def _warn_of_overrides(self, hosts: Mapping[int, HostRecord], nodes: Mapping[int, Sequence[_Node]]) -> None:
        names = {host.hostname for host in hosts.values()} | {node.name for own in nodes.values() for node in own}
        for name in self._settings.table.hosts:
            if name not in names:
                self._warnings.append(
                    f"host_roles: {name} is not a host of the console{did_you_mean(name, names)}: correct or remove it"
                )


def _reports(roles: frozenset[str]) -> bool:
    return bool(roles & _REPORTING) and not roles & (_PROCESSORS | {"console"})


def _is_processor(roles: frozenset[str]) -> bool:
    """Whether it is one and nothing else says who talks to it, as everybody talks to the console."""
    return bool(roles & _PROCESSORS) and "console" not in roles


def _flags(host: HostRecord, roles: frozenset[str]) -> dict[str, Any]:
    """Encryption is a property of managed hosts, as far as a plan is concerned."""
    flags: dict[str, Any] = {}
    if "console" not in roles and host.encryption_enabled:
        flags["jsa_encrypted"] = True
        if host.remote_tunnel_initiation_enabled:
            flags["jsa_remote_tunnel_initiation"] = True
    return flags


def _addresses(host: HostRecord) -> tuple[str, ...]:
    """The address, and behind NAT also the one that hosts outside see."""
    public = [host.public_ip] if host.public_ip and _is_valid(host.public_ip) else []
    return tuple(dict.fromkeys(map(parse_address, (host.private_ip, *public))))


def _is_valid(address: str) -> bool:
    try:
        parse_address(address)
    except ValueError:
        return False
    return True


def _one_or_list(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _variables(node: _Node, host: HostRecord, shared: Mapping[str, Any]) -> dict[str, Any]:
    variables: dict[str, Any] = {
        "ansible_host": node.addresses[0],
        "jsa_address": _one_or_list(node.addresses),
        **shared,
    }
    if node.peer is not None:
        variables["jsa_ha_peer"] = node.peer
        variables["jsa_ha_virtual_address"] = _one_or_list(node.virtual_addresses)
    # After a failover, the host can have the name of the other node.
    variables["jsa_console_facts"] = {**_facts(host), "hostname": node.hostname}
    return variables


def _facts(host: HostRecord) -> dict[str, Any]:
    """For compose, groups, and filters."""
    return {
        "id": host.id,
        "private_ip": host.private_ip,
        "public_ip": host.public_ip,
        "status": host.status,
        "version": host.version,
        "appliance_id": host.appliance.id if host.appliance else None,
        "appliance_type": host.appliance.type if host.appliance else None,
        "components": [one for one in host.components or () if one],
    }


def _release(about: About) -> str | None:
    """As the variable jsa_release has it: 7.5.0 UP10."""
    for text in (about.release_name, about.external_version, about.build_version):
        plain = re.sub(r"\s*\(.*", "", text or "").strip()
        numbers = re.match(r"[0-9]+\.[0-9]+\.[0-9]+(?=\.[0-9])", plain)
        for candidate in (plain, numbers[0] if numbers else ""):
            try:
                found = parse_release(candidate)
            except ValueError:
                continue
            if found.era == 0:
                continue
            words = "UP" if (found.major, found.minor) >= (7, 5) else "FP"
            package = f" {words}{found.package}" if found.package else ""
            fix = f" IF{found.fix:02}" if found.fix else ""
            return f"{found.major}.{found.minor}.{found.micro}{package}{fix}"
    return None

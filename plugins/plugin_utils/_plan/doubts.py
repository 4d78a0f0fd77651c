# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be planned, and yet cannot work, or does not do what it looks like: told as warnings."""

from __future__ import annotations

import ipaddress

from collections.abc import Iterable, Iterator

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import any_covers
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host, Topology

#: Roles of hosts that JSA gives no other one.
_ALONE = ("data_node", "app_host")

#: Role of a collector -> of the processor that it can report to.
_REPORTS_TO = {"event_collector": "event_processor", "flow_collector": "flow_processor"}

_SHOWN = 3


def doubts(topology: Topology, catalog: Iterable[Entry]) -> list[str]:
    """A sentence for each thing in *topology* that is most likely a mistake."""
    return [
        *_families(topology),
        *_without_admin(topology),
        *_contradictory_roles(topology),
        *_reports_nowhere(topology),
        *_idle_features(topology, tuple(catalog)),
    ]


def _families(topology: Topology) -> Iterator[str]:
    only: dict[int, list[str]] = {4: [], 6: []}
    for name, host in topology.hosts.items():
        versions = {ipaddress.ip_address(address).version for address in host.addresses}
        if len(versions) == 1:
            only[versions.pop()].append(name)
    if only[4] and only[6]:
        few, many = sorted(only.items(), key=lambda item: len(item[1]))
        yield (
            f"{_named(few[1])} {_have(few[1])} only IPv{few[0]} addresses, and {_named(many[1])} only IPv{many[0]} "
            "addresses: they cannot contact each other. Set jsa_address to a list with an address of each family"
        )


def _without_admin(topology: Topology) -> Iterator[str]:
    exposed = [name for name, host in topology.hosts.items() if not host.management_addresses]
    if topology.networks.get("admin") == () and exposed:
        yield (
            f"jsa_networks.admin is none: {_named(exposed)} {_accept(exposed)} SSH only from the deployment and from "
            "the addresses that runs of this collection come from. Set jsa_networks.admin or "
            "jsa_firewall_management_addresses"
        )


def _contradictory_roles(topology: Topology) -> Iterator[str]:
    for alone in _ALONE:
        by_others: dict[tuple[str, ...], list[str]] = {}
        for name, host in topology.hosts.items():
            others = tuple(sorted(host.roles - {alone}))
            if alone in host.roles and others:
                by_others.setdefault(others, []).append(name)
        for others, names in by_others.items():
            yield (
                f"{_named(names)} {_have(names)} the role {alone} and also {', '.join(others)}, which JSA does not "
                "combine: remove the host from one of the groups, or set jsa_roles"
            )


def _reports_nowhere(topology: Topology) -> Iterator[str]:
    for name, host in topology.hosts.items():
        processor = topology.hosts.get(host.processor or "")
        if processor is None or processor.is_console:
            continue
        # A processor's own collector does not report anywhere else.
        missing = [
            role
            for role, needed in _REPORTS_TO.items()
            if role in host.roles and needed not in host.roles and needed not in processor.roles
        ]
        for role in missing:
            yield (
                f"{name} is a {role}, but its jsa_processor {processor.name} is no {_REPORTS_TO[role]} and no console: "
                "it has nobody to report to"
            )


def _idle_features(topology: Topology, catalog: tuple[Entry, ...]) -> Iterator[str]:
    kinds: dict[tuple[frozenset[str], frozenset[str]], list[str]] = {}
    for name, host in topology.hosts.items():
        if host.features:
            kinds.setdefault((host.roles, host.features), []).append(name)
    idle: dict[str, list[str]] = {}
    for (_roles, features), names in kinds.items():
        for feature in features:
            if not any(_concerns(entry, feature, topology.hosts[names[0]]) for entry in catalog):
                idle.setdefault(feature, []).extend(names)
    for feature, names in sorted(idle.items()):
        # For everybody, it is a setting of the site, and no mistake about one host.
        if any(feature not in host.features for host in topology.hosts.values()):
            yield f"jsa_features: {feature} has no effect on {_named(sorted(names))}, because of the roles of the host"


def _concerns(entry: Entry, feature: str, host: Host) -> bool:
    """Whether *feature* decides on what *entry* opens on *host*, or on what the host contacts."""
    for flow in entry.flows:
        conditions = (entry.when, flow.when)
        named = {name for one in conditions for name in (*one.features, *one.without_features)}
        ends = flow.initiators if entry.exposure == "outbound" else flow.listeners
        if (feature in named or feature in entry.ports_with) and any_covers(host, ends):
            return True
    return False


def _named(names: list[str]) -> str:
    if len(names) <= _SHOWN:
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{', '.join(names[: _SHOWN - 1])} and {len(names) - _SHOWN + 1} more"


def _have(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _accept(names: list[str]) -> str:
    return "accepts" if len(names) == 1 else "accept"

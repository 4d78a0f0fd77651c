# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sections about single hosts: what each is, and what it refuses, chooses and may contact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._check.result import CheckedHost
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.checked import host_findings
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.marks import tally_of
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import (
    DynamicRow,
    HostRow,
    OutboundRow,
    PortsRow,
    RefusedGroup,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.people import People, names_of, role_words
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import DynamicService, HostPlan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.model import rule_words

#: How ports that a service chooses are found out.
_DISCOVERY = {
    "imq_port_mapper": "its port mapper on 7676/tcp",
    "rpcbind": "rpcbind on port 111",
    "none": "nobody tells them",
}

T = TypeVar("T")


def host_rows(
    hosts: Mapping[str, HostPlan],
    people: People,
    networks: Mapping[str, str],
    tallies: Mapping[str, Mapping[str, int]],
    checked: Mapping[str, CheckedHost],
) -> tuple[HostRow, ...]:
    """*networks*: by host, as the picture has them. *tallies*: the verdicts on the flows to each host."""
    return tuple(
        HostRow(
            key=people.hosts[name].key,
            name=name,
            roles=role_words(host.roles),
            addresses=", ".join(host.addresses),
            network=networks[name],
            remarks=tuple(_remarks(host)),
            rules=len(host.inbound),
            tally=tally_of(tallies.get(name, {})),
            findings=host_findings(checked.get(name)),
        )
        for name, host in hosts.items()
    )


def _remarks(host: HostPlan) -> Iterator[str]:
    if host.virtual_addresses:
        yield f"virtual address {', '.join(host.virtual_addresses)}"
    if host.nat_group is not None:
        public = f" with the public address {', '.join(host.public_addresses)}" if host.public_addresses else ""
        yield f"NAT group {host.nat_group}{public}"
    if host.ha_peer:
        yield f"HA pair with {host.ha_peer}"
    if host.processor:
        yield f"reports to {host.processor}"
    if host.encrypted:
        yield "encrypted"
    if host.unlisted != "zone":
        yield f"{host.unlisted}s ports that the catalog does not list"
    if host.management_addresses:
        yield f"SSH from {', '.join(host.management_addresses)}"
    if host.outbound is not None:
        yield "outbound traffic is restricted"


def refused_groups(hosts: Mapping[str, HostPlan]) -> tuple[RefusedGroup, ...]:
    """Once for all hosts that refuse the same."""
    return tuple(
        RefusedGroup(
            names_of(names),
            tuple(PortsRow(rule_words(rule.protocol, rule.ports), rule.why) for rule in refused),
        )
        for names, refused in _alike(hosts, lambda host: (host.refused,) if host.refused else ())
    )


def dynamic_rows(hosts: Mapping[str, HostPlan]) -> tuple[DynamicRow, ...]:
    """Once for all hosts on which a service has the same ports, whoever contacts them."""
    return tuple(
        DynamicRow(
            hosts=names_of(names),
            id=item.id,
            service=item.service,
            ports=f"{'/'.join(item.protocols)} {format_ports(item.ports) if item.ports else ''}".strip(),
            discovery=_DISCOVERY[item.discovery],
            discovered=_discovered(item),
        )
        for names, item in _alike(hosts, lambda host: [replace(one, sources=()) for one in host.dynamic])
    )


def _discovered(item: DynamicService) -> str:
    if item.discovered is None:
        return "not discovered, so not opened"
    ports = ", ".join(f"{one.protocol} {one.port} ({one.service})" for one in item.discovered)
    return f"{ports or 'none'}, found {item.discovered_at}"


def outbound_rows(hosts: Mapping[str, HostPlan]) -> tuple[OutboundRow, ...]:
    """Once for all hosts that may contact the same."""
    return tuple(
        OutboundRow(names_of(names), rule_words(rule.protocol, rule.ports), ", ".join(rule.destinations), rule.why)
        for names, rule in _alike(hosts, lambda host: host.outbound or ())
    )


def _alike(
    hosts: Mapping[str, HostPlan], parts: Callable[[HostPlan], Iterable[T]]
) -> Iterator[tuple[tuple[str, ...], T]]:
    """Each part that a host has, with the names of all hosts that have an equal one."""
    found: dict[T, list[str]] = {}
    for name, host in hosts.items():
        for part in parts(host):
            found.setdefault(part, []).append(name)
    for part, names in found.items():
        yield tuple(names), part

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A change request as frozen, typed values: who asks whom for what, and what a format makes of it.

A flow goes from one CIDR to one address, on one range of ports: the smallest thing that a firewall can allow, and what
is counted. As many flows come out of a format, and its notes, as went in.
"""

from __future__ import annotations

import ipaddress

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports

ADD, REMOVE = "add", "remove"


@dataclass(frozen=True, slots=True)
class End:
    """One side of a flow."""

    #: Of the hosts or the network of ``jsa_networks``; both nodes of a pair have its virtual address.
    names: tuple[str, ...]
    #: Canonical; one address is a /32 or a /128.
    cidr: str
    #: Empty where it is in no zone.
    zone: str

    @property
    def name(self) -> str:
        """The names in one text."""
        return ", ".join(self.names)

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.cidr else 4


@dataclass(frozen=True, slots=True)
class RequestedFlow:
    """Packets that a firewall between two zones has to let through, or no longer."""

    source: End
    destination: End
    #: ``tcp``, ``udp`` or ``icmp``; for ICMPv6 too.
    protocol: str
    #: None for ICMP.
    ports: PortRange | None
    #: Of the catalog's entries behind it.
    ids: tuple[str, ...]
    #: ``add`` or ``remove``.
    change: str = ADD

    @property
    def version(self) -> int:
        """4 or 6."""
        return self.source.version

    @property
    def service(self) -> str:
        """``tcp/32006``, ``tcp/32000-33999`` or ``icmp``."""
        return service_text(self.protocol, self.ports)


@dataclass(frozen=True, slots=True)
class FlowGroup:
    """Flows of one service between two zones: every source to every destination."""

    sources: tuple[End, ...]
    destinations: tuple[End, ...]
    protocol: str
    ports: PortRange | None
    ids: tuple[str, ...]
    change: str

    @property
    def version(self) -> int:
        """4 or 6."""
        return self.sources[0].version

    @property
    def service(self) -> str:
        """As that of a flow."""
        return service_text(self.protocol, self.ports)

    @property
    def flows(self) -> int:
        """How many flows it stands for."""
        return len(self.sources) * len(self.destinations)


@dataclass(frozen=True)
class Note:
    """Something that a reader has to know."""

    text: str
    #: Of the flows that went in, those that are left out for this reason.
    flows: int = 0


@dataclass(frozen=True)
class Request:
    """What is requested of the network team."""

    #: What to add and to remove.
    flows: tuple[RequestedFlow, ...]
    #: All that today's plan needs between zones.
    wanted: tuple[RequestedFlow, ...]
    #: The same of an earlier plan; None where there is none.
    before: tuple[RequestedFlow, ...] | None = None
    notes: tuple[Note, ...] = ()
    #: Flows that no firewall between zones sees.
    inside_zones: int = 0
    #: Whether the zones have names of the site's. Otherwise they are networks, which no firewall knows as zones.
    named_zones: bool = False


@dataclass(frozen=True)
class Output:
    """A request in one format."""

    #: Name of the file -> its content.
    files: Mapping[str, str | bytes]
    #: How many of the requested flows are in the files.
    flows: int
    #: What the format cannot say, and what has to be known before it is used.
    notes: tuple[Note, ...] = field(default=())


def service_text(protocol: str, ports: PortRange | None) -> str:
    """``tcp/32006``, ``tcp/32000-33999`` or ``icmp``."""
    return f"{protocol}/{format_ports(ports)}" if ports else protocol


@lru_cache(maxsize=65536)
def cidr_key(cidr: str) -> tuple[int, int, int]:
    """Sorts CIDRs by number, IPv4 before IPv6."""
    network = ipaddress.ip_network(cidr)
    return network.version, int(network.network_address), network.prefixlen


def cidr_of(address: str) -> str:
    """One address as a CIDR."""
    return f"{address}/{128 if ':' in address else 32}"


def counted(number: int, what: str = "flow") -> str:
    """``1 flow``, ``2 flows``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def grouped(flows: Iterable[RequestedFlow]) -> tuple[FlowGroup, ...]:
    """The flows in as few groups as services, zones and purposes allow: every flow is in exactly one."""
    by_destination: dict[tuple[object, ...], dict[End, list[RequestedFlow]]] = {}
    for flow in flows:
        key = (flow.change, flow.version, flow.source.zone, flow.destination.zone, flow.protocol, flow.ports, flow.ids)
        by_destination.setdefault(key, {}).setdefault(flow.destination, []).append(flow)
    groups = []
    for destinations in by_destination.values():
        alike: dict[tuple[End, ...], list[RequestedFlow]] = {}
        for members in destinations.values():
            alike.setdefault(tuple(flow.source for flow in members), []).append(members[0])
        for sources, first in alike.items():
            one = first[0]
            reached = tuple(flow.destination for flow in first)
            groups.append(FlowGroup(sources, reached, one.protocol, one.ports, one.ids, one.change))
    return tuple(groups)

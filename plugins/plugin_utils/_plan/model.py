# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as frozen, typed values. Their file is described by docs/plan.schema.json, which is generated from them.

ICMP has no ports: ``ports`` is None, and is left out of the file. CIDRs are canonical texts; anyone is ``0.0.0.0/0``
and ``::/0``. Nothing changes a plan once it is built; :func:`dataclasses.replace` makes another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import (
    ADDRESS,
    NETWORK,
    PORT,
    PORTS,
    TIME,
    Choice,
    NonEmpty,
    PortRange,
    Shared,
    left_out,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import (
    DATA_PORTS,
    DISCOVERIES,
    PROTOCOLS,
    ROLES,
    UNLISTED,
)

#: The version of the form below; a file of another version is not read.
PLAN_VERSION = 1

TCP, UDP, ICMP = PROTOCOLS

#: Where a socket belongs: ``any`` where no source says.
BINDS = ("network", "loopback", "any")

Protocol = Annotated[str, Choice(PROTOCOLS)]
#: Protocols with ports.
Transport = Annotated[str, Choice((TCP, UDP))]
Ports = Annotated[PortRange, PORTS]
Time = Annotated[str, TIME]
Address = Annotated[str, ADDRESS]
Network = Annotated[str, NETWORK]
Reasons = Annotated[tuple[str, ...], NonEmpty("expected the ids of the catalog entries behind the rule")]


#: What :func:`_check_ports` says, for the schema.
_PORTS_OF_PROTOCOL: Mapping[str, Any] = {
    "if": {"properties": {"protocol": {"const": ICMP}}},
    "then": {"properties": {"ports": {"type": "null"}}},
    "else": {"properties": {"ports": {"type": ["string", "integer"]}}, "required": ["ports"]},
}


def _check_ports(protocol: str, ports: PortRange | None) -> None:
    """Raises ValueError where a protocol has no ports, or has some that it cannot have."""
    if protocol == ICMP and ports is not None:
        raise ValueError("ports: ICMP has none")
    if protocol != ICMP and ports is None:
        raise ValueError("ports is missing")


@dataclass(frozen=True, kw_only=True)
class InboundRule:
    """Packets that a host accepts from its peers."""

    ALSO_SCHEMA: ClassVar[Mapping[str, Any]] = _PORTS_OF_PROTOCOL

    protocol: Protocol
    ports: Ports | None = left_out()
    sources: Annotated[tuple[Network, ...], NonEmpty("a rule without sources accepts no packets")]
    why: Reasons
    #: Stable labels for sets of peers: they stay when peers come and go.
    source_classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_ports(self.protocol, self.ports)


@dataclass(frozen=True, kw_only=True)
class OutboundRule:
    """Packets that a host may send, where what it may contact is restricted."""

    ALSO_SCHEMA: ClassVar[Mapping[str, Any]] = _PORTS_OF_PROTOCOL

    protocol: Protocol
    ports: Ports | None = left_out()
    destinations: Annotated[tuple[Network, ...], NonEmpty("a rule without destinations accepts no packets")]
    why: Reasons
    destination_classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_ports(self.protocol, self.ports)


@dataclass(frozen=True, kw_only=True)
class RefusedRule:
    """Cataloged ports on which a host refuses everyone whom no inbound rule accepts."""

    protocol: Transport
    ports: Ports
    why: Reasons


@dataclass(frozen=True, kw_only=True)
class DiscoveredService:
    """A service and the port that its port mapper named."""

    service: str
    protocol: Transport
    port: Annotated[int, PORT]


@dataclass(frozen=True, kw_only=True)
class DynamicService:
    """A service whose ports only the running service can tell."""

    id: str
    service: str = ""
    protocols: tuple[Transport, ...] = ()
    #: Where the ports lie.
    ports: Ports | None = left_out()
    #: How many there are; None where no source says.
    count: int | None = None
    discovery: Annotated[str, Choice(DISCOVERIES)] = "none"
    sources: tuple[Network, ...] = ()
    #: None where nobody asked the port mapper, or did not get an answer.
    discovered: tuple[DiscoveredService, ...] | None = left_out()
    #: In UTC, as 2026-11-25T05:10:00Z.
    discovered_at: Time | None = left_out()

    def __post_init__(self) -> None:
        if self.discovered is not None and self.discovered_at is None:
            raise ValueError("discovered_at is missing: the age of the discovered ports is not known")


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A socket that is right to be there. A missing one is a fault where it is required."""

    id: str
    service: str
    protocol: Transport
    ports: Ports
    bind: Annotated[str, Choice(BINDS)]
    required: bool
    source_classes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SourceClass:
    """Who a label of source_classes stands for."""

    hosts: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    #: Addresses on a link that the class's one host uses for this class alone: those of an HA pair's crossover.
    links: tuple[Address, ...] = left_out(())


@dataclass(frozen=True, kw_only=True)
class HostPlan:
    """What one host accepts, refuses and listens on: all that a firewall, a check and a report have to know of it."""

    roles: tuple[Annotated[str, Choice(ROLES)], ...]
    addresses: tuple[Address, ...]
    #: Those of its HA pair, on both nodes: the active one answers there.
    virtual_addresses: tuple[Address, ...] = left_out(())
    #: None where it is not behind NAT. Hosts of one group use each other's own addresses.
    nat_group: str | None = left_out()
    #: What hosts outside of its NAT group see instead of its own addresses.
    public_addresses: tuple[Address, ...] = left_out(())
    ha_peer: str | None = None
    processor: str | None = None
    encrypted: bool = False
    #: What happens to packets for ports that the catalog does not list for the host.
    unlisted: Annotated[str, Choice(UNLISTED)] = "zone"
    #: CIDRs that always reach the host's SSH port, beside the address that a run comes from.
    management_addresses: tuple[Network, ...] = ()
    inbound: tuple[InboundRule, ...]
    #: None where the host may contact anyone.
    outbound: tuple[OutboundRule, ...] | None = left_out()
    refused: Annotated[tuple[RefusedRule, ...], Shared()]
    #: Of the refused ports, those that nobody outside of the deployment contacts.
    internal: Annotated[tuple[RefusedRule, ...], Shared()] = ()
    dynamic: tuple[DynamicService, ...]
    #: None in a plan that was not written by this collection: it can be applied, and not checked.
    listeners: Annotated[tuple[Listener, ...] | None, Shared()] = left_out()

    @classmethod
    def from_dict(cls, value: Any, place: str = "rules") -> HostPlan:
        """Raises InputError with the path of everything that is wrong."""
        problems: list[str] = []
        host = read(cls, value, place, problems)
        if host is None:
            raise InputError("The rules of a host cannot be used; nothing was changed", problems)
        return host

    def as_dict(self) -> dict[str, Any]:
        """In the form of the plan's file; the option ``rules`` of the modules takes it."""
        return write(self)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What every host of a deployment accepts and refuses."""

    version: Annotated[int, Choice((PLAN_VERSION,))]
    release: str | None = None
    data_ports: str = DATA_PORTS[0]
    confidences: tuple[str, ...] = ()
    #: What jsa_data_ports and jsa_confidence leave open and closed, a sentence for each.
    choices: tuple[str, ...] = ()
    #: What is no problem for certain, yet looks like one.
    warnings: tuple[str, ...] = ()
    source_classes: Mapping[str, SourceClass] = field(default_factory=dict)
    hosts: Annotated[Mapping[str, HostPlan], NonEmpty("a plan needs at least one host")]

    @classmethod
    def from_dict(cls, value: Any, subject: str = "The plan cannot be used; nothing was changed") -> Plan:
        """Raises InputError under *subject*, with the path of everything that is wrong."""
        problems: list[str] = []
        plan = read(cls, value, "plan", problems)
        if plan is None:
            raise InputError(subject, problems)
        return plan

    def as_dict(self) -> dict[str, Any]:
        """In the form of the plan's file."""
        return write(self)

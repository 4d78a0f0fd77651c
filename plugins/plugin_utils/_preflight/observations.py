# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a preflight observed of each host: its firewall, the temporary listeners, what reached them, and its probes.

The observations of all hosts are one document, described by docs/observations.schema.json. They are made of what the
modules returned on the hosts, or read back from a file.
"""

from __future__ import annotations

import ipaddress

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow, ProbeKey, SocketKey
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import (
    OBSERVATIONS_VERSION,
    PROBES,
    Family,
    Part,
    Port,
    ProbeAnswer,
    ProbesSeen,
    Text,
    Unseen,
    known,
    read_parts,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import TCP, UDP, Network
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import Choice, NonEmpty

Protocol = Annotated[str, Choice((TCP, UDP))]
#: Protocol, port, peer's address.
PacketKey = tuple[str, int, str]


@dataclass(frozen=True, kw_only=True)
class Listening:
    """A temporary listener."""

    protocol: Protocol
    port: Port
    families: tuple[Family, ...]


@dataclass(frozen=True, kw_only=True)
class InUse:
    """A port that somebody else has."""

    protocol: Protocol
    port: Port
    #: Whether a service listens there; false for a connection that the host itself has opened.
    listens: bool
    bind: Annotated[str, Choice(("network", "loopback"))] | None = None
    #: Names of those who have it; empty where that cannot be seen.
    processes: tuple[Text, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NotBound:
    """A port that could not be taken for another reason."""

    protocol: Protocol
    port: Port
    why: Text


@dataclass(frozen=True, kw_only=True)
class ListenersSeen:
    """What a host was told to listen on, and its firewall meanwhile."""

    listening: tuple[Listening, ...]
    in_use: tuple[InUse, ...] = ()
    not_bound: tuple[NotBound, ...] = ()
    #: The networks that the host's addresses are in.
    networks: tuple[Network, ...] = ()
    #: Whether the running firewall is what the plan asks for; None where that is not known.
    firewall_as_planned: bool | None = None
    firewall_reason: Text | None = None


@dataclass(frozen=True, kw_only=True)
class Packet:
    """A packet to a listener, or from it."""

    protocol: Protocol
    #: On the listener's host.
    port: Port
    peer: Text


@dataclass(frozen=True, kw_only=True)
class Record:
    """What the listeners saw until they were ended."""

    #: Whether they stood until then.
    stood: bool
    #: Whether they could see what reached the host.
    watched: bool
    arrived: tuple[Packet, ...]
    answered: tuple[Packet, ...]


@dataclass(frozen=True, kw_only=True)
class HostPreflight:
    """What a preflight observed of one host; each part is null where it was not, and unseen has the reason."""

    listeners: ListenersSeen | None = None
    probes: ProbesSeen | None = None
    record: Record | None = None
    unseen: Mapping[str, Unseen] = field(default_factory=dict)

    @cached_property
    def standing(self) -> frozenset[tuple[str, int, str]] | None:
        """Protocol, port and family of each temporary listener; None where none could be started."""
        if self.listeners is None:
            return None
        return frozenset(
            (one.protocol, one.port, family) for one in self.listeners.listening for family in one.families
        )

    @cached_property
    def in_use(self) -> dict[SocketKey, InUse]:
        """Socket to the port in use."""
        return {(one.protocol, one.port): one for one in (self.listeners.in_use if self.listeners else ())}

    @cached_property
    def not_bound(self) -> dict[SocketKey, str]:
        """Socket to the reason."""
        return {(one.protocol, one.port): one.why for one in (self.listeners.not_bound if self.listeners else ())}

    @cached_property
    def answers(self) -> dict[ProbeKey, ProbeAnswer] | None:
        """What its probes met; None where it could not be asked to probe."""
        return {one.key: one for one in self.probes.answers} if self.probes else None

    @cached_property
    def arrived(self) -> frozenset[PacketKey]:
        """The packets that reached the host."""
        return _keys(self.record.arrived) if self.record else frozenset()

    @cached_property
    def answered(self) -> frozenset[PacketKey]:
        """The packets that the host answered."""
        return _keys(self.record.answered) if self.record else frozenset()

    @property
    def stood(self) -> bool | None:
        """Whether the listeners stood until they were ended; None where nobody could ask."""
        return self.record.stood if self.record else None

    @property
    def watched(self) -> bool:
        """Whether the host could see what reached it."""
        return bool(self.record and self.record.watched)

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks of the host's addresses, as the host reports them."""
        return self.listeners.networks if self.listeners else ()

    @property
    def firewall_as_planned(self) -> bool | None:
        """None if that is not known."""
        return self.listeners.firewall_as_planned if self.listeners else None

    @property
    def why_none(self) -> str | None:
        """Why there are no listeners."""
        told = self.unseen.get("listeners")
        return told.reason if told else None

    def stands(self, flow: ExpectedFlow) -> bool:
        """Whether a listener of ours is what *flow* should meet here."""
        return (flow.protocol, flow.port, _family_of(flow.address)) in (self.standing or ())


@dataclass(frozen=True, kw_only=True)
class PreflightObservations:
    """What a preflight observed of its hosts."""

    version: Annotated[int, Choice((OBSERVATIONS_VERSION,))] = OBSERVATIONS_VERSION
    purpose: Annotated[str, Choice(("preflight",))] = "preflight"
    hosts: Annotated[Mapping[str, HostPreflight], NonEmpty("nobody was observed")]


def _family_of(address: str) -> str:
    return f"ipv{ipaddress.ip_address(address).version}"


def _keys(packets: Iterable[Packet]) -> frozenset[PacketKey]:
    return frozenset((one.protocol, one.port, one.peer) for one in packets)


def _listeners(result: Mapping[str, Any]) -> dict[str, Any]:
    firewall = result.get("firewall") or {}
    return {
        "listening": [known(Listening, item) for item in result["listening"]],
        "in_use": [
            known(InUse, item, processes=[process["name"] for process in item["processes"]])
            for item in result["in_use"]
        ],
        "not_bound": [known(NotBound, item) for item in result["not_bound"]],
        "networks": result["networks"],
        "firewall_as_planned": firewall.get("as_planned"),
        "firewall_reason": firewall.get("reason"),
    }


def _record(result: Mapping[str, Any]) -> dict[str, Any]:
    packets = {key: [known(Packet, item) for item in result[key]] for key in ("arrived", "answered")}
    return known(Record, result, **packets)


#: The parts of a preflight's observations, in the order in which they are observed.
PREFLIGHT_PARTS: tuple[Part[Any], ...] = (
    Part("listeners", "jsa.ports.preflight", "listening", _listeners, ListenersSeen),
    PROBES,
    Part("record", "jsa.ports.preflight", "stood", _record, Record),
)


def observed(handed_over: Mapping[str, Any], names: Iterable[str], alive: Collection[str]) -> dict[str, HostPreflight]:
    """Out of the modules' results, as :func:`read_parts` takes them. Raises InputError."""
    return {
        name: HostPreflight(**parts) for name, parts in read_parts(PREFLIGHT_PARTS, handed_over, names, alive).items()
    }

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who belongs to which name in jsa_networks, by the ports on which each address was seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from ansible_collections.jsa.ports.plugins.plugin_utils._learned.candidates import Candidate, Candidates
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.joining import Decided
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import IN, Counted, NetworkSeen
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.networks import CidrSet, Key, Widening, collapsed
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.traffic import Item

#: fe80::/10: means nothing on other links.
_LINK_LOCAL_6, _LINK_LOCAL_SHIFT = 0xFE80 >> 6, 118


@dataclass
class Members:
    """Who was seen on the ports of one name."""

    #: Such as 514/udp.
    ports: set[str] = field(default_factory=set)
    #: Address to number of connections; None where nobody counted.
    connections: dict[Key, int | None] = field(default_factory=dict)

    def add(self, item: Item, socket: str) -> None:
        """*item* was seen on a port."""
        self.ports.add(socket)
        self.connections[item.peer.key] = _sum(self.connections.get(item.peer.key), item.connections)

    def counted(self, widening: Widening, keys: Collection[Key] | None = None) -> tuple[Counted, ...]:
        """In CIDRs, with numbers. *keys*: only these of them."""
        found = []
        for cidr, inside in collapsed(self.connections if keys is None else keys, widening).items():
            total: int | None = None
            for key in inside:
                total = _sum(total, self.connections[key])
            found.append(Counted(cidr=cidr, peers=len(inside), connections=total))
        return tuple(found)

    def seen(self, widening: Widening, value: tuple[str, ...] | None) -> NetworkSeen:
        """*value*: of the name in jsa_networks; None where nobody set it."""
        outside: tuple[Counted, ...] = ()
        if value is not None:
            known = CidrSet(value)
            outside = self.counted(widening, [key for key in self.connections if key not in known])
        return NetworkSeen(
            is_set=value is not None,
            ports=tuple(sorted(self.ports, key=port_order)),
            seen=self.counted(widening),
            outside=outside,
        )


@dataclass
class Assigned:
    """What comes of the traffic with those outside of the deployment."""

    by_name: dict[str, Members] = field(default_factory=dict)
    #: By host: the features without which nobody gets in there, though somebody was seen; each with the ports.
    features: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    #: What no network explains.
    left: list[tuple[Decided, list[Item]]] = field(default_factory=list)

    def need(self, host: str, feature: str, socket: str) -> None:
        """*host* needs a feature, by what was seen on a port."""
        self.features.setdefault(host, {}).setdefault(feature, set()).add(socket)


def assign(decided: Collection[Decided], candidates: Candidates) -> Assigned:
    """Each far end to the names whose ports it uses.

    A port of several names does not tell which of them somebody is: then the other ports of the same address do, and
    where there is none, the likeliest name is taken.
    """
    usable = list(_usable(decided, candidates))
    certain: dict[Key, set[str]] = {}
    for _of_port, items, names in usable:
        if len(names) == 1:
            for item in items:
                certain.setdefault(item.peer.key, set()).add(names[0].network)
    found = Assigned()
    for of_port, items, names in usable:
        if not names:
            found.left.append((of_port, items))
            continue
        needed: set[str] = set()
        for item in items:
            sure = certain.get(item.peer.key, ())
            chosen = [one for one in names if one.network in sure] or [names[0]]
            for candidate in chosen:
                found.by_name.setdefault(candidate.network, Members()).add(item, of_port.traffic.socket)
                needed.update(candidate.features)
        for feature in needed:
            found.need(of_port.host, feature, of_port.traffic.socket)
    return found


def _usable(
    decided: Iterable[Decided], candidates: Candidates
) -> Iterator[tuple[Decided, list[Item], tuple[Candidate, ...]]]:
    """Of each port what was seen of those outside, and the names that it can have.

    Somebody who tries ports on which nobody answers is no reason to open them.
    """
    kept = list(decided)
    tells = {
        one.host
        for one in kept
        if one.traffic.direction == IN and any(item.process is not None for item in one.traffic.items)
    }
    for one in kept:
        traffic = one.traffic
        items = [
            item
            for item in one.traffic.items
            if item.peer.host is None
            and not _is_link_local(item.peer.key)
            and (traffic.direction != IN or item.in_use or one.host not in tells)
        ]
        if items:
            yield one, items, candidates.networks(one.host, traffic.direction, traffic.protocol, traffic.port)


def _is_link_local(key: Key) -> bool:
    version, number = key
    return version == 6 and number >> _LINK_LOCAL_SHIFT == _LINK_LOCAL_6


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def port_order(socket: str) -> tuple[int, str]:
    """Sorts ``514/udp`` by number."""
    port, _slash, protocol = socket.partition("/")
    return int(port), protocol

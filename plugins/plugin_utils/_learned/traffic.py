# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The traffic of one host, by port and far end: what was recorded, and what is open now."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import IN, OUT
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.networks import Key
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.observations import Contact, TrafficSeen
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.peers import Peer, Peers
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import UDP

#: Answers for leases, which every host accepts and which no plan has.
_LEASES = ((UDP, 68), (UDP, 546))

#: 127.0.0.0/8 and ::1.
_LOOPBACK_FIRST, _LOOPBACK_SIZE, _LOOPBACK_6 = 127 << 24, 1 << 24, 1


@dataclass(frozen=True, slots=True)
class Item:
    """What one far end did on one port."""

    peer: Peer
    connections: int | None
    last_seen: str | None
    process: str | None
    open_now: bool
    #: Whether the host let it pass because its rules are not enforced.
    staged: bool = False

    @property
    def in_use(self) -> bool:
        """Whether somebody answers on the port, as far as it is known."""
        return self.process is not None or self.open_now


@dataclass(slots=True)
class PortTraffic:
    """All that was seen on one port of a host, or on one port of others."""

    direction: str
    protocol: str
    port: int
    items: list[Item] = field(default_factory=list)

    @property
    def socket(self) -> str:
        """``514/udp``."""
        return f"{self.port}/{self.protocol}"


def sorted_traffic(traffic: TrafficSeen, peers: Peers, own: Collection[Key]) -> list[PortTraffic]:
    """By port, inbound first. *own*: the addresses of the host, which it contacts over loopback.

    A connection that was there before the record began is in no record: it is added. So is what only the record of a
    host has that is not enforced.
    """
    found: dict[tuple[str, str, int], PortTraffic] = {}
    unmatched = {(one.peer, one.protocol, one.port) for one in traffic.established}
    staged = ((), ()) if traffic.staged is None else (traffic.staged.inbound, traffic.staged.outbound)
    for item, key in _contacts(IN, traffic.inbound, staged[0], peers, unmatched):
        _add(found, key, item, own)
    for address, protocol, port in sorted(unmatched):
        _add(found, (IN, protocol, port), Item(peers.of(address), None, None, None, True), own)
    for item, key in _contacts(OUT, traffic.outbound, staged[1], peers, set()):
        _add(found, key, item, own)
    return [found[key] for key in sorted(found)]


def _contacts(
    direction: str,
    contacts: Sequence[Contact],
    staged: Sequence[Contact],
    peers: Peers,
    unmatched: set[tuple[str, str, int]],
) -> Iterator[tuple[Item, tuple[str, str, int]]]:
    """What is taken out of *unmatched* is open. What both records have counts once."""
    let_in = {(one.peer, one.protocol, one.port) for one in staged}
    known = {(one.peer, one.protocol, one.port) for one in contacts}
    for one in (*contacts, *(one for one in staged if (one.peer, one.protocol, one.port) not in known)):
        key = (one.peer, one.protocol, one.port)
        is_open = key in unmatched
        unmatched.discard(key)
        item = Item(peers.of(one.peer), one.connections, one.last_seen, one.process, is_open, key in let_in)
        yield item, (direction, one.protocol, one.port)


def _add(
    found: dict[tuple[str, str, int], PortTraffic], key: tuple[str, str, int], item: Item, own: Collection[Key]
) -> None:
    direction, protocol, port = key
    if item.peer.key in own or _is_loopback(item.peer.key) or (direction == IN and (protocol, port) in _LEASES):
        return
    of_port = found.get(key)
    if of_port is None:
        of_port = found[key] = PortTraffic(direction, protocol, port)
    of_port.items.append(item)


def _is_loopback(key: Key) -> bool:
    version, number = key
    if version == 4:
        return 0 <= number - _LOOPBACK_FIRST < _LOOPBACK_SIZE
    return number == _LOOPBACK_6

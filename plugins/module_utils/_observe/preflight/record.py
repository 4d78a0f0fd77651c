# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records the packets that arrived at our ports, and the answers. Runs on Python 3.6."""

import socket

from typing import Any, Dict, Iterable, List, Optional, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.watch import Packet, read_packet

#: The maximum number of packets, so that a scan of this host does not fill its memory.
_MOST = 65536
_BATCH = 256

#: Protocol, port, peer.
Arrival = Tuple[str, int, str]


class Record(object):
    """Records packets until the end of the test."""

    def __init__(self, keys, watch):  # type: (Iterable[Tuple[str, int]], Optional[socket.socket]) -> None
        self._keys = frozenset(keys)
        self.watch = watch
        self.arrived = set()  # type: Set[Arrival]
        self.answered = set()  # type: Set[Arrival]

    def recv(self):  # type: () -> None
        """Reads all packets that have arrived."""
        if self.watch is None:
            return
        for _number in range(_BATCH):
            try:
                packet = read_packet(self.watch)
            except OSError:
                # No packet is left, or an interface went down, which is no reason to stop.
                return
            if packet is not None:
                self.note(packet)

    def note(self, packet):  # type: (Packet) -> None
        """Records *packet* as arrived or answered if it belongs to one of the ports."""
        if packet.outgoing:
            # Of TCP, only the SYN-ACK: connections that this host initiates are not recorded.
            if packet.accepts or packet.protocol == "udp":
                self._add(self.answered, packet.protocol, packet.source_port, packet.target)
        elif not packet.accepts:
            self._add(self.arrived, packet.protocol, packet.target_port, packet.source)

    def _add(self, where, protocol, port, peer):  # type: (Set[Arrival], str, int, str) -> None
        if (protocol, port) in self._keys and len(where) < _MOST:
            where.add((protocol, port, peer))

    def as_dict(self):  # type: () -> Dict[str, Any]
        """``arrived`` and ``answered``, each a list of protocol, port and peer, and ``watched``."""
        return {"watched": self.watch is not None, "arrived": _rows(self.arrived), "answered": _rows(self.answered)}


def _rows(found):  # type: (Iterable[Arrival]) -> List[Dict[str, Any]]
    return [{"protocol": protocol, "port": port, "peer": peer} for protocol, port, peer in sorted(found)]

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds neighbors that do not answer. Runs on Python 3.6.

The kernel asks an absent machine for its link-layer address for about three seconds before it reports an error. For
a probe with a shorter timeout, the kernel's neighbor table has the reason.
"""

import socket
import struct

from typing import Optional, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._host import netlink
from ansible_collections.jsa.ports.plugins.module_utils._host.routing import INDEX, RTA_OIF, ask_route
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import Probe

_RTM_GETNEIGH = 30

_RTA_GATEWAY = 5
_RTA_VIA = 18
_NDA_DST = 1

#: Family, padding, interface, state, flags, type.
_NEIGHBOUR = struct.Struct("=BxxxiHBB")

_INCOMPLETE = 0x01
_FAILED = 0x20

#: Interface and link-layer peer.
Hop = Tuple[int, bytes]


class Neighbors(object):
    """The neighbors that do not answer. The table is read once."""

    def __init__(self):  # type: () -> None
        self._silent = None  # type: Optional[Set[Hop]]

    def is_absent(self, probe):  # type: (Probe) -> bool
        """Whether the peer, or the gateway to it, does not answer on this host's network."""
        try:
            if self._silent is None:
                self._silent = read_silent()
            return bool(self._silent) and next_hop(probe) in self._silent
        except OSError:
            return False


def read_silent():  # type: () -> Set[Hop]
    """The interface and address of each neighbor that did not answer. Raises OSError."""
    silent = set()
    request = _NEIGHBOUR.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
    for _kind, body in netlink.ask(netlink.ROUTE, _RTM_GETNEIGH, request, netlink.DUMP):
        if len(body) < _NEIGHBOUR.size:
            continue
        _family, interface, state, _flags, _type = _NEIGHBOUR.unpack_from(body)
        address = netlink.attributes(body[_NEIGHBOUR.size :]).get(_NDA_DST)
        if address and state & (_INCOMPLETE | _FAILED):
            silent.add((interface, address))
    return silent


def next_hop(probe):  # type: (Probe) -> Optional[Hop]
    """The interface and address that the kernel sends packets for the peer to. Raises OSError without a route."""
    packed = socket.inet_pton(probe.family, probe.address)
    wanted = b""
    if probe.family == socket.AF_INET6 and probe.sockaddr[3]:
        wanted = netlink.attribute(RTA_OIF, INDEX.pack(probe.sockaddr[3]))
    route = ask_route(probe.family, packed, wanted)
    if route is None or RTA_OIF not in route[1]:
        return None
    values = route[1]
    # A gateway of the other family comes with its family in front.
    gateway = values.get(_RTA_GATEWAY) or values.get(_RTA_VIA, b"")[2:] or packed
    return INDEX.unpack(values[RTA_OIF])[0], gateway

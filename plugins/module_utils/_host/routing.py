# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's own addresses, and where its kernel sends packets. Runs on Python 3.6."""

import ipaddress
import socket
import struct

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import socket_family
from ansible_collections.jsa.ports.plugins.module_utils._host import netlink

_RTM_GETADDR = 22
_RTM_GETROUTE = 26

_IFA_ADDRESS = 1
_IFA_LOCAL = 2
_RTA_DST = 1
RTA_OIF = 4

#: Family, length of the prefix, flags, scope, interface.
_ADDRESS = struct.Struct("=BBBBI")
#: Family, lengths of destination and source, service, table, protocol, scope, type, flags.
_ROUTE = struct.Struct("=BBBBBBBBI")
INDEX = struct.Struct("=i")

_UNICAST = 1
_LOCAL = 2


class OwnAddress(NamedTuple):
    address: str
    prefix: int
    interface: str


def read_addresses():  # type: () -> List[OwnAddress]
    """Every address of this host, loopback and link-local ones left out. Raises OSError."""
    found = []
    request = _ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
    for _kind, body in netlink.ask(netlink.ROUTE, _RTM_GETADDR, request, netlink.DUMP):
        if len(body) < _ADDRESS.size:
            continue
        family, prefix, _flags, _scope, interface = _ADDRESS.unpack_from(body)
        values = netlink.attributes(body[_ADDRESS.size :])
        # Of a point-to-point link, the other attribute is the peer.
        packed = values.get(_IFA_LOCAL) or values.get(_IFA_ADDRESS)
        if family not in (socket.AF_INET, socket.AF_INET6) or not packed:
            continue
        address = ipaddress.ip_address(packed)
        if not address.is_loopback and not address.is_link_local:
            found.append(OwnAddress(str(address), prefix, _name(interface)))
    return sorted(found)


def own_addresses():  # type: () -> Optional[List[Dict[str, Any]]]
    """The same as dictionaries, as modules return them; None where the kernel does not tell."""
    try:
        return [dict(one._asdict()) for one in read_addresses()]
    except OSError:
        return None


def ask_route(family, packed, attributes=b""):  # type: (int, bytes, bytes) -> Optional[Tuple[int, Dict[int, bytes]]]
    """The kind of the route to an address, and its attributes. Raises OSError where there is none."""
    request = _ROUTE.pack(family, len(packed) * 8, 0, 0, 0, 0, 0, 0, 0) + netlink.attribute(_RTA_DST, packed)
    for _kind, body in netlink.ask(netlink.ROUTE, _RTM_GETROUTE, request + attributes):
        if len(body) < _ROUTE.size:
            return None
        return _ROUTE.unpack_from(body)[7], netlink.attributes(body[_ROUTE.size :])
    return None


def find_route(peer):  # type: (Any) -> Optional[str]
    """The interface by which packets for *peer*, an address, leave this host; None where none do."""
    try:
        found = ask_route(socket_family(str(peer)), peer.packed)
        if found is None or found[0] not in (_UNICAST, _LOCAL) or RTA_OIF not in found[1]:
            return None
        return _name(INDEX.unpack(found[1][RTA_OIF])[0])
    except (OSError, struct.error):
        return None


def _name(interface):  # type: (int) -> str
    try:
        return socket.if_indextoname(interface)
    except OSError:
        return str(interface)

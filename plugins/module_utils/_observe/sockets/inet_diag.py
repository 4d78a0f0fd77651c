# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads with sock_diag(7) what /proc/net does not show: IPV6_V6ONLY, and backlogs. Runs on Python 3.6."""

import socket
import struct

from typing import Dict, List, NamedTuple

from ansible_collections.jsa.ports.plugins.module_utils._host import netlink
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import STATE_CLOSE, STATE_LISTEN

_SOCK_DIAG_BY_FAMILY = 20
_INET_DIAG_SKV6ONLY = 11

#: Family, protocol, extensions, padding, states; the socket's identity follows, which is all zero for "every socket".
_REQUEST = struct.Struct("=BBBBI48s")
#: Family, state, timer, retransmissions; identity; expiry, both queues, uid, inode.
_ANSWER = struct.Struct("=BBBB48sIIIII")

_QUESTIONS = ((socket.IPPROTO_TCP, STATE_LISTEN), (socket.IPPROTO_UDP, STATE_CLOSE))


def read_v6only():  # type: () -> Dict[int, bool]
    """Whether each listening IPv6 socket serves IPv6 only, by inode.

    Sockets are missing if the kernel has no socket diagnosis, or does not allow it.
    """
    found = {}  # type: Dict[int, bool]
    for protocol, state in _QUESTIONS:
        request = _REQUEST.pack(socket.AF_INET6, protocol, 0, 0, 1 << state, b"")
        try:
            for _kind, body in netlink.ask(netlink.SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, request, netlink.DUMP):
                if len(body) >= _ANSWER.size:
                    value = netlink.attributes(body[_ANSWER.size :]).get(_INET_DIAG_SKV6ONLY)
                    if value:
                        found[_ANSWER.unpack_from(body)[-1]] = value != b"\0"
        except OSError:
            continue
    return found


class Backlog(NamedTuple):
    """Connections that wait to be accepted. The kernel drops new ones while more wait than the limit."""

    waiting: int
    limit: int


def read_backlogs():  # type: () -> Dict[int, List[Backlog]]
    """The backlogs of the listening TCP sockets by port. Empty if the kernel does not return them."""
    found = {}  # type: Dict[int, List[Backlog]]
    for family in (socket.AF_INET, socket.AF_INET6):
        request = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 1 << STATE_LISTEN, b"")
        try:
            for _kind, body in netlink.ask(netlink.SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, request, netlink.DUMP):
                if len(body) >= _ANSWER.size:
                    values = _ANSWER.unpack_from(body)
                    port = struct.unpack_from("!H", values[4])[0]
                    found.setdefault(port, []).append(Backlog(values[6], values[7]))
        except OSError:
            continue
    return found

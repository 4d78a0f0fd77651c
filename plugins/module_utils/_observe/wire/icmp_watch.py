# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads ICMP errors about TCP connections on kernels without an error queue for them. Runs on Python 3.6."""

import socket
import struct

from typing import Dict, List, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.icmp import (
    ICMP6_TIME_EXCEEDED,
    ICMP6_UNREACHABLE,
    ICMP_TIME_EXCEEDED,
    ICMP_UNREACHABLE,
    IcmpError,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import Probe

_SOL_RAW = 255
_ICMP_FILTER = 1
_ICMPV6_FILTER = 1
_LARGEST_MESSAGE = 2048
_BUFFER = 1 << 20

_ICMP_HEADER = 8
_IPV6_HEADER = 40


class IcmpWatch(object):
    """Reads all ICMP errors that reach this host from raw sockets. Without the privilege, it reads none.

    The kernel hands a message to raw sockets before it fails the connection that the message is about.
    """

    def __init__(self):  # type: () -> None
        self._sockets = []  # type: List[socket.socket]
        self._seen = {}  # type: Dict[Tuple[str, int], IcmpError]
        # A bit stands for a type that is kept away.
        types = ~(1 << ICMP_UNREACHABLE | 1 << ICMP_TIME_EXCEEDED) & 0xFFFFFFFF
        types6 = ~(1 << ICMP6_UNREACHABLE | 1 << ICMP6_TIME_EXCEEDED) & 0xFFFFFFFF
        self._open(socket.AF_INET, socket.IPPROTO_ICMP, _SOL_RAW, _ICMP_FILTER, struct.pack("=I", types))
        self._open(
            socket.AF_INET6,
            socket.IPPROTO_ICMPV6,
            socket.IPPROTO_ICMPV6,
            _ICMPV6_FILTER,
            struct.pack("=8I", types6, *[0xFFFFFFFF] * 7),
        )

    def _open(self, family, protocol, level, option, types):  # type: (int, int, int, int, bytes) -> None
        try:
            sock = socket.socket(family, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, protocol)
        except OSError:
            return
        self._sockets.append(sock)
        sock.setsockopt(level, option, types)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)

    def error_for(self, probe):  # type: (Probe) -> Optional[IcmpError]
        """The next ICMP error about the TCP *probe*, None if there is none. Returns each error once."""
        for sock in self._sockets:
            while True:
                try:
                    data, sender = sock.recvfrom(_LARGEST_MESSAGE)
                except OSError:
                    break
                found = parse_message(data, sock.family, sender[0].partition("%")[0])
                if found:
                    self._seen[found[0]] = found[1]
        return self._seen.pop((probe.address, probe.port), None)

    def close(self):  # type: () -> None
        """Closes the raw sockets."""
        for sock in self._sockets:
            sock.close()


def parse_message(data, family, sender):
    # type: (bytes, int, str) -> Optional[Tuple[Tuple[str, int], IcmpError]]
    """The peer and port of the TCP connection that a raw ICMP message is about, and the error. None for other ones."""
    version = 4
    if family == socket.AF_INET6:
        version = 6
    elif data:
        data = data[(data[0] & 0x0F) * 4 :]
    inner = data[_ICMP_HEADER:]
    if len(inner) < (_IPV6_HEADER if version == 6 else 20):
        return None
    if version == 6:
        protocol, packed, transport = inner[6], inner[24:40], inner[_IPV6_HEADER:]
    else:
        protocol, packed, transport = inner[9], inner[16:20], inner[(inner[0] & 0x0F) * 4 :]
    if protocol != socket.IPPROTO_TCP or len(transport) < 4:
        return None
    port = struct.unpack_from("!H", transport, 2)[0]
    return (socket.inet_ntop(family, packed), port), IcmpError(version, data[0], data[1], sender)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads ICMP errors: the sender, the type, and the meaning for a probe. Runs on Python 3.6.

The error number of a failed connection is EHOSTUNREACH both if a firewall rejects it and if the machine is absent.
The ICMP message differs, and the kernel returns it in the error queue of the socket (ip(7)).
"""

import os
import re
import socket
import struct

from typing import List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import socket_family
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import (
    PROHIBITED,
    REFUSED,
    UDP,
    UNREACHABLE,
    Outcome,
    Probe,
)

# Python 3.6 knows MSG_ERRQUEUE, but not these.
IP_RECVERR = 11
IPV6_RECVERR = 25
_SO_EE_ORIGIN_ICMP = 2
_SO_EE_ORIGIN_ICMP6 = 3

#: Error number, origin, type, code, padding, information, data; the sender's socket address follows.
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
_CONTROL_BYTES = 256

ICMP_ECHO_REPLY = 0
ICMP_UNREACHABLE = 3
ICMP_ECHO = 8
ICMP_TIME_EXCEEDED = 11
ICMP6_UNREACHABLE = 1
ICMP6_TIME_EXCEEDED = 3
ICMP6_ECHO = 128
ICMP6_ECHO_REPLY = 129

#: Since this kernel, TCP sockets have an error queue, too. (Distributions carry it back to older ones.)
_TCP_ERROR_QUEUE = (5, 8)

_NOBODY = "nobody"
_PORT = "port"
_ADMIN = "admin"

#: (IP version, type, code) to (kind, name).
_MESSAGES = {
    (4, ICMP_UNREACHABLE, 0): (_NOBODY, "network unreachable"),
    (4, ICMP_UNREACHABLE, 1): (_NOBODY, "host unreachable"),
    (4, ICMP_UNREACHABLE, 2): (_ADMIN, "protocol unreachable"),
    (4, ICMP_UNREACHABLE, 3): (_PORT, "port unreachable"),
    (4, ICMP_UNREACHABLE, 5): (_NOBODY, "source route failed"),
    (4, ICMP_UNREACHABLE, 6): (_NOBODY, "network unknown"),
    (4, ICMP_UNREACHABLE, 7): (_NOBODY, "host unknown"),
    (4, ICMP_UNREACHABLE, 8): (_NOBODY, "host isolated"),
    (4, ICMP_UNREACHABLE, 9): (_ADMIN, "network prohibited"),
    (4, ICMP_UNREACHABLE, 10): (_ADMIN, "host prohibited"),
    (4, ICMP_UNREACHABLE, 11): (_NOBODY, "network unreachable for this type of service"),
    (4, ICMP_UNREACHABLE, 12): (_NOBODY, "host unreachable for this type of service"),
    (4, ICMP_UNREACHABLE, 13): (_ADMIN, "administratively prohibited"),
    (4, ICMP_UNREACHABLE, 14): (_ADMIN, "precedence violation"),
    (4, ICMP_UNREACHABLE, 15): (_ADMIN, "precedence cutoff"),
    (4, ICMP_TIME_EXCEEDED, 0): (_NOBODY, "time to live exceeded, probably a routing loop"),
    (6, ICMP6_UNREACHABLE, 0): (_NOBODY, "no route"),
    (6, ICMP6_UNREACHABLE, 1): (_ADMIN, "administratively prohibited"),
    (6, ICMP6_UNREACHABLE, 2): (_NOBODY, "beyond the scope of the source address"),
    (6, ICMP6_UNREACHABLE, 3): (_NOBODY, "address unreachable"),
    (6, ICMP6_UNREACHABLE, 4): (_PORT, "port unreachable"),
    (6, ICMP6_UNREACHABLE, 5): (_ADMIN, "source address failed policy"),
    (6, ICMP6_UNREACHABLE, 6): (_ADMIN, "route rejects it"),
    (6, ICMP6_TIME_EXCEEDED, 0): (_NOBODY, "hop limit exceeded, probably a routing loop"),
}


class IcmpError(NamedTuple):
    """An ICMP error. *version*: 4 or 6."""

    version: int
    type: int
    code: int
    #: None if the kernel does not return it.
    sender: Optional[str]


def ask_for_errors(sock, family):  # type: (socket.socket, int) -> None
    """Makes the kernel queue the ICMP errors for *sock* (ip(7), IP_RECVERR). Raises OSError."""
    if family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)


def read_error(sock):  # type: (socket.socket) -> Optional[IcmpError]
    """The next ICMP error in the queue of *sock*, None if there is none."""
    try:
        control = sock.recvmsg(0, _CONTROL_BYTES, socket.MSG_ERRQUEUE)[1]
    except OSError:
        return None
    return parse_control(control)


def parse_control(control):  # type: (List[Tuple[int, int, bytes]]) -> Optional[IcmpError]
    """The ICMP error in the control messages of an error queue, None if there is none."""
    for level, kind, data in control:
        if (level, kind) not in ((socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR)):
            continue
        if len(data) < _EXTENDED_ERROR.size:
            continue
        _number, origin, icmp_type, code, _padding, _information, _data = _EXTENDED_ERROR.unpack_from(data)
        if origin in (_SO_EE_ORIGIN_ICMP, _SO_EE_ORIGIN_ICMP6):
            version = 4 if origin == _SO_EE_ORIGIN_ICMP else 6
            return IcmpError(version, icmp_type, code, _parse_sender(data[_EXTENDED_ERROR.size :]))
    return None


def _parse_sender(data):  # type: (bytes) -> Optional[str]
    if len(data) < 8:
        return None
    family = struct.unpack_from("=H", data)[0]
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, data[4:8])
    if family == socket.AF_INET6 and len(data) >= 24:
        return socket.inet_ntop(socket.AF_INET6, data[8:24])
    return None


def judge(probe, error):  # type: (Probe, IcmpError) -> Optional[Outcome]
    """The outcome that *error* means for *probe*, None if it is no answer, such as "packet too big"."""
    kind, name = _MESSAGES.get((error.version, error.type, error.code), (None, None))
    if kind is None:
        return None
    said = "ICMP: %s" % name
    by_peer = error.sender == probe.address
    if kind == _PORT and probe.protocol == UDP and (by_peer or error.sender is None):
        return Outcome(REFUSED, error.sender, said)
    # If the peer itself sends "host unreachable", its firewall rejects with that message.
    if kind == _NOBODY and not by_peer:
        if error.sender is not None and is_own_address(error.sender):
            return Outcome(UNREACHABLE, None, "no host answers at that address, or the gateway to it is down")
        return Outcome(UNREACHABLE, error.sender, said)
    # Closed TCP ports are refused by TCP itself. An ICMP error, of whatever code, is a firewall's.
    return Outcome(PROHIBITED, error.sender, said)


def is_own_address(address):  # type: (str) -> bool
    """Whether *address* belongs to this host: only then can a socket be bound to it."""
    try:
        with socket.socket(socket_family(address), socket.SOCK_DGRAM) as sock:
            sock.bind((address, 0))
        return True
    except OSError:
        return False


def has_tcp_error_queue(release=None):  # type: (Optional[str]) -> bool
    """Whether TCP sockets have an error queue in the kernel *release*, by default the running one."""
    match = re.match(r"(\d+)\.(\d+)", os.uname()[2] if release is None else release)
    return bool(match) and (int(match.group(1)), int(match.group(2))) >= _TCP_ERROR_QUEUE

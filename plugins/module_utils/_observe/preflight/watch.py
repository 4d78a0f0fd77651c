# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sees the packets that reach this host, before its firewall decides. Runs on Python 3.6, standard library only.

A packet socket gets a copy of each packet from the interface (packet(7)). A probe that arrived here but not at the
listener was blocked by this host's firewall, and one that did not arrive by the network. A filter in the kernel copies
only SYN and SYN-ACK of TCP, and our own datagrams.
"""

import socket
import struct

from typing import NamedTuple, Optional

try:
    import ctypes
except ImportError:
    # A Python that was built without libffi: then nobody knows what arrived.
    ctypes = None  # type: ignore

_ALL_PROTOCOLS = 0x0003
_SO_ATTACH_FILTER = 26
_PACKET_OUTGOING = 4
_ENOUGH = 128

_TCP = 6
_UDP = 17
_SYN = 0x02
_ACK = 0x10

# Classic BPF. The packet begins with its IP header, as the socket is a cooked one.
_LD_WORD = 0x20
_LD_BYTE = 0x30
_LDX_IP_LENGTH = 0xB1
_LD_WORD_X = 0x40
_LD_BYTE_X = 0x50
_AND = 0x54
_JUMP_EQUAL = 0x15
_JUMP_SET = 0x45
_RETURN = 0x06


class Packet(NamedTuple):
    """A packet of TCP or UDP. Addresses are text."""

    protocol: str
    source: str
    source_port: int
    target: str
    target_port: int
    #: Whether it is a SYN-ACK, the second packet of a TCP connection.
    accepts: bool
    outgoing: bool


def _program(start):  # type: (int) -> bytes
    """The filter. *start*: the first four bytes of our datagrams, as a number."""
    code = (
        (_LD_BYTE, 0, 0, 0),
        (_AND, 0, 0, 0xF0),
        (_JUMP_EQUAL, 0, 8, 0x40),
        # IPv4
        (_LD_BYTE, 0, 0, 9),
        (_LDX_IP_LENGTH, 0, 0, 0),
        (_JUMP_EQUAL, 0, 2, _TCP),
        (_LD_BYTE_X, 0, 0, 13),
        (_JUMP_SET, 11, 12, _SYN),
        (_JUMP_EQUAL, 0, 11, _UDP),
        (_LD_WORD_X, 0, 0, 8),
        (_JUMP_EQUAL, 8, 9, start),
        # IPv6
        (_JUMP_EQUAL, 0, 8, 0x60),
        (_LD_BYTE, 0, 0, 6),
        (_JUMP_EQUAL, 0, 2, _TCP),
        (_LD_BYTE, 0, 0, 53),
        (_JUMP_SET, 3, 4, _SYN),
        (_JUMP_EQUAL, 0, 3, _UDP),
        (_LD_WORD, 0, 0, 48),
        (_JUMP_EQUAL, 0, 1, start),
        (_RETURN, 0, 0, _ENOUGH),
        (_RETURN, 0, 0, 0),
    )
    return b"".join(struct.pack("=HBBI", *line) for line in code)


def open_watch(start):  # type: (bytes) -> Optional[socket.socket]
    """A packet socket with the filter, None without the privilege or the support for it."""
    if ctypes is None:
        return None
    try:
        sock = socket.socket(
            socket.AF_PACKET,
            socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC,
            socket.htons(_ALL_PROTOCOLS),
        )
    except (AttributeError, OSError):
        return None
    try:
        program = _program(struct.unpack("!I", start)[0])
        buffer = ctypes.create_string_buffer(program, len(program))
        attached = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, attached)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    except OSError:
        sock.close()
        return None
    _drain(sock)
    return sock


def _drain(sock):  # type: (socket.socket) -> None
    """Discards packets that arrived before the filter was set."""
    try:
        while True:
            sock.recv(1)
    except OSError:
        pass


def read_packet(sock):  # type: (socket.socket) -> Optional[Packet]
    """The next packet, None if it is not relevant. Raises BlockingIOError if no packet is left."""
    data, where = sock.recvfrom(_ENOUGH)
    return parse_packet(data, where[2] == _PACKET_OUTGOING)


def parse_packet(data, outgoing):  # type: (bytes, bool) -> Optional[Packet]
    """The packet in *data*, which begins with its IP header. None if it is not TCP or UDP, or is incomplete."""
    version = data[0] >> 4 if data else 0
    if version == 4 and len(data) >= 20:
        family, length, number, source, target = socket.AF_INET, (data[0] & 15) * 4, data[9], data[12:16], data[16:20]
    elif version == 6 and len(data) >= 40:
        family, length, number, source, target = socket.AF_INET6, 40, data[6], data[8:24], data[24:40]
    else:
        return None
    header = data[length:]
    if number == _TCP and len(header) >= 14:
        protocol, accepts = "tcp", header[13] & (_SYN | _ACK) == _SYN | _ACK
    elif number == _UDP and len(header) >= 8:
        protocol, accepts = "udp", False
    else:
        return None
    source_port, target_port = struct.unpack_from("!HH", header)
    return Packet(
        protocol,
        socket.inet_ntop(family, source),
        source_port,
        socket.inet_ntop(family, target),
        target_port,
        accepts,
        outgoing,
    )

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the kernel's socket tables, /proc/net/{tcp,tcp6,udp,udp6} (proc(5)). Runs on Python 3.6.

An address is a sequence of 32-bit words in the machine's byte order, and a port a hexadecimal number.
"""

import errno
import os
import re
import socket
import sys

from typing import Dict, Iterator, List, NamedTuple, Tuple

TABLES = (("tcp", "tcp"), ("tcp6", "tcp"), ("udp", "udp"), ("udp6", "udp"))

STATE_LISTEN = 0x0A
#: Of UDP: bound, and not connected to a single peer.
STATE_CLOSE = 0x07

_MAPPED = b"\0" * 10 + b"\xff\xff"

_ENDPOINT = "([0-9A-Fa-f]{8}|[0-9A-Fa-f]{32}):([0-9A-Fa-f]{4})"
_COUNTERS = r"[0-9A-Fa-f]+:[0-9A-Fa-f]+"
_ROW = re.compile(
    r"^\s*[0-9]+:\s+%s\s+%s\s+([0-9A-Fa-f]{2})\s+%s\s+%s\s+[0-9A-Fa-f]+\s+([0-9]+)\s+[0-9]+\s+([0-9]+)(?:\s|$)"
    % (_ENDPOINT, _ENDPOINT, _COUNTERS, _COUNTERS),
    # Digits of other scripts would pass as digits, and int() would take them.
    re.ASCII,
)


class TableError(ValueError):
    """A socket table cannot be read or parsed."""


class SocketRow(NamedTuple):
    """One socket. Addresses are text. An IPv4-mapped IPv6 address is an IPv4 address."""

    protocol: str
    #: 4 or 6: of the table, so that of a socket for both families is 6.
    version: int
    address: str
    port: int
    peer_address: str
    peer_port: int
    state: int
    uid: int
    inode: int

    @property
    def listens(self):  # type: () -> bool
        """Whether the socket listens."""
        return self.state == (STATE_LISTEN if self.protocol == "tcp" else STATE_CLOSE)

    @property
    def is_loopback(self):  # type: () -> bool
        """Whether the socket is bound to a loopback address."""
        return self.address == "::1" or (self.address.startswith("127.") and ":" not in self.address)


def parse_table(text, protocol, byteorder=sys.byteorder):  # type: (str, str, str) -> List[SocketRow]
    """The sockets in *text*, one table of *protocol*. Raises TableError."""
    lines = text.split("\n")
    if "local_address" not in lines[0]:
        raise TableError("not a socket table: the first line is %r" % lines[0][:80])
    rows = []
    addresses = {}  # type: Dict[str, str]
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        match = _ROW.match(line)
        if not match or len(match.group(1)) != len(match.group(3)):
            raise TableError("line %d is not a socket: %r" % (number, line[:160]))
        local, port, remote, remote_port, state, uid, inode = match.groups()
        for digits in (local, remote):
            if digits not in addresses:
                addresses[digits] = decode_address(digits, byteorder)
        rows.append(
            SocketRow(
                protocol,
                4 if len(local) == 8 else 6,
                addresses[local],
                int(port, 16),
                addresses[remote],
                int(remote_port, 16),
                int(state, 16),
                int(uid),
                int(inode),
            )
        )
    return rows


def decode_address(digits, byteorder=sys.byteorder):  # type: (str, str) -> str
    """The address that *digits* encode: ``0100007F`` is 127.0.0.1 on a little-endian machine."""
    packed = b"".join(int(digits[start : start + 8], 16).to_bytes(4, byteorder) for start in range(0, len(digits), 8))
    if packed.startswith(_MAPPED):
        packed = packed[len(_MAPPED) :]
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def read_sockets(proc="/proc"):  # type: (str) -> List[SocketRow]
    """All TCP and UDP sockets of this process's network namespace. Raises TableError."""
    rows = []  # type: List[SocketRow]
    found = False
    for name, protocol, text in _read_tables(proc):
        found = True
        try:
            rows += parse_table(text, protocol)
        except TableError as error:
            raise TableError("%s: %s" % (os.path.join(proc, "net", name), error))
    if not found:
        raise TableError(
            "%s has no socket table: mount proc, and make sure that it belongs to the process namespace "
            "of this process" % os.path.join(proc, "net")
        )
    return rows


def _read_tables(proc):  # type: (str) -> Iterator[Tuple[str, str, str]]
    for name, protocol in TABLES:
        path = os.path.join(proc, "net", name)
        try:
            with open(path, "rb") as stream:
                yield name, protocol, stream.read().decode("ascii", "replace")
        except (IOError, OSError) as error:
            # A kernel without IPv6 has no tcp6 and udp6.
            if error.errno != errno.ENOENT:
                raise TableError("%s cannot be read: %s" % (path, error.strerror))


def read_ephemeral_ports(proc="/proc"):  # type: (str) -> Tuple[int, int]
    """The first and last ephemeral port (ip(7), ip_local_port_range), an empty range if it is unknown."""
    try:
        with open(os.path.join(proc, "sys/net/ipv4/ip_local_port_range")) as stream:
            first, last = stream.read().split()
        return int(first), int(last)
    except (IOError, OSError, ValueError):
        return 1, 0

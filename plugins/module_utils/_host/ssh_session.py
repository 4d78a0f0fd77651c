# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds, on a managed host, the SSH connection through which Ansible came. Runs on Python 3.6.

sshd puts SSH_CONNECTION into the environment of the session; sudo and its like take it out of ours, but the processes
that we descend from still have it in theirs. A tmux session, or a daemon that somebody started over SSH, carries the
variable of a connection that is long gone: so the kernel must know the connection as established.
"""

import ipaddress
import os
import re
import struct

from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Union

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

_ESTABLISHED = "01"
_MAX_DEPTH = 64


class SSHConnection(NamedTuple):
    #: Where the controller is, as the host sees it.
    address: str
    #: The host's SSH port.
    port: int


class Endpoints(NamedTuple):
    client: Address
    client_port: int
    server: Address
    server_port: int


def find_ssh_connection(proc="/proc", environ=None, pid=None):
    # type: (str, Optional[Mapping[str, str]], Optional[int]) -> Optional[SSHConnection]
    """The nearest established one of ours or of an ancestor's; None where there is none."""
    endpoints = find_ssh_endpoints(proc, environ, pid)
    return None if endpoints is None else SSHConnection(str(endpoints.client), endpoints.server_port)


def find_ssh_endpoints(proc="/proc", environ=None, pid=None):
    # type: (str, Optional[Mapping[str, str]], Optional[int]) -> Optional[Endpoints]
    """As find_ssh_connection, with what tells one connection from another."""
    tables = None  # type: Optional[List[str]]
    for text in _candidates(proc, os.environ if environ is None else environ, os.getpid() if pid is None else pid):
        endpoints = parse_ssh_connection(text)
        if endpoints is None:
            continue
        if tables is None:
            tables = [_read(os.path.join(proc, "net", name)).decode("ascii", "replace") for name in ("tcp", "tcp6")]
        if _is_established(endpoints, tables):
            return endpoints
    return None


def _candidates(proc, environ, pid):  # type: (str, Mapping[str, str], int) -> Iterator[str]
    if environ.get("SSH_CONNECTION"):
        yield environ["SSH_CONNECTION"]
    for _step in range(_MAX_DEPTH):
        pid = _parent(proc, pid)
        if pid < 1:
            return
        text = _environment(proc, pid).get("SSH_CONNECTION")
        if text:
            yield text


def _parent(proc, pid):  # type: (str, int) -> int
    # The second field is the program's name in parentheses, with whatever the program put there.
    fields = _read(os.path.join(proc, str(pid), "stat")).rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def _environment(proc, pid):  # type: (str, int) -> Dict[str, str]
    found = {}
    for item in _read(os.path.join(proc, str(pid), "environ")).split(b"\0"):
        name, _equals, value = item.partition(b"=")
        found[name.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
    return found


def _read(path):  # type: (str) -> bytes
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except (IOError, OSError):
        # A process that has ended, or that is none of our business.
        return b""


def parse_ssh_connection(text):  # type: (str) -> Optional[Endpoints]
    """``client port server port``; None for what is nothing of the kind (sshd writes UNKNOWN without a network)."""
    words = text.split()
    if len(words) != 4:
        return None
    client, server = parse_address(words[0]), parse_address(words[2])
    if client is None or server is None or client.version != server.version:
        return None
    if not all(re.match(r"^[0-9]{1,5}$", word) and 1 <= int(word) <= 65535 for word in (words[1], words[3])):
        return None
    return Endpoints(client, int(words[1]), server, int(words[3]))


def parse_address(text):  # type: (str) -> Optional[Address]
    """Without the interface of a link-local address; an IPv4 address in IPv6 notation is an IPv4 one."""
    plain, percent, zone = text.partition("%")
    try:
        address = ipaddress.ip_address(plain)
    except ValueError:
        return None
    if percent and (not zone or not address.is_link_local or address.version != 6):
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped


def _is_established(endpoints, tables):  # type: (Endpoints, List[str]) -> bool
    for local, remote in ((endpoints.server, endpoints.client), (_mapped(endpoints.server), _mapped(endpoints.client))):
        if local is None or remote is None:
            continue
        row = " %s:%04X %s:%04X %s " % (
            _hex(local),
            endpoints.server_port,
            _hex(remote),
            endpoints.client_port,
            _ESTABLISHED,
        )
        if any(row in table for table in tables):
            return True
    return False


def _mapped(address):  # type: (Address) -> Optional[Address]
    """A socket that listens on both families shows IPv4 peers in this form."""
    if isinstance(address, ipaddress.IPv6Address):
        return None
    return ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)


def _hex(address):  # type: (Address) -> str
    """As in /proc/net/tcp: 32-bit words in the machine's byte order."""
    packed = address.packed
    return "".join("%08X" % word for word in struct.unpack("=%dI" % (len(packed) // 4), packed))

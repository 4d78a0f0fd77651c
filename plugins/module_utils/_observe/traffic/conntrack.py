# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel tracks of connections and datagrams, where it does. Runs on Python 3.6.

/proc/net/nf_conntrack has it where the kernel was built with that, netlink otherwise. Neither is asked where the kernel
would have to load a module for the answer: a look changes nothing.
"""

import ipaddress
import os
import re
import socket
import struct

from typing import Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._host import netlink

_TABLE = "net/nf_conntrack"
_TRACKS = "sys/net/netfilter/nf_conntrack_count"
_MODULE = "/sys/module/nf_conntrack_netlink"
_NOT_READ = "Datagrams and tracked connections could not be read: %s"

_PROTOCOLS = {6: "tcp", 17: "udp"}
#: Of TCP, those in which nobody is connected.
_NOT_CONNECTED = ("SYN_SENT", "TIME_WAIT", "CLOSE")
_FIELD = re.compile(r"\b(src|dst|sport|dport)=(\S+)")

_NETFILTER = 12
_GET = (1 << 8) | 1
#: Family, version, resource.
_REQUEST = struct.Struct("=BBH")
_ORIGINAL, _REPLY, _PROTOCOL_INFO = 1, 2, 4
_ADDRESSES, _TRANSPORT = 1, 2
#: Source and destination, IPv4 and IPv6.
_SOURCES, _DESTINATIONS = (1, 3), (2, 4)
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3
_TCP, _STATE = 1, 1
_TCP_NOT_CONNECTED = (1, 7, 8)
_PORT = struct.Struct("!H")


class Tracked(NamedTuple):
    """A connection, or datagrams between the same ends."""

    protocol: str
    #: Who began it, and whom, at which port, the first packet was for.
    source: str
    destination: str
    port: int
    #: Who answers: another one than the destination where addresses are translated.
    target: str
    target_port: int


def read_tracked(proc="/proc", module=_MODULE):  # type: (str, str) -> Tuple[List[Tracked], Optional[str]]
    """What is tracked, and a sentence where that could not be read. Never raises."""
    try:
        with open(os.path.join(proc, _TABLE)) as stream:
            return parse_table(stream.read()), None
    except (IOError, OSError):
        pass
    if not os.path.exists(os.path.join(proc, _TRACKS)):
        return [], _NOT_READ % "the kernel tracks none"
    if not os.path.exists(module):
        return [], _NOT_READ % "the kernel has neither /proc/net/nf_conntrack nor the module nf_conntrack_netlink"
    found = []  # type: List[Tracked]
    try:
        for family in (socket.AF_INET, socket.AF_INET6):
            for _kind, body in netlink.ask(_NETFILTER, _GET, _REQUEST.pack(family, 0, 0), netlink.DUMP):
                one = parse_message(body)
                if one is not None:
                    found.append(one)
    except OSError as error:
        return found, _NOT_READ % error.strerror
    return found, None


def parse_table(text):  # type: (str) -> List[Tracked]
    """The lines of /proc/net/nf_conntrack; one that is of another form is left out."""
    found = []
    for line in text.splitlines():
        words = line.split()
        fields = _FIELD.findall(line)
        if len(words) < 6 or words[2] not in _PROTOCOLS.values() or len(fields) != 8 or words[5] in _NOT_CONNECTED:
            continue
        original, reply = dict(fields[:4]), dict(fields[4:])
        try:
            found.append(
                Tracked(
                    words[2],
                    _canonical(original["src"]),
                    _canonical(original["dst"]),
                    int(original["dport"]),
                    _canonical(reply["src"]),
                    int(reply["sport"]),
                )
            )
        except (KeyError, ValueError):
            continue
    return found


def parse_message(body):  # type: (bytes) -> Optional[Tracked]
    """One message of netlink; None for another protocol, or another form."""
    values = netlink.attributes(body[_REQUEST.size :])
    try:
        original, reply = _ends(values[_ORIGINAL]), _ends(values[_REPLY])
        protocol = _PROTOCOLS.get(original[0])
        if protocol is None or _is_over(values.get(_PROTOCOL_INFO, b"")):
            return None
        return Tracked(protocol, original[1], original[2], original[4], reply[1], reply[3])
    except (KeyError, ValueError, IndexError, StopIteration, struct.error):
        return None


def _is_over(info):  # type: (bytes) -> bool
    state = netlink.attributes(netlink.attributes(info).get(_TCP, b"")).get(_STATE)
    return bool(state) and state[0] in _TCP_NOT_CONNECTED  # type: ignore[index]


def _ends(packed):  # type: (bytes) -> Tuple[int, str, str, int, int]
    """Protocol, source, destination, and their ports."""
    values = netlink.attributes(packed)
    addresses, transport = netlink.attributes(values[_ADDRESSES]), netlink.attributes(values[_TRANSPORT])
    return (
        transport[_NUMBER][0],
        _address(addresses, _SOURCES),
        _address(addresses, _DESTINATIONS),
        _PORT.unpack(transport[_SOURCE_PORT])[0],
        _PORT.unpack(transport[_DESTINATION_PORT])[0],
    )


def _address(values, kinds):  # type: (Dict[int, bytes], Tuple[int, int]) -> str
    return str(ipaddress.ip_address(next(values[kind] for kind in kinds if kind in values)))


def _canonical(text):  # type: (str) -> str
    return str(ipaddress.ip_address(text))

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at the connections that are there, which changes nothing. Runs on Python 3.6."""

import ipaddress

from typing import Collection, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._host.routing import read_addresses
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.connections import ESTABLISHED, state_of
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.owners import Process, find_owners
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import (
    SocketRow,
    TableError,
    read_ephemeral_ports,
    read_sockets,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.conntrack import Tracked, read_tracked
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.model import Seen, Traffic, merge
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.ports import Ports, gathered, listening_ports
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange

Listening = Dict[Tuple[str, int], Optional[str]]


class Look(NamedTuple):
    """What is there now."""

    #: The connections of sockets.
    sockets: Traffic
    #: What the kernel tracks: datagrams, too, also to ports that nobody listens on.
    tracked: Traffic
    #: The ports on which something waits for peers.
    ports: Ports
    #: Protocol and port to the process that has the socket; None where nobody can see it.
    listening: Listening
    #: What could not be read, in sentences.
    notes: Tuple[str, ...]


def look(now, proc="/proc"):  # type: (int, str) -> Look
    """One look. *now*: seconds since 1970. Never raises: what cannot be read is told in the notes."""
    notes = []  # type: List[str]
    try:
        rows = read_sockets(proc)
    except TableError as error:
        rows = []
        notes.append("The sockets of this host could not be read: %s" % error)
    ephemeral = read_ephemeral_ports(proc)
    owners = find_owners((row.inode for row in rows), proc)
    try:
        own = frozenset(one.address for one in read_addresses())
    except OSError:
        own = frozenset()
    tracked, note = read_tracked(proc)
    if note:
        notes.append(note)
    return Look(
        of_sockets(rows, ephemeral, owners, now),
        of_tracking(tracked, own, now),
        listening_ports(rows, ephemeral) if rows else gathered(()),
        _listening(rows, owners),
        tuple(notes),
    )


def of_sockets(rows, ephemeral, owners, now):
    # type: (Sequence[SocketRow], PortRange, Dict[int, List[Process]], int) -> Traffic
    """Who is connected with this host: whoever connected to a port that listens came in, the others went out."""
    listening = _listening(rows, owners)
    inbound, outbound = [], []  # type: Tuple[List[Seen], List[Seen]]
    for row in rows:
        if state_of(row, ephemeral) != ESTABLISHED or _is_local(row.address, row.peer_address):
            continue
        if (row.protocol, row.port) in listening:
            process = listening[row.protocol, row.port]
            inbound.append(Seen(row.peer_address, row.protocol, row.port, 1, now, process))
        else:
            process = _name(owners.get(row.inode, ()))
            outbound.append(Seen(row.peer_address, row.protocol, row.peer_port, 1, now, process))
    return Traffic(merge(inbound), merge(outbound))


def of_tracking(tracked, own, now):  # type: (Iterable[Tracked], Collection[str], int) -> Traffic
    """The same of what the kernel tracks: that knows datagrams, too. *own*: the addresses of this host."""
    inbound, outbound = [], []  # type: Tuple[List[Seen], List[Seen]]
    for one in tracked:
        if _is_local(one.source, one.destination) or (one.source in own and one.target in own):
            continue
        if one.target in own:
            inbound.append(Seen(one.source, one.protocol, one.target_port, 1, now))
        elif one.source in own:
            outbound.append(Seen(one.destination, one.protocol, one.port, 1, now))
    return Traffic(merge(inbound), merge(outbound))


def joined(first, second):  # type: (Sequence[Seen], Sequence[Seen]) -> Tuple[Seen, ...]
    """Two looks at the same connections: none counts twice."""
    known = {item.key for item in first}
    return merge(first, (item for item in second if item.key not in known))


def _listening(rows, owners):  # type: (Iterable[SocketRow], Dict[int, List[Process]]) -> Listening
    found = {}  # type: Listening
    for row in rows:
        if row.listens:
            key = (row.protocol, row.port)
            found[key] = found.get(key) or _name(owners.get(row.inode, ()))
    return found


def _name(owners):  # type: (Sequence[Process]) -> Optional[str]
    return next((one.name for one in owners if one.name), None)


def _is_local(source, destination):  # type: (str, str) -> bool
    """Whether both ends are this host, by loopback or by one address."""
    return source == destination or any(ipaddress.ip_address(one).is_loopback for one in (source, destination))

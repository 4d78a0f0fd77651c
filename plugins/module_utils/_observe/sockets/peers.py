# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who has an open connection to this host. Runs on Python 3.6."""

import ipaddress

from typing import Iterable, List, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.connections import ESTABLISHED, state_of
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import (
    SocketRow,
    read_ephemeral_ports,
    read_sockets,
)
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange


def read_peers(proc="/proc"):  # type: (str) -> List[Tuple[str, str, int]]
    """Peer, protocol, and port of this host, of each connection. Raises TableError where the tables cannot be read."""
    return peers_of(read_sockets(proc), read_ephemeral_ports(proc))


def peers_of(rows, ephemeral):  # type: (Iterable[SocketRow], PortRange) -> List[Tuple[str, str, int]]
    """The same of *rows*: who is connected to a port that listens came in; all others, the host has contacted."""
    rows = list(rows)
    listening = {(row.protocol, row.port) for row in rows if row.listens}
    return [
        (row.peer_address, row.protocol, row.port)
        for row in rows
        if row.protocol == "tcp"
        and state_of(row, ephemeral) == ESTABLISHED
        and (row.protocol, row.port) in listening
        and row.address != row.peer_address
        and not ipaddress.ip_address(row.peer_address).is_loopback
    ]

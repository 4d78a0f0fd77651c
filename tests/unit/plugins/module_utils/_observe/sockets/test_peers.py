# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who has an open connection to this host, and who has not."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.peers import peers_of, read_peers
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import SocketRow, TableError

EPHEMERAL = (32768, 60999)
LISTENS, OPEN, CLOSING = 10, 1, 8


def row(local: str, port: int, peer: str, peer_port: int, state: int, protocol: str = "tcp") -> SocketRow:
    return SocketRow(protocol, 4, local, port, peer, peer_port, state, 0, 1)


LISTENER = row("0.0.0.0", 443, "0.0.0.0", 0, LISTENS)


@pytest.mark.parametrize(
    ("one", "counts"),
    [
        pytest.param(row("10.0.0.1", 443, "203.0.113.9", 50000, OPEN), True, id="a peer"),
        pytest.param(row("fd00::1", 443, "2001:db8::9", 50000, OPEN), True, id="a peer with IPv6"),
        pytest.param(row("10.0.0.1", 443, "203.0.113.9", 50000, CLOSING), False, id="it is over"),
        pytest.param(row("10.0.0.1", 50000, "203.0.113.9", 443, OPEN), False, id="the host is the client"),
        pytest.param(row("127.0.0.1", 443, "127.0.0.1", 50000, OPEN), False, id="loopback"),
        pytest.param(row("10.0.0.1", 443, "10.0.0.1", 50000, OPEN), False, id="the host itself"),
        pytest.param(row("10.0.0.1", 443, "203.0.113.9", 50000, OPEN, "udp"), False, id="no connection"),
    ],
)
def test_who_counts(one: SocketRow, counts: bool) -> None:
    assert peers_of([one, LISTENER], EPHEMERAL) == ([(one.peer_address, "tcp", 443)] if counts else [])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_loopback_of_this_host_is_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        accepted, _address = server.accept()
        with accepted:
            assert all(port != server.getsockname()[1] for _peer, _protocol, port in read_peers())


def test_without_tables_it_says_so(tmp_path: os.PathLike[str]) -> None:
    with pytest.raises(TableError):
        read_peers(str(tmp_path))

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections of the moment, out of tables that this test writes."""

from __future__ import annotations

import socket

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.owners import Process
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import SocketRow
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.conntrack import Tracked
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.established import (
    joined,
    look,
    of_sockets,
    of_tracking,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.model import Seen, Traffic

NOW = 1764504000
EPHEMERAL = (32768, 60999)
OWNERS = {1: [Process(10, "ecs-ec")], 2: [Process(11, "rsyslogd")]}


def listening(protocol: str, port: int, inode: int) -> SocketRow:
    return SocketRow(protocol, 6, "::", port, "::", 0, 10 if protocol == "tcp" else 7, 0, inode)


def connected(protocol: str, port: int, peer: str, peer_port: int, inode: int = 0, own: str = "10.0.0.1") -> SocketRow:
    return SocketRow(protocol, 4, own, port, peer, peer_port, 1, 0, inode)


def test_a_direction_is_that_of_the_port_that_listens() -> None:
    rows = [
        listening("tcp", 514, 1),
        connected("tcp", 514, "10.1.0.5", 40000),
        connected("tcp", 514, "10.1.0.5", 40001),
        connected("tcp", 41000, "10.9.0.5", 443, 2),
        connected("udp", 42000, "10.9.0.6", 53, 2),
        # Half open, on loopback, with itself.
        connected("tcp", 514, "10.1.0.9", 40002)._replace(state=3),
        connected("tcp", 514, "127.0.0.1", 40003, own="127.0.0.1"),
        connected("tcp", 514, "10.0.0.1", 40004),
    ]
    found = of_sockets(rows, EPHEMERAL, OWNERS, NOW)
    assert found.inbound == (Seen("10.1.0.5", "tcp", 514, 2, NOW, "ecs-ec"),)
    assert found.outbound == (
        Seen("10.9.0.5", "tcp", 443, 1, NOW, "rsyslogd"),
        Seen("10.9.0.6", "udp", 53, 1, NOW, "rsyslogd"),
    )


def test_tracking_knows_datagrams_and_translated_addresses() -> None:
    tracked = [
        Tracked("udp", "10.1.0.7", "10.0.0.1", 514, "10.0.0.1", 514),
        # Redirected to another port of this host, which is what a filter of it sees.
        Tracked("udp", "10.1.0.8", "10.0.0.1", 514, "10.0.0.1", 1514),
        # Forwarded to a container.
        Tracked("tcp", "10.1.0.8", "10.0.0.1", 443, "172.17.0.2", 8443),
        Tracked("tcp", "10.0.0.1", "10.9.0.5", 443, "10.9.0.5", 443),
        Tracked("tcp", "10.0.0.1", "fd77::1", 22, "10.0.0.1", 22),
        Tracked("udp", "127.0.0.1", "127.0.0.1", 53, "127.0.0.1", 53),
    ]
    found = of_tracking(tracked, {"10.0.0.1"}, NOW)
    assert [(item.peer, item.port) for item in found.inbound] == [("10.1.0.7", 514), ("10.1.0.8", 1514)]
    assert [(item.peer, item.port) for item in found.outbound] == [("10.9.0.5", 443)]


def test_two_looks_at_the_same_connection_count_once() -> None:
    socket_ = Seen("10.1.0.5", "tcp", 514, 2, NOW, "ecs-ec")
    datagram = Seen("10.1.0.7", "udp", 514, 1, NOW)
    assert joined((socket_,), (socket_._replace(connections=9), datagram)) == (socket_, datagram)


def test_this_very_host() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = look(NOW)
    assert ("tcp", port) in found.listening
    assert not any(first <= port <= last for first, last in found.ports["tcp"]), "on loopback alone"
    assert all(item.last_seen == NOW for item in found.sockets.inbound)


def test_a_host_that_shows_nothing(tmp_path) -> None:  # type: ignore[no-untyped-def]
    found = look(NOW, str(tmp_path))
    assert (found.sockets, found.tracked, found.listening) == (Traffic(), Traffic(), {})
    assert "The sockets of this host could not be read" in found.notes[0]
    assert found.notes[1] == "Datagrams and tracked connections could not be read: the kernel tracks none"

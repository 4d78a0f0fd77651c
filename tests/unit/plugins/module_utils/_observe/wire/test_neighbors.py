# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who does not answer on the local network."""

from __future__ import annotations

import socket
import struct

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._host import netlink
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.model import read_probes
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire import neighbors
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import Probe
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.neighbors import Neighbors, next_hop, read_silent

LOOPBACK = socket.if_nametoindex("lo")
PEER = socket.inet_aton("10.0.0.1")
GATEWAY = socket.inet_aton("10.0.0.254")
GATEWAY6 = socket.inet_pton(socket.AF_INET6, "fe80::1")


def probe(address: str) -> Probe:
    return read_probes([{"address": address, "port": 22}])[0]


def neighbor(state: int, address: bytes | None = PEER, interface: int = 2) -> tuple[int, bytes]:
    body = struct.pack("=BxxxiHBB", socket.AF_INET, interface, state, 0, 1)
    return 28, body + (netlink.attribute(1, address) if address else b"")


def route(*attributes: tuple[int, bytes]) -> tuple[int, bytes]:
    return 24, b"\0" * 12 + b"".join(netlink.attribute(*item) for item in attributes)


def kernel(monkeypatch, neighbor_answers=(), route_answers=()) -> None:
    answers = {30: neighbor_answers, 26: route_answers}
    monkeypatch.setattr(neighbors.netlink, "ask", lambda _protocol, kind, _payload, _flags=0: iter(answers[kind]))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_way_to_this_host(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    assert next_hop(probe(address)) == (LOOPBACK, socket.inet_pton(family, address))
    assert not Neighbors().is_absent(probe(address))


@pytest.mark.parametrize(
    ("state", "silent"),
    [
        (0x01, True),  # incomplete
        (0x20, True),  # failed
        (0x02, False),  # reachable
        (0x04, False),  # stale
        (0x40, False),  # needs no resolution
        (0x80, False),  # permanent
    ],
)
def test_states(monkeypatch, state: int, silent: bool) -> None:
    kernel(monkeypatch, [neighbor(state)], [route((4, struct.pack("=i", 2)))])
    assert read_silent() == ({(2, PEER)} if silent else set())
    assert Neighbors().is_absent(probe("10.0.0.1")) is silent


@pytest.mark.parametrize(
    ("attributes", "hop"),
    [
        ([(4, struct.pack("=i", 3))], (3, PEER)),
        ([(4, struct.pack("=i", 3)), (5, GATEWAY)], (3, GATEWAY)),
        ([(4, struct.pack("=i", 3)), (18, struct.pack("=H", socket.AF_INET6) + GATEWAY6)], (3, GATEWAY6)),
        ([], None),
    ],
)
def test_next_hops(monkeypatch, attributes: list[tuple[int, bytes]], hop: object) -> None:
    kernel(monkeypatch, route_answers=[route(*attributes)])
    assert next_hop(probe("10.0.0.1")) == hop


def test_a_gateway_that_is_down(monkeypatch) -> None:
    kernel(monkeypatch, [neighbor(0x20, GATEWAY, 3)], [route((4, struct.pack("=i", 3)), (5, GATEWAY))])
    assert Neighbors().is_absent(probe("10.9.9.9"))


def test_the_same_address_on_another_interface_says_nothing(monkeypatch) -> None:
    kernel(monkeypatch, [neighbor(0x20, PEER, 7)], [route((4, struct.pack("=i", 3)))])
    assert not Neighbors().is_absent(probe("10.0.0.1"))


def test_an_answer_without_address_is_passed_over(monkeypatch) -> None:
    kernel(monkeypatch, [neighbor(0x20, None), (28, b"")])
    assert read_silent() == set()


def test_where_the_kernel_does_not_answer_nobody_is_called_absent(monkeypatch) -> None:
    def refuse(*_arguments):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(neighbors.netlink, "ask", refuse)
    assert not Neighbors().is_absent(probe("10.0.0.1"))


def test_the_table_is_read_once(monkeypatch) -> None:
    read = []
    monkeypatch.setattr(neighbors, "read_silent", lambda: read.append(1) or {(99, b"")})
    known = Neighbors()
    assert not known.is_absent(probe("127.0.0.1")) and not known.is_absent(probe("::1"))
    assert read == [1]

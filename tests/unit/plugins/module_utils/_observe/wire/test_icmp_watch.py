# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ICMP errors as raw sockets give them."""

from __future__ import annotations

import socket
import struct

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.model import read_probes
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire import icmp_watch
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.icmp import IcmpError
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.icmp_watch import IcmpWatch, parse_message

TCP_HEADER = struct.pack("!HHI", 40000, 5432, 1)
OWN = "10.0.0.9"
PEER = "10.0.0.1"
PEER6 = "2001:db8::1"


def ipv4(protocol: int, source: str, target: str, body: bytes, options: bytes = b"") -> bytes:
    first = 0x40 | (5 + len(options) // 4)
    header = struct.pack("!BBHHHBBH", first, 0, 0, 0, 0, 64, protocol, 0)
    return header + socket.inet_aton(source) + socket.inet_aton(target) + options + body


def ipv6(protocol: int, source: str, target: str, body: bytes) -> bytes:
    packed = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target)
    return struct.pack("!IHBB", 0x60000000, len(body), protocol, 64) + packed + body


def error(icmp_type: int, code: int, inner: bytes) -> bytes:
    return struct.pack("!BBHI", icmp_type, code, 0, 0) + inner


OUTER = ipv4(1, PEER, OWN, error(3, 13, ipv4(6, OWN, PEER, TCP_HEADER)))
OUTER6 = error(1, 1, ipv6(6, "2001:db8::9", PEER6, TCP_HEADER))


@pytest.mark.parametrize(
    ("data", "family", "found"),
    [
        (OUTER, socket.AF_INET, ((PEER, 5432), IcmpError(4, 3, 13, PEER))),
        (
            ipv4(1, PEER, OWN, error(3, 10, ipv4(6, OWN, PEER, TCP_HEADER, b"\x01" * 8)), b"\x01" * 4),
            socket.AF_INET,
            ((PEER, 5432), IcmpError(4, 3, 10, PEER)),
        ),
        (ipv4(1, PEER, OWN, error(3, 3, ipv4(17, OWN, PEER, TCP_HEADER))), socket.AF_INET, None),
        (OUTER6, socket.AF_INET6, ((PEER6, 5432), IcmpError(6, 1, 1, PEER))),
        (error(1, 4, ipv6(17, PEER6, PEER6, TCP_HEADER)), socket.AF_INET6, None),
        (b"", socket.AF_INET, None),
        (b"", socket.AF_INET6, None),
    ],
)
def test_messages(data: bytes, family: int, found: object) -> None:
    assert parse_message(data, family, PEER) == found


@pytest.mark.parametrize(("data", "family"), [(OUTER, socket.AF_INET), (OUTER6, socket.AF_INET6)])
def test_messages_that_are_cut_off(data: bytes, family: int) -> None:
    # The ports are all that is needed of the inner TCP header.
    needed = len(data) - len(TCP_HEADER) + 4
    for length in range(len(data)):
        assert (parse_message(data[:length], family, PEER) is not None) is (length >= needed)


@given(st.binary(max_size=120), st.sampled_from([socket.AF_INET, socket.AF_INET6]))
def test_no_bytes_break_the_reader(data: bytes, family: int) -> None:
    parse_message(data, family, PEER)


def test_without_the_privilege_nothing_is_seen(monkeypatch) -> None:
    def refuse(*_arguments):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(icmp_watch.socket, "socket", refuse)
    watch = IcmpWatch()
    (probe,) = read_probes([{"address": PEER, "port": 5432}])
    assert watch.error_for(probe) is None
    watch.close()


def test_an_error_is_told_once_and_to_the_probe_that_it_is_about(monkeypatch) -> None:
    class Raw:
        family = socket.AF_INET
        waiting = [OUTER]

        def recvfrom(self, _size):
            if not self.waiting:
                raise BlockingIOError(11, "")
            return self.waiting.pop(), (PEER, 0)

    watch = IcmpWatch()
    watch.close()
    monkeypatch.setattr(watch, "_sockets", [Raw()])
    peers = [(PEER, 5433), ("10.0.0.2", 5432), (PEER, 5432)]
    probes = read_probes([{"address": address, "port": port} for address, port in peers])
    assert [watch.error_for(probe) for probe in probes] == [None, None, IcmpError(4, 3, 13, PEER)]
    assert watch.error_for(probes[2]) is None

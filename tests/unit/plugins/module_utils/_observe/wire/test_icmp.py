# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ICMP errors: read from the kernel's bytes, and taken for what they mean."""

from __future__ import annotations

import errno
import socket
import struct

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.model import read_probes
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.icmp import (
    IP_RECVERR,
    IPV6_RECVERR,
    IcmpError,
    ask_for_errors,
    has_tcp_error_queue,
    is_own_address,
    judge,
    parse_control,
    read_error,
)

PEER = "10.0.0.1"
PEER6 = "2001:db8::1"
ROUTER = "192.0.2.1"

SENDER = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(PEER))
SENDER6 = struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, socket.inet_pton(socket.AF_INET6, PEER6), 0)


def extended(origin: int, icmp_type: int, code: int, sender: bytes = b"") -> bytes:
    return struct.pack("=IBBBBII", 113, origin, icmp_type, code, 0, 0, 0) + sender


@pytest.mark.parametrize(
    ("control", "error"),
    [
        ([(socket.IPPROTO_IP, IP_RECVERR, extended(2, 3, 13, SENDER))], IcmpError(4, 3, 13, PEER)),
        ([(socket.IPPROTO_IPV6, IPV6_RECVERR, extended(3, 1, 1, SENDER6))], IcmpError(6, 1, 1, PEER6)),
        ([(socket.IPPROTO_IP, IP_RECVERR, extended(2, 3, 13))], IcmpError(4, 3, 13, None)),
        ([(1, 29, b"\0" * 16), (socket.IPPROTO_IP, IP_RECVERR, extended(2, 3, 3, SENDER))], IcmpError(4, 3, 3, PEER)),
        # Of this host's own making, not from the network.
        ([(socket.IPPROTO_IP, IP_RECVERR, extended(1, 0, 0, SENDER))], None),
        ([(socket.IPPROTO_IP, IP_RECVERR, b"short")], None),
        ([(socket.IPPROTO_TCP, IP_RECVERR, extended(2, 3, 13, SENDER))], None),
        ([], None),
    ],
)
def test_the_error_queue(control: list[tuple[int, int, bytes]], error: IcmpError | None) -> None:
    assert parse_control(control) == error


@given(
    st.lists(st.tuples(st.sampled_from([0, 41]), st.sampled_from([IP_RECVERR, IPV6_RECVERR]), st.binary(max_size=60)))
)
def test_no_control_message_breaks_the_reader(control: list[tuple[int, int, bytes]]) -> None:
    parse_control(control)


@pytest.mark.parametrize(
    ("address", "protocol", "error", "result", "by"),
    [
        (PEER, "tcp", IcmpError(4, 3, 13, PEER), "prohibited", PEER),
        (PEER, "tcp", IcmpError(4, 3, 10, PEER), "prohibited", PEER),
        (PEER, "tcp", IcmpError(4, 3, 9, ROUTER), "prohibited", ROUTER),
        (PEER, "udp", IcmpError(4, 3, 13, ROUTER), "prohibited", ROUTER),
        (PEER, "icmp", IcmpError(4, 3, 13, PEER), "prohibited", PEER),
        # TCP refuses by itself; a port that is unreachable by ICMP is a firewall's word.
        (PEER, "tcp", IcmpError(4, 3, 3, PEER), "prohibited", PEER),
        (PEER, "tcp", IcmpError(4, 3, 3, ROUTER), "prohibited", ROUTER),
        # UDP has no other way to refuse, but only the peer itself can know.
        (PEER, "udp", IcmpError(4, 3, 3, PEER), "refused", PEER),
        (PEER, "udp", IcmpError(4, 3, 3, None), "refused", None),
        (PEER, "udp", IcmpError(4, 3, 3, ROUTER), "prohibited", ROUTER),
        (PEER, "icmp", IcmpError(4, 3, 3, PEER), "prohibited", PEER),
        (PEER, "tcp", IcmpError(4, 3, 2, PEER), "prohibited", PEER),
        # A router knows that a host is not there; the host does not say so of itself.
        (PEER, "tcp", IcmpError(4, 3, 1, ROUTER), "unreachable", ROUTER),
        (PEER, "tcp", IcmpError(4, 3, 1, PEER), "prohibited", PEER),
        (PEER, "tcp", IcmpError(4, 3, 0, ROUTER), "unreachable", ROUTER),
        (PEER, "tcp", IcmpError(4, 3, 0, PEER), "prohibited", PEER),
        (PEER, "tcp", IcmpError(4, 11, 0, ROUTER), "unreachable", ROUTER),
        # This host's own word: its neighbor does not answer.
        (PEER, "tcp", IcmpError(4, 3, 1, "127.0.0.1"), "unreachable", None),
        (PEER6, "tcp", IcmpError(6, 1, 3, "::1"), "unreachable", None),
        (PEER6, "tcp", IcmpError(6, 1, 1, PEER6), "prohibited", PEER6),
        (PEER6, "tcp", IcmpError(6, 1, 5, PEER6), "prohibited", PEER6),
        (PEER6, "tcp", IcmpError(6, 1, 6, "2001:db8::ff"), "prohibited", "2001:db8::ff"),
        (PEER6, "tcp", IcmpError(6, 1, 4, PEER6), "prohibited", PEER6),
        (PEER6, "udp", IcmpError(6, 1, 4, PEER6), "refused", PEER6),
        (PEER6, "tcp", IcmpError(6, 1, 0, "2001:db8::ff"), "unreachable", "2001:db8::ff"),
        (PEER6, "tcp", IcmpError(6, 1, 3, "2001:db8::ff"), "unreachable", "2001:db8::ff"),
        (PEER6, "tcp", IcmpError(6, 3, 0, "2001:db8::ff"), "unreachable", "2001:db8::ff"),
    ],
)
def test_what_an_error_means(address: str, protocol: str, error: IcmpError, result: str, by: str | None) -> None:
    (probe,) = read_probes([{"address": address, "port": None if protocol == "icmp" else 22, "protocol": protocol}])
    outcome = judge(probe, error)
    assert (outcome.result, outcome.by) == (result, by)
    assert outcome.error


@pytest.mark.parametrize(
    "error",
    [
        IcmpError(4, 3, 4, ROUTER),
        IcmpError(4, 5, 1, ROUTER),
        IcmpError(4, 12, 0, ROUTER),
        IcmpError(4, 11, 1, PEER),
        IcmpError(6, 2, 0, PEER),
        IcmpError(6, 3, 1, PEER),
    ],
)
def test_what_is_no_answer(error: IcmpError) -> None:
    (probe,) = read_probes([{"address": PEER, "port": 22}])
    assert judge(probe, error) is None


@pytest.mark.parametrize(
    ("address", "own"),
    [("127.0.0.1", True), ("::1", True), ("192.0.2.77", False), ("2001:db8::77", False), ("x", False)],
)
def test_own_addresses(address: str, own: bool) -> None:
    assert is_own_address(address) is own


@pytest.mark.parametrize(
    ("release", "known"),
    [
        ("4.18.0-553.el8_10.x86_64", False),
        ("5.7.19", False),
        ("5.8.0", True),
        ("5.14.0-427.el9", True),
        ("6.1.0-20-amd64", True),
        ("10.0", True),
        ("strange", False),
    ],
)
def test_which_kernels_tell_tcp(release: str, known: bool) -> None:
    assert has_tcp_error_queue(release) is known


@pytest.mark.parametrize(
    ("family", "address", "error"),
    [
        (socket.AF_INET, "127.0.0.1", IcmpError(4, 3, 3, "127.0.0.1")),
        (socket.AF_INET6, "::1", IcmpError(6, 1, 4, "::1")),
    ],
)
def test_a_closed_udp_port_of_this_host(family: int, address: str, error: IcmpError) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as busy, socket.socket(family, socket.SOCK_DGRAM) as sock:
        busy.bind((address, 0))
        port = busy.getsockname()[1]
        busy.close()
        ask_for_errors(sock, family)
        sock.connect((address, port))
        assert read_error(sock) is None
        sock.send(b"")
        sock.settimeout(5)
        with pytest.raises(OSError) as caught:
            sock.recv(1)
        assert caught.value.errno == errno.ECONNREFUSED
        sock.setblocking(False)
        assert read_error(sock) == error
        assert read_error(sock) is None

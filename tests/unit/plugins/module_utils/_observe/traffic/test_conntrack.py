# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's connection tracking, in both forms in which it is told."""

from __future__ import annotations

import socket
import struct

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._host.netlink import attribute
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.conntrack import (
    Tracked,
    parse_message,
    parse_table,
    read_tracked,
)

TABLE = """\
ipv4     2 udp      17 29 src=10.1.0.7 dst=10.0.0.1 sport=5000 dport=514 [UNREPLIED] src=10.0.0.1 dst=10.1.0.7 \
sport=514 dport=5000 mark=0 zone=0 use=2
ipv4     2 tcp      6 431999 ESTABLISHED src=10.1.0.8 dst=10.0.0.1 sport=40000 dport=443 src=172.17.0.2 dst=10.1.0.8 \
sport=8443 dport=40000 [ASSURED] mark=0 zone=0 use=2
ipv6     10 tcp      6 110 TIME_WAIT src=fd77::2 dst=fd77::1 sport=40000 dport=443 src=fd77::1 dst=fd77::2 \
sport=443 dport=40000 [ASSURED] mark=0 zone=0 use=2
ipv6     10 udp      17 20 src=fd77:0000:0000:0000:0000:0000:0000:0002 dst=fd77::1 sport=123 dport=123 packets=1 \
bytes=76 src=fd77::1 dst=fd77::2 sport=123 dport=123 packets=1 bytes=76 mark=0 zone=0 use=2
ipv4     2 icmp     1 29 src=10.1.0.7 dst=10.0.0.1 type=8 code=0 id=1 src=10.0.0.1 dst=10.1.0.7 type=0 code=0 id=1 use=2
something else
"""


def test_the_table() -> None:
    assert parse_table(TABLE) == [
        Tracked("udp", "10.1.0.7", "10.0.0.1", 514, "10.0.0.1", 514),
        Tracked("tcp", "10.1.0.8", "10.0.0.1", 443, "172.17.0.2", 8443),
        Tracked("udp", "fd77::2", "fd77::1", 123, "fd77::1", 123),
    ]


@given(st.text())
def test_a_table_of_any_form(text: str) -> None:
    assert isinstance(parse_table(text), list)


def ends(family: int, protocol: int, source: str, destination: str, port: int, other: int) -> bytes:
    kinds = (1, 2) if family == socket.AF_INET else (3, 4)
    addresses = b"".join(
        attribute(kind, socket.inet_pton(family, one)) for kind, one in zip(kinds, (source, destination), strict=True)
    )
    transport = attribute(1, bytes([protocol])) + attribute(2, struct.pack("!H", port))
    return attribute(1, addresses) + attribute(2, transport + attribute(3, struct.pack("!H", other)))


def message(family: int, protocol: int, state: int = 3) -> bytes:
    pair = ("10.1.0.8", "10.0.0.1") if family == socket.AF_INET else ("fd77::2", "fd77::1")
    body = attribute(1, ends(family, protocol, *pair, 40000, 514))
    body += attribute(2, ends(family, protocol, *reversed(pair), 514, 40000))
    if protocol == socket.IPPROTO_TCP:
        body += attribute(4, attribute(1, attribute(1, bytes([state]))))
    return struct.pack("=BBH", family, 0, 0) + body


def test_messages() -> None:
    assert parse_message(message(socket.AF_INET, 6)) == Tracked("tcp", "10.1.0.8", "10.0.0.1", 514, "10.0.0.1", 514)
    assert parse_message(message(socket.AF_INET6, 17)) == Tracked("udp", "fd77::2", "fd77::1", 514, "fd77::1", 514)
    assert parse_message(message(socket.AF_INET, 132)) is None
    assert parse_message(message(socket.AF_INET, 6, state=7)) is None, "it has ended"


@given(st.binary(max_size=120))
def test_a_message_of_any_form(body: bytes) -> None:
    assert parse_message(body) is None


def test_where_it_is_read(tmp_path: Path) -> None:
    module = tmp_path / "nf_conntrack_netlink"
    assert read_tracked(str(tmp_path), str(module)) == (
        [], "Datagrams and tracked connections could not be read: the kernel tracks none",
    )  # fmt: skip
    count = tmp_path / "sys/net/netfilter/nf_conntrack_count"
    count.parent.mkdir(parents=True)
    count.write_text("0\n")
    found, note = read_tracked(str(tmp_path), str(module))
    assert found == [] and note is not None and "nor the module nf_conntrack_netlink" in note
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "nf_conntrack").write_text(TABLE)
    assert read_tracked(str(tmp_path), str(module)) == (parse_table(TABLE), None)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's socket tables: every row read as it is meant, nothing else read at all."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import (
    SocketRow,
    TableError,
    decode_address,
    parse_table,
    read_ephemeral_ports,
    read_sockets,
)

HEADER = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    "                                                     \n"
)
HEADER6 = (
    "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when"
    " retrnsmt   uid  timeout inode\n"
)
LISTEN = (
    "   0: 00000000:7D06 00000000:0000 0A 00000000:00000000 00:00000000 00000000   993        0 16650 1"
    " 00000000b48818f2 100 0 0 10 0                      \n"
)
LISTEN6 = (
    "   1: 00000000000000000000000000000000:1538 00000000000000000000000000000000:0000 0A 00000000:00000000"
    " 00:00000000 00000000    26        0 20331 1 0000000000000000 100 0 0 10 0\n"
)
UDP_ROW = (
    " 1234: 0100007F:0202 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 777 2"
    " 0000000000000000 0\n"
)


def hexed(address: str, byteorder: str = "little") -> str:
    """The kernel's spelling, worked out the other way around than the code under test does."""
    packed = ipaddress.ip_address(address).packed
    words = struct.unpack(f"{'<' if byteorder == 'little' else '>'}{len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words)


def row(number: int, item: SocketRow, byteorder: str, mapped: bool = False) -> str:
    def endpoint(address: str, port: int) -> str:
        if mapped:
            address = f"::ffff:{address}"
        return f"{hexed(address, byteorder)}:{port:04X}"

    return (
        f"{number:4}: {endpoint(item.address, item.port)} {endpoint(item.peer_address, item.peer_port)}"
        f" {item.state:02X} 00000000:00000000 00:00000000 00000000 {item.uid:5}        0 {item.inode} 1"
        " 0000000000000000 100 0 0 10 0\n"
    )


@pytest.mark.parametrize(
    ("digits", "byteorder", "address"),
    [
        ("0100007F", "little", "127.0.0.1"),
        ("7F000001", "big", "127.0.0.1"),
        ("0B01A8C0", "little", "192.168.1.11"),
        ("C0A8010B", "big", "192.168.1.11"),
        ("00000000", "little", "0.0.0.0"),
        ("00000000000000000000000001000000", "little", "::1"),
        ("00000000000000000000000000000001", "big", "::1"),
        ("B80D01200000000000000000010A0000", "little", "2001:db8::a01"),
        ("20010DB800000000000000000000010A", "big", "2001:db8::10a"),
        ("0000000000000000FFFF00000100007F", "little", "127.0.0.1"),
        ("00000000000000000000FFFF7F000001", "big", "127.0.0.1"),
        ("0000000000000000FFFF000000000000", "little", "0.0.0.0"),
    ],
)
def test_addresses_in_both_byte_orders(digits: str, byteorder: str, address: str) -> None:
    assert decode_address(digits, byteorder) == address


def test_the_byte_order_is_that_of_the_machine() -> None:
    digits = "%08X" % struct.unpack("=I", socket.inet_aton("10.1.2.3"))[0]
    assert decode_address(digits) == "10.1.2.3"


@pytest.mark.parametrize(
    ("table", "protocol", "expected"),
    [
        (HEADER, "tcp", []),
        (HEADER + LISTEN, "tcp", [SocketRow("tcp", 4, "0.0.0.0", 32006, "0.0.0.0", 0, 0x0A, 993, 16650)]),
        (HEADER6 + LISTEN6, "tcp", [SocketRow("tcp", 6, "::", 5432, "::", 0, 0x0A, 26, 20331)]),
        (HEADER + UDP_ROW + "\n", "udp", [SocketRow("udp", 4, "127.0.0.1", 514, "0.0.0.0", 0, 7, 0, 777)]),
    ],
)
def test_tables(table: str, protocol: str, expected: list[SocketRow]) -> None:
    assert parse_table(table, protocol, "little") == expected


@pytest.mark.parametrize(
    ("protocol", "state", "listens"),
    [("tcp", 0x0A, True), ("tcp", 0x01, False), ("tcp", 0x07, False), ("udp", 0x07, True), ("udp", 0x01, False)],
)
def test_which_state_listens(protocol: str, state: int, listens: bool) -> None:
    assert SocketRow(protocol, 4, "0.0.0.0", 1, "0.0.0.0", 0, state, 0, 1).listens is listens


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("12.7.0.1", False),
        ("fe80::1", False),
    ],
)
def test_loopback(address: str, loopback: bool) -> None:
    assert SocketRow("tcp", 4, address, 1, "0.0.0.0", 0, 10, 0, 1).is_loopback is loopback


def test_a_mapped_loopback_address_is_loopback() -> None:
    line = LISTEN6.replace("0" * 32 + ":1538", "0000000000000000FFFF00000100007F:1538")
    (found,) = parse_table(HEADER6 + line, "tcp", "little")
    assert (found.address, found.version, found.is_loopback) == ("127.0.0.1", 6, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a table\n",
        LISTEN,
        HEADER + LISTEN.replace(" 0A ", " "),
        HEADER + LISTEN.replace("00000000:7D06", "0000:7D06"),
        HEADER + LISTEN.replace("00000000:7D06", "00000000:7D0"),
        HEADER + LISTEN.replace("00000000:7D06", "0000000G:7D06"),
        HEADER + LISTEN.replace("00000000:0000 0A", "0" * 32 + ":0000 0A"),
        HEADER + LISTEN.replace("16650", "-1"),
        HEADER + LISTEN.replace("16650", "\u0661\u0662"),
        HEADER + LISTEN[:60],
    ],
)
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(TableError):
        parse_table(text, "tcp", "little")


def test_the_error_names_the_line() -> None:
    with pytest.raises(TableError, match=r"^line 3 is not a socket: 'garbage'"):
        parse_table(HEADER + LISTEN + "garbage\n", "tcp", "little")


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    with contextlib.suppress(TableError):
        assert parse_table(text, "tcp") == []


@given(st.text(alphabet="0123456789ABCDEF: \n\t", max_size=200))
def test_no_row_raises_anything_else(rows: str) -> None:
    with contextlib.suppress(TableError):
        parse_table(HEADER + rows, "udp")


ports = st.integers(0, 65535)


def sockets_of(addresses: st.SearchStrategy[str], version: int) -> st.SearchStrategy[list[SocketRow]]:
    return st.lists(
        st.builds(
            SocketRow,
            protocol=st.just("tcp"),
            version=st.just(version),
            address=addresses,
            port=ports,
            peer_address=addresses,
            peer_port=ports,
            state=st.integers(1, 12),
            uid=st.integers(0, 2**32 - 1),
            inode=st.integers(0, 2**64 - 1),
        ),
        max_size=5,
    )


v4 = st.ip_addresses(v=4).map(str)
v6 = (
    st.ip_addresses(v=6)
    .filter(lambda address: address.ipv4_mapped is None)
    .map(lambda address: socket.inet_ntop(socket.AF_INET6, address.packed))
)


@given(sockets_of(v4, 4), st.sampled_from(["little", "big"]))
def test_what_the_kernel_wrote_is_what_is_read(items: list[SocketRow], byteorder: str) -> None:
    text = HEADER + "".join(row(number, item, byteorder) for number, item in enumerate(items))
    assert parse_table(text, "tcp", byteorder) == items


@given(sockets_of(v6, 6), st.sampled_from(["little", "big"]))
def test_the_same_for_ipv6(items: list[SocketRow], byteorder: str) -> None:
    text = HEADER6 + "".join(row(number, item, byteorder) for number, item in enumerate(items))
    assert parse_table(text, "tcp", byteorder) == items


@given(sockets_of(v4, 6), st.sampled_from(["little", "big"]))
def test_mapped_addresses_are_read_as_ipv4(items: list[SocketRow], byteorder: str) -> None:
    text = HEADER6 + "".join(row(number, item, byteorder, mapped=True) for number, item in enumerate(items))
    assert parse_table(text, "tcp", byteorder) == items


def write(folder, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder)


def test_all_tables_are_read(tmp_path) -> None:
    tables = {"tcp": HEADER + LISTEN, "tcp6": HEADER6 + LISTEN6, "udp": HEADER + UDP_ROW, "udp6": HEADER6}
    proc = write(tmp_path, {f"net/{name}": text for name, text in tables.items()})
    assert [(item.protocol, item.version, item.port) for item in read_sockets(proc)] == [
        ("tcp", 4, 32006),
        ("tcp", 6, 5432),
        ("udp", 4, 514),
    ]


def test_a_kernel_without_ipv6(tmp_path) -> None:
    proc = write(tmp_path, {"net/tcp": HEADER + LISTEN, "net/udp": HEADER})
    assert [item.port for item in read_sockets(proc)] == [32006]


def test_a_broken_table_is_named(tmp_path) -> None:
    proc = write(tmp_path, {"net/tcp": HEADER, "net/udp6": "?"})
    with pytest.raises(TableError, match=r"net/udp6: not a socket table"):
        read_sockets(proc)


def test_a_table_that_cannot_be_read_is_named(tmp_path) -> None:
    proc = write(tmp_path, {"net/tcp": HEADER})
    (tmp_path / "net" / "udp").mkdir()
    with pytest.raises(TableError, match=r"net/udp cannot be read"):
        read_sockets(proc)


def test_without_any_table_the_remedy_is_told(tmp_path) -> None:
    with pytest.raises(TableError, match="mount proc, and make sure"):
        read_sockets(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "ports"), [("32768\t60999\n", (32768, 60999)), ("x y\n", (1, 0)), ("1\n", (1, 0)), ("", (1, 0))]
)
def test_ephemeral_ports(tmp_path, text: str, ports: tuple[int, int]) -> None:
    assert read_ephemeral_ports(write(tmp_path, {"sys/net/ipv4/ip_local_port_range": text})) == ports


def test_ephemeral_ports_unknown(tmp_path) -> None:
    assert read_ephemeral_ports(str(tmp_path)) == (1, 0)

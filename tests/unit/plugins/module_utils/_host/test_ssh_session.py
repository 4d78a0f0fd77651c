# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's SSH connection, found in a /proc made for the test."""

from __future__ import annotations

import sys

from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import (
    SSHConnection,
    find_ssh_connection,
    parse_address,
    parse_ssh_connection,
)

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
V4 = "10.0.0.250 50122 10.0.0.1 22"
#: 10.0.0.1:22 and 10.0.0.250:50122 as a little-endian kernel writes them.
V4_ROW = "   0: 0100000A:0016 FA00000A:C3CA 01 00000000:00000000 00:00000000 00000000     0        0 1 1\n"
V4_MAPPED_ROW = V4_ROW.replace("0100000A", "0000000000000000FFFF00000100000A").replace(
    "FA00000A", "0000000000000000FFFF0000FA00000A"
)
V6 = "fd00::250 50122 fd00::1 2222"
V6_ROW = (
    "   0: 000000FD000000000000000001000000:08AE 000000FD000000000000000050020000:C3CA 01 "
    "00000000:00000000 00:00000000 00000000     0        0 1 1\n"
)
CLOSED_ROW = V4_ROW.replace(" 01 ", " 08 ", 1)

little_endian = sys.byteorder == "little"


class Proc:
    """A /proc with the processes and connections that a test needs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "net").mkdir()
        self.sockets()

    def sockets(self, tcp: str = "", tcp6: str = "") -> None:
        (self.root / "net" / "tcp").write_text(HEADER + tcp)
        (self.root / "net" / "tcp6").write_text(HEADER + tcp6)

    def process(self, pid: int, parent: int, environ: str | None = None, name: str = "sh") -> None:
        folder = self.root / str(pid)
        folder.mkdir()
        (folder / "stat").write_text(f"{pid} ({name}) S {parent} 1 1 0 -1 4194560\n")
        if environ is not None:
            (folder / "environ").write_bytes(environ.encode())


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


def find(proc: Proc, pid: int = 30, environ: dict[str, str] | None = None) -> SSHConnection | None:
    return find_ssh_connection(str(proc.root), environ or {}, pid)


@pytest.mark.parametrize(
    ("text", "tables", "expected"),
    [
        pytest.param(V4, {"tcp": V4_ROW}, SSHConnection("10.0.0.250", 22), id="IPv4"),
        pytest.param(V4, {"tcp6": V4_MAPPED_ROW}, SSHConnection("10.0.0.250", 22), id="IPv4 on a dual-stack socket"),
        pytest.param(V6, {"tcp6": V6_ROW}, SSHConnection("fd00::250", 2222), id="IPv6 on another port"),
        pytest.param(
            "::ffff:10.0.0.250 50122 ::ffff:10.0.0.1 22",
            {"tcp6": V4_MAPPED_ROW},
            SSHConnection("10.0.0.250", 22),
            id="IPv4 in IPv6 notation",
        ),
        pytest.param(V4, {}, None, id="long gone"),
        pytest.param(V4, {"tcp": CLOSED_ROW}, None, id="closing"),
        pytest.param(V4.replace("50122", "50123"), {"tcp": V4_ROW}, None, id="another connection"),
        pytest.param("UNKNOWN 65535 UNKNOWN 65535", {"tcp": V4_ROW}, None, id="sshd without a network"),
    ],
)
def test_own_environment(proc: Proc, text: str, tables: dict[str, str], expected: SSHConnection | None) -> None:
    assert little_endian, "the rows of these tables are those of a little-endian machine"
    proc.process(30, 1)
    proc.sockets(**tables)
    assert find(proc, environ={"SSH_CONNECTION": text}) == expected


def test_sudo_hides_it_from_us_but_not_from_our_ancestors(proc: Proc) -> None:
    proc.process(30, 20, "PATH=/bin\0SUDO_USER=op\0")
    proc.process(20, 10, f"PATH=/bin\0SSH_CONNECTION={V4}\0", name="sudo (x) y")
    proc.process(10, 1, "PATH=/bin\0", name="sshd")
    proc.sockets(tcp=V4_ROW)
    assert find(proc) == SSHConnection("10.0.0.250", 22)


def test_a_stale_variable_is_passed_over_for_a_live_one_further_up(proc: Proc) -> None:
    proc.process(30, 20, "PATH=/bin\0")
    proc.process(20, 10, "SSH_CONNECTION=10.0.0.99 1000 10.0.0.1 22\0")
    proc.process(10, 1, f"SSH_CONNECTION={V4}\0")
    proc.sockets(tcp=V4_ROW)
    assert find(proc) == SSHConnection("10.0.0.250", 22)


def test_the_nearest_of_two_live_ones_counts(proc: Proc) -> None:
    proc.process(30, 20)
    proc.process(20, 10, f"SSH_CONNECTION={V4}\0")
    proc.process(10, 1, f"SSH_CONNECTION={V6}\0")
    proc.sockets(tcp=V4_ROW, tcp6=V6_ROW)
    assert find(proc) == SSHConnection("10.0.0.250", 22)


@pytest.mark.parametrize("parent", [0, 1, 77, 30], ids=["init", "reparented", "vanished", "its own parent"])
def test_nothing_to_be_found(proc: Proc, parent: int) -> None:
    proc.process(30, parent, "PATH=/bin\0")
    proc.sockets(tcp=V4_ROW)
    assert find(proc) is None


def test_an_environment_that_we_may_not_read_is_no_error(proc: Proc) -> None:
    proc.process(30, 20)
    proc.process(20, 10, None)
    proc.process(10, 1, f"SSH_CONNECTION={V4}\0")
    proc.sockets(tcp=V4_ROW)
    assert find(proc) == SSHConnection("10.0.0.250", 22)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("fd00::1", "fd00::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("fd00::1%eth0", None),
        ("10.0.0.1%eth0", None),
        ("fe80::1%", None),
        ("UNKNOWN", None),
        ("", None),
    ],
)
def test_addresses(text: str, expected: str | None) -> None:
    address = parse_address(text)
    assert (None if address is None else str(address)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.0.1 1 10.0.0.2",
        "10.0.0.1 0 10.0.0.2 22",
        "10.0.0.1 1 10.0.0.2 65536",
        "10.0.0.1 x 10.0.0.2 22",
        "10.0.0.1 1 fd00::1 22",
        "10.0.0.1 ² 10.0.0.2 22",
    ],
)
def test_what_is_no_connection(text: str) -> None:
    assert parse_ssh_connection(text) is None


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    parse_ssh_connection(text)

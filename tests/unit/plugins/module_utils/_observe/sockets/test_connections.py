# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which sockets a filter chooses, and what is said of each."""

from __future__ import annotations

import contextlib

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.connections import (
    STATES,
    describe,
    read_filter,
    select,
    state_of,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.expected import ExpectationError
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.owners import Process
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import SocketRow

EPHEMERAL = (32768, 60999)
NOBODY = ("0.0.0.0", 0)


def row(
    protocol: str, local: tuple[str, int], remote: tuple[str, int] = NOBODY, state: int = 10, inode: int = 1
) -> SocketRow:
    return SocketRow(protocol, 4, *local, *remote, state, 0, inode)


SNMP = row("tcp", ("0.0.0.0", 199), inode=10)
LOOKALIKE = row("tcp", ("0.0.0.0", 1991), inode=11)
OF_199 = row("tcp", ("10.0.0.199", 5000), inode=12)
CLIENT = row("tcp", ("10.0.0.1", 40000), ("10.0.0.9", 199), 1, inode=13)
GONE = row("tcp", ("10.0.0.1", 199), ("10.0.0.9", 40001), 6, inode=0)
SYSLOG = row("udp", ("0.0.0.0", 514), state=7, inode=14)
RESOLVER = row("udp", ("0.0.0.0", 45000), state=7, inode=15)
NTP = row("udp", ("10.0.0.1", 45001), ("10.0.0.9", 123), 1, inode=16)
ROWS = [SNMP, LOOKALIKE, OF_199, CLIENT, GONE, SYSLOG, RESOLVER, NTP]
OWNERS = {
    10: [Process(1990, "snmpd")],
    11: [Process(199, "java")],
    13: [Process(7, "java"), Process(8, "javaws")],
    14: [Process(9, "rsyslogd")],
}


def found(port: tuple[str, ...] = (), process: tuple[str, ...] = (), state: tuple[str, ...] = ()) -> list[int]:
    chosen = read_filter(port, process, state)
    return [item["local_port"] for item in describe(select(ROWS, chosen, EPHEMERAL), chosen, OWNERS, EPHEMERAL)]


def test_a_port_is_a_port() -> None:
    """Not a process, not an address, not a part of another port."""
    assert found(port=("199",)) == [199, 199, 40000, 40000]
    assert found(port=("199",), state=("listening",)) == [199]


def test_protocols_and_ranges() -> None:
    assert found(port=("514/udp",)) == [514]
    assert found(port=("514/tcp",)) == []
    assert found(port=("190-2000/tcp",), state=("listening",)) == [199, 1991]


def test_what_listens_includes_udp_but_not_its_clients() -> None:
    assert found(state=("listening",)) == [199, 1991, 5000, 514]
    assert found(state=("waiting",)) == [45000]
    assert found(state=("established",)) == [40000, 40000, 45001]


def test_a_process_is_named_as_a_whole_or_by_its_number() -> None:
    assert found(process=("java",)) == [1991, 40000]
    assert found(process=("jav",)) == []
    assert found(process=("199",)) == [1991]
    assert found(process=("1990", "rsyslogd")) == [199, 514]


def test_what_is_said_of_a_socket() -> None:
    chosen = read_filter(["199"], [], ["time_wait", "listening"])
    assert describe(select(ROWS, chosen, EPHEMERAL), chosen, OWNERS, EPHEMERAL) == [
        {
            "protocol": "tcp",
            "local_address": "0.0.0.0",
            "local_port": 199,
            "remote_address": None,
            "remote_port": None,
            "state": "listening",
            "pid": 1990,
            "process": "snmpd",
            "uid": 0,
        },
        {
            "protocol": "tcp",
            "local_address": "10.0.0.1",
            "local_port": 199,
            "remote_address": "10.0.0.9",
            "remote_port": 40001,
            "state": "time_wait",
            "pid": None,
            "process": None,
            "uid": 0,
        },
    ]


def test_every_mistake_in_one_message() -> None:
    with pytest.raises(ExpectationError) as refused:
        read_filter(["x", "514/sctp", "70000"], [], ["LISTEN"])
    for part in ("port[0]", "port[1]", "port[2]", "state: 'LISTEN' is none of"):
        assert part in str(refused.value)


@given(st.lists(st.text()), st.lists(st.text()), st.lists(st.text()))
def test_whatever_is_asked(ports: list[str], processes: list[str], states: list[str]) -> None:
    with contextlib.suppress(ExpectationError):
        read_filter(ports, processes, states)


@given(st.sampled_from(["tcp", "udp"]), st.integers(0, 255), st.integers(0, 65535))
def test_every_state_has_a_name(protocol: str, state: int, port: int) -> None:
    assert state_of(row(protocol, ("::", port), state=state), EPHEMERAL) in STATES

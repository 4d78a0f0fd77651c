# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said about a host's sockets, statement by statement."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.compare import Listeners, compare, summarize
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.expected import Expected, Known
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.owners import Process
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import SocketRow

EPHEMERAL = (32768, 60999)


def sock(address: str, port: int, protocol: str = "tcp", inode: int = 1, state: int | None = None) -> SocketRow:
    state = state if state is not None else (0x0A if protocol == "tcp" else 0x07)
    return SocketRow(protocol, 6 if ":" in address else 4, address, port, "0.0.0.0", 0, state, 0, inode)


def want(
    ports: str | int, bind: str = "network", required: bool = True, protocol: str = "tcp", id: str = "it"
) -> Expected:
    first, _dash, last = str(ports).partition("-")
    return Expected(id, "Service " + id, protocol, (int(first), int(last or first)), bind, required)


def results(
    rows: list[SocketRow],
    expected: list[Expected],
    known: list[Known] | None = None,
    unlisted: bool = True,
    v6only: dict[int, bool] | None = None,
    owners: dict[int, list[Process]] | None = None,
) -> list[dict[str, Any]]:
    return compare(Listeners(rows, v6only or {}, owners or {}, EPHEMERAL), expected, known or [], unlisted)


@pytest.mark.parametrize(
    ("addresses", "bind", "status", "bound"),
    [
        (["0.0.0.0"], "network", "listening", "network"),
        (["::"], "network", "listening", "network"),
        (["10.0.0.1"], "network", "listening", "network"),
        (["127.0.0.1", "10.0.0.1"], "network", "listening", "network"),
        (["127.0.0.1"], "network", "not_listening", "loopback"),
        (["::1", "127.0.0.9"], "network", "not_listening", "loopback"),
        ([], "network", "not_listening", None),
        (["127.0.0.1"], "loopback", "listening", "loopback"),
        (["::1"], "loopback", "listening", "loopback"),
        (["0.0.0.0"], "loopback", "exposed", "network"),
        (["::"], "loopback", "exposed", "network"),
        (["127.0.0.1", "10.0.0.1"], "loopback", "exposed", "network"),
        ([], "loopback", "not_listening", None),
        (["0.0.0.0"], "any", "listening", "network"),
        (["127.0.0.1"], "any", "listening", "loopback"),
        ([], "any", "not_listening", None),
    ],
)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_one_required_port(addresses: list[str], bind: str, status: str, bound: str | None, protocol: str) -> None:
    rows = [sock(address, 514, protocol) for address in addresses]
    (result,) = results(rows, [want(514, bind, protocol=protocol)])
    assert (result["status"], result["bind"], result["addresses"]) == (status, bound, sorted(addresses))


@pytest.mark.parametrize(
    ("addresses", "bind", "status"),
    [
        ([], "network", None),
        ([], "loopback", None),
        (["0.0.0.0"], "network", "listening"),
        (["127.0.0.1"], "network", "not_listening"),
        (["0.0.0.0"], "loopback", "exposed"),
    ],
)
def test_one_port_that_need_not_be_there(addresses: list[str], bind: str, status: str | None) -> None:
    found = results([sock(address, 514) for address in addresses], [want(514, bind, required=False)])
    assert [result["status"] for result in found] == ([status] if status else [])


def test_what_is_said_of_a_port() -> None:
    assert results(
        [sock("::", 32006, inode=7)],
        [want(32006, id="ariel")],
        owners={7: [Process(12, "java"), Process(4, "java")]},
    ) == [
        {
            "ids": ["ariel"],
            "services": ["Service ariel"],
            "protocol": "tcp",
            "ports": "32006",
            "status": "listening",
            "required": True,
            "bind": "network",
            "addresses": ["::"],
            "families": ["ipv4", "ipv6"],
            "processes": [{"pid": 4, "name": "java"}, {"pid": 12, "name": "java"}],
        }
    ]


def test_processes_that_cannot_be_seen_are_none_not_empty() -> None:
    found = results([sock("0.0.0.0", 22)], [want(22), want(23)])
    assert [result["processes"] for result in found] == [None, []]


@pytest.mark.parametrize(
    ("rows", "v6only", "families"),
    [
        ([sock("0.0.0.0", 22)], {}, ["ipv4"]),
        ([sock("::", 22)], {1: False}, ["ipv4", "ipv6"]),
        ([sock("::", 22)], {1: True}, ["ipv6"]),
        ([sock("::", 22)], {}, ["ipv4", "ipv6"]),
        ([sock("::", 22), sock("0.0.0.0", 22, inode=2)], {1: True}, ["ipv4", "ipv6"]),
        ([sock("2001:db8::1", 22)], {1: True}, ["ipv6"]),
        ([sock("2001:db8::1", 22), sock("127.0.0.1", 22, inode=2)], {}, ["ipv6"]),
        ([sock("127.0.0.1", 22)], {}, ["ipv4"]),
        ([], {}, []),
    ],
)
def test_families(rows: list[SocketRow], v6only: dict[int, bool], families: list[str]) -> None:
    (result,) = results(rows, [want(22)], v6only=v6only)
    assert result["families"] == families


@pytest.mark.parametrize(
    ("binds", "status"),
    [
        (["loopback", "network"], "listening"),
        (["loopback", "any"], "listening"),
        (["loopback", "loopback"], "exposed"),
    ],
)
def test_purposes_that_share_a_port_are_one_result(binds: list[str], status: str) -> None:
    expected = [want(9381, bind, id=f"id{number}") for number, bind in enumerate(binds)]
    (result,) = results([sock("0.0.0.0", 9381)], expected)
    assert (result["status"], result["ids"]) == (status, ["id0", "id1"])


def test_a_shared_port_is_required_if_one_purpose_requires_it() -> None:
    (result,) = results([], [want(9381, required=False, id="a"), want(9381, id="b")])
    assert (result["status"], result["required"]) == ("not_listening", True)


def test_protocols_are_not_mixed_up() -> None:
    found = results([sock("0.0.0.0", 514, "udp")], [want(514, protocol="tcp")])
    said = [(result["protocol"], result["status"]) for result in found]
    assert said == [("tcp", "not_listening"), ("udp", "unlisted")]


@pytest.mark.parametrize(
    ("rows", "expected", "known", "reported"),
    [
        ([sock("0.0.0.0", 8443)], [], [], True),
        ([sock("::", 8443)], [], [], True),
        ([sock("127.0.0.1", 8443)], [], [], False),
        ([sock("::1", 8443)], [], [], False),
        ([sock("0.0.0.0", 8443)], [], [Known("tcp", (8443, 8443))], False),
        ([sock("0.0.0.0", 8443)], [], [Known("tcp", (8000, 9000))], False),
        ([sock("0.0.0.0", 8443)], [], [Known("udp", (8443, 8443))], True),
        ([sock("0.0.0.0", 32100)], [want("32000-33999", required=False)], [], False),
        ([sock("0.0.0.0", 34000)], [want("32000-33999", required=False)], [], True),
        # TCP sockets that listen are servers, whatever their port.
        ([sock("0.0.0.0", 45000)], [], [], True),
        ([sock("0.0.0.0", 45000, state=1)], [], [], False),
        # UDP clients look like servers.
        ([sock("0.0.0.0", 45000, "udp")], [], [], False),
        ([sock("0.0.0.0", 2055, "udp")], [], [], True),
        ([sock("0.0.0.0", 2055, "udp", state=1)], [], [], False),
    ],
)
def test_unlisted(rows: list[SocketRow], expected: list[Expected], known: list[Known], reported: bool) -> None:
    assert ("unlisted" in [result["status"] for result in results(rows, expected, known)]) is reported
    assert "unlisted" not in [result["status"] for result in results(rows, expected, known, unlisted=False)]


def test_what_the_site_knows_is_still_compared_with_what_is_expected() -> None:
    found = results([sock("0.0.0.0", 5432)], [want(5432, "loopback")], [Known("tcp", (5432, 5432))])
    assert [result["status"] for result in found] == ["exposed"]


@pytest.mark.parametrize(
    ("expected", "statuses"),
    [
        ([want(40799, protocol="udp")], ["listening"]),
        ([want(40799, protocol="udp", required=False)], ["listening"]),
        ([want("40000-41000", protocol="udp")], ["listening"]),
        ([want("40000-41000", protocol="udp", required=False)], []),
        ([want(40799, protocol="tcp")], ["not_listening"]),
    ],
)
def test_a_udp_service_on_an_ephemeral_port_has_to_be_named(expected: list[Expected], statuses: list[str]) -> None:
    found = results([sock("0.0.0.0", 40799, "udp")], expected)
    assert [result["status"] for result in found] == statuses


def test_each_listener_in_a_range_is_a_result_of_its_own() -> None:
    found = results([sock("0.0.0.0", 32100), sock("::", 32050)], [want("32000-33999", required=False)])
    assert [(result["ports"], result["status"]) for result in found] == [("32050", "listening"), ("32100", "listening")]


def test_loopback_within_a_range_for_the_network_is_not_worth_a_word() -> None:
    assert results([sock("127.0.0.1", 32100)], [want("32000-33999", required=False)]) == []


def test_a_tunnel_end_on_the_network_is_exposed() -> None:
    rows = [sock("0.0.0.0", 20005), sock("127.0.0.1", 20006)]
    found = results(rows, [want("20000-23000", "loopback", required=False)])
    assert [(result["ports"], result["status"]) for result in found] == [("20005", "exposed"), ("20006", "listening")]


def test_a_single_port_decides_over_the_range_around_it() -> None:
    expected = [want("20000-23000", "loopback", required=False, id="range"), want(20005, id="single")]
    (result,) = results([sock("0.0.0.0", 20005)], expected)
    assert (result["status"], result["ids"]) == ("listening", ["single"])


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], [("7000-7010", "not_listening", None)]),
        ([sock("0.0.0.0", 7011)], [("7000-7010", "not_listening", None)]),
        ([sock("127.0.0.1", 7001)], [("7000-7010", "not_listening", "loopback")]),
        ([sock("0.0.0.0", 7001)], [("7001", "listening", "network")]),
    ],
)
def test_a_required_range(rows: list[SocketRow], found: list[tuple[str, str, str | None]]) -> None:
    got = results(rows, [want("7000-7010")], unlisted=False)
    assert [(result["ports"], result["status"], result["bind"]) for result in got] == found


def test_results_are_sorted_by_protocol_and_number_whatever_the_order() -> None:
    ports = [(900, "tcp"), (53, "udp"), (10000, "tcp"), (22, "tcp")]
    rows = [sock("0.0.0.0", port, protocol) for port, protocol in ports]
    got = results(rows, [want(22)])
    assert [(result["protocol"], result["ports"]) for result in got] == [
        ("tcp", "22"),
        ("tcp", "900"),
        ("tcp", "10000"),
        ("udp", "53"),
    ]
    assert got == results(rows[::-1], [want(22)])


def test_summary_counts_every_status() -> None:
    found = results([sock("0.0.0.0", 22), sock("0.0.0.0", 23), sock("0.0.0.0", 24)], [want(22), want(23, "loopback")])
    assert summarize(found) == {"listening": 1, "not_listening": 0, "exposed": 1, "unlisted": 1}
    assert summarize([]) == {"listening": 0, "not_listening": 0, "exposed": 0, "unlisted": 0}


def test_the_raw_table() -> None:
    rows = [
        sock("::", 22, inode=1),
        sock("2001:db8::1", 21, inode=2),
        sock("127.0.0.1", 40000, "udp", inode=3),
        sock("10.0.0.1", 22, state=1),
    ]
    listeners = Listeners(rows, {1: True, 2: False}, {3: [Process(9, "chronyd")]}, EPHEMERAL)
    assert listeners.table() == [
        {"protocol": "tcp", "address": "2001:db8::1", "port": 21, "v6only": None, "uid": 0, "processes": None},
        {"protocol": "tcp", "address": "::", "port": 22, "v6only": True, "uid": 0, "processes": None},
        {
            "protocol": "udp",
            "address": "127.0.0.1",
            "port": 40000,
            "v6only": None,
            "uid": 0,
            "processes": [{"pid": 9, "name": "chronyd"}],
        },
    ]

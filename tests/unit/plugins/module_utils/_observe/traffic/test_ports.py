# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which ports count: those of the plan, of the catalog, and of services; no scan of all ports."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import SocketRow
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.ports import (
    joined_ports,
    large_ranges,
    listening_ports,
    ports_of_rules,
    ports_of_texts,
    recorded_ports,
)

NONE: Any = {"tcp": (), "udp": ()}


def row(protocol: str, port: int, address: str = "0.0.0.0", listens: bool = True) -> SocketRow:
    state = (10 if protocol == "tcp" else 7) if listens else 1
    return SocketRow(protocol, 4, address, port, "0.0.0.0", 0, state, 0, port)


def test_the_ports_of_a_plan() -> None:
    rules = {
        "inbound": [{"protocol": "tcp", "ports": "443"}, {"protocol": "icmp"}, {"protocol": "udp", "ports": 514}],
        "refused": [{"protocol": "tcp", "ports": "32000-33999"}],
        "listeners": [
            {"protocol": "tcp", "ports": "32006", "bind": "network"},
            {"protocol": "tcp", "ports": "5432", "bind": "loopback"},
        ],
    }
    found = ports_of_rules(rules)
    assert found == {"tcp": ((443, 443), (32000, 33999), (32006, 32006)), "udp": ((514, 514),)}
    assert recorded_ports(found, NONE) == {"tcp": ((443, 443), (32006, 32006)), "udp": ((514, 514),)}
    assert large_ranges(found) == [("tcp", (32000, 33999))]


def test_of_a_large_range_what_listens_counts() -> None:
    found = recorded_ports(ports_of_texts(["32000-33999/tcp", "7777-7783/tcp"]), {"tcp": ((32011, 32011),), "udp": ()})
    assert found == {"tcp": ((7777, 7783), (32011, 32011)), "udp": ()}


@pytest.mark.parametrize(("width", "counts"), [(16, True), (17, False)])
def test_how_large_a_range_is_that_counts(width: int, counts: bool) -> None:
    found = recorded_ports(ports_of_texts([f"1000-{999 + width}/udp"]), NONE)
    assert bool(found["udp"]) == counts


def test_a_port_without_a_protocol_is_of_both() -> None:
    assert ports_of_texts(["53", "443/TCP"]) == {"tcp": ((53, 53), (443, 443)), "udp": ((53, 53),)}


def test_ports_that_touch_are_one_range_for_the_kernel() -> None:
    assert recorded_ports(ports_of_texts(["22/tcp", "23/tcp", "22-24/tcp"]), NONE)["tcp"] == ((22, 24),)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"inbound": 3}, "rules.inbound: expected a list"),
        ({"refused": [3]}, "rules.refused[0]: expected a mapping"),
        ({"listeners": [{"protocol": "tcp", "ports": "99999"}]}, "rules.listeners[0].ports: port 99999"),
        ({"inbound": [{"protocol": "tcp"}]}, "rules.inbound[0].ports: None is not a port"),
    ],
)
def test_rules_that_cannot_be_meant(rules: Any, words: str) -> None:
    with pytest.raises(FirewallError) as error:
        ports_of_rules(rules)
    assert words in str(error.value)


def test_every_text_that_is_no_port_is_named() -> None:
    with pytest.raises(FirewallError) as error:
        ports_of_texts(["22/sctp", "22/tcp", "no"])
    assert "ports[0]" in str(error.value) and "ports[2]" in str(error.value)


def test_who_waits_for_peers() -> None:
    rows = [
        row("tcp", 22),
        row("tcp", 40001),
        row("tcp", 5432, "127.0.0.1"),
        row("tcp", 443, listens=False),
        row("udp", 514),
        # A client that waits for an answer.
        row("udp", 40002),
        row("udp", 323, "::1"),
    ]
    assert listening_ports(rows, (32768, 60999)) == {"tcp": ((22, 22), (40001, 40001)), "udp": ((514, 514),)}


def test_joined_and_not_merged() -> None:
    found = joined_ports(ports_of_texts(["32000-33999/tcp"]), ports_of_texts(["32006/tcp"]))
    assert found == {"tcp": ((32000, 33999), (32006, 32006)), "udp": ()}

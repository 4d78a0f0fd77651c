# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses as ranges of numbers, and the order of rules."""

from __future__ import annotations

import ipaddress
import random

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import group_sources, parse_network, spans
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import ACCEPT, REFUSE, Rule, by_family, rule_order

FIRST = int(ipaddress.ip_address("10.0.0.0"))


@pytest.mark.parametrize(
    ("entries", "ranges"),
    [
        pytest.param([], [], id="none"),
        pytest.param(["10.0.0.0/30"], [(0, 3)], id="a network, from its first to its last address"),
        pytest.param(["10.0.0.5-10.0.0.9"], [(5, 9)], id="a range as the kernel shows it"),
        pytest.param(["10.0.0.4/31", "10.0.0.2/31"], [(2, 5)], id="neighbors are joined"),
        pytest.param(["10.0.0.2/31", "10.0.0.5/32"], [(2, 3), (5, 5)], id="a gap of one address stays"),
        pytest.param(["10.0.0.0/28", "10.0.0.4/31"], [(0, 15)], id="one within another"),
        pytest.param(["10.0.0.0-10.0.0.5", "10.0.0.3-10.0.0.9"], [(0, 9)], id="overlapping ranges"),
    ],
)
def test_spans(entries: list[str], ranges: list[tuple[int, int]]) -> None:
    assert spans(entries) == [(FIRST + low, FIRST + high) for low, high in ranges]


def test_a_family_with_everyone_has_no_entries() -> None:
    found = group_sources([parse_network(text) for text in ("::/0", "fd00::1/128", "10.0.0.0/8", "10.0.0.0/9")])
    assert found.any == ("ipv6",)
    assert found.entries == {"ipv4": ("10.0.0.0/8",)}


@pytest.mark.parametrize(
    ("text", "network"),
    [
        (" 10.0.0.1 ", "10.0.0.1/32"),
        ("::ffff:10.0.0.0/120", "10.0.0.0/24"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::ffff:0:0/95", None),
        ("::fffe:0:0/96", "::fffe:0:0/96"),
    ],
)
def test_ipv4_in_ipv6_notation(text: str, network: str | None) -> None:
    if network is None:
        with pytest.raises(ValueError, match="host bits"):
            parse_network(text)
    else:
        assert str(parse_network(text)) == network


def test_rules_have_one_order() -> None:
    """Accepts first, then by protocol, ports, peer and family; a peer is a source, or a destination."""
    rules = [
        Rule(ACCEPT, "ipv4", "icmp", None, None),
        Rule(ACCEPT, "ipv4", "icmp", None, "@a"),
        Rule(ACCEPT, None, "tcp", (22, 22), None),
        Rule(ACCEPT, "ipv4", "tcp", (22, 22), None),
        Rule(ACCEPT, "ipv6", "tcp", (22, 22), None),
        Rule(ACCEPT, "ipv4", "tcp", (22, 22), "@a"),
        Rule(ACCEPT, "ipv4", "tcp", (22, 22), None, "@b"),
        Rule(ACCEPT, "ipv6", "tcp", (22, 22), None, "@b"),
        Rule(ACCEPT, "ipv4", "tcp", (22, 23), "@a"),
        Rule(ACCEPT, "ipv4", "tcp", (100, 100), "@a"),
        Rule(REFUSE, "ipv4", "icmp", None, None),
        Rule(REFUSE, "ipv4", "tcp", (22, 22), None),
    ]
    assert sorted(random.Random(7).sample(rules, len(rules)), key=rule_order) == rules


def test_a_rule_for_both_families_is_two() -> None:
    both, one = Rule(ACCEPT, None, "tcp", (22, 22), None), Rule(ACCEPT, "ipv6", "tcp", (23, 23), None)
    assert by_family([both, one]) == [both._replace(family="ipv4"), both._replace(family="ipv6"), one]

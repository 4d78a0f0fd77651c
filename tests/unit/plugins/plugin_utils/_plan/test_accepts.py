# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rules are left to others, and which ports become one range."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import SourceClass
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.merging import Wanted, merge_accepts

ONE = SourceClass("one", hosts=frozenset({"h1"}))
BOTH = SourceClass("both", hosts=frozenset({"h1", "h2"}))
OTHER = SourceClass("other", hosts=frozenset({"h3"}))
NET = SourceClass("net", cidrs=("192.0.2.0/24",))
#: The same addresses under another name.
LITERAL = SourceClass("192.0.2.0/24", cidrs=("192.0.2.0/24",))
NOBODY = SourceClass("nobody")

#: Protocol, ports, and the reasons by class.
Short = tuple[str, PortRange | None, dict[str, set[str]]]


def merged(*wanted: Wanted) -> list[Short]:
    found = merge_accepts(wanted)
    assert all(rule.classes.keys() == rule.why.keys() for rule in found)
    return [(rule.protocol, rule.ports, rule.why) for rule in found]


def tcp(first: int, last: int, source: SourceClass = ONE, entry: str = "x") -> Wanted:
    return "tcp", (first, last), source, entry


WIDE = tcp(10, 20, entry="wide")


@pytest.mark.parametrize("ports", [(10, 12), (12, 15), (18, 20)])
def test_a_range_within_another_is_left_to_it(ports: PortRange) -> None:
    expected: list[Short] = [("tcp", (10, 20), {"one": {"wide", "x"}})]
    assert merged(WIDE, tcp(*ports)) == merged(tcp(*ports), WIDE) == expected


@pytest.mark.parametrize("ports", [(9, 12), (18, 21), (9, 21)])
def test_a_range_that_is_only_half_within_another_stays(ports: PortRange) -> None:
    # But where the other one is within it, that one goes.
    assert (ports in [rule[1] for rule in merged(WIDE, tcp(*ports))]) is True
    assert len(merged(WIDE, tcp(*ports))) == (1 if ports == (9, 21) else 2)


def test_protocols_stay_apart() -> None:
    found = merged(WIDE, ("udp", (12, 12), ONE, "x"), ("icmp", None, ONE, "ping"))
    assert found == [("tcp", (10, 20), {"one": {"wide"}}), ("udp", (12, 12), {"one": {"x"}}),
                     ("icmp", None, {"one": {"ping"}})]  # fmt: skip


@pytest.mark.parametrize(
    ("wide", "narrow", "left"),
    [
        pytest.param(BOTH, ONE, True, id="hosts among more hosts"),
        pytest.param(ONE, BOTH, False, id="more hosts"),
        pytest.param(OTHER, ONE, False, id="other hosts"),
        pytest.param(NET, NET, True, id="the same network"),
        pytest.param(LITERAL, NET, False, id="a network with another name"),
        pytest.param(BOTH, NET, False, id="a network, and hosts"),
        pytest.param(NET, ONE, False, id="hosts, and a network"),
    ],
)
def test_peers_that_the_wider_range_accepts_already(wide: SourceClass, narrow: SourceClass, left: bool) -> None:
    found = merged(tcp(10, 20, wide, "wide"), tcp(12, 12, narrow))
    if left:
        assert found == [("tcp", (10, 20), {wide.label: {"wide", "x"}})]
    else:
        assert found == [("tcp", (10, 20), {wide.label: {"wide"}}), ("tcp", (12, 12), {narrow.label: {"x"}})]


def test_peers_of_a_rule_are_left_to_another_one_by_one() -> None:
    found = merged(WIDE, tcp(12, 12, ONE, "a"), tcp(12, 12, OTHER, "b"))
    assert found == [("tcp", (10, 20), {"one": {"wide", "a"}}), ("tcp", (12, 12), {"other": {"b"}})]


def test_of_ranges_within_each_other_the_widest_says_all() -> None:
    found = merged(tcp(14, 15, entry="c"), tcp(12, 18, entry="b"), WIDE)
    assert found == [("tcp", (10, 20), {"one": {"wide", "b", "c"}})]


def test_equal_ports_are_one_rule_for_all_its_peers() -> None:
    found = merged(tcp(22, 22, ONE, "a"), tcp(22, 22, OTHER, "b"), tcp(22, 22, ONE, "c"))
    assert found == [("tcp", (22, 22), {"one": {"a", "c"}, "other": {"b"}})]
    (rule,) = merge_accepts([tcp(22, 22, OTHER, "b"), tcp(22, 22, ONE, "c"), tcp(22, 22, ONE, "a")])
    assert (list(rule.all_why), list(rule.labels)) == (["a", "b", "c"], ["one", "other"])


@pytest.mark.parametrize(
    ("second", "joined"),
    [
        (tcp(12, 15), True),
        (tcp(13, 15), False),
        (tcp(12, 15, entry="y"), False),
        (tcp(12, 15, OTHER), False),
        (("udp", (12, 15), ONE, "x"), False),
        (("icmp", None, ONE, "x"), False),
    ],
)
def test_touching_ports_for_the_same_reasons_are_one_range(second: Wanted, joined: bool) -> None:
    first = tcp(10, 11)
    assert [rule[1] for rule in merged(first, second)] == ([(10, 15)] if joined else [(10, 11), second[1]])


def test_three_ports_that_touch() -> None:
    assert merged(tcp(12, 12), tcp(10, 10), tcp(11, 11)) == [("tcp", (10, 12), {"one": {"x"}})]

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the plan's rules to policy and sets."""

from __future__ import annotations

import ipaddress

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    REFUSE,
    Rule,
    Ruleset,
    by_family,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import ESSENTIALS, subtract
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_guard, make_ruleset


def row(ports: str | None = "32006", protocol: str = "tcp", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"protocol": protocol, "sources": ["10.0.0.3/32"], **more}
    return found if ports is None else {**found, "ports": ports}


def rules(ruleset: Ruleset, action: str) -> set[Rule]:
    return {rule for rule in ruleset.policies["jsa-in"].rules if rule.action == action}


@pytest.mark.parametrize(
    ("sources", "accepts", "sets"),
    [
        pytest.param(
            ["10.0.0.3/32"],
            {Rule(ACCEPT, "ipv4", "tcp", (22, 22), "@jsa-ep-4")},
            {"jsa-ep-4": ("10.0.0.3/32",)},
            id="one family",
        ),
        pytest.param(
            ["fd00::3/128", "10.0.0.3/32"],
            {
                Rule(ACCEPT, "ipv4", "tcp", (22, 22), "@jsa-ep-4"),
                Rule(ACCEPT, "ipv6", "tcp", (22, 22), "@jsa-ep-6"),
            },
            {"jsa-ep-4": ("10.0.0.3/32",), "jsa-ep-6": ("fd00::3/128",)},
            id="two families",
        ),
        pytest.param(["0.0.0.0/0", "::/0"], {Rule(ACCEPT, None, "tcp", (22, 22), None)}, {}, id="anyone"),
        pytest.param(
            ["0.0.0.0/0", "10.0.0.3/32", "fd00::3/128"],
            {
                Rule(ACCEPT, "ipv4", "tcp", (22, 22), None),
                Rule(ACCEPT, "ipv6", "tcp", (22, 22), "@jsa-ep-6"),
            },
            {"jsa-ep-6": ("fd00::3/128",)},
            id="anyone in one family",
        ),
        pytest.param([], set(), {}, id="nobody is not anybody"),
        pytest.param(
            ["10.0.0.5/32", "10.0.0.0/24", "10.0.0.5/32", "10.0.1.0/24"],
            {Rule(ACCEPT, "ipv4", "tcp", (22, 22), "@jsa-ep-4")},
            {"jsa-ep-4": ("10.0.0.0/24", "10.0.1.0/24")},
            id="entries never overlap, and neighbors stay apart",
        ),
        pytest.param(
            ["::ffff:10.0.0.3/128"],
            {Rule(ACCEPT, "ipv4", "tcp", (22, 22), "@jsa-ep-4")},
            {"jsa-ep-4": ("10.0.0.3/32",)},
            id="IPv4 in IPv6 notation",
        ),
    ],
)
def test_sources(sources: list[str], accepts: set[Rule], sets: dict[str, tuple[str, ...]]) -> None:
    ruleset = make_ruleset([row("22", sources=sources, source_classes=["ep"])])
    assert rules(ruleset, ACCEPT) == accepts
    assert {name: one.entries for name, one in ruleset.sets.items()} == sets


def test_icmp_is_accepted_by_its_name_in_each_family_and_never_refused() -> None:
    ruleset = make_ruleset([row(None, "icmp", sources=["10.0.0.3/32", "::/0"], why=["ping"])], unlisted="drop")
    assert Rule(ACCEPT, "ipv4", "icmp", None, "@jsa-ping-4") in rules(ruleset, ACCEPT)
    assert Rule(ACCEPT, "ipv6", "ipv6-icmp", None, None) in rules(ruleset, ACCEPT)
    assert rules(ruleset, REFUSE) == set()


@pytest.mark.parametrize(
    ("inbound", "refused", "expected"),
    [
        pytest.param([row("22")], [], {"ipv4": [(22, 22)], "ipv6": [(22, 22)]}, id="inbound, in both families"),
        pytest.param([], [{"protocol": "tcp", "ports": "5432"}], {"ipv4": [(5432, 5432)], "ipv6": [(5432, 5432)]},
                     id="refused"),
        pytest.param([row("22", sources=["0.0.0.0/0", "::/0"])], [], {}, id="nobody is left to refuse"),
        pytest.param([row("22", sources=["::/0"])], [], {"ipv4": [(22, 22)]}, id="anyone in one family"),
        pytest.param(
            [row("32000-32010"), row("32006", sources=["0.0.0.0/0", "::/0"])],
            [{"protocol": "tcp", "ports": "32010-32020"}],
            {"ipv4": [(32000, 32005), (32007, 32020)], "ipv6": [(32000, 32005), (32007, 32020)]},
            id="overlapping ranges with a hole",
        ),
    ],
)  # fmt: skip
def test_everyone_else_is_refused(
    inbound: list[Any], refused: list[Any], expected: dict[str, list[tuple[int, int]]]
) -> None:
    found: dict[str, list[Any]] = {}
    for rule in sorted(rules(make_ruleset(inbound, refused), REFUSE), key=str):
        assert rule.source is None
        found.setdefault(str(rule.family), []).append(rule.ports)
    assert found == expected


def test_each_refusal_has_the_reasons_of_its_ports() -> None:
    ports = {"a": "10-20", "b": "20-30", "d": "19", "e": "21", "f": "31"}
    refused = [{"protocol": "tcp", "ports": text, "why": [why]} for why, text in ports.items()]
    inbound = [row("20", sources=["0.0.0.0/0"], why=["c"]), row("31", why=["g"])]
    policy = make_ruleset(inbound, refused).policies["jsa-in"]
    found = {(rule.family, rule.ports): policy.why[rule] for rule in policy.rules if rule.action == REFUSE}
    assert found == {
        ("ipv4", (10, 19)): ("a", "d"),
        ("ipv4", (21, 31)): ("b", "e", "f", "g"),
        ("ipv6", (10, 31)): ("a", "b", "c", "d", "e", "f", "g"),
    }


def test_accepts_stand_before_refusals() -> None:
    policy = make_ruleset([row("22"), row("514", "udp")], [{"protocol": "tcp", "ports": "5432"}]).policies["jsa-in"]
    actions = [rule.action for rule in policy.rules]
    assert actions == sorted(actions)
    assert policy.priority < 0


@pytest.mark.parametrize(
    ("unlisted", "target", "essentials"),
    [("zone", "CONTINUE", False), ("reject", "REJECT", True), ("drop", "DROP", True)],
)
def test_unlisted(unlisted: str, target: str, essentials: bool) -> None:
    ruleset = make_ruleset([row()], unlisted=unlisted)
    assert ruleset.policies["jsa-in"].target == target
    assert rules(ruleset, ACCEPT).issuperset(ESSENTIALS) == essentials


def test_rules_of_the_same_classes_share_sets() -> None:
    ruleset = make_ruleset([row("22", source_classes=["b", "a"]), row("443", source_classes=["a", "b"])])
    assert set(ruleset.sets) == {"jsa-a-b-4"}


def test_classes_that_mean_two_things_get_sets_of_their_own() -> None:
    ruleset = make_ruleset([row("22", source_classes=["a"]), row("443", source_classes=["a"], sources=["10.0.0.9/32"])])
    assert sorted(one.entries for one in ruleset.sets.values()) == [("10.0.0.3/32",), ("10.0.0.9/32",)]
    by_ports = {rule.ports: str(rule.source)[1:] for rule in rules(ruleset, ACCEPT)}
    assert ruleset.sets[by_ports[22, 22]].entries == ("10.0.0.3/32",)
    assert ruleset.sets[by_ports[443, 443]].entries == ("10.0.0.9/32",)


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"source_classes": ["event_processor"], "why": ["x"]}, "jsa-event_processor-4"),
        ({"source_classes": ["data_node attached to ep1"]}, "jsa-data_node.attached.to.ep1-4"),
        ({"source_classes": ["event_collector unencrypted"]}, "jsa-event_collector-"),
        ({"why": ["ariel_query", "data"]}, "jsa-ariel_query-data-4"),
        ({}, "jsa-tcp_32006-4"),
        ({"source_classes": ["management"]}, "jsa-management-"),
        ({"source_classes": ["management_out"]}, "jsa-management_out-"),
        ({"source_classes": ["Ünïcode host"]}, "jsa-n-code.host-"),
    ],
)
def test_set_names(more: dict[str, Any], name: str) -> None:
    (found,) = make_ruleset([row(**more)]).sets
    assert found.startswith(name)
    assert len(found) <= 31
    assert found not in ("jsa-management-4", "jsa-management_out-4")


def test_names_do_not_change_when_peers_come_and_go() -> None:
    few = make_ruleset([row("22", source_classes=["x" * 60]), row("23", why=["telnet"]), row("24")])
    more = make_ruleset(
        [
            row("22", source_classes=["x" * 60], sources=["10.0.0.9/32", "10.1.0.0/16"]),
            row("23", why=["telnet"], sources=["10.0.0.9/32"]),
            row("24", sources=["10.0.0.7/32"]),
        ]
    )
    assert few.policies == more.policies
    assert set(few.sets) == set(more.sets)


@given(st.lists(st.lists(st.text(min_size=1), min_size=1, max_size=3), min_size=2, max_size=6))
def test_different_classes_never_share_a_set(classes: list[list[str]]) -> None:
    printable = [[word for word in words if word.isprintable()] for words in classes]
    inbound = [
        row(str(1000 + index), source_classes=words, sources=[f"10.0.{index}.0/24"])
        for index, words in enumerate(printable)
        if words
    ]
    ruleset = make_ruleset(inbound)
    for rule in rules(ruleset, ACCEPT):
        assert rule.ports is not None
        assert f"10.0.{rule.ports[0] - 1000}.0/24" in ruleset.sets[str(rule.source)[1:]].entries
    assert all(len(name) <= 31 for name in ruleset.sets)


@pytest.mark.parametrize(
    ("inbound", "address", "management", "port", "v4", "v6"),
    [
        pytest.param([], "10.0.0.250", [], 22, ["10.0.0.250/32"], [], id="own connection"),
        pytest.param([], "10.0.0.250", ["10.0.0.0/24", "fd00::/64"], 2222, ["10.0.0.0/24"], ["fd00::/64"],
                     id="listed ones, on another port"),
        pytest.param([], "127.0.0.1", [], 22, [], [], id="loopback needs no rule"),
        pytest.param([row("1-1024", sources=["10.0.0.0/8"])], "10.0.0.250", ["10.9.9.9"], 22, [], [],
                     id="let in by the plan anyway"),
        pytest.param([row("22", "udp", sources=["10.0.0.0/8"]), row("23", sources=["0.0.0.0/0"])], "10.0.0.250",
                     [], 22, ["10.0.0.250/32"], [], id="let in elsewhere only"),
        pytest.param([row("22", sources=["10.0.0.0/24"])], None, ["10.0.0.0/16"], 22, ["10.0.0.0/16"], [],
                     id="let in by half"),
        pytest.param([row("22", sources=["10.0.0.250/32"])], "10.0.0.250", [], 22, [], [],
                     id="let in on exactly this port and address"),
        pytest.param([row("22-23", sources=["10.0.0.251/32"]), row("20-21", sources=["10.0.0.250/32"])],
                     "10.0.0.250", [], 22, ["10.0.0.250/32"], [], id="a neighbor is let in, and on ports beside"),
        pytest.param([row("22", sources=["::/0"])], "10.0.0.250", ["fd00::1"], 22, ["10.0.0.250/32"], [],
                     id="anyone is let in, in one family"),
    ],
)  # fmt: skip
def test_guard(
    inbound: list[Any], address: str | None, management: list[str], port: int, v4: list[str], v6: list[str]
) -> None:
    ruleset = make_ruleset(inbound, guard=make_guard(management, address, port))
    assert list(ruleset.sets["jsa-management-4"].entries) == v4
    assert list(ruleset.sets["jsa-management-6"].entries) == v6
    for family, name in (("ipv4", "@jsa-management-4"), ("ipv6", "@jsa-management-6")):
        assert Rule(ACCEPT, family, "tcp", (port, port), name) in rules(ruleset, ACCEPT)


def test_a_controller_that_moves_changes_entries_only() -> None:
    one, other = (make_ruleset([row()], guard=make_guard([], address, 22)) for address in ("10.0.0.250", "fd00::250"))
    assert one.policies == other.policies
    assert set(one.sets) == set(other.sets)


networks = st.builds(
    lambda address, length: str(ipaddress.ip_network((address, length), strict=False)),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


@given(st.lists(networks, max_size=12))
def test_sets_hold_exactly_the_sources_and_never_overlap(sources: list[str]) -> None:
    ruleset = make_ruleset([row("22", sources=sources, source_classes=["x"])])
    anyone = "0.0.0.0/0" in sources
    entries = [] if anyone or not sources else [ipaddress.ip_network(one) for one in ruleset.sets["jsa-x-4"].entries]
    assert not any(one.overlaps(other) for one in entries for other in entries if one is not other)
    if not anyone:
        wanted = list(ipaddress.collapse_addresses(ipaddress.ip_network(one) for one in sources))
        assert list(ipaddress.collapse_addresses(entries)) == wanted
    assert anyone == (Rule(ACCEPT, "ipv4", "tcp", (22, 22), None) in rules(ruleset, ACCEPT))


ranges = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 9)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=6
)


@given(ranges, ranges)
def test_every_named_port_ends_in_one_answer(inbound: list[tuple[int, int]], anyone: list[tuple[int, int]]) -> None:
    """For a stranger: accepted where anyone is, refused on every other port that was named, untouched elsewhere."""
    lines = [row("%d-%d" % ports) for ports in inbound]
    lines += [row("%d-%d" % ports, sources=["0.0.0.0/0", "::/0"]) for ports in anyone]
    found = by_family(make_ruleset(lines).policies["jsa-in"].rules)
    for port in range(1, 75):
        first = [
            rule.action
            for rule in found
            if rule.family == "ipv4" and rule.source is None and rule.ports[0] <= port <= rule.ports[1]
        ]
        to_all = any(low <= port <= high for low, high in anyone)
        named = to_all or any(low <= port <= high for low, high in inbound)
        assert first[:1] == ([ACCEPT] if to_all else [REFUSE] if named else [])  # fmt: skip


@pytest.mark.parametrize(
    ("whole", "holes", "left"),
    [
        (["10-20"], [], ["10-20"]),
        (["10-20"], ["12-13", "20"], ["10-11", "14-19"]),
        (["10-20"], ["1-30"], []),
        (["10-20", "30-40"], ["20-30"], ["10-19", "31-40"]),
    ],
)
def test_subtract(whole: list[str], holes: list[str], left: list[str]) -> None:
    assert subtract([parse_ports(one) for one in whole], [parse_ports(one) for one in holes]) == [
        parse_ports(one) for one in left
    ]

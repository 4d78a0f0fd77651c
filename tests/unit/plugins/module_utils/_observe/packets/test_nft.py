# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a ruleset does to a packet: decided where that is known, and never guessed."""

from __future__ import annotations

import ipaddress

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.conditions import Packet
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.nft import DECISIONS, Ruleset

TCP, UDP = "tcp", "udp"


def packet(**values: Any) -> Packet:
    """A connection from 10.1.0.11 to 10.2.0.31, port 32006, that comes in by eth0."""
    known = {
        "protocol": TCP,
        "source": "10.1.0.11",
        "destination": "10.2.0.31",
        "source_port": None,
        "destination_port": 32006,
        "state": "new",
        "flags": frozenset({"syn"}),
        "iif": "eth0",
        "oif": None,
        **values,
    }
    ends = {key: ipaddress.ip_address(known[key]) for key in ("source", "destination")}
    return Packet(**{**known, **ends})


def match(left: Any, right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def field(protocol: str, name: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": name}}


def chain(name: str, *rules: list[Any], table: str = "site", family: str = "inet", **base: Any) -> list[dict[str, Any]]:
    place = {"family": family, "table": table}
    found = [{"chain": {**place, "name": name, **base}}]
    return found + [
        {"rule": {**place, "chain": name, "handle": number, "expr": rule}} for number, rule in enumerate(rules, 1)
    ]


def base(*rules: list[Any], **more: Any) -> list[dict[str, Any]]:
    return chain("in", *rules, **{"hook": "input", "policy": "accept", **more})


def decide(objects: list[dict[str, Any]], **values: Any) -> tuple[str, int | None]:
    found = Ruleset(objects).decide(packet(**values), ("prerouting", "input"))
    return found.decision, found.place.handle if found.place else None


DROP, ACCEPT, REJECT = {"drop": None}, {"accept": None}, {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}
PORT, SADDR = field("tcp", "dport"), field("ip", "saddr")
MARK = {"meta": {"key": "mark"}}
STATE = {"ct": {"key": "state"}}
FIB = {"fib": {"result": "oif", "flags": ["saddr", "iif"]}}
FLAGS = {"&": [field("tcp", "flags"), ["syn", "ack"]]}


@pytest.mark.parametrize(
    ("condition", "applies"),
    [
        (match(PORT, 32006), True),
        (match(PORT, 32007), False),
        (match(PORT, 32007, "!="), True),
        (match(PORT, {"range": [32000, 33999]}), True),
        (match(PORT, {"range": [1, 1023]}, "!="), True),
        (match(PORT, {"set": [22, {"range": [32000, 33999]}]}), True),
        (match(PORT, {"set": [22, 443]}), False),
        (match(PORT, 1024, ">"), True),
        (match(PORT, 1024, "<="), False),
        (match(field("th", "dport"), 32006), True),
        (match(field("udp", "dport"), 32006), False),
        # What the packet does not have is no match, whatever the comparison.
        (match(field("udp", "dport"), 1, "!="), False),
        (match(field("ip6", "saddr"), "fd00::1", "!="), False),
        (match(field("icmp", "type"), "echo-request", "!="), False),
        (match(SADDR, "10.1.0.11"), True),
        (match(SADDR, {"prefix": {"addr": "10.1.0.0", "len": 24}}), True),
        (match(SADDR, {"prefix": {"addr": "10.2.0.0", "len": 24}}), False),
        (match(SADDR, {"range": ["10.1.0.1", "10.1.0.20"]}), True),
        (match(SADDR, {"set": ["10.9.0.1", {"elem": {"val": "10.1.0.11", "timeout": 9}}]}), True),
        (match(SADDR, "@peers"), True),
        (match(SADDR, "@others"), False),
        (match(SADDR, "@nowhere"), None),
        (match(field("ip", "daddr"), "10.2.0.31"), True),
        (match({"concat": [SADDR, PORT]}, {"set": [{"concat": ["10.1.0.11", 32006]}]}), True),
        (match({"concat": [SADDR, PORT]}, {"set": [{"concat": ["10.1.0.11", 22]}]}), False),
        (match({"meta": {"key": "l4proto"}}, {"set": ["tcp", "udp"]}), True),
        (match({"meta": {"key": "l4proto"}}, 6), True),
        (match({"meta": {"key": "nfproto"}}, "ipv6"), False),
        (match({"meta": {"key": "iifname"}}, "eth0"), True),
        (match({"meta": {"key": "iifname"}}, "eth*"), True),
        (match({"meta": {"key": "iifname"}}, "lo"), False),
        (match({"meta": {"key": "oifname"}}, "eth0"), None),
        (match(STATE, ["established", "related"], "in"), False),
        (match(STATE, ["invalid", "new"], "in"), True),
        (match({"ct": {"key": "status"}}, "dnat", "in"), False),
        (match(FLAGS, "syn"), True),
        (match(FLAGS, ["syn", "ack"]), False),
        (match({"&": [field("tcp", "flags"), {"|": ["syn", "ack"]}]}, "syn"), True),
        (match(FIB, False), False),
        (match(MARK, 7), None),
        (match(MARK, 7, "!="), None),
        ({"limit": {"rate": 5, "per": "second"}}, None),
        ({"xt": None}, None),
        ({"something new": 1}, None),
        ({"counter": {"packets": 1, "bytes": 1}}, True),
        ({"log": None}, True),
    ],
)
def test_conditions(condition: dict[str, Any], applies: bool | None) -> None:
    sets = [
        {
            "set": {
                "family": "inet",
                "table": "site",
                "name": "peers",
                "elem": [{"prefix": {"addr": "10.1.0.0", "len": 24}}],
            }
        },
        {"set": {"family": "inet", "table": "site", "name": "others"}},
    ]
    expected = {True: ("drop", 1), False: ("accept", None), None: ("unknown", 1)}[applies]
    assert decide([*sets, *base([condition, DROP])]) == expected


@pytest.mark.parametrize(
    ("right", "decision"),
    [
        (22, "accept"),
        (40000, "unknown"),
        ({"set": [22, 443]}, "accept"),
        ({"range": [1, 1023]}, "accept"),
        ({"range": [1024, 65535]}, "drop"),
        ({"range": [40000, 40010]}, "unknown"),
    ],
)
def test_a_port_that_the_kernel_chooses(right: Any, decision: str) -> None:
    found = decide(base([match(field("tcp", "sport"), right), DROP]), source_port=range(32768, 61000))
    assert found[0] == decision


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], ("accept", None)),
        ([[REJECT]], ("reject", 1)),
        ([[match(PORT, 32006), ACCEPT], [DROP]], ("accept", None)),
        ([[match(PORT, 22), ACCEPT], [DROP]], ("drop", 2)),
        # Both ways end the same.
        ([[match(MARK, 7), DROP], [REJECT]], ("drop", 1)),
        ([[match(MARK, 7), ACCEPT]], ("accept", None)),
        # They do not.
        ([[match(MARK, 7), ACCEPT], [DROP]], ("unknown", 2)),
        ([[{"jump": {"target": "sub"}}]], ("drop", 1)),
        ([[{"jump": {"target": "back"}}], [REJECT]], ("reject", 2)),
        ([[{"goto": {"target": "back"}}], [REJECT]], ("accept", None)),
        ([[match(MARK, 7), {"goto": {"target": "back"}}], [REJECT]], ("unknown", 2)),
        ([[{"jump": {"target": "nowhere"}}]], ("unknown", None)),
        ([[{"return": None}], [DROP]], ("accept", None)),
        ([[{"vmap": {"key": PORT, "data": {"set": [[22, ACCEPT], [32006, DROP]]}}}]], ("drop", 1)),
        ([[{"vmap": {"key": PORT, "data": {"set": [[22, DROP]]}}}]], ("accept", None)),
        ([[{"vmap": {"key": PORT, "data": {"set": [[32006, {"jump": {"target": "sub"}}]]}}}]], ("drop", 1)),
        ([[{"vmap": {"key": MARK, "data": {"set": [[7, DROP]]}}}]], ("unknown", 1)),
        ([[{"vmap": {"key": field("udp", "dport"), "data": {"set": [[32006, DROP]]}}}]], ("accept", None)),
        ([[{"redirect": {"port": 22}}]], ("unknown", 1)),
        ([[{"queue": {"num": 1}}]], ("unknown", 1)),
    ],
)
def test_chains(rules: list[Any], expected: tuple[str, int | None]) -> None:
    more = [*chain("sub", [match(PORT, 32006), DROP]), *chain("back", [{"return": None}], [DROP])]
    assert decide([*more, *base(*rules)]) == expected


def test_the_policy_of_a_chain_decides_what_nothing_else_does() -> None:
    assert decide(base(policy="drop")) == ("drop", None)
    assert decide(base([match(MARK, 7), ACCEPT], policy="drop")) == ("unknown", None)


def test_every_base_chain_has_a_say() -> None:
    first = chain("in", [ACCEPT], hook="input", table="first")
    assert decide([*first, *base([DROP])]) == ("drop", 1)
    assert (
        decide([*base([match(MARK, 7), DROP]), *chain("in", [DROP], [DROP], hook="prerouting", table="b")])[0] == "drop"
    )


@pytest.mark.parametrize(
    ("family", "hook", "source", "decision"),
    [
        ("inet", "input", "10.1.0.11", "drop"),
        ("inet", "output", "10.1.0.11", "accept"),
        ("inet", "forward", "10.1.0.11", "accept"),
        ("ip", "input", "10.1.0.11", "drop"),
        ("ip6", "input", "10.1.0.11", "accept"),
        ("ip6", "input", "fd01::11", "drop"),
        ("ip", "input", "fd01::11", "accept"),
        ("bridge", "input", "10.1.0.11", "accept"),
    ],
)
def test_only_chains_on_the_way_count(family: str, hook: str, source: str, decision: str) -> None:
    destination = "fd02::31" if ":" in source else "10.2.0.31"
    found = decide(base([DROP], family=family, hook=hook), source=source, destination=destination)
    assert found[0] == decision


def test_a_device() -> None:
    ingress = chain("in", [DROP], family="netdev", hook="ingress", dev="eth0")
    assert Ruleset(ingress).decide(packet(), ("ingress",)).decision == "drop"
    assert Ruleset(ingress).decide(packet(iif="eth1"), ("ingress",)).decision == "accept"


def test_chains_in_a_circle_end() -> None:
    assert decide(
        [
            *chain("a", [{"jump": {"target": "b"}}]),
            *chain("b", [{"jump": {"target": "a"}}]),
            *base([{"jump": {"target": "a"}}]),
        ]
    ) == ("accept", None)


NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["@x", "10.0.0.1", "syn"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "set",
                    "prefix",
                    "range",
                    "elem",
                    "concat",
                    "payload",
                    "meta",
                    "ct",
                    "&",
                    "fib",
                    "addr",
                    "len",
                    "val",
                    "key",
                    "field",
                ]
            ),
            inner,
            max_size=2,
        )
    ),
    max_leaves=8,
)


@given(NONSENSE, NONSENSE, st.sampled_from(["==", "!=", "in", "<", "?"]))
def test_a_rule_that_nobody_understands_is_no_exception(left: Any, right: Any, op: str) -> None:
    assert decide(base([match(left, right, op), DROP]))[0] in DECISIONS

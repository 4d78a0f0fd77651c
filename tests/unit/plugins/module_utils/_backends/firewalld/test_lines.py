# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules as lines, and what runs as a ruleset."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.chains import RunningPolicy, Runtime
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.diff import (
    as_ruleset,
    compare_runtime,
    describe,
    rule_lines,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    EMPTY,
    IPV4,
    IPV6,
    REFUSE,
    AddressSet,
    Policy,
    Rule,
    Ruleset,
)

IN = Policy("jsa-in", "ANY", "HOST", "REJECT", -100, (), {})
OUT = Policy("jsa-out", "HOST", "ANY", "REJECT", -100, (), {})


def lines(policy: Policy, *rules: Rule) -> list[str]:
    found: list[str] = rule_lines(policy._replace(rules=rules), {"jsa-a-4": AddressSet("jsa-a-4", IPV4, "a", ())})
    return found


@pytest.mark.parametrize(
    ("policy", "rule", "line"),
    [
        (IN, Rule(ACCEPT, None, "tcp", (22, 22), None), "accept tcp 22 from anyone"),
        (IN, Rule(ACCEPT, IPV6, "ipv6-icmp", None, None), "accept icmp from anyone (IPv6)"),
        (IN, Rule(REFUSE, IPV4, "tcp", (22, 30), None), "refuse tcp 22-30 from everyone else (IPv4)"),
        (IN, Rule(ACCEPT, IPV4, "tcp", (22, 22), "@jsa-a-4"), "accept tcp 22 from a (nobody)"),
        (IN, Rule(ACCEPT, IPV4, "tcp", (22, 22), None, "@jsa-a-4"), "accept tcp 22 to a (nobody)"),
        (OUT, Rule(ACCEPT, None, "tcp", (53, 53), None), "accept tcp 53 to anyone"),
        (OUT, Rule(ACCEPT, IPV4, "tcp", (22, 22), "10.0.0.1/32"), "accept tcp 22 from 10.0.0.1/32"),
        (OUT, Rule(ACCEPT, IPV4, "tcp", (22, 22), None, "@jsa-gone-4"), "accept tcp 22 to @jsa-gone-4"),
    ],
)
def test_a_rule_says_where_its_peer_is(policy: Policy, rule: Rule, line: str) -> None:
    assert lines(policy, rule) == [line]


def test_lines_have_one_order() -> None:
    """By action, protocol, ports and peer; to a peer after from it."""
    ordered = [
        Rule(ACCEPT, IPV4, "icmp", None, None),
        Rule(ACCEPT, IPV4, "tcp", (22, 22), None),
        Rule(ACCEPT, IPV4, "tcp", (22, 22), "10.0.0.1/32"),
        Rule(ACCEPT, IPV4, "tcp", (22, 22), None, "10.0.0.1/32"),
        Rule(ACCEPT, IPV4, "tcp", (100, 100), None),
        Rule(REFUSE, IPV4, "tcp", (22, 22), None),
    ]
    assert lines(IN, *ordered) == lines(IN, *ordered[::-1]) == [line for rule in ordered for line in lines(IN, rule)]


@pytest.mark.parametrize(("count", "below"), [(8, False), (9, True)])
def test_up_to_eight_addresses_stand_in_the_line(count: int, below: bool) -> None:
    entries = tuple(f"10.0.0.{number}/32" for number in range(count))
    rule = Rule(ACCEPT, IPV4, "tcp", (22, 22), "@jsa-a-4")
    ruleset = Ruleset({"jsa-in": IN._replace(rules=(rule,))}, {"jsa-a-4": AddressSet("jsa-a-4", IPV4, "a", entries)})
    text = describe(ruleset)
    assert (f"from a ({count} addresses, below)" in text) == ("addresses of a:" in text) == below
    assert ("from a (10.0.0.0/32, " in text) != below


def running(*rules: Rule, families: tuple[str, ...] = (IPV4, IPV6), sets: Any = None) -> Runtime:
    return Runtime("nftables", True, families, {"jsa-in": RunningPolicy("DROP", rules, ("x",), True)}, sets or {})


def test_what_nobody_knows_is_shown_as_it_is() -> None:
    rule = Rule(ACCEPT, IPV4, "tcp", (22, 22), "@jsa-a-4")
    sets = {"jsa-a-4": ("10.0.0.9/32", "10.0.0.2/32"), "jsa-a-6": ("fd00::1/128",), "jsa-b-4": ()}
    assert as_ruleset(running(rule, sets=sets), [EMPTY]) == Ruleset(
        {"jsa-in": Policy("jsa-in", "?", "?", "DROP", 0, (rule,), {}, ("x",))},
        {
            "jsa-a-4": AddressSet("jsa-a-4", IPV4, "jsa-a-4", ("10.0.0.2/32", "10.0.0.9/32")),
            "jsa-a-6": AddressSet("jsa-a-6", IPV6, "jsa-a-6", ("fd00::1/128",)),
            "jsa-b-4": AddressSet("jsa-b-4", IPV4, "jsa-b-4", ()),
        },
    )


@pytest.mark.parametrize("family", [IPV4, IPV6])
@pytest.mark.parametrize("families", [(IPV4, IPV6), None])
def test_a_refusal_before_an_accept_in_either_family(family: str, families: tuple[str, ...] | None) -> None:
    accept, refuse = Rule(ACCEPT, family, "tcp", (22, 22), None), Rule(REFUSE, family, "tcp", (22, 22), None)
    wanted = Ruleset({"jsa-in": IN._replace(rules=(accept, refuse), target="DROP")}, {})
    for rules, wrong in (((accept, refuse), False), ((refuse, accept), True)):
        runtime = running(*rules, families=families or (family,))
        runtime.policies["jsa-in"] = runtime.policies["jsa-in"]._replace(other=())
        words = ("policy jsa-in: its rules are evaluated in another order",) if wrong else ()
        assert compare_runtime(wanted, runtime).structure == words

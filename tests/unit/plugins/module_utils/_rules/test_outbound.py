# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may leave a host: rules, sets and reasons, exactly."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    POLICY_IN,
    POLICY_OUT,
    AddressSet,
    Policy,
    Rule,
)
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_guard, make_ruleset

#: What the sets of those who may be called back are named after, what a diff calls them, and the reason of their rules.
SET, LABEL, REASON = "management", "management addresses", "management"

ESSENTIAL = {
    Rule(ACCEPT, "ipv4", "icmp", None, None): ("essential",),
    Rule(ACCEPT, "ipv6", "ipv6-icmp", None, None): ("essential",),
    Rule(ACCEPT, "ipv4", "udp", (67, 67), None): ("essential",),
    Rule(ACCEPT, "ipv6", "udp", (547, 547), None): ("essential",),
}
DNS = {
    Rule(ACCEPT, None, "tcp", (53, 53), None): ("dns",),
    Rule(ACCEPT, None, "udp", (53, 53), None): ("dns",),
}


def to(ports: str | None, *destinations: str, protocol: str = "tcp", why: str = "x") -> dict[str, Any]:
    row: dict[str, Any] = {"protocol": protocol, "destinations": list(destinations), "why": [why]}
    return {**row, "destination_classes": ["peers"], **({"ports": ports} if ports else {})}


def leaving(rows: list[dict[str, Any]]) -> Policy:
    return make_ruleset(outbound=rows).policies[POLICY_OUT]


def test_without_rows_the_essentials_leave() -> None:
    policy = leaving([])
    assert (policy.ingress, policy.egress, policy.target) == ("HOST", "ANY", "REJECT")
    assert policy.why == {**ESSENTIAL, **DNS}


def test_what_is_not_restricted_has_no_policy() -> None:
    assert list(make_ruleset().policies) == [POLICY_IN]


def test_name_servers_of_the_plan_replace_those_of_anybody() -> None:
    policy = leaving([to("53", "192.0.2.53/32", protocol="udp", why="dns")])
    assert policy.why == {**ESSENTIAL, Rule(ACCEPT, "ipv4", "udp", (53, 53), None, "@jsa-peers-4"): ("dns",)}


@pytest.mark.parametrize("ports", ["52-53", "53-54", "5353"])
def test_a_port_beside_dns_replaces_nothing(ports: str) -> None:
    assert DNS.items() <= leaving([to(ports, "192.0.2.53/32")]).why.items()


@pytest.mark.parametrize(
    ("row", "rules", "sets"),
    [
        pytest.param(
            to("25", "192.0.2.25/32"),
            [Rule(ACCEPT, "ipv4", "tcp", (25, 25), None, "@jsa-peers-4")],
            [AddressSet("jsa-peers-4", "ipv4", "peers", ("192.0.2.25/32",))],
            id="one family: no rule, and no set, for the other",
        ),
        pytest.param(
            to("25", "2001:db8::25/128", "192.0.2.0/24"),
            [
                Rule(ACCEPT, "ipv4", "tcp", (25, 25), None, "@jsa-peers-4"),
                Rule(ACCEPT, "ipv6", "tcp", (25, 25), None, "@jsa-peers-6"),
            ],
            [
                AddressSet("jsa-peers-4", "ipv4", "peers", ("192.0.2.0/24",)),
                AddressSet("jsa-peers-6", "ipv6", "peers", ("2001:db8::25/128",)),
            ],
            id="two families",
        ),
        pytest.param(
            to("443", "0.0.0.0/0", "2001:db8::25/128"),
            [
                Rule(ACCEPT, "ipv4", "tcp", (443, 443), None),
                Rule(ACCEPT, "ipv6", "tcp", (443, 443), None, "@jsa-peers-6"),
            ],
            [AddressSet("jsa-peers-6", "ipv6", "peers", ("2001:db8::25/128",))],
            id="anybody in one family needs no set there",
        ),
        pytest.param(to("25"), [], [], id="to nobody"),
    ],
)
def test_destinations(row: dict[str, Any], rules: list[Rule], sets: list[AddressSet]) -> None:
    ruleset = make_ruleset(outbound=[row])
    assert ruleset.policies[POLICY_OUT].why == {**ESSENTIAL, **DNS, **dict.fromkeys(rules, ("x",))}
    assert ruleset.sets == {one.name: one for one in sets}


def test_icmp_has_its_name_in_each_family() -> None:
    policy = leaving([to(None, "192.0.2.1/32", "2001:db8::1/128", protocol="icmp")])
    assert policy.why == {
        **ESSENTIAL,
        **DNS,
        Rule(ACCEPT, "ipv4", "icmp", None, None, "@jsa-peers-4"): ("x",),
        Rule(ACCEPT, "ipv6", "ipv6-icmp", None, None, "@jsa-peers-6"): ("x",),
    }


def test_whoever_may_always_come_in_may_be_called_back() -> None:
    """On all ports of TCP, in both families: the set of the family without an address is there, and empty."""
    ruleset = make_ruleset(guard=make_guard([], "10.0.0.250", 22), outbound=[])
    back = {
        Rule(ACCEPT, family, "tcp", (1, 65535), None, f"@jsa-{SET}_out-{number}"): (REASON,)
        for family, number in (("ipv4", 4), ("ipv6", 6))
    }
    assert ruleset.policies[POLICY_OUT].why == {**ESSENTIAL, **DNS, **back}
    assert ruleset.sets[f"jsa-{SET}_out-4"] == AddressSet(f"jsa-{SET}_out-4", "ipv4", LABEL, ("10.0.0.250/32",))
    assert ruleset.sets[f"jsa-{SET}_out-6"] == AddressSet(f"jsa-{SET}_out-6", "ipv6", LABEL, ())


def test_reasons_of_equal_rules_are_joined() -> None:
    policy = leaving([to("25", "192.0.2.25/32", why="smtp"), to("25", "192.0.2.25/32", why="reports")])
    assert policy.why[Rule(ACCEPT, "ipv4", "tcp", (25, 25), None, "@jsa-peers-4")] == ("reports", "smtp")

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the rules do with a packet is what the policy that is made of them does."""

from __future__ import annotations

import ipaddress

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._families import family_of_address
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import Guard
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import read_host_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import ACCEPT, POLICY_IN, Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.refusals import Refusals, refused_of
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import build_ruleset

PEERS = ("10.0.0.3", "10.0.0.200", "192.0.2.9", "2001:db8::3", "fd00::1", "fe80::1")
SOURCES = ("10.0.0.3/32", "10.0.0.0/25", "0.0.0.0/0", "2001:db8::/64", "::/0", "192.0.2.8/30")
PORTS = (21, 22, 23, 68, 514, 546, 32000)

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "protocol": st.sampled_from(["tcp", "udp"]),
            "ports": st.sampled_from(["22", "514", "21-23", "68", "500-600", "32000-33999"]),
            "sources": st.lists(st.sampled_from(SOURCES), min_size=1, max_size=3, unique=True),
        }
    ),
    max_size=4,
)
REFUSED = st.lists(
    st.fixed_dictionaries(
        {"protocol": st.sampled_from(["tcp", "udp"]), "ports": st.sampled_from(["22", "514", "1-40000", "68"])}
    ),
    max_size=2,
)
GUARDS = st.one_of(
    st.none(),
    st.builds(
        lambda cidrs, port: Guard(tuple(ipaddress.ip_network(cidr) for cidr in cidrs), port),
        st.lists(st.sampled_from(SOURCES), max_size=2),
        st.sampled_from([22, 514]),
    ),
)


def verdict(ruleset: Ruleset, peer: str, protocol: str, port: int) -> bool:
    """Whether the policy refuses it, rule by rule, as a kernel goes through them."""
    policy = ruleset.policies[POLICY_IN]
    for rule in policy.rules:
        if rule.protocol != protocol or rule.family not in (None, family_of_address(peer)):
            continue
        if rule.ports is None or not rule.ports[0] <= port <= rule.ports[1]:
            continue
        entries: tuple[str, ...] = () if rule.source is None else (rule.source,)
        if rule.source is not None and rule.source.startswith("@"):
            entries = ruleset.sets[rule.source[1:]].entries
        inside = any(ipaddress.ip_address(peer) in ipaddress.ip_network(entry) for entry in entries)
        if rule.source is None or inside:
            return rule.action != ACCEPT
    return policy.target != "CONTINUE"


@given(ROWS, REFUSED, st.sampled_from(["zone", "reject", "drop"]), GUARDS)
def test_it_is_what_the_policy_does(
    inbound: list[dict[str, Any]], refused: list[dict[str, Any]], unlisted: str, guard: Guard | None
) -> None:
    rules = read_host_rules({"inbound": inbound, "refused": refused, "unlisted": unlisted})
    ruleset = build_ruleset(rules, guard)
    refusals = Refusals(ruleset)
    for peer in PEERS:
        for protocol in ("tcp", "udp"):
            for port in PORTS:
                packet = (peer, protocol, port)
                assert refusals.refuses(*packet) == verdict(ruleset, *packet), packet


def test_each_once_in_order() -> None:
    rules = read_host_rules({"inbound": [], "refused": [{"protocol": "tcp", "ports": "443"}]})
    contacts = [("10.0.0.10", "tcp", 443), ("10.0.0.9", "tcp", 443), ("10.0.0.10", "tcp", 443), ("::2", "tcp", 443)]
    found = refused_of(Refusals(build_ruleset(rules, None)), [*contacts, ("10.0.0.9", "tcp", 80)])
    assert found == [("10.0.0.9", "tcp", 443), ("10.0.0.10", "tcp", 443), ("::2", "tcp", 443)]


@pytest.mark.parametrize(("port", "refused"), [(22, False), (23, True)])
def test_a_controller_gets_in(port: int, refused: bool) -> None:
    rules = read_host_rules({"inbound": [], "refused": [{"protocol": "tcp", "ports": "22-23"}]})
    guard = Guard((ipaddress.ip_network("10.0.0.250/32"),), 22)
    assert Refusals(build_ruleset(rules, guard)).refuses("10.0.0.250", "tcp", port) is refused

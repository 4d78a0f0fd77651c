# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What our rules accept beside the site's denials, judged packet by packet by another reader of the site's rules."""

from __future__ import annotations

import ipaddress

from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.configuration import Configuration
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.denials import Denial, find_denials
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.denying import (
    DENIED,
    leave_out,
    overridden,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import ruleset_of_texts
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.inline_sets import without_sets
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import render
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.site import SiteObject
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import SetSupport
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    DROP,
    EMPTY,
    POLICY_IN,
    REJECT,
    Rule,
    Ruleset,
)
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_guard, make_ruleset

ANYONE = ["0.0.0.0/0", "::/0"]
SYSLOG = {"protocol": "udp", "ports": "514", "sources": ANYONE, "why": ["syslog"]}
SSH = {"protocol": "tcp", "ports": "22", "sources": ["10.77.0.0/24"], "why": ["ssh"]}
RANGE = {"protocol": "tcp", "ports": "20-30", "sources": ["10.0.0.0/8", "fd00::/64"], "why": ["range"]}
PING = {"protocol": "icmp", "sources": ANYONE, "why": ["ping"]}


def denials(*rules: str, target: str = "default", **settings: Any) -> list[Denial]:
    zone = SiteObject("zone public", {"target": target, "rules_str": list(rules), **settings})
    default = "" if settings.get("sources") else "public"
    found: list[Denial] = find_denials(Configuration([zone], default, lambda name: None, lambda name: [], ()))
    return found


def ban(source: str, what: str = "", action: str = "drop", priority: int = 0) -> str:
    family = "ipv6" if ":" in source else "ipv4"
    return f'rule priority="{priority}" family="{family}" source address="{source}" {what} {action}'


def port(ports: str, protocol: str) -> str:
    return f'port port="{ports}" protocol="{protocol}"'


class Packet(NamedTuple):
    address: str
    protocol: str
    port: int


def contains(cidrs: Any, address: str) -> bool:
    one = ipaddress.ip_address(address)
    return any(network.version == one.version and one in network for network in map(ipaddress.ip_network, cidrs))


def matches(rule: Rule, ruleset: Ruleset, packet: Packet) -> bool:
    family = "ipv6" if ":" in packet.address else "ipv4"
    protocol = {"icmp": "icmp", "ipv6-icmp": "icmp"}.get(rule.protocol, rule.protocol)
    if protocol != packet.protocol or rule.family not in (None, family):
        return False
    if rule.ports is not None and not rule.ports[0] <= packet.port <= rule.ports[1]:
        return False
    peer = rule.source
    return peer is None or contains(ruleset.sets[peer[1:]].entries if peer[0] == "@" else [peer], packet.address)


def accepted(ruleset: Ruleset, packet: Packet) -> bool:
    """As firewalld evaluates a policy: what drops and rejects comes first."""
    rules = [rule for rule in ruleset.policies[POLICY_IN].rules if matches(rule, ruleset, packet)]
    if any(rule.action in (DROP, REJECT) for rule in rules):
        return False
    return any(rule.action == ACCEPT for rule in rules)


def lines(ruleset: Ruleset) -> list[tuple[str, str, Any, tuple[str, ...]]]:
    return [
        (rule.action, rule.protocol, rule.ports, ruleset.sets[str(rule.source)[1:]].entries)
        for rule in ruleset.policies[POLICY_IN].rules
        if rule.action in (DROP, REJECT)
    ]


# The site's own rules, read in another way than the product does


class SiteRule(NamedTuple):
    priority: int
    source: str
    inverted: bool
    protocol: str
    ports: tuple[int, int]
    action: str

    def text(self) -> str:
        family = "ipv6" if ":" in self.source else "ipv4"
        what = port("{}-{}".format(*self.ports), self.protocol) if self.protocol else ""
        source = f'{"NOT " if self.inverted else ""}address="{self.source}"'
        return f'rule priority="{self.priority}" family="{family}" source {source} {what} {self.action}'

    def matches(self, packet: Packet) -> bool:
        if (":" in self.source) != (":" in packet.address):
            return False
        if contains([self.source], packet.address) == self.inverted:
            return False
        return not self.protocol or (self.protocol == packet.protocol and self.ports[0] <= packet.port <= self.ports[1])


def site_denies(rules: list[SiteRule], packet: Packet) -> bool:
    for rule in sorted(rules, key=lambda one: (one.priority, one.action == "accept")):
        if rule.matches(packet):
            return rule.action != "accept"
    return False


SITE_RULES = st.builds(
    SiteRule,
    st.sampled_from([-1, 0, 1]),
    st.sampled_from(["10.77.0.99/32", "10.77.0.0/25", "10.0.0.0/8", "172.16.0.1/32", "fd00::/112"]),
    st.booleans(),
    st.sampled_from(["", "tcp", "udp"]),
    st.sampled_from([(22, 22), (20, 25), (514, 514), (1, 65535)]),
    st.sampled_from(["accept", "drop", "reject"]),
)
PACKETS = [
    Packet(address, protocol, number)
    for address in ("10.77.0.99", "10.77.0.5", "10.77.0.200", "10.1.1.1", "172.16.0.1", "fd00::1", "fd00::1:1")
    for protocol, number in (("tcp", 22), ("tcp", 26), ("udp", 514), ("udp", 515), ("icmp", 0))
]


@given(st.lists(SITE_RULES, max_size=4))
def test_every_packet(rules: list[SiteRule]) -> None:
    plan = make_ruleset([SYSLOG, SSH, RANGE, PING])
    found = denials(*[rule.text() for rule in rules])
    assert not any(denial.hindrance for denial in found)
    left = leave_out(plan, found, None)
    for packet in PACKETS:
        assert accepted(left, packet) == (accepted(plan, packet) and not site_denies(rules, packet)), packet
    assert overridden(found, left) == []
    overrides = any(accepted(plan, packet) and site_denies(rules, packet) for packet in PACKETS)
    assert bool(overridden(found, plan)) >= overrides
    for form in (left, without_sets(left, SetSupport(False, False))):
        # What is written says the same when it is read.
        assert ruleset_of_texts(render(form)).policies[POLICY_IN].rules == form.policies[POLICY_IN].rules


def test_a_ban_on_a_port() -> None:
    found = denials(ban("10.77.0.99", port("514", "udp"), "reject"))
    plan = make_ruleset([SYSLOG, SSH])
    assert [(one.denial.object, one.what) for one in overridden(found, plan)] == [("zone public", ("udp 514",))]
    left = leave_out(plan, found, None)
    assert lines(left) == [("reject", "udp", (514, 514), ("10.77.0.99/32",))]
    (rule,) = (rule for rule in left.policies[POLICY_IN].rules if rule.action == REJECT)
    assert left.policies[POLICY_IN].why[rule] == (DENIED,)
    assert left.sets[str(rule.source)[1:]].label == "denied by zone public"


def test_what_we_do_not_accept_is_none_of_ours() -> None:
    found = denials(ban("10.77.0.99", port("515", "udp")), ban("192.0.2.1", port("22", "tcp")), ban("fd00::1"))
    assert overridden(found, make_ruleset([SSH])) == []
    plan = make_ruleset([SSH])
    assert leave_out(plan, found, None) == plan


def test_a_banned_source_shares_one_set() -> None:
    left = leave_out(make_ruleset([SYSLOG, RANGE, PING]), denials(target="DROP", sources=["10.77.0.99"]), None)
    assert lines(left) == [
        ("drop", "icmp", None, ("10.77.0.99/32",)),
        ("drop", "tcp", (20, 30), ("10.77.0.99/32",)),
        ("drop", "udp", (514, 514), ("10.77.0.99/32",)),
    ]
    assert len([name for name in left.sets if name.startswith("jsa-deny-")]) == 1


def test_names_of_sets_outlive_their_entries() -> None:
    """So that a source that comes or goes changes entries only."""
    plan = make_ruleset([SYSLOG])
    one, more = (
        leave_out(plan, denials(target="DROP", sources=sources), None)
        for sources in (["10.77.0.99"], ["10.77.0.99", "10.77.0.7"])
    )
    assert one.policies == more.policies
    assert set(one.sets) == set(more.sets)
    assert all(len(name) <= 31 for name in one.sets)


def test_whom_the_guard_names_keeps_the_way_in() -> None:
    """Even where the plan lets the address in by a rule of its own, and the guard's sets are empty."""
    guard = make_guard(["10.77.0.9/32"], "10.77.0.10", 22)
    plan = make_ruleset([SSH, RANGE], guard=guard)
    found = denials(ban("10.77.0.0/28"))
    left = leave_out(plan, found, guard)
    assert not accepted(left, Packet("10.77.0.8", "tcp", 22))
    assert not accepted(left, Packet("10.77.0.9", "tcp", 23))
    for address in ("10.77.0.9", "10.77.0.10"):
        assert accepted(left, Packet(address, "tcp", 22))
    assert [one.what for one in overridden(found, left)] == [("tcp 22",)]


def test_what_cannot_be_left_out_is_told_all_the_same() -> None:
    plan = make_ruleset([SYSLOG])
    found = denials('rule source mac="00:11:22:33:44:55" drop')
    assert leave_out(plan, found, None) == plan
    assert [one.what for one in overridden(found, plan)] == [("udp 514",)]


def test_without_rules() -> None:
    assert leave_out(EMPTY, denials(ban("10.77.0.99")), None) == EMPTY
    assert overridden(denials(ban("10.77.0.99")), EMPTY) == []


def test_many_bans_and_many_peers() -> None:
    """A set of twelve thousand entries, and hundreds of bans, take no noticeable time."""
    peers = [f"10.{number // 250}.{number % 250}.0/25" for number in range(12000)]
    plan = make_ruleset([{**SSH, "sources": peers}, SYSLOG])
    found = denials(*[ban(f"10.{number // 250}.{number % 250}.1") for number in range(600)])
    assert len(overridden(found, plan)) == 600
    assert overridden(found, leave_out(plan, found, None)) == []

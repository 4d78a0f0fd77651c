# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table that records what rules would refuse: it decides on nothing, and says whom the rules do not accept."""

from __future__ import annotations

import json

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic import staged
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.table import TableError
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._observe.traffic.nft import Nft
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_guard, make_ruleset

NOW = 1764504000
RULES = make_ruleset(
    inbound=[
        {"protocol": "tcp", "ports": "32006", "sources": ["10.0.0.3/32", "10.0.0.4/31", "fd00::/64"]},
        {"protocol": "tcp", "ports": "443", "sources": ["0.0.0.0/0"]},
        {"protocol": "icmp", "sources": ["0.0.0.0/0"]},
    ],
    refused=[{"protocol": "udp", "ports": "514"}],
    guard=make_guard([], "10.0.0.250", 22),
)


@pytest.fixture
def nft() -> Nft:
    return Nft()


def read(nft: Any) -> staged.Staged:
    found = staged.read(nft, NOW)
    assert found is not None
    return found


def rules_of(nft: Nft, chain: str) -> list[str]:
    found: list[str] = nft.tables[staged.TABLE]["rules"][chain]
    return found


def test_there_is_none_at_first(nft: Any) -> None:
    assert staged.read(nft, NOW) is None
    assert not staged.delete(nft)


def test_what_the_rules_accept_comes_back_and_what_they_refuse_is_recorded(nft: Any) -> None:
    staged.write(nft, RULES, NOW)
    assert rules_of(nft, "decide_inbound") == [
        "meta nfproto ipv4 tcp dport { 443 } return",
        "meta nfproto ipv4 ip saddr { 10.0.0.250/32 } tcp dport { 22 } return",
        "meta nfproto ipv4 ip saddr { 10.0.0.3/32, 10.0.0.4/31 } tcp dport { 32006 } return",
        "meta nfproto ipv6 ip6 saddr { fd00::/64 } tcp dport { 32006 } return",
        "meta nfproto ipv4 tcp dport { 32006 } goto record_inbound",
        "meta nfproto ipv4 udp dport { 514 } goto record_inbound",
        "meta nfproto ipv6 tcp dport { 443, 32006 } goto record_inbound",
        "meta nfproto ipv6 udp dport { 514 } goto record_inbound",
    ]
    assert rules_of(nft, "decide_outbound") == [], "what leaves is not restricted"


def test_with_unlisted_everything_else_is_recorded(nft: Any) -> None:
    staged.write(nft, make_ruleset(unlisted="drop"), NOW)
    assert rules_of(nft, "decide_inbound") == [
        "meta nfproto ipv4 udp dport { 68 } return",
        "meta nfproto ipv6 ip6 saddr { fe80::/10 } udp dport { 546 } return",
        "goto record_inbound",
    ]


def test_what_leaves(nft: Any) -> None:
    row = {"protocol": "tcp", "ports": "25", "destinations": ["10.9.0.0/24"], "destination_classes": ["mail"]}
    staged.write(nft, make_ruleset(outbound=[row]), NOW)
    decide = rules_of(nft, "decide_outbound")
    assert "meta nfproto ipv4 ip daddr { 10.9.0.0/24 } tcp dport { 25 } return" in decide
    assert decide[-1] == "goto record_outbound"


@pytest.mark.parametrize("unlisted", ["zone", "reject"])
def test_nothing_in_it_decides(nft: Any, unlisted: str) -> None:
    staged.write(nft, make_ruleset(refused=[{"protocol": "tcp", "ports": "22"}], unlisted=unlisted, outbound=[]), NOW)
    for rules in nft.tables[staged.TABLE]["rules"].values():
        for rule in rules:
            assert set(rule.split()).isdisjoint({"accept", "drop", "reject", "log", "queue", "notrack", "dnat", "snat"})


def test_other_rules_keep_what_is_recorded(nft: Any) -> None:
    staged.write(nft, RULES, NOW - 100)
    nft.record(staged.TABLE, "inbound_ipv4", "192.0.2.9", "udp", 514, ago=60)
    assert read(nft).digest == staged.digest_of(RULES)
    other = make_ruleset(refused=[{"protocol": "udp", "ports": "514"}])
    staged.write(nft, other, NOW - 100)
    found = read(nft)
    assert (found.since, found.digest) == (NOW - 100, staged.digest_of(other))
    assert [item[:5] for item in found.traffic.inbound] == [("192.0.2.9", "udp", 514, 1, NOW - 60)]
    assert staged.delete(nft) and nft.tables == {}


def test_what_did_not_fit_is_not_forgotten(nft: Any) -> None:
    staged.write(nft, RULES, NOW)
    nft.miss(staged.TABLE, "record_inbound", 3)
    nft.miss(staged.TABLE, "record_outbound", 4)
    assert (read(nft).not_recorded, read(nft).digest) == (7, staged.digest_of(RULES))
    staged.write(nft, make_ruleset(), NOW, read(nft).not_recorded)
    assert (read(nft).not_recorded, read(nft).digest) == (7, staged.digest_of(make_ruleset()))


@pytest.mark.parametrize("chain", ["inbound", "decide_inbound", "record_outbound"])
def test_rules_that_somebody_has_taken_away(nft: Any, chain: str) -> None:
    staged.write(nft, RULES, NOW)
    del nft.tables[staged.TABLE]["rules"][chain][-1]
    assert read(nft).digest == ""


def test_nft_flush_table_leaves_the_sets(nft: Any) -> None:
    staged.write(nft, RULES, NOW)
    nft.tables[staged.TABLE]["rules"] = {}
    assert read(nft)[:2] == (None, "")


def test_an_older_nft_does_not_count(nft: Any) -> None:
    nft.refused = r"th dport counter"
    staged.write(nft, RULES, NOW)
    assert read(nft).digest == staged.digest_of(RULES)
    nft.refused = "add"
    with pytest.raises(TableError, match="not supported"):
        staged.write(nft, RULES, NOW)


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_an_answer_of_any_form(text: str) -> None:
    with pytest.raises(TableError):
        staged.parse(text, NOW)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of the console's resource: what it can hold, and how two of them are compared."""

from __future__ import annotations

import ipaddress

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import guard_of
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import read_host_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import build_ruleset
from ansible_collections.jsa.ports.plugins.plugin_utils._console.firewall_rules import (
    MOST_EXPANDED,
    Expansion,
    express,
    key_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._console.ownership import (
    KEPT,
    Ownership,
    dump_ownership,
    parse_ownership,
)
from ansible_collections.jsa.ports.tests.console.resources import rule_problem

RULE = {
    "is_any_source_ip": False,
    "source_ip": "10.0.0.1",
    "port_type": "SINGLE",
    "single_port": "443",
    "port_range": None,
    "protocol": "TCP",
}


def test_members_that_are_not_used_are_null_or_missing() -> None:
    assert key_of(RULE) == key_of({name: value for name, value in RULE.items() if value is not None})


@pytest.mark.parametrize(
    "other", [{**RULE, "protocol": "UDP"}, {**RULE, "single_port": "444"}, {**RULE, "comment": "x"}, None, "rule"]
)
def test_other_rules_are_others(other: Any) -> None:
    assert key_of(other) != key_of(RULE)


ADDRESSES = st.integers(0x0A000000, 0x0A00FFFF).map(lambda number: str(ipaddress.IPv4Address(number)))
SOURCES = st.tuples(ADDRESSES, st.integers(22, 32)).map(
    lambda pair: str(ipaddress.ip_network(f"{pair[0]}/{pair[1]}", strict=False))
)
ROWS = st.lists(
    st.builds(
        lambda protocol, first, last, sources: {
            "protocol": protocol,
            "ports": f"{min(first, last)}-{max(first, last)}" if first != last else str(first),
            "sources": sorted(sources),
            "why": ["x"],
            "source_classes": ["some"],
        },
        st.sampled_from(["tcp", "udp"]),
        st.integers(1, 65535),
        st.integers(1, 65535),
        st.sets(SOURCES, min_size=1, max_size=3),
    ),
    max_size=4,
)


@given(ROWS, st.booleans())
def test_what_is_written_is_valid_and_what_was_asked_for(rows: list[dict[str, Any]], requested: bool) -> None:
    rules = read_host_rules({"addresses": ["10.9.9.9"], "inbound": rows, "refused": [], "unlisted": "zone"})
    found = express(build_ruleset(rules, guard_of((), None)), Expansion(requested=requested))
    assert [rule_problem(one) for one in found.documents] == [None] * len(found.documents)
    assert len({key_of(one) for one in found.documents}) == len(found.documents)
    most = MOST_EXPANDED if requested else 1
    wanted = {
        (row["protocol"].upper(), row["ports"], str(address))
        for row in rows
        for cidr in row["sources"]
        if ipaddress.ip_network(cidr).num_addresses <= most
        for address in ipaddress.ip_network(cidr)
    }
    written = {(one["protocol"], one["single_port"] or one["port_range"], one["source_ip"]) for one in found.documents}
    # A source within another one of the same rule is left out with it.
    allowed = {
        (row["protocol"].upper(), row["ports"], ipaddress.ip_network(cidr)) for row in rows for cidr in row["sources"]
    }
    assert all(
        any(one[:2] == rule[:2] and ipaddress.ip_address(one[2]) in rule[2] for rule in allowed) for one in written
    )
    missing = wanted - written
    assert not missing or found.left_out


def test_the_file_keeps_some_states() -> None:
    ownership = Ownership(url="https://c.example")
    for number in range(KEPT + 3):
        ownership = ownership.with_rules(7, "con1", [{**RULE, "single_port": str(number + 1)}])
    assert [one["single_port"] for one in ownership.documents(7)] == [str(KEPT + 3)]
    assert [one["single_port"] for one in ownership.earlier(7, KEPT) or []] == ["3"]
    assert ownership.earlier(7, KEPT + 1) is None
    assert ownership.earlier(8, 1) is None
    assert parse_ownership(dump_ownership(ownership), "https://c.example", "state") == ownership
    assert ownership.with_rules(7, "con1", ownership.documents(7)) is ownership

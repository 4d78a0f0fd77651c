# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules with addresses in them accept exactly what those with sets do."""

from __future__ import annotations

import ipaddress

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import ruleset_of_texts
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.inline_sets import (
    fits,
    fitted,
    fitted_texts,
    without_sets,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import render
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import SetSupport
from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4, IPV6
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    EMPTY,
    POLICY_IN,
    POLICY_OUT,
    Rule,
    Ruleset,
    by_family,
)
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_guard, make_ruleset

NONE = SetSupport(False, False)
OLD = SetSupport(True, False)
ALL = SetSupport(True, True)


def row(ports: str, *sources: str, protocol: str = "tcp", why: str = "x", peers: str = "ep") -> dict[str, Any]:
    return {"protocol": protocol, "ports": ports, "sources": list(sources), "why": [why], "source_classes": [peers]}


def to(ports: str, *destinations: str) -> dict[str, Any]:
    return {"protocol": "tcp", "ports": ports, "destinations": list(destinations), "why": ["out"]}


def addresses(ruleset: Ruleset, ports: int, end: str = "source", policy: str = POLICY_IN) -> list[str]:
    rules = ruleset.policies[policy].rules
    return [getattr(rule, end) for rule in rules if rule.ports == (ports, ports) and getattr(rule, end)]


class FakeClient:
    def __init__(self, support: SetSupport) -> None:
        self.support = support
        self.asked = 0

    def set_support(self) -> SetSupport:
        self.asked += 1
        return self.support


def test_one_rule_for_each_network_of_a_set() -> None:
    fit = without_sets(
        make_ruleset([row("32006", "10.0.0.9/32", "10.1.0.0/16", "fd00::1/128")], [], "zone", None), NONE
    )
    assert fit.sets == {}
    assert fit.policies[POLICY_IN].rules == (
        Rule(ACCEPT, IPV4, "tcp", (32006, 32006), "10.0.0.9/32"),
        Rule(ACCEPT, IPV4, "tcp", (32006, 32006), "10.1.0.0/16"),
        Rule(ACCEPT, IPV6, "tcp", (32006, 32006), "fd00::1/128"),
        *(rule for rule in fit.policies[POLICY_IN].rules if rule.action != ACCEPT),
    )


def test_neighbors_are_joined_and_keep_all_their_reasons() -> None:
    rows = [
        row("22", "10.0.0.2/32", "10.0.0.7/32", why="admin", peers="a"),
        row("22", "10.0.0.3/32", why="sync", peers="b"),
    ]
    policy = without_sets(make_ruleset(rows, [], "zone", None), NONE).policies[POLICY_IN]
    why = {rule.source: policy.why[rule] for rule in policy.rules if rule.action == ACCEPT}
    assert why == {"10.0.0.2/31": ("admin", "sync"), "10.0.0.7/32": ("admin",)}


def test_an_empty_set_lets_nobody_in() -> None:
    """The controller's set of a family that it has no address of: never a rule without a source."""
    fit = without_sets(make_ruleset([], [], "zone", make_guard([], "10.0.0.250", 22)), NONE)
    assert [rule.source for rule in fit.policies[POLICY_IN].rules if rule.action == ACCEPT] == ["10.0.0.250/32"]


def test_what_everyone_may_is_not_said_again() -> None:
    both = make_ruleset([row("443", "0.0.0.0/0", "::/0", why="web")], [], "zone", make_guard([], "10.0.0.250", 443))
    fit = without_sets(
        make_ruleset(
            [row("443", "0.0.0.0/0", "::/0", why="web"), row("443", "10.0.0.9/32", why="api")], [], "zone", None
        ),
        NONE,
    )
    assert addresses(fit, 443) == []
    assert addresses(without_sets(both, NONE), 443) == []
    one = make_ruleset([row("443", "0.0.0.0/0", "fd00::1/128", why="web")], [], "zone", None)
    assert addresses(without_sets(one, NONE), 443) == ["fd00::1/128"]


def test_only_what_is_not_supported() -> None:
    rows = {"inbound": [row("22", "10.0.0.9/32")], "outbound": [to("25", "10.0.0.8/32", "10.0.0.9/32")]}
    ruleset = make_ruleset(**rows, refused=[], unlisted="zone", guard=None)
    assert without_sets(ruleset, ALL) == ruleset
    old = without_sets(ruleset, OLD)
    assert addresses(old, 22) == ["@jsa-ep-4"]
    assert addresses(old, 25, "destination", POLICY_OUT) == ["10.0.0.8/31"]
    assert list(old.sets) == ["jsa-ep-4"]
    assert without_sets(ruleset, NONE).sets == {}


def test_twice_is_once() -> None:
    ruleset = make_ruleset([row("22", "10.0.0.9/32")], [row("5432")], "reject", make_guard([], "10.0.0.1", 22))
    once = without_sets(ruleset, NONE)
    assert without_sets(once, NONE) == once
    assert without_sets(EMPTY, NONE) == EMPTY


def test_files_stay_to_the_byte_where_they_can_be_loaded() -> None:
    ruleset = make_ruleset([row("22", "10.0.0.9/32")], [], "zone", None)
    texts = render(ruleset)
    client: Any = FakeClient(ALL)
    assert fitted_texts(client, texts) is texts
    client.support = NONE
    fit = fitted_texts(client, texts)
    assert list(fit) == ["policies/jsa-in.xml"]
    assert ruleset_of_texts(fit) == without_sets(ruleset, NONE)
    assert fitted_texts(client, fit) is fit


def test_nobody_is_asked_about_rules_without_sets() -> None:
    client: Any = FakeClient(NONE)
    ruleset = make_ruleset([row("443", "0.0.0.0/0")], [row("5432")], "zone", None)
    assert fits(client, ruleset)
    assert fitted(client, ruleset) is ruleset
    assert client.asked == 0
    # Nobody refers to its sets, and they would be too many for it all the same.
    assert not fits(client, make_ruleset([row("22", "10.0.0.9/32")], [], "zone", None)._replace(policies={}))


NETWORKS = st.builds(
    lambda number, length: str(ipaddress.ip_network((number, length), strict=False)),
    st.integers(0x0A000000, 0x0A00003F), st.integers(26, 32),
)  # fmt: skip
ROWS = st.lists(st.builds(lambda ports, sources, why: row(str(ports), *sources, why=why, peers=why),
                          st.integers(1, 3), st.lists(NETWORKS, min_size=1, max_size=6), st.sampled_from("abc")),
                max_size=6)  # fmt: skip


def accepted(ruleset: Ruleset) -> set[tuple[int, int]]:
    """Each address and port that is let in."""
    found = set()
    for rule in by_family(ruleset.policies[POLICY_IN].rules):
        if rule.action == ACCEPT and rule.ports is not None:
            source = str(rule.source)
            for entry in ruleset.sets[source[1:]].entries if source.startswith("@") else (source,):
                found.update((int(address), rule.ports[0]) for address in ipaddress.ip_network(entry))
    return found


@given(ROWS)
def test_exactly_the_same_is_let_in(rows: list[dict[str, Any]]) -> None:
    ruleset = make_ruleset(rows, [], "zone", None)
    fit = without_sets(ruleset, NONE)
    assert accepted(fit) == accepted(ruleset)
    for rule in fit.policies[POLICY_IN].rules:
        assert fit.policies[POLICY_IN].why[rule], rule


@pytest.mark.parametrize("support", [NONE, OLD])
def test_what_is_written_is_read_back(support: SetSupport) -> None:
    ruleset = make_ruleset(
        [row("22", "10.0.0.9/32")], [row("5432")], "zone", make_guard([], "fd00::2", 22), [to("25", "10.0.0.8/32")]
    )
    fit = without_sets(ruleset, support)
    assert ruleset_of_texts(render(fit)) == fit

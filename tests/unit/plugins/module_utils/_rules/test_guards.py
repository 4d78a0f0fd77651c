# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guards, the refusals beside them, and names, to the last address and port."""

from __future__ import annotations

import re

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._rules.model import ACCEPT, REFUSE, Rule, Ruleset
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_guard, make_ruleset

#: What the sets of a guard are called, and the reason of its rules.
SET = REASON = "management"


def row(ports: str = "32006", protocol: str = "tcp", **more: Any) -> dict[str, Any]:
    return {"protocol": protocol, "ports": ports, "sources": ["10.0.0.3/32"], **more}


def rules(ruleset: Ruleset, action: str) -> set[Rule]:
    return {rule for rule in ruleset.policies["jsa-in"].rules if rule.action == action}


@pytest.mark.parametrize(
    ("sources", "let_in"),
    [
        pytest.param(["10.0.0.248/29"], True, id="from the first address of a network"),
        pytest.param(["10.0.0.0/24"], True, id="in the middle"),
        pytest.param(["10.0.0.240/28"], True, id="up to the last address of a network"),
        pytest.param(["10.0.0.248/30", "10.0.0.252/30"], False, id="half by each of two entries"),
        pytest.param(["10.0.0.252/30", "10.0.0.0/25"], False, id="its end alone"),
        pytest.param(["0.0.0.0/0"], True, id="anyone"),
        pytest.param(["::/0", "fd00::/8"], False, id="anyone of the other family"),
        pytest.param([], False, id="nobody"),
    ],
)
@pytest.mark.parametrize("ports", ["22", "1-22", "22-30", "1-30"])
def test_an_administrator_s_network_that_is_let_in_anyway(sources: list[str], let_in: bool, ports: str) -> None:
    ruleset = make_ruleset([row(ports, sources=sources)], guard=make_guard(["10.0.0.248/29"], None, 22))
    assert ruleset.sets[f"jsa-{SET}-4"].entries == (() if let_in else ("10.0.0.248/29",))


@pytest.mark.parametrize("more", [{"ports": "23-30"}, {"ports": "1-21"}, {"protocol": "udp"}])
def test_what_is_let_in_to_another_port_is_not_let_in(more: dict[str, Any]) -> None:
    rows = [row(**{"ports": "22", "sources": ["10.0.0.0/8"], **more})]
    assert make_ruleset(rows, guard=make_guard(["10.0.0.1"], None, 22)).sets[f"jsa-{SET}-4"].entries == ("10.0.0.1/32",)


def test_anyone_may_be_an_administrator() -> None:
    """Of one family: there is no set that holds everyone, so that rule names none."""
    ruleset = make_ruleset(guard=make_guard(["0.0.0.0/0"], None, 22))
    assert rules(ruleset, ACCEPT) == {
        Rule(ACCEPT, "ipv4", "tcp", (22, 22), None),
        Rule(ACCEPT, "ipv6", "tcp", (22, 22), f"@jsa-{SET}-6"),
    }
    assert ruleset.policies["jsa-in"].why[Rule(ACCEPT, "ipv4", "tcp", (22, 22), None)] == (REASON,)


def test_a_refusal_says_the_reasons_of_its_own_ports() -> None:
    named = [
        row("10-20", why=["wide"]),
        row("10-13", why=["begin"]),
        row("14", why=["left"]),
        row("15", sources=["0.0.0.0/0", "::/0"], why=["hole"]),
    ]
    policy = make_ruleset(named, [{"protocol": "tcp", "ports": "16", "why": ["right"]}]).policies["jsa-in"]
    found = {rule.ports: policy.why[rule] for rule in policy.rules if rule.action == REFUSE}
    assert found == {(10, 14): ("begin", "left", "wide"), (16, 20): ("right", "wide")}


def test_a_long_name_fills_what_ipset_takes() -> None:
    (name,) = make_ruleset([row(source_classes=["x" * 60])]).sets
    assert re.match(r"^jsa-x{16}-[0-9a-f]{8}-4$", name)
    (name,) = make_ruleset([row(source_classes=["x" * 25])]).sets
    assert name == "jsa-" + "x" * 25 + "-4"

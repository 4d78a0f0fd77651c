# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that nobody has seen yet: they are read, and what they do is never guessed."""

from __future__ import annotations

import json

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.flow import read_flows
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.look import Look
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.nft import DECISIONS, Ruleset
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._observe.packets.test_nft import (
    DROP,
    base,
    chain,
    decide,
    packet,
)
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.odd_rules import ELEMENTS, EXPRESSIONS, JSON

#: What the rules lead to: they decide nothing.
OTHERS = chain("elsewhere") + chain("filter_IN_policy_jsa-in_allow")
SETS = [
    {"set": {"family": "inet", "table": "site", "name": name, "elem": ["10.1.0.11", {"range": [1, 2]}, "*"]}}
    for name in ("other", "jsa-ep-4", "ports", "pairs")
]


@given(EXPRESSIONS)
def test_no_rule_decides_what_it_does_not_say(expression: list[Any]) -> None:
    words = json.dumps(expression)
    decision, _handle = decide(base(expression) + OTHERS + SETS)
    assert decision in DECISIONS
    assert decision not in ("drop", "reject") or decision in words
    decision, _handle = decide(base(expression, [DROP]) + OTHERS + SETS)
    assert decision in DECISIONS
    # To accept is final in a chain, and so is to end it.
    assert decision != "accept" or any(word in words for word in ("accept", "return", "goto"))


@pytest.mark.parametrize("statement", [{"xt": None}, {"xt": {"type": "target", "name": "REJECT"}}, {"newer": 1}])
def test_a_statement_that_nobody_knows_may_decide(statement: dict[str, Any]) -> None:
    assert decide(base([statement])) == ("unknown", 1)


@given(JSON)
def test_no_expression_is_too_odd(expression: Any) -> None:
    assert decide(base(expression) + SETS)[0] in DECISIONS


@given(ELEMENTS, EXPRESSIONS)
def test_no_element_is_too_odd(elements: list[Any], expression: list[Any]) -> None:
    sets = [{"set": {**one["set"], "elem": elements}} for one in SETS]
    assert decide(base(expression) + OTHERS + sets)[0] in DECISIONS


@given(st.lists(JSON, max_size=5))
def test_an_object_of_unknown_form_is_an_error(objects: list[Any]) -> None:
    try:
        ruleset = Ruleset(objects)
    except ValueError as error:
        assert "nft lists an object of unknown form" in str(error)
        return
    assert ruleset.decide(packet(), ("input",)).decision in DECISIONS


class Programs:
    def __init__(self, answer: str) -> None:
        self.answer = answer

    def run(self, *_arguments: str) -> str:
        if not self.answer:
            raise CommandError(["nft"], 1, "no such program")
        return self.answer


FLOWS = [{"role": "listener", "own": "127.0.0.1", "peer": "127.0.0.1", "protocol": "tcp", "port": 1}]


@pytest.mark.parametrize("answer", ["[]", "null", "7", '"text"', "{", "[" * 100_000, '{"nftables": 1}', ""])
def test_an_answer_that_cannot_be_read_is_an_obstacle(answer: str) -> None:
    programs: Any = Programs(answer)
    found = Look(programs).result(read_flows(FLOWS))
    assert found["obstacle"]
    (flow,) = found["flows"]
    assert (flow["question"]["decision"], flow["answer"]["decision"]) == ("unknown", "unknown")

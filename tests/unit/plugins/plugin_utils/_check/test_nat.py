# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flows between NAT groups: each end is asked about the addresses that it sees, and the translation is blamed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.suspects import closer_looks
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Diagnosis, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils import deployments
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.sightings import (
    answer,
    observation,
    passage,
    path,
    socket,
)

GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors"}
OWN = {"con1": "10.1.0.11", "ep1": "10.2.0.31"}
PUBLIC = {"con1": "198.51.100.11", "ep1": "203.0.113.31"}
HOSTS = {name: {"jsa_address": OWN[name], "jsa_public_address": PUBLIC[name], "jsa_nat_group": name} for name in GROUPS}
FLOW = ExpectedFlow(
    "con1", "ep1", PUBLIC["ep1"], "tcp", 32006, ("ariel_query",), "Ariel", True, translated_to=OWN["ep1"]
)
ACCEPTS = replace(path(passage("accept"), passage("accept")), port=32006)
AT_EP1 = replace(ACCEPTS, role="listener", own=OWN["ep1"], peer=PUBLIC["con1"])
AT_CON1 = replace(ACCEPTS, role="initiator", own=OWN["con1"], peer=PUBLIC["ep1"])


@pytest.fixture(scope="module", name="plan")
def fixture_plan() -> Plan:
    return deployments.Plan(GROUPS, HOSTS).plan


def found(plan: Plan, result: str, by: str | None = None, **addresses: str) -> Verdict:
    own = {name: {addresses.get(name, OWN[name]): 24} for name in GROUPS}
    seen = {
        "con1": observation([], [answer(FLOW, result, by=by)], paths=[AT_CON1], addresses=own["con1"]),
        # Bound to its own address: it does not know the public one.
        "ep1": observation([socket(32006, addresses=(OWN["ep1"],))], paths=[AT_EP1], addresses=own["ep1"]),
    }
    (verdict,) = Diagnosis(plan, seen).verdicts([FLOW])
    return verdict


def test_each_end_is_asked_about_what_it_sees(plan: Plan) -> None:
    seen = {
        "con1": observation([], [answer(FLOW, "no_answer")]),
        "ep1": observation([socket(32006, addresses=(OWN["ep1"],))]),
    }
    assert closer_looks(plan, [FLOW], seen) == {
        "con1": [("initiator", OWN["con1"], PUBLIC["ep1"], "tcp", 32006)],
        "ep1": [("listener", OWN["ep1"], PUBLIC["con1"], "tcp", 32006)],
    }


def test_it_works(plan: Plan) -> None:
    assert found(plan, "open").verdict == "ok"


@pytest.mark.parametrize(("result", "by"), [("prohibited", PUBLIC["ep1"]), ("refused", None), ("no_answer", None)])
def test_the_translation_is_named_where_neither_host_blocks_it(plan: Plan, result: str, by: str | None) -> None:
    verdict = found(plan, result, by)
    assert verdict.verdict == "network"
    translation = "NAT does not translate 10.1.0.11 to 198.51.100.11 and 203.0.113.31 to 10.2.0.31"
    assert translation in verdict.reason


@pytest.mark.parametrize("result", ["no_answer", "prohibited"])
def test_a_wrong_private_address_is_named(plan: Plan, result: str) -> None:
    verdict = found(plan, result, PUBLIC["ep1"] if result == "prohibited" else None, ep1="10.2.0.77")
    assert (verdict.verdict, "assigns 10.2.0.31 to ep1, which does not have it" in verdict.reason) == ("network", True)
    verdict = found(plan, result, PUBLIC["ep1"] if result == "prohibited" else None, con1="10.1.0.77")
    assert (verdict.verdict, "con1 does not have 10.1.0.11" in verdict.reason) == ("network", True)


def test_a_public_address_that_another_host_has_itself(plan: Plan) -> None:
    verdict = found(plan, "no_answer", con1=PUBLIC["ep1"])
    assert verdict.verdict == "network"
    assert (
        "203.0.113.31, which the inventory names as the public address of ep1, is an address of con1" in verdict.reason
    )

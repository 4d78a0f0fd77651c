# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flows that want a closer look: those that went otherwise than expected, where that is not known already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.suspects import as_flow, closer_looks
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan as Deployment
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import address_of
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.sightings import answer, observation, socket

GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors"}
CON1, EP1 = address_of("con1", GROUPS), address_of("ep1", GROUPS)


@pytest.fixture(scope="module", name="plan")
def fixture_plan() -> Plan:
    return Deployment(GROUPS).plan


def flow(port: int | None, wanted: bool = True) -> ExpectedFlow:
    return ExpectedFlow("con1", "ep1", EP1, "tcp" if port else "icmp", port, ("id",), "s", True, wanted)


def test_what_did_not_get_through_although_something_listens(plan: Plan) -> None:
    fine, lost, absent, barred = flow(22), flow(32006), flow(7800), flow(5432, wanted=False)
    silent = [answer(one, "no_answer") for one in (lost, absent, barred)]
    seen = {
        "con1": observation(answers=[answer(fine, "open"), *silent]),
        "ep1": observation([socket(22), socket(32006)]),
    }
    found = closer_looks(plan, [fine, lost, absent, barred], seen)
    assert found == {
        "con1": [("initiator", CON1, EP1, "tcp", 32006)],
        "ep1": [("listener", EP1, CON1, "tcp", 32006)],
    }
    assert as_flow(found["ep1"][0]) == {
        "role": "listener", "own": EP1, "peer": CON1, "protocol": "tcp", "port": 32006
    }  # fmt: skip


def test_what_got_through_although_it_must_not(plan: Plan) -> None:
    barred = flow(5432, wanted=False)
    seen = {"con1": observation(answers=[answer(barred, "open")]), "ep1": observation([socket(5432)])}
    assert [key[-1] for key in closer_looks(plan, [barred], seen)["ep1"]] == [5432]


def test_a_listener_that_nobody_looked_at_may_be_there(plan: Plan) -> None:
    seen = {"con1": observation(answers=[answer(flow(22), "no_answer")]), "ep1": observation()}
    assert len(closer_looks(plan, [flow(22)], seen)["ep1"]) == 1


@pytest.mark.parametrize("probed", [False, True])
def test_nothing_without_a_probe_or_an_address_to_send_from(plan: Plan, probed: bool) -> None:
    one = replace(flow(22), address="fd00::2") if probed else flow(22)
    answers = [answer(one, "no_answer")] if probed else None
    seen = {"con1": observation(answers=answers), "ep1": observation([socket(22)])}
    assert closer_looks(plan, [one], seen) == {"con1": [], "ep1": []}


def test_a_ping_has_no_port(plan: Plan) -> None:
    one = flow(None)
    seen = {"con1": observation(answers=[answer(one, "no_answer")]), "ep1": observation([])}
    (found,) = closer_looks(plan, [one], seen)["ep1"]
    assert as_flow(found) == {"role": "listener", "own": EP1, "peer": CON1, "protocol": "icmp"}

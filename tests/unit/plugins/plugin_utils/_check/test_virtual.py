# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The virtual address of an HA pair: which flows there are, who is taken to have it, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.baseline import changes, parse_baseline
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Diagnosis, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._check.virtual import VirtualAddresses
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import SCOPES, Scope
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.results import ResultFormat
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils import deployments
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.sightings import answer, observation, socket

GROUPS = {"con1": "jsa_console", "con2": "", "ep1": "jsa_event_processors", "app1": "jsa_app_hosts"}
NAMES = list(GROUPS)
VIRTUAL = "10.0.0.99"
PAIR = {"con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": VIRTUAL}}
OWN = {name: deployments.address_of(name, GROUPS) for name in NAMES}
RESULT = ResultFormat("jsa.ports", 1, VERDICTS)


@pytest.fixture(scope="module", name="plan")
def fixture_plan() -> Plan:
    return deployments.Plan(GROUPS, PAIR).plan


def seen(**has: tuple[str, ...] | None) -> dict[str, HostObservation]:
    """What the check saw of all hosts; *has*: their addresses, None where nobody could ask, else their own."""
    return {
        name: observation(
            None if has.get(name, ()) is None else [socket(443)],
            addresses=None if (own := has.get(name, (OWN[name],))) is None else dict.fromkeys(own, 24),
        )
        for name in NAMES
    }


ON_CON1, ON_CON2 = ((OWN["con1"], VIRTUAL), (OWN["con2"], VIRTUAL))


def test_they_are_flows_of_a_host_of_their_own(plan: Plan) -> None:
    without = list(Expectations(plan, NAMES).wanted())
    flows = list(Expectations(plan, NAMES, holders={VIRTUAL: "con2"}).wanted())
    more = [one for one in flows if one.virtual]
    assert flows == [*without, *more]
    assert {(one.listener, one.address) for one in more} == {("con2", VIRTUAL)}
    # None of the pair contacts itself, and the others what they contact on each node.
    own = {(one.initiator, one.socket) for one in without if one.listener == "con2" and one.initiator != "con1"}
    assert {(one.initiator, one.socket) for one in more} == own
    assert {one.initiator for one in more} == {"ep1", "app1"}


def test_unless_nobody_can_contact_it_in_its_family(plan: Plan) -> None:
    six = deployments.Plan(GROUPS, {"con1": {**PAIR["con1"], "jsa_ha_virtual_address": "fd00::99"}}).plan
    assert not [one for one in Expectations(six, NAMES, holders={}).wanted() if one.virtual]


@pytest.mark.parametrize("name", SCOPES)
@pytest.mark.parametrize("names", [NAMES, ["con2", "ep1"], ["con1", "con2"], ["ep1", "app1", "con1"]])
def test_they_are_counted_as_they_are_enumerated(plan: Plan, name: str, names: list[str]) -> None:
    full = list(Expectations(plan, names, Scope("full"), {}).wanted())
    assert Expectations(plan, names, Scope(name), {}).total() == len(full)
    chosen = list(Expectations(plan, names, Scope(name, 5), {}).wanted())
    assert set(chosen) <= set(full)
    assert any(one.virtual for one in full) == (names != ["con1", "con2"])
    # Which node has it changes neither number nor choice.
    other = Expectations(plan, names, Scope(name, 5), {VIRTUAL: "con2"} if "con2" in names else {})
    assert [(one.initiator, one.address, one.socket) for one in other.wanted()] == [
        (one.initiator, one.address, one.socket) for one in chosen
    ]


@pytest.mark.parametrize(
    ("has", "holder"),
    [
        ({"con1": ON_CON1}, "con1"),
        ({"con2": ON_CON2}, "con2"),
        ({}, None),
        # Who could not be asked may have it.
        ({"con1": None}, "con1"),
        ({"con2": None}, "con2"),
        ({"con1": None, "con2": ON_CON2}, "con2"),
        # Two at once, as in a split brain: the first.
        ({"con1": ON_CON1, "con2": ON_CON2}, "con1"),
    ],
)
def test_who_has_it(plan: Plan, has: dict[str, tuple[str, ...] | None], holder: str | None) -> None:
    found = VirtualAddresses(plan, seen(**has)).holders()
    assert found == ({} if holder is None else {VIRTUAL: holder})


def verdict(
    plan: Plan, observations: Mapping[str, HostObservation], result: str | None, required: bool = True, port: int = 443
) -> Verdict | None:
    holder = VirtualAddresses(plan, observations).holders().get(VIRTUAL, "con1")
    flow = ExpectedFlow("ep1", holder, VIRTUAL, "tcp", port, ("https",), "HTTPS", required, virtual=True)
    probing = observation([], [] if result is None else [answer(flow, result)], addresses={OWN["ep1"]: 24})
    found = Diagnosis(plan, {**observations, "ep1": probing}).verdicts([flow])
    return found[0] if found else None


class TestVerdicts:
    def test_where_it_is_up(self, plan: Plan) -> None:
        found = verdict(plan, seen(con2=ON_CON2), "open")
        assert found is not None and (found.verdict, found.flow.listener) == ("ok", "con2")

    def test_the_active_node_has_to_have_the_service(self, plan: Plan) -> None:
        found = verdict(plan, seen(con1=ON_CON1), "refused", port=32006)
        # con2 listens on 443 only, too; what counts is the node that has the address.
        assert found is not None and (found.verdict, found.reason) == (
            "service_down",
            "no service listens on this port on con1",
        )

    def test_where_it_is_nowhere_up(self, plan: Plan) -> None:
        found = verdict(plan, seen(), None)
        assert found is not None and found.verdict == "service_down"
        assert (
            found.reason
            == f"neither con1 nor con2 has the virtual address {VIRTUAL} of their HA pair: no node is active"
        )
        # Nothing has to listen there, and nothing does.
        assert verdict(plan, seen(), None, required=False, port=32006) is None
        assert verdict(plan, seen(), None, required=False) is not None

    @pytest.mark.parametrize(("result", "word"), [("open", "ok"), ("no_answer", "unverifiable")])
    def test_where_nobody_knows_where_it_is_up(self, plan: Plan, result: str, word: str) -> None:
        for has in ({"con2": None}, {"con1": None}, {"con1": None, "con2": None}):
            found = verdict(plan, seen(**has), result)
            assert found is not None and found.verdict == word
            assert ("which of con1 and con2 has this virtual address" in found.reason) == (word != "ok")

    def test_where_nobody_knows_and_nobody_probed(self, plan: Plan) -> None:
        found = verdict(plan, seen(con1=None), None)
        assert found is not None and found.verdict == "unverifiable"
        assert verdict(plan, seen(con1=None), None, required=False) is None


def test_a_result_is_a_baseline_after_a_failover(plan: Plan) -> None:
    before, after = (verdict(plan, seen(**has), "no_answer") for has in ({"con1": ON_CON1}, {"con2": ON_CON2}))
    assert before is not None and after is not None and before.verdict != "ok"
    assert (before.flow.listener, after.flow.listener) == ("con1", "con2")
    document = RESULT.as_json([before], {})
    assert '"virtual": true' in document
    found = changes(parse_baseline(document, "baseline"), [after], [after.flow], seen(con2=ON_CON2))
    assert (found.new, found.gone, found.still) == ([], [], 1)

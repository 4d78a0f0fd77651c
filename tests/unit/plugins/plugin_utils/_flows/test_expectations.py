# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan expects between its hosts, and what must stay closed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow, Probe
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan as Deployment
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import address_of

GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors", "dn1": "jsa_data_nodes"}
EP1 = address_of("ep1", GROUPS)


@pytest.fixture(scope="module", name="plan")
def fixture_plan() -> Plan:
    return Deployment(GROUPS).plan


def with_host(plan: Plan, name: str, **changes: object) -> Plan:
    return replace(plan, hosts={**plan.hosts, name: replace(plan.hosts[name], **changes)})  # type: ignore[arg-type]


def test_every_pair_of_the_play_and_no_other(plan: Plan) -> None:
    flows = list(Expectations(plan, ["con1", "ep1"]).wanted())
    pairs = {(one.initiator, one.listener) for one in flows}
    assert pairs == {("con1", "ep1"), ("ep1", "con1")}
    sockets = {one.socket for one in flows if one.listener == "con1"}
    assert {("tcp", 443), ("udp", 123), ("tcp", 32006)} <= sockets
    assert ("tcp", 8080) not in sockets and ("tcp", 7676) not in sockets


def test_a_ping_has_no_port() -> None:
    groups = {"con1": "jsa_console", "con2": ""}
    pair = {"con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.99"}}
    plan = Deployment(groups, pair).plan
    pings = [one for one in Expectations(plan, ["con1", "con2"]).wanted() if one.protocol == "icmp"]
    assert pings and {one.port for one in pings} == {None}


def test_a_port_for_two_purposes_is_probed_once(plan: Plan) -> None:
    flows = [one for one in Expectations(plan, ["con1", "ep1"]).wanted() if one.port == 9381]
    assert len(flows) == 1 and set(flows[0].ids) == {"cert_download", "localca"}


class TestWhatMustStayClosed:
    def test_is_tried_once_by_someone_without_business_there(self, plan: Plan) -> None:
        exposed = {"con1": [("tcp", 443), ("tcp", 7800), ("tcp", 8080), ("tcp", 6000)]}
        tried = list(Expectations(plan, ["con1", "dn1", "ep1"]).unwanted(exposed))
        assert [(one.initiator, one.listener, one.port) for one in tried] == [
            ("dn1", "con1", 7800),
            ("dn1", "con1", 8080),
        ]
        assert not any(one.wanted for one in tried)

    def test_by_another_where_the_next_host_may_come_in(self, plan: Plan) -> None:
        exposed = {"con1": [("tcp", 7800)]}
        (tried,) = Expectations(plan, ["con1", "ep1", "dn1"]).unwanted(exposed)
        assert (tried.initiator, tried.listener, tried.port) == ("dn1", "con1", 7800)
        # Nobody is left who may not.
        assert not list(Expectations(plan, ["con1", "ep1"]).unwanted(exposed))

    def test_not_by_a_host_of_another_family(self, plan: Plan) -> None:
        six = with_host(plan, "dn1", addresses=("fd00::3",))
        exposed = {"con1": [("tcp", 8080)]}
        assert [one.initiator for one in Expectations(six, ["con1", "dn1", "ep1"]).unwanted(exposed)] == ["ep1"]
        assert not list(Expectations(six, ["con1", "dn1"]).unwanted(exposed))

    def test_is_not_tried_where_nobody_looked(self, plan: Plan) -> None:
        assert not list(Expectations(plan, ["con1", "ep1"]).unwanted({}))

    @pytest.mark.parametrize(("port", "refused"), [(7799, False), (7800, True), (7801, False)])
    def test_at_the_edges_of_what_is_refused(self, plan: Plan, port: int, refused: bool) -> None:
        rules = tuple(rule for rule in plan.hosts["con1"].refused if rule.ports == (7800, 7800))
        one = with_host(plan, "con1", refused=rules)
        tried = list(Expectations(one, ["con1", "dn1"]).unwanted({"con1": [("tcp", port), ("udp", port)]}))
        assert [flow.socket for flow in tried] == ([("tcp", 7800)] if refused else [])


def test_probes_as_the_module_takes_them() -> None:
    one = ExpectedFlow("con1", "ep1", EP1, "tcp", 32006, ("ariel_query",), "Ariel", True)
    assert Probe.of(one).as_dict() == {"address": EP1, "protocol": "tcp", "port": 32006}
    assert Probe.of(replace(one, protocol="icmp", port=None)).as_dict() == {"address": EP1, "protocol": "icmp"}
    assert Probe.of(one, recheck=False, expect="t ep1").as_dict()["recheck"] is False
    assert Probe.of(one, expect="t ep1").as_dict()["expect"] == "t ep1"


def test_a_plan_that_does_not_say_what_to_expect_cannot_be_checked(plan: Plan) -> None:
    for lacking in (replace(plan, source_classes={}), with_host(plan, "con1", listeners=None)):
        with pytest.raises(InputError, match=r"con1: listeners or source_classes are missing: .*jsa_plan_dest"):
            Expectations(lacking, ["con1"])

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scopes: which flows are left out, that the same seed draws the same, and that no scope counts wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import SCOPES, Scope
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan as Deployment

GROUPS = {
    "con1": "jsa_console",
    "con2": "",
    "ep1": "jsa_event_processors",
    "ep2": "",
    "ep3": "jsa_event_processors",
    "ec1": "jsa_event_collectors",
    "ec3": "jsa_event_collectors",
    "dn1": "jsa_data_nodes",
}
HOSTS: dict[str, dict[str, Any]] = {
    "con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.98"},
    "ep1": {"jsa_ha_peer": "ep2", "jsa_ha_virtual_address": "10.0.0.99"},
    "ep3": {"ansible_host": "10.0.0.5", "jsa_address": ["10.0.0.5", "fd00::5"]},
    "ec1": {"jsa_processor": "ep1"},
    "ec3": {"jsa_processor": "ep3"},
    "dn1": {"jsa_processor": "ep3"},
}
NAMES = list(GROUPS)


@pytest.fixture(scope="module", name="plan")
def fixture_plan() -> Plan:
    return Deployment(GROUPS, HOSTS).plan


def pairs(plan: Plan, name: str, names: list[str] | None = None) -> set[tuple[str, str]]:
    flows = Expectations(plan, names or NAMES, Scope(name)).wanted()
    return {(one.initiator, one.listener) for one in flows}


def test_console(plan: Plan) -> None:
    found = pairs(plan, "console")
    assert found == {pair for pair in pairs(plan, "full") if {"con1", "con2"} & set(pair)}
    assert ("con1", "ec1") in found and ("ec1", "con2") in found and ("con1", "con2") in found


def test_attached(plan: Plan) -> None:
    found = {tuple(sorted(pair)) for pair in pairs(plan, "attached") - pairs(plan, "console")}
    # Its processor, both nodes of a pair of processors, and the other node of the pair itself.
    assert found == {("ec1", "ep1"), ("ec1", "ep2"), ("ep1", "ep2"), ("ec3", "ep3"), ("dn1", "ep3")}


def test_scopes_grow(plan: Plan) -> None:
    console, attached, full = (set(Expectations(plan, NAMES, Scope(name)).wanted()) for name in SCOPES[:3])
    assert console < attached < full


@pytest.mark.parametrize("name", SCOPES)
@pytest.mark.parametrize("names", [NAMES, ["con1", "ep3", "ec3"]])
def test_the_total_is_that_of_the_full_mesh(plan: Plan, name: str, names: list[str]) -> None:
    full = list(Expectations(plan, names, Scope("full")).wanted())
    assert Expectations(plan, names, Scope(name)).total() == len(full) > 0


def test_hosts_without_a_common_family_are_not_counted(plan: Plan) -> None:
    hosts = {**plan.hosts, "ep3": replace(plan.hosts["ep3"], addresses=("fd00::5",))}
    expectations = Expectations(replace(plan, hosts=hosts), NAMES)
    flows = list(expectations.wanted())
    assert not any("ep3" in (one.initiator, one.listener) for one in flows)
    assert expectations.total() == len(flows)


class TestSample:
    def test_is_drawn_from_the_full_mesh_for_each_listener(self, plan: Plan) -> None:
        full = set(Expectations(plan, NAMES).wanted())
        drawn = list(Expectations(plan, NAMES, Scope("sample", 5)).wanted())
        assert len(set(drawn)) == len(drawn) and set(drawn) < full
        assert {name: sum(one.listener == name for one in drawn) for name in NAMES} == dict.fromkeys(NAMES, 5)

    def test_more_than_there_is_is_everything(self, plan: Plan) -> None:
        full = set(Expectations(plan, NAMES).wanted())
        assert set(Expectations(plan, NAMES, Scope("sample", 10000)).wanted()) == full

    def test_the_seed_decides(self, plan: Plan) -> None:
        first, again, other = (list(Expectations(plan, NAMES, Scope("sample", 5, seed)).wanted()) for seed in (1, 1, 2))
        assert first == again != other

    def test_seeds_reach_every_flow(self, plan: Plan) -> None:
        names = ["con1", "ep1", "ec1"]
        seen = {one for seed in range(200) for one in Expectations(plan, names, Scope("sample", 5, seed)).wanted()}
        assert seen == set(Expectations(plan, names).wanted())


@pytest.mark.parametrize(("hosts", "name"), [(1, "full"), (50, "full"), (51, "console"), (2000, "console")])
def test_default(hosts: int, name: str) -> None:
    assert Scope.chosen(None, 20, 0, hosts).name == name
    assert Scope.chosen("attached", 20, 0, hosts).name == "attached"


def test_refusals(plan: Plan) -> None:
    with pytest.raises(InputError, match="jsa_port_check_sample is 0"):
        Scope.chosen("sample", 0, 0, 3)
    with pytest.raises(InputError, match="no console is among"):
        Expectations(plan, ["ep1", "dn1"], Scope("console"))

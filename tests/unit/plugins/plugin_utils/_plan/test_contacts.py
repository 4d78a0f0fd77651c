# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts behind NAT: the plan, the probes and the explanations name the addresses that two hosts use for each other."""

from __future__ import annotations

import ipaddress

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import sent_from, source_of
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.asking import Question
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.contacts import own_address
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import dump_plan, parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.why import ACCEPTED, explanation_text, why
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import DESTINATION_NETWORKS
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils import deployments

#: con1 has no NAT, ep1 and dn1 are one site, ec1 is another one.
GROUPS = {
    "con1": "jsa_console",
    "ep1": "jsa_event_processors",
    "dn1": "jsa_data_nodes",
    "ec1": "jsa_event_collectors",
}
HOSTS: dict[str, dict[str, Any]] = {
    "ep1": {"jsa_address": "10.2.0.31", "jsa_public_address": "203.0.113.31", "jsa_nat_group": "branch"},
    "dn1": {"jsa_address": "10.2.0.32", "jsa_public_address": "203.0.113.32", "jsa_nat_group": "branch"},
    "ec1": {"jsa_address": "10.3.0.21", "jsa_public_address": "198.51.100.21", "jsa_nat_group": "plant"},
}
#: What leaves a host is restricted to hosts of the deployment.
NETWORKS = {**deployments.NO_NETWORKS, **dict.fromkeys(DESTINATION_NETWORKS, "none")}
CON1 = deployments.address_of("con1", GROUPS)

#: Who contacts whom -> the address that the listener sees, and the one that the initiator contacts.
PAIRS = {
    ("con1", "ep1"): (CON1, "203.0.113.31"),
    ("ep1", "con1"): ("203.0.113.31", CON1),
    ("dn1", "ep1"): ("10.2.0.32", "10.2.0.31"),
    ("ep1", "dn1"): ("10.2.0.31", "10.2.0.32"),
    ("ec1", "ep1"): ("198.51.100.21", "203.0.113.31"),
    ("ep1", "ec1"): ("203.0.113.31", "198.51.100.21"),
}


@pytest.fixture(scope="module", name="planner")
def fixture_planner() -> deployments.Planner:
    return deployments.planner(GROUPS, HOSTS)


@pytest.fixture(scope="module", name="plan")
def fixture_plan(planner: deployments.Planner) -> Plan:
    return planner.plan()


def accepted_from(plan: Plan, listener: str) -> set[str]:
    """All single addresses that a host accepts anything from, of the hosts of the plan."""
    networks = [ipaddress.ip_network(cidr) for rule in plan.hosts[listener].inbound for cidr in rule.sources]
    everybody = {text for host in plan.hosts.values() for text in (*host.addresses, *host.public_addresses)}
    return {text for text in everybody if any(ipaddress.ip_address(text) in network for network in networks)}


def test_a_host_accepts_each_peer_from_the_address_that_it_sees(plan: Plan) -> None:
    assert accepted_from(plan, "con1") == {"203.0.113.31", "203.0.113.32", "198.51.100.21"}
    assert accepted_from(plan, "ep1") == {CON1, "10.2.0.32", "198.51.100.21"}
    assert accepted_from(plan, "ec1") <= {CON1, "203.0.113.31", "203.0.113.32"}


def test_probes_go_where_the_initiator_contacts_the_listener(plan: Plan) -> None:
    seen = {}
    for flow in Expectations(plan, list(GROUPS)).wanted():
        pair = flow.initiator, flow.listener
        seen[pair] = (source_of(plan, flow), flow.address)
        assert flow.arrives_at in plan.hosts[flow.listener].addresses
        assert sent_from(plan, flow) in plan.hosts[flow.initiator].addresses
    assert {pair: seen[pair] for pair in PAIRS if pair in seen} == {pair: PAIRS[pair] for pair in PAIRS if pair in seen}
    assert {("con1", "ep1"), ("dn1", "ep1"), ("ec1", "ep1")} <= seen.keys()


def test_what_must_stay_closed_is_tried_at_the_public_address_too(plan: Plan) -> None:
    exposed = {"ep1": [("tcp", port) for port in (7676, 7799, 8989, 9381, 15432)]}
    tried = list(Expectations(plan, list(GROUPS)).unwanted(exposed))
    assert tried
    for flow in tried:
        assert (source_of(plan, flow), flow.address) == PAIRS[flow.initiator, flow.listener]


def test_outbound_rules_name_the_addresses_that_the_host_contacts() -> None:
    hosts = {name: {**HOSTS.get(name, {}), "jsa_firewall_restrict_outbound": True} for name in GROUPS}
    plan = deployments.Plan(GROUPS, hosts, jsa_networks=NETWORKS).plan
    to = {
        name: {cidr for rule in host.outbound or () if "deployment" in rule.why for cidr in rule.destinations}
        for name, host in plan.hosts.items()
    }
    assert to["con1"] == {"203.0.113.31/32", "203.0.113.32/32", "198.51.100.21/32"}
    assert to["ep1"] == {f"{CON1}/32", "10.2.0.32/32", "198.51.100.21/32"}
    assert to["ec1"] == {f"{CON1}/32", "203.0.113.31/32", "203.0.113.32/32"}


@pytest.mark.parametrize(
    ("source", "target", "decision", "words"),
    [
        ("con1", "ep1", ACCEPTED, ""),
        ("con1", "203.0.113.31", ACCEPTED, ""),
        (CON1, "ep1", ACCEPTED, ""),
        ("con1", "10.2.0.31", ACCEPTED, "con1 contacts ep1 at 203.0.113.31, not at 10.2.0.31 (jsa_nat_group)"),
        ("203.0.113.32", "ep1", "refused", "ep1 sees dn1 come from 10.2.0.32, not from 203.0.113.32 (jsa_nat_group)"),
        ("10.2.0.32", "ep1", ACCEPTED, ""),
        ("dn1", "ep1", ACCEPTED, ""),
        ("10.3.0.21", "ep1", "refused", "ep1 sees ec1 come from 198.51.100.21, not from 10.3.0.21 (jsa_nat_group)"),
    ],
)
def test_why_knows_both_addresses(
    planner: deployments.Planner, plan: Plan, source: str, target: str, decision: str, words: str
) -> None:
    port = 32011 if "dn1" in source or source.endswith(".32") else 514 if source.endswith(".21") else 32006
    for known in (planner, None):
        answer = why(known, plan, Question(source, target, f"{port}/tcp"))
        if port == 514:
            # An event processor takes events from its own log sources only.
            answer = why(known, plan, Question(source, target, "32004/tcp"))
        text = explanation_text(answer)
        assert (answer.decision, words in text) == (decision, True), text
        assert words or not answer.remarks


def test_the_file_has_groups_and_public_addresses_only_where_there_are_some(plan: Plan) -> None:
    text = dump_plan(plan)
    assert parse_plan(text, "plan.json") == plan
    assert plan.as_dict()["hosts"]["ep1"]["public_addresses"] == ["203.0.113.31"]
    assert not {"nat_group", "public_addresses"} & plan.as_dict()["hosts"]["con1"].keys()
    assert HostPlan.from_dict(plan.hosts["ep1"].as_dict()) == plan.hosts["ep1"]


def test_a_group_that_has_everybody_changes_nothing_but_its_name() -> None:
    everybody = {name: {"jsa_nat_group": "one"} for name in GROUPS}
    with_group, without = deployments.Plan(GROUPS, everybody).plan, deployments.Plan(GROUPS).plan
    for name, host in without.hosts.items():
        assert with_group.hosts[name].inbound == host.inbound
    flows, others = (list(Expectations(one, list(GROUPS)).wanted()) for one in (with_group, without))
    assert flows == others


def test_a_host_has_an_address_of_its_own_for_each_public_one(plan: Plan) -> None:
    assert own_address(plan.hosts["ep1"], "203.0.113.31") == "10.2.0.31"
    assert own_address(plan.hosts["ep1"], "10.2.0.31") == "10.2.0.31"
    assert own_address(plan.hosts["con1"], CON1) == CON1


_NAMES = ("con1", "ep1", "ep2", "dn1", "ec1", "fc1", "app1")


@st.composite
def _deployments(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Hosts in up to three NAT groups or in none, with one or both families of addresses."""
    names = ["con1", *draw(st.lists(st.sampled_from(_NAMES[1:]), min_size=1, unique=True))]
    hosts: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(names, start=1):
        families = draw(st.sampled_from(["4", "46"]))
        variables: dict[str, Any] = {
            "jsa_address": [f"10.0.0.{number}", *([f"fd00::{number}"] if "6" in families else [])]
        }
        group = draw(st.sampled_from([None, "a", "b", "c"]))
        if group is not None:
            public = [f"203.0.113.{number}", *([f"2001:db8::{number}"] if "6" in families else [])]
            variables |= {"jsa_nat_group": group, "jsa_public_address": public}
        variables["jsa_firewall_restrict_outbound"] = draw(st.booleans())
        hosts[name] = variables
    return {name: deployments.EVERY_ROLE[name] for name in names}, hosts


def _known_as(hosts: dict[str, dict[str, Any]], name: str, peer: str) -> list[str]:
    """What the variables say, without the code under test."""
    own, others = hosts[name], hosts[peer]
    if "jsa_nat_group" in own and own["jsa_nat_group"] != others.get("jsa_nat_group"):
        return list(own["jsa_public_address"])
    return list(own["jsa_address"])


def _is_let_in(plan: Plan, flow: ExpectedFlow, address: str) -> bool:
    rules = [
        rule
        for rule in plan.hosts[flow.listener].inbound
        if rule.protocol == flow.protocol
        and (rule.ports is None or (flow.port is not None and rule.ports[0] <= flow.port <= rule.ports[1]))
    ]
    parsed = ipaddress.ip_address(address)
    return any(parsed in ipaddress.ip_network(cidr) for rule in rules for cidr in rule.sources)


@given(_deployments())
def test_each_pair_agrees_on_its_addresses(made: tuple[dict[str, str], dict[str, dict[str, Any]]]) -> None:
    groups, hosts = made
    plan = deployments.Plan(groups, hosts, jsa_networks=NETWORKS).plan
    pairs = set()
    for flow in Expectations(plan, list(groups)).wanted():
        pairs.add((flow.initiator, flow.listener))
        seen = _known_as(hosts, flow.initiator, flow.listener)
        assert flow.address in _known_as(hosts, flow.listener, flow.initiator)
        assert source_of(plan, flow) in seen
        assert _is_let_in(plan, flow, str(source_of(plan, flow)))
        # The same host under its other address is nobody.
        hidden = {*hosts[flow.initiator]["jsa_address"], *hosts[flow.initiator].get("jsa_public_address", ())} - {*seen}
        assert not any(_is_let_in(plan, flow, text) for text in hidden)
        outbound = plan.hosts[flow.initiator].outbound
        if outbound is not None:
            networks = [ipaddress.ip_network(cidr) for rule in outbound for cidr in rule.destinations]
            assert any(ipaddress.ip_address(flow.address) in network for network in networks)
    assert pairs or len(groups) == 1

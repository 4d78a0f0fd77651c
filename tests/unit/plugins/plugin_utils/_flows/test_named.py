# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who talks to whom by name: every address of a rule is somebody's, and nobody has one that the rule does not."""

from __future__ import annotations

import time

from dataclasses import replace
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.named import (
    ANYONE,
    HOST,
    NETWORK,
    Directory,
    Endpoint,
    NamedFlow,
    named_flows,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.spans import spans_of
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan, InboundRule, Plan, SourceClass
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils import deployments

PAIR = {**deployments.EVERY_ROLE, "con2": ""}
PAIR_HOSTS = {
    "con1": {
        "jsa_ha_peer": "con2",
        "jsa_ha_virtual_address": "10.0.0.99",
        "jsa_ha_crossover_address": "192.168.7.1",
    },
    "con2": {"jsa_ha_crossover_address": "192.168.7.2"},
}


def pair(**deployment: Any) -> Plan:
    return deployments.Plan(PAIR, PAIR_HOSTS, **deployment).plan


def of(plan: Plan, listener: str, protocol: str, port: int) -> list[Endpoint]:
    """The sources of the rule of *listener* for exactly this port."""
    flows = named_flows(plan, [listener])
    return [flow.source for flow in flows if flow.protocol == protocol and flow.ports == (port, port)]


def test_nodes_of_a_pair_have_its_virtual_address() -> None:
    assert of(pair(), "ec1", "tcp", 22) == [
        Endpoint(HOST, "con1", ("10.0.0.1/32", "10.0.0.99/32")),
        Endpoint(HOST, "con2", ("10.0.0.13/32", "10.0.0.99/32")),
    ]


def test_nobody_is_its_own_peer_and_the_virtual_address_is_the_other_nodes() -> None:
    plan = pair()
    for listener, peer in (("con1", "con2"), ("con2", "con1")):
        flows = [flow for flow in named_flows(plan, [listener]) if flow.source.kind == HOST]
        assert listener not in {flow.source.name for flow in flows}
        assert any("10.0.0.99/32" in flow.source.cidrs for flow in flows if flow.source.name == peer)


def test_the_crossover_belongs_to_the_peer() -> None:
    flows = list(named_flows(pair(), ["con1"]))
    assert {flow.source.name for flow in flows if "192.168.7.2/32" in flow.source.cidrs} == {"con2"}
    assert not any("192.168.7" in flow.source.name for flow in flows)


def test_networks_have_the_name_that_the_site_gave_them() -> None:
    networks = {**deployments.NO_NETWORKS, "log_sources": ["10.9.1.0/24", "10.9.0.0/24"], "admin": "any"}
    plan = deployments.Plan(jsa_networks=networks).plan
    assert Endpoint(NETWORK, "log_sources", ("10.9.0.0/24", "10.9.1.0/24")) in of(plan, "ec1", "tcp", 514)
    everybody = Endpoint(ANYONE, ANYONE, ("0.0.0.0/0", "::/0"))
    sources = of(plan, "con1", "tcp", 22)
    # What is let in for anyone is let in for the hosts that need it, too.
    assert sources[-1] == everybody
    assert {(one.kind, one.name) for one in sources[:-1]} == {(HOST, name) for name in plan.hosts if name != "con1"}


def plan_of(sources: list[str], classes: dict[str, SourceClass] | None = None, **hosts: tuple[str, ...]) -> Plan:
    """A plan of con1 (10.0.0.1) that lets *sources* in, and of other *hosts* by their addresses."""
    rule = InboundRule(protocol="tcp", ports=(22, 22), sources=tuple(sources), why=("ssh",))
    rule = replace(rule, source_classes=tuple(classes or ()))
    found = {
        name: HostPlan(roles=(), addresses=addresses, inbound=(rule,) if name == "con1" else (), refused=(), dynamic=())
        for name, addresses in {"con1": ("10.0.0.1",), **hosts}.items()
    }
    return Plan(version=1, hosts=found, source_classes=classes or {})


def sources_of(plan: Plan) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(flow.source.kind, flow.source.name, flow.source.cidrs) for flow in named_flows(plan)]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        # Two hosts are no /31, whoever collapsed them.
        (["10.0.0.2/31"], [(HOST, "ec1", ("10.0.0.2/32",)), (HOST, "ec2", ("10.0.0.3/32",))]),
        # A network is none of the hosts in it.
        (["10.0.0.0/30"], [(NETWORK, "10.0.0.0/30", ("10.0.0.0/30",))]),
        # Two networks are not one.
        (["10.8.0.0/24", "10.8.1.0/24"], [(NETWORK, f"10.8.{n}.0/24", (f"10.8.{n}.0/24",)) for n in (0, 1)]),
        (["10.8.0.0/24", "9.0.0.0/8"], [(NETWORK, cidr, (cidr,)) for cidr in ("9.0.0.0/8", "10.8.0.0/24")]),
        (["0.0.0.0/0", "::/0"], [(ANYONE, ANYONE, ("0.0.0.0/0", "::/0"))]),
        (["::/0"], [(NETWORK, "::/0", ("::/0",))]),
        (["10.0.0.1/32"], [(HOST, "con1", ("10.0.0.1/32",))]),
    ],
)
def test_a_plan_that_says_no_classes(sources: list[str], expected: list[tuple[str, str, tuple[str, ...]]]) -> None:
    assert sources_of(plan_of(sources, ec1=("10.0.0.2",), ec2=("10.0.0.3",))) == expected


def test_an_address_of_a_flow_of_the_sites_own_is_that_of_a_host() -> None:
    classes = {text: SourceClass(networks=(f"{text}/32",)) for text in ("10.0.0.2", "10.0.0.4", "10.0.0.5")}
    assert sources_of(plan_of(["10.0.0.2/32", "10.0.0.4/31"], classes, ec1=("10.0.0.2",))) == [
        (HOST, "ec1", ("10.0.0.2/32",)),
        (NETWORK, "10.0.0.4/32", ("10.0.0.4/32",)),
        (NETWORK, "10.0.0.5/32", ("10.0.0.5/32",)),
    ]


def test_names_that_look_like_kinds() -> None:
    classes = {"a": SourceClass(hosts=(ANYONE,)), ANYONE: SourceClass(networks=("10.9.0.0/24",))}
    assert sources_of(plan_of(["10.0.0.2/32", "10.9.0.0/24"], classes, anyone=("10.0.0.2",))) == [
        (HOST, ANYONE, ("10.0.0.2/32",)),
        (NETWORK, ANYONE, ("10.9.0.0/24",)),
    ]


def test_classes_say_who_is_meant_and_sources_what_is_let_in() -> None:
    """As in a plan that somebody edited: half a network, and a host less."""
    classes = {
        "collectors": SourceClass(hosts=("ec1", "ec2", "gone")),
        "admin": SourceClass(networks=("10.9.0.0/24",)),
    }
    assert sources_of(plan_of(["10.0.0.3/32", "10.9.0.0/25", "10.7.0.0/16"], classes, ec1=("10.0.0.2",),
                              ec2=("10.0.0.3",))) == [
        (HOST, "ec2", ("10.0.0.3/32",)),
        (NETWORK, "admin", ("10.9.0.0/25",)),
        (NETWORK, "10.7.0.0/16", ("10.7.0.0/16",)),
    ]  # fmt: skip


def test_only_the_listeners_that_are_asked_for() -> None:
    plan = pair()
    both = [*named_flows(plan, ["con1"]), *named_flows(plan, ["ec1"])]
    assert sorted(both, key=repr) == sorted(named_flows(plan, {"ec1", "con1", "gone"}), key=repr)
    assert {flow.listener for flow in named_flows(plan)} == {name for name, host in plan.hosts.items() if host.inbound}


def held(plan: Plan) -> None:
    """Asserts what a reader of named flows relies on."""
    by_rule: dict[tuple[str, str, Any], list[NamedFlow]] = {}
    for flow in named_flows(plan):
        by_rule.setdefault((flow.listener, flow.protocol, flow.ports), []).append(flow)
    rules = {(name, rule.protocol, rule.ports): rule for name, host in plan.hosts.items() for rule in host.inbound}
    assert by_rule.keys() == rules.keys()
    for key, flows in by_rule.items():
        rule = rules[key]
        cidrs = [cidr for flow in flows for cidr in flow.source.cidrs]
        assert spans_of(cidrs) == spans_of(rule.sources)
        assert all("/" in cidr for cidr in cidrs)
        assert {flow.ids for flow in flows} == {rule.why}
        names = [(flow.source.kind, flow.source.name) for flow in flows]
        assert len(set(names)) == len(names)
        for kind, name in names:
            assert kind != HOST or name in plan.hosts


ADDRESSES = st.integers(0, 40).map(lambda number: f"10.0.0.{number}")
NETWORKS = st.sampled_from(["10.0.0.0/29", "10.0.0.8/30", "10.0.0.0/24", "10.9.0.0/24", "fd00::/64", "fd00::1/128"])


@st.composite
def deployments_with_networks(draw: st.DrawFn) -> Plan:
    """Deployments with hosts, networks and flows of the site's own that meet in 40 addresses."""
    roles = ["jsa_event_collectors", "jsa_event_processors", "jsa_data_nodes", "jsa_app_hosts"]
    groups = {"con1": "jsa_console", "con2": ""}
    groups |= {f"h{number}": draw(st.sampled_from(roles)) for number in range(draw(st.integers(0, 6)))}
    addresses = draw(st.lists(ADDRESSES, min_size=len(groups) + 1, max_size=len(groups) + 1, unique=True))
    hosts: dict[str, dict[str, Any]] = {
        name: {"ansible_host": address, "jsa_encrypted": draw(st.booleans())}
        for name, address in zip(groups, addresses, strict=False)
    }
    hosts["con1"] |= {**PAIR_HOSTS["con1"], "jsa_ha_virtual_address": addresses[-1], "jsa_encrypted": False}
    hosts["con2"] |= {**PAIR_HOSTS["con2"], "jsa_encrypted": False}
    networks = {
        **deployments.NO_NETWORKS,
        "log_sources": draw(st.one_of(st.just("any"), st.lists(NETWORKS, min_size=1, max_size=3))),
        "admin": draw(st.one_of(st.just("any"), st.just("none"), st.lists(NETWORKS, min_size=1, max_size=3))),
    }
    initiators = draw(st.lists(ADDRESSES | NETWORKS, min_size=1, max_size=5, unique=True))
    own = {"id": "own", "protocols": ["tcp"], "ports": ["8443"], "service": "Own", "purpose": "The site's own."}
    extra = [{**own, "flows": [{"listeners": ["any_host"], "initiators": initiators}]}]
    return deployments.Plan(groups, hosts, jsa_networks=networks, jsa_extra_flows=extra).plan


@given(deployments_with_networks())
def test_endpoints_are_exactly_the_sources_of_each_rule(plan: Plan) -> None:
    held(plan)


@given(deployments_with_networks(), st.data())
def test_also_in_a_plan_that_somebody_edited(plan: Plan, data: st.DataObject) -> None:
    """Other sources than the classes say, hosts that are gone, classes that nobody knows."""
    hosts = {}
    for name, host in plan.hosts.items():
        sources = tuple(data.draw(st.lists(NETWORKS | ADDRESSES.map("{}/32".format), min_size=1, max_size=4)))
        hosts[name] = replace(host, inbound=tuple(replace(rule, sources=sources) for rule in host.inbound[:3]))
    kept = data.draw(st.sets(st.sampled_from(sorted(plan.hosts)), min_size=1))
    known = data.draw(st.sets(st.sampled_from(sorted(plan.source_classes))))
    held(
        replace(
            plan,
            hosts={name: host for name, host in hosts.items() if name in kept},
            source_classes={label: one for label, one in plan.source_classes.items() if label in known},
        )
    )


def seconds_of(hosts: int) -> float:
    """What a rule with so many sources takes."""
    members = {f"h{number:05}": (f"10.{number >> 8}.{number & 255}.5",) for number in range(1, hosts)}
    sources = [f"{addresses[0]}/32" for addresses in members.values()]
    plan = plan_of(sources, {"all": SourceClass(hosts=tuple(members))}, **members)
    best = float("inf")
    for _attempt in range(3):
        start = time.process_time()
        assert sum(1 for _flow in Directory(plan).endpoints("con1", tuple(sources), ("all",))) == hosts - 1
        best = min(best, time.process_time() - start)
    return best


def test_ten_times_the_sources_take_about_ten_times_as_long() -> None:
    seconds_of(200)
    # Quadratic would be a hundred times.
    assert seconds_of(10_000) < 40 * seconds_of(1000)

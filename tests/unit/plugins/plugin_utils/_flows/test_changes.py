# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs between two plans: every flow that one of them has alone, and nothing else."""

from __future__ import annotations

import time

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.changes import OtherChange, PlanChanges, plan_changes
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.named import (
    HOST,
    NETWORK,
    Endpoint,
    NamedFlow,
    named_flows,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import dump_plan, parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import (
    DynamicService,
    HostPlan,
    InboundRule,
    OutboundRule,
    Plan,
    RefusedRule,
    SourceClass,
)
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils import deployments

#: A flow of one port or range of ports, from one CIDR of one source.
Atom = tuple[str, str, str, str, str, int | None]


def atoms(flows: Iterable[NamedFlow], ports: set[int]) -> set[Atom]:
    """CIDR by CIDR, and port by port of *ports*."""
    return {
        (flow.listener, flow.source.kind, flow.source.name, cidr, flow.protocol, port)
        for flow in flows
        for cidr in flow.source.cidrs
        for port in ([port for port in ports if flow.ports[0] <= port <= flow.ports[1]] if flow.ports else (None,))
    }


def edges(*flows: NamedFlow) -> set[int]:
    """Every port where a range begins or ends, and its neighbors: between them, all ports are alike."""
    ends = {end for flow in flows if flow.ports for end in flow.ports}
    return {end + step for end in ends for step in (-1, 0, 1)}


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Deployments of which any two have much in common."""
    roles = {"ec1": "jsa_event_collectors", "ec2": "jsa_event_collectors", "ep1": "jsa_event_processors",
             "dn1": "jsa_data_nodes", "con2": ""}  # fmt: skip
    kept = {"con1": "jsa_console", **{name: roles[name] for name in draw(st.sets(st.sampled_from(sorted(roles))))}}
    numbers = {name: index + 1 for index, name in enumerate(["con1", *roles])}
    if draw(st.integers(0, 3)) == 0:
        numbers["con1"] = 20
    hosts: dict[str, dict[str, Any]] = {name: {"ansible_host": f"10.0.0.{numbers[name]}"} for name in kept}
    if "con2" in kept:
        hosts["con1"] |= {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.99"}
    elif "ep1" in kept:
        hosts["ep1"]["jsa_encrypted"] = draw(st.booleans())
    networks = {**deployments.NO_NETWORKS, "log_sources": draw(st.sampled_from(["any", ["10.0.0.0/29"]]))}
    networks["admin"] = draw(st.sampled_from(["none", ["10.9.0.0/25", "10.9.0.128/25"], ["10.9.0.0/24"]]))
    data_ports = draw(st.sampled_from(["paired", "range"]))
    return deployments.Plan(kept, hosts, jsa_networks=networks, jsa_data_ports=data_ports).plan


@given(plans(), plans())
def test_what_is_in_one_of_them_alone(old: Plan, new: Plan) -> None:
    changes = plan_changes(old, new)
    flows = list(named_flows(old)), list(named_flows(new))
    ports = edges(*flows[0], *flows[1], *changes.added, *changes.removed)
    before, after = (atoms(some, ports) for some in flows)
    assert atoms(changes.added, ports) == after - before
    assert atoms(changes.removed, ports) == before - after
    assert changes.hosts_added == tuple(sorted(new.hosts.keys() - old.hosts.keys()))
    back = plan_changes(old=new, new=old)
    assert (back.added, back.removed) == (changes.removed, changes.added)
    assert not plan_changes(old, parse_plan(dump_plan(old), "plan.json"))


EMPTY = HostPlan(roles=("console",), addresses=("10.0.0.1",), inbound=(), refused=(), dynamic=())
CLASSES = {
    "collectors": SourceClass(hosts=("ec1", "ec2")),
    "one": SourceClass(hosts=("ec1",)),
    "admin": SourceClass(networks=("10.9.0.0/24",)),
}
OTHERS = {name: replace(EMPTY, addresses=(f"10.0.0.{number}",)) for name, number in (("ec1", 2), ("ec2", 3))}


def rule(first: int, last: int, *sources: str, label: str = "", why: str = "x") -> InboundRule:
    labels = (label,) if label else ()
    return InboundRule(protocol="tcp", ports=(first, last), sources=sources, why=(why,), source_classes=labels)


def plan(*rules: InboundRule, **changes: Any) -> Plan:
    return Plan(version=1, source_classes=CLASSES, hosts={"con1": replace(EMPTY, inbound=rules, **changes), **OTHERS})


BOTH, ONE = "10.0.0.2/31", "10.0.0.2/32"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # Two ranges or one, CIDRs collapsed or not, one rule or two, and what a wider one accepts already.
        ([rule(10, 11, ONE), rule(12, 12, ONE)], [rule(10, 12, ONE)]),
        ([rule(10, 10, BOTH, label="collectors")], [rule(10, 10, ONE, "10.0.0.3/32", label="collectors")]),
        ([rule(10, 10, BOTH)], [rule(10, 10, BOTH, label="collectors")]),
        ([rule(10, 20, ONE), rule(12, 12, ONE)], [rule(10, 20, ONE)]),
        ([rule(10, 20, ONE, why="x")], [rule(10, 20, ONE, why="y")]),
    ],
)
def test_what_is_only_written_otherwise_is_no_difference(old: list[InboundRule], new: list[InboundRule]) -> None:
    assert plan_changes(plan(*old), plan(*new)) == PlanChanges()
    assert not plan_changes(plan(*old), plan(*new))


def test_ports_and_sources_that_differ() -> None:
    ec1, ec2 = (Endpoint(HOST, name, (f"10.0.0.{number}/32",)) for name, number in (("ec1", 2), ("ec2", 3)))
    old = plan(rule(10, 20, ONE, label="one", why="wide"), rule(30, 30, BOTH, label="collectors"))
    new = plan(rule(12, 12, BOTH, label="collectors"), rule(30, 30, ONE, label="one"))
    found = plan_changes(old, new)
    assert found.removed == (
        NamedFlow("con1", ec1, "tcp", (10, 11), ("wide",)),
        NamedFlow("con1", ec1, "tcp", (13, 20), ("wide",)),
        NamedFlow("con1", ec2, "tcp", (30, 30), ("x",)),
    )
    assert found.added == (NamedFlow("con1", ec2, "tcp", (12, 12), ("x",)),)


def test_a_network_that_grows() -> None:
    grown = replace(plan(), source_classes={**CLASSES, "admin": SourceClass(networks=("10.9.0.0/24", "10.8.0.0/24"))})
    hosts = {**OTHERS, "con1": replace(EMPTY, inbound=(rule(22, 22, "10.8.0.0/24", "10.9.0.0/24", label="admin"),))}
    found = plan_changes(plan(rule(22, 22, "10.9.0.0/24", label="admin")), replace(grown, hosts=hosts))
    source = Endpoint(NETWORK, "admin", ("10.8.0.0/24",))
    assert found == PlanChanges(added=(NamedFlow("con1", source, "tcp", (22, 22), ("x",)),))


def test_a_host_that_is_new_comes_with_its_flows() -> None:
    before = deployments.Plan({name: group for name, group in deployments.EVERY_ROLE.items() if name != "vs1"}).plan
    after = deployments.Plan().plan
    found = plan_changes(before, after)
    assert (found.hosts_added, found.hosts_removed, found.removed) == (("vs1",), (), ())
    assert {flow.listener for flow in found.added if flow.source.name != "vs1"} == {"vs1"}
    assert {flow.source.name for flow in found.added if flow.listener != "vs1"} == {"vs1"}
    # It is known by its name that it is new; its roles and all that it refuses are no differences.
    assert [change for change in found.others if change.host == "vs1"] == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"unlisted": "drop"}, ("unlisted", ("zone",), ("drop",))),
        ({"encrypted": True}, {}, ("encrypted", ("yes",), ("no",))),
        ({}, {"ha_peer": "con2"}, ("ha_peer", (), ("con2",))),
        ({"roles": ("console", "app_host")}, {}, ("roles", ("app_host",), ())),
        ({}, {"virtual_addresses": ("10.0.0.9",)}, ("virtual_addresses", (), ("10.0.0.9",))),
        ({}, {"management_addresses": ("192.0.2.7/32",)}, ("management_addresses", (), ("192.0.2.7/32",))),
        (
            {"refused": (RefusedRule(protocol="tcp", ports=(1, 9), why=("x",)),)},
            {"refused": (RefusedRule(protocol="tcp", ports=(1, 5), why=("x",)),
                         RefusedRule(protocol="tcp", ports=(6, 8), why=("y",)))},
            ("refused", ("tcp 9",), ()),
        ),
    ],
)  # fmt: skip
def test_what_is_no_flow(old: dict[str, Any], new: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert plan_changes(plan(**old), plan(**new)) == PlanChanges(others=(OtherChange("con1", *expected),))


def test_what_is_of_the_whole_deployment() -> None:
    found = plan_changes(plan(), replace(plan(), release="7.5.0 UP9", confidences=("high",)))
    assert found.others == (
        OtherChange(None, "release", (), ("7.5.0 UP9",)),
        OtherChange(None, "confidences", (), ("high",)),
    )


def outbound(*rules: tuple[tuple[str, ...], tuple[str, ...]]) -> dict[str, Any]:
    return {
        "outbound": tuple(
            OutboundRule(protocol="tcp", ports=(443, 443), destinations=cidrs, why=("x",), destination_classes=labels)
            for cidrs, labels in rules
        )
    }


@pytest.mark.parametrize(
    ("cidrs", "labels", "words"),
    [
        (("203.0.113.0/24",), ("public_servers",), "public_servers (203.0.113.0/24)"),
        (("10.9.0.0/24", "203.0.113.0/24"), ("admin", "public_servers"), "public_servers (203.0.113.0/24)"),
        (("192.0.2.9/32", "203.0.113.0/24"), ("192.0.2.9", "public_servers"), "192.0.2.9"),
        (("192.0.2.0/24", "203.0.113.0/24"), ("a", "b"), "203.0.113.0/24"),
        (("10.0.0.2/31",), (), "ec2 (10.0.0.3)"),
        (("10.0.0.2/31",), ("deployment",), "all other hosts of the deployment"),
    ],
)
def test_what_a_host_may_contact(cidrs: tuple[str, ...], labels: tuple[str, ...], words: str) -> None:
    found = plan_changes(plan(), plan(**outbound((cidrs, labels))))
    (change,) = found.others
    assert change.what == "outbound"
    assert change.removed == ("tcp 1-65535 to anyone", "udp 1-65535 to anyone")
    assert f"tcp 443 to {words}" in change.added


def dynamic(entry: str, *sources: str) -> dict[str, Any]:
    return {"dynamic": (DynamicService(id=entry, protocols=("tcp",), ports=(1, 9), sources=sources),)}


def test_ports_that_services_choose() -> None:
    """A new source by its name; a service that is new without its sources."""
    (change,) = plan_changes(plan(**dynamic("imq", ONE)), plan(**dynamic("imq", BOTH))).others
    assert change == OtherChange("con1", "dynamic", (), ("tcp 1-9 imq from ec2 (10.0.0.3)",))
    (change,) = plan_changes(plan(**dynamic("imq", ONE)), plan(**dynamic("nfs", ONE))).others
    assert change == OtherChange("con1", "dynamic", ("tcp 1-9 imq",), ("tcp 1-9 nfs",))


def star(hosts: int) -> Plan:
    """A console that all hosts contact, and that contacts them."""
    names = [f"h{number:04}" for number in range(1, hosts)]
    addresses = {name: f"10.{number >> 8}.{number & 255}.5" for number, name in enumerate(names)}
    classes = {"console": SourceClass(hosts=("con1",)), "all": SourceClass(hosts=tuple(names))}
    everybody = tuple(f"{addresses[name]}/32" for name in names)
    found = {"con1": replace(EMPTY, inbound=tuple(rule(port, port, *everybody, label="all") for port in range(1, 51)))}
    for name in names:
        rules = tuple(rule(port, port, "10.0.0.1/32", label="console") for port in range(1, 6))
        found[name] = replace(EMPTY, addresses=(addresses[name],), inbound=rules)
    return Plan(version=1, source_classes=classes, hosts=found)


def without_last(plan: Plan, count: int) -> Plan:
    """The same without its last hosts."""
    gone = set(list(plan.hosts)[-count:])
    addresses = {f"{plan.hosts[name].addresses[0]}/32" for name in gone}
    return replace(
        plan,
        source_classes={
            label: replace(one, hosts=tuple(name for name in one.hosts if name not in gone))
            for label, one in plan.source_classes.items()
        },
        hosts={
            name: replace(
                host,
                inbound=tuple(
                    replace(rule, sources=tuple(cidr for cidr in rule.sources if cidr not in addresses))
                    for rule in host.inbound
                ),
            )
            for name, host in plan.hosts.items()
            if name not in gone
        },
    )


def seconds(old: Plan, new: Plan, flows: int) -> float:
    best = float("inf")
    for _attempt in range(2):
        start = time.process_time()
        assert len(plan_changes(old, new).added) == flows
        best = min(best, time.process_time() - start)
    return best


def test_ten_times_the_hosts_take_about_ten_times_as_long() -> None:
    small, large = star(100), star(1000)
    few = seconds(without_last(small, 1), small, 55)
    # Quadratic would be a hundred times.
    assert seconds(without_last(large, 1), large, 55) < 40 * few

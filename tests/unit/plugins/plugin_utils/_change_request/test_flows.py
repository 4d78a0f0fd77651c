# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which flows are requested: those between zones, each once, with virtual addresses, without the link of a pair."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hypothesis import given, settings

from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.flows import make_request
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import (
    REMOVE,
    Request,
    RequestedFlow,
    grouped,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.zones import (
    Zones,
    named_zones,
    networks_of_hosts,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import (
    DynamicService,
    OutboundRule,
    Plan,
    SourceClass,
)
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils import deployments
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._change_request.plans import (
    FEW,
    PACKETS,
    ZONES,
    accepts,
    crosses,
    plan,
    plans,
    rule,
)
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._change_request.readers import Packet, within


def request(
    one: Plan, earlier: Plan | None = None, zones: Zones | None = None, only: set[str] | None = None
) -> Request:
    return make_request(one, zones or named_zones(ZONES), earlier, only)


def asks(flows: tuple[RequestedFlow, ...], packet: Packet) -> bool:
    return any(
        flow.protocol == packet.protocol
        and (flow.ports is None or flow.ports[0] <= packet.port <= flow.ports[1])
        and within(packet.source, [flow.source.cidr])
        and within(packet.destination, [flow.destination.cidr])
        for flow in flows
    )


@given(one=plans())
@settings(max_examples=FEW)
def test_what_crosses_is_asked_for(one: Plan) -> None:
    flows = request(one).flows
    for packet in PACKETS:
        asked = asks(flows, packet)
        assert not asked or accepts(one, packet), packet
        assert asked or not (accepts(one, packet) and crosses(packet)), packet
    keys = [(flow.source.cidr, flow.destination.cidr, flow.protocol, flow.ports) for flow in flows]
    assert len(keys) == len(set(keys))
    assert all(flow.source.zone != flow.destination.zone or not flow.source.zone for flow in flows)
    assert sum(group.flows for group in grouped(flows)) == len(flows)


@given(earlier=plans(), one=plans())
@settings(max_examples=FEW)
def test_only_what_has_changed(earlier: Plan, one: Plan) -> None:
    found = request(one, earlier)
    added = tuple(flow for flow in found.flows if flow.change != REMOVE)
    removed = tuple(flow for flow in found.flows if flow.change == REMOVE)
    for packet in PACKETS:
        if crosses(packet):
            before, after = accepts(earlier, packet), accepts(one, packet)
            assert not (after and not before) or asks(added, packet), packet
            assert not (before and not after) or asks(removed, packet), packet
            assert after or not asks(added, packet)
            assert before or not asks(removed, packet)
    assert request(one, one).flows == ()


ADMIN = plan({"con2": [rule("con2", 0, ("admin",))]})


def test_each_side_has_its_names_and_zone() -> None:
    flows = request(ADMIN).flows
    told = {
        (flow.source.name, flow.source.cidr, flow.source.zone, flow.destination.name, flow.destination.cidr)
        for flow in flows
    }
    assert told == {
        ("admin", cidr, "branch", name, address)
        for cidr in ("10.1.0.0/25", "10.1.0.200/32")
        for name, address in (("con2", "10.0.0.2/32"), ("con1, con2", "10.0.0.3/32"))
    }
    assert {(flow.service, flow.destination.zone, flow.change, flow.ids) for flow in flows} == {
        ("tcp/22", "core", "add", ("ssh",))
    }


def test_what_stays_in_a_zone_is_counted() -> None:
    inside = plan({"con1": [rule("con1", 1, ("only con2",))]})
    found = request(inside)
    # Each of the two has two addresses of IPv4, of which they share one, and one of IPv6.
    assert (found.flows, found.inside_zones) == ((), 3)
    assert [note.text for note in found.notes] == ["left out: 3 flows inside one of the zones of jsa_zones"]
    apart = request(inside, zones=named_zones({"one": "10.0.0.1", "two": "10.0.0.2"}))
    assert len(apart.flows) == 3 and apart.inside_zones == 0


def test_the_link_of_a_pair_is_nobodys_firewall() -> None:
    classes = {"ha_peer of con1": SourceClass(hosts=("con2",), links=("192.168.99.2",))}
    one = plan({"con1": [rule("con1", 0, ("only con2",))]}, source_classes=classes)
    hosts = {
        name: replace(
            host,
            inbound=tuple(
                replace(item, sources=("10.0.0.2/32", "192.168.99.2/32"), source_classes=("ha_peer of con1",))
                for item in host.inbound
            ),
        )
        for name, host in one.hosts.items()
    }
    found = request(replace(one, hosts=hosts), zones=named_zones({"one": "10.0.0.2"}))
    assert {flow.source.cidr for flow in found.flows} == {"10.0.0.2/32"}
    assert any(note.text == "left out: 2 flows over the link between the nodes of an HA pair" for note in found.notes)


def test_nat_decides_on_the_addresses() -> None:
    # con1 has no NAT, ep1 and dn1 are one site behind it.
    groups = {"con1": "jsa_console", "ep1": "jsa_event_processors", "dn1": "jsa_data_nodes"}
    behind = {
        name: {"jsa_address": f"10.2.0.{last}", "jsa_public_address": f"203.0.113.{last}", "jsa_nat_group": "branch"}
        for name, last in (("ep1", 31), ("dn1", 32))
    }
    one = deployments.planner(groups, behind).plan()
    con1 = one.hosts["con1"].addresses[0]
    found = request(one, zones=networks_of_hosts([one], 32, 128))
    told = {
        (source, destination): (flow.source.cidr, flow.destination.cidr)
        for flow in found.flows
        for source in flow.source.names
        for destination in flow.destination.names
        if source in groups
    }
    assert told == {
        ("con1", "ep1"): (f"{con1}/32", "203.0.113.31/32"),
        ("con1", "dn1"): (f"{con1}/32", "203.0.113.32/32"),
        ("ep1", "con1"): ("203.0.113.31/32", f"{con1}/32"),
        ("dn1", "con1"): ("203.0.113.32/32", f"{con1}/32"),
        ("ep1", "dn1"): ("10.2.0.31/32", "10.2.0.32/32"),
        ("dn1", "ep1"): ("10.2.0.32/32", "10.2.0.31/32"),
    }
    assert not [note for note in found.notes if "HA pair" in note.text]


def test_hosts_that_cannot_talk() -> None:
    one = plan({'a"; }\nset system */': [rule('a"; }\nset system */', 0, ("only ec-ü",))]})
    hosts = {
        name: replace(host, addresses=("fd99::7",)) if name == "ec-ü" else host for name, host in one.hosts.items()
    }
    hosts = {
        name: replace(host, inbound=tuple(replace(item, sources=("fd99::7/128",)) for item in host.inbound))
        for name, host in hosts.items()
    }
    found = request(replace(one, hosts=hosts))
    assert found.flows == ()
    assert [note.text for note in found.notes] == [
        'left out, because the two have no address family in common: ec-ü to a"; }\nset system */'
    ]


def test_only_some_hosts() -> None:
    one = plan({"con1": [rule("con1", 1, ("users", "only ec-ü"))], "ec-ü": [rule("ec-ü", 3, ("users", "only con1"))]})
    found = request(one, only={"ec-ü"}).flows
    assert {(flow.source.name, flow.destination.name) for flow in found} >= {("ec-ü", "con1"), ("users", "ec-ü")}
    assert not any(flow.source.name == "users" and "con1" in flow.destination.names for flow in found)
    assert len(found) < len(request(one).flows)


def test_what_else_a_reader_has_to_know() -> None:
    one = plan({"ec-ü": [rule("ec-ü", 3, ("log_sources",))]})
    con1 = replace(
        one.hosts["con1"],
        management_addresses=("10.9.0.1/32",),
        dynamic=(DynamicService(id="jmx", service="JMX", sources=("10.0.0.2/32",)), DynamicService(id="quiet")),
        outbound=(OutboundRule(protocol="tcp", ports=(25, 25), destinations=("10.9.0.9/32",), why=("smtp",)),),
    )
    texts = [note.text for note in request(replace(one, hosts={**one.hosts, "con1": con1})).notes]
    assert texts == [
        "in no zone of jsa_zones: 0.0.0.0/0, 192.0.2.7/32, ::/0, fd99::7/128",
        "open to anyone: ec-ü. Many network teams reject such a request: name the networks in jsa_networks",
        "not included: SSH from jsa_firewall_management_addresses (10.9.0.1/32) to con1",
        "not included: JMX of con1, because it chooses its ports when it starts. Run the playbook jsa.ports.discover "
        "to find them",
        "not included: what the hosts contact outside of the deployment (jsa_firewall_restrict_outbound)",
    ]


def test_nothing_has_changed() -> None:
    (note,) = request(ADMIN, ADMIN).notes
    assert note.text == "nothing has changed since the earlier plan, as far as the zones are concerned"


def test_ports_that_are_joined_otherwise_are_no_change() -> None:
    def with_ports(*ranges: tuple[int, int]) -> Plan:
        (item,) = ADMIN.hosts["con2"].inbound
        rules = tuple(replace(item, ports=one) for one in ranges)
        return replace(ADMIN, hosts={**ADMIN.hosts, "con2": replace(ADMIN.hosts["con2"], inbound=rules)})

    assert request(with_ports((22, 23)), with_ports((22, 22), (23, 23))).flows == ()
    assert request(with_ports((22, 22), (23, 23)), with_ports((22, 23))).flows == ()
    changed = request(with_ports((20, 30)), with_ports((22, 23), (40, 40))).flows
    assert {(flow.change, flow.ports) for flow in changed} == {
        ("add", (20, 21)),
        ("add", (24, 30)),
        ("remove", (40, 40)),
    }


@pytest.mark.parametrize("named", [True, False])
def test_sources_are_split_by_zones_with_names_only(named: bool) -> None:
    one = plan({"ec-ü": [rule("ec-ü", 3, ("log_sources",))]})
    flows = request(one, zones=None if named else networks_of_hosts([one], 24, 64)).flows
    zones = {flow.source.zone for flow in flows}
    assert zones == ({"", *ZONES} if named else {""})

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each format expresses a rule or says that it cannot, and accepts nothing else."""

from __future__ import annotations

import ipaddress
import json

from dataclasses import replace
from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import AddressSet
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import (
    DynamicService,
    HostPlan,
    InboundRule,
    OutboundRule,
    Plan,
    RefusedRule,
    SourceClass,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._reports import firewall_cmd
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.formats import FORMATS
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.model import Report
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._reports.readers import (
    READERS,
    Line,
    Packet,
    judge,
    noted_refusals,
    noted_rules,
)

STRANGERS = ("203.0.113.77", "2001:db8:77::77")
ANYONE = ("0.0.0.0/0", "::/0")
PEERS = ("10.0.0.2/32", "10.0.0.2/31", "10.0.0.4/31", "10.1.0.0/16", "192.0.2.9/32", "fd00::3/128", *ANYONE)
PORTS = ((22, 22), (443, 443), (514, 514), (7676, 7677), (32000, 33999))


def host(**changes: Any) -> HostPlan:
    values: dict[str, Any] = {
        "roles": ("event_processor",), "addresses": ("10.0.0.1",), "inbound": (), "refused": (), "dynamic": (),
    }  # fmt: skip
    return HostPlan(**{**values, **changes})


def plan(one: HostPlan, **changes: Any) -> Plan:
    others = {"con1": host(addresses=("10.0.0.2",)), "ep2": host(addresses=("10.0.0.3",))}
    return Plan(**{"version": 1, "hosts": {"ep1": one, **others}, **changes})


def rule(protocol: str, ports: tuple[int, int] | None, *sources: str, **more: Any) -> InboundRule:
    return InboundRule(protocol=protocol, ports=ports, sources=sources, why=("entry",), **more)


def report(name: str, one: HostPlan, **changes: Any) -> Report:
    return FORMATS[name].render(plan(one, **changes), "ep1")


RULES = host(
    inbound=(
        rule("tcp", (443, 443), "10.0.0.2/31", "10.1.0.0/16", "fd00::3/128"),
        rule("tcp", (32000, 33999), "10.0.0.3/32"),
        rule("udp", (514, 514), *ANYONE),
        rule("icmp", None, "0.0.0.0/0"),
    ),
    refused=(RefusedRule(protocol="tcp", ports=(5432, 5432), why=("postgres",)),),
    management_addresses=("10.9.0.1/32",),
)


def test_every_format_is_read_back() -> None:
    assert set(READERS) == set(FORMATS)


# What a rule's packets are, and what a plan of any rules looks like.


@st.composite
def peers_of(draw: Any) -> tuple[str, ...]:
    chosen = draw(st.lists(st.sampled_from(PEERS), min_size=1, max_size=4, unique=True))
    return tuple(
        one
        for one in chosen
        if not any(
            one != other and ipaddress.ip_network(one).version == ipaddress.ip_network(other).version
            and ipaddress.ip_network(one).subnet_of(ipaddress.ip_network(other))  # type: ignore[arg-type]
            for other in chosen
        )
    )  # fmt: skip


PROTOCOLS_AND_PORTS = st.one_of(
    st.tuples(st.sampled_from(("tcp", "udp")), st.sampled_from(PORTS)), st.just(("icmp", None))
)
INBOUND = st.builds(
    lambda what, peers: InboundRule(protocol=what[0], ports=what[1], sources=peers, why=_why(what)),
    PROTOCOLS_AND_PORTS, peers_of(),
)  # fmt: skip
OUTBOUND = st.builds(
    lambda what, peers: OutboundRule(protocol=what[0], ports=what[1], destinations=peers, why=("out", *_why(what))),
    PROTOCOLS_AND_PORTS, peers_of(),
)  # fmt: skip


def _why(what: tuple[str, tuple[int, int] | None]) -> tuple[str, ...]:
    return ("_".join([what[0], *map(str, what[1] or ())]),)


def _of_one_port(rule: Any) -> Any:
    """A plan has one rule for each port."""
    return rule.protocol, rule.ports


REFUSED = st.builds(
    lambda protocol, ports: RefusedRule(protocol=protocol, ports=ports, why=("entry",)),
    st.sampled_from(("tcp", "udp")), st.sampled_from(((5432, 5432), (8413, 8415), (443, 443))),
)  # fmt: skip
HOSTS = st.builds(
    host,
    inbound=st.lists(INBOUND, max_size=4, unique_by=_of_one_port).map(tuple),
    refused=st.lists(REFUSED, max_size=3, unique=True).map(tuple),
    outbound=st.none() | st.lists(OUTBOUND, max_size=3, unique_by=_of_one_port).map(tuple),
    unlisted=st.sampled_from(("zone", "reject", "drop")),
    management_addresses=st.sampled_from(((), ("10.9.0.1/32", "fd00:9::/64"))),
)


def packets(direction: str, protocol: str, ports: tuple[int, int] | None, cidr: str) -> list[Packet]:
    network = ipaddress.ip_network(cidr)
    return [
        Packet(direction, protocol, port, str(address))
        for port in sorted(set(ports or (0,)))
        for address in (network[0] + (network.prefixlen == 0) * 0x01010101, network[-1] - (network.prefixlen == 0) * 5)
    ]


def wanted(one: HostPlan) -> list[tuple[str, str, str, tuple[int, int] | None, str]]:
    """(note's verb, direction, protocol, ports, CIDR) of all that a host's rules accept."""
    found = [("accept", "in", item.protocol, item.ports, cidr) for item in one.inbound for cidr in item.sources]
    found += [("accept", "in", "tcp", (22, 22), cidr) for cidr in one.management_addresses]
    for leaving in one.outbound or ():
        found += [("contact", "out", leaving.protocol, leaving.ports, cidr) for cidr in leaving.destinations]
    return found


@pytest.mark.parametrize("name", FORMATS)
@given(one=HOSTS)
@settings(max_examples=60)
def test_rules_in_are_rules_out_and_notes(name: str, one: HostPlan) -> None:
    found = report(name, one)
    lines, left_out = READERS[name](found.text), noted_rules(found.notes)
    accepted = wanted(one)
    for verb, direction, protocol, ports, cidr in accepted:
        noted = (verb, protocol, format_ports(ports) if ports else None, cidr) in left_out
        verdicts = {judge(lines, packet) for packet in packets(direction, protocol, ports, cidr)}
        assert noted or verdicts == {"accept"}, (verb, protocol, ports, cidr)
    noted_closed = noted_refusals(found.notes)
    for refused in one.refused:
        for stranger in STRANGERS:
            packet = Packet("in", refused.protocol, refused.ports[0], stranger)
            allowed = any(item[1:3] == ("in", packet.protocol) and _covers(item, packet) for item in accepted)
            noted = (refused.protocol, format_ports(refused.ports)) in noted_closed
            assert allowed or noted or judge(lines, packet) == "refuse", packet
    if one.unlisted != "zone" and judge(lines, Packet("in", "tcp", 9, STRANGERS[0])) != "refuse":
        assert any(f": {one.unlisted} all ports that the catalog does not list" in note for note in found.notes)
    if one.outbound is not None and judge(lines, Packet("out", "tcp", 9, STRANGERS[0])) != "refuse":
        assert any("refuse all other outbound traffic" in note for note in found.notes)


#: What any host needs, however strict its rules are.
_ESSENTIAL = {("in", "icmp", None), ("in", "udp", (68, 68)), ("in", "udp", (546, 546)),
              ("out", "icmp", None), ("out", "udp", (67, 67)), ("out", "udp", (547, 547)),
              ("out", "tcp", (53, 53)), ("out", "udp", (53, 53))}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
@given(one=HOSTS)
@settings(max_examples=60)
def test_nothing_else_is_accepted(name: str, one: HostPlan) -> None:
    accepted = wanted(one)
    accepted += [
        ("contact", "out", "tcp", (1, 65535), cidr) for cidr in one.management_addresses if one.outbound is not None
    ]
    for line in READERS[name](report(name, one).text):
        for packet in _packets_of(line) if line.verdict == "accept" else ():
            essential = any(
                (packet.direction, packet.protocol, ports) in _ESSENTIAL for ports in (line.ports or [None])
            )
            assert essential or any(_covers(item, packet) for item in accepted), line


def _packets_of(line: Line) -> list[Packet]:
    peers = line.peers
    if peers is None:
        peers = [cidr for cidr, version in zip(ANYONE, (4, 6), strict=True) if line.version in (None, version)]
    return [
        packet
        for ports in line.ports or [None]
        for cidr in peers
        for packet in packets(line.direction, line.protocol or "tcp", ports, cidr)
    ]


def _covers(item: tuple[str, str, str, tuple[int, int] | None, str], packet: Packet) -> bool:
    _verb, direction, protocol, ports, cidr = item
    return Line(direction, "accept", protocol, [ports] if ports else None, [cidr], None).matches(packet)


def test_the_console_takes_single_addresses_and_is_told_the_rest() -> None:
    found = report("console_rest", RULES)
    unused = {"single_port": None, "port_range": None}
    one = {"is_any_source_ip": False, "port_type": "SINGLE", "protocol": "TCP"}
    assert json.loads(found.text) == [
        # 10.0.0.2/31 was joined from two hosts of the plan, of which one is the console.
        {**unused, **one, "source_ip": "10.0.0.2", "single_port": "443"},
        {**unused, **one, "source_ip": "10.0.0.3", "single_port": "443"},
        {**unused, **one, "source_ip": "10.0.0.3", "port_type": "RANGE", "port_range": "32000-33999"},
        {**unused, "is_any_source_ip": True, "source_ip": None, "port_type": "SINGLE", "single_port": "514",
         "protocol": "UDP"},
        {**unused, **one, "source_ip": "10.9.0.1", "single_port": "22"},
    ]  # fmt: skip
    assert "PUT replaces the whole list of the server: GET it first, and add the records that must stay" in found.notes
    assert [note for note in found.notes if note.startswith("left out")] == [
        "left out because the resource supports single addresses only: accept tcp 443 from 10.1.0.0/16",
        "left out because the resource supports IPv4 only: accept tcp 443 from fd00::3/128",
        "left out because the resource supports IPv4 only: accept udp 514 from ::/0",
        "left out because the resource supports TCP and UDP only: accept icmp from 0.0.0.0/0",
        "left out because the resource can only accept: refuse tcp 5432",
    ]


SINGLE = SourceClass(networks=("10.7.0.0/32", "10.7.0.1/32"))
WIDE = SourceClass(networks=("10.7.0.0/31",))
HOSTS_ONLY = SourceClass(hosts=("con1", "ep2"))


@pytest.mark.parametrize(
    ("source", "labels", "expanded"),
    [
        # The console and a host beside it.
        ("10.0.0.2/31", (), True),
        # One of the two is nobody's.
        ("10.0.0.4/31", (), False),
        ("10.0.0.0/30", (), False),
        # A site's single addresses, and a site's network.
        ("10.7.0.0/31", ("single",), True),
        ("10.7.0.0/31", ("wide",), False),
        ("10.7.0.0/31", (), False),
        # Hosts only: the other address is an HA pair's virtual one.
        ("10.0.0.4/31", ("hosts",), True),
        ("10.0.0.4/31", ("hosts", "wide"), False),
        ("10.0.0.4/31", ("hosts", "unknown"), False),
        ("10.0.0.0/16", ("hosts",), False),
    ],
)
def test_networks_that_were_joined_from_single_addresses(source: str, labels: tuple[str, ...], expanded: bool) -> None:
    one = host(inbound=(rule("tcp", (443, 443), source, source_classes=labels),))
    classes = {"single": SINGLE, "wide": WIDE, "hosts": HOSTS_ONLY}
    found = report("console_rest", one, source_classes=classes)
    addresses = [record["source_ip"] for record in json.loads(found.text)]
    assert addresses == ([str(address) for address in ipaddress.ip_network(source)] if expanded else [])
    assert bool(noted_rules(found.notes)) is not expanded


def test_iptables() -> None:
    found = report("iptables", RULES)
    assert "# /opt/qradar/conf/iptables.pre\n-A INPUT -i lo" in found.text
    assert "-A INPUT -s 10.1.0.0/16 -p tcp --dport 443" in found.text
    assert "iptables.post" not in found.text
    assert "# /opt/qradar/conf/iptables.post\n" in report("iptables", replace(RULES, unlisted="drop")).text


def test_firewall_cmd() -> None:
    lines = report("firewall_cmd", RULES).text.splitlines()
    assert lines[-2:] == ["firewall-cmd --check-config", "firewall-cmd --reload"]
    assert any("--add-entry=10.1.0.0/16" in line for line in lines)
    assert any('priority="100" port port="5432" protocol="tcp" reject type="icmp-' in line for line in lines)
    assert "firewall-cmd --permanent --policy=jsa-in --set-priority=-100" in lines


def test_firewall_cmd_restricts_outbound_traffic() -> None:
    leaving = OutboundRule(protocol="tcp", ports=(25, 25), destinations=("192.0.2.24/31",), why=("smtp",))
    lines = report("firewall_cmd", replace(RULES, outbound=(leaving,))).text.splitlines()
    rich = 'rule family="ipv4" destination address="192.0.2.24/31" port port="25" protocol="tcp" accept'
    assert f"firewall-cmd --permanent --policy=jsa-out --add-rich-rule='{rich}'" in lines
    assert "firewall-cmd --permanent --policy=jsa-out --set-target=REJECT" in lines
    assert not any("jsa-out" in line for line in report("firewall_cmd", RULES).text.splitlines())


@pytest.mark.parametrize(("size", "option"), [(65536, ""), (65537, " --option=maxelem=262144")])
def test_a_large_set_is_given_room(size: int, option: str) -> None:
    entries = tuple(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in range(size))
    lines = firewall_cmd.new_set(AddressSet("jsa-x-4", "ipv4", "x", entries))
    assert lines[0] == f"firewall-cmd --permanent --new-ipset=jsa-x-4 --type=hash:net{option}"
    assert len(lines) == size + 1


@pytest.mark.parametrize("name", FORMATS)
def test_what_has_to_be_known_of_any_host(name: str) -> None:
    def notes(one: HostPlan) -> str:
        return "\n".join(report(name, one).notes)

    assert "accepted on port 22" in notes(RULES)
    assert "keeps your SSH access open" not in notes(RULES)
    assert "keeps your SSH access open" in notes(host())
    service = DynamicService(id="jmx", service="JMX", sources=("10.0.0.2/32",))
    assert "the ports of JMX are not included" in notes(host(dynamic=(service,)))
    assert "JMX" not in notes(host(dynamic=(replace(service, discovered=(), discovered_at="2026-11-25T05:10:00Z"),)))
    assert "JMX" not in notes(host(dynamic=(replace(service, sources=()),)))


@pytest.mark.parametrize("name", ["iptables", "firewall_cmd"])
def test_rules_that_cannot_be_used_name_the_host(name: str) -> None:
    bad = replace(rule("tcp", (443, 443), "10.0.0.2/32"), why=("a -- b",))
    with pytest.raises(InputError, match="No report can be made for ep1"):
        report(name, host(inbound=(bad,)))

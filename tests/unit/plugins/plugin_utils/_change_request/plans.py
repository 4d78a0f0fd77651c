# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans of any rules between zones, and what a packet's fate in them is."""

from __future__ import annotations

import functools
import ipaddress

from collections.abc import Iterator
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.columns import About
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.reasons import Reasons
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.tables import Settings
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan, InboundRule, Plan, SourceClass
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._change_request.readers import Packet, within

SETTINGS = Settings(Reasons(), About())

#: Each of them is asked about a thousand packets.
FEW = settings().max_examples // 4

ZONES = {
    "core": ["10.0.0.0/16", "fd00::/32"],
    # In the middle of core.
    "dmz": ["10.0.5.0/24", "fd00:0:5::/48"],
    "branch": ["10.1.0.0/24"],
    "users": ["172.16.0.0/12"],
}

#: Names that nobody should have, and that somebody will: formulas, ends of texts, other scripts.
NAMES = ("con1", "con2", '=HYPERLINK("http://x")', 'a"; }\nset system */', "ec-ü")
ADDRESSES = {
    "con1": ("10.0.0.1", "fd00::1"),
    "con2": ("10.0.0.2", "fd00::2"),
    '=HYPERLINK("http://x")': ("10.0.5.1", "10.0.5.2", "fd00:0:5::1"),
    'a"; }\nset system */': ("10.1.0.1",),
    # In no zone.
    "ec-ü": ("192.0.2.7", "fd99::7"),
}
VIRTUAL = {"con1": ("10.0.0.3",), "con2": ("10.0.0.3",)}
NETWORKS = {
    "log_sources": ("0.0.0.0/0", "::/0"),
    "users": ("172.16.0.0/16", "10.0.4.0/22", "fd00:0:4::/46"),
    "admin": ("10.1.0.0/25", "10.1.0.200/32"),
}
CLASSES = {
    **{name: SourceClass(networks=cidrs) for name, cidrs in NETWORKS.items()},
    **{f"only {name}": SourceClass(hosts=(name,)) for name in NAMES},
    "everybody": SourceClass(hosts=NAMES),
}
SERVICES: tuple[tuple[str, tuple[int, int] | None], ...] = (
    ("tcp", (22, 22)), ("tcp", (443, 443)), ("tcp", (32000, 33999)), ("udp", (514, 514)), ("icmp", None),
)  # fmt: skip
IDS = ("ssh", "https", "syslog", "a site's own")


def host(name: str, rules: tuple[InboundRule, ...] = (), **changes: Any) -> HostPlan:
    values: dict[str, Any] = {
        "roles": ("event_processor",), "addresses": ADDRESSES[name], "virtual_addresses": VIRTUAL.get(name, ()),
        "inbound": rules, "refused": (), "dynamic": (),
    }  # fmt: skip
    return HostPlan(**{**values, **changes})


def rule(listener: str, service: int, labels: tuple[str, ...], why: tuple[str, ...] = ("ssh",)) -> InboundRule | None:
    """What classes may do on a host; none where nobody but the host itself is in them."""
    cidrs: dict[str, None] = {}
    for label in labels:
        one = CLASSES[label]
        cidrs |= dict.fromkeys(one.networks)
        for name in one.hosts:
            own = () if name == listener else (*ADDRESSES[name], *VIRTUAL.get(name, ()))
            cidrs |= dict.fromkeys(f"{address}/{128 if ':' in address else 32}" for address in own)
    shared = {f"{address}/32" for address in VIRTUAL.get(listener, ())}
    sources = tuple(cidr for cidr in cidrs if cidr not in shared)
    protocol, ports = SERVICES[service]
    if not sources:
        return None
    return InboundRule(protocol=protocol, ports=ports, sources=sources, why=why, source_classes=labels)


def plan(rules: dict[str, list[InboundRule | None]], **changes: Any) -> Plan:
    hosts = {name: host(name, tuple(one for one in rules.get(name, ()) if one)) for name in NAMES}
    return Plan(**{"version": 1, "hosts": hosts, "source_classes": CLASSES, **changes})


_LABELS = st.lists(st.sampled_from(sorted(CLASSES)), min_size=1, max_size=3, unique=True).map(tuple)
_WHY = st.lists(st.sampled_from(IDS), min_size=1, max_size=2, unique=True).map(lambda one: tuple(sorted(one)))


@st.composite
def plans(draw: Any) -> Plan:
    rules: dict[str, list[InboundRule | None]] = {}
    for name in NAMES:
        for service in draw(st.lists(st.sampled_from(range(len(SERVICES))), max_size=2, unique=True)):
            rules.setdefault(name, []).append(rule(name, service, draw(_LABELS), draw(_WHY)))
    return plan(rules)


@functools.cache
def zone_of(address: str) -> str:
    """The test's own: the longest prefix."""
    fitting = [
        (ipaddress.ip_network(cidr).prefixlen, zone)
        for zone, cidrs in ZONES.items()
        for cidr in cidrs
        if within(address, [cidr])
    ]
    return max(fitting)[1] if fitting else ""


def crosses(packet: Packet) -> bool:
    zones = zone_of(packet.source), zone_of(packet.destination)
    return zones[0] != zones[1] or not zones[0]


def accepts(one: Plan, packet: Packet) -> bool:
    return any(
        rule.protocol == packet.protocol
        and (rule.ports is None or rule.ports[0] <= packet.port <= rule.ports[1])
        and within(packet.source, rule.sources)
        for host in one.hosts.values()
        if packet.destination in (*host.addresses, *host.virtual_addresses)
        for rule in host.inbound
    )


#: Inside and outside of each zone and source.
SOURCES = (
    "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.4.9", "10.0.5.1", "10.0.5.2", "10.0.5.99", "10.0.200.1", "10.1.0.1",
    "10.1.0.7", "10.1.0.200", "10.1.0.201", "172.16.1.1", "172.17.1.1", "192.0.2.7", "203.0.113.9", "fd00::1",
    "fd00::2", "fd00:0:4::9", "fd00:0:5::1", "fd00:0:5::99", "fd99::7", "2001:db8::1",
)  # fmt: skip
DESTINATIONS = tuple(dict.fromkeys(one for name in NAMES for one in (*ADDRESSES[name], *VIRTUAL.get(name, ()))))
_TRIED = (("tcp", 22), ("tcp", 23), ("tcp", 443), ("tcp", 32000), ("tcp", 33999), ("tcp", 34000), ("udp", 443),
          ("udp", 514), ("icmp", 0))  # fmt: skip


def packets() -> Iterator[Packet]:
    for source in SOURCES:
        for destination in DESTINATIONS:
            if (":" in source) == (":" in destination) and source != destination:
                for protocol, port in _TRIED:
                    yield Packet(source, destination, protocol, port)


PACKETS = tuple(packets())

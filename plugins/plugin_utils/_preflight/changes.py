# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the network has to change, in lines for a change request: from network to network."""

from __future__ import annotations

import ipaddress

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.request import sample
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports, merge_ranges
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow, SocketKey
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.contacts import addresses_toward, first_of, version_of
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.flows import ranges_of
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.observations import HostPreflight
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.verdicts import Verdict

#: So many hosts are named in a line.
_SHOWN_NAMES = 3


@dataclass
class Change:
    """One line: what happens to which ports between two networks."""

    source: str
    target: str
    how: str
    initiators: dict[str, None] = field(default_factory=dict)
    listeners: dict[str, None] = field(default_factory=dict)
    sockets: set[SocketKey] = field(default_factory=set)
    ports: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As the result file has it."""
        return {
            "from": self.source,
            "to": self.target,
            "ports": self.ports,
            "how": self.how,
            "initiators": list(self.initiators),
            "listeners": list(self.listeners),
        }

    def __str__(self) -> str:
        hosts = f"{names_of(self.initiators)} to {names_of(self.listeners)}"
        return f"{self.source} -> {self.target}: {', '.join(self.ports)} {self.how} ({hosts})"


def changes(plan: Plan, seen: Mapping[str, HostPreflight], verdicts: Iterable[Verdict]) -> list[Change]:
    """The changes for all verdicts ``network``. Each line holds for each of its ports, between the hosts in it."""
    by_pair: dict[tuple[str, str, str, str, str], Change] = {}
    for item in verdicts:
        if item.verdict == "network":
            flow = item.flow
            source = network_of(seen[flow.initiator], _source(plan, flow))
            target = network_of(seen[flow.listener], flow.address)
            key = (source, target, item.how, flow.initiator, flow.listener)
            change = by_pair.setdefault(key, Change(source, target, item.how))
            change.initiators[flow.initiator] = None
            change.listeners[flow.listener] = None
            change.sockets.add(flow.socket)
    for (*_networks, listener), change in by_pair.items():
        change.ports = port_words(change.sockets, ranges_of(plan, listener))
    return sorted(_joined(by_pair.values()), key=lambda change: (change.source, change.target, change.ports))


def _joined(found: Iterable[Change]) -> list[Change]:
    """Pairs of hosts with the same ports and the same networks share a line."""
    lines: dict[tuple[str, str, str, tuple[str, ...]], Change] = {}
    for change in found:
        key = (change.source, change.target, change.how, tuple(change.ports))
        line = lines.setdefault(key, Change(*key[:3], ports=change.ports))
        line.initiators.update(change.initiators)
        line.listeners.update(change.listeners)
    return list(lines.values())


def port_words(sockets: set[SocketKey], ranges: Iterable[tuple[str, PortRange]]) -> list[str]:
    """As in ``udp 514``, ``tcp 32004-32011``. A range stands for its sample where all of that is there."""
    words = ["icmp echo"] if any(port is None for _protocol, port in sockets) else []
    for protocol in ("udp", "tcp"):
        single = {port for one, port in sockets if one == protocol and port is not None}
        whole = [ports for one, ports in ranges if one == protocol and single.issuperset(sample(*ports))]
        merged = merge_ranges([*whole, *((port, port) for port in single)])
        words += [f"{protocol} {format_ports(ports)}" for ports in merged]
    return words


def network_of(host: HostPreflight, address: str) -> str:
    """The network of *address* as the host itself reported it; the address alone if it did not."""
    parsed = ipaddress.ip_address(address)
    containing = [network for text in host.networks if parsed in (network := ipaddress.ip_network(text))]
    if containing:
        return str(max(containing, key=lambda network: network.prefixlen))
    return str(ipaddress.ip_network(address))


def _source(plan: Plan, flow: ExpectedFlow) -> str:
    """The initiator's address as it is behind the translation: both are in the packets that the listener gets."""
    seen_as = addresses_toward(plan.hosts[flow.initiator], plan.hosts[flow.listener])
    return first_of(seen_as, version_of(flow.address)) or seen_as[0]


def names_of(names: Iterable[str]) -> str:
    """The names, or the first of them and the number of the others."""
    known = list(names)
    if len(known) <= _SHOWN_NAMES:
        return ", ".join(known)
    return f"{', '.join(known[: _SHOWN_NAMES - 1])} and {len(known) - _SHOWN_NAMES + 1} more"

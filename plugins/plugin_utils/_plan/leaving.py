# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a packet may leave a host of the deployment, and why."""

from __future__ import annotations

import ipaddress

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.applicability import Applicability
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import any_covers
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import ICMP, TCP, UDP, HostPlan, OutboundRule
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host

#: What _rules/outbound.py lets out of every host: leases, and names where the plan has no name servers.
_LEASE_PORTS = (67, 547)
_DNS = (53, 53)


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """Whether the packet may leave the initiator."""

    accepted: bool
    #: Whether what leaves the host is restricted at all.
    restricted: bool
    #: The rules of the plan that let it out.
    rules: tuple[OutboundRule, ...] = ()
    #: Why it may leave, where neither a rule nor the lack of any restriction is the reason.
    because: str | None = None


def leaving(host: HostPlan, protocol: str, port: int | None, addresses: Sequence[str]) -> Leaving:
    """Whether *host* may send a packet to any of *addresses*."""
    if host.outbound is None:
        return Leaving(accepted=True, restricted=False)
    rules = tuple(
        rule
        for rule in host.outbound
        if rule.protocol == protocol
        and (rule.ports is None or (port is not None and rule.ports[0] <= port <= rule.ports[1]))
        and _contain(rule.destinations, addresses)
    )
    because = None
    if protocol == ICMP or (protocol == UDP and port in _LEASE_PORTS):
        because = "every host needs it"
    elif port == _DNS[0] and not any(rule.ports == _DNS for rule in host.outbound):
        because = "the plan has no name servers (jsa_networks.dns_servers), so all of them may be asked"
    elif protocol == TCP and _contain(host.management_addresses, addresses):
        because = "it is one of the management addresses (jsa_firewall_management_addresses)"
    return Leaving(accepted=bool(rules or because), restricted=True, rules=rules, because=because)


def outbound_entries(catalog: Iterable[Entry], host: Host, protocol: str, port: int | None) -> list[Entry]:
    """The entries of the catalog by which *host* contacts others outside the deployment on this port."""
    return [
        entry
        for entry in catalog
        if entry.exposure == "outbound"
        and protocol in entry.protocols
        and any(any_covers(host, flow.initiators) for flow in entry.flows)
        and (port is None or any(first <= port <= last for first, last in entry.ports))
    ]


def outbound_obstacle(applicability: Applicability, entry: Entry, host: Host, addresses: Sequence[str]) -> str:
    """Why *entry* does not let a packet to *addresses* out of *host*, whose outbound traffic is restricted."""
    reason = applicability.selected(entry) or applicability.obstacle(entry.when, host)
    if reason:
        return reason
    names = dict.fromkeys(name for flow in entry.flows for name in flow.listeners)
    known = [name for name in names if name in applicability.topology.networks]
    if not known:
        return f"jsa_networks does not have {' or '.join(names)}"
    return f"jsa_networks.{' and jsa_networks.'.join(known)} does not contain {', '.join(addresses)}"


def _contain(cidrs: Iterable[str], addresses: Iterable[str]) -> bool:
    networks = [ipaddress.ip_network(cidr) for cidr in cidrs]
    return any(ipaddress.ip_address(address) in network for address in addresses for network in networks)

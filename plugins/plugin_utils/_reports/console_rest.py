# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The body for the console's ``PUT /system/servers/{server_id}/firewall_rules``, as far as its records go.

A record accepts TCP or UDP on one port or range from one IPv4 address or from anyone. Members that a record does not
use are null, as the resource returns them, so that both can be compared.
"""

from __future__ import annotations

import ipaddress
import json

from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import DEFAULT_SSH_PORT
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import ICMP, TCP, UDP, InboundRule, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.model import (
    Report,
    accept_words,
    left_out,
    refuse_words,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.ruleset import common_notes, outbound_notes

_ANYONE = "0.0.0.0/0"
_ONLY_ACCEPTS = "the resource can only accept"

#: More addresses than this are not expanded from one CIDR, whatever a plan says that it is made of.
_MOST_ADDRESSES = 1024


def render_console_rest(plan: Plan, name: str) -> Report:
    """The records for the host *name*. Raises InputError."""
    host = plan.hosts[name]
    records: list[dict[str, Any]] = []
    notes = [
        "PUT replaces the whole list of the server: GET it first, and add the records that must stay",
        "packets that the product's own rules accept stay accepted, also from addresses that the plan rejects",
        *common_notes(host),
    ]
    host_addresses = frozenset(
        address
        for one in plan.hosts.values()
        for address in (*one.addresses, *one.virtual_addresses, *one.public_addresses)
    )
    for rule in host.inbound:
        single = _Single(plan, rule, host_addresses)
        records += _accept(rule.protocol, rule.ports, rule.sources, single, notes)
    records += _accept(TCP, (DEFAULT_SSH_PORT, DEFAULT_SSH_PORT), host.management_addresses, None, notes)
    for protocol in (TCP, UDP):
        refused = [rule.ports for rule in host.refused if rule.protocol == protocol]
        if refused:
            notes.append(left_out(_ONLY_ACCEPTS, refuse_words(protocol, refused)))
    if host.unlisted != "zone":
        notes.append(left_out(_ONLY_ACCEPTS, f"{host.unlisted} all ports that the catalog does not list"))
    notes += outbound_notes(host, "the resource supports inbound rules only")
    unique = {json.dumps(record): record for record in records}
    return Report(json.dumps(list(unique.values()), indent=2) + "\n", tuple(dict.fromkeys(notes)))


def _accept(
    protocol: str, ports: PortRange | None, sources: Iterable[str], single: _Single | None, notes: list[str]
) -> Iterator[dict[str, Any]]:
    """The records of one rule. Adds to *notes* what they cannot express."""
    missing: dict[str, list[str]] = {}
    for source in sources:
        obstacle = _obstacle(protocol, source, single)
        if obstacle:
            missing.setdefault(obstacle, []).append(source)
        elif ports is not None:
            yield from (_record(protocol, ports, address) for address in _addresses(source))
    notes += [left_out(why, accept_words(protocol, ports, cidrs)) for why, cidrs in missing.items()]


class _Single:
    """Which CIDRs of a rule the plan made of single addresses, by joining neighbors."""

    def __init__(self, plan: Plan, rule: InboundRule, host_addresses: frozenset[str]) -> None:
        classes = [plan.source_classes.get(label) for label in rule.source_classes]
        #: Where the classes are hosts only, so is every address: also those on links of HA pairs, which no host lists.
        self._only_hosts = bool(classes) and all(one is not None and not one.networks for one in classes)
        networks = [ipaddress.ip_network(cidr) for one in classes if one is not None for cidr in one.networks]
        alone = {str(network.network_address) for network in networks if network.num_addresses == 1}
        self._known = host_addresses | alone

    def are_all_of(self, network: ipaddress.IPv4Network) -> bool:
        """Whether *network* was made of single addresses."""
        if network.num_addresses > _MOST_ADDRESSES:
            return False
        return self._only_hosts or self._known.issuperset(map(str, network))


def _obstacle(protocol: str, source: str, single: _Single | None) -> str | None:
    """Why the resource cannot accept from the CIDR *source*; None where it can."""
    if protocol == ICMP:
        return "the resource supports TCP and UDP only"
    network = ipaddress.ip_network(source)
    if isinstance(network, ipaddress.IPv6Network):
        return "the resource supports IPv4 only"
    if source == _ANYONE or network.num_addresses == 1 or (single and single.are_all_of(network)):
        return None
    return "the resource supports single addresses only"


def _addresses(source: str) -> list[str | None]:
    """The addresses of a CIDR that the resource takes; None stands for anyone."""
    return [None] if source == _ANYONE else [str(address) for address in ipaddress.ip_network(source)]


def _record(protocol: str, ports: PortRange, source: str | None) -> dict[str, Any]:
    is_single = ports[0] == ports[1]
    return {
        "is_any_source_ip": source is None,
        "source_ip": source,
        "port_type": "SINGLE" if is_single else "RANGE",
        "single_port": format_ports(ports) if is_single else None,
        "port_range": None if is_single else format_ports(ports),
        "protocol": protocol.upper(),
    }

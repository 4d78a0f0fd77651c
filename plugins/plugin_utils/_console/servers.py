# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which server of the console a host of the plan is, and which networks of the plan are only joined addresses."""

from __future__ import annotations

import ipaddress

from collections.abc import Iterable

from ansible_collections.jsa.ports.plugins.plugin_utils._console.records import HostRecord, ServerRecord
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import is_address, parse_address

#: A larger network is not taken for joined addresses.
_MOST_JOINED = 1024


def server_ids(hosts: Iterable[HostRecord], servers: Iterable[ServerRecord]) -> dict[str, int]:
    """The id of the server by its address. The address of an HA pair is that of no server."""
    nodes: dict[int, list[int]] = {}
    found: dict[str, int] = {}
    for server in servers:
        if is_address(server.private_ip):
            found[parse_address(server.private_ip)] = server.server_id
        if server.managed_host_id is not None:
            nodes.setdefault(server.managed_host_id, []).append(server.server_id)
    for host in hosts:
        own = nodes.get(host.id, [])
        for address in (host.private_ip, host.public_ip) if len(own) == 1 and host.secondary_server_id is None else ():
            if address and is_address(address):
                found.setdefault(parse_address(address), own[0])
    return found


def single_addresses(plan: Plan) -> frozenset[str]:
    """The IPv4 addresses that the plan knows one by one: it joins neighbors to networks."""
    found = {
        address
        for host in plan.hosts.values()
        for address in (*host.addresses, *host.virtual_addresses, *host.public_addresses)
    }
    for source in plan.source_classes.values():
        for cidr in source.networks:
            network = ipaddress.ip_network(cidr)
            if network.num_addresses == 1:
                found.add(str(network.network_address))
    for host in plan.hosts.values():
        for rule in host.inbound:
            classes = [plan.source_classes.get(label) for label in rule.source_classes]
            # Hosts only: then every address is one of a host, also on links of HA pairs, which no host of a plan lists.
            if not classes or any(one is None or one.networks for one in classes):
                continue
            for cidr in rule.sources:
                network = ipaddress.ip_network(cidr)
                if network.version == 4 and network.num_addresses <= _MOST_JOINED:
                    found.update(map(str, network))
    return frozenset(found)

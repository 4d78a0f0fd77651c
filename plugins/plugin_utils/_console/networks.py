# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proposal for the networks that send logs and flows, from the sources that the console knows."""

from __future__ import annotations

import ipaddress

from collections.abc import Collection, Iterable
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._console.records import Learned
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.addresses import collapsed
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import parse_address

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def proposed_networks(learned: Learned, own: Collection[str | None]) -> dict[str, Any]:
    """``log_sources`` and ``flow_sources`` as jsa_networks has them, and the ``names`` without an address.

    An address that a network of the network hierarchy covers is replaced by the smallest such network. Addresses of
    the deployment itself (*own*) are left out. Lists that would be empty are left out.
    """
    hierarchy = _Hierarchy(learned.networks)
    proposal: dict[str, Any] = {}
    names: list[str] = []
    for kind, sources in (("log_sources", learned.log_sources), ("flow_sources", learned.flow_sources)):
        cidrs: set[str] = set()
        for source in sources:
            try:
                address = parse_address(source)
            except ValueError:
                names.append(source)
                continue
            if address not in own:
                cidrs.add(hierarchy.network_of(address))
        if cidrs:
            proposal[kind] = list(collapsed(cidrs))
    if names:
        proposal["names"] = sorted(set(names))
    return proposal


class _Hierarchy:
    """The networks by version and length, so that a search does not look at each of them."""

    def __init__(self, cidrs: Iterable[str]) -> None:
        self._networks: dict[int, dict[int, set[int]]] = {4: {}, 6: {}}
        for cidr in cidrs:
            try:
                network: _Network = ipaddress.ip_network(cidr, strict=False)
            except ValueError:
                continue
            if network.prefixlen:
                lengths = self._networks[network.version]
                lengths.setdefault(network.prefixlen, set()).add(int(network.network_address))

    def network_of(self, text: str) -> str:
        """The smallest network that contains the address; the address itself if none does."""
        address = ipaddress.ip_address(text)
        lengths = self._networks[address.version]
        for length in sorted(lengths, reverse=True):
            network = ipaddress.ip_network(f"{text}/{length}", strict=False)
            if int(network.network_address) in lengths[length]:
                return str(network)
        return text

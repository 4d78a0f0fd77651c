# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which zone or network each host and outside network stands."""

from __future__ import annotations

import ipaddress

from collections.abc import Mapping, Sequence

from ansible_collections.jsa.ports.plugins.plugin_utils._check.faults import network_of
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan

#: Where no zone has the address of a host.
_NO_ZONE = "no zone"

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Zones:
    """The site's zones, or the networks of the hosts' addresses where the site has none."""

    def __init__(self, zones: Mapping[str, Sequence[str]]) -> None:
        """*zones*: name to CIDRs. Raises InputError."""
        problems = []
        found: list[tuple[_Network, str]] = []
        for name, cidrs in zones.items():
            if not isinstance(cidrs, (list, tuple)):
                problems.append(f"jsa_zones.{name}: expected a list of CIDRs")
                continue
            for cidr in cidrs:
                try:
                    found.append((ipaddress.ip_network(str(cidr)), name))
                except ValueError as error:
                    problems.append(f"jsa_zones.{name}: {error}")
        if problems:
            raise InputError("The zones cannot be used; nothing was written", problems)
        # The most specific one is met first.
        self._zones = sorted(found, key=lambda item: -item[0].prefixlen)

    def of_hosts(self, hosts: Mapping[str, HostPlan]) -> dict[str, str]:
        """Host to its zone or network, by its first address. Networks are /24 and /64."""
        return {name: self._of(host.addresses[0]) if host.addresses else _NO_ZONE for name, host in hosts.items()}

    def _of(self, text: str) -> str:
        if not self._zones:
            return network_of(text, {})
        address = ipaddress.ip_address(text)
        return next((name for network, name in self._zones if address in network), _NO_ZONE)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zones: which addresses reach each other without a firewall of the network between them."""

from __future__ import annotations

import bisect
import ipaddress

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import cidr_key, cidr_of
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.spans import span_of, spans_of, without
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import parse_network

#: A part of a source: its zone and its CIDR.
Part = tuple[str, str]


class Zones:
    """Names of zones by network, of which the most specific decides."""

    def __init__(self, networks: Mapping[str, str], split: bool) -> None:
        """*networks*: CIDR to zone. *split*: whether a source that is larger than a zone is asked for zone by zone."""
        self._networks = networks
        self._split = split
        self._sorted = sorted((span_of(cidr), cidr) for cidr in networks)
        lengths = {(key[0], key[2]) for key in map(cidr_key, networks)}
        #: Version and length of prefixes, the longest first.
        self._lengths = sorted(lengths, reverse=True)
        self._parts: dict[str, tuple[Part, ...]] = {}

    @property
    def named(self) -> bool:
        """Whether the site has named them; otherwise they are networks of the hosts' addresses."""
        return self._split

    def zone_of(self, cidr: str) -> str:
        """The zone that all of *cidr* is in; empty where there is none."""
        network = ipaddress.ip_network(cidr)
        for version, length in self._lengths:
            if version == network.version and length <= network.prefixlen:
                zone = self._networks.get(str(network.supernet(new_prefix=length)))
                if zone is not None:
                    return zone
        return ""

    def parts(self, cidr: str) -> tuple[Part, ...]:
        """*cidr* by zone. The parts together are the addresses of *cidr*; the first is the zone around it.

        A part is not cut around the more specific zones in it: who may come from a network may come from all of it.
        """
        if cidr not in self._parts:
            self._parts[cidr] = self._divide(cidr)
        return self._parts[cidr]

    def _divide(self, cidr: str) -> tuple[Part, ...]:
        zones = {cidr: self.zone_of(cidr)}
        if self._split:
            zones |= {one: self._networks[one] for one in self._inside(cidr)}
        found = []
        for one, zone in zones.items():
            around = [other for other in zones if other != one and _contains(other, one)]
            if around and zones[max(around, key=lambda other: cidr_key(other)[2])] == zone:
                continue
            others = [other for other in zones if other != one and zones[other] != zone and _contains(one, other)]
            if without([span_of(one)], spans_of(others)):
                found.append((zone, one))
        return tuple(found)

    def _inside(self, cidr: str) -> list[str]:
        """The zones' networks that are smaller than *cidr* and in it, sorted."""
        first, last = span_of(cidr)
        place = bisect.bisect_left(self._sorted, ((first, first), ""))
        found = []
        while place < len(self._sorted) and self._sorted[place][0][0] <= last:
            one = self._sorted[place][1]
            if one != cidr and _contains(cidr, one):
                found.append(one)
            place += 1
        return found


def _contains(outer: str, inner: str) -> bool:
    (first, last), (low, high) = span_of(outer), span_of(inner)
    return first <= low and high <= last


def named_zones(value: Any) -> Zones:
    """``jsa_zones``: zone to CIDRs, or to one. Raises InputError."""
    problems: list[str] = []
    networks: dict[str, str] = {}
    if not isinstance(value, Mapping) or not value:
        raise InputError(
            "The zones cannot be used",
            ["jsa_zones: expected a mapping of zones to lists of CIDRs, such as dmz: [10.1.0.0/16]"],
        )
    for zone, cidrs in value.items():
        if not isinstance(zone, str) or not zone.strip():
            problems.append(f"jsa_zones: {zone!r} is not a name of a zone")
            continue
        try:
            members = parse_network(cidrs)
        except ValueError as error:
            problems.append(f"jsa_zones.{zone}: {error}")
            continue
        for cidr in members:
            owner = networks.setdefault(cidr, zone)
            if owner != zone:
                problems.append(f"jsa_zones: {owner} and {zone} both have {cidr}: it can be in one of them only")
    if problems:
        raise InputError("The zones cannot be used", problems)
    return Zones(networks, split=True)


def networks_of_hosts(plans: Iterable[Plan], prefix: int, prefix_ipv6: int) -> Zones:
    """Where the site names no zones: the networks of this length that the hosts' addresses are in, by their CIDR."""
    lengths = {4: prefix, 6: prefix_ipv6}
    for option, length, most in (("prefix", prefix, 32), ("prefix_ipv6", prefix_ipv6, 128)):
        if not 0 <= length <= most:
            raise InputError(
                "The zones cannot be used",
                [f"jsa_change_request_{option}: {length} is not a prefix length from 0 to {most}"],
            )
    networks = {
        str(network.supernet(new_prefix=lengths[network.version]))
        for plan in plans
        for host in plan.hosts.values()
        for one in (*host.addresses, *host.virtual_addresses, *host.public_addresses)
        for network in (ipaddress.ip_network(cidr_of(one)),)
    }
    return Zones({cidr: cidr for cidr in sorted(networks)}, split=False)

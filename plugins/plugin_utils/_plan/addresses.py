# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of source classes: as few CIDRs as possible, without the listener's own."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cache

from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import SourceClass
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.contacts import (
    addresses_toward,
    virtual_addresses_toward,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host, Topology

try:
    from netaddr import IPNetwork, cidr_exclude, cidr_merge
except ImportError as error:
    NETADDR_IMPORT_ERROR: ImportError | None = error
else:
    NETADDR_IMPORT_ERROR = None


@cache
def _network(text: str) -> IPNetwork:
    """Parsing is most of what netaddr costs, and an address stands in many classes."""
    return IPNetwork(text)


@cache
def _span(text: str) -> tuple[tuple[int, int, int], IPNetwork]:
    """Version, first and last address of a CIDR."""
    network = _network(text).cidr
    return (network.version, network.first, network.last), network


def collapsed(cidrs: Iterable[str]) -> tuple[str, ...]:
    """The same addresses in as few CIDRs as possible, sorted, IPv4 before IPv6."""
    return tuple(str(network) for network in _merged(cidrs))


def _merged(cidrs: Iterable[str]) -> list[IPNetwork]:
    """The same addresses in as few networks as possible, sorted.

    netaddr makes each network anew. Most sets of peers are as small as they can be, and are only sorted.
    """
    networks = dict(map(_span, cidrs))
    spans = sorted(networks)
    if any(map(_can_be_one, spans, spans[1:])):
        merged: list[IPNetwork] = cidr_merge(list(networks.values()))
        return merged
    return [networks[span] for span in spans]


def _can_be_one(lower: tuple[int, int, int], upper: tuple[int, int, int]) -> bool:
    """Whether two neighbors overlap, or are the halves of one network.

    Networks that can be written as fewer have such a pair: the two smallest of those that become one.
    """
    version, first, last = lower
    size = last - first + 1
    if upper[0] != version or upper[1] > last + 1:
        return False
    return upper[1] <= last or (upper[2] - last == size and first % (2 * size) == 0)


class _Merged:
    """The collapsed CIDRs of some classes, sorted, with an index to take single addresses out again."""

    def __init__(self, networks: list[IPNetwork]) -> None:
        self.cidrs = tuple(str(network) for network in networks)
        self._networks = networks
        self._starts = [(network.version, network.first) for network in networks]

    def without(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """The same CIDRs with *addresses* taken out."""
        taken: dict[int, list[IPNetwork]] = {}
        for text in addresses:
            address = _network(text)
            index = bisect_right(self._starts, (address.version, address.first)) - 1
            if index >= 0 and address in self._networks[index]:
                taken.setdefault(index, []).append(address)
        cidrs = self.cidrs
        for index in sorted(taken, reverse=True):
            rest = [self._networks[index]]
            for address in taken[index]:
                rest = [part for network in rest for part in cidr_exclude(network, address)]
            cidrs = (*cidrs[:index], *(str(network) for network in rest), *cidrs[index + 1 :])
        return cidrs


class Addresses:
    """Turns classes into CIDRs; each combination of classes is collapsed once for all listeners of a NAT group."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._merged: dict[tuple[frozenset[str], str | None], tuple[_Merged, list[IPNetwork]]] = {}

    def cidrs(self, classes: Iterable[SourceClass], listener: Host) -> tuple[str, ...]:
        """CIDRs of the classes' peers as *listener* sees them, collapsed and sorted, IPv4 before IPv6."""
        classes = list(classes)
        key = frozenset(source.label for source in classes), listener.nat_group
        if key not in self._merged:
            outside = [_network(cidr) for source in classes for cidr in source.cidrs]
            hosts = {name: self._topology.hosts[name] for source in classes for name in source.hosts}
            inside = {
                address
                for host in hosts.values()
                for address in (*addresses_toward(host, listener), *virtual_addresses_toward(host, listener))
            }
            inside.update(address for source in classes for address in source.links)
            merged = _merged([*(cidr for source in classes for cidr in source.cidrs), *inside])
            self._merged[key] = (_Merged(merged), outside)
        merged_classes, outside = self._merged[key]
        if not any(listener.name in source.hosts for source in classes):
            return merged_classes.cidrs
        own = listener.addresses
        if outside:
            own = tuple(text for text in own if not any(_network(text) in network for network in outside))
        return merged_classes.without(own)

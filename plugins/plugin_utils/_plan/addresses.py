# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of source classes: as few CIDRs as possible, without the listener's own."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache

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


#: Version, first and last address: of a network, or of a single address.
_Span = tuple[int, int, int]

#: Behind the last address of either version.
_BEHIND_ALL = 1 << 128


@cache
def _span(text: str) -> tuple[_Span, str]:
    """A CIDR as numbers, and as it is written in a rule. Parsing is most of what netaddr costs."""
    network = IPNetwork(text).cidr
    return (network.version, network.first, network.last), str(network)


def collapsed(cidrs: Iterable[str]) -> tuple[str, ...]:
    """The same addresses in as few CIDRs as possible, sorted, IPv4 before IPv6."""
    return tuple(_merged(cidrs).values())


def _merged(cidrs: Iterable[str]) -> dict[_Span, str]:
    """The same addresses in as few networks as possible, sorted.

    netaddr makes each network anew, so it gets only those that touch each other. Most sets of peers are as small as
    they can be, and are only sorted.
    """
    texts = dict(map(_span, cidrs))
    spans = sorted(texts)
    if not any(map(_can_be_one, spans, spans[1:])):
        return {span: texts[span] for span in spans}
    merged: dict[_Span, str] = {}
    for run in _runs(spans):
        found = tuple([texts[span] for span in run])
        merged.update(_merged_run(found) if len(run) > 1 else zip(run, found, strict=True))
    return merged


def _runs(spans: Iterable[_Span]) -> Iterator[list[_Span]]:
    """Those that touch or overlap, together. *spans* are sorted."""
    run: list[_Span] = []
    version = end = 0
    for span in spans:
        if run and span[0] == version and span[1] <= end + 1:
            run.append(span)
            end = max(end, span[2])
            continue
        if run:
            yield run
        run = [span]
        version, _first, end = span
    if run:
        yield run


# Peers in one subnet are peers of many hosts.
@lru_cache(maxsize=4096)
def _merged_run(cidrs: tuple[str, ...]) -> tuple[tuple[_Span, str], ...]:
    return tuple(_span(str(network)) for network in cidr_merge(cidrs))


def _can_be_one(lower: _Span, upper: _Span) -> bool:
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

    def __init__(self, networks: Mapping[_Span, str]) -> None:
        self.cidrs = tuple(networks.values())
        self._spans = list(networks)

    def without(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """The same CIDRs with *addresses* taken out."""
        taken: dict[int, list[str]] = {}
        for text in addresses:
            (version, first, _last), address = _span(text)
            index = bisect_right(self._spans, (version, first, _BEHIND_ALL)) - 1
            if index >= 0 and self._spans[index][0] == version and first <= self._spans[index][2]:
                taken.setdefault(index, []).append(address)
        cidrs = self.cidrs
        for index in sorted(taken, reverse=True):
            rest = [IPNetwork(cidrs[index])]
            for address in taken[index]:
                rest = [part for network in rest for part in cidr_exclude(network, address)]
            cidrs = (*cidrs[:index], *(str(network) for network in rest), *cidrs[index + 1 :])
        return cidrs


class Addresses:
    """Turns classes into CIDRs; each combination of classes is collapsed once for all listeners of a NAT group."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._merged: dict[tuple[frozenset[str], str | None], _Merged] = {}
        #: By NAT group of the listener: what each host has for it, and what each class has.
        self._seen: dict[str | None, dict[str, tuple[str, ...]]] = {}
        self._members: dict[tuple[str, str | None], frozenset[str]] = {}

    def cidrs(self, classes: Iterable[SourceClass], listener: Host) -> tuple[str, ...]:
        """CIDRs of the classes' peers as *listener* sees them, collapsed and sorted, IPv4 before IPv6."""
        classes = list(classes)
        key = frozenset([source.label for source in classes]), listener.nat_group
        if key not in self._merged:
            members = [self._members_of(source, listener) for source in classes]
            self._merged[key] = _Merged(_merged(frozenset[str]().union(*members)))
        merged = self._merged[key]
        if not any(listener.name in source.hosts for source in classes):
            return merged.cidrs
        outside = [_span(cidr)[0] for source in classes for cidr in source.cidrs]
        return merged.without(tuple(text for text in listener.addresses if not _is_in(text, outside)))

    def _members_of(self, source: SourceClass, listener: Host) -> frozenset[str]:
        """The CIDRs of one class as *listener* sees them."""
        key = source.label, listener.nat_group
        if key not in self._members:
            seen = self._seen_by(listener)
            inside = [address for name in source.hosts for address in seen[name]]
            self._members[key] = frozenset([*source.cidrs, *inside, *source.links])
        return self._members[key]

    def _seen_by(self, listener: Host) -> dict[str, tuple[str, ...]]:
        """The addresses of each host for *listener*."""
        if listener.nat_group not in self._seen:
            self._seen[listener.nat_group] = {
                name: (*addresses_toward(host, listener), *virtual_addresses_toward(host, listener))
                for name, host in self._topology.hosts.items()
            }
        return self._seen[listener.nat_group]


def _is_in(text: str, networks: Iterable[_Span]) -> bool:
    version, first, _last = _span(text)[0]
    return any(network[0] == version and network[1] <= first <= network[2] for network in networks)

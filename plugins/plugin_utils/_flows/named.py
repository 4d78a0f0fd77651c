# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who talks to whom, by name: the rules of a plan with the hosts and networks that stand behind their CIDRs.

A rule has as few CIDRs as possible, so that 10.0.0.2/31 can be two hosts, and a host can lie in a network. Its source
classes say who is meant; its CIDRs, what is let in. An endpoint never has more than the rule, and together they have
all of it.
"""

from __future__ import annotations

import bisect

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.spans import (
    Span,
    cidrs_of,
    cut,
    span_of,
    spans_of,
    without,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import PortRange

HOST, NETWORK, ANYONE = "host", "network", "anyone"

#: Everybody, as a plan writes it.
ANYONE_CIDRS = ("0.0.0.0/0", "::/0")

_ORDER = {HOST: 0, NETWORK: 1, ANYONE: 2}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who may contact a host: a host of the plan, or a network of ``jsa_networks``."""

    #: ``host``, ``network`` or ``anyone``.
    kind: str
    #: Of the host in the plan; of the network in jsa_networks; ``anyone``. Never made up: where the plan knows no name,
    #: the CIDR itself.
    name: str
    #: Exactly those that the plan lets in for it, sorted. Addresses as /32 and /128; of a host in an HA cluster its
    #: virtual address too.
    cidrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NamedFlow:
    """What one host accepts from one source on one range of ports."""

    #: Name of the host in the plan.
    listener: str
    source: Endpoint
    #: ``tcp``, ``udp`` or ``icmp``.
    protocol: str
    #: None for ICMP.
    ports: PortRange | None
    #: Of the catalog's entries: the rule's ``why``.
    ids: tuple[str, ...]


def named_flows(plan: Plan, names: Collection[str] | None = None) -> Iterator[NamedFlow]:
    """Every inbound rule of the hosts in *names* (all where None), once for each of its sources.

    In the order of the plan: by listener, then by rule, then hosts, networks and anyone, each by name. The CIDRs of a
    rule's endpoints together are the addresses of its sources: no more, and no less.
    """
    directory = Directory(plan)
    for listener, host in plan.hosts.items():
        if names is not None and listener not in names:
            continue
        for rule in host.inbound:
            for source in directory.endpoints(listener, rule.sources, rule.source_classes):
                yield NamedFlow(listener, source, rule.protocol, rule.ports, rule.why)


@dataclass(frozen=True, slots=True)
class _Meant:
    """Who stands behind some source classes, each with the CIDRs that it may have."""

    #: By name.
    hosts: dict[str, list[str]]
    #: By kind and name.
    networks: dict[tuple[str, str], list[str]]


class Directory:
    """The hosts and networks of one plan, to be found by the CIDRs and classes of its rules."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._own = {name: _own_addresses(host) for name, host in plan.hosts.items()}
        #: Both nodes of a pair have its virtual address.
        self._owners: dict[Span, list[str]] = {}
        for name, addresses in self._own.items():
            for address in addresses:
                self._owners.setdefault(span_of(address), []).append(name)
        self._starts = sorted(first for first, _last in self._owners)
        self._meant: dict[tuple[str, ...], _Meant] = {}
        self._found: dict[tuple[object, ...], tuple[tuple[Endpoint, ...], list[Span]]] = {}

    def endpoints(self, listener: str, cidrs: tuple[str, ...], classes: tuple[str, ...] = ()) -> tuple[Endpoint, ...]:
        """Who *cidrs* are, on a rule of *listener* with the source classes *classes*.

        Nobody is its own peer: an address that *listener* shares with another host is that one's. What the classes do
        not explain are the hosts that have all of its addresses, or else networks without a name.
        """
        if classes not in self._meant:
            self._meant[classes] = self._meant_by(classes)
        meant = self._meant[classes]
        # The rules of several hosts are alike, but for those that have the listener among their sources.
        key = (cidrs, classes, listener if listener in meant.hosts else None)
        if key not in self._found:
            self._found[key] = _explained(meant, listener, cidrs)
        known, rest = self._found[key]
        return self._with_rest(known, rest, listener, cidrs) if rest else known

    def _meant_by(self, classes: tuple[str, ...]) -> _Meant:
        hosts: dict[str, list[str]] = {}
        networks: dict[tuple[str, str], list[str]] = {}
        for label in classes:
            source = self._plan.source_classes.get(label)
            if source is None:
                continue
            for name in source.hosts:
                hosts.setdefault(name, []).extend(self._own.get(name, ()))
                # On a link that it uses for this class alone.
                hosts[name].extend(source.links if len(source.hosts) == 1 else ())
            if _is_name(label):
                everybody = set(source.networks) >= set(ANYONE_CIDRS)
                networks.setdefault((ANYONE, ANYONE) if everybody else (NETWORK, label), []).extend(source.networks)
                continue
            for cidr in source.networks:
                owners = self._owners.get(span_of(cidr), ())
                for name in owners:
                    hosts.setdefault(name, []).append(cidr)
                if not owners:
                    networks.setdefault((NETWORK, cidr), []).append(cidr)
        return _Meant(hosts, networks)

    def _with_rest(
        self, known: tuple[Endpoint, ...], rest: list[Span], listener: str, cidrs: tuple[str, ...]
    ) -> tuple[Endpoint, ...]:
        """*known*, and those whose addresses are the *rest* of *cidrs*, which no class explains."""
        found: dict[tuple[str, str], list[str]] = {(one.kind, one.name): list(one.cidrs) for one in known}
        for cidr in cidrs:
            for part in _within([cidr], rest):
                first, last = span_of(part)
                inside = self._starts[bisect.bisect_left(self._starts, first) : bisect.bisect_right(self._starts, last)]
                if len(inside) < last - first + 1:
                    found.setdefault((NETWORK, part), []).append(part)
                    continue
                for start in inside:
                    owners = self._owners[start, start]
                    for name in [name for name in owners if name != listener] or owners:
                        found.setdefault((HOST, name), []).extend(cidrs_of((start, start)))
        return _sorted(found)


def _explained(meant: _Meant, listener: str, cidrs: tuple[str, ...]) -> tuple[tuple[Endpoint, ...], list[Span]]:
    """The endpoints that the classes of a rule name, as far as *cidrs* let them in, and what is left of *cidrs*."""
    spans = spans_of(cidrs)
    members = {(HOST, name): own for name, own in meant.hosts.items() if name != listener} | meant.networks
    found = {key: within for key, own in members.items() if (within := _within(own, spans))}
    taken = spans_of(cidr for within in found.values() for cidr in within)
    return _sorted(found), without(spans, taken)


def _within(cidrs: Iterable[str], spans: list[Span]) -> list[str]:
    """What of *cidrs* is in *spans*, in the form of a rule's sources."""
    found: list[str] = []
    for cidr in cidrs:
        whole = span_of(cidr)
        for part in cut(whole, spans):
            found += [cidr] if part == whole and "/" in cidr else cidrs_of(part)
    return found


def _sorted(found: dict[tuple[str, str], list[str]]) -> tuple[Endpoint, ...]:
    """Hosts, networks, and anyone; each of them once."""
    nameless = [(NETWORK, cidr) for cidr in ANYONE_CIDRS]
    if all(one in found for one in nameless):
        found = {key: cidrs for key, cidrs in found.items() if key not in nameless}
        found[ANYONE, ANYONE] = list(ANYONE_CIDRS)
    return tuple(
        Endpoint(kind, name, tuple(sorted(set(cidrs), key=span_of)))
        for (kind, name), cidrs in sorted(found.items(), key=lambda item: (_ORDER[item[0][0]], _name_key(item[0][1])))
    )


def _name_key(name: str) -> tuple[bool, int, str]:
    """Sorts names before CIDRs, and these by number."""
    return (False, 0, name) if _is_name(name) else (True, span_of(name)[0], name)


def _is_name(label: str) -> bool:
    """Whether a source class or network has a name: one of the site's own flows can name an address instead."""
    try:
        span_of(label)
    except ValueError:
        return True
    return False


def _own_addresses(host: HostPlan) -> tuple[str, ...]:
    return (*host.addresses, *host.virtual_addresses)

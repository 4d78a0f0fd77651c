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

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ansible_collections.jsa.ports.plugins.module_utils._ports import merge_ranges
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.spans import (
    Span,
    cidrs_of,
    cut,
    span_of,
    spans_of,
    without,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan, SourceClass
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import PortRange

HOST, NETWORK, ANYONE = "host", "network", "anyone"

#: Everybody, as a plan writes it.
ANYONE_CIDRS = ("0.0.0.0/0", "::/0")

#: Kind and name of an endpoint, and one of its CIDRs.
Member = tuple[str, str, str]

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


def endpoint_text(endpoint: Endpoint) -> str:
    """In words: ``con1 (10.0.0.1, 10.0.0.99)``, ``log_sources (10.9.0.0/24)``, ``10.8.0.0/16``, ``anyone``."""
    if endpoint.kind == ANYONE:
        return ANYONE
    cidrs = ", ".join(cidr_text(cidr) for cidr in endpoint.cidrs)
    return cidrs if endpoint.cidrs == (endpoint.name,) else f"{endpoint.name} ({cidrs})"


def cidr_text(cidr: str) -> str:
    """A CIDR as a person writes it: a single address without the length of its prefix."""
    return cidr.removesuffix("/32") if "." in cidr else cidr.removesuffix("/128")


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


class _Meant:
    """Who stands behind some source classes, each with the CIDRs that it may have."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        #: Names of the hosts that the classes name.
        self.named: set[str] = set()
        #: By name of a host: CIDRs that it has beside its own addresses, or, if no class names it, instead of them.
        self.more: dict[str, list[str]] = {}
        #: By kind and name.
        self.networks: dict[tuple[str, str], list[str]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.named or name in self.more

    @property
    def hosts(self) -> dict[str, list[str]]:
        """All of them by name, with their CIDRs."""
        return {name: self.cidrs(name) for name in (*self.named, *(self.more.keys() - self.named))}

    def cidrs(self, name: str) -> list[str]:
        """What the host *name* may have; nothing for a host that is not meant."""
        return [*(self._directory.own[name] if name in self.named else ()), *self.more.get(name, ())]

    @cached_property
    def covered(self) -> list[Span]:
        """Addresses of the networks."""
        return spans_of(cidr for own in self.networks.values() for cidr in own)

    @cached_property
    def everything(self) -> list[Span]:
        """Addresses of all of them."""
        own = self._directory.own_spans
        spans = [span for name in self.named for span in own[name]]
        cidrs = [cidr for more in (*self.more.values(), *self.networks.values()) for cidr in more]
        return merge_ranges([*spans, *map(span_of, cidrs)])

    @cached_property
    def peers(self) -> Peers:
        """Them, where all of their addresses are let in, which is how plans are computed."""
        if self.more:
            return Peers(
                _sorted(_in_rule_form({(HOST, name): own for name, own in self.hosts.items()} | self.networks)), []
            )
        return Peers((*self._directory.in_order(self.named), *_sorted(_in_rule_form(self.networks))), [])

    def only_of(self, name: str) -> list[Span]:
        """The addresses that only this host has among all that is meant."""
        own = {span_of(cidr) for cidr in self.cidrs(name)}
        return [span for span in own if not self._has_other(span, name) and not cut(span, self.covered)]

    def _has_other(self, span: Span, name: str) -> bool:
        return any(owner != name and owner in self.named for owner in self._directory.owners.get(span, ())) or any(
            span in map(span_of, more) for other, more in self.more.items() if other != name
        )


class Peers:
    """The endpoints of a rule, shared by all rules that are alike."""

    def __init__(self, endpoints: tuple[Endpoint, ...], rest: list[Span]) -> None:
        self.endpoints = endpoints
        #: What no class explains.
        self.rest = rest

    @cached_property
    def members(self) -> frozenset[Member]:
        """Each endpoint's kind and name with one of its CIDRs."""
        return frozenset((one.kind, one.name, cidr) for one in self.endpoints for cidr in one.cidrs)


class Directory:
    """The hosts and networks of one plan, to be found by the CIDRs and classes of its rules."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        #: Each host's addresses. Both nodes of a pair have its virtual address.
        self.own = {
            name: (*host.addresses, *host.virtual_addresses, *host.public_addresses)
            for name, host in plan.hosts.items()
        }
        self.own_spans = {name: tuple(map(span_of, addresses)) for name, addresses in self.own.items()}
        #: Address -> the hosts that have it.
        self.owners: dict[Span, list[str]] = {}
        for name, spans in self.own_spans.items():
            for span in spans:
                self.owners.setdefault(span, []).append(name)
        self._starts = sorted(first for first, _last in self.owners)
        #: Each host with all of its addresses, and in the order in which hosts are listed.
        everybody = _in_rule_form({(HOST, name): own for name, own in self.own.items()})
        self._whole = {one.name: one for one in _sorted(everybody)}
        self._order = {name: number for number, name in enumerate(self._whole)}
        self._members: dict[str, frozenset[str]] = {}
        self._meant: dict[tuple[str, ...], _Meant] = {}
        self._spans: dict[tuple[str, ...], list[Span]] = {}
        self._found: dict[tuple[object, ...], Peers] = {}

    def has_class(self, label: str) -> bool:
        """Whether the plan says who the source class *label* is."""
        return label in self._plan.source_classes

    def spans(self, cidrs: tuple[str, ...]) -> list[Span]:
        """The addresses of *cidrs*; many rules have the same ones."""
        if cidrs not in self._spans:
            self._spans[cidrs] = spans_of(cidrs)
        return self._spans[cidrs]

    def endpoints(self, listener: str, cidrs: tuple[str, ...], classes: tuple[str, ...] = ()) -> tuple[Endpoint, ...]:
        """Who *cidrs* are, on a rule of *listener* with the source classes *classes*.

        Nobody is its own peer: an address that *listener* shares with another host is that one's. What the classes do
        not explain are the hosts that have all of its addresses, or else networks without a name.
        """
        peers, left_out = self.peers(listener, cidrs, classes)
        if left_out is None:
            return peers.endpoints
        return tuple(one for one in peers.endpoints if (one.kind, one.name) != (HOST, left_out))

    def peers(self, listener: str, cidrs: tuple[str, ...], classes: tuple[str, ...] = ()) -> tuple[Peers, str | None]:
        """The same as :meth:`endpoints`, and the host that is to be left out of them: *listener* itself, or None.

        Hosts that are peers of each other have rules that differ only in this. So they share one value, and a full
        mesh takes no more memory than its hosts.
        """
        meant = self._meant_by(classes)
        spans = self.spans(cidrs)
        own = meant.only_of(listener)
        key: tuple[object, ...]
        if any(cut(span, spans) for span in own):
            # An address that only the listener has among those who are meant is somebody else's.
            key, everybody, apart = (cidrs, classes, listener), spans, listener
        else:
            everybody, apart = merge_ranges([*spans, *own]) if own else spans, None
            key = (tuple(everybody), classes)
        if key not in self._found:
            whole = apart is None and everybody == meant.everything
            self._found[key] = meant.peers if whole else _explained(meant, everybody, apart)
        peers = self._found[key]
        if peers.rest:
            peers = self._with_rest(peers, listener, cidrs)
        return peers, listener if listener in meant and apart is None and not peers.rest else None

    def _meant_by(self, classes: tuple[str, ...]) -> _Meant:
        if classes in self._meant:
            return self._meant[classes]
        meant = self._meant[classes] = _Meant(self)
        networks = meant.networks
        for label in classes:
            source = self._plan.source_classes.get(label)
            if source is None:
                continue
            meant.named |= self._members_of(label, source)
            if source.links and len(source.hosts) == 1:
                # On a link that it uses for this class alone.
                meant.more.setdefault(source.hosts[0], []).extend(source.links)
            if is_name(label):
                everybody = set(source.networks) >= set(ANYONE_CIDRS)
                networks.setdefault((ANYONE, ANYONE) if everybody else (NETWORK, label), []).extend(source.networks)
                continue
            for cidr in source.networks:
                owners = self.owners.get(span_of(cidr), ())
                for name in owners:
                    meant.more.setdefault(name, []).append(cidr)
                if not owners:
                    networks.setdefault((NETWORK, cidr), []).append(cidr)
        for name in meant.more.keys() - self.own.keys():
            del meant.more[name]
        return meant

    def _members_of(self, label: str, source: SourceClass) -> frozenset[str]:
        """The hosts of a class that the plan has."""
        if label not in self._members:
            self._members[label] = frozenset(name for name in source.hosts if name in self.own)
        return self._members[label]

    def in_order(self, names: Iterable[str]) -> list[Endpoint]:
        """The hosts *names* with all of their addresses, in the order in which hosts are listed."""
        order = self._order
        return [self._whole[name] for name in sorted((name for name in names if name in order), key=order.__getitem__)]

    def _with_rest(self, peers: Peers, listener: str, cidrs: tuple[str, ...]) -> Peers:
        """*peers*, and those whose addresses are the rest of *cidrs*, which no class explains."""
        found = {
            (one.kind, one.name): list(one.cidrs) for one in peers.endpoints if (one.kind, one.name) != (HOST, listener)
        }
        for cidr in cidrs:
            for part in _within([cidr], peers.rest):
                first, last = span_of(part)
                inside = self._starts[bisect.bisect_left(self._starts, first) : bisect.bisect_right(self._starts, last)]
                if len(inside) < last - first + 1:
                    found.setdefault((NETWORK, part), []).append(part)
                    continue
                for start in inside:
                    owners = self.owners[start, start]
                    for name in [name for name in owners if name != listener] or owners:
                        found.setdefault((HOST, name), []).extend(cidrs_of((start, start)))
        return Peers(_sorted(found), peers.rest)


def _explained(meant: _Meant, spans: list[Span], apart: str | None) -> Peers:
    """The endpoints that the classes of a rule name, as far as *spans* let them in, without the host *apart*."""
    members = {(HOST, name): own for name, own in meant.hosts.items() if name != apart} | meant.networks
    found = {key: within for key, own in members.items() if (within := _within(own, spans))}
    taken = spans_of(cidr for within in found.values() for cidr in within)
    return Peers(_sorted(found), without(spans, taken))


@lru_cache(maxsize=65536)
def as_cidr(text: str) -> str:
    """A network, or an address, in the form of a rule's sources."""
    return text if "/" in text else cidrs_of(span_of(text))[0]


def _in_rule_form(members: Mapping[tuple[str, str], Iterable[str]]) -> dict[tuple[str, str], list[str]]:
    """Those of *members* that have a CIDR at all, with all of theirs."""
    found = {key: [as_cidr(text) for text in own] for key, own in members.items()}
    return {key: own for key, own in found.items() if own}


def _within(cidrs: Iterable[str], spans: list[Span]) -> list[str]:
    """What of *cidrs* is in *spans*, in the form of a rule's sources."""
    found: list[str] = []
    for cidr in cidrs:
        whole = span_of(cidr)
        for part in cut(whole, spans):
            found += [as_cidr(cidr)] if part == whole else cidrs_of(part)
    return found


def _sorted(found: dict[tuple[str, str], list[str]]) -> tuple[Endpoint, ...]:
    """Hosts, networks, and anyone; each of them once."""
    nameless = [(NETWORK, cidr) for cidr in ANYONE_CIDRS]
    if all(one in found for one in nameless):
        found = {key: cidrs for key, cidrs in found.items() if key not in nameless}
        found[ANYONE, ANYONE] = list(ANYONE_CIDRS)
    return tuple(
        Endpoint(kind, name, tuple(sorted(set(cidrs), key=span_of)) if len(cidrs) > 1 else tuple(cidrs))
        for (kind, name), cidrs in sorted(found.items(), key=lambda item: (_ORDER[item[0][0]], _name_key(item[0][1])))
    )


@lru_cache(maxsize=65536)
def _name_key(name: str) -> tuple[bool, int, str]:
    """Sorts names before CIDRs, and these by number."""
    return (False, 0, name) if is_name(name) else (True, span_of(name)[0], name)


@lru_cache(maxsize=65536)
def is_name(label: str) -> bool:
    """Whether a source class or network has a name: one of the site's own flows can name an address instead."""
    try:
        span_of(label)
    except ValueError:
        return True
    return False

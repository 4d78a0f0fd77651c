# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entries of the catalog a question is about."""

from __future__ import annotations

import re

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry, Flow
from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import expected
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import (
    CONFIDENCES,
    DESTINATION_NETWORKS,
    DOCUMENTS,
    EXPOSURES,
    FEATURES,
    HA_PEER,
    HARDWARE,
    HOST_GROUPS,
    IMPLIED_ROLES,
    PROTOCOLS,
    ROLES,
    SELF,
    SOURCE_NETWORKS,
)

DIRECTIONS = ("inbound", "outbound")

_HOSTS = (*ROLES, *HOST_GROUPS)
_PEERS = (*_HOSTS, SELF, HA_PEER, *SOURCE_NETWORKS, *DESTINATION_NETWORKS, HARDWARE)

_PORT_TERM = re.compile(r"([0-9]+)(?:/([^/]*))?")


@dataclass(frozen=True)
class Filters:
    """What a selected entry must fulfil; nothing set, nothing asked."""

    role: str | None = None
    direction: str | None = None
    peer: str | None = None
    protocol: tuple[str, ...] = ()
    exposure: tuple[str, ...] = ()
    feature: tuple[str, ...] = ()
    document: tuple[str, ...] = ()
    confidence: tuple[str, ...] = ()

    def problems(self) -> list[str]:
        """What is wrong with them, one sentence each."""
        wanted: list[tuple[str, Iterable[str | None], Collection[str]]] = [
            ("role", [self.role], _HOSTS),
            ("direction", [self.direction], DIRECTIONS),
            ("peer", [self.peer], _PEERS),
            ("protocol", self.protocol, PROTOCOLS),
            ("exposure", self.exposure, EXPOSURES),
            ("feature", self.feature, FEATURES),
            ("document", self.document, tuple(DOCUMENTS)),
            ("confidence", self.confidence, CONFIDENCES),
        ]
        found = [
            "%s: %r is not known; %s" % (option, value, expected(value, valid))
            for option, values, valid in wanted
            for value in values
            if value is not None and value not in valid
        ]
        if self.direction is not None and self.role is None:
            found.append("direction: needs role, from which it is seen; expected for example role=console")
        return found

    def accept(self, entry: Entry) -> bool:
        """Whether *entry* passes every filter."""
        return (
            _any_of(self.protocol, entry.protocols)
            and _any_of(self.exposure, (entry.exposure,))
            and _any_of(self.confidence, (entry.confidence,))
            and _any_of(self.document, {statement.document for statement in entry.statements})
            and _any_of(self.feature, set(_features(entry)))
            and self._takes_part(entry)
        )

    def _takes_part(self, entry: Entry) -> bool:
        if self.role is None and self.peer is None:
            return True
        ours = _known_as(self.role)
        theirs = _known_as(self.peer)
        for flow in entry.flows:
            for listeners, initiators in _views(flow):
                if self.role is None:
                    if theirs & (listeners | initiators):
                        return True
                    continue
                if self.direction != "outbound" and ours & listeners and (not theirs or theirs & initiators):
                    return True
                if self.direction != "inbound" and ours & initiators and (not theirs or theirs & listeners):
                    return True
        return False


def select(catalog: Mapping[str, Entry], terms: Iterable[object], filters: Filters) -> tuple[list[Entry], list[str]]:
    """The entries that *terms* name, in their order and each once, as far as *filters* accept them; and what is wrong
    with the terms. No terms name all entries."""
    problems: list[str] = []
    named: dict[str, Entry] = {}
    everything = True
    for term in terms:
        everything = False
        try:
            for entry in _named(catalog, term):
                named[entry.id] = entry
        except ValueError as error:
            problems.append(str(error))
    found = catalog.values() if everything else named.values()
    return [entry for entry in found if filters.accept(entry)], problems


def _named(catalog: Mapping[str, Entry], term: object) -> list[Entry]:
    text = str(term).strip()
    if text in catalog:
        return [catalog[text]]
    match = _PORT_TERM.fullmatch(text)
    if not match:
        raise ValueError(
            "term %r: no entry has this id; %s; or a port such as 22 or 514/udp" % (term, expected(text, catalog))
        )
    port, protocol = int(match.group(1)), match.group(2)
    if protocol is not None and protocol not in ("tcp", "udp"):
        raise ValueError("term %r: %r has no ports; %s" % (term, protocol, expected(protocol, ("tcp", "udp"))))
    if not 1 <= port <= 65535:
        raise ValueError("term %r: ports are 1 to 65535" % (term,))
    widths = {
        entry.id: min(width)
        for entry in catalog.values()
        if (width := [last - first for first, last in _ranges(entry) if first <= port <= last])
    }
    # The range of all data flows holds many ports that have an entry of their own, which is the one that is meant.
    listed = [catalog[entry_id] for entry_id in sorted(widths, key=widths.__getitem__)]
    if not listed:
        raise ValueError("term %r: no entry lists this port; the nearest are %s" % (term, _nearest(catalog, port)))
    found = [entry for entry in listed if protocol is None or protocol in entry.protocols]
    if not found:
        protocols = sorted({name for entry in listed for name in entry.protocols})
        raise ValueError("term %r: the catalog lists port %d with %s only" % (term, port, ", ".join(protocols)))
    return found


def _ranges(entry: Entry) -> Iterator[PortRange]:
    yield from entry.ports
    for ranges in entry.ports_with.values():
        yield from ranges


def _nearest(catalog: Mapping[str, Entry], port: int) -> str:
    distances = sorted(
        (min(abs(port - first), abs(port - last)), first if port < first else last, entry.id)
        for entry in catalog.values()
        for first, last in _ranges(entry)
    )
    return ", ".join("%d (%s)" % (near, entry_id) for distance, near, entry_id in distances[:3])


def _any_of(wanted: Collection[str], actual: Collection[str]) -> bool:
    return not wanted or any(value in actual for value in wanted)


def _features(entry: Entry) -> Iterator[str]:
    for when in (entry.when, *(flow.when for flow in entry.flows)):
        yield from when.features
        yield from when.without_features
    yield from entry.ports_with


def _known_as(name: str | None) -> frozenset[str]:
    """Every name under which a flow means *name*."""
    if name is None:
        return frozenset()
    names = {name}
    if name in IMPLIED_ROLES:
        names.add(IMPLIED_ROLES[name])
    if name in _HOSTS:
        names.add("any_host")
    if name in ROLES and name != "console":
        names.add("managed_host")
    return frozenset(names)


def _views(flow: Flow) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Listeners and initiators of *flow*. The host itself and its HA peer have the listener's roles, so such a flow is
    seen from both ends."""
    listeners = frozenset(flow.listeners)
    yield listeners, frozenset(flow.initiators)
    for same in (SELF, HA_PEER):
        if same in flow.initiators:
            yield frozenset([same]), listeners

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which settings of an inventory would let traffic in: networks that a port has by the catalog, and features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry, Flow
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import IN
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.applicability import listens, ports_of
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import any_covers, is_host_token
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.leaving import outbound_entries
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import (
    DESTINATION_NETWORKS,
    HA_PEER,
    NAME_SERVERS,
    SELF,
    SOURCE_NETWORKS,
)

_ORDER = (*SOURCE_NETWORKS, *DESTINATION_NETWORKS, NAME_SERVERS)

_DNS_PORT = 53


@dataclass(frozen=True)
class Candidate:
    """A name in jsa_networks whose members may use a port of a host."""

    network: str
    #: Features that the host does not have, and without which nobody may.
    features: tuple[str, ...]
    #: Of the catalog's entry.
    service: str

    @property
    def order(self) -> tuple[int, int]:
        """The likeliest first: what needs no change of the host, then as the networks are listed."""
        return len(self.features), _ORDER.index(self.network) if self.network in _ORDER else -1


class Candidates:
    """Asks the catalog, as it applies to one topology."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._known: dict[tuple[str, str, str, int], tuple[Candidate, ...]] = {}

    def networks(self, name: str, direction: str, protocol: str, port: int) -> tuple[Candidate, ...]:
        """The networks of a port of the host *name*, or of the ports that it contacts; each once, likeliest first."""
        key = (name, direction, protocol, port)
        if key not in self._known:
            host = self._planner.topology.hosts[name]
            find = self._inbound if direction == IN else self._outbound
            best: dict[str, Candidate] = {}
            for candidate in sorted(find(host, protocol, port), key=lambda one: one.order):
                best.setdefault(candidate.network, candidate)
            self._known[key] = tuple(best.values())
        return self._known[key]

    def _inbound(self, host: Host, protocol: str, port: int) -> Iterator[Candidate]:
        for entry, flow, features in self._flows(host, protocol, port):
            for token in flow.initiators:
                if _is_network(token):
                    yield Candidate(token, features, entry.service)

    def _outbound(self, host: Host, protocol: str, port: int) -> Iterator[Candidate]:
        if port == _DNS_PORT:
            yield Candidate(NAME_SERVERS, (), "DNS")
        for entry in outbound_entries(self._planner.catalog, host, protocol, port):
            for flow in entry.flows:
                features = _missing(entry, flow, host)
                if any_covers(host, flow.initiators) and not self._obstacle(entry, flow, host, features):
                    yield from (Candidate(token, features, entry.service) for token in flow.listeners)

    def features_for(self, name: str, protocol: str, port: int, initiator: Host) -> tuple[str, ...]:
        """The features that the host *name* lacks for a flow of the catalog from another host of the deployment."""
        host = self._planner.topology.hosts[name]
        found = [
            features
            for _entry, flow, features in self._flows(host, protocol, port)
            if features and any_covers(initiator, flow.initiators)
        ]
        return min(found, key=len, default=())

    def _flows(self, host: Host, protocol: str, port: int) -> Iterator[tuple[Entry, Flow, tuple[str, ...]]]:
        """The catalog's flows to a port of *host* that nothing but features is in the way of, and these."""
        for entry in self._planner.catalog:
            ports = ports_of(entry, host)
            if protocol in entry.protocols and any(first <= port <= last for first, last in ports):
                for flow in entry.flows:
                    features = _missing(entry, flow, host)
                    if listens(entry, host) and any_covers(host, flow.listeners):
                        having = replace(host, features=host.features.union(features))
                        if not self._planner.applicability.flow_obstacle(entry, flow, having):
                            yield entry, flow, features

    def _obstacle(self, entry: Entry, flow: Flow, host: Host, features: tuple[str, ...]) -> str | None:
        having = replace(host, features=host.features.union(features))
        applies = self._planner.applicability
        return applies.selected(entry) or applies.obstacle(entry.when, having) or applies.obstacle(flow.when, having)

    def elsewhere(self, name: str, protocol: str, port: int) -> Entry | None:
        """An entry for traffic from outside that another role than those of the host *name* listens for."""
        host = self._planner.topology.hosts[name]
        # What the site has named itself for other hosts tells nothing about this one.
        for entry in load_catalog().values():
            covers = any(first <= port <= last for first, last in entry.ports)
            if entry.exposure == "external_in" and covers and protocol in entry.protocols and not listens(entry, host):
                return entry
        return None


def _missing(entry: Entry, flow: Flow, host: Host) -> tuple[str, ...]:
    wanted = dict.fromkeys((*entry.when.features, *flow.when.features))
    return tuple(name for name in wanted if name not in host.features)


def _is_network(token: str) -> bool:
    return not is_host_token(token) and token not in (SELF, HA_PEER) and "." not in token and ":" not in token

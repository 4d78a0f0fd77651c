# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The listeners that the plan expects on a host: where each belongs, and whether a missing one is a fault."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, merge_ranges
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import SourceClass
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import ICMP, UDP, Listener

#: All ports of a range up to this size have a listener. In a larger range, services choose their ports.
_LARGEST_LISTED_RANGE = 16


class Listeners:
    """Computes the listeners of the catalog's entries, once for hosts with the same ports and peers."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], tuple[Listener, ...]] = {}

    def of(self, entry: Entry, ports: tuple[PortRange, ...], sources: Collection[SourceClass]) -> tuple[Listener, ...]:
        """The listeners of *entry* on a host with these *ports* of it. *sources*: the classes that contact them."""
        labels = _labels(sources)
        key = (entry.id, ports, bool(sources), labels)
        if key not in self._known:
            self._known[key] = tuple(
                Listener(
                    id=entry.id,
                    service=entry.service,
                    protocol=protocol,
                    ports=part,
                    bind=_bind(entry, bool(sources)),
                    required=part[0] == part[1] and _is_required(entry, protocol, bool(sources)),
                    source_classes=labels,
                )
                for protocol in entry.protocols
                if protocol != ICMP
                for part in _single_ports(ports)
            )
        return self._known[key]


def discovered_listener(
    entry: Entry, protocol: str, port: int, services: Iterable[str], sources: Iterable[SourceClass]
) -> Listener:
    """The listener of *entry* on a discovered *port*. *services*: the names that the port mapper has for it."""
    return Listener(
        id=entry.id,
        service=f"{entry.service}: {', '.join(services)}",
        protocol=protocol,
        ports=(port, port),
        bind=_bind(entry, True),
        required=_is_required(entry, protocol, True),
        source_classes=_labels(sources),
    )


def _labels(sources: Iterable[SourceClass]) -> tuple[str, ...]:
    """The labels of classes with hosts, sorted. Flows from networks outside are not checked."""
    return tuple(sorted(source.label for source in sources if source.hosts))


def _single_ports(ranges: tuple[PortRange, ...]) -> Iterator[PortRange]:
    for first, last in merge_ranges(ranges):
        if last - first < _LARGEST_LISTED_RANGE:
            yield from ((port, port) for port in range(first, last + 1))
        else:
            yield first, last


def _bind(entry: Entry, contacted: bool) -> str:
    """Where the listener belongs: ``network``, ``loopback``, or ``any`` if no host contacts it."""
    if entry.exposure in ("local_only", "tunnel_local"):
        return "loopback"
    return "network" if contacted else "any"


def _is_required(entry: Entry, protocol: str, contacted: bool) -> bool:
    """Whether a missing listener is a fault."""
    if entry.confidence == "low":
        return False
    if entry.exposure == "local_only":
        # The catalog does not know which of the services for any host run on this one.
        return all("any_host" not in flow.listeners for flow in entry.flows)
    # The documents also list UDP for the replication of HA pairs, but it uses TCP.
    return contacted and not (entry.exposure == "ha" and protocol == UDP)

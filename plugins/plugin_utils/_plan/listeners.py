# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sockets that are right to be there: where they belong, and whether a missing one is a fault."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, merge_ranges
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import SourceClass
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import ICMP, UDP, Listener

#: A range up to this size is so many ports to listen on; a larger one is room that services take ports from.
_LARGEST_LISTED_RANGE = 16


class Listeners:
    """The sockets of the catalog's entries. Hosts with the same sockets for the same peers share them."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], tuple[Listener, ...]] = {}

    def of(self, entry: Entry, ports: tuple[PortRange, ...], sources: Collection[SourceClass]) -> tuple[Listener, ...]:
        """The sockets of *entry* on a host where it has *ports* and *sources* contact it; nobody does if empty."""
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
    """The socket that *services* of *entry* were found to have."""
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
    """Networks outside are left out: whether they contact the host is not checked."""
    return tuple(sorted(source.label for source in sources if source.hosts))


def _single_ports(ranges: tuple[PortRange, ...]) -> Iterator[PortRange]:
    for first, last in merge_ranges(ranges):
        if last - first < _LARGEST_LISTED_RANGE:
            yield from ((port, port) for port in range(first, last + 1))
        else:
            yield first, last


def _bind(entry: Entry, contacted: bool) -> str:
    """Where the entry's socket belongs: on the network, on loopback, or nobody says."""
    if entry.exposure in ("local_only", "tunnel_local"):
        return "loopback"
    return "network" if contacted else "any"


def _is_required(entry: Entry, protocol: str, contacted: bool) -> bool:
    """Whether a missing listener is a fault."""
    if entry.confidence == "low":
        return False
    if entry.exposure == "local_only":
        # Which of the services on "every host" run depends on more than the catalog knows.
        return all("any_host" not in flow.listeners for flow in entry.flows)
    # The documents give UDP for the replication of HA pairs too, but it speaks TCP.
    return contacted and not (entry.exposure == "ha" and protocol == UDP)

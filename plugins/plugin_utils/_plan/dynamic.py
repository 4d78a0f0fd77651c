# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Discovered ports in the plan: those that are recent and that no other catalog entry has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import KIND_OF, Discoveries, Discovery, Found
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import DiscoveredService, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Topology
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import parse_time

#: A host's clock may be so far ahead of this one's; more, and an age means nothing.
_CLOCKS_DIFFER = 300.0

#: A wider range of the catalog is room that services take ports from, random ones too.
_LARGEST_OWN_RANGE = 16

#: The maximum number of hosts that a warning names; the others are counted.
_SHOWN = 10


@dataclass(frozen=True)
class Taken:
    """The ports that one dynamic entry has on one host at present."""

    entry: Entry
    services: tuple[DiscoveredService, ...]
    at: str


class DynamicPorts:
    """Selects the discovered ports that the plan uses, and collects the reasons for the others."""

    def __init__(self, topology: Topology, discoveries: Discoveries) -> None:
        self._wanted = topology.dynamic_ports
        self._discoveries = discoveries
        self._closed: dict[str, None] = {}
        self._not_asked: dict[str, None] = {}
        self._stale: dict[str, str] = {}
        self._silent: list[str] = []
        self._not_theirs: list[str] = []

    def of(self, name: str, entries: Iterable[Entry], cataloged: Sequence[tuple[str, PortRange, str]]) -> list[Taken]:
        """What *entries* have on the host; *cataloged* are the ports that the catalog lists for it."""
        if not self._wanted.use:
            if not self._wanted.declined and any(_row_demands(entry) for entry in entries):
                self._closed[name] = None
            return []
        taken = []
        for entry in entries:
            kind = KIND_OF.get(entry.dynamic.discovery) if entry.dynamic else None
            if kind is None:
                continue
            discovery = self._discoveries.by_host.get(name)
            if discovery is None or kind not in discovery.kinds:
                self._not_asked[name] = None
            elif not self._is_fresh(discovery):
                self._stale[name] = _age(self._discoveries.now - discovery.seconds)
            elif kind in discovery.failures:
                self._silent.append(f"{name}: {entry.id} has no ports in the plan: {discovery.failures[kind]}")
            else:
                taken.append(Taken(entry, self._services(name, entry, kind, discovery, cataloged), discovery.at))
        return taken

    def _is_fresh(self, discovery: Discovery) -> bool:
        return -_CLOCKS_DIFFER <= self._discoveries.now - discovery.seconds <= self._wanted.max_age

    def _services(
        self,
        name: str,
        entry: Entry,
        kind: str,
        discovery: Discovery,
        cataloged: Sequence[tuple[str, PortRange, str]],
    ) -> tuple[DiscoveredService, ...]:
        first, last = entry.dynamic.ports if entry.dynamic else (0, 0)
        services = []
        for found in discovery.services:
            if found.kind != kind or found.protocol not in entry.protocols or not first <= found.port <= last:
                continue
            owners = _owners(found, entry, cataloged)
            if owners:
                # Any user of a host may register a port with rpcbind: it must not open a database.
                self._not_theirs.append(
                    f"{name}: {found.service} claims {found.port}/{found.protocol}, which belongs to "
                    f"{', '.join(owners)}: not opened"
                )
                continue
            services.append(DiscoveredService(service=found.service, protocol=found.protocol, port=found.port))
        return tuple(services)

    def warnings(self) -> list[str]:
        """Sentences that say why the plan lacks dynamic ports of some hosts."""
        warnings = []
        if self._closed:
            warnings.append(
                f"{_names(self._closed)}: row 24 of both documents demands that the console reaches four random ports "
                "of the message broker on each host that is not encrypted (imq_dynamic), and the plan does not open "
                "them: set jsa_dynamic_ports to discovered and run jsa.ports.discover, or set it to none to keep them "
                "closed without this warning"
            )
        if self._not_asked:
            warnings.append(
                f"{_names(self._not_asked)}: the dynamic ports are not known, so they are not opened: "
                "run jsa.ports.discover, in the same run or with jsa_dynamic_ports_file"
            )
        if self._stale:
            hosts = [f"{name} ({age})" for name, age in self._stale.items()]
            warnings.append(
                f"{_names(hosts)}: the dynamic ports are too old for jsa_dynamic_ports_max_age "
                f"({self._wanted.max_age} s), so they are not used: run jsa.ports.discover"
            )
        return [*warnings, *self._silent, *self._not_theirs]


def stale_discoveries(saved: Plan, max_age: int, now: float) -> list[str]:
    """Services of a saved plan whose ports were discovered more than *max_age* seconds before *now*, as texts."""
    return [
        f"{name} ({item.id}, found {item.discovered_at})"
        for name, host in saved.hosts.items()
        for item in host.dynamic
        if item.discovered is not None and now - parse_time(item.discovered_at) > max_age
    ]


def _row_demands(entry: Entry) -> bool:
    """Whether a row of the documents, and not only the site, wants the entry's random ports to be open."""
    return entry.dynamic is not None and entry.dynamic.discovery == "imq_port_mapper"


def _owners(found: Found, entry: Entry, cataloged: Sequence[tuple[str, PortRange, str]]) -> list[str]:
    return sorted(
        {
            owner
            for protocol, (first, last), owner in cataloged
            if protocol == found.protocol
            and owner != entry.id
            and last - first < _LARGEST_OWN_RANGE
            and first <= found.port <= last
        }
    )


def _names(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _age(seconds: float) -> str:
    if seconds < 0:
        return f"discovered {-seconds:.0f} s in the future: a clock is wrong"
    if seconds < 7200:
        return f"{seconds:.0f} s old"
    return f"{seconds / 3600:.1f} hours old"

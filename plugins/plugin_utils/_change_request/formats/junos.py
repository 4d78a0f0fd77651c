# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Junos SRX: ``set`` lines that add to what is there, and ``delete`` lines for what an earlier plan had.

There is one policy for each destination address and service, named after both. Who contacts it are members of the
policy, so that one more host is one more line, and no name changes.
"""

from __future__ import annotations

import re

from collections.abc import Iterable, Iterator

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import (
    End,
    Note,
    Output,
    Request,
    RequestedFlow,
    cidr_key,
    counted,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.names import (
    PREFIX,
    cidr_name,
    harmless,
    hashed_name,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.reasons import Reasons
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.tables import Settings

ADDS, DELETES = "junos.set", "junos_delete.set"
FILES = (ADDS, DELETES)

#: Addresses in a set or a policy: the smaller models have 1,023 and 1,024.
MOST_MEMBERS = 1000

_LONGEST_DESCRIPTION = 240

_ADDRESS = "security address-book global address "
_SET = "security address-book global address-set "
_APPLICATION = "applications application "
_POLICY = "security policies "
#: What is named stands before what names it.
_ORDER = (_ADDRESS, _SET, _APPLICATION, _POLICY)

_ANYONE = {"0.0.0.0/0": "any-ipv4", "::/0": "any-ipv6"}
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_GLOBAL = "global"


class _Configuration:
    """What the lines for some flows configure."""

    def __init__(self, flows: Iterable[RequestedFlow], named_zones: bool, reasons: Reasons) -> None:
        flows = tuple(flows)
        self._reasons = reasons
        self._sets = _addresses_by_name(flows)
        #: The path of each object, which is deleted as a whole -> what follows the path in its lines. True where
        #: another value takes its place, False where one adds to the others.
        self._objects: dict[str, dict[str, bool]] = {}
        policies: dict[tuple[str, str, str, PortRange | None], list[RequestedFlow]] = {}
        for flow in flows:
            key = (_context(flow, named_zones), flow.destination.cidr, flow.protocol, flow.ports)
            policies.setdefault(key, []).append(flow)
        for (context, *_service), members in policies.items():
            self._add_policies(context, members)
        self.objects = sorted(
            self._objects.items(), key=lambda item: [item[0].startswith(kind) for kind in _ORDER], reverse=True
        )

    def lines_beyond(self, other: _Configuration) -> Iterator[str]:
        """The ``set`` lines that *other* does not have."""
        for path, leaves in self.objects:
            known = other._objects.get(path, {})
            yield from (f"set {path} {leaf}" for leaf in leaves if leaf not in known)

    def deletions_beyond(self, other: _Configuration) -> Iterator[str]:
        """``delete`` lines for what *other* does not have: who names an object before the object."""
        for path, leaves in reversed(self.objects):
            kept = other._objects.get(path)
            if kept is None:
                yield f"delete {path}"
            else:
                gone = [leaf for leaf, replaced in leaves.items() if not replaced and leaf not in kept]
                yield from (f"delete {path} {leaf}" for leaf in gone)

    def _add(self, path: str, leaf: str, replaced: bool = False) -> None:
        self._objects.setdefault(path, {})[leaf] = replaced

    def _add_policies(self, context: str, members: list[RequestedFlow]) -> None:
        """The policy of one destination and service; several where it has too many sources for one."""
        one = members[0]
        ids = tuple(sorted({entry for flow in members for entry in flow.ids}))
        ports = f"_{format_ports(one.ports)}" if one.ports else ""
        name = f"{cidr_name(one.destination.cidr).rpartition('_')[0]}_{one.protocol}{ports}"
        for number, sources in _chunks(self._sources(members)):
            path = f"{_POLICY}{context} policy {name}{number}"
            self._add(path, f'description "{self._description(one.destination, ids)}"', replaced=True)
            for source in sources:
                self._add(path, f"match source-address {source}")
            self._add(path, f"match destination-address {self._address(one.destination)}")
            self._add(path, f"match application {self._application(one.protocol, one.ports, one.version)}")
            self._add(path, "then permit")
            self._add(path, "then log session-init")

    def _description(self, destination: End, ids: tuple[str, ...]) -> str:
        reason = self._reasons.of(ids)
        text = f"{destination.name}: {reason.application} ({', '.join(ids)}); {reason.reference}"
        return harmless(text, _LONGEST_DESCRIPTION)

    def _sources(self, members: list[RequestedFlow]) -> list[str]:
        """Names of addresses; of a set instead, where all its members are sources."""
        found: dict[str, None] = {}
        cidrs = {flow.source.cidr for flow in members}
        for flow in members:
            key = _set_key(flow.source)
            everybody = self._sets[key]
            if len(everybody) == 1 or not cidrs.issuperset(everybody):
                found[self._address(flow.source)] = None
                continue
            for number, part in _chunks(everybody):
                name = hashed_name((*key, number))
                for cidr in part:
                    self._add(_SET + name, f"address {self._address(End(flow.source.names, cidr, ''))}")
                found[name] = None
        return list(found)

    def _address(self, end: End) -> str:
        if end.cidr in _ANYONE:
            return _ANYONE[end.cidr]
        name = cidr_name(end.cidr)
        self._add(_ADDRESS + name, end.cidr, replaced=True)
        return name

    def _application(self, protocol: str, ports: PortRange | None, version: int) -> str:
        if ports is None:
            word = protocol if version == 4 else f"{protocol}6"
            self._add(f"{_APPLICATION}{PREFIX}{word}", f"protocol {word}", replaced=True)
            return f"{PREFIX}{word}"
        name = f"{PREFIX}{protocol}_{format_ports(ports)}"
        self._add(_APPLICATION + name, f"protocol {protocol}", replaced=True)
        self._add(_APPLICATION + name, f"destination-port {format_ports(ports)}", replaced=True)
        return name


def render_junos(request: Request, settings: Settings) -> Output:
    """The lines to add, and those to delete where there is an earlier plan."""
    wanted = _Configuration(request.wanted, request.named_zones, settings.reasons)
    earlier = _Configuration(request.before or (), request.named_zones, settings.reasons)
    files: dict[str, str | bytes] = {ADDS: _text(wanted.lines_beyond(earlier))}
    notes = [
        f"{ADDS}: enter it with load set, commit confirmed 5, and commit",
        "new policies come behind those that are there: if one of these denies the packets, use insert to move the "
        "new ones before it",
    ]
    if request.before is not None:
        files[DELETES] = _text(earlier.deletions_beyond(wanted))
        notes.append(
            f"{DELETES}: enter it after {ADDS}. It deletes only what this playbook has written for the earlier plan"
        )
    if request.named_zones:
        zones = {end.zone for flow in request.flows for end in (flow.source, flow.destination) if end.zone}
        notes += [
            f"Junos cannot have a zone with the name {zone!r}: its flows are in global policies"
            for zone in sorted(zones)
            if not _ZONE.fullmatch(zone)
        ]
        nowhere = sum(not (flow.source.zone and flow.destination.zone) for flow in request.flows)
        if nowhere:
            notes.append(f"in global policies, because one side is in no zone: {counted(nowhere)}")
    return Output(files, len(request.flows), tuple(map(Note, notes)))


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _context(flow: RequestedFlow, named_zones: bool) -> str:
    """Where the policy of a flow stands."""
    zones = flow.source.zone, flow.destination.zone
    if named_zones and all(_ZONE.fullmatch(zone) for zone in zones):
        return f"from-zone {zones[0]} to-zone {zones[1]}"
    return _GLOBAL


def _set_key(end: End) -> tuple[str, ...]:
    return (*end.names, end.zone, f"ipv{end.version}")


def _addresses_by_name(flows: Iterable[RequestedFlow]) -> dict[tuple[str, ...], list[str]]:
    """All that a source of one name has in one zone and family."""
    found: dict[tuple[str, ...], set[str]] = {}
    for flow in flows:
        found.setdefault(_set_key(flow.source), set()).add(flow.source.cidr)
    return {key: sorted(cidrs, key=cidr_key) for key, cidrs in found.items()}


def _chunks(members: list[str]) -> Iterator[tuple[str, list[str]]]:
    """*members* in parts that are not too long, each with the end of its name."""
    for first in range(0, len(members), MOST_MEMBERS):
        number = first // MOST_MEMBERS
        yield f"_{number + 1}" if number else "", members[first : first + MOST_MEMBERS]

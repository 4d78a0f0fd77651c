# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules: what a host accepts and refuses, merged and sorted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, merge_ranges, subtract
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import SourceClass
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import RefusedRule
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import PROTOCOLS

#: Protocol, ports (None for ICMP), who, and the entry that asks for it.
Wanted = tuple[str, "PortRange | None", SourceClass, str]

_PROTOCOL_ORDER = {protocol: number for number, protocol in enumerate(PROTOCOLS)}


@dataclass
class Accept:
    """One protocol and range, accepted from classes, for catalog entries: an inbound or outbound rule in the making."""

    protocol: str
    #: None for ICMP.
    ports: PortRange | None
    #: Label -> class, and the entries that ask for it.
    classes: dict[str, SourceClass]
    why: dict[str, set[str]]

    @property
    def sort_key(self) -> tuple[int, PortRange]:
        """Sorts rules by protocol, then by ports."""
        return _PROTOCOL_ORDER[self.protocol], self.ports or (0, 0)

    @cached_property
    def all_why(self) -> tuple[str, ...]:
        """Only once merging is done."""
        return tuple(sorted({entry for entries in self.why.values() for entry in entries}))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Only once merging is done."""
        return tuple(sorted(self.classes))

    def take(self, label: str, source: SourceClass, why: Iterable[str]) -> None:
        """Add a source class, and why it is accepted."""
        self.classes.setdefault(label, source)
        self.why.setdefault(label, set()).update(why)


def merge_accepts(wanted: Iterable[Wanted]) -> list[Accept]:
    """The fewest rules that accept the same packets.

    Equal protocol and ports become one rule. What a wider range accepts already from the same peers is left to it,
    and the wider rule then says both reasons.
    """
    rules: dict[tuple[str, PortRange | None], Accept] = {}
    for protocol, ports, source, entry in wanted:
        rule = rules.setdefault((protocol, ports), Accept(protocol, ports, {}, {}))
        rule.take(source.label, source, [entry])
    by_width = sorted(
        (rule for rule in rules.values() if rule.ports), key=lambda rule: _width(rule.ports), reverse=True
    )
    for index, narrow in enumerate(by_width):
        for wide in by_width[:index]:
            _leave_to(narrow, wide)
    return _join_neighbors(rule for rule in rules.values() if rule.classes)


def _width(ports: PortRange | None) -> int:
    return ports[1] - ports[0] if ports else 0


def _leave_to(narrow: Accept, wide: Accept) -> None:
    if narrow.protocol != wide.protocol or not narrow.ports or not wide.ports:
        return
    if not (wide.ports[0] <= narrow.ports[0] and narrow.ports[1] <= wide.ports[1]) or narrow.ports == wide.ports:
        return
    for label, source in list(narrow.classes.items()):
        for other, container in wide.classes.items():
            same_network = source.cidrs and label == other
            same_links = set(source.links) <= set(container.links)
            if same_network or (source.hosts and not source.cidrs and same_links and source.hosts <= container.hosts):
                wide.why[other] |= narrow.why.pop(label)
                del narrow.classes[label]
                break


def _join_neighbors(rules: Iterable[Accept]) -> list[Accept]:
    """Touching ports with the same peers for the same reasons are one range, as 7676 and 7677 are."""
    joined: list[Accept] = []
    for rule in sorted(rules, key=lambda rule: rule.sort_key):
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.ports
            and rule.ports
            and last.protocol == rule.protocol
            and rule.ports[0] == last.ports[1] + 1
            and last.why == rule.why
        ):
            last.ports = (last.ports[0], rule.ports[1])
        else:
            joined.append(rule)
    return joined


def merge_refusals(wanted: Iterable[tuple[str, PortRange, str]]) -> tuple[RefusedRule, ...]:
    """Rules for cataloged ports: overlapping ranges joined, touching ones if the reasons agree."""
    refused: list[tuple[str, PortRange, set[str]]] = []
    by_port: dict[tuple[str, PortRange], set[str]] = {}
    for protocol, ports, entry in wanted:
        by_port.setdefault((protocol, ports), set()).add(entry)
    for (protocol, ports), why in sorted(by_port.items(), key=lambda item: (_PROTOCOL_ORDER[item[0][0]], item[0][1])):
        if refused and refused[-1][0] == protocol:
            (first, last), reasons = refused[-1][1:]
            if ports[0] <= last or (ports[0] == last + 1 and reasons == why):
                refused[-1] = (protocol, (first, max(last, ports[1])), reasons | why)
                continue
        refused.append((protocol, ports, why))
    return tuple(
        RefusedRule(protocol=protocol, ports=ports, why=tuple(sorted(why))) for protocol, ports, why in refused
    )


def without_outside(refused: Iterable[RefusedRule], accepts: Iterable[Accept]) -> tuple[RefusedRule, ...]:
    """Of the *refused* ports those that no network outside of the deployment is let in to."""
    outside: dict[str, list[PortRange]] = {}
    for rule in accepts:
        if rule.ports and any(source.cidrs for source in rule.classes.values()):
            outside.setdefault(rule.protocol, []).append(rule.ports)
    holes = {protocol: merge_ranges(ports) for protocol, ports in outside.items()}
    return tuple(
        rule if part == rule.ports else replace(rule, ports=part)
        for rule in refused
        for part in subtract([rule.ports], holes.get(rule.protocol, []))
    )

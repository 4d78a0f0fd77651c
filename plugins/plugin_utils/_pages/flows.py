# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of flows: a row for each rule of a listener, with the verdicts on its flows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.named import NamedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.marks import tally_of
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Choice, FlowRow
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.people import PeerSets, People
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.model import rule_words

_PROTOCOL_ORDER = {"tcp": 0, "udp": 1, "icmp": 2}


@dataclass
class Rule:
    """What one listener accepts on one range of ports for the same reasons."""

    listener: Choice
    protocol: str
    ports: PortRange | None
    ids: tuple[str, ...]
    peers: dict[Choice, None] = field(default_factory=dict)
    verdicts: Counter[str] = field(default_factory=Counter)

    @property
    def order(self) -> int:
        """Sorts by protocol, then by ports."""
        return port_order(self.protocol, self.ports)


def port_order(protocol: str, ports: PortRange | None) -> int:
    """One number for protocol and ports."""
    first, last = ports or (0, 0)
    return (_PROTOCOL_ORDER.get(protocol, 3) * 65536 + first) * 65536 + last


class Rules:
    """The rules of all listeners."""

    def __init__(self, people: People, flows: Iterable[NamedFlow]) -> None:
        found: dict[tuple[str, str, PortRange | None, tuple[str, ...]], Rule] = {}
        for flow in flows:
            key = flow.listener, flow.protocol, flow.ports, flow.ids
            rule = found.get(key)
            if rule is None:
                rule = found[key] = Rule(people.hosts[flow.listener], flow.protocol, flow.ports, flow.ids)
            rule.peers[people.endpoint(flow.source)] = None
        self.all = tuple(found.values())
        self._people = people
        self._of: dict[tuple[str, str], list[Rule]] = {}
        for rule in self.all:
            self._of.setdefault((rule.listener.name, rule.protocol), []).append(rule)

    def take(self, verdicts: Iterable[Verdict]) -> None:
        """Counts each verdict for the rule that its flow is one of; one about a closed port has none."""
        for item in verdicts:
            rule = self._rule(item)
            if rule is not None:
                rule.verdicts[item.verdict] += 1

    def _rule(self, item: Verdict) -> Rule | None:
        flow = item.flow
        initiator = self._people.hosts.get(flow.initiator)
        if initiator is None or not flow.wanted:
            return None
        fitting = [
            rule
            for rule in self._of.get((flow.listener, flow.protocol), ())
            if initiator in rule.peers and _covers(rule.ports, flow.port)
        ]
        # A range can have the same flow for other reasons.
        same = [rule for rule in fitting if not set(rule.ids).isdisjoint(flow.ids)]
        return min(same or fitting, key=lambda rule: _width(rule.ports), default=None)

    def rows(self, sets: PeerSets, services: Callable[[tuple[str, ...]], str]) -> tuple[FlowRow, ...]:
        """By listener, then by protocol and ports. *services*: the words for ids."""
        rows = []
        seen: set[str] = set()
        for rule in sorted(self.all, key=lambda one: (int(one.listener.key[1:]), one.order)):
            rows.append(
                FlowRow(
                    listener=rule.listener,
                    is_first=rule.listener.key not in seen,
                    peers=sets.of(rule.listener, rule.peers),
                    flows=len(rule.peers),
                    protocol=rule.protocol,
                    port=rule_words(rule.protocol, rule.ports),
                    order=rule.order,
                    services=services(rule.ids),
                    ids=rule.ids,
                    tally=tally_of(rule.verdicts),
                )
            )
            seen.add(rule.listener.key)
        return tuple(rows)


def tallies_by_listener(verdicts: Iterable[Verdict]) -> Mapping[str, Counter[str]]:
    """The number of each verdict by listener."""
    found: dict[str, Counter[str]] = {}
    for item in verdicts:
        found.setdefault(item.flow.listener, Counter())[item.verdict] += 1
    return found


def _covers(ports: PortRange | None, port: int | None) -> bool:
    return port is None if ports is None else port is not None and ports[0] <= port <= ports[1]


def _width(ports: PortRange | None) -> int:
    return ports[1] - ports[0] if ports else 0

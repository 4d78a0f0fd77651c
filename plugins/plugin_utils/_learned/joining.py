# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Joins the traffic of each host with the plan: what it would cut off, what it accepts, and what nobody uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.deciding import (
    ACCEPTED,
    LEFT,
    REFUSED,
    Decider,
    Decision,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import (
    ADDRESS,
    IN,
    HostLearned,
    NotPlanned,
    PlannedSeen,
    PlannedUnseen,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.networks import (
    CidrSet,
    Key,
    Widening,
    cidrs_of,
    collapsed,
    key_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.observations import NOW, TrafficSeen
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.peers import Peer, Peers
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.traffic import Item, PortTraffic, sorted_traffic
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import InboundRule, Plan

#: Addresses that nobody knows are told by the network in which they usually lie. This opens nothing.
_NEIGHBORS = Widening(24, 64)

#: Makes a set of CIDRs that can be asked for an address.
SetOf = Callable[[tuple[str, ...]], CidrSet]


@dataclass(frozen=True)
class Decided:
    """What was seen on one port of a host, by what the plan does with it."""

    host: str
    traffic: PortTraffic
    #: Outcome to what was seen.
    by_outcome: Mapping[str, list[Item]]


@dataclass(frozen=True)
class Joined:
    """What the traffic of one host says, and what it rests on."""

    learned: HostLearned
    decided: tuple[Decided, ...]


class Joiner:
    """Joins one host after the other."""

    def __init__(self, decider: Decider, peers: Peers) -> None:
        self._decider = decider
        self._peers = peers

    def host(self, name: str, traffic: TrafficSeen) -> Joined:
        """What was seen on the host *name*, beside its plan."""
        host = self._decider.planner.topology.hosts[name]
        own = {key_of(text) for text in (*host.addresses, *host.virtual_addresses, *host.crossover_addresses)}
        plan = self._decider.plan
        restricted = plan.hosts[name].outbound is not None
        used = _Used(plan, name, self._decider.set_of)
        cut_off: list[NotPlanned] = []
        left: list[NotPlanned] = []
        accepted: list[PlannedSeen] = []
        decided = []
        for of_port in sorted_traffic(traffic, self._peers, own):
            if of_port.direction != IN and not restricted:
                # It may contact everyone: the listener's own plan decides.
                continue
            groups, by_outcome = self._decide(name, of_port, used)
            decided.append(Decided(name, of_port, by_outcome))
            for (decision, _name), items in groups.items():
                rows = self._rows(name, of_port, items)
                if decision.outcome == ACCEPTED:
                    entries = self._entries(name, of_port, decision)
                    accepted += [PlannedSeen(**row, entries=entries) for row in rows]
                else:
                    into = cut_off if decision.outcome == REFUSED else left
                    into += [NotPlanned(**row, why=decision.why) for row in rows]
        learned = HostLearned(
            state=traffic.state,
            since=traffic.since,
            gaps=traffic.gaps,
            not_recorded=traffic.not_recorded + (traffic.staged.not_recorded if traffic.staged else 0),
            staged=traffic.staged is not None,
            staged_since=traffic.staged.since if traffic.staged else None,
            notes=traffic.notes,
            cut_off=tuple(sorted(cut_off, key=_most_first)),
            left_to_zones=tuple(sorted(left, key=_most_first)),
            planned_seen=tuple(accepted),
            planned_unseen=tuple(self._unseen(name, used)) if traffic.state != NOW and traffic.has_record else (),
        )
        return Joined(learned, tuple(decided))

    def _decide(
        self, name: str, of_port: PortTraffic, used: _Used
    ) -> tuple[dict[tuple[Decision, str], list[Item]], dict[str, list[Item]]]:
        """By decision and name of the far end, and by outcome."""
        on_port = self._decider.on_port(name, of_port.direction, of_port.protocol, of_port.port)
        groups: dict[tuple[Decision, str], list[Item]] = {}
        by_outcome: dict[str, list[Item]] = {ACCEPTED: [], REFUSED: [], LEFT: []}
        for item in of_port.items:
            decision = on_port.decide(item.peer)
            by_outcome[decision.outcome].append(item)
            groups.setdefault((decision, "" if item.peer.kind == ADDRESS else item.peer.name), []).append(item)
            if of_port.direction == IN:
                used.add(decision.rules, item.peer)
        return groups, by_outcome

    def _rows(self, name: str, of_port: PortTraffic, items: list[Item]) -> Iterator[dict[str, Any]]:
        """The fields of Seen, for *items* of one far end, or of addresses that nobody knows."""
        service = self._decider.service(name, of_port.direction, of_port.protocol, of_port.port)
        known = items[0].peer
        if known.kind != ADDRESS:
            yield _row(name, known.name, of_port, service, items, cidrs_of({item.peer.key for item in items}))
            return
        by_key: dict[Key, list[Item]] = {}
        for item in items:
            by_key.setdefault(item.peer.key, []).append(item)
        for cidr, keys in collapsed(by_key, _NEIGHBORS).items():
            mine = [item for key in keys for item in by_key[key]]
            shown = mine[0].peer.address if len(keys) == 1 else cidr
            yield _row(name, shown, of_port, service, mine, cidrs_of(keys))

    def _entries(self, name: str, of_port: PortTraffic, decision: Decision) -> tuple[str, ...]:
        host = self._decider.plan.hosts[name]
        rules = host.inbound if of_port.direction == IN else host.outbound or ()
        return tuple(dict.fromkeys(entry for number in decision.rules for entry in rules[number].why))

    def _unseen(self, name: str, used: _Used) -> Iterator[PlannedUnseen]:
        for rule, ports, missing, others in used.unseen():
            yield PlannedUnseen(
                sources=tuple(missing),
                target=name,
                protocol=rule.protocol,
                ports=ports,
                service=self._decider.services(rule.why),
                entries=rule.why,
                others_seen=others,
            )


class _Used:
    """Which of those that the rules of a host accept were seen."""

    def __init__(self, plan: Plan, name: str, set_of: SetOf) -> None:
        self._rules = plan.hosts[name].inbound
        self._expected = [_expected(plan, name, rule, set_of) for rule in self._rules]
        self._seen: list[set[str]] = [set() for _rule in self._rules]

    def add(self, numbers: Iterable[int], peer: Peer) -> None:
        """*peer* used the rules of these numbers."""
        for number in numbers:
            seen, (hosts, networks) = self._seen[number], self._expected[number]
            if peer.host is not None and peer.host in hosts:
                seen.add(peer.host)
            elif not networks.keys() <= seen:
                seen.update(label for label, cidrs in networks.items() if label not in seen and peer.key in cidrs)

    def unseen(self) -> Iterator[tuple[InboundRule, PortRange, list[str], bool]]:
        """Each rule with somebody who was not seen, its ports, their names, and whether others were seen.

        ICMP has no ports, and is in no record.
        """
        for rule, seen, (hosts, networks) in zip(self._rules, self._seen, self._expected, strict=True):
            missing = [name for name in (*sorted(hosts), *networks) if name not in seen]
            if missing and rule.ports:
                yield rule, rule.ports, missing, bool(seen)


def _most_first(row: NotPlanned) -> tuple[bool, int, int, int, str]:
    """What is open now, then what is used most."""
    return not row.open_now, -(row.connections or 0), -row.peers, row.port, row.source


def _row(
    name: str, far: str, of_port: PortTraffic, service: str, items: list[Item], addresses: tuple[str, ...]
) -> dict[str, Any]:
    """The fields of Seen for *items*, which have one far end."""
    counted = [item.connections for item in items if item.connections is not None]
    times = [item.last_seen for item in items if item.last_seen is not None]
    source, target = (far, name) if of_port.direction == IN else (name, far)
    return {
        "source": source,
        "target": target,
        "direction": of_port.direction,
        "kind": items[0].peer.kind,
        "addresses": addresses,
        "peers": len({item.peer.key for item in items}),
        "protocol": of_port.protocol,
        "port": of_port.port,
        "service": service,
        "process": next((item.process for item in items if item.process is not None), None),
        "connections": sum(counted) if counted else None,
        # In UTC, all of one form.
        "last_seen": max(times, default=None),
        "open_now": any(item.open_now for item in items),
        "staged": any(item.staged for item in items),
    }


def _expected(plan: Plan, name: str, rule: InboundRule, set_of: SetOf) -> tuple[set[str], dict[str, CidrSet]]:
    """The hosts and the networks that a rule of the host *name* accepts."""
    classes = [(label, plan.source_classes.get(label)) for label in rule.source_classes]
    if not classes or any(one is None for _label, one in classes):
        # A plan of others: nobody has a name.
        return set(), {cidr: set_of((cidr,)) for cidr in rule.sources}
    hosts = {host for _label, one in classes if one is not None for host in one.hosts} - {name}
    return hosts, {label: set_of(one.networks) for label, one in classes if one is not None and one.networks}

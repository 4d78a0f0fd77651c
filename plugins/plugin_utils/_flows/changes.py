# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs between two plans, flow by flow and by names.

A flow is one source with its CIDRs, and a port of one listener. How a plan collapses CIDRs, and which of its ranges
covers a port, is no difference. The time that it takes grows with the rules and with what differs, not with the pairs
of hosts. Only where all pairs differ, they are all in the result.
"""

from __future__ import annotations

import dataclasses

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports, merge_ranges, subtract
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.alike import Alike
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.destinations import PortsOf, contacts
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.named import (
    HOST,
    Directory,
    Endpoint,
    Member,
    NamedFlow,
    Peers,
    endpoint_text,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.spans import cidrs_of, meet, span_of, spans_of, without
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan, InboundRule, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import PortRange
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import PROTOCOLS

#: What a range of ports is for ICMP, which has none.
_NO_PORTS: PortRange = (0, 0)

#: Keys of a host's plan that are compared as flows or as ports, or that follow from these.
_NOT_ATTRIBUTES = ("inbound", "outbound", "refused", "internal", "dynamic", "listeners")
_ATTRIBUTES = tuple(one.name for one in dataclasses.fields(HostPlan) if one.name not in _NOT_ATTRIBUTES)
#: Of a plan, what is compared for the whole deployment.
_OF_DEPLOYMENT = ("release", "data_ports", "confidences")

_PROTOCOL_ORDER = {protocol: number for number, protocol in enumerate(PROTOCOLS)}


@dataclass(frozen=True, slots=True)
class OtherChange:
    """What differs in a plan and is no flow to a host."""

    #: None for the whole deployment.
    host: str | None
    #: The key in the plan's file, such as ``unlisted`` or ``outbound``.
    what: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanChanges:
    """What differs between two plans. A host that one of them does not have is in it with all of its flows."""

    hosts_removed: tuple[str, ...] = ()
    hosts_added: tuple[str, ...] = ()
    #: By listener, protocol, ports and source. The CIDRs of a source are those that are removed: a network can keep
    #: others.
    removed: tuple[NamedFlow, ...] = ()
    added: tuple[NamedFlow, ...] = ()
    #: By host, those of the whole deployment first; of hosts that both plans have.
    others: tuple[OtherChange, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) for one in dataclasses.fields(self))


def plan_changes(old: Plan, new: Plan) -> PlanChanges:
    """What *new* has that *old* has not, and the other way round."""
    return _Comparison(old, new).changes()


class _Rule:
    """One rule with its peers, which are looked up only where they are asked for."""

    def __init__(self, directory: Directory, listener: str, rule: InboundRule) -> None:
        self.rule = rule
        self.ports = rule.ports or _NO_PORTS
        self._directory = directory
        self._listener = listener

    @cached_property
    def _peers(self) -> tuple[Peers, str | None]:
        return self._directory.peers(self._listener, self.rule.sources, self.rule.source_classes)

    @property
    def members(self) -> frozenset[Member]:
        return self._peers[0].members

    @property
    def left_out(self) -> str | None:
        """The listener, where it is one of the members and none of the peers."""
        return self._peers[1]

    def admits(self, member: Member) -> bool:
        # Most rules do not have the addresses at all, whoever their peers are.
        if not meet([span_of(member[2])], self._directory.spans(self.rule.sources)):
            return False
        return member in self.members and member[:2] != (HOST, self.left_out)


#: A host's rules by protocol.
_Rules = dict[str, list[_Rule]]


class _Comparison:
    """Both plans, and what was found out about them so far."""

    def __init__(self, old: Plan, new: Plan) -> None:
        self._old, self._new = old, new
        self._before, self._after = Directory(old), Directory(new)
        self._alike = Alike(old, new, self._before, self._after)
        #: Members that only one of two sets has, by the identity of the sets. These are kept: ids are used again.
        self._apart: dict[tuple[int, int], tuple[frozenset[Member], frozenset[Member], frozenset[Member]]] = {}

    def changes(self) -> PlanChanges:
        old, new = self._old.hosts, self._new.hosts
        removed: list[NamedFlow] = []
        added: list[NamedFlow] = []
        others = list(_differing(None, _settings(self._old), _settings(self._new)))
        for name in sorted({*old, *new}):
            before, after = old.get(name), new.get(name)
            if before is None or after is None or not self._has_same_flows(before, after):
                was = _rules(self._before, name, before)
                now = _rules(self._after, name, after)
                candidates = self._candidates(was, now)
                removed += _flows(name, candidates, was, now)
                added += _flows(name, candidates, now, was)
            if before is not None and after is not None:
                others += self._others(name, before, after)
        return PlanChanges(
            hosts_removed=tuple(sorted(old.keys() - new.keys())),
            hosts_added=tuple(sorted(new.keys() - old.keys())),
            removed=tuple(removed),
            added=tuple(added),
            others=tuple(others),
        )

    def _has_same_flows(self, before: HostPlan, after: HostPlan) -> bool:
        return before.inbound == after.inbound and all(map(self._alike.names_the_same, after.inbound))

    def _candidates(self, was: _Rules, now: _Rules) -> dict[str, set[Member]]:
        """By protocol, the members of rules that are not on both sides."""
        found: dict[str, set[Member]] = {}
        for protocol in {*was, *now}:
            by_ports: dict[PortRange, tuple[list[_Rule], list[_Rule]]] = defaultdict(lambda: ([], []))
            for side, rules in enumerate((was, now)):
                for rule in rules.get(protocol, ()):
                    by_ports[rule.ports][side].append(rule)
            members: set[Member] = set()
            for ours, theirs in by_ports.values():
                if len(ours) == len(theirs) == 1:
                    members |= self._only_one_has(ours[0], theirs[0])
                else:
                    members.update(*(rule.members for rule in (*ours, *theirs)))
            if members:
                found[protocol] = members
        return found

    def _only_one_has(self, was: _Rule, now: _Rule) -> frozenset[Member]:
        if was.rule == now.rule and self._alike.names_the_same(now.rule):
            return frozenset()
        ours, theirs = was.members, now.members
        if was.left_out != now.left_out:
            return ours | theirs
        key = id(ours), id(theirs)
        if key not in self._apart:
            self._apart[key] = ours, theirs, ours ^ theirs
        return self._apart[key][2]

    def _others(self, name: str, before: HostPlan, after: HostPlan) -> Iterator[OtherChange]:
        keys = [key for key in _ATTRIBUTES if getattr(before, key) != getattr(after, key)]
        was_set, now_set = ({key: _items(getattr(host, key)) for key in keys} for host in (before, after))
        yield from _differing(name, was_set, now_set)
        if before.refused != after.refused:
            was, now = _refused(before), _refused(after)
            yield from _of_host(name, "refused", _ports_of(was, now), _ports_of(now, was))
        if before.outbound != after.outbound:
            was, now = contacts(self._before, name, before), contacts(self._after, name, after)
            yield from _of_host(name, "outbound", _ports_of(was, now), _ports_of(now, was))
        if before.dynamic != after.dynamic:
            was_open, now_open = _dynamic(before), _dynamic(after)
            removed = _sources_of(name, was_open, now_open, self._before)
            yield from _of_host(name, "dynamic", removed, _sources_of(name, now_open, was_open, self._after))


def _rules(directory: Directory, listener: str, host: HostPlan | None) -> _Rules:
    found: _Rules = {}
    for rule in host.inbound if host else ():
        found.setdefault(rule.protocol, []).append(_Rule(directory, listener, rule))
    return found


def _flows(listener: str, candidates: dict[str, set[Member]], ours: _Rules, theirs: _Rules) -> Iterator[NamedFlow]:
    """What *ours* accept from the candidates and *theirs* do not."""
    found: dict[tuple[str, PortRange, str, str], tuple[list[str], set[str]]] = {}
    for protocol, members in candidates.items():
        for member in members:
            rules = [rule for rule in ours.get(protocol, ()) if rule.admits(member)]
            others = merge_ranges(rule.ports for rule in theirs.get(protocol, ()) if rule.admits(member))
            kind, name, cidr = member
            # Ports side by side are as a rule of different services.
            for ports in subtract(merge_ranges((rule.ports for rule in rules), adjacent=False), others):
                cidrs, ids = found.setdefault((protocol, ports, kind, name), ([], set()))
                cidrs.append(cidr)
                ids.update(one for rule in rules if _meet(rule.ports, ports) for one in rule.rule.why)
    for (protocol, ports, kind, name), (cidrs, ids) in sorted(found.items(), key=lambda item: _flow_key(*item[0])):
        source = Endpoint(kind, name, tuple(sorted(cidrs, key=span_of)))
        yield NamedFlow(listener, source, protocol, None if ports == _NO_PORTS else ports, tuple(sorted(ids)))


def _meet(one: PortRange, other: PortRange) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _flow_key(protocol: str, ports: PortRange, kind: str, name: str) -> tuple[int, PortRange, bool, str]:
    return _PROTOCOL_ORDER[protocol], ports, kind != HOST, name


def _of_host(host: str, what: str, removed: Iterable[str], added: Iterable[str]) -> Iterator[OtherChange]:
    change = OtherChange(host, what, tuple(removed), tuple(added))
    if change.removed or change.added:
        yield change


def _refused(host: HostPlan) -> PortsOf:
    found: dict[tuple[str, str], list[PortRange]] = {}
    for rule in host.refused:
        found.setdefault((rule.protocol, ""), []).append(rule.ports)
    return found


def _ports_of(ours: PortsOf, theirs: PortsOf) -> Iterator[str]:
    """The ports, with what they are for, that only *ours* have."""
    for (protocol, words), ranges in ours.items():
        others = merge_ranges(theirs.get((protocol, words), ()))
        for ports in subtract(merge_ranges(ranges), others):
            yield " ".join(part for part in (protocol, format_ports(ports), words) if part)


#: Ports that services choose, and from where: protocol, ports and entry.
_Dynamic = dict[tuple[str, "PortRange | None", str], tuple[str, ...]]


def _dynamic(host: HostPlan) -> _Dynamic:
    return {(protocol, one.ports, one.id): one.sources for one in host.dynamic for protocol in one.protocols}


def _sources_of(listener: str, ours: _Dynamic, theirs: _Dynamic, directory: Directory) -> Iterator[str]:
    """The services that only *ours* have, and the sources of the others that only *ours* have."""
    for key, cidrs in ours.items():
        protocol, ports, entry = key
        words = " ".join(part for part in (protocol, format_ports(ports) if ports else "", entry) if part)
        if key not in theirs:
            yield words
            continue
        gone = tuple(cidr for span in without(spans_of(cidrs), spans_of(theirs[key])) for cidr in cidrs_of(span))
        for source in directory.endpoints(listener, gone):
            yield f"{words} from {endpoint_text(source)}"


#: Key of the plan's file to what it says, a text for each item.
_Attributes = dict[str, tuple[str, ...]]


def _differing(host: str | None, was: _Attributes, now: _Attributes) -> Iterator[OtherChange]:
    for key in now:
        if was[key] != now[key]:
            before, after = set(was[key]), set(now[key])
            removed = tuple(item for item in was[key] if item not in after)
            added = tuple(item for item in now[key] if item not in before)
            if removed or added:
                yield OtherChange(host, key, removed, added)


def _settings(plan: Plan) -> _Attributes:
    return {key: _items(getattr(plan, key)) for key in _OF_DEPLOYMENT}


def _items(value: Any) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    if isinstance(value, tuple):
        return tuple(map(str, value))
    return () if value is None else (str(value),)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is in the way of a probe that did not get through, although it should: one of the two hosts, or neither."""

from __future__ import annotations

import ipaddress

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import (
    INITIATOR,
    LISTENER,
    Passage,
    Path,
    key_at,
    source_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import ExpectedFlow

#: Verdict and reason.
Finding = tuple[str, str]

_SEEN = {
    "refused": "the connection was refused",
    "prohibited": "a firewall refused it",
    "no_answer": "the probe got no answer",
    "open_or_filtered": "UDP gives no answer",
}


@dataclass(frozen=True)
class FlowEvidence:
    """One flow with everything that was seen of it."""

    plan: Mapping[str, Any]
    observations: Mapping[str, HostObservation]
    flow: ExpectedFlow
    probe: Mapping[str, Any]
    #: Whether the listener serves the address; None where nobody looked.
    listens: bool | None

    @property
    def result(self) -> str:
        return str(self.probe["result"])

    @property
    def by(self) -> str | None:
        return self.probe.get("by")

    @property
    def initiator(self) -> HostObservation:
        return self.observations[self.flow.initiator]

    @property
    def listener(self) -> HostObservation:
        return self.observations[self.flow.listener]

    @property
    def source(self) -> str | None:
        return source_of(self.plan, self.flow)

    def path(self, role: str) -> Path | None:
        host = self.listener if role == LISTENER else self.initiator
        return host.paths.get(key_at(role, self.source, self.flow)) if self.source else None

    def has(self, name: str, address: str | None) -> bool:
        """Whether *address* is one of the host's, in the inventory or on its interfaces."""
        return address in self.plan["hosts"][name]["addresses"] or address in (self.observations[name].addresses or {})

    def foreign(self, name: str, address: str | None) -> bool:
        """Whether the host, asked, does not have *address*."""
        own = self.observations[name].addresses
        return own is not None and address is not None and address not in own

    def owner(self, address: str) -> str | None:
        """The host of the deployment that has *address*, as far as that was seen."""
        return next((name for name, one in self.observations.items() if address in (one.addresses or {})), None)


def not_its_address(case: FlowEvidence) -> Finding | None:
    """The inventory gives the listener an address that the host does not have."""
    flow = case.flow
    if not case.foreign(flow.listener, flow.address):
        return None
    other = case.owner(flow.address)
    own = ", ".join(case.listener.addresses or {}) or "none"
    if other:
        return (
            "network",
            f"{flow.address} is an address of {other}, not of {flow.listener} (it has: {own}): "
            "the inventory, or one of the two hosts, has the wrong one",
        )
    what = f"{flow.address}, which the inventory has for {flow.listener}, is not on its interfaces (it has: {own})"
    if case.result == "open":
        return "unverifiable", f"{what}: something answers there, {flow.listener} behind NAT or another machine"
    return "network", f"{what}: the inventory is wrong, or whatever translates the address does not let it through"


def blame(case: FlowEvidence) -> Finding:
    """Of a probe with any result but ``open`` and ``unavailable``, where the listener is there or nobody knows."""
    steps = (
        _initiator,
        _address_of_another,
        _on_the_way,
        _listener,
        not_its_address,
        _unreachable,
        _rationed,
        _kernel,
        _doubtful,
        _unknown_rules,
        _beyond_the_hosts,
    )
    for step in steps:
        found = step(case)
        if found:
            return found
    raise AssertionError("the last step always decides")


def _initiator(case: FlowEvidence) -> Finding | None:
    flow = case.flow
    path = case.path(INITIATOR)
    name = f"{flow.initiator}'s own firewall"
    if path and path.question.refuses:
        return "host_firewall", f"{name} does not let it out{_rule(path.question)}"
    if path and path.answer.refuses:
        return "host_firewall", f"{name} refuses the answer{_rule(path.answer)}"
    if case.result == "prohibited" and not case.by and path and not path.route:
        return "host_firewall", f"{flow.initiator}'s own routes forbid it"
    if case.has(flow.initiator, case.by):
        return "host_firewall", f"{name} refuses what it sends"
    return None


def _address_of_another(case: FlowEvidence) -> Finding | None:
    return not_its_address(case) if case.owner(case.flow.address) else None


def _on_the_way(case: FlowEvidence) -> Finding | None:
    flow, by = case.flow, case.by
    if not by or case.has(flow.listener, by) or case.result == "unreachable":
        return None
    return "network", f"{by}, on the way to {flow.listener}, refuses it"


def _listener(case: FlowEvidence) -> Finding | None:
    path = case.path(LISTENER)
    name = case.flow.listener
    if not path:
        return None
    if path.question.refuses:
        return "host_firewall", f"{name}'s own firewall refuses it{_rule(path.question)}{_drift(case.listener)}"
    if path.answer.refuses:
        return "host_firewall", f"{name}'s own firewall does not let the answer out{_rule(path.answer)}"
    if path.ignored:
        return "host_firewall", f"the kernel of {name} is told not to answer pings (icmp_echo_ignore_all)"
    return None


def _unreachable(case: FlowEvidence) -> Finding | None:
    flow = case.flow
    if case.result != "unreachable":
        return None
    detail = case.probe.get("error") or "no route, or no machine at that address"
    says = f" ({case.by} says so)" if case.by else ""
    if case.listener.listeners is None and case.listener.addresses is None:
        detail += f"; nobody could look at {flow.listener} either: it is down, or cut off"
    return "network", f"{flow.address} cannot be reached: {detail}{says}"


def _rationed(case: FlowEvidence) -> Finding | None:
    if case.probe.get("rate_limited"):
        return "unverifiable", "no answer, but refusals came faster than the peer may send them"
    return None


def _kernel(case: FlowEvidence) -> Finding | None:
    """What the listener's kernel knows of the flow beside its rules."""
    flow = case.flow
    path = case.path(LISTENER)
    if not path:
        return None
    if path.backlog and case.result == "no_answer":
        waiting, limit = path.backlog
        return (
            "service_down",
            f"the service on {flow.listener} takes no more connections: {waiting} wait in a queue for {limit}",
        )
    if not path.route:
        return "network", f"{flow.listener} has no route back to {case.source}"
    if path.half_open:
        return (
            "network",
            f"{flow.listener} gets what {flow.initiator} sends and answers, and the answer is lost on its way back "
            f"{_between(case)}: another path than the question's, or a firewall that saw only one of the two",
        )
    return None


def _doubtful(case: FlowEvidence) -> Finding | None:
    """There is a rule that may be it, depending on what only the packet would tell."""
    flow = case.flow
    for role, name in ((LISTENER, flow.listener), (INITIATOR, flow.initiator)):
        path = case.path(role)
        for passage in (path.question, path.answer) if path else ():
            if passage.doubtful:
                sure = role == LISTENER and case.has(flow.listener, case.by)
                return (
                    "host_firewall" if sure else "unverifiable",
                    f"{_seen(case)}, and a rule on {name} may refuse it{_rule(passage)}"
                    + ("" if sure else "; or something on the way does"),
                )
    return None


def _unknown_rules(case: FlowEvidence) -> Finding | None:
    """Nobody could look at all the rules of one of the two hosts: what is known is whether the plan's are there."""
    flow, target = case.flow, case.listener
    path = case.path(LISTENER)
    if path and path.accepts:
        there = case.path(INITIATOR)
        if there and there.accepts:
            return None
        return (
            "unverifiable",
            f"{_accepts(case)}, {_seen(case)}: something on the way, or {flow.initiator}'s own firewall, which is "
            "not known",
        )
    itself = case.has(flow.listener, case.by)
    if target.firewall_as_planned is False and case.result != "open_or_filtered":
        return "host_firewall", f"{_seen(case)}, and {flow.listener}'s firewall is not as planned{_drift(target)}"
    if itself and target.firewall_as_planned is None:
        return "host_firewall", f"{flow.listener}'s own firewall refuses it"
    if itself:
        return (
            "unverifiable",
            f"{flow.listener} refuses it although its firewall is as planned: a rule beside the plan's, or NAT on the "
            "way that gives the packets another sender",
        )
    if case.listens is None and flow.port:
        return "unverifiable", f"{_seen(case)}, and nobody looked whether {flow.listener} listens"
    known = "its firewall is as planned, but what rules it has beside the plan's"
    if target.firewall_as_planned is None:
        known = "its own firewall or one on the way; its own"
    return "unverifiable", f"{flow.listener} listens, {_seen(case)}: {known} is not known"


def _beyond_the_hosts(case: FlowEvidence) -> Finding:
    """Neither host is in the way, for sure."""
    flow = case.flow
    if case.listens is None and flow.port:
        return "unverifiable", f"{_seen(case)}, and nobody looked whether {flow.listener} listens"
    if case.has(flow.listener, case.by):
        return _itself(case)
    if case.foreign(flow.initiator, case.source):
        own = ", ".join(case.initiator.addresses or {})
        return (
            "network",
            f"{flow.initiator} does not have {case.source}, which the inventory says and {flow.listener} accepts "
            f"(it has: {own}): the inventory is wrong, or something on the way blocks what it should translate",
        )
    if case.result == "open_or_filtered":
        return (
            "unverifiable",
            f"UDP gives no answer; {_accepts(case)}: the service says nothing to strangers, or something "
            f"{_between(case)} drops it",
        )
    verb = "drops" if case.result == "no_answer" else "refuses"
    return "network", f"{_accepts(case)}, {_seen(case)}: a firewall {_between(case)} {verb} it"


def _itself(case: FlowEvidence) -> Finding:
    """The refusal carries the listener's address, and none of its rules refuses the initiator's."""
    flow = case.flow
    if case.foreign(flow.initiator, case.source):
        own = ", ".join(case.initiator.addresses or {})
        return (
            "network",
            f"{flow.listener} accepts {case.source}, which the inventory has for {flow.initiator}, but "
            f"{flow.initiator} does not have it (it has: {own}): the inventory is wrong",
        )
    return (
        "network",
        f"{flow.address} refuses it, although {_accepts(case)}: NAT on the way gives the packets another sender, or "
        "leads them to another machine",
    )


def _seen(case: FlowEvidence) -> str:
    return _SEEN[case.result] + (f" ({case.by})" if case.by else "")


def _accepts(case: FlowEvidence) -> str:
    flow = case.flow
    if not flow.port:
        return f"{flow.listener} answers pings and accepts them from {flow.initiator}"
    return f"{flow.listener} listens on {flow.protocol} {flow.port} and accepts it from {flow.initiator}"


def _rule(passage: Passage) -> str:
    return f": {passage.rule}" if passage.rule else ""


def _between(case: FlowEvidence) -> str:
    """Where between the two hosts, by the networks that they stand in."""
    networks = []
    for host, address in ((case.initiator, case.source), (case.listener, case.flow.address)):
        prefix = (host.addresses or {}).get(address or "")
        if prefix is None:
            return "on the way"
        networks.append(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
    if networks[0] == networks[1]:
        return f"inside {networks[0]}"
    return f"between {networks[0]} and {networks[1]}"


def _drift(target: HostObservation) -> str:
    if not target.firewall_difference:
        return ""
    more = len(target.firewall_difference) - 1
    return f"; it {target.firewall_difference[0]}" + (f" (and {more} more differences)" if more else "")

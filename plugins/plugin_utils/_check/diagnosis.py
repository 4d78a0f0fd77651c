# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which host, or the network, blocks a flow that should work but does not."""

from __future__ import annotations

import ipaddress

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import (
    INITIATOR,
    LISTENER,
    Passage,
    Path,
    key_at,
    sent_from,
    source_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import ProbeAnswer
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan


@dataclass(frozen=True)
class Finding:
    """The verdict on a flow, and why."""

    verdict: str
    reason: str


_SEEN = {
    "refused": "the connection was refused",
    "prohibited": "a firewall rejected the packet",
    "no_answer": "the probe got no answer",
    "open_or_filtered": "UDP got no answer",
}


@dataclass(frozen=True)
class FlowEvidence:
    """One flow with everything that was observed of it."""

    plan: Plan
    observations: Mapping[str, HostObservation]
    flow: ExpectedFlow
    probe: ProbeAnswer
    #: Whether the listener serves the address; None if it was not observed.
    listens: bool | None

    @property
    def result(self) -> str:
        """The result of the probe."""
        return self.probe.result

    @property
    def by(self) -> str | None:
        """The address that sent the ICMP error, None if there was none."""
        return self.probe.by

    @property
    def initiator(self) -> HostObservation:
        """What was observed of the initiator."""
        return self.observations[self.flow.initiator]

    @property
    def listener(self) -> HostObservation:
        """What was observed of the listener."""
        return self.observations[self.flow.listener]

    @property
    def source(self) -> str | None:
        """The initiator's address as the listener sees it, None if it has none of the family."""
        return source_of(self.plan, self.flow)

    @property
    def sent_from(self) -> str | None:
        """The initiator's own address that it sends from; the source, unless NAT translates it."""
        return sent_from(self.plan, self.flow)

    def path(self, role: str) -> Path | None:
        """What the host with this *role* does with the flow's packets, None if it was not evaluated."""
        host = self.listener if role == LISTENER else self.initiator
        key = key_at(role, self.plan, self.flow)
        return None if key is None else host.path_of.get(key)

    def has(self, name: str, address: str | None) -> bool:
        """Whether *address* is one of the host's, in the inventory or on its interfaces."""
        host, own = self.plan.hosts[name], self.observations[name].addresses or {}
        return address in (*host.addresses, *host.public_addresses) or address in own

    def foreign(self, name: str, address: str | None) -> bool:
        """Whether the host, asked, does not have *address*."""
        own = self.observations[name].addresses
        return own is not None and address is not None and address not in own

    def owner(self, address: str) -> str | None:
        """The host of the deployment that has *address*, as far as that was seen."""
        return next((name for name, one in self.observations.items() if address in (one.addresses or {})), None)


def not_its_address(evidence: FlowEvidence) -> Finding | None:
    """The inventory gives the listener an address that the host does not have."""
    flow = evidence.flow
    if not evidence.foreign(flow.listener, flow.arrives_at):
        return None
    other = evidence.owner(flow.arrives_at)
    own = ", ".join(evidence.listener.addresses or {}) or "none"
    if other:
        return Finding(
            "network",
            f"{flow.arrives_at} is an address of {other}, not of {flow.listener} (it has: {own}): "
            "the address is wrong in the inventory or on one of the two hosts",
        )
    what = f"the inventory assigns {flow.arrives_at} to {flow.listener}, which does not have it (it has: {own})"
    if evidence.result == "open":
        return Finding(
            "unverifiable", f"{what}: {flow.listener} behind NAT, or another machine, answers at {flow.address}"
        )
    return Finding("network", f"{what}: the inventory is wrong, or the address translation blocks the packet")


def diagnose(evidence: FlowEvidence) -> Finding:
    """The finding for a probe whose result is not ``open`` or ``unavailable``.

    The listener exists, or could not be observed. The first step that has a finding decides.
    """
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
        found = step(evidence)
        if found:
            return found
    raise AssertionError("the last step always decides")


def _initiator(evidence: FlowEvidence) -> Finding | None:
    flow = evidence.flow
    path = evidence.path(INITIATOR)
    name = f"{flow.initiator}'s own firewall"
    if path and path.question.refuses:
        return Finding("host_firewall", f"{name} blocks the outgoing packet{_rule(path.question)}")
    if path and path.answer.refuses:
        return Finding("host_firewall", f"{name} blocks the answer{_rule(path.answer)}")
    if evidence.result == "prohibited" and not evidence.by and path and not path.route:
        return Finding("host_firewall", f"{flow.initiator}'s own routes prohibit it")
    if evidence.has(flow.initiator, evidence.by):
        return Finding("host_firewall", f"{name} rejects the packets that it sends")
    return None


def _address_of_another(evidence: FlowEvidence) -> Finding | None:
    flow = evidence.flow
    other = evidence.owner(flow.address)
    if flow.translated_to and other:
        return Finding(
            "network",
            f"{flow.address}, which the inventory names as the public address of {flow.listener}, is an address of "
            f"{other} itself: correct jsa_public_address or the address of {other}",
        )
    return not_its_address(evidence) if evidence.owner(flow.arrives_at) else None


def _on_the_way(evidence: FlowEvidence) -> Finding | None:
    flow, by = evidence.flow, evidence.by
    if not by or evidence.has(flow.listener, by) or evidence.result == "unreachable":
        return None
    return Finding("network", f"{by}, on the path to {flow.listener}, rejects it")


def _listener(evidence: FlowEvidence) -> Finding | None:
    path = evidence.path(LISTENER)
    name = evidence.flow.listener
    if not path:
        return None
    if path.question.refuses:
        return Finding(
            "host_firewall", f"{name}'s own firewall blocks it{_rule(path.question)}{_drift(evidence.listener)}"
        )
    if path.answer.refuses:
        return Finding("host_firewall", f"{name}'s own firewall blocks the answer{_rule(path.answer)}")
    if path.ignored:
        return Finding(
            "host_firewall", f"the kernel of {name} is configured not to answer pings (icmp_echo_ignore_all)"
        )
    return None


def _unreachable(evidence: FlowEvidence) -> Finding | None:
    flow = evidence.flow
    if evidence.result != "unreachable":
        return None
    detail = evidence.probe.error or "no route, or no machine has the address"
    says = f" (reported by {evidence.by})" if evidence.by else ""
    if evidence.listener.listeners is None and evidence.listener.addresses is None:
        detail += f"; {flow.listener} could not be observed either: it is down or disconnected"
    return Finding("network", f"{flow.address} cannot be reached: {detail}{says}")


def _rationed(evidence: FlowEvidence) -> Finding | None:
    if evidence.probe.rate_limited:
        return Finding("unverifiable", "no answer, possibly because the peer limits the rate of its ICMP errors")
    return None


def _kernel(evidence: FlowEvidence) -> Finding | None:
    """What the listener's kernel knows about the flow, apart from its rules."""
    flow = evidence.flow
    path = evidence.path(LISTENER)
    if not path:
        return None
    if path.backlog and evidence.result == "no_answer":
        return Finding(
            "service_down",
            f"the service on {flow.listener} accepts no more connections: {path.backlog.waiting} wait in its queue "
            f"of {path.backlog.limit}",
        )
    if not path.route:
        return Finding("network", f"{flow.listener} has no route back to {evidence.source}")
    if path.half_open:
        return Finding(
            "network",
            f"{flow.listener} receives the packets of {flow.initiator} and answers, but the answer is lost "
            f"{_between(evidence)}: it takes another path, or a firewall saw only one direction",
        )
    return None


def _doubtful(evidence: FlowEvidence) -> Finding | None:
    """A rule may reject the packet, depending on conditions that only a real packet has."""
    flow = evidence.flow
    for role, name in ((LISTENER, flow.listener), (INITIATOR, flow.initiator)):
        path = evidence.path(role)
        for passage in (path.question, path.answer) if path else ():
            if passage.doubtful:
                sure = role == LISTENER and evidence.has(flow.listener, evidence.by)
                if evidence.result == "open_or_filtered":
                    # The rule is one explanation among others, and the least likely one.
                    return Finding(
                        "unverifiable",
                        f"{_seen(evidence)}: the service does not answer unknown clients, or a device on the path "
                        f"drops it, or a rule on {name} does, which could not be evaluated{_rule(passage)}",
                    )
                return Finding(
                    "host_firewall" if sure else "unverifiable",
                    f"{_seen(evidence)}, and a rule on {name} may reject it, but could not be evaluated{_rule(passage)}"
                    + ("" if sure else "; or a device on the path does"),
                )
    return None


def _unknown_rules(evidence: FlowEvidence) -> Finding | None:
    """The rules of one of the two hosts could not be read in full: only their comparison with the plan is known."""
    flow, target = evidence.flow, evidence.listener
    path = evidence.path(LISTENER)
    if path and path.accepts:
        there = evidence.path(INITIATOR)
        if there and there.accepts:
            return None
        return Finding(
            "unverifiable",
            f"{_accepts(evidence)}, {_seen(evidence)}: a device on the path blocks it, or {flow.initiator}'s own "
            "firewall, which is not known",
        )
    itself = evidence.has(flow.listener, evidence.by)
    if target.firewall_as_planned is False and evidence.result != "open_or_filtered":
        return Finding(
            "host_firewall", f"{_seen(evidence)}, and {flow.listener}'s firewall differs from the plan{_drift(target)}"
        )
    if itself and target.firewall_as_planned is None:
        return Finding("host_firewall", f"{flow.listener}'s own firewall rejects it")
    if itself:
        return Finding(
            "unverifiable",
            f"{flow.listener} rejects it although its firewall matches the plan: it has an additional rule, or NAT on "
            "the path changes the source address",
        )
    if evidence.listens is None and flow.port is not None:
        return Finding("unverifiable", f"{_seen(evidence)}, and it is not known whether {flow.listener} listens")
    why = "its firewall matches the plan, but its additional rules are not known"
    if target.firewall_as_planned is None:
        why = "its own firewall, which is not known, or a device on the path blocks it"
    return Finding("unverifiable", f"{flow.listener} listens, {_seen(evidence)}: {why}")


def _beyond_the_hosts(evidence: FlowEvidence) -> Finding:
    """Neither host blocks the packet."""
    flow = evidence.flow
    if evidence.listens is None and flow.port is not None:
        return Finding("unverifiable", f"{_seen(evidence)}, and it is not known whether {flow.listener} listens")
    if evidence.has(flow.listener, evidence.by):
        return _itself(evidence)
    if evidence.foreign(flow.initiator, evidence.sent_from):
        own = ", ".join(evidence.initiator.addresses or {})
        return Finding(
            "network",
            f"{flow.initiator} does not have {evidence.sent_from}, which the inventory assigns to it and "
            f"{flow.listener} accepts (it has: {own}): the inventory is wrong, or a device on the path blocks the "
            "packet instead of translating it",
        )
    if evidence.result == "open_or_filtered":
        return Finding(
            "unverifiable",
            f"UDP got no answer; {_accepts(evidence)}: the service does not answer unknown clients, or a device "
            f"{_between(evidence)} drops it",
        )
    verb = "drops" if evidence.result == "no_answer" else "rejects"
    translation = _translation(evidence)
    blocks = f"a firewall {_between(evidence)} {verb} it"
    if translation:
        blocks += f", or NAT does not translate {translation}"
    return Finding("network", f"{_accepts(evidence)}, {_seen(evidence)}: {blocks}")


def _translation(evidence: FlowEvidence) -> str:
    """What the inventory says that NAT does to the packets; empty where it does nothing."""
    flow = evidence.flow
    parts = []
    if evidence.sent_from != evidence.source:
        parts.append(f"{evidence.sent_from} to {evidence.source}")
    if flow.translated_to:
        parts.append(f"{flow.address} to {flow.translated_to}")
    return " and ".join(parts)


def _itself(evidence: FlowEvidence) -> Finding:
    """The rejection has the listener's address, and none of its rules rejects the initiator's."""
    flow = evidence.flow
    if evidence.foreign(flow.initiator, evidence.sent_from):
        own = ", ".join(evidence.initiator.addresses or {})
        return Finding(
            "network",
            f"{flow.listener} accepts {evidence.source}, which the inventory assigns to {flow.initiator}, but "
            f"{flow.initiator} does not have {_it(evidence)} (it has: {own}): the inventory is wrong",
        )
    translation = _translation(evidence)
    nat = f"NAT does not translate {translation}" if translation else "NAT on the path changes the source address"
    return Finding(
        "network",
        f"{flow.address} rejects it, although {_accepts(evidence)}: {nat}, or sends the packets to another machine",
    )


def _it(evidence: FlowEvidence) -> str:
    return "it" if evidence.sent_from == evidence.source else str(evidence.sent_from)


def _seen(evidence: FlowEvidence) -> str:
    return _SEEN[evidence.result] + (f" ({evidence.by})" if evidence.by else "")


def _accepts(evidence: FlowEvidence) -> str:
    flow = evidence.flow
    if flow.port is None:
        return f"{flow.listener} answers pings and accepts them from {flow.initiator}"
    return f"{flow.listener} listens on {flow.protocol} {flow.port} and accepts it from {flow.initiator}"


def _rule(passage: Passage) -> str:
    return f": {passage.rule}" if passage.rule else ""


def _between(evidence: FlowEvidence) -> str:
    """Where between the two hosts, by their networks."""
    networks = []
    for host, address in ((evidence.initiator, evidence.sent_from), (evidence.listener, evidence.flow.arrives_at)):
        prefix = (host.addresses or {}).get(address or "")
        if prefix is None:
            return "on the path"
        networks.append(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
    if networks[0] == networks[1]:
        return f"inside {networks[0]}"
    return f"between {networks[0]} and {networks[1]}"


def _drift(target: HostObservation) -> str:
    if not target.differences:
        return ""
    more = len(target.differences) - 1
    return f"; it {target.differences[0]}" + (f" (and {more} more differences)" if more else "")

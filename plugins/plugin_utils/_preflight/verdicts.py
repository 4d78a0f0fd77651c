# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict on each flow of a preflight: whether a host or the network blocks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import ProbeAnswer
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.verdict import FlowVerdict, in_order
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.contacts import addresses_toward
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.observations import HostPreflight

#: Worst first.
VERDICTS: tuple[str, ...] = ("wrong_host", "network", "host_firewall", "translated", "unverifiable", "ok")

DROPPED = "dropped"
ANSWER_DROPPED = "accepted, but the answer is dropped"
REFUSED = "refused"
UNREACHABLE = "without a route"

_SILENT = ("no_answer", "open_or_filtered")

#: What became of a probe at the other end.
_ANSWERED, _ARRIVED, _NOT_ARRIVED = "answered", "arrived", "not arrived"


@dataclass(frozen=True)
class Verdict(FlowVerdict):
    """That of the preflight."""

    #: What the network does to it: the same for all that one change of a firewall would put right.
    how: str = ""


def guilty_counts(verdicts: Iterable[Verdict]) -> dict[str, Counter[str]]:
    """Host that has to be corrected -> number of flows by verdict. What the network blocks counts for the listener."""
    counts: dict[str, Counter[str]] = {}
    for item in verdicts:
        flow = item.flow
        at_initiator = item.verdict == "translated" or item.reason.startswith(f"{flow.initiator}'s own firewall")
        name = flow.initiator if at_initiator else flow.listener
        counts.setdefault(name, Counter())[item.verdict] += 1
    return counts


def closed_hosts(verdicts: Iterable[Verdict], seen: Mapping[str, HostPreflight]) -> list[str]:
    """Hosts whose own firewall blocks what the plan accepts, because it does not have the plan's rules. Sorted."""
    blocking = guilty_counts(item for item in verdicts if item.verdict == "host_firewall")
    return sorted(name for name in blocking if seen[name].firewall_as_planned is False)


class Diagnosis:
    """Gives each flow a verdict, from the plan's addresses and the observations of all hosts."""

    def __init__(self, plan: Plan, seen: Mapping[str, HostPreflight]) -> None:
        self._hosts = plan.hosts
        self._addresses = {
            name: frozenset((*host.addresses, *host.public_addresses)) for name, host in plan.hosts.items()
        }
        self._everybody = frozenset().union(*self._addresses.values())
        self._seen = seen
        #: (initiator, listener) -> addresses that the initiator was seen under.
        self._aliases: dict[tuple[str, str], set[str]] = {}

    def verdicts(self, flows: Iterable[ExpectedFlow]) -> list[Verdict]:
        """Worst first."""
        known = list(flows)
        for flow in known:
            probe = self._probe(flow)
            if probe is not None and probe.token == "match" and probe.seen_as:
                self._aliases.setdefault((flow.initiator, flow.listener), set()).add(probe.seen_as)
        return in_order(map(self._verdict, known), VERDICTS)

    def _probe(self, flow: ExpectedFlow) -> ProbeAnswer | None:
        return (self._seen[flow.initiator].answers or {}).get(flow.probe_key)

    def _verdict(self, flow: ExpectedFlow) -> Verdict:
        probe, target = self._probe(flow), self._seen[flow.listener]
        if target.standing is None:
            told = f": {target.why_none}" if target.why_none else ""
            return Verdict(flow, "unverifiable", f"{flow.listener} has no temporary listeners{told}")
        if probe is None:
            return Verdict(flow, "unverifiable", f"{flow.initiator} returned no result for the probe")
        if probe.result == "unavailable":
            return Verdict(flow, "unverifiable", f"{flow.initiator} could not probe: {probe.error}")
        if flow.port is None:
            return Verdict(flow, "ok", "") if probe.result == "open" else self._blocked(flow, probe)
        if target.stands(flow):
            return self._answered(flow, probe) if probe.result == "open" else self._blocked(flow, probe)
        return self._not_ours(flow, probe, target)

    def _not_ours(self, flow: ExpectedFlow, probe: ProbeAnswer, target: HostPreflight) -> Verdict:
        """The verdict where another process has the port, or no temporary listener could be started on it."""
        item = target.in_use.get(flow.socket)
        if item is None:
            why = target.not_bound.get(flow.socket, "none was requested")
            return Verdict(flow, "unverifiable", f"{flow.listener} has no temporary listener on this port: {why}")
        who = ", ".join(sorted(set(item.processes))) or "an unknown process"
        if not item.listens:
            reason = f"a connection that {who} has opened on {flow.listener} uses the port; try again"
        elif item.bind == "loopback":
            reason = f"{who} has the port on {flow.listener}, on loopback only"
        elif probe.result == "open":
            return Verdict(flow, "ok", f"in use by {who}, which answers")
        elif flow.protocol == "udp" and probe.result in _SILENT:
            reason = f"{who} has the port on {flow.listener}, and does not answer unknown clients"
        else:
            return self._blocked(flow, probe, who)
        return Verdict(flow, "unverifiable", reason)

    def _answered(self, flow: ExpectedFlow, probe: ProbeAnswer) -> Verdict:
        token = probe.token
        if token == "match":
            return self._seen_under(flow, probe)
        if token == "mismatch" and probe.same_run:
            reason = f"{probe.answered_by} answers at {flow.address}, not {flow.listener}: the inventory has a "
            return Verdict(flow, "wrong_host", f"{reason}wrong address, or NAT on the path changes it")
        if token == "mismatch":
            reason = f"listeners of another run answer at {flow.address}, for {probe.answered_by}; try again later"
            return Verdict(flow, "unverifiable", reason)
        if flow.protocol == "tcp" and self._arrival(flow) in (_ARRIVED, _ANSWERED):
            reason = f"it reaches {flow.listener}, but the answer is lost: a device on the path cuts connections"
            return Verdict(flow, "network", f"{reason} of unknown protocols", "cut short")
        reason = f"{flow.address} is answered, but not by {flow.listener}: another machine has the address, or"
        return Verdict(flow, "wrong_host", f"{reason} a device on the path answers for it")

    def _seen_under(self, flow: ExpectedFlow, probe: ProbeAnswer) -> Verdict:
        seen_as, sent_from = probe.seen_as, probe.sent_from
        expected = addresses_toward(self._hosts[flow.initiator], self._hosts[flow.listener])
        if seen_as in expected:
            return Verdict(flow, "ok", "")
        if seen_as in self._addresses[flow.initiator]:
            reason = (
                f"{flow.listener} sees {flow.initiator} come from {seen_as}, not from {', '.join(expected)}: NAT does "
            )
            return Verdict(flow, "translated", f"{reason}not translate it as jsa_nat_group says", f"seen as {seen_as}")
        if seen_as == sent_from:
            reason = f"{flow.initiator} comes from {seen_as}, an address of its own that is not in the inventory: "
            return Verdict(flow, "translated", f"{reason}add it to its jsa_address")
        reason = f"{flow.listener} sees {flow.initiator} come from {seen_as}: NAT on the path. Rules that accept "
        return Verdict(
            flow,
            "translated",
            f"{reason}{flow.initiator} do not accept this address: set jsa_nat_group and jsa_public_address",
            f"translated to {seen_as}",
        )

    def _arrival(self, flow: ExpectedFlow) -> str | None:
        """Whether the packet reached the listener's host, and was answered; None if it is not known."""
        target = self._seen[flow.listener]
        if not target.watched or flow.port is None:
            return None
        if flow.protocol == "udp" and not target.stands(flow):
            # Of UDP, only questions to our own listeners are watched for; this one was the service's.
            return None
        mine = self._addresses[flow.initiator] | self._aliases.get((flow.initiator, flow.listener), set())
        key = flow.socket
        if any((*key, address) in target.answered for address in mine):
            return _ANSWERED
        if any((*key, address) in target.arrived for address in mine):
            return _ARRIVED
        known = self._everybody.union(*self._aliases.values())
        if any(packet[:2] == key and packet[2] not in known for packet in target.arrived):
            # It may be this flow's, under an address that nobody knows.
            return None
        return _NOT_ARRIVED

    def _blocked(self, flow: ExpectedFlow, probe: ProbeAnswer, who: str | None = None) -> Verdict:
        """*who*: the process that has the port, where it is not ours."""
        result, by = probe.result, probe.by
        to = flow.listener
        if by and by in self._addresses[flow.initiator]:
            return Verdict(flow, "host_firewall", f"{flow.initiator}'s own firewall rejects the packets that it sends")
        if result == "unreachable":
            reason = f"{flow.address} cannot be reached: {probe.error or 'no route, or no machine has the address'}"
            return Verdict(flow, "network", reason, UNREACHABLE)
        if by and by not in self._addresses[to]:
            return Verdict(flow, "network", f"{by}, on the path to {to}, rejects it", f"{REFUSED} by {by}")
        if probe.rate_limited:
            return Verdict(
                flow, "unverifiable", "no answer, possibly because the peer limits the rate of its ICMP errors"
            )
        if self._seen[to].stood is False:
            reason = f"the listeners on {to} ended before the check did: increase jsa_preflight_seconds"
            return Verdict(flow, "unverifiable", reason)
        arrival = self._arrival(flow)
        silent = result in _SILENT
        if arrival == _NOT_ARRIVED:
            if silent:
                return Verdict(flow, "network", f"it does not reach {to}: a device on the path drops it", DROPPED)
            return Verdict(flow, "network", f"a device on the path rejects it with the address of {to}", REFUSED)
        if who is not None and result == "refused" and flow.protocol == "udp":
            reason = f"it is rejected, and {who} has the port: on another address only, or a firewall rejects it"
            return Verdict(flow, "unverifiable", reason)
        if by:
            return Verdict(flow, "host_firewall", f"{to}'s own firewall rejects it")
        if arrival == _ANSWERED:
            reason = f"{to} answers, but the answer does not reach {flow.initiator}"
            return Verdict(flow, "network", f"{reason}: a device on the path drops it", ANSWER_DROPPED)
        if arrival == _ARRIVED and who is None:
            does = "drops" if silent else "rejects"
            return Verdict(flow, "host_firewall", f"it reaches {to}, and {to}'s own firewall {does} it")
        if arrival == _ARRIVED:
            reason = f"it reaches {to}, where {who} has the port: it or {to}'s own firewall blocks the packet"
            return Verdict(flow, "unverifiable", reason)
        return self._without_evidence(flow, "no answer" if silent else "refused")

    def _without_evidence(self, flow: ExpectedFlow, said: str) -> Verdict:
        as_planned = self._seen[flow.listener].firewall_as_planned
        if as_planned:
            how = DROPPED if said == "no answer" else REFUSED
            reason = f"{said}, and {flow.listener}'s own firewall accepts it: a device on the path blocks it"
            return Verdict(flow, "network", reason, how)
        known = "is not known" if as_planned is None else "differs from the plan"
        reason = f"{said}: {flow.listener}'s own firewall, which {known}, or one on the path blocks it"
        return Verdict(flow, "unverifiable", reason)

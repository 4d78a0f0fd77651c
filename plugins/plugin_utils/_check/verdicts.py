# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdicts: what was expected and what was seen, joined into whose fault it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.symptoms import TUNNEL_ENDS, symptoms_of
from ansible_collections.jsa.ports.plugins.plugin_utils._check.by_console import by_console
from ansible_collections.jsa.ports.plugins.plugin_utils._check.diagnosis import (
    Finding,
    FlowEvidence,
    diagnose,
    not_its_address,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._check.drift import opening_line
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import (
    NETWORK,
    HostObservation,
    answer_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import LISTENER
from ansible_collections.jsa.ports.plugins.plugin_utils._check.virtual import VirtualAddresses
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import ProbeAnswer
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.verdict import FlowVerdict, in_order
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan

#: Worst first.
VERDICTS: tuple[str, ...] = (
    "unexpected_open",
    "service_down",
    "host_firewall",
    "network",
    "blocked",
    "unverifiable",
    "ok",
)


@dataclass(frozen=True)
class Verdict(FlowVerdict):
    """That of the check."""

    #: What JSA says where the flow does not work.
    symptoms: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As the result files have it, with ``symptoms`` if there are any."""
        result = super().as_dict()
        if self.symptoms:
            result["symptoms"] = list(self.symptoms)
        return result


#: Where the ends of tunnels stand.
_TUNNEL_PORTS = range(20000, 23001)
#: Verdicts of a flow that does not work.
_BROKEN = ("service_down", "host_firewall", "network", "blocked")


class Diagnosis:
    """Gives each flow a verdict, from the plan and the observations of all hosts."""

    def __init__(self, plan: Plan, observations: Mapping[str, HostObservation]) -> None:
        self._plan = plan
        self._observations = observations
        self._virtual = VirtualAddresses(plan, observations)

    def verdicts(self, flows: Iterable[ExpectedFlow]) -> list[Verdict]:
        """A verdict for each flow that has one, and for missing tunnels, worst first."""
        found = [verdict for flow in flows if (verdict := self._verdict(flow)) is not None]
        found += [_no_tunnels(flow) for flow in self.tunnels() if not self._has_tunnels(flow.listener)]
        return in_order(map(self._with_symptoms, found), VERDICTS)

    def _with_symptoms(self, item: Verdict) -> Verdict:
        if item.verdict not in _BROKEN:
            return item
        tunnelled = any(self._encrypted(name) for name in (item.flow.initiator, item.flow.listener))
        return replace(item, symptoms=symptoms_of(item.flow.ids, tunnelled))

    def _encrypted(self, name: str) -> bool:
        return self._plan.hosts[name].encrypted

    def _verdict(self, flow: ExpectedFlow) -> Verdict | None:
        probe = answer_of(flow, self._observations)
        if not flow.wanted:
            return self._unwanted(flow, probe)
        if self._virtual.is_nowhere_up(flow):
            return self._nowhere_up(flow)
        by_console_only = probe is None and self._observations[flow.initiator].console is not None
        if flow.virtual and not self._virtual.is_up(flow) and not by_console_only:
            return self._somewhere_up(flow, probe)
        target = self._observations[flow.listener]
        listens = target.listens(flow) if flow.port is not None else None
        if listens is False:
            return self._without_listener(flow, probe)
        if by_console_only:
            found = by_console(flow, self._plan, self._observations)
            return None if found is None else _verdict(flow, found)
        if probe is None or probe.result == "unavailable":
            return _not_probed(flow, probe)
        evidence = FlowEvidence(self._plan, self._observations, flow, probe, listens)
        if probe.result == "open":
            return _verdict(flow, not_its_address(evidence) or Finding("ok", ""))
        return _verdict(flow, diagnose(evidence))

    def _nowhere_up(self, flow: ExpectedFlow) -> Verdict | None:
        if not flow.required and not self._virtual.is_served(flow):
            return None
        nodes = " nor ".join(self._virtual.nodes(flow))
        reason = f"neither {nodes} has the virtual address {flow.address} of their HA pair: no node is active"
        return Verdict(flow, "service_down", reason)

    def _somewhere_up(self, flow: ExpectedFlow, probe: ProbeAnswer | None) -> Verdict | None:
        """The node that has the virtual address could not be asked, so nobody knows what it does with the packet."""
        if probe is None and not flow.required:
            return None
        if probe is None or probe.result == "unavailable":
            return _not_probed(flow, probe)
        if probe.result == "open":
            return Verdict(flow, "ok", "")
        nodes = " and ".join(self._virtual.nodes(flow))
        reason = f"{flow.address} does not answer, and it is not known which of {nodes} has this virtual address"
        return Verdict(flow, "unverifiable", reason)

    def _without_listener(self, flow: ExpectedFlow, probe: ProbeAnswer | None) -> Verdict | None:
        absent = self._absent(flow)
        if absent is None or probe is None:
            return absent
        socket = (self._observations[flow.listener].listeners or {}).get(flow.socket)
        elsewhere = not_its_address(FlowEvidence(self._plan, self._observations, flow, probe, False))
        if elsewhere and socket is not None and socket.bind == NETWORK:
            return _verdict(flow, elsewhere)
        if probe.result != "open":
            return absent
        return Verdict(
            flow,
            "network",
            f"no service listens on {flow.listener}, but {flow.address} answers: another machine has "
            "the address, or a device on the path answers for it",
        )

    def _unwanted(self, flow: ExpectedFlow, probe: ProbeAnswer | None) -> Verdict | None:
        if probe is None and self._observations[flow.initiator].probes is not None:
            # It probed others when nobody could know of this socket.
            reason = (
                f"no host that should be rejected has tried this port: {flow.initiator} was observed without the "
                f"sockets of {flow.listener}"
            )
            return Verdict(flow, "unverifiable", reason)
        if probe is None or probe.result != "open":
            return None
        evidence = FlowEvidence(self._plan, self._observations, flow, probe, True)
        elsewhere = not_its_address(evidence)
        if elsewhere:
            # Whatever answers there, it is not this host's firewall.
            return _verdict(flow, elsewhere)
        path = evidence.path(LISTENER)
        if path and path.question.refuses:
            reason = (
                f"{flow.listener} rejects {flow.initiator}, but {flow.initiator} connected: NAT on the path changes "
                "the source address"
            )
        else:
            reason = f"{flow.listener} accepts a host that is not one of its sources, so its firewall accepts everyone"
            if not self._observations[flow.listener].is_enforced:
                reason = f"{flow.listener} is not enforced (jsa_firewall_refuse: log), so its rules reject nobody"
            openings = self._observations[flow.listener].openings
            opened = next((one for one in openings if not set(one.why).isdisjoint(flow.ids)), None)
            reason += f": {opening_line(opened)}" if opened else ""
        if self._encrypted(flow.listener):
            reason += "; the host is encrypted, so permitted traffic arrives through its tunnels"
        return Verdict(flow, "unexpected_open", reason)

    def _absent(self, flow: ExpectedFlow) -> Verdict | None:
        """The verdict if no service listens on the network. None if that is not a fault."""
        socket = (self._observations[flow.listener].listeners or {}).get(flow.socket)
        peer = self._plan.hosts[flow.listener].ha_peer
        # On the standby node, nothing has to listen. At the virtual address, something has.
        if peer is not None and peer in self._observations and not flow.virtual:
            other = (self._observations[peer].listeners or {}).get(flow.socket)
            if other is not None and other.bind == NETWORK:
                return None
        if socket is not None and socket.bind is not None:
            reason = f"{flow.listener} listens {socket.place} only, not on {flow.address}"
            return Verdict(flow, "service_down", reason)
        if not flow.required:
            return None
        return Verdict(flow, "service_down", f"no service listens on this port on {flow.listener}")

    def tunnels(self) -> list[ExpectedFlow]:
        """Encrypted hosts whose sockets were seen, as flows of each with itself: the ends of its tunnels."""
        return [
            ExpectedFlow(name, name, "127.0.0.1", "tcp", None, (TUNNEL_ENDS,), "Ends of SSH tunnels", True)
            for name, observation in self._observations.items()
            if self._encrypted(name) and observation.listeners is not None
        ]

    def _has_tunnels(self, name: str) -> bool:
        """Whether the host or its HA peer has tunnels: the standby node has none."""
        cluster = (name, self._plan.hosts[name].ha_peer)
        return any(_has_tunnel_ends(one) for node, one in self._observations.items() if node in cluster)


def _verdict(flow: ExpectedFlow, finding: Finding) -> Verdict:
    return Verdict(flow, finding.verdict, finding.reason)


def _not_probed(flow: ExpectedFlow, probe: ProbeAnswer | None) -> Verdict:
    if probe is None:
        return Verdict(flow, "unverifiable", "the initiator returned no result for the probe")
    return Verdict(flow, "unverifiable", f"the initiator could not probe: {probe.error or 'no reason given'}")


def _no_tunnels(flow: ExpectedFlow) -> Verdict:
    reason = (
        f"{flow.listener} is encrypted, but no end of a tunnel listens on loopback "
        f"({_TUNNEL_PORTS[0]}-{_TUNNEL_PORTS[-1]}): its SSH tunnels are down"
    )
    return Verdict(flow, "service_down", reason)


def _has_tunnel_ends(observation: HostObservation) -> bool:
    return any(
        protocol == "tcp" and port in _TUNNEL_PORTS and socket.bind is not None
        for (protocol, port), socket in (observation.listeners or {}).items()
    )

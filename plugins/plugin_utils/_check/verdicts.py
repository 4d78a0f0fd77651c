# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdicts: what was expected and what was seen, joined into whose fault it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._check.expectations import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation

#: Worst first.
VERDICTS: tuple[str, ...] = (
    "unexpected_open",
    "service_down",
    "host_firewall",
    "network",
    "unverifiable",
    "ok",
)


@dataclass(frozen=True)
class Verdict:
    """What to think of one flow, and why."""

    flow: ExpectedFlow
    verdict: str
    reason: str

    def as_dict(self) -> dict[str, Any]:
        result: dict[str, Any] = {
            "verdict": self.verdict,
            "from": self.flow.initiator,
            "to": self.flow.listener,
            "address": self.flow.address,
            "protocol": self.flow.protocol,
            "entries": list(self.flow.ids),
            "service": self.flow.service,
            "reason": self.reason,
        }
        if self.flow.port:
            result["port"] = self.flow.port
        return result


class Judge:
    """Knows the plan's addresses and everything that was seen."""

    def __init__(self, plan: Mapping[str, Any], observations: Mapping[str, HostObservation]) -> None:
        self._plan = plan
        self._observations = observations

    def verdicts(self, flows: Iterable[ExpectedFlow]) -> list[Verdict]:
        """A verdict for each flow that there is something to say about, worst first."""
        found = [verdict for flow in flows if (verdict := self._verdict(flow)) is not None]
        order = {name: number for number, name in enumerate(VERDICTS)}
        return sorted(
            found,
            key=lambda item: (
                order[item.verdict],
                item.flow.listener,
                item.flow.protocol,
                item.flow.port,
                item.flow.initiator,
            ),
        )

    def _verdict(self, flow: ExpectedFlow) -> Verdict | None:
        probes = self._observations[flow.initiator].probes
        probe = None if probes is None else probes.get(flow.probe_key)
        if not flow.wanted:
            return self._unwanted(flow, probe)
        target = self._observations[flow.listener]
        listens = target.listens(flow.protocol, flow.port, flow.address) if flow.port else None
        if listens is False:
            absent = self._absent(flow)
            if absent is None or absent.verdict != "service_down" or probe is None or probe["result"] != "open":
                return absent
            return Verdict(
                flow,
                "network",
                f"nothing listens on {flow.listener}, yet {flow.address} answers: another machine has "
                "that address, or something on the way answers for it",
            )
        if probe is None:
            return Verdict(flow, "unverifiable", "the initiator could not be asked to probe")
        return self._probed(flow, probe, listens)

    def _unwanted(self, flow: ExpectedFlow, probe: Mapping[str, Any] | None) -> Verdict | None:
        if probe is None or probe["result"] != "open":
            return None
        return Verdict(
            flow,
            "unexpected_open",
            f"{flow.listener} lets in one who is none of its sources, so its firewall lets in everyone",
        )

    def _absent(self, flow: ExpectedFlow) -> Verdict | None:
        """Nothing listens for the network. None where that is no fault."""
        socket = (self._observations[flow.listener].listeners or {}).get((flow.protocol, flow.port))
        peer = self._plan["hosts"][flow.listener].get("ha_peer")
        if peer in self._observations:
            other = (self._observations[peer].listeners or {}).get((flow.protocol, flow.port))
            if other is not None and other.bind == "network":
                return None
        if socket is not None and socket.bind is not None:
            reason = f"{flow.listener} listens {socket.place} only, not on {flow.address}"
            return Verdict(flow, "service_down", reason)
        if not flow.required:
            return None
        return Verdict(flow, "service_down", f"nothing listens on it on {flow.listener}")

    def _probed(self, flow: ExpectedFlow, probe: Mapping[str, Any], listens: bool | None) -> Verdict:
        result = probe["result"]
        if result == "open":
            return Verdict(flow, "ok", "")
        if result == "open_or_filtered":
            return Verdict(flow, "unverifiable", self._silent_udp(flow, listens))
        if result == "unavailable":
            return Verdict(flow, "unverifiable", f"the initiator could not probe: {probe.get('error') or result}")
        if result == "unreachable":
            detail = probe.get("error") or "no route, or no machine at that address"
            return Verdict(flow, "network", f"{flow.address} cannot be reached: {detail}")
        if probe.get("rate_limited"):
            return Verdict(flow, "unverifiable", "no answer, but refusals came faster than the peer may send them")
        return self._blocked(flow, probe, listens)

    def _silent_udp(self, flow: ExpectedFlow, listens: bool | None) -> str:
        known = []
        if listens:
            known.append(f"{flow.listener} listens")
        if self._observations[flow.listener].firewall_as_planned:
            known.append("its firewall is as planned")
        return "UDP gives no answer" + (f"; {', '.join(known)}" if known else "")

    def _blocked(self, flow: ExpectedFlow, probe: Mapping[str, Any], listens: bool | None) -> Verdict:
        """The service is there (or nobody knows), and the probe was refused or lost."""
        target = self._observations[flow.listener]
        result, by = probe["result"], probe.get("by")
        seen = {
            "refused": "the connection was refused",
            "prohibited": "a firewall refused it" + (f" ({by})" if by else ""),
            "no_answer": "the probe got no answer",
        }[result]
        if by and by in self._plan["hosts"][flow.initiator]["addresses"]:
            return Verdict(flow, "host_firewall", f"{flow.initiator}'s own firewall refuses what it sends")
        if by and by not in self._plan["hosts"][flow.listener]["addresses"]:
            return Verdict(flow, "network", f"{by}, on the way to {flow.listener}, refuses it")
        if by and result == "prohibited":
            return Verdict(flow, "host_firewall", f"{flow.listener}'s own firewall refuses it{self._drift(target)}")
        if target.firewall_as_planned is False:
            return Verdict(
                flow, "host_firewall", f"{seen}, and {flow.listener}'s firewall is not as planned{self._drift(target)}"
            )
        if listens is None:
            return Verdict(flow, "unverifiable", f"{seen}, and nobody looked whether {flow.listener} listens")
        if target.firewall_as_planned is None:
            return Verdict(
                flow,
                "unverifiable",
                f"{flow.listener} listens, {seen}: its own firewall or one on the way; its own is not known",
            )
        return Verdict(
            flow, "network", f"{flow.listener} listens and accepts it, {seen}: something on the way blocks it"
        )

    @staticmethod
    def _drift(target: HostObservation) -> str:
        if not target.firewall_difference:
            return ""
        more = len(target.firewall_difference) - 1
        return f"; it {target.firewall_difference[0]}" + (f" (and {more} more differences)" if more else "")

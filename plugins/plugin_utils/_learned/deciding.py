# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the plan does with traffic on one port of a host, and why, in the words of ``jsa.ports.why``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import IN, NETWORK
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.networks import CidrSet
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.peers import Peer
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.applicability import DATA_RANGE, listens, ports_of
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.asking import End, Packet
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.contacts import addresses_toward
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.leaving import (
    leaving,
    outbound_entries,
    outbound_obstacle,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import (
    TCP,
    HostPlan,
    InboundRule,
    OutboundRule,
    Plan,
    RefusedRule,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.why import SSH_PORT, not_cataloged, why_not

#: What becomes of traffic. ``left``: the host's own zones decide.
ACCEPTED, REFUSED, LEFT = "accepted", "refused", "left"

#: Who runs the collection contacts each host, and is in no plan.
_CONTROLLER = "the address from which a run changes the rules is accepted all the same"


@dataclass(frozen=True)
class Decision:
    """What the plan does with the traffic of one far end."""

    #: ACCEPTED, REFUSED or LEFT.
    outcome: str
    #: The rules that accept it, by their numbers in the plan; none for what is accepted without one.
    rules: tuple[int, ...] = ()
    #: Why it is not accepted; empty where it is.
    why: tuple[str, ...] = ()


class Decider:
    """Asks the plan for every far end. What it has worked out for one, it keeps for the others."""

    def __init__(self, plan: Plan, planner: Planner) -> None:
        self.plan = plan
        self.planner = planner
        self._entries = {entry.id: entry for entry in planner.catalog}
        self._sets: dict[tuple[str, ...], CidrSet] = {}
        self._reasons: dict[tuple[object, ...], tuple[str, ...]] = {}

    def on_port(self, name: str, direction: str, protocol: str, port: int) -> OnPort:
        """What decides on one port of the host *name*."""
        host = self.plan.hosts[name]
        rules: Sequence[InboundRule | OutboundRule] = host.inbound if direction == IN else host.outbound or ()
        accepting = [
            (number, self.set_of(rule.sources if isinstance(rule, InboundRule) else rule.destinations))
            for number, rule in enumerate(rules)
            if rule.protocol == protocol and rule.ports and rule.ports[0] <= port <= rule.ports[1]
        ]
        return OnPort(self, name, direction, protocol, port, accepting)

    def set_of(self, cidrs: tuple[str, ...]) -> CidrSet:
        """The CIDRs, to be asked for an address."""
        if cidrs not in self._sets:
            self._sets[cidrs] = CidrSet(cidrs)
        return self._sets[cidrs]

    def service(self, name: str, direction: str, protocol: str, port: int) -> str:
        """The services that the catalog lists for the port of a host; empty where it lists none."""
        host = self.planner.topology.hosts[name]
        if direction == IN:
            entries = [
                entry
                for entry in self.planner.catalog
                if protocol in entry.protocols
                and any(first <= port <= last for first, last in ports_of(entry, host))
                and listens(entry, host)
            ]
        else:
            entries = outbound_entries(self.planner.catalog, host, protocol, port)
        # The range is whatever else lies in it.
        named = [entry for entry in entries if entry.id != DATA_RANGE] or entries
        return ", ".join(dict.fromkeys(entry.service for entry in named))

    def services(self, ids: Sequence[str]) -> str:
        """Those of entries of the catalog; a saved plan may have others."""
        return ", ".join(dict.fromkeys(self._entries[one].service if one in self._entries else one for one in ids))

    def reasons(self, name: str, direction: str, protocol: str, port: int, peer: Peer) -> tuple[str, ...]:
        """Why the plan does not accept it, a sentence each."""
        # Of two strangers, both are in the way of the same.
        key = (name, direction, protocol, port, peer.host, peer.name if peer.kind == NETWORK else None)
        if key not in self._reasons:
            find = self._inbound_reasons if direction == IN else self._outbound_reasons
            self._reasons[key] = find(name, protocol, port, peer)
        return self._reasons[key]

    def _inbound_reasons(self, name: str, protocol: str, port: int, peer: Peer) -> tuple[str, ...]:
        host = self.plan.hosts[name]
        refusing = _is_refused(host, protocol, port)
        hosts = self.planner.topology.hosts
        addresses = (peer.address,) if peer.host is None else addresses_toward(hosts[peer.host], hosts[name])
        packet = Packet(End(peer.name, addresses, peer.host), End(name, host.addresses, name), protocol, port)
        denied = why_not(self.planner, packet, refusing)
        # Who else has the port is of interest where the host itself does not.
        own = [one for one in denied if listens(self._entries[one.id], self.planner.topology.hosts[name])]
        found = tuple(f"{one.id} ({one.service}): {one.reason}" for one in own or denied)
        if (protocol, port) == (TCP, SSH_PORT) and peer.host is None:
            found = (*found, _CONTROLLER)
        return found if refusing else (not_cataloged(host.unlisted), *found)

    def _outbound_reasons(self, name: str, protocol: str, port: int, peer: Peer) -> tuple[str, ...]:
        host, applicability = self.planner.topology.hosts[name], self.planner.applicability
        found = [
            f"{entry.id} ({entry.service}): {outbound_obstacle(applicability, entry, host, (peer.address,))}"
            for entry in outbound_entries(self.planner.catalog, host, protocol, port)
        ]
        return ("jsa_firewall_restrict_outbound is set, and no rule accepts it", *found)


@dataclass(frozen=True)
class OnPort:
    """What decides on the traffic of one port."""

    decider: Decider
    name: str
    direction: str
    protocol: str
    port: int
    #: Number and addresses of each rule for the port.
    accepting: Sequence[tuple[int, CidrSet]]

    @property
    def _host(self) -> HostPlan:
        return self.decider.plan.hosts[self.name]

    def decide(self, peer: Peer) -> Decision:
        """What becomes of the traffic of *peer*."""
        rules = tuple(number for number, cidrs in self.accepting if peer.key in cidrs)
        if rules or self._without_rule(peer):
            return Decision(ACCEPTED, rules)
        why = self.decider.reasons(self.name, self.direction, self.protocol, self.port, peer)
        if self.direction == IN and self._host.unlisted == "zone" and not self._is_refused:
            return Decision(LEFT, why=why)
        return Decision(REFUSED, why=why)

    @cached_property
    def _is_refused(self) -> bool:
        return bool(self.accepting) or _is_refused(self._host, self.protocol, self.port)

    def _without_rule(self, peer: Peer) -> bool:
        if self.direction == IN:
            is_ssh = (self.protocol, self.port) == (TCP, SSH_PORT)
            return is_ssh and peer.key in self.decider.set_of(self._host.management_addresses)
        return leaving(self._host, self.protocol, self.port, (peer.address,)).accepted


def _is_refused(host: HostPlan, protocol: str, port: int) -> bool:
    """Whether the host refuses the port to everyone whom no rule accepts."""
    rows: tuple[InboundRule | RefusedRule, ...] = (*host.refused, *host.inbound)
    return any(row.protocol == protocol and row.ports and row.ports[0] <= port <= row.ports[1] for row in rows)

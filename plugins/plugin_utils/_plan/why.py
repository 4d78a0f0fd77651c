# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a packet is accepted or refused: the plan's rule, the catalog's entries, the documents' rows behind them.

What the two ends of a packet are is in asking, what leaves a host in leaving.
"""

from __future__ import annotations

import ipaddress

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry, Flow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.applicability import (
    DATA_RANGE,
    ELSEWHERE,
    NOT_OPENED,
    listens,
    ports_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.asking import Packet, Question, packet_of
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import any_covers
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.leaving import (
    Leaving,
    leaving,
    outbound_entries,
    outbound_obstacle,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import (
    TCP,
    InboundRule,
    Plan,
    RefusedRule,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.sources import PAIRED, SSH
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import DOCUMENTS, SELF

ACCEPTED, REFUSED, NOT_CATALOGED = "accepted", "refused", "not_cataloged"

#: Where management addresses get in.
SSH_PORT = 22

#: What happens to packets for ports that the catalog does not list.
_DECIDES = {"zone": "its own zones decide", "reject": "the host rejects it", "drop": "the host drops it"}


@dataclass(frozen=True, kw_only=True)
class Granting:
    """An entry of the catalog that accepts the packet, and what it rests on."""

    id: str
    service: str
    purpose: str
    confidence: str
    #: A sentence for each row of a document, or for each other source where no row has the port.
    rests_on: tuple[str, ...]
    #: How a disagreement of the documents was decided; None where they agree.
    disagreement: str | None


@dataclass(frozen=True, kw_only=True)
class NotGranting:
    """An entry of the catalog for the same port, and why it does not accept the packet."""

    id: str
    service: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Whether a packet is accepted, and why."""

    #: ``accepted``, ``refused`` or ``not_cataloged``.
    decision: str
    source: str
    target: str
    protocol: str
    #: None for ICMP.
    port: int | None
    #: The rules of the plan that accept it.
    rules: tuple[InboundRule, ...]
    entries: tuple[Granting, ...]
    not_by: tuple[NotGranting, ...]
    #: It comes from one of the host's management addresses, which always reach the SSH port.
    management: bool
    #: What the host does with a packet for a port that the catalog does not list for it; None outside the deployment.
    unlisted: str | None
    #: Whether it may leave the source; None outside the deployment.
    leaving: Leaving | None
    #: About the addresses: who answers at a virtual one, and which ones hosts use for each other behind NAT.
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values: what the module returns."""
        return write(self)


def why(planner: Planner | None, plan: Plan, question: Question) -> Explanation:
    """Whether the packet of *question* is accepted, and why.

    *plan* decides; *planner* knows the inventory behind it. Where it is None, only the plan and the catalog tell the
    reasons. Raises InputError for an unknown host, address or port.
    """
    links = {} if planner is None else {name: one.crossover_addresses for name, one in planner.topology.hosts.items()}
    packet = packet_of(question, plan, links)
    out = None
    if packet.source.host is not None:
        out = leaving(plan.hosts[packet.source.host], packet.protocol, packet.port, packet.target.addresses)
    if packet.target.host is None:
        return _outward(planner, packet, out)
    nodes = [name for name in packet.target.nodes if name != packet.source.host] or [packet.target.host]
    answers = {name: _at_node(planner, plan, packet, name, out) for name in nodes}
    decisions = {name: answer.decision for name, answer in answers.items()}
    worst = next((one for one in answers.values() if one.decision != ACCEPTED), answers[nodes[0]])
    if len(set(decisions.values())) == 1:
        return worst
    differ = ", ".join(f"{name}: {decision.replace('_', ' ')}" for name, decision in decisions.items())
    return replace(worst, remarks=(*worst.remarks, f"the nodes differ: {differ}"))


def _at_node(planner: Planner | None, plan: Plan, packet: Packet, name: str, out: Leaving | None) -> Explanation:
    """What the host *name* does with the packet, whose target it is, or a node of it."""
    packet = replace(packet, target=replace(packet.target, host=name))
    protocol, port, addresses = packet.protocol, packet.port, packet.source.addresses
    host = plan.hosts[name]
    accepting = tuple(
        rule
        for rule in host.inbound
        if _covers(rule, protocol, port) and any(_contains(rule.sources, address) for address in addresses)
    )
    refusing = [rule for rule in host.refused if _covers(rule, protocol, port)]
    management = (protocol, port) == (TCP, SSH_PORT) and any(
        _contains(host.management_addresses, address) for address in addresses
    )
    if planner is None:
        entries, not_by = _reasons_of_plan(accepting, refusing)
    else:
        entries, not_by = _reasons(planner, packet, accepting, bool(refusing))
    let_in = bool(accepting) or management
    decision = ACCEPTED if let_in else REFUSED if refusing else NOT_CATALOGED
    if out is not None and not out.accepted:
        decision = REFUSED
    return Explanation(
        decision=decision,
        source=packet.source.words,
        target=packet.target.words,
        protocol=protocol,
        port=port,
        rules=accepting,
        entries=entries,
        not_by=not_by,
        management=management,
        unlisted=host.unlisted,
        leaving=out,
        remarks=packet.remarks if packet.unseen is None or let_in else (*packet.remarks, packet.unseen),
    )


def why_not(planner: Planner, packet: Packet, refusing: bool) -> tuple[NotGranting, ...]:
    """The catalog's entries for a packet that no rule of the plan accepts, each with the reason why it does not.

    *refusing*: whether the port is one that the target refuses to everyone else.
    """
    return _reasons(planner, packet, (), refusing)[1]


def not_cataloged(unlisted: str) -> str:
    """What becomes of packets for ports that the catalog does not list for a host. *unlisted*: one of UNLISTED."""
    return f"not in the catalog for this host: {_DECIDES[unlisted]} (jsa_firewall_unlisted)"


def _outward(planner: Planner | None, packet: Packet, out: Leaving | None) -> Explanation:
    """Of a packet to somebody outside the deployment: only what leaves the source is ours to know."""
    if out is None:
        raise ValueError("one of the two ends is a host of the plan")
    ids = {entry for rule in out.rules for entry in rule.why}
    host = None if planner is None else planner.topology.hosts.get(packet.source.host or "")
    granted, denied = [], []
    if planner is None or host is None:
        granted = [_granting(entry) for name, entry in load_catalog().items() if name in ids]
    else:
        for entry in outbound_entries(planner.catalog, host, packet.protocol, packet.port):
            if entry.id in ids or not out.restricted:
                granted.append(_granting(entry))
            else:
                reason = outbound_obstacle(planner.applicability, entry, host, packet.target.addresses)
                denied.append(NotGranting(id=entry.id, service=entry.service, reason=reason))
    return Explanation(
        decision=ACCEPTED if out.accepted else REFUSED,
        source=packet.source.words,
        target=packet.target.words,
        protocol=packet.protocol,
        port=packet.port,
        rules=(),
        entries=tuple(granted),
        not_by=tuple(denied),
        management=False,
        unlisted=None,
        leaving=out,
    )


def _reasons_of_plan(
    accepting: Iterable[InboundRule], refusing: Iterable[RefusedRule]
) -> tuple[tuple[Granting, ...], tuple[NotGranting, ...]]:
    """The same as _reasons, as far as a plan and the catalog tell without an inventory."""
    catalog = load_catalog()
    by = dict.fromkeys(entry for rule in accepting for entry in rule.why)
    others = dict.fromkeys(entry for rule in refusing for entry in rule.why if entry not in by)
    granted = [_granting(catalog[name]) for name in by if name in catalog]
    reason = "the saved plan does not accept it from this source"
    denied = [
        NotGranting(id=name, service=catalog[name].service if name in catalog else name, reason=reason)
        for name in others
    ]
    return tuple(granted), tuple(denied)


def _reasons(
    planner: Planner, packet: Packet, accepting: Iterable[InboundRule], refusing: bool
) -> tuple[tuple[Granting, ...], tuple[NotGranting, ...]]:
    """The catalog's entries that accept the packet, and those that do not."""
    listener = planner.topology.hosts.get(packet.target.host or "")
    initiator = planner.topology.hosts.get(packet.source.host or "")
    ids = {entry for rule in accepting for entry in rule.why}
    granted = []
    denied = []
    for entry in planner.catalog:
        asks = entry.id in ids and entry.dynamic is not None
        if packet.protocol in entry.protocols and (asks or _entry_covers(entry, listener, packet.port)):
            obstacle = _obstacle(planner, entry, listener, initiator, packet.source.addresses)
            if obstacle is None and entry.id in ids:
                granted.append(_granting(entry))
            elif entry.exposure not in ELSEWHERE or not refusing:
                # Where the port is the host's own, what JSA contacts elsewhere on the same port is another matter.
                reason = obstacle or packet.unseen or _lacking(entry)
                denied.append(NotGranting(id=entry.id, service=entry.service, reason=reason))
    return tuple(granted), tuple(denied)


def explanation_text(answer: Explanation) -> str:
    """The explanation as lines of text."""
    port = answer.protocol if answer.port is None else f"{answer.port}/{answer.protocol}"
    lead = f"{answer.target} {port} from {answer.source}: "
    if answer.decision == NOT_CATALOGED and answer.unlisted:
        lines = [lead + not_cataloged(answer.unlisted)]
    else:
        lines = [lead + answer.decision]
    lines += [f"  {remark}" for remark in answer.remarks]
    if answer.leaving:
        lines += _leaving_lines(answer, answer.leaving)
    for entry in answer.entries:
        lines.append(f"  by {entry.id} ({entry.service}, confidence {entry.confidence}): {entry.purpose}")
        lines += [f"    based on {statement}" for statement in entry.rests_on]
        if entry.disagreement:
            lines.append(f"    the documents disagree: {entry.disagreement}")
    if answer.management:
        lines.append("  as a management address (jsa_firewall_management_addresses), which always reaches the SSH port")
    if answer.decision != ACCEPTED:
        lines += [f"  not by {item.id} ({item.service}): {item.reason}" for item in answer.not_by]
    return "\n".join(lines)


def _leaving_lines(answer: Explanation, out: Leaving) -> list[str]:
    """What is to say about the way out: of a packet that stays in the deployment, only that there is none."""
    if not out.accepted:
        return [f"  {answer.source} may not send it (jsa_firewall_restrict_outbound)"]
    if answer.unlisted is not None:
        return []
    if not out.restricted:
        said = f"{answer.source} may contact everyone: jsa_firewall_restrict_outbound is not set"
    else:
        said = f"{answer.source} may send it{f': {out.because}' if out.because else ''}"
    return [f"  {said}; whether {answer.target} accepts it is not in the plan"]


def _covers(rule: InboundRule | RefusedRule, protocol: str, port: int | None) -> bool:
    if rule.protocol != protocol:
        return False
    return port is None or rule.ports is None or rule.ports[0] <= port <= rule.ports[1]


def _contains(cidrs: Iterable[str], address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return any(parsed in _network(cidr) for cidr in cidrs)


@lru_cache(maxsize=65536)
def _network(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Of a plan with thousands of networks, somebody may ask about thousands of packets."""
    return ipaddress.ip_network(cidr)


def _entry_covers(entry: Entry, listener: Host | None, port: int | None) -> bool:
    if port is None:
        return True
    ranges = [*(ports_of(entry, listener) if listener else entry.ports)]
    if entry.dynamic and not ranges:
        ranges.append(entry.dynamic.ports)
    return any(first <= port <= last for first, last in ranges)


def _lacking(entry: Entry) -> str:
    if entry.dynamic:
        return "the service chooses its ports itself, and the plan contains none of them (jsa_dynamic_ports)"
    return "the saved plan does not contain it"


def _obstacle(
    planner: Planner, entry: Entry, listener: Host | None, initiator: Host | None, addresses: tuple[str, ...]
) -> str | None:
    """Why *entry* does not let the initiator in; None where it does."""
    if listener is None:
        return "the target is not in the inventory"
    if entry.exposure in ELSEWHERE:
        return NOT_OPENED[entry.exposure]
    if not listens(entry, listener):
        roles = sorted({token for flow in entry.flows for token in flow.listeners})
        return f"it listens on {', '.join(roles)}, and {listener.name} is {', '.join(sorted(listener.roles))}"
    reasons = []
    open_to: list[str] = []
    for flow in entry.flows:
        if not any_covers(listener, flow.listeners) or flow.initiators == (SELF,):
            continue
        reason = planner.applicability.flow_obstacle(entry, flow, listener)
        if reason is None and _admits(planner, entry, flow, listener, initiator, addresses):
            return None
        if reason is None and initiator is not None and any_covers(initiator, flow.initiators):
            reason = _pair_obstacle(planner, entry, flow, listener, initiator)
        if reason is None:
            open_to += flow.initiators
        else:
            reasons.append(reason)
    if entry.id == SSH and initiator is not None:
        if any(initiator.name in source.hosts for source in planner.sources.tunnel_peers(listener)):
            return None
        if not initiator.is_console and not listener.is_console:
            reasons.append("no SSH tunnel is needed between the two hosts")
    if entry.exposure in NOT_OPENED:
        return NOT_OPENED[entry.exposure]
    if not entry.ports and entry.dynamic:
        reasons.append("its ports are known only while the service runs")
    if open_to and (initiator is None or not reasons):
        who = (
            f"{initiator.name} is {', '.join(sorted(initiator.roles))}"
            if initiator
            else "this address is not one of them"
        )
        names = ", ".join(_as_set(planner, name) for name in dict.fromkeys(open_to))
        reasons.insert(0, f"it is open only to {names}, and {who}")
    return "; ".join(dict.fromkeys(reasons)) or "it serves only the host itself"


def _as_set(planner: Planner, name: str) -> str:
    """Of a network that nobody set, this too: only a comparison with traffic gets so far without it."""
    return f"{name} (jsa_networks does not have it)" if name in planner.sources.networks_not_set else name


def _admits(
    planner: Planner, entry: Entry, flow: Flow, listener: Host, initiator: Host | None, addresses: tuple[str, ...]
) -> bool:
    for source in planner.sources.of_flow(entry, flow, listener):
        if initiator is not None and initiator.name in source.hosts:
            return True
        if any(_contains((*source.cidrs, *source.links), address) for address in addresses):
            return True
    return False


def _pair_obstacle(planner: Planner, entry: Entry, flow: Flow, listener: Host, initiator: Host) -> str | None:
    """Why a flow between two hosts of the right roles is not open between these two."""
    encrypted = [host.name for host in (initiator, listener) if host.encrypted]
    if flow.encryption == "tunnelled" and encrypted:
        instead = f", and {entry.replaced_by} replaces it" if entry.replaced_by else ""
        verb = "are" if len(encrypted) > 1 else "is"
        return f"{' and '.join(encrypted)} {verb} encrypted: an SSH tunnel carries it over port 22{instead}"
    if flow.encryption == "only_encrypted" and not encrypted:
        return "it is needed only if one of the two hosts is encrypted (jsa_encrypted)"
    if entry.id == DATA_RANGE and planner.topology.data_ports == PAIRED:
        return f"{initiator.name} and {listener.name} exchange none of the listed data, and jsa_data_ports is {PAIRED}"
    if (flow.attached or flow.same_processor) and (initiator.processor or listener.processor):
        one = initiator if initiator.processor else listener
        return f"{one.name} reports to {one.processor} (jsa_processor)"
    return None


def _granting(entry: Entry) -> Granting:
    disagreement = f"{entry.disagreement.verdict}: {entry.disagreement.reason}" if entry.disagreement else None
    rows = tuple(
        f"{DOCUMENTS[statement.document]}, row {statement.row}: {statement.says}" for statement in entry.statements
    )
    sources = tuple(f"{item['source']}: {item['says']}" for item in entry.evidence)
    return Granting(
        id=entry.id,
        service=entry.service,
        purpose=entry.purpose,
        confidence=entry.confidence,
        rests_on=rows or sources or ("the site's own jsa_extra_flows",),
        disagreement=disagreement,
    )

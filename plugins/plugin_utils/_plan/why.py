# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a packet is accepted or refused: the plan's rule, the catalog's entries, the documents' rows behind them."""

from __future__ import annotations

import ipaddress

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_ports, split_protocol
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry, Flow
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.applicability import (
    DATA_RANGE,
    ELSEWHERE,
    NOT_OPENED,
    listens,
    ports_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import any_covers
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import (
    ICMP,
    TCP,
    InboundRule,
    Plan,
    RefusedRule,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.sources import PAIRED, SSH
from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import did_you_mean
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import parse_address
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import DOCUMENTS, SELF

ACCEPTED, REFUSED, NOT_CATALOGED = "accepted", "refused", "not_cataloged"

_SSH_PORT = 22

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
    #: What the host does with a packet for a port that the catalog does not list for it.
    unlisted: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values: what the module returns."""
        return write(self)


def parse_port(text: Any) -> tuple[str, int | None]:
    """``32006/tcp``, ``514/udp``, ``icmp``; without a protocol it is TCP. Raises ValueError."""
    if str(text).strip().lower() == ICMP:
        return ICMP, None
    numbers, protocol = split_protocol(text)
    first, last = parse_ports(numbers)
    if first != last:
        raise ValueError(f"{text!r}: one port is expected, not a range")
    return protocol or TCP, first


def why(planner: Planner, plan: Plan, source: str, target: str, port_text: Any) -> Explanation:
    """Whether *source* (host or address) may open a port of *target* (host), and why.

    *plan* decides; *planner* knows the catalog behind it. Raises InputError for an unknown host, address or port.
    """
    problems = []
    initiator: Host | None = None
    addresses: tuple[str, ...] = ()
    try:
        initiator, addresses = _source(planner, source)
    except ValueError as error:
        problems.append(f"from: {error}")
    host = plan.hosts.get(target)
    if host is None:
        problems.append(f"to: {target!r} is not a host of the plan{did_you_mean(target, plan.hosts)}")
    protocol, port = "", None
    try:
        protocol, port = parse_port(port_text)
    except ValueError as error:
        problems.append(f"port: {error}")
    if problems or host is None:
        raise InputError("The packet cannot be explained", problems)

    accepting = tuple(
        rule
        for rule in host.inbound
        if _covers(rule, protocol, port) and any(_contains(rule.sources, address) for address in addresses)
    )
    refusing = any(_covers(rule, protocol, port) for rule in host.refused)
    management = (protocol, port) == (TCP, _SSH_PORT) and any(
        _contains(host.management_addresses, address) for address in addresses
    )
    entries, not_by = _reasons(planner, target, (protocol, port), (initiator, addresses), accepting, refusing)
    return Explanation(
        decision=ACCEPTED if accepting or management else REFUSED if refusing else NOT_CATALOGED,
        source=source,
        target=target,
        protocol=protocol,
        port=port,
        rules=accepting,
        entries=entries,
        not_by=not_by,
        management=management,
        unlisted=host.unlisted,
    )


def _reasons(
    planner: Planner,
    target: str,
    asked: tuple[str, int | None],
    source: tuple[Host | None, tuple[str, ...]],
    accepting: Iterable[InboundRule],
    refusing: bool,
) -> tuple[tuple[Granting, ...], tuple[NotGranting, ...]]:
    """The catalog's entries that accept the packet, and those that do not."""
    protocol, port = asked
    listener = planner.topology.hosts.get(target)
    ids = {entry for rule in accepting for entry in rule.why}
    granted = []
    denied = []
    for entry in planner.catalog:
        asks = entry.id in ids and entry.dynamic is not None
        if protocol in entry.protocols and (asks or _entry_covers(entry, listener, port)):
            obstacle = _obstacle(planner, entry, listener, *source)
            if obstacle is None and entry.id in ids:
                granted.append(_granting(entry))
            elif entry.exposure not in ELSEWHERE or not refusing:
                # Where the port is the host's own, what JSA contacts elsewhere on the same port is another matter.
                reason = obstacle or _lacking(entry)
                denied.append(NotGranting(id=entry.id, service=entry.service, reason=reason))
    return tuple(granted), tuple(denied)


def explanation_text(answer: Explanation) -> str:
    """The explanation as lines of text."""
    port = answer.protocol if answer.port is None else f"{answer.port}/{answer.protocol}"
    lead = f"{answer.target} {port} from {answer.source}: "
    if answer.decision == NOT_CATALOGED:
        lines = [f"{lead}not in the catalog for this host: {_DECIDES[answer.unlisted]} (jsa_firewall_unlisted)"]
    else:
        lines = [lead + answer.decision]
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


def _source(planner: Planner, text: str) -> tuple[Host | None, tuple[str, ...]]:
    """The initiator and its addresses; an address of the deployment is its host's."""
    hosts = planner.topology.hosts
    if text in hosts:
        return hosts[text], (*hosts[text].addresses, *hosts[text].virtual_addresses)
    try:
        address = parse_address(text)
    except ValueError:
        hint = did_you_mean(text, hosts)
        raise ValueError(f"{text!r} is neither a host of the deployment nor an address{hint}") from None
    owners = (host for host in hosts.values() if address in (*host.addresses, *host.virtual_addresses))
    return next(owners, None), (address,)


def _covers(rule: InboundRule | RefusedRule, protocol: str, port: int | None) -> bool:
    if rule.protocol != protocol:
        return False
    return port is None or rule.ports is None or rule.ports[0] <= port <= rule.ports[1]


def _contains(cidrs: Iterable[str], address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return any(parsed in ipaddress.ip_network(cidr) for cidr in cidrs)


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
    if open_to and not reasons:
        who = (
            f"{initiator.name} is {', '.join(sorted(initiator.roles))}"
            if initiator
            else "this address is not one of them"
        )
        reasons.append(f"it is open only to {', '.join(dict.fromkeys(open_to))}, and {who}")
    return "; ".join(dict.fromkeys(reasons)) or "it serves only the host itself"


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

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flows of a plan that cross a boundary between zones, and how they differ from those of an earlier plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, merge_ranges, subtract
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import (
    REMOVE,
    End,
    Note,
    Request,
    RequestedFlow,
    cidr_key,
    cidr_of,
    counted,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.zones import Zones
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.named import ANYONE_CIDRS, HOST, named_flows
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.contacts import (
    addresses_toward,
    virtual_addresses_toward,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import PROTOCOLS

#: Source, destination, protocol and ports.
_Key = tuple[str, str, str, "PortRange | None"]

#: How many names a note has room for.
_LISTED = 20


@dataclass
class _Merged:
    """What several rules say of one flow."""

    sources: set[str] = field(default_factory=set)
    destinations: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)


@dataclass
class _Found:
    """The flows of a plan, and what is none of them."""

    flows: tuple[RequestedFlow, ...]
    inside: int
    #: Over the link between the nodes of a pair.
    direct: int
    #: Pairs that have no address family in common.
    apart: tuple[str, ...]


def make_request(plan: Plan, zones: Zones, earlier: Plan | None = None, only: Collection[str] | None = None) -> Request:
    """What *plan* needs of the network, or, with an *earlier* one, what has to change for it.

    *only*: hosts, of which one has to be a side of each flow; None for all.
    """
    found = _flows_of(plan, zones, only)
    notes = list(_notes(plan, zones, found, only))
    if earlier is None:
        return Request(found.flows, found.flows, None, tuple(notes), found.inside, zones.named)
    before = _flows_of(earlier, zones, only).flows
    added, removed = _beyond(found.flows, before), _beyond(before, found.flows)
    changed = (*added, *(replace(flow, change=REMOVE) for flow in removed))
    if not changed:
        notes.append(Note("nothing has changed since the earlier plan, as far as the zones are concerned"))
    return Request(changed, found.flows, before, tuple(notes), found.inside, zones.named)


def _flows_of(plan: Plan, zones: Zones, only: Collection[str] | None) -> _Found:
    own = {name: {cidr_of(one) for one in _addresses(host)} for name, host in plan.hosts.items()}
    owners: dict[str, set[str]] = {}
    for name, cidrs in own.items():
        for cidr in cidrs:
            owners.setdefault(cidr, set()).add(name)
    merged: dict[_Key, _Merged] = {}
    zone_of: dict[str, str] = {}
    direct: set[_Key] = set()
    apart: dict[str, None] = {}
    for flow in named_flows(plan):
        source = flow.source
        if only is not None and flow.listener not in only and not (source.kind == HOST and source.name in only):
            continue
        met = False
        reached = _reached(plan.hosts[flow.listener], plan.hosts.get(source.name) if source.kind == HOST else None)
        for cidr in source.cidrs:
            for destination in reached:
                if (":" in cidr) != (":" in destination):
                    continue
                met = True
                if source.kind == HOST and cidr not in own.get(source.name, ()):
                    direct.add((cidr, destination, flow.protocol, flow.ports))
                    continue
                for zone, part in zones.parts(cidr):
                    zone_of[part] = zone
                    one = merged.setdefault((part, destination, flow.protocol, flow.ports), _Merged())
                    one.sources.add(source.name)
                    one.destinations.update(owners[destination])
                    one.ids.update(flow.ids)
        if not met:
            apart[f"{source.name} to {flow.listener}"] = None
    zone_of |= {cidr: zones.zone_of(cidr) for cidrs in own.values() for cidr in cidrs}
    crossing = [key for key in merged if not zone_of[key[0]] or zone_of[key[0]] != zone_of[key[1]]]
    flows = [_flow(key, merged[key], zone_of) for key in crossing]
    flows.sort(key=_order)
    return _Found(tuple(flows), len(merged) - len(crossing), len(direct), tuple(apart))


def _addresses(host: HostPlan) -> tuple[str, ...]:
    return (*host.addresses, *host.virtual_addresses, *host.public_addresses)


def _reached(listener: HostPlan, source: HostPlan | None) -> list[str]:
    """The CIDRs at which *source* contacts *listener*. None is a network: it can be on both sides of a NAT."""
    if source is None:
        found = _addresses(listener)
    else:
        found = (*addresses_toward(listener, source), *virtual_addresses_toward(listener, source))
    return sorted({cidr_of(one) for one in found}, key=cidr_key)


def _flow(key: _Key, merged: _Merged, zone_of: dict[str, str]) -> RequestedFlow:
    source, destination, protocol, ports = key
    return RequestedFlow(
        End(tuple(sorted(merged.sources)), source, zone_of[source]),
        End(tuple(sorted(merged.destinations)), destination, zone_of[destination]),
        protocol,
        ports,
        tuple(sorted(merged.ids)),
    )


def _order(flow: RequestedFlow) -> tuple[object, ...]:
    """By listener, then by service, then by who contacts it."""
    service = PROTOCOLS.index(flow.protocol), flow.ports or (0, 0)
    ends = flow.destination, flow.source
    return (flow.version, *[(end.zone, end.names, cidr_key(end.cidr)) for end in ends[:1]], service, ends[1].zone,
            ends[1].names, cidr_key(ends[1].cidr))  # fmt: skip


def _beyond(flows: Iterable[RequestedFlow], others: Iterable[RequestedFlow]) -> Iterator[RequestedFlow]:
    """What of *flows* none of *others* lets through, with the ports that are left of each."""
    covered: dict[tuple[str, str, str], list[PortRange]] = {}
    for flow in others:
        ports = covered.setdefault((flow.source.cidr, flow.destination.cidr, flow.protocol), [])
        # ICMP has no ports: one that stands for all.
        ports.append(flow.ports or (0, 0))
    for key in covered:
        covered[key] = merge_ranges(covered[key])
    for flow in flows:
        taken = covered.get((flow.source.cidr, flow.destination.cidr, flow.protocol), [])
        for left in subtract([flow.ports or (0, 0)], taken):
            yield replace(flow, ports=left) if flow.ports else flow


def _notes(plan: Plan, zones: Zones, found: _Found, only: Collection[str] | None) -> Iterator[Note]:
    """What a reader has to know of the request, whatever its format."""
    if found.inside:
        kind = "zones of jsa_zones" if zones.named else "networks of jsa_change_request_prefix"
        yield Note(f"left out: {counted(found.inside)} inside one of the {kind}")
    if found.direct:
        yield Note(f"left out: {counted(found.direct)} over the link between the nodes of an HA pair")
    if found.apart:
        yield Note(f"left out, because the two have no address family in common: {_listed(found.apart)}")
    ends = [end for flow in found.flows for end in (flow.source, flow.destination)]
    nowhere = sorted({end.cidr for end in ends if not end.zone}, key=cidr_key)
    if zones.named and nowhere:
        yield Note(f"in no zone of jsa_zones: {_listed(nowhere)}")
    open_hosts = {name for flow in found.flows if flow.source.cidr in ANYONE_CIDRS for name in flow.destination.names}
    if open_hosts:
        yield Note(
            f"open to anyone: {_listed(sorted(open_hosts))}. Many network teams reject such a request: name the "
            "networks in jsa_networks"
        )
    hosts = {name: host for name, host in plan.hosts.items() if only is None or name in only}
    managed: dict[tuple[str, ...], list[str]] = {}
    unknown: dict[str, list[str]] = {}
    for name, host in hosts.items():
        if host.management_addresses:
            managed.setdefault(host.management_addresses, []).append(name)
        for item in host.dynamic:
            if item.sources and item.discovered is None:
                unknown.setdefault(item.service or item.id, []).append(name)
    for cidrs, names in managed.items():
        addresses = f"jsa_firewall_management_addresses ({', '.join(cidrs)})"
        yield Note(f"not included: SSH from {addresses} to {_listed(names)}")
    for service, names in unknown.items():
        yield Note(
            f"not included: {service} of {_listed(names)}, because it chooses its ports when it starts. Run the "
            "playbook jsa.ports.discover to find them"
        )
    if any(host.outbound for host in hosts.values()):
        yield Note("not included: what the hosts contact outside of the deployment (jsa_firewall_restrict_outbound)")


def _listed(names: Collection[str]) -> str:
    """The first of many, and how many more there are."""
    first, more = list(names)[:_LISTED], len(names) - _LISTED
    return ", ".join(first) + (f" and {more} more" if more > 0 else "")

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which collector or data node works with which processor, by the data that go between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Flow
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.joining import Decided
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import IN
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import any_covers
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host

_REPORTING = ("event_collector", "flow_collector", "data_node")
_PROCESSORS = ("event_processor", "flow_processor", "console")


def links(decided: Iterable[Decided], planner: Planner) -> tuple[dict[str, str], list[str]]:
    """Host to the processor that it was seen with, for hosts that have none, and what is not clear, a sentence each."""
    partners: dict[str, set[str]] = {}
    hosts = planner.topology.hosts
    known: dict[tuple[str, int], list[Flow]] = {}
    for one in decided:
        traffic = one.traffic
        if traffic.direction != IN:
            continue
        socket = (traffic.protocol, traffic.port)
        if socket not in known:
            known[socket] = list(_attached(planner, *socket))
        for name in {item.peer.host for item in traffic.items if item.peer.host is not None}:
            for child, parent in _ends(known[socket], hosts[one.host], hosts[name]):
                # One name for both nodes of a pair.
                partners.setdefault(child, set()).add(min(planner.topology.cluster(parent)))
    found, doubts = {}, []
    for child, parents in sorted(partners.items()):
        # Everybody talks to the console, too.
        processors = sorted(name for name in parents if not hosts[name].is_console) or sorted(parents)
        if len(processors) == 1:
            found[child] = processors[0]
        else:
            doubts.append(f"{child} exchanges data with {' and '.join(processors)}: its jsa_processor is not clear")
    return found, doubts


def _attached(planner: Planner, protocol: str, port: int) -> Iterator[Flow]:
    for entry in planner.catalog:
        if protocol in entry.protocols and any(first <= port <= last for first, last in entry.ports):
            yield from (flow for flow in entry.flows if flow.attached)


def _ends(flows: Iterable[Flow], listener: Host, initiator: Host) -> Iterator[tuple[str, str]]:
    """Who reports, and to whom."""
    for flow in flows:
        if any_covers(listener, flow.listeners) and any_covers(initiator, flow.initiators):
            for child, parent in ((initiator, listener), (listener, initiator)):
                if _reports(child) and parent.roles.intersection(_PROCESSORS):
                    yield child.name, parent.name


def _reports(host: Host) -> bool:
    return (
        host.processor is None
        and bool(host.roles.intersection(_REPORTING))
        and not host.roles.intersection(_PROCESSORS)
    )

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each host is asked for: all that can be known before anybody looked, and then only what is left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation, answer_of
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import LISTENER, PathKey, key_at, sent_from
from ansible_collections.jsa.ports.plugins.plugin_utils._check.suspects import closer_looks
from ansible_collections.jsa.ports.plugins.plugin_utils._check.virtual import VirtualAddresses
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow, Probe, SocketKey
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import PROBES
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import UDP, HostPlan, Plan


@dataclass(frozen=True)
class Questions:
    """What the hosts of a play are asked for, by host."""

    probes: Mapping[str, list[Probe]] = field(default_factory=dict)
    #: The ends of flows for which a host evaluates its rules and routes.
    looks: Mapping[str, list[PathKey]] = field(default_factory=dict)

    @property
    def hosts(self) -> list[str]:
        """Those that are asked for anything."""
        return [name for name, own in self.probes.items() if own or self.looks[name]]


def first_questions(
    plan: Plan, names: Iterable[str], expectations: Expectations, console: Collection[str]
) -> Questions:
    """What can be asked before anybody knows what listens, in one call for each host.

    Every flow that has to work is probed, and every port of the catalog that has to be closed: without a listener, it
    looks closed, and nobody counts it. A service that not every deployment has is probed over TCP only, because its
    absence would cost one of the ICMP errors that Linux rations. *names*: the hosts of this run; the other hosts of
    *expectations* are observed by other runs. What listens there, no later call of this run can know, so everything is
    probed. *console*: the hosts of *names* that are not asked themselves.

    The listener evaluates ahead of the results what may have an unexpected one without its notice: UDP services that do
    not answer, and ports that may be open although they should not. Of a flow from a host of another run, nobody here
    learns the result, so the listener evaluates it in any case.
    """
    here = frozenset(names)
    asked = [name for name in names if name not in console]
    probes: dict[str, list[Probe]] = {name: [] for name in asked}
    looks: dict[str, list[PathKey]] = {name: [] for name in asked}
    virtual = VirtualAddresses(plan, {})
    for flow in expectations.wanted(by=asked):
        elsewhere = flow.listener not in here
        if flow.protocol == UDP and not flow.required and not elsewhere:
            continue
        is_open = True if flow.required or elsewhere else None
        probes[flow.initiator].append(_probe(plan, flow, is_open, recheck=flow.required))
        if flow.protocol == UDP:
            _look(plan, flow, virtual.nodes(flow) if flow.virtual else [flow.listener], looks)
    may_listen: dict[str, Collection[SocketKey]] = {name: list(_cataloged(plan.hosts[name])) for name in asked}
    for flow in expectations.unwanted({**may_listen, **_unknown(expectations, here)}, by=asked):
        probes[flow.initiator].append(_probe(plan, flow, False, recheck=False))
        _look(plan, flow, [flow.listener], looks)
    for flow in _from_others(expectations, here, may_listen):
        _look(plan, flow, virtual.nodes(flow) if flow.virtual else [flow.listener], looks)
    return Questions(probes, looks)


def left_questions(
    plan: Plan, expectations: Expectations, observations: Mapping[str, HostObservation], virtual: VirtualAddresses
) -> Questions:
    """What is left to ask, now that it is known what listens and what the probes met.

    A host whose probes were lost is not asked again.
    """
    probes: dict[str, list[Probe]] = {name: [] for name in observations}
    ahead: dict[str, list[PathKey]] = {name: [] for name in observations}
    flows: list[ExpectedFlow] = []
    for flow in expectations.wanted(by=observations):
        flows.append(flow)
        initiator = observations[flow.initiator]
        if _is_lost(initiator) or virtual.is_nowhere_up(flow):
            continue
        listener = observations.get(flow.listener)
        if flow.required or listener is None or listener.listens(flow):
            answer = answer_of(flow, observations)
            # It was not worth a repetition before anybody knew whether the service runs, and on which node of a pair.
            again = listener is not None and (flow.virtual or not flow.required)
            if answer is None or (answer.rate_limited and again):
                probes[flow.initiator].append(_probe(plan, flow, True))
                if initiator.probes:
                    _look(plan, flow, [flow.listener], ahead)
    exposed = {name: seen.exposed for name, seen in observations.items()}
    for flow in expectations.unwanted({**exposed, **_unknown(expectations, observations)}, by=observations):
        flows.append(flow)
        initiator = observations[flow.initiator]
        if not _is_lost(initiator) and answer_of(flow, observations) is None:
            # Rejected or silent, the port is closed. Another probe would only use up the peer's ration of ICMP errors.
            probes[flow.initiator].append(_probe(plan, flow, False, recheck=False))
            if initiator.probes:
                _look(plan, flow, [flow.listener], ahead)
    doubtful = closer_looks(plan, [*flows, *_from_others(expectations, observations, exposed)], observations)
    looks = {
        name: [key for key in dict.fromkeys((*doubtful[name], *ahead[name])) if key not in seen.path_of]
        for name, seen in observations.items()
    }
    return Questions(probes, looks)


def _probe(plan: Plan, flow: ExpectedFlow, is_open: bool | None, recheck: bool = True) -> Probe:
    return replace(Probe.of(flow, recheck), is_open=is_open, own=sent_from(plan, flow))


def _look(plan: Plan, flow: ExpectedFlow, names: Iterable[str], looks: Mapping[str, list[PathKey]]) -> None:
    """The listener, or each of the nodes that may be it, evaluates its end."""
    key = key_at(LISTENER, plan, flow)
    for name in names:
        if key is not None and name in looks:
            looks[name].append(key)


def _unknown(expectations: Expectations, here: Collection[str]) -> dict[str, Collection[SocketKey]]:
    """The sockets that may be there on the hosts of other runs."""
    return {name: expectations.may_be_exposed(name) for name in expectations.names if name not in here}


def _from_others(
    expectations: Expectations, here: Collection[str], exposed: Mapping[str, Collection[SocketKey]]
) -> Iterator[ExpectedFlow]:
    """What the hosts of other runs send to those of this one. *exposed*: the sockets of the latter."""
    others = frozenset(name for name in expectations.names if name not in here)
    if others:
        yield from expectations.wanted(by=others, to=here)
        yield from expectations.unwanted(exposed, by=others)


def _is_lost(initiator: HostObservation) -> bool:
    """Whether the host is not asked itself, or cannot be asked any more."""
    return initiator.is_left_to_console or PROBES.name in initiator.unseen


def _cataloged(host: HostPlan) -> Iterator[SocketKey]:
    """The ports that the catalog expects on the network."""
    for one in host.listeners or ():
        if one.ports[0] == one.ports[1] and one.bind != "loopback" and (one.protocol != UDP or one.required):
            yield one.protocol, one.ports[0]

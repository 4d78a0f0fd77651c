# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict on a flow that the console tested, because its initiator was not asked itself."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.jsa.ports.plugins.plugin_utils._check.diagnosis import Finding
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import CONSOLE_RESULTS, HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import TCP, Plan

_SUCCESS, _UNREACHABLE, _HOST_UNREACHABLE = CONSOLE_RESULTS


def by_console(flow: ExpectedFlow, plan: Plan, observations: Mapping[str, HostObservation]) -> Finding | None:
    """What was not tested is never ok. None if the listener is the standby node of an HA pair."""
    seen = observations[flow.initiator].console
    if flow.protocol != TCP:
        return Finding("unverifiable", "not tested: the console can test TCP only")
    if seen is None or seen.reason:
        return Finding("unverifiable", f"not tested: {seen.reason if seen else 'the console was not asked'}")
    result = observations[flow.initiator].console_results.get(flow.probe_key)
    if result == _SUCCESS:
        return Finding("ok", "")
    if result == _HOST_UNREACHABLE:
        return Finding(
            "unverifiable",
            f"the console cannot ask {flow.initiator}: it is down, or its connection with the console does not work",
        )
    if result == _UNREACHABLE:
        return _blocked(flow, plan, observations)
    said = next((one.reason for one in seen.failures if (one.address, one.port) == (flow.address, flow.port)), None)
    return Finding("unverifiable", f"not tested: {said or 'the console gave no result'}")


def _blocked(flow: ExpectedFlow, plan: Plan, observations: Mapping[str, HostObservation]) -> Finding | None:
    if _peer_answers(flow, plan, observations):
        return None
    if observations[flow.listener].listens(flow):
        return Finding(
            "blocked",
            f"{flow.initiator} cannot connect to {flow.listener}, and the service listens: host firewall or network: "
            f"connect to {flow.initiator} by SSH to tell which",
        )
    if not flow.required:
        return Finding("unverifiable", "no connection, but not every deployment has this service")
    return Finding(
        "blocked",
        f"{flow.initiator} cannot connect to {flow.listener}: service, host firewall or network: connect by SSH to tell "
        "which",
    )


def _peer_answers(flow: ExpectedFlow, plan: Plan, observations: Mapping[str, HostObservation]) -> bool:
    """Whether the other node of the listener's HA pair serves the port: then this one is the standby node."""
    peer = plan.hosts[flow.listener].ha_peer
    if peer is None or peer not in plan.hosts:
        return False
    results = observations[flow.initiator].console_results
    return any(results.get((address, flow.port, TCP)) == _SUCCESS for address in plan.hosts[peer].addresses)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flows with an unexpected result, for which both hosts evaluate their rules and routes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation, answer_of
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import (
    INITIATOR,
    LISTENER,
    PathKey,
    key_at,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._check.virtual import VirtualAddresses
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan


def closer_looks(
    plan: Plan, flows: Iterable[ExpectedFlow], observations: Mapping[str, HostObservation]
) -> dict[str, list[PathKey]]:
    """Host to the ends of flows that it should look at.

    Those are the flows that should get through and did not, where something listens, and those that should not and did.
    Of a flow whose initiator is not in *observations*, nobody here knows what came of it: its listener looks at it.
    """
    found: dict[str, list[PathKey]] = {name: [] for name in observations}
    virtual = VirtualAddresses(plan, observations)
    for flow in flows:
        if flow.initiator in observations:
            answer = answer_of(flow, observations)
            if answer is None or (answer.result == "open") == flow.wanted or virtual.is_nowhere_up(flow):
                continue
        listener = observations.get(flow.listener)
        if flow.port is not None and listener is not None and listener.listens(flow) is False:
            continue
        for role, name in ((LISTENER, flow.listener), (INITIATOR, flow.initiator)):
            key = key_at(role, plan, flow)
            if key is not None and name in found:
                found[name].append(key)
    return found


def as_flow(key: PathKey) -> dict[str, Any]:
    """As ``jsa.ports.packet_path`` takes it."""
    role, own, peer, protocol, port = key
    flow: dict[str, Any] = {"role": role, "own": own, "peer": peer, "protocol": protocol}
    if port is not None:
        flow["port"] = port
    return flow

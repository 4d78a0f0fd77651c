# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A closer look at the hosts of a flow that did not get through: what their own rules and kernels do with it."""

from __future__ import annotations

import ipaddress

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
    from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import ExpectedFlow

#: Role, own address, the other's address, protocol, port.
PathKey = tuple[str, str, str, str, int]

LISTENER = "listener"
INITIATOR = "initiator"


@dataclass(frozen=True)
class Passage:
    """What becomes of a packet on a host."""

    #: ``accept``, ``drop``, ``reject`` or ``unknown``.
    decision: str
    rule: str | None

    @property
    def refuses(self) -> bool:
        return self.decision in ("drop", "reject")

    @property
    def doubtful(self) -> bool:
        """There is a rule that may refuse it."""
        return self.decision == "unknown" and self.rule is not None


@dataclass(frozen=True)
class Path:
    """What ``jsa.ports.packet_path`` says of one flow at one of its ends."""

    question: Passage
    answer: Passage
    route: bool = True
    half_open: bool = False
    #: (waiting, limit) of a service that takes no more connections.
    backlog: tuple[int, int] | None = None
    #: The kernel was told not to answer pings.
    ignored: bool = False

    @property
    def accepts(self) -> bool:
        """Nothing on this host is in the way, for sure."""
        return self.question.decision == self.answer.decision == "accept"


def source_of(plan: Mapping[str, Any], flow: ExpectedFlow) -> str | None:
    """The initiator's address for the flow, as the inventory has it."""
    version = ipaddress.ip_address(flow.address).version
    for address in plan["hosts"][flow.initiator]["addresses"]:
        if ipaddress.ip_address(address).version == version:
            return str(address)
    return None


def key_at(role: str, source: str, flow: ExpectedFlow) -> PathKey:
    own, peer = (flow.address, source) if role == LISTENER else (source, flow.address)
    return role, own, peer, flow.protocol, flow.port


def doubts(
    plan: Mapping[str, Any], flows: Iterable[ExpectedFlow], observations: Mapping[str, HostObservation]
) -> dict[str, list[dict[str, Any]]]:
    """Host to the flows that it should look at, as ``jsa.ports.packet_path`` takes them.

    Those are the flows that should get through and did not, where somebody listens, and those that should not and did.
    """
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in observations}
    for flow in flows:
        probe = (observations[flow.initiator].probes or {}).get(flow.probe_key)
        source = source_of(plan, flow)
        if probe is None or source is None or (probe["result"] == "open") == flow.wanted:
            continue
        target = observations[flow.listener]
        if flow.port and target.listens(flow.protocol, flow.port, flow.address) is False:
            continue
        for role, name in ((LISTENER, flow.listener), (INITIATOR, flow.initiator)):
            _role, own, peer, protocol, port = key_at(role, source, flow)
            item = {"role": role, "own": own, "peer": peer, "protocol": protocol}
            found[name].append({**item, "port": port} if port else item)
    return found


def read_paths(result: Mapping[str, Any]) -> dict[PathKey, Path]:
    """Out of what ``jsa.ports.packet_path`` returned."""
    return {
        (item["role"], item["own"], item["peer"], item["protocol"], int(item.get("port") or 0)): Path(
            question=Passage(**item["question"]),
            answer=Passage(**item["answer"]),
            route=item["route"],
            half_open=bool(item["half_open"]),
            backlog=(item["backlog"]["waiting"], item["backlog"]["limit"]) if item["backlog"] else None,
            ignored=item["ignored"],
        )
        for item in result["flows"]
    }

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which node of an HA pair has the pair's virtual address, as far as it was seen."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import NETWORK, HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan


class VirtualAddresses:
    """The virtual addresses of one plan, and what was observed of the nodes."""

    def __init__(self, plan: Plan, observations: Mapping[str, HostObservation]) -> None:
        self._plan = plan
        self._observations = observations

    def holders(self) -> dict[str, str]:
        """Virtual address to the node that has it, or that is the only one that may; absent where that is not known."""
        found: dict[str, str] = {}
        for name in self._observations:
            for address in self._plan.hosts[name].virtual_addresses:
                holder = self._holder(name, address)
                if holder is not None:
                    found.setdefault(address, holder)
        return found

    def is_nowhere_up(self, flow: ExpectedFlow) -> bool:
        """Whether the flow goes to a virtual address that no node of the pair has; all of them were asked."""
        return flow.virtual and all(self._has(node, flow.address) is False for node in self.nodes(flow))

    def is_up(self, flow: ExpectedFlow) -> bool:
        """Whether the listener was seen to have the virtual address that the flow goes to."""
        return self._has(flow.listener, flow.address) is True

    def is_served(self, flow: ExpectedFlow) -> bool:
        """Whether the flow's service listens on the network on a node of the listener's pair."""
        return any(
            (socket := (one.listeners or {}).get(flow.socket)) is not None and socket.bind == NETWORK
            for node in self.nodes(flow)
            if (one := self._observations.get(node)) is not None
        )

    def nodes(self, flow: ExpectedFlow) -> list[str]:
        """The nodes of the listener's HA pair, sorted."""
        return sorted({flow.listener, self._plan.hosts[flow.listener].ha_peer or flow.listener})

    def _holder(self, name: str, address: str) -> str | None:
        nodes = [name, self._plan.hosts[name].ha_peer or name]
        having = [node for node in nodes if self._has(node, address)]
        if having:
            return having[0]
        possible = [node for node in nodes if node in self._observations and self._has(node, address) is None]
        return possible[0] if possible else None

    def _has(self, node: str, address: str) -> bool | None:
        """None where it is not known."""
        seen = self._observations.get(node)
        if seen is None or seen.addresses is None:
            return None
        return address in seen.addresses

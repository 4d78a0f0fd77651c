# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entries and flows of the catalog apply to a host, and why others do not."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Condition, Entry, Flow
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.releases import applies, parse_release
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import any_covers
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host, Topology

#: The entry for the whole data range, which ``jsa_data_ports`` opens, narrows or leaves out. It covers every pair of
#: hosts, so it tells nothing about which hosts really talk.
DATA_RANGE = "data_range"

#: Ports of these exposures are not the host's own to open or refuse.
ELSEWHERE = ("outbound", "hardware")

#: Ports of these exposures are never opened on the wire.
NEVER_OPEN = ("outbound", "hardware", "local_only", "tunnel_local", "unknown")


@dataclass(frozen=True)
class Applicability:
    """The catalog as it applies to one topology."""

    topology: Topology
    deployment_roles: frozenset[str]

    @classmethod
    def of(cls, topology: Topology) -> Applicability:
        """For the roles that the hosts of *topology* have."""
        return cls(topology, frozenset(role for host in topology.hosts.values() for role in host.roles))

    def obstacle(self, condition: Condition, host: Host) -> str | None:
        """Why *condition* does not hold for *host*; None where it does."""
        for feature in condition.features:
            if feature not in host.features:
                return f"{host.name} does not have the feature {feature} (jsa_features)"
        for feature in condition.without_features:
            if feature in host.features:
                return f"{host.name} has the feature {feature} (jsa_features)"
        missing = [role for role in condition.deployment_roles if role not in self.deployment_roles]
        if missing:
            return f"the deployment has no {missing[0]}"
        return self.release_obstacle(condition)

    def release_obstacle(self, condition: Condition) -> str | None:
        """Why *condition* does not hold for the deployment's release; None if it does."""
        if condition.release_from is None and condition.release_before is None:
            return None
        if applies(parse_release(self.topology.release), condition.release_from, condition.release_before):
            return None
        bound = f"begins with release {condition.release_from}"
        if condition.release_before:
            bound = f"ended with release {condition.release_before}"
        return f"it {bound}, and this is {self.topology.release or 'the newest release (jsa_release is not set)'}"

    def selected(self, entry: Entry) -> str | None:
        """Why the site's variables leave *entry* out; None if they do not."""
        if entry.confidence not in self.topology.confidences:
            return (
                f"its confidence is {entry.confidence}, and jsa_confidence opens {', '.join(self.topology.confidences)}"
            )
        if entry.id == DATA_RANGE and self.topology.data_ports == "listed":
            return "jsa_data_ports is listed"
        return None

    def flow_obstacle(self, entry: Entry, flow: Flow, listener: Host) -> str | None:
        """Why a flow of *entry* opens nothing on *listener*, whoever the initiator is."""
        if entry.exposure in NEVER_OPEN:
            return NOT_OPENED[entry.exposure]
        return self.selected(entry) or self.obstacle(entry.when, listener) or self.obstacle(flow.when, listener)


#: Why each exposure opens nothing.
NOT_OPENED: dict[str, str] = {
    "outbound": "JSA is the client of this flow, so no service listens for it here",
    "hardware": "it belongs to the management hardware beside the host, not to the host",
    "local_only": "it serves the host itself over loopback and is never available from outside",
    "tunnel_local": "it is the loopback end of an SSH tunnel, whose traffic uses port 22",
    "unknown": "no source says who contacts it, so it stays closed",
}


def listens(entry: Entry, host: Host) -> bool:
    """Whether the entry's ports are *host*'s own."""
    return entry.exposure not in ELSEWHERE and any(any_covers(host, flow.listeners) for flow in entry.flows)


def ports_of(entry: Entry, host: Host) -> tuple[PortRange, ...]:
    """The entry's ports on *host*: a feature can change them."""
    for feature, ports in entry.ports_with.items():
        if feature in host.features:
            return ports
    return entry.ports

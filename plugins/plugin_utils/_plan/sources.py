# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The source classes of each flow on a host: who may initiate it.

The data range is an exception, because its row names every pair of hosts. With ``jsa_data_ports: paired``, it is open
in both directions between two hosts with a listed data flow, because these flows use the ports of the range.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry, Flow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.applicability import DATA_RANGE, Applicability
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import (
    ENCRYPTED,
    UNENCRYPTED,
    SourceClass,
    SourceClasses,
    any_covers,
    is_host_token,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host, Topology
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import HA_PEER, SELF

#: The id of the entry whose port carries the tunnels.
SSH = "ssh"

#: The value of ``jsa_data_ports`` that opens the data range between hosts with a data flow.
PAIRED = "paired"

#: Tunnels with the console have their own flow in the catalog.
_NO_TUNNEL_PEERS = ("console", "managed_host", "any_host")


class Sources:
    """Source classes of flows, for one topology and catalog."""

    def __init__(self, topology: Topology, catalog: tuple[Entry, ...], applicability: Applicability) -> None:
        self.classes = SourceClasses(topology)
        self._topology = topology
        self._any_encrypted = any(host.encrypted for host in topology.hosts.values())
        self._tunnelled = tuple(
            flow
            for entry in catalog
            if entry.id != DATA_RANGE
            and not applicability.selected(entry)
            and not applicability.release_obstacle(entry.when)
            for flow in entry.flows
            if flow.encryption == "tunnelled" and not applicability.release_obstacle(flow.when)
        )
        self._paired = topology.data_ports == PAIRED
        self._data_flows = tuple(
            flow
            for entry in catalog
            if _within_data_range(entry, catalog)
            and not applicability.selected(entry)
            and not applicability.release_obstacle(entry.when)
            for flow in entry.flows
            if not applicability.release_obstacle(flow.when)
        )
        #: By whether the flows are the tunnelled ones, and the host's roles.
        self._other_ends: dict[tuple[bool, frozenset[str]], list[tuple[Flow, str]]] = {}
        self.networks_not_set: dict[str, set[str]] = {}

    def of_flow(self, entry: Entry, flow: Flow, listener: Host) -> Iterator[SourceClass]:
        """The classes that may initiate *flow* to *listener*, also those without a member."""
        if entry.id == DATA_RANGE and self._paired:
            for data_flow, token in self._partners(self._data_flows, listener):
                yield from self._hosts(token, flow.encryption, data_flow, listener)
            return
        for token in flow.initiators:
            if token == SELF:
                continue
            if token == HA_PEER:
                yield self.classes.ha_peer(listener)
            elif is_host_token(token):
                yield from self._hosts(token, flow.encryption, flow, listener)
            elif token in self._topology.networks:
                yield self.classes.network(token)
            elif "." in token or ":" in token:
                yield self.classes.literal(token)
            else:
                self.networks_not_set.setdefault(token, set()).add(entry.id)

    def _hosts(self, token: str, encryption: str, flow: Flow, listener: Host) -> Iterator[SourceClass]:
        """The hosts of *token* for a flow with *encryption*, limited to partners of *listener* if *flow* says so."""
        if encryption == "tunnelled":
            if not listener.encrypted:
                yield self._members(token, UNENCRYPTED, flow, listener)
        elif encryption == "only_encrypted" and not listener.encrypted:
            yield self._members(token, ENCRYPTED, flow, listener)
        else:
            yield self._members(token, None, flow, listener)

    def _members(self, token: str, encryption: str | None, flow: Flow, listener: Host) -> SourceClass:
        if flow.same_processor:
            return self.classes.beside(token, encryption, listener)
        return self.classes.members(token, encryption, listener if flow.attached else None)

    def _partners(self, flows: tuple[Flow, ...], host: Host) -> list[tuple[Flow, str]]:
        """The tokens for the hosts at the other end of each of *flows*, whether *host* initiates it or listens."""
        key = flows is self._tunnelled, host.roles
        if key not in self._other_ends:
            found = self._other_ends[key] = []
            for flow in flows:
                here = (any_covers(host, flow.listeners), any_covers(host, flow.initiators))
                tokens = (flow.initiators if here[0] else (), flow.listeners if here[1] else ())
                found += [(flow, token) for end in tokens for token in end if is_host_token(token)]
        return self._other_ends[key]

    def tunnel_peers(self, listener: Host) -> Iterator[SourceClass]:
        """The managed hosts that initiate SSH tunnels to *listener*, a managed host, for flows between the two.

        A tunnel carries a tunnelled flow between two hosts if one of them is encrypted. Either host may initiate it,
        but a host with remote tunnel initiation never does. Tunnels with the console are not included: SSH between the
        console and each host has its own flow in the catalog.
        """
        if listener.is_console or not self._any_encrypted:
            return
        for flow, token in self._partners(self._tunnelled, listener):
            if token in _NO_TUNNEL_PEERS:
                continue
            for source in self._hosts(token, "only_encrypted", flow, listener):
                if not listener.remote_tunnel_initiation:
                    source = self.classes.without_remote_initiation(source)
                yield source


def _within_data_range(entry: Entry, catalog: tuple[Entry, ...]) -> bool:
    """Whether all ports of *entry* are in the data range, and are used between hosts of the deployment."""
    wide = [part for one in catalog if one.id == DATA_RANGE for part in one.ports]
    return (
        entry.id != DATA_RANGE
        and entry.exposure == "inter_host"
        and bool(entry.ports)
        and all(any(first <= low and high <= last for first, last in wide) for low, high in entry.ports)
    )

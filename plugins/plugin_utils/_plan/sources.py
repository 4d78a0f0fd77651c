# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may open a flow of the catalog on a host: its source classes."""

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

#: The entry whose port carries the tunnels.
SSH = "ssh"


class Sources:
    """Source classes of flows, for one topology and catalog."""

    def __init__(self, topology: Topology, catalog: tuple[Entry, ...], applicability: Applicability) -> None:
        self.classes = SourceClasses(topology)
        self._topology = topology
        self._any_encrypted = any(host.encrypted for host in topology.hosts.values())
        self._tunnelled = [
            flow
            for entry in catalog
            if entry.id != DATA_RANGE
            and not applicability.selected(entry)
            and not applicability.release_obstacle(entry.when)
            for flow in entry.flows
            if flow.encryption == "tunnelled" and not applicability.release_obstacle(flow.when)
        ]
        self.networks_not_set: dict[str, set[str]] = {}

    def of_flow(self, entry: Entry, flow: Flow, listener: Host) -> Iterator[SourceClass]:
        """The classes that may open *flow* on *listener*; those without a member too."""
        for token in flow.initiators:
            if token == SELF:
                continue
            if token == HA_PEER:
                yield self.classes.ha_peer(listener)
            elif is_host_token(token):
                yield from self._hosts(token, flow.encryption, flow.attached, listener)
            elif token in self._topology.networks:
                yield self.classes.network(token)
            elif "." in token or ":" in token:
                yield self.classes.literal(token)
            else:
                self.networks_not_set.setdefault(token, set()).add(entry.id)

    def _hosts(self, token: str, encryption: str, attached: bool, listener: Host) -> Iterator[SourceClass]:
        partner = listener if attached else None
        if encryption == "tunnelled":
            if not listener.encrypted:
                yield self.classes.members(token, UNENCRYPTED, partner)
        elif encryption == "only_encrypted":
            if listener.encrypted:
                yield self.classes.members(token, None, partner)
            else:
                yield self.classes.members(token, ENCRYPTED, partner)
        else:
            yield self.classes.members(token, None, partner)

    def tunnel_peers(self, listener: Host) -> Iterator[SourceClass]:
        """Managed hosts that open SSH tunnels to *listener*, a managed host, for flows between the two.

        A tunnel is there for a tunnelled flow between hosts of which one is encrypted; either side may open it, but
        the initiator of a host with remote tunnel initiation is always the other one. Tunnels with the console need
        nothing here: SSH between the console and every host is a flow of its own.
        """
        if listener.is_console or not self._any_encrypted:
            return
        for flow in self._tunnelled:
            partners: list[str] = []
            if any_covers(listener, flow.listeners):
                partners += [token for token in flow.initiators if is_host_token(token)]
            if any_covers(listener, flow.initiators):
                partners += [token for token in flow.listeners if is_host_token(token)]
            for token in partners:
                if token in ("console", "managed_host", "any_host"):
                    continue
                for source in self._hosts(token, "only_encrypted", flow.attached, listener):
                    if not listener.remote_tunnel_initiation:
                        source = self.classes.without_remote_initiation(source)
                    yield source

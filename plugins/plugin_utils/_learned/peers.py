# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who an address is: a host of the inventory, somebody in a network of jsa_networks, or nobody that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import ADDRESS, HOST, NETWORK
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.networks import Key, key_of, networks_by_name
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Topology


@dataclass(frozen=True, slots=True)
class Peer:
    """The far end of traffic."""

    #: Canonical text.
    address: str
    key: Key
    #: One of KINDS.
    kind: str
    #: Of the host or network; the address where nobody knows more.
    name: str
    #: The host of the deployment that it is.
    host: str | None


class Peers:
    """Looks each address up once, however many hosts have seen it."""

    def __init__(self, topology: Topology, strangers: Mapping[str, tuple[str, ...]] | None = None) -> None:
        """*strangers*: hosts of the inventory that are not in the deployment, with their addresses."""
        self._members: dict[Key, str] = {}
        for name, host in topology.hosts.items():
            for text in (
                *host.addresses,
                *host.crossover_addresses,
                *host.virtual_addresses,
                *host.public_addresses,
            ):
                # The address of a pair is that of both nodes: the first has to do.
                self._members.setdefault(key_of(text), name)
        self._strangers = {key_of(text): name for name, texts in (strangers or {}).items() for text in texts}
        self._networks = networks_by_name(topology.networks)
        self._known: dict[str, Peer] = {}

    @property
    def members(self) -> Mapping[Key, str]:
        """The addresses of the deployment, each with its host."""
        return self._members

    def of(self, text: str) -> Peer:
        """The one with this address."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._find(text)
        return found

    def _find(self, text: str) -> Peer:
        key = key_of(text)
        member = self._members.get(key)
        if member is not None:
            return Peer(text, key, HOST, member, member)
        stranger = self._strangers.get(key)
        if stranger is not None:
            return Peer(text, key, HOST, stranger, None)
        network = self._networks.find(key)
        if network is not None:
            return Peer(text, key, NETWORK, network, None)
        return Peer(text, key, ADDRESS, text, None)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The deployment that the inventory describes, as plain, frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import (
    DATA_PORTS,
    DEFAULT_CONFIDENCES,
    UNLISTED,
)

ANY_V4 = "0.0.0.0/0"
ANY_V6 = "::/0"


@dataclass(frozen=True)
class Host:
    """One host of the deployment."""

    name: str
    #: All roles, the implied ones too.
    roles: frozenset[str]
    #: Its own addresses, normalized, IPv4 before IPv6.
    addresses: tuple[str, ...]
    #: Addresses of its HA cluster; on both nodes.
    virtual_addresses: tuple[str, ...] = ()
    #: Its own addresses on the link to its HA peer, from which it contacts that peer and nobody else.
    crossover_addresses: tuple[str, ...] = ()
    #: None where it is not behind NAT. Hosts of one group use each other's own addresses.
    nat_group: str | None = None
    #: What hosts outside of its NAT group see instead of its own addresses, normalized, IPv4 before IPv6.
    public_addresses: tuple[str, ...] = ()
    encrypted: bool = False
    #: Other managed hosts open the SSH tunnels to this one, not the other way round.
    remote_tunnel_initiation: bool = False
    ha_peer: str | None = None
    #: The processor that it reports to.
    processor: str | None = None
    features: frozenset[str] = frozenset()
    #: What leaves it is restricted too.
    restrict_outbound: bool = False
    #: What happens to packets for ports that the catalog does not list for it, one of UNLISTED.
    unlisted: str = UNLISTED[0]
    #: CIDRs that always reach its SSH port, normalized and sorted.
    management_addresses: tuple[str, ...] = ()

    @property
    def is_console(self) -> bool:
        """Whether the host has the role console."""
        return "console" in self.roles


@dataclass(frozen=True)
class DynamicPortsChoice:
    """Whether discovered ports are opened, and how old they may be."""

    use: bool = False
    #: Seconds.
    max_age: int = 3600
    #: The site decided against them, so that nobody needs to be told that they are closed.
    declined: bool = False


@dataclass(frozen=True)
class Topology:
    """The whole deployment, read once."""

    #: By name, sorted.
    hosts: dict[str, Host]
    #: Network name -> CIDRs; ``any`` is both zero networks, ``none`` is empty. Networks that nobody set are absent.
    networks: dict[str, tuple[str, ...]]
    #: None where the inventory does not say: then the newest.
    release: str | None = None
    confidences: tuple[str, ...] = DEFAULT_CONFIDENCES
    #: ``paired``, ``range`` or ``listed``.
    data_ports: str = DATA_PORTS[0]
    extra_flows: tuple[Entry, ...] = ()
    dynamic_ports: DynamicPortsChoice = DynamicPortsChoice()
    #: What is most likely misspelt, where that is an error.
    misspelt: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    def cluster(self, name: str) -> tuple[str, ...]:
        """The host and its HA peer."""
        peer = self.hosts[name].ha_peer
        return (name, peer) if peer else (name,)

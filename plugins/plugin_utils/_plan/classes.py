# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source classes: the sets of peers that rules name.

A class has a stable label, for example ``event_collector unencrypted``. The label stays the same if peers are added or
removed, so a firewall can keep one set per class and change only its entries. The hosts of a class are computed once
per deployment, not once per host: between two listeners, it differs only in that a host is not its own peer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import parse_cidr
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host, Topology
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import HOST_GROUPS, ROLES

UNENCRYPTED = "unencrypted"
ENCRYPTED = "encrypted"


@dataclass(frozen=True)
class SourceClass:
    """Hosts of the deployment, or a network outside."""

    label: str
    hosts: frozenset[str] = frozenset()
    cidrs: tuple[str, ...] = ()
    #: Addresses of the hosts on a link that only this class uses, such as the crossover link of an HA pair.
    links: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hosts or self.cidrs)


class SourceClasses:
    """Computes the classes of one topology, each once."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._known: dict[str, SourceClass] = {}
        self._consoles = frozenset(name for name, host in topology.hosts.items() if host.is_console)
        self._unattached = frozenset(name for name, host in topology.hosts.items() if host.processor is None)
        self._without_initiation = frozenset(
            name for name, host in topology.hosts.items() if host.remote_tunnel_initiation
        )
        #: Those of a processor, by the name of _processor(), and those of nobody.
        self._beside: dict[str | None, set[str]] = {}
        for name, host in topology.hosts.items():
            self._beside.setdefault(self._processor(host), set()).add(name)
        self._reporting: dict[str, set[str]] = {}
        for name, host in topology.hosts.items():
            if host.processor is not None:
                for processor in topology.cluster(host.processor):
                    self._reporting.setdefault(processor, set()).add(name)

    @property
    def known(self) -> dict[str, SourceClass]:
        """All classes so far, by label."""
        return self._known

    def network(self, name: str) -> SourceClass:
        """The class of a named network outside. Raises KeyError if the network is not set."""
        if name not in self._known:
            self._known[name] = SourceClass(name, cidrs=self._topology.networks[name])
        return self._known[name]

    def literal(self, text: str) -> SourceClass:
        """The class of an address or CIDR in one of the site's own flows."""
        return self._remember(SourceClass(text, cidrs=(parse_cidr(text),)))

    def ha_peer(self, listener: Host) -> SourceClass:
        """The class of the other node of *listener*'s HA pair, without a host if it is in no pair."""
        label = f"ha_peer of {listener.name}"
        if listener.ha_peer is None:
            return self._remember(SourceClass(label))
        links = self._topology.hosts[listener.ha_peer].crossover_addresses
        return self._remember(SourceClass(label, hosts=frozenset([listener.ha_peer]), links=links))

    def members(self, token: str, encryption: str | None = None, attached_to: Host | None = None) -> SourceClass:
        """The class of the hosts that a role or host group of the catalog, *token*, covers.

        *encryption*: only the encrypted, or only the unencrypted ones. *attached_to*: only the hosts that exchange data
        with this one.
        """
        label = token if encryption is None else f"{token} {encryption}"
        narrowed = attached_to is not None and bool(self._reporting) and not attached_to.is_console
        if narrowed and attached_to is not None:
            label = f"{label} {self.attachment(attached_to)}"
        if label in self._known:
            return self._known[label]
        if narrowed and attached_to is not None:
            hosts = self.members(token, encryption).hosts & self._attached(attached_to)
        elif encryption is not None:
            wanted = encryption == ENCRYPTED
            hosts = frozenset(
                name for name in self.members(token).hosts if self._topology.hosts[name].encrypted == wanted
            )
        else:
            hosts = frozenset(name for name, host in self._topology.hosts.items() if host_is(host, token))
        return self._remember(SourceClass(label, hosts=hosts))

    def beside(self, token: str, encryption: str | None, host: Host) -> SourceClass:
        """As :meth:`members`, with only the hosts that report to the same processor as *host*."""
        processor = self._processor(host)
        everybody = self.members(token, encryption)
        whose = f"that reports to {processor}" if processor else "that reports to nobody"
        label = f"{everybody.label} {whose}"
        if label not in self._known:
            self._remember(SourceClass(label, hosts=everybody.hosts & self._beside[processor]))
        return self._known[label]

    def _processor(self, host: Host) -> str | None:
        """The processor that *host* reports to, with one name for both nodes of an HA pair."""
        return min(self._topology.cluster(host.processor)) if host.processor else None

    def without_remote_initiation(self, source: SourceClass) -> SourceClass:
        """The hosts of a class that initiate SSH tunnels."""
        kept = source.hosts - self._without_initiation
        if kept == source.hosts:
            return source
        return self._remember(SourceClass(f"{source.label} that initiate tunnels", hosts=kept))

    def attachment(self, host: Host) -> str:
        """The part of a label that tells who exchanges data with *host*. Hosts that nobody reports to can share it."""
        if host.name in self._reporting or host.ha_peer:
            return f"attached to {host.name}"
        return f"beside {host.processor}" if host.processor else "not attached"

    def _attached(self, host: Host) -> frozenset[str]:
        """The hosts that exchange data with *host*: all do with the console, and collectors with one processor."""
        reporting = frozenset(self._reporting.get(host.name, ()))
        if host.processor is not None:
            return self._consoles | reporting | frozenset(self._topology.cluster(host.processor))
        return self._consoles | reporting | self._unattached

    def _remember(self, source: SourceClass) -> SourceClass:
        return self._known.setdefault(source.label, source)


@cache
def _tokens(roles: frozenset[str]) -> frozenset[str]:
    """The roles and host groups of the catalog that cover a host with *roles*."""
    return roles | {"any_host"} if "console" in roles else roles | {"any_host", "managed_host"}


def host_is(host: Host, token: str) -> bool:
    """Whether a role or host group of the catalog covers *host*."""
    return token in _tokens(host.roles)


def is_host_token(token: str) -> bool:
    """Whether a flow's token names hosts of the deployment and not a network."""
    return token in ROLES or token in HOST_GROUPS


def any_covers(host: Host, tokens: Iterable[str]) -> bool:
    """Whether one of the tokens covers *host*."""
    return not _tokens(host.roles).isdisjoint(tokens)

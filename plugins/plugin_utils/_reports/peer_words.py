# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sources of rules as a person names them: ``admin, con1, con2, VIP con (10.1.0.12)``."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.clusters import virtual_names
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.named import (
    ANYONE,
    HOST,
    Directory,
    Endpoint,
    Peers,
    as_cidr,
    cidr_text,
    endpoint_text,
    is_name,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan

#: The maximum number of sources of a rule, unless all are wanted; the others are counted.
_SHOWN = 4

#: What is said of one source, and the host that it is; None for all others.
_Word = tuple[str, "str | None"]


class PeerWords:
    """Sources of the rules of one plan, in words."""

    def __init__(self, plan: Plan, every: bool = False) -> None:
        """*every*: all of them, however many."""
        self._plan = plan
        self._every = every
        self._directory = Directory(plan)
        self._virtual = {as_cidr(address): name for address, name in virtual_names(plan).items()}
        self._own = {
            name: frozenset(as_cidr(address) for address in (*host.addresses, *host.public_addresses))
            for name, host in plan.hosts.items()
        }
        self._words: dict[int, tuple[Peers, list[_Word]]] = {}
        #: By name and CIDRs of a host: its word, and those of its virtual addresses.
        self._hosts: dict[tuple[str, tuple[str, ...]], tuple[str, dict[str, _Word]]] = {}
        #: Networks with a name that were shown so far, by name, as the plan has them.
        self.networks: dict[str, tuple[str, ...]] = {}

    @property
    def directory(self) -> Directory:
        """Who has which addresses."""
        return self._directory

    def text(self, listener: str, cidrs: tuple[str, ...], classes: tuple[str, ...] = ()) -> str:
        """Who *cidrs* are on a rule of *listener*."""
        peers, left_out = self._directory.peers(listener, cidrs, classes)
        # What no class explains is made anew each time; everything else is shared by the rules that are alike.
        words = self._all(peers.endpoints) if peers.rest else self._shared(peers)
        if words and words[0][0] == ANYONE and not self._every:
            return ANYONE
        count = len(words) - sum(1 for _word, host in words if host is not None and host == left_out)
        shown: list[str] = []
        wanted = count if self._every or count <= _SHOWN else _SHOWN - 1
        for word, host in words:
            if len(shown) == wanted:
                break
            if host is None or host != left_out:
                shown.append(word)
        return f"{', '.join(shown)} and {count - wanted} more" if count > wanted else ", ".join(shown)

    def _shared(self, peers: Peers) -> list[_Word]:
        if id(peers) not in self._words:
            # Kept with its words: an identity is given again to another value.
            self._words[id(peers)] = peers, self._all(peers.endpoints)
        return self._words[id(peers)][1]

    def _all(self, endpoints: Iterable[Endpoint]) -> list[_Word]:
        """Anyone, networks, hosts, and virtual addresses: what is wide must not be among those that are counted."""
        networks: list[_Word] = []
        hosts: list[_Word] = []
        virtual: dict[str, _Word] = {}
        for one in endpoints:
            if one.kind == HOST:
                key = one.name, one.cidrs
                if key not in self._hosts:
                    self._hosts[key] = self._host(one)
                word, also = self._hosts[key]
                hosts.append((word, one.name))
                if also:
                    virtual.update(also)
            elif one.kind == ANYONE:
                networks.insert(0, (ANYONE, None))
            else:
                networks.append((self._network(one), None))
        return [*networks, *hosts, *virtual.values()]

    def _host(self, one: Endpoint) -> tuple[str, dict[str, _Word]]:
        """Its name, with the addresses where the plan does not let in all of its own; and its virtual addresses."""
        virtual: dict[str, _Word] = {
            cidr: (f"VIP {self._virtual[cidr]} ({cidr_text(cidr)})", None)
            for cidr in one.cidrs
            if cidr in self._virtual
        }
        if self._own[one.name] <= set(one.cidrs):
            return one.name, virtual
        own = [cidr_text(cidr) for cidr in one.cidrs if cidr not in virtual]
        return f"{one.name} ({', '.join(own) or 'virtual address only'})", virtual

    def _network(self, one: Endpoint) -> str:
        """Its name, if the plan lets in all of it."""
        source = self._plan.source_classes.get(one.name)
        if is_name(one.name) and source is not None and set(source.networks) == set(one.cidrs):
            self.networks[one.name] = one.cidrs
            return one.name
        return endpoint_text(one)

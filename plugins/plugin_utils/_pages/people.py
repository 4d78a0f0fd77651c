# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts, networks and groups of the page, by short keys, and the sets of peers that rows share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.named import Endpoint
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Choice, Names, Peers
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import IMPLIED_ROLES

#: So many names a row shows; of larger sets, only the number.
SHOWN_NAMES = 6

#: The group of networks outside of the deployment.
_OUTSIDE = "networks"

#: Endpoints that are not hosts come after them.
_HOST = "host"


def role_words(roles: Sequence[str]) -> str:
    """The roles of a host without those that another one implies: ``event processor, data node``."""
    implied = {IMPLIED_ROLES[role] for role in roles if role in IMPLIED_ROLES}
    shown = [role for role in roles if role not in implied] or list(roles)
    return ", ".join(role.replace("_", " ") for role in shown) or "no role"


def names_of(hosts: Sequence[str]) -> Names:
    """All names, or their number and all of them apart."""
    if len(hosts) <= SHOWN_NAMES:
        return Names(", ".join(hosts))
    return Names(f"{len(hosts):,} hosts", ", ".join(hosts))


@dataclass
class People:
    """Everybody on the page. Keys are given in the order of the hosts, then of the networks as they are met."""

    groups: list[Choice] = field(default_factory=list)
    hosts: dict[str, Choice] = field(default_factory=dict)
    networks: dict[tuple[str, str], Choice] = field(default_factory=dict)
    #: The CIDRs of each network.
    cidrs: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, hosts: Mapping[str, HostPlan]) -> People:
        """Those of a plan, grouped by their roles."""
        found = cls()
        groups: dict[str, Choice] = {}
        for name, host in hosts.items():
            words = role_words(host.roles)
            if words not in groups:
                groups[words] = Choice(f"g{len(groups)}", words)
            found.hosts[name] = Choice(f"h{len(found.hosts)}", name, groups[words].key)
        found.groups = [*groups.values(), Choice(f"g{len(groups)}", _OUTSIDE)]
        return found

    @property
    def outside(self) -> Choice:
        """The group of all networks."""
        return self.groups[-1]

    def endpoint(self, source: Endpoint) -> Choice:
        """Who may contact a host, as a choice."""
        if source.kind == _HOST and source.name in self.hosts:
            return self.hosts[source.name]
        key = source.kind, source.name
        if key not in self.networks:
            self.networks[key] = Choice(f"n{len(self.networks)}", source.name, self.outside.key)
        choice = self.networks[key]
        self.cidrs.setdefault(choice.key, set()).update(source.cidrs)
        return choice

    def key_of(self, name: str) -> str:
        """The key of a host; empty where the plan does not have it."""
        return self.hosts[name].key if name in self.hosts else ""

    def group_of(self, choice: Choice) -> Choice:
        """The group of a host or network."""
        return self.groups[int(choice.group[1:])]


#: Members of a set in their order, by key.
_Members = tuple[Choice, ...]


class PeerSets:
    """Finds the sets that several rows share.

    Nobody is its own peer: of hosts that all contact each other, the set of each lacks the host itself. Then the whole
    set is kept once, and its rows say that the host itself is none of them.
    """

    def __init__(self, people: People, wanted: Iterable[tuple[Choice, Collection[Choice]]]) -> None:
        """*wanted*: the listener and the peers of each row."""
        self._people = people
        self._order = {choice.key: number for number, choice in enumerate(people.hosts.values())}
        self._uses: Counter[frozenset[Choice]] = Counter()
        for listener, members in wanted:
            own = frozenset(members)
            self._uses[own] += 1
            if len(own) > SHOWN_NAMES:
                self._uses[own | {listener}] += 1
        self._made: dict[tuple[frozenset[Choice], bool], Peers] = {}
        self._keys: dict[frozenset[Choice], str] = {}

    def of(self, listener: Choice, members: Collection[Choice]) -> Peers:
        """The set of a row that was among the wanted ones."""
        own = frozenset(members)
        whole = own | {listener}
        but_itself = len(own) > SHOWN_NAMES and listener not in own and self._uses[whole] > self._uses[own]
        chosen = whole if but_itself else own
        if (chosen, but_itself) not in self._made:
            self._made[chosen, but_itself] = self._peers(chosen, but_itself)
        return self._made[chosen, but_itself]

    def listed(self) -> tuple[Peers, ...]:
        """The sets that are too large for a row, each once."""
        large = {peers.key: peers for peers in self._made.values() if peers.is_listed}
        return tuple(large.values())

    def _peers(self, chosen: frozenset[Choice], but_itself: bool) -> Peers:
        members = self._sorted(chosen)
        key = self._keys.setdefault(chosen, f"p{len(self._keys)}")
        groups = Counter(self._people.group_of(choice).name for choice in members)
        return Peers(
            key=key,
            names=tuple(choice.name for choice in members),
            members=" ".join(choice.key for choice in members),
            summary=", ".join(f"{name} ({count:,})" for name, count in groups.items()),
            is_listed=len(members) > SHOWN_NAMES,
            but_itself=but_itself,
        )

    def _sorted(self, chosen: frozenset[Choice]) -> _Members:
        behind = len(self._order)
        return tuple(sorted(chosen, key=lambda choice: (self._order.get(choice.key, behind), int(choice.key[1:]))))

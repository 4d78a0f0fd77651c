# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to paste into the inventory so that the plan accepts what was seen, and what a person has to decide."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from ansible_collections.jsa.ports.plugins.plugin_utils._learned.assigning import Assigned, Members, assign, port_order
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.candidates import Candidates
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.deciding import ACCEPTED, Decider
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.joining import Decided
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.links import links
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import IN, ExtraFlow, ExtraSide, Suggestions
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.networks import Widening
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.traffic import Item
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import DynamicPortsChoice, Topology
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import ROLES, SOURCE_NETWORKS

_SHOWN = 3


class Suggester:
    """Looks at all hosts together: who somebody is shows on several."""

    def __init__(self, decider: Decider, widening: Widening) -> None:
        self._decider = decider
        self._topology = decider.planner.topology
        self._widening = widening
        self._candidates = Candidates(decider.planner)
        self._notes: list[str] = []
        self._extra: dict[tuple[str, str, int], _Extra] = {}

    def suggest(self, decided: Collection[Decided]) -> Suggestions:
        """For what was seen on all hosts."""
        assigned = assign(decided, self._candidates)
        self._between_hosts(decided, assigned)
        self._unexplained(assigned)
        flows = self._flows(assigned)
        features = {
            name: tuple(sorted(self._topology.hosts[name].features.union(new)))
            for name, new in sorted(assigned.features.items())
        }
        networks = self._networks(assigned, features)
        processors, doubts = links(decided, self._decider.planner)
        seen = {
            name: members.seen(self._widening, self._topology.networks.get(name))
            for name, members in sorted(assigned.by_name.items())
        }
        return Suggestions(
            jsa_networks=networks,
            jsa_features=features,
            jsa_extra_flows=flows,
            jsa_processor=processors,
            seen=seen,
            notes=(*_feature_notes(assigned), *_alike(assigned, networks), *doubts, *self._notes),
        )

    def _networks(self, assigned: Assigned, features: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """What is set, who was seen for what is not, and nobody for what the plan needs besides."""
        networks = dict(self._topology.networks)
        for name, members in assigned.by_name.items():
            if name not in networks:
                networks[name] = tuple(one.cidr for one in members.counted(self._widening))
        hosts = {
            name: replace(host, features=frozenset(features[name])) if name in features else host
            for name, host in self._topology.hosts.items()
        }
        changed = replace(self._topology, hosts=hosts, networks=networks, dynamic_ports=DynamicPortsChoice())
        for name in _not_set(changed):
            networks[name] = ()
        order = [*SOURCE_NETWORKS, *networks]
        return dict(sorted(networks.items(), key=lambda item: order.index(item[0])))

    def _between_hosts(self, decided: Iterable[Decided], assigned: Assigned) -> None:
        """What hosts of the deployment do that the plan does not accept."""
        dynamic: dict[str, set[str]] = {}
        for one in decided:
            traffic = one.traffic
            refused = [
                item
                for outcome, items in one.by_outcome.items()
                for item in items
                if outcome != ACCEPTED and item.peer.host is not None
            ]
            for host in {item.peer.host for item in refused if item.peer.host is not None}:
                initiator = self._topology.hosts[host]
                needed = self._candidates.features_for(one.host, traffic.protocol, traffic.port, initiator)
                for feature in needed if traffic.direction == IN else ():
                    assigned.need(one.host, feature, traffic.socket)
            if refused and traffic.direction == IN and self._is_dynamic(one):
                dynamic.setdefault(one.host, set()).add(traffic.socket)
            elif refused and traffic.direction == IN and self._is_unlisted(one):
                self._add_extra(one, refused)
        for name, sockets in sorted(dynamic.items()):
            self._notes.append(
                f"other hosts contact {name} on {_few(sorted(sockets))}, which its services have chosen at startup: "
                "set jsa_dynamic_ports to discovered"
            )

    def _is_dynamic(self, one: Decided) -> bool:
        traffic = one.traffic
        return self._is_unlisted(one) and any(
            traffic.protocol in item.protocols and item.ports and item.ports[0] <= traffic.port <= item.ports[1]
            for item in self._decider.plan.hosts[one.host].dynamic
        )

    def _is_unlisted(self, one: Decided) -> bool:
        return not self._decider.service(one.host, one.traffic.direction, one.traffic.protocol, one.traffic.port)

    def _unexplained(self, assigned: Assigned) -> None:
        """What somebody outside does on ports that no network has by the catalog."""
        closed: dict[tuple[str, str], dict[str, set[str]]] = {}
        for one, items in assigned.left:
            traffic = one.traffic
            accepted = {item.peer.key for item in one.by_outcome[ACCEPTED]}
            others = [item for item in items if item.peer.key not in accepted]
            if not others:
                continue
            elsewhere = self._candidates.elsewhere(one.host, traffic.protocol, traffic.port)
            if traffic.direction == IN and not self._is_unlisted(one):
                service = self._decider.service(one.host, IN, traffic.protocol, traffic.port)
                by_host = closed.setdefault((traffic.socket, service), {})
                by_host.setdefault(one.host, set()).update(item.peer.address for item in others)
            elif traffic.direction == IN and elsewhere is not None:
                listeners = dict.fromkeys(name for flow in elsewhere.flows for name in flow.listeners)
                senders = _few(sorted({item.peer.address for item in others}))
                self._notes.append(
                    f"{one.host} gets {elsewhere.service} ({traffic.socket}) from {senders}, and is no "
                    f"{' or '.join(listeners)}: if it is one, put it into the group, such as jsa_all_in_one for a "
                    "console that collects itself"
                )
            else:
                self._add_extra(one, others)
        for (socket, service), by_host in sorted(closed.items()):
            addresses = sorted({address for found in by_host.values() for address in found})
            self._notes.append(
                f"{_few(addresses)} contacted {socket} ({service}) of {_few(sorted(by_host))}, which is not for "
                "anybody outside of the deployment: nothing is suggested. If it is a host of the deployment, set its "
                "jsa_address"
            )

    def _add_extra(self, one: Decided, items: Iterable[Item]) -> None:
        traffic = one.traffic
        extra = self._extra.setdefault((traffic.direction, traffic.protocol, traffic.port), _Extra())
        extra.hosts.add(one.host)
        for item in items:
            extra.members.add(item, traffic.socket)
            if item.process is not None:
                extra.processes.add(item.process)

    def _flows(self, assigned: Assigned) -> tuple[ExtraFlow, ...]:
        """Entries of the site's own; the networks that they name are added to *assigned*."""
        taken = {*self._topology.networks, *(entry.id for entry in self._decider.planner.catalog)}
        flows = []
        for (direction, protocol, port), extra in sorted(self._extra.items()):
            base = name = f"learned_{'' if direction == IN else 'to_'}{protocol}_{port}"
            number = 1
            while name in taken:
                number += 1
                name = f"{base}_{number}"
            taken.add(name)
            assigned.by_name[name] = extra.members
            roles, outside = _roles_of(extra.hosts, self._topology), (name,)
            listeners, initiators = (roles, outside) if direction == IN else (outside, roles)
            flows.append(
                ExtraFlow(
                    id=name,
                    service=", ".join(sorted(extra.processes)) or f"{port}/{protocol}",
                    protocols=(protocol,),
                    ports=(str(port),),
                    flows=(ExtraSide(listeners=listeners, initiators=initiators),),
                )
            )
            wider = [host for host in _hosts_of(roles, self._topology) if host not in extra.hosts]
            if wider and direction == IN:
                self._notes.append(
                    f"{name} also opens {port}/{protocol} on {_few(wider)}, where it was not seen: an entry of "
                    "jsa_extra_flows names roles"
                )
        return tuple(flows)


class _Extra:
    """What was seen on one port that the catalog does not list."""

    def __init__(self) -> None:
        self.hosts: set[str] = set()
        self.processes: set[str] = set()
        self.members = Members()


def _not_set(topology: Topology) -> list[str]:
    """The networks that the plan of this topology needs, and that it does not have."""
    planner = Planner(topology)
    planner.plan(networks_required=False)
    return sorted(planner.sources.networks_not_set)


def _feature_notes(assigned: Assigned) -> Iterator[str]:
    for name, features in sorted(assigned.features.items()):
        for feature, sockets in sorted(features.items()):
            yield f"{name} needs the feature {feature}, by its traffic on {', '.join(sorted(sockets, key=port_order))}"


def _alike(assigned: Assigned, networks: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Two networks of one port cannot be told apart."""
    if "users" in assigned.by_name and networks.get("api_clients") == ():
        yield "users and api_clients contact the same port: all of them are suggested as users"


def _roles_of(hosts: Collection[str], topology: Topology) -> tuple[str, ...]:
    """The fewest roles, of the fewest hosts, that *hosts* have."""
    if set(hosts) == set(topology.hosts):
        return ("any_host",)
    members = {role: len(_hosts_of([role], topology)) for role in ROLES}
    chosen = {min(topology.hosts[name].roles, key=lambda role: (members[role], role)) for name in hosts}
    return tuple(role for role in ROLES if role in chosen)


def _hosts_of(roles: Collection[str], topology: Topology) -> list[str]:
    if "any_host" in roles:
        return list(topology.hosts)
    return [name for name, host in topology.hosts.items() if host.roles.intersection(roles)]


def _few(words: Collection[str]) -> str:
    shown = list(words)
    more = len(shown) - _SHOWN
    return ", ".join(shown) if more <= 1 else f"{', '.join(shown[:_SHOWN])} and {more} more"

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flows that a plan expects between its hosts, and those that must not work, as probes."""

from __future__ import annotations

import bisect
import ipaddress
import random

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow, SocketKey
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import Scope, initiators_by_listener
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.contacts import (
    addresses_toward,
    own_address,
    version_of,
    virtual_addresses_toward,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import ICMP, HostPlan, Listener, Plan


@dataclass(frozen=True)
class _Item:
    """A listener of the plan that other hosts contact."""

    id: str
    service: str
    required: bool
    labels: tuple[str, ...]


#: The largest number of ports of which each is tried although it is not known whether something listens there.
LARGEST_RANGE = 16

#: What listens on each socket.
_Items = dict[SocketKey, list[_Item]]


@dataclass(frozen=True)
class _Target:
    """What flows go to: a host at its own addresses, or an HA pair at a virtual one."""

    #: The host; of a pair the node that is taken to have the address.
    listener: str
    #: None: the host's own ones.
    virtual: str | None
    #: The hosts that it is, sorted: no flows of theirs.
    nodes: tuple[str, ...]
    #: What decides on who can contact it.
    contact: tuple[object, ...]


class Expectations:
    """The flows of one plan between the hosts of one play that are in the scope."""

    def __init__(
        self,
        plan: Plan,
        names: list[str],
        scope: Scope | None = None,
        holders: Mapping[str, str] | None = None,
    ) -> None:
        """Raises InputError if the plan has no expected listeners for a host in *names*, or the scope is empty.

        *holders*: virtual address of an HA pair to the node that has it, as far as that is known. If it is None, there
        are no flows to virtual addresses.
        """
        self._listeners = _listeners(plan, names)
        self.scope = scope or Scope()
        self._plan = plan
        #: The hosts between which there are flows.
        self.names = names
        self._members = {label: frozenset(value.hosts) for label, value in plan.source_classes.items()}
        self._in_play = frozenset(names)
        self._targets = [_target(plan, name, None, (name,)) for name in names]
        if holders is not None:
            self._targets += _virtual_targets(plan, names, holders)
        #: Hosts of the play that belong to any of some classes and can contact targets of a kind, sorted.
        self._possible: dict[tuple[frozenset[str], tuple[object, ...]], list[str]] = {}
        self._initiators: dict[str, list[str]] | None = None
        if self.scope.name in ("console", "attached"):
            self._initiators = initiators_by_listener(plan, names, self.scope)

    def wanted(self, by: Collection[str] | None = None, to: Collection[str] | None = None) -> Iterator[ExpectedFlow]:
        """Every flow of the scope that must work, in the order of listeners, then initiators; HA pairs come last.

        *by* and *to*: only the flows of these initiators, or to these listeners. They are the same flows as without.
        """
        for target in self._targets:
            if to is not None and target.listener not in to:
                continue
            items = self._items(target.listener)
            if self.scope.name == "sample":
                yield from (flow for flow in self._sampled(target, items) if by is None or flow.initiator in by)
            else:
                for initiator in self._initiators_of(target):
                    if initiator not in target.nodes and (by is None or initiator in by):
                        yield from self._between(initiator, target, items)

    def total(self, by: Collection[str] | None = None) -> int:
        """How many flows there are between the hosts of the play, whatever the scope; counted, not enumerated.

        *by*: as in :meth:`wanted`.
        """
        return sum(
            count if by is None else sum(name in by and name not in target.nodes for name in possible)
            for target in self._targets
            for _socket, possible, count in self._counted(target, self._items(target.listener))
        )

    def _initiators_of(self, target: _Target) -> list[str]:
        if self._initiators is None:
            return self.names
        if len(target.nodes) == 1:
            return self._initiators[target.listener]
        found = {name for node in target.nodes for name in self._initiators.get(node, ())}
        return [name for name in self.names if name in found]

    def unwanted(
        self, exposed: Mapping[str, Collection[SocketKey]], by: Collection[str] | None = None
    ) -> Iterator[ExpectedFlow]:
        """Ports that listen on the network, each with one host that should be rejected, if there is one.

        *exposed*: host to the sockets that were seen to listen on the network; a host that nobody saw may be absent.
        *by*: as in :meth:`wanted`.
        That host stands for all: the refusal that it must meet is the same for everyone. A port without a listener
        would look closed whatever the firewall does, so it is not worth a packet.
        """
        for listener, witnesses in self._witnesses():
            for protocol, port in sorted(exposed.get(listener, ()), key=lambda key: (key[0], key[1] or 0)):
                refused = () if port is None else _refusing(self._plan.hosts[listener], protocol, port)
                if port is None or not refused:
                    continue
                for witness in witnesses:
                    address = self._own_address(witness, listener)
                    if address and not self._accepted(listener, protocol, port, witness):
                        if by is not None and witness not in by:
                            # Another run has that host.
                            break
                        yield ExpectedFlow(
                            witness,
                            listener,
                            address,
                            protocol,
                            port,
                            refused,
                            ", ".join(refused),
                            required=False,
                            wanted=False,
                            translated_to=self._translated(listener, address),
                        )
                        break

    def may_be_exposed(self, name: str) -> list[SocketKey]:
        """The sockets that the host may have and that it refuses to others, where nobody has looked at its sockets.

        All that :meth:`unwanted` could ask for, but ports in the middle of ranges of more than LARGEST_RANGE ports.
        """
        host = self._plan.hosts[name]
        ranges = [(one.protocol, one.ports) for one in host.refused]
        ranges += [(one.protocol, one.ports) for one in self._listeners[name] if one.bind != "loopback"]
        found = {
            (protocol, port)
            for protocol, (first, last) in ranges
            if last - first < LARGEST_RANGE
            for port in range(first, last + 1)
        }
        return sorted(found)

    def _witnesses(self) -> Iterator[tuple[str, list[str]]]:
        """Each host with those that try what must stay closed there: the next one, or one with other roles."""
        alike: dict[tuple[str, ...], list[str]] = {}
        for name in self.names:
            alike.setdefault(self._plan.hosts[name].roles, []).append(name)
        for index, listener in enumerate(self.names):
            following = self.names[(index + 1) % len(self.names)]
            # Not always the same host of a kind: it would have to try the whole deployment.
            others = (names[index % len(names)] for names in alike.values())
            yield listener, [name for name in dict.fromkeys((following, *others)) if name != listener]

    def _items(self, listener: str) -> _Items:
        items: _Items = {}
        for one in self._listeners[listener]:
            first, last = one.ports
            if first == last and one.bind != "loopback" and one.source_classes:
                found = _Item(one.id, one.service, one.required, one.source_classes)
                items.setdefault((one.protocol, first), []).append(found)
        for rule in self._plan.hosts[listener].inbound:
            if rule.protocol == ICMP:
                ping = _Item(rule.why[0], "ICMP echo", True, rule.source_classes)
                items.setdefault((ICMP, None), []).append(ping)
        return items

    def _between(self, initiator: str, target: _Target, items: _Items) -> Iterator[ExpectedFlow]:
        address = self._address(initiator, target)
        if address is None:
            return
        for socket, same in items.items():
            flow = self._flow(initiator, target, address, socket, same)
            if flow is not None:
                yield flow

    def _flow(
        self, initiator: str, target: _Target, address: str, socket: SocketKey, items: list[_Item]
    ) -> ExpectedFlow | None:
        mine = [item for item in items if any(initiator in self._members[label] for label in item.labels)]
        if not mine:
            return None
        return ExpectedFlow(
            initiator=initiator,
            listener=target.listener,
            address=address,
            protocol=socket[0],
            port=socket[1],
            ids=tuple(item.id for item in mine),
            service=mine[0].service,
            required=any(item.required for item in mine),
            virtual=target.virtual is not None,
            translated_to=self._translated(target.listener, address),
        )

    def _translated(self, listener: str, address: str) -> str | None:
        host = self._plan.hosts[listener]
        own = own_address(host, address) if host.public_addresses else address
        return None if own == address else own

    def _counted(self, target: _Target, items: _Items) -> Iterator[tuple[SocketKey, list[str], int]]:
        """Each socket with those who may contact it (nodes of the target too) and how many others they are."""
        for socket, same in items.items():
            key = frozenset(label for item in same for label in item.labels), target.contact
            if key not in self._possible:
                members = frozenset[str]().union(*(self._members[label] for label in key[0]))
                self._possible[key] = sorted(
                    name for name in members & self._in_play if self._address(name, target) is not None
                )
            possible = self._possible[key]
            yield socket, possible, len(possible) - sum(_holds(possible, node) for node in target.nodes)

    def _sampled(self, target: _Target, items: _Items) -> Iterator[ExpectedFlow]:
        """So many of the target's flows, each as likely as any other, without a list of all of them."""
        counted = list(self._counted(target, items))
        total = sum(count for _socket, _possible, count in counted)
        # A generator of its own for each target: what is drawn for one does not depend on the others.
        draw = random.Random(f"{self.scope.seed} {target.virtual or target.listener}")
        numbers = sorted(draw.sample(range(total), min(self.scope.sample, total)))
        before = 0
        for socket, possible, count in counted:
            for number in numbers[bisect.bisect_left(numbers, before) : bisect.bisect_left(numbers, before + count)]:
                index = number - before
                # The target's nodes are none of its own initiators: those behind them move up.
                for node in target.nodes:
                    if _holds(possible, node) and index >= bisect.bisect_left(possible, node):
                        index += 1
                initiator = possible[index]
                address = self._address(initiator, target)
                flow = address and self._flow(initiator, target, address, socket, items[socket])
                if flow:
                    yield flow
            before += count

    def _address(self, initiator: str, target: _Target) -> str | None:
        """Where the initiator contacts the target; None if it cannot."""
        if target.virtual is None:
            return self._own_address(initiator, target.listener)
        one, other = self._plan.hosts[initiator], self._plan.hosts[target.listener]
        if target.virtual not in virtual_addresses_toward(other, one):
            return None
        return target.virtual if version_of(target.virtual) in _families(addresses_toward(one, other)) else None

    def _own_address(self, initiator: str, listener: str) -> str | None:
        """The listener's first address for the initiator in a family that the initiator has too."""
        one, other = self._plan.hosts[initiator], self._plan.hosts[listener]
        own = _families(addresses_toward(one, other))
        for address in addresses_toward(other, one):
            if version_of(address) in own:
                return address
        return None

    def _accepted(self, listener: str, protocol: str, port: int, initiator: str) -> bool:
        seen = addresses_toward(self._plan.hosts[initiator], self._plan.hosts[listener])
        addresses = [ipaddress.ip_address(text) for text in seen]
        for rule in self._plan.hosts[listener].inbound:
            if rule.protocol == protocol and rule.ports is not None and rule.ports[0] <= port <= rule.ports[1]:
                networks = [_network(cidr) for cidr in rule.sources]
                if any(address in network for address in addresses for network in networks):
                    return True
        return False


def _listeners(plan: Plan, names: Iterable[str]) -> dict[str, tuple[Listener, ...]]:
    """Host to what it should listen on. Raises InputError."""
    found = {}
    for name in names:
        host = plan.hosts[name]
        labels = {label for rule in host.inbound for label in rule.source_classes}
        labels.update(label for one in host.listeners or () for label in one.source_classes)
        if host.listeners is None or not plan.source_classes.keys() >= labels:
            raise InputError(
                "The plan does not contain the expected listeners, so it cannot be checked",
                [
                    f"{name}: listeners or source_classes are missing: create the plan again with "
                    "jsa.ports.plan -e jsa_plan_dest=FILE"
                ],
            )
        found[name] = host.listeners
    return found


def _refusing(host: HostPlan, protocol: str, port: int) -> tuple[str, ...]:
    """The catalog entries because of which a host rejects others on the port; empty where it does not."""
    for rule in host.refused:
        if rule.protocol == protocol and rule.ports[0] <= port <= rule.ports[1]:
            return rule.why
    return ()


def _target(plan: Plan, listener: str, virtual: str | None, nodes: tuple[str, ...]) -> _Target:
    host = plan.hosts[listener]
    own = host.addresses if virtual is None else (virtual,)
    return _Target(
        listener, virtual, nodes, (virtual, _families(own), _families(host.public_addresses), host.nat_group)
    )


def _virtual_targets(plan: Plan, names: Iterable[str], holders: Mapping[str, str]) -> list[_Target]:
    """Each virtual address of the HA pairs of which a node is among *names*, once."""
    found: dict[str, _Target] = {}
    for name in names:
        host = plan.hosts[name]
        nodes = tuple(sorted({name, host.ha_peer or name}))
        for address in host.virtual_addresses:
            if address not in found:
                found[address] = _target(plan, holders.get(address, name), address, nodes)
    return list(found.values())


def _holds(ordered: list[str], name: str) -> bool:
    place = bisect.bisect_left(ordered, name)
    return place < len(ordered) and ordered[place] == name


# The same few addresses and networks stand in the rules of every host.
@lru_cache(maxsize=65536)
def _families(addresses: tuple[str, ...]) -> frozenset[int]:
    return frozenset(map(version_of, addresses))


@lru_cache(maxsize=65536)
def _network(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(cidr)

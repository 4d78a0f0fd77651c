# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A question about a packet, as people ask it: who sends it to whom, on which port."""

from __future__ import annotations

import difflib

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_ports, split_protocol
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.contacts import (
    addresses_toward,
    virtual_addresses_toward,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import ICMP, TCP, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import parse_address

SUBJECT = "The packet cannot be explained"

_EXAMPLE = "-e from=ep1 -e to=con1 -e dport=32006/tcp"


@dataclass(frozen=True)
class OptionNames:
    """What the parts of the question are called where it was asked."""

    source: str = "source"
    target: str = "target"
    port: str = "port"


#: As the playbook jsa.ports.why calls them.
OF_PLAYBOOK = OptionNames("from", "to", "dport")


@dataclass(frozen=True)
class Question:
    """As it was asked."""

    source: str
    target: str
    port: Any
    names: OptionNames = OptionNames()
    #: Hosts of the inventory that are not in the deployment, with their addresses as far as these are known.
    strangers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class End:
    """One of the two ends of a packet."""

    #: As it was typed.
    name: str
    addresses: tuple[str, ...]
    #: The host of the plan that it is; None outside of the deployment.
    host: str | None
    #: Of a virtual address the nodes of the HA pair, of which the host is the first; otherwise empty.
    nodes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """As it was typed, with what was made of it where that is not the same."""
        if self.nodes:
            return f"{self.name} (virtual address of {' and '.join(self.nodes)})"
        if self.host is not None:
            return self.name if self.name == self.host else f"{self.host} ({self.name})"
        return self.name if self.name in self.addresses else f"{self.name} ({', '.join(self.addresses)})"


@dataclass(frozen=True)
class Packet:
    """What was asked about."""

    source: End
    target: End
    protocol: str
    #: None for ICMP.
    port: int | None
    #: Why the target does not see packets of the source host under the address that was typed; None where it does.
    unseen: str | None = None
    #: What else has to be said about the addresses.
    remarks: tuple[str, ...] = ()


def parse_port(text: Any) -> tuple[str, int | None]:
    """``32006/tcp``, ``514/udp``, ``icmp``; without a protocol it is TCP. Raises ValueError."""
    if str(text).strip().lower() == ICMP:
        return ICMP, None
    numbers, protocol = split_protocol(text)
    first, last = parse_ports(numbers)
    if first != last:
        raise ValueError(f"{text!r}: one port is expected, not a range")
    return protocol or TCP, first


def packet_of(question: Question, plan: Plan, links: Mapping[str, tuple[str, ...]]) -> Packet:
    """The packet that *question* is about. Raises InputError for an unknown host, address or port.

    *links*: host of the plan -> its addresses on the link to its HA peer, as far as they are known.
    """
    names = question.names
    given = {names.source: question.source, names.target: question.target, names.port: question.port}
    missing = [name for name, value in given.items() if str(value).strip() == ""]
    if missing:
        example = f"; for example {_EXAMPLE}" if names == OF_PLAYBOOK else ""
        words = " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1])))
        raise InputError(SUBJECT, [f"{words} {'is' if len(missing) == 1 else 'are'} not set{example}"])
    problems = []
    ends = []
    for option, text in ((names.source, question.source), (names.target, question.target)):
        try:
            ends.append(_end(text, plan, question.strangers))
        except ValueError as error:
            problems.append(f"{option}: {error}")
    protocol, port = "", None
    try:
        protocol, port = parse_port(question.port)
    except ValueError as error:
        problems.append(f"{names.port}: {error}")
    if not problems and all(end.host is None for end in ends):
        problems.append(
            f"{names.source} and {names.target} are both outside the deployment, so no host of the plan sends or "
            "receives it"
        )
    if problems:
        raise InputError(SUBJECT, problems)
    source, target = ends
    packet = Packet(source, target, protocol, port)
    return _on_link(packet, plan, links) or _between_groups(packet, plan)


def _on_link(packet: Packet, plan: Plan, links: Mapping[str, tuple[str, ...]]) -> Packet | None:
    """The packet, if one of its ends is an address that only a host and its HA peer use."""
    source, target = packet.source, packet.target
    for end, other, is_source in ((source, target, True), (target, source, False)):
        peer = plan.hosts[other.host].ha_peer if other.host is not None and end.host is None else None
        if peer is None or other.host is None or not set(end.addresses) & set(links.get(peer, ())):
            continue
        end = replace(end, host=peer)
        if other.name == other.host:
            other = replace(other, addresses=links.get(other.host) or other.addresses)
        source, target = (end, other) if is_source else (other, end)
        unseen = f"{peer} and {other.host} use the link between them for the flows of the HA pair only"
        return replace(packet, source=source, target=target, unseen=f"{unseen} (jsa_ha_crossover_address)")
    return None


def _between_groups(packet: Packet, plan: Plan) -> Packet:
    """The packet with the addresses that the two hosts use for each other, and what is wrong with typed ones."""
    source, target = packet.source, packet.target
    remarks = []
    if target.nodes:
        remarks.append(f"the active node of {' and '.join(target.nodes)} answers at {target.name}")
    if source.host is None or target.host is None:
        return replace(packet, remarks=tuple(remarks))
    one, other = plan.hosts[source.host], plan.hosts[target.host]
    sees = (*addresses_toward(one, other), *virtual_addresses_toward(one, other))
    uses = (*addresses_toward(other, one), *virtual_addresses_toward(other, one))
    unseen = None
    if source.name == source.host:
        source = replace(source, addresses=sees)
    elif not set(source.addresses) <= set(sees):
        unseen = f"{target.host} sees {source.host} come from {', '.join(sees)}, not from {source.name} (jsa_nat_group)"
    if target.name == target.host:
        target = replace(target, addresses=uses)
    elif not set(target.addresses) <= set(uses):
        told = f"{source.host} contacts {target.host} at {', '.join(uses)}, not at {target.name} (jsa_nat_group)"
        remarks.append(told)
    return replace(packet, source=source, target=target, unseen=unseen, remarks=tuple(remarks))


def _end(text: str, plan: Plan, strangers: Mapping[str, tuple[str, ...]]) -> End:
    if text in plan.hosts:
        return End(text, (*plan.hosts[text].addresses, *plan.hosts[text].virtual_addresses), text)
    if text in strangers:
        if not strangers[text]:
            raise ValueError(f"{text} is not in the deployment, and its address is not known: name the address")
        return End(text, strangers[text], None)
    try:
        address = parse_address(text)
    except ValueError:
        known = [*plan.hosts, *strangers]
        raise ValueError(f"{text!r} is neither a host nor an address{_near(text, known)}") from None
    nodes = tuple(name for name, host in plan.hosts.items() if address in host.virtual_addresses)
    if nodes:
        return End(text, (address,), nodes[0], nodes)
    owners = (name for name, host in plan.hosts.items() if address in (*host.addresses, *host.public_addresses))
    return End(text, (address,), next(owners, None))


def _near(text: str, names: Iterable[str]) -> str:
    """``", did you mean X or Y?"`` for names that are alike, or of which one is the other without a domain."""
    known = list(dict.fromkeys(names))
    word = text.lower()
    short = word.partition(".")[0]
    found = [name for name in known if name.lower() == word or name.lower().partition(".")[0] == short]
    found += [name for name in difflib.get_close_matches(word, known, n=3, cutoff=0.6) if name not in found]
    found += [name for name in known if name.lower().startswith(word) and name not in found]
    return f", did you mean {' or '.join(found[:3])}?" if found and word else ""

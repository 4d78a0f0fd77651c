# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A question about a packet, as people ask it: who sends it to whom, on which port."""

from __future__ import annotations

import difflib

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_ports, split_protocol
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
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

    @property
    def words(self) -> str:
        """As it was typed, with what was made of it where that is not the same."""
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


def parse_port(text: Any) -> tuple[str, int | None]:
    """``32006/tcp``, ``514/udp``, ``icmp``; without a protocol it is TCP. Raises ValueError."""
    if str(text).strip().lower() == ICMP:
        return ICMP, None
    numbers, protocol = split_protocol(text)
    first, last = parse_ports(numbers)
    if first != last:
        raise ValueError(f"{text!r}: one port is expected, not a range")
    return protocol or TCP, first


def packet_of(question: Question, plan: Plan, virtual: Mapping[str, tuple[str, ...]]) -> Packet:
    """The packet that *question* is about. Raises InputError for an unknown host, address or port.

    *virtual*: host of the plan -> addresses of its HA pair.
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
            ends.append(_end(text, plan, virtual, question.strangers))
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
    return Packet(source, target, protocol, port)


def _end(
    text: str, plan: Plan, virtual: Mapping[str, tuple[str, ...]], strangers: Mapping[str, tuple[str, ...]]
) -> End:
    if text in plan.hosts:
        return End(text, (*plan.hosts[text].addresses, *virtual.get(text, ())), text)
    if text in strangers:
        if not strangers[text]:
            raise ValueError(f"{text} is not in the deployment, and its address is not known: name the address")
        return End(text, strangers[text], None)
    try:
        address = parse_address(text)
    except ValueError:
        known = [*plan.hosts, *strangers]
        raise ValueError(f"{text!r} is neither a host nor an address{_near(text, known)}") from None
    owners = (name for name, host in plan.hosts.items() if address in (*host.addresses, *virtual.get(name, ())))
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

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as a table."""

from __future__ import annotations

import textwrap

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import zip_longest

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.destinations import destinations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.named import cidr_text
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import TCP, UDP, HostPlan, Plan, RefusedRule
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.services import Services
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.peer_words import PeerWords

_WIDTH, _ROW_WIDTH = 116, 120

#: The widest column of services; longer texts have more than one line.
_SERVICES = 44

#: The maximum number of hosts over a block that they share, unless all are wanted; the others are counted.
_SHOWN_HOSTS = 8

ACCEPT, DYNAMIC, CONTACT, REFUSE = "accept", "dynamic", "contact", "refuse"

_LEGEND = {
    ACCEPT: "open to these sources",
    DYNAMIC: "the service chooses its ports in this range; only those that were discovered are open "
    "(jsa_dynamic_ports)",
    CONTACT: "what the host may contact",
    REFUSE: "closed to everyone else",
}

#: Verb, protocol and ports, services, and who.
_Row = tuple[str, str, str, str]


def plan_table(plan: Plan, names: Iterable[str], every: bool = False) -> str:
    """A block per host of *names*: what it accepts from whom and why, and what it refuses to everyone else.

    *every*: all sources of a rule, however many. What several hosts refuse alike is there once. The last blocks say
    what the words mean, which networks the names are, and what the choices of the site leave open and closed.
    """
    shown = {name: plan.hosts[name] for name in names if name in plan.hosts}
    if not shown:
        return ""
    table = _Table(plan, every)
    sharing: dict[tuple[RefusedRule, ...], list[str]] = {}
    for name, host in shown.items():
        if host.refused:
            sharing.setdefault(host.refused, []).append(name)
    alone = {names[0] for names in sharing.values() if len(names) == 1}
    blocks = ["\n".join(table.host(name, host, name in alone)) for name, host in shown.items()]
    blocks += ["\n".join(table.shared(refused, names)) for refused, names in sharing.items() if len(names) > 1]
    blocks.append("\n".join(table.legend()))
    if plan.choices:
        blocks.append("\n".join(line for choice in plan.choices for line in _wrapped_text(choice)))
    return "\n\n".join(block for block in blocks if block)


class _Table:
    """The blocks of one plan."""

    def __init__(self, plan: Plan, every: bool) -> None:
        self._words = PeerWords(plan, every)
        self._services = Services(plan)
        self._every = every
        self._verbs: set[str] = set()

    def host(self, name: str, host: HostPlan, with_refused: bool) -> Iterator[str]:
        """What *host* accepts, may contact, and, if asked for, refuses."""
        further = [f"virtual {address}" for address in host.virtual_addresses]
        further += [f"public {address}" for address in host.public_addresses]
        group = f"  NAT group {host.nat_group}" if host.nat_group is not None else ""
        yield f"{name}  {', '.join(host.roles)}  {', '.join((*host.addresses, *further))}{group}".rstrip()
        rows = [*self._inbound(name, host), *self._outbound(name, host)]
        self._verbs.update(row[0] for row in rows)
        yield from _aligned(rows)
        if host.outbound is not None:
            yield f"  {REFUSE}  all other outbound traffic"
        if with_refused:
            yield from self._refused(host.refused)
        if host.unlisted != "zone":
            yield f"  {host.unlisted}  all ports that the catalog does not list"
        if host.management_addresses:
            yield f"  manage  SSH from {self._words.text(name, host.management_addresses)}"

    def shared(self, refused: tuple[RefusedRule, ...], names: Sequence[str]) -> Iterator[str]:
        """What all hosts of *names* refuse."""
        more = 0 if self._every or len(names) <= _SHOWN_HOSTS else len(names) - _SHOWN_HOSTS + 1
        shown = ", ".join(names[: len(names) - more])
        yield from _wrapped_text(f"{shown} and {more} more" if more else shown)
        yield from self._refused(refused)

    def legend(self) -> Iterator[str]:
        """What the verbs mean that were used, and the networks."""
        for verb, meaning in _LEGEND.items():
            if verb in self._verbs:
                yield from _wrapped_text(f"{verb}: {meaning}")
        for name, cidrs in sorted(self._words.networks.items()):
            yield from _wrapped_text(f"{name}: {', '.join(map(cidr_text, cidrs))}")

    def _inbound(self, name: str, host: HostPlan) -> Iterator[_Row]:
        for rule in host.inbound:
            sources = self._words.text(name, rule.sources, rule.source_classes)
            yield ACCEPT, _port(rule.protocol, rule.ports), self._services.text(rule.why), f"from {sources}"
        for item in host.dynamic:
            if item.ports:
                service = item.service or self._services.text([item.id])
                sources = self._words.text(name, item.sources)
                yield DYNAMIC, _port("/".join(item.protocols), item.ports), service, f"from {sources}"

    def _outbound(self, name: str, host: HostPlan) -> Iterator[_Row]:
        for rule in host.outbound or ():
            whom = ", ".join(destinations(self._words.directory, name, rule))
            yield CONTACT, _port(rule.protocol, rule.ports), self._services.text(rule.why), f"to {whom}"

    def _refused(self, refused: Iterable[RefusedRule]) -> Iterator[str]:
        for protocol in (TCP, UDP):
            ports = [format_ports(rule.ports) for rule in refused if rule.protocol == protocol]
            if ports:
                self._verbs.add(REFUSE)
                yield from _wrapped(f"  {REFUSE}  {protocol} to everyone else: ", ports)


def _aligned(rows: Sequence[_Row]) -> Iterator[str]:
    """The rows under each other. Texts that are too long for a column go on below."""
    if not rows:
        return
    verbs, ports, services = (max(len(row[column]) for row in rows) for column in range(3))
    services = min(services, _SERVICES)
    rest = _ROW_WIDTH - verbs - ports - services - len("  ") * 4
    for verb, port, service, who in rows:
        cells = _folded(service, services), _folded(who, rest, ", ")
        for number, (left, right) in enumerate(zip_longest(*cells, fillvalue="")):
            head = f"{verb:{verbs}}  {port:{ports}}" if number == 0 else " " * (verbs + ports + 2)
            yield f"  {head}  {left:{services}}  {right}".rstrip()


# Hosts of one kind have the same cells.
@lru_cache(maxsize=4096)
def _folded(text: str, width: int, kept: str = "") -> tuple[str, ...]:
    """The lines of a cell. *kept*: what separates its items, which stay in one line each."""
    if len(text) <= width:
        return (text,)
    if kept:
        text = kept.join(item.replace(" ", "\0") for item in text.split(kept))
    lines = textwrap.wrap(text, max(width, 20), break_long_words=False, break_on_hyphens=False)
    return tuple(line.replace("\0", " ") for line in lines) or ("",)


def _wrapped_text(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _port(protocol: str, ports: PortRange | None) -> str:
    return f"{protocol} {format_ports(ports)}" if ports else protocol


def _wrapped(head: str, items: list[str], width: int = _WIDTH) -> list[str]:
    lines = [head.rstrip()] if len(head) > width else []
    current = head
    for number, item in enumerate(items):
        text = item if number == len(items) - 1 else f"{item}, "
        if len(current) + len(text.rstrip()) > width:
            lines.append(current.rstrip())
            current = " " * len(head)
        current += text
    return [*lines, current.rstrip()]

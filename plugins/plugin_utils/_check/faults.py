# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults: verdicts that have one cause, most likely, and that one person puts right."""

from __future__ import annotations

import ipaddress
import re

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports, merge_ranges
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan

#: Nobody says how long the site's prefixes are: hosts that have so much of their address in common are neighbors.
_PREFIXES = {4: 24, 6: 64}

_FROM, _TO, _ADDRESS, _PORT = "{from}", "{to}", "{address}", "{port}"
_IN_GENERAL = {_FROM: "the initiator", _TO: "the listener", _ADDRESS: "its address", _PORT: "these ports"}

#: So many names, or services, are written out.
_SHOWN = 3


@dataclass(frozen=True)
class Fault:
    """Verdicts of one kind, for one reason, between the same hosts or networks."""

    verdict: str
    reason: str
    #: Of two networks, where that is what tells it from other faults.
    networks: tuple[str, str] | None
    initiators: tuple[str, ...]
    listeners: tuple[str, ...]
    #: Of those the hosts that it is about.
    at: tuple[str, ...]
    #: By protocol; empty for ICMP.
    ports: Mapping[str, Sequence[int]]
    services: tuple[str, ...]
    flows: int
    #: What JSA says meanwhile.
    symptoms: tuple[str, ...] = ()

    @property
    def port_text(self) -> str:
        parts = []
        for protocol, ports in self.ports.items():
            merged = ", ".join(map(format_ports, merge_ranges((port, port) for port in ports)))
            parts.append(f"{protocol} {merged}" if merged else protocol)
        return "; ".join(parts)

    @property
    def place(self) -> str:
        """From where to where."""
        source, target = named(self.initiators), named(self.listeners)
        if self.initiators == self.listeners and len(self.listeners) == 1:
            # A host with itself: what it lacks.
            return source
        if self.networks:
            source, target = f"{self.networks[0]} ({source})", f"{self.networks[1]} ({target})"
        return f"{source} -> {target}"

    def lines(self) -> list[str]:
        """What it is and where, then what is known of it."""
        services = f" ({named(self.services)})" if self.services else ""
        count = f"  [{self.flows} flows]" if self.flows > 1 else ""
        lines = [f"{self.verdict}  {self.place}  {self.port_text}{services}{count}", f"    {self.reason}"]
        if self.symptoms:
            lines.append(f"    JSA may say: {'; '.join(self.symptoms)}")
        return lines


def faults(
    verdicts: Iterable[Verdict], hosts: Mapping[str, HostPlan], prefixes: Mapping[str, int] | None = None
) -> list[Fault]:
    """All verdicts but the ok ones, worst first, then those that concern the most flows.

    *hosts*: those of the plan; *prefixes*: the length of the prefix by address, as far as hosts have told.
    """
    groups: dict[tuple[Any, ...], list[Verdict]] = {}
    for item in verdicts:
        if item.verdict != "ok":
            pattern = _pattern(item)
            groups.setdefault((item.verdict, pattern, *_place(item, pattern, hosts, prefixes or {})), []).append(item)
    order = {name: number for number, name in enumerate(VERDICTS)}
    found = [_fault(key[1], key[2], items) for key, items in groups.items()]
    return sorted(found, key=lambda one: (order[one.verdict], -one.flows, one.listeners, one.initiators, one.port_text))


def named(names: Sequence[str]) -> str:
    """The names, or some of them and how many more there are."""
    if len(names) <= _SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[: _SHOWN - 1])} and {len(names) - _SHOWN + 1} more"


def network_of(address: str, prefixes: Mapping[str, int]) -> str:
    """The network that neighbors of *address* are in; a guess where its host has not told the prefix."""
    length = prefixes.get(address) or _PREFIXES[ipaddress.ip_address(address).version]
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))


def networks_between(
    item: Verdict, hosts: Mapping[str, HostPlan], prefixes: Mapping[str, int]
) -> tuple[str, str] | None:
    """Those of initiator and listener, where they differ."""
    version = ipaddress.ip_address(item.flow.address).version
    own = [text for text in hosts[item.flow.initiator].addresses if ipaddress.ip_address(text).version == version]
    if not own:
        return None
    source, target = network_of(own[0], prefixes), network_of(item.flow.address, prefixes)
    return None if source == target else (source, target)


def _place(item: Verdict, pattern: str, hosts: Mapping[str, HostPlan], prefixes: Mapping[str, int]) -> tuple[Any, ...]:
    """What tells a fault from others of the same kind; first of all its networks, if it is about networks."""
    if item.verdict == "unverifiable":
        # Nothing that anybody has to repair at each place.
        return (None,)
    if item.verdict == "network":
        networks = networks_between(item, hosts, prefixes)
        return (networks,) if networks else (None, item.flow.initiator, item.flow.listener)
    return None, item.flow.initiator if _is_about_initiator(pattern) else item.flow.listener


def _is_about_initiator(pattern: str) -> bool:
    return _FROM in pattern and _TO not in pattern


def _pattern(item: Verdict) -> str:
    """The reason without the names and the port of this flow."""
    names = {item.flow.initiator: _FROM, item.flow.listener: _TO, item.flow.address: _ADDRESS}
    if item.flow.port is not None:
        names[f"{item.flow.protocol} {item.flow.port}"] = _PORT
    return _names_pattern(tuple(names)).sub(lambda match: names[match[0]], item.reason)


@lru_cache(maxsize=65536)
def _names_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![\w.:-])(?:{words})(?![\w-]|[.:]\w)")


def _fault(pattern: str, networks: tuple[str, str] | None, items: Sequence[Verdict]) -> Fault:
    reasons = {item.reason for item in items}
    reason = reasons.pop() if len(reasons) == 1 else _in_general(pattern, items)
    ports: dict[str, set[int]] = {}
    for item in items:
        ports.setdefault(item.flow.protocol, set()).update([] if item.flow.port is None else [item.flow.port])
    initiators = tuple(sorted({item.flow.initiator for item in items}))
    listeners = tuple(sorted({item.flow.listener for item in items}))
    return Fault(
        verdict=items[0].verdict,
        reason=reason,
        networks=networks,
        initiators=initiators,
        listeners=listeners,
        at=initiators if _is_about_initiator(pattern) else listeners,
        ports={protocol: sorted(numbers) for protocol, numbers in sorted(ports.items())},
        services=tuple(sorted({item.flow.service for item in items if item.flow.protocol != "icmp"})),
        flows=len(items),
        symptoms=tuple(dict.fromkeys(text for item in items for text in item.symptoms)),
    )


def _in_general(pattern: str, items: Sequence[Verdict]) -> str:
    """The reason for all of them: with the names that they share, and without the others."""
    for word, values in (
        (_FROM, {item.flow.initiator for item in items}),
        (_TO, {item.flow.listener for item in items}),
        (_ADDRESS, {item.flow.address for item in items}),
        (_PORT, {f"{item.flow.protocol} {item.flow.port}" for item in items}),
    ):
        pattern = pattern.replace(word, values.pop() if len(values) == 1 else _IN_GENERAL[word])
    return pattern


#: What is said in the end: what it is, who has to put it right, and how.
_ADVICE = {
    "unexpected_open": (
        "Open to hosts that have no business there",
        "whoever runs the host's firewall: jsa.ports.firewall closes them, unless a rule of the site opens them first",
    ),
    "service_down": (
        "No service listens where it should",
        "whoever runs JSA on the host: start the service, or correct the address that it listens on",
    ),
    "host_firewall": (
        "Stopped by a host's own firewall",
        "whoever runs the host's firewall: jsa.ports.firewall makes it as planned, and leaves alone what others made",
    ),
    "network": ("Stopped on the way", "whoever runs the network between them"),
    "unverifiable": ("Not known to work, nor to fail", ""),
}


def plain_words(found: Sequence[Fault], working: int) -> Iterator[str]:
    """What works, what does not, and whose it is to put right, for those who read nothing else."""
    total = working + sum(one.flows for one in found)
    if not total:
        yield "Nothing was checked: there is no flow between these hosts that anybody looked at."
        return
    yield f"In short: {working} of {_flows(total)} proved to work."
    for name in VERDICTS:
        mine = [one for one in found if one.verdict == name]
        if not mine:
            continue
        what, who = _ADVICE[name]
        places = named(tuple(dict.fromkeys(place for one in mine for place in _places(one))))
        line = f"- {what} ({_flows(sum(one.flows for one in mine))}): {places}."
        yield f"{line} For {who}." if who else f"{line} The reasons are above."


def _places(fault: Fault) -> Iterator[str]:
    if fault.networks:
        yield f"{fault.networks[0]} to {fault.networks[1]}"
    elif fault.verdict == "network":
        yield f"{named(fault.initiators)} to {named(fault.listeners)}"
    else:
        yield from fault.at


def _flows(number: int) -> str:
    return f"{number:,} flow" if number == 1 else f"{number:,} flows"

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults: groups of verdicts that probably have one cause and one correction."""

from __future__ import annotations

import ipaddress
import re

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports, merge_ranges
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.contacts import first_of, version_of
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan

#: Prefix lengths for hosts that did not report theirs.
_PREFIXES = {4: 24, 6: 64}

_FROM, _TO, _ADDRESS, _PORT = "{from}", "{to}", "{address}", "{port}"
_IN_GENERAL = {_FROM: "the initiator", _TO: "the listener", _ADDRESS: "its address", _PORT: "these ports"}

#: The maximum number of names, or services, in a list.
_SHOWN = 3


@dataclass(frozen=True)
class Fault:
    """Verdicts of one kind, for one reason, between the same hosts or networks."""

    verdict: str
    reason: str
    #: Two networks, if they distinguish the fault from others.
    networks: tuple[str, str] | None
    initiators: tuple[str, ...]
    listeners: tuple[str, ...]
    #: Those of the hosts that have to be corrected.
    at: tuple[str, ...]
    #: By protocol; empty for ICMP.
    ports: Mapping[str, Sequence[int]]
    services: tuple[str, ...]
    flows: int
    #: What JSA reports in this case.
    symptoms: tuple[str, ...] = ()

    @property
    def port_text(self) -> str:
        """The ports by protocol, as people read them."""
        parts = []
        for protocol, ports in self.ports.items():
            merged = ", ".join(map(format_ports, merge_ranges((port, port) for port in ports)))
            parts.append(f"{protocol} {merged}" if merged else protocol)
        return "; ".join(parts)

    @property
    def place(self) -> str:
        """The initiators and listeners, with their networks if they are known."""
        source, target = named(self.initiators), named(self.listeners)
        if self.initiators == self.listeners and len(self.listeners) == 1:
            # A host with itself: tunnels that it should have.
            return source
        if self.networks:
            source, target = f"{self.networks[0]} ({source})", f"{self.networks[1]} ({target})"
        return f"{source} -> {target}"

    def lines(self) -> list[str]:
        """The verdict, place and ports; then the reason; then what JSA reports."""
        services = f" ({named(self.services)})" if self.services else ""
        count = f"  [{self.flows} flows]" if self.flows > 1 else ""
        lines = [f"{self.verdict}  {self.place}  {self.port_text}{services}{count}", f"    {self.reason}"]
        if self.symptoms:
            lines.append(f"    JSA may report: {'; '.join(self.symptoms)}")
        return lines


def faults(
    verdicts: Iterable[Verdict], hosts: Mapping[str, HostPlan], prefixes: Mapping[str, int] | None = None
) -> list[Fault]:
    """All verdicts but the ok ones, worst first, then those that concern the most flows.

    *hosts*: those of the plan; *prefixes*: the length of the prefix by address, as far as hosts reported it.
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
    """The names, or the first ones and the number of the others."""
    if len(names) <= _SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[: _SHOWN - 1])} and {len(names) - _SHOWN + 1} more"


def network_of(address: str, prefixes: Mapping[str, int]) -> str:
    """The network that neighbors of *address* are in; assumes a prefix length if the host did not report it."""
    length = prefixes.get(address) or _PREFIXES[ipaddress.ip_address(address).version]
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))


def networks_between(
    item: Verdict, hosts: Mapping[str, HostPlan], prefixes: Mapping[str, int]
) -> tuple[str, str] | None:
    """The networks of initiator and listener; None if they are the same."""
    own = first_of(hosts[item.flow.initiator].addresses, version_of(item.flow.address))
    if own is None:
        return None
    source, target = network_of(own, prefixes), network_of(item.flow.arrives_at, prefixes)
    return None if source == target else (source, target)


def _place(item: Verdict, pattern: str, hosts: Mapping[str, HostPlan], prefixes: Mapping[str, int]) -> tuple[Any, ...]:
    """What distinguishes a fault from others with the same reason; networks come first."""
    if item.verdict == "unverifiable":
        # Nothing has to be corrected at each place.
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
    """One reason for all of them: with the names that they share, and general words for the others."""
    for word, values in (
        (_FROM, {item.flow.initiator for item in items}),
        (_TO, {item.flow.listener for item in items}),
        (_ADDRESS, {item.flow.address for item in items}),
        (_PORT, {f"{item.flow.protocol} {item.flow.port}" for item in items}),
    ):
        pattern = pattern.replace(word, values.pop() if len(values) == 1 else _IN_GENERAL[word])
    return pattern


def guilty_counts(verdicts: Iterable[Verdict]) -> dict[str, Counter[str]]:
    """Host that has to be corrected -> number of flows by verdict. What the network blocks counts for the listener."""
    counts: dict[str, Counter[str]] = {}
    for item in verdicts:
        name = item.flow.initiator if _is_about_initiator(_pattern(item)) else item.flow.listener
        counts.setdefault(name, Counter())[item.verdict] += 1
    return counts


#: For the summary: what is wrong, and who can correct it and how.
_ADVICE = {
    "unexpected_open": (
        "Open to hosts that should be rejected",
        "The administrators of the hosts can run jsa.ports.firewall, and remove rules that take effect before it.",
    ),
    "service_down": (
        "No service listens",
        "The administrators of JSA can start the service, or correct the address that it listens on.",
    ),
    "host_firewall": (
        "Blocked by the firewall of a host",
        "The administrators of the hosts can run jsa.ports.firewall, and correct rules that it does not manage.",
    ),
    "network": ("Blocked by the network", "The administrators of the network can correct it."),
    "blocked": (
        "Blocked, as far as the console can tell",
        "The reasons name where to look. The console cannot tell a service from a firewall or the network.",
    ),
    "unverifiable": ("Could not be verified", "The reasons are above."),
}


def plain_words(found: Sequence[Fault], working: int) -> Iterator[str]:
    """The summary: how many flows work, which do not, and who can correct them."""
    total = working + sum(one.flows for one in found)
    if not total:
        yield "Nothing was checked: no flow between these hosts was observed."
        return
    yield f"Summary: {working} of {_flows(total)} verified."
    for name in VERDICTS:
        mine = [one for one in found if one.verdict == name]
        if not mine:
            continue
        what, who = _ADVICE[name]
        places = named(tuple(dict.fromkeys(place for one in mine for place in _places(one))))
        line = f"- {what} ({_flows(sum(one.flows for one in mine))}): {places}."
        yield f"{line} {who}"


def _places(fault: Fault) -> Iterator[str]:
    if fault.networks:
        yield f"{fault.networks[0]} to {fault.networks[1]}"
    elif fault.verdict == "network":
        yield f"{named(fault.initiators)} to {named(fault.listeners)}"
    else:
        yield from fault.at


def _flows(number: int) -> str:
    return f"{number:,} flow" if number == 1 else f"{number:,} flows"

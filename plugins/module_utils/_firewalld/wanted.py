# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a plan's rules of one host to the policy and sets that firewalld is to have. Runs on Python 3.6.

The input is checked whole before anything else happens; every mistake goes into one message.
"""

import hashlib
import re

from typing import Any, Dict, List, NamedTuple, Optional, Pattern, Sequence, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._firewalld.addresses import (
    Network,
    Sources,
    family_of,
    group_sources,
    parse_network,
)
from ansible_collections.jsa.ports.plugins.module_utils._firewalld.model import (
    ACCEPT,
    FAMILIES,
    ICMP,
    IPV4,
    IPV6,
    NAME_PREFIX,
    POLICY_IN,
    PRIORITY,
    REFUSE,
    TARGETS,
    AddressSet,
    FirewalldError,
    Policy,
    Rule,
    Ruleset,
)
from ansible_collections.jsa.ports.plugins.module_utils._ports import (
    PortRange,
    format_ports,
    merge_ranges,
    parse_ports,
)

#: Label of the set that keeps the controller's own connection possible.
CONTROLLER = "controller"

_SUFFIX = {IPV4: "-4", IPV6: "-6"}
#: ipset takes names of up to 31 characters; prefix and suffix need six.
_LABEL_MAX = 31 - len(NAME_PREFIX) - 2
_PLAIN_CLASS = re.compile(r"^[a-z0-9_]+(?: [a-z0-9_]+)*$")
#: Reasons stand in comments of the XML files, which hold no "--" and are split at commas.
_REASON = re.compile(r"^(?!.*--)[A-Za-z0-9_.:/+@ -]*[A-Za-z0-9_.:/+@]$")
#: Classes stand in texts: any name that an inventory can give a host.
_CLASS = re.compile(r"^[^\x00-\x1f\x7f]+$")

#: What an "unlisted" other than the zone must leave alone on any host: path MTU and neighbour discovery, and leases.
ESSENTIALS = (
    Rule(ACCEPT, IPV4, ICMP[IPV4], None, None),
    Rule(ACCEPT, IPV6, ICMP[IPV6], None, None),
    Rule(ACCEPT, IPV4, "udp", (68, 68), None),
    Rule(ACCEPT, IPV6, "udp", (546, 546), "fe80::/10"),
)


class Guard(NamedTuple):
    """Who may always reach the host's SSH port."""

    networks: Tuple[Network, ...]
    port: int


class Inbound(NamedTuple):
    protocol: str
    ports: Optional[PortRange]
    sources: Sources
    why: Tuple[str, ...]
    classes: Tuple[str, ...]


class Refused(NamedTuple):
    protocol: str
    ports: PortRange
    why: Tuple[str, ...]


class _Reader(object):
    """Reads the lists of the plan and collects what is wrong with them."""

    def __init__(self):  # type: () -> None
        self.mistakes = []  # type: List[str]
        # The same few hundred addresses stand in dozens of rules: each is parsed once.
        self._networks = {}  # type: Dict[str, Network]
        self._sources = {}  # type: Dict[Tuple[str, ...], Sources]

    def inbound(self, rows):  # type: (Sequence[Any]) -> List[Inbound]
        found = []
        for index, row in enumerate(rows):
            where = "inbound[%d]" % index
            if not self._is_mapping(row, where):
                continue
            protocol = self._protocol(row, where, ("tcp", "udp", "icmp"))
            ports = self._ports(row, where, protocol)
            sources = self._source_list(row, where)
            why = self._words(row, "why", where, _REASON)
            classes = self._words(row, "source_classes", where, _CLASS)
            if protocol and sources:
                found.append(Inbound(protocol, ports, sources, why, classes))
        return found

    def refused(self, rows):  # type: (Sequence[Any]) -> List[Refused]
        found = []
        for index, row in enumerate(rows):
            where = "refused[%d]" % index
            if not self._is_mapping(row, where):
                continue
            protocol = self._protocol(row, where, ("tcp", "udp"))
            ports = self._ports(row, where, protocol)
            why = self._words(row, "why", where, _REASON)
            if protocol and ports:
                found.append(Refused(protocol, ports, why))
        return found

    def _is_mapping(self, row, where):  # type: (Any, str) -> bool
        if isinstance(row, dict):
            return True
        self.mistakes.append("%s: expected a mapping with protocol and ports, got %r" % (where, row))
        return False

    def _protocol(self, row, where, known):  # type: (Dict[str, Any], str, Sequence[str]) -> Optional[str]
        protocol = row.get("protocol")
        if protocol in known:
            return protocol
        self.mistakes.append("%s: protocol %r is none of %s" % (where, protocol, ", ".join(known)))
        return None

    def _ports(self, row, where, protocol):  # type: (Dict[str, Any], str, Optional[str]) -> Optional[PortRange]
        ports = row.get("ports")
        if protocol == "icmp":
            if ports is not None:
                self.mistakes.append("%s: ICMP has no ports, got %r" % (where, ports))
            return None
        if ports is None:
            self.mistakes.append("%s: ports is missing" % where)
            return None
        try:
            return parse_ports(ports)
        except ValueError as error:
            self.mistakes.append("%s: %s" % (where, error))
            return None

    def _source_list(self, row, where):  # type: (Dict[str, Any], str) -> Optional[Sources]
        texts = row.get("sources")
        if not isinstance(texts, list):
            self.mistakes.append("%s: sources is %r: expected a list of CIDRs (0.0.0.0/0 and ::/0 for anyone)"
                                 % (where, texts))
            return None
        key = tuple(str(text) for text in texts)
        if key not in self._sources:
            self._sources[key] = group_sources(self.networks(texts, where + ".sources"))
        return self._sources[key]

    def networks(self, texts, where):  # type: (Sequence[Any], str) -> List[Network]
        found = []
        for text in texts:
            network = self._networks.get(text) if isinstance(text, str) else None
            if network is None:
                try:
                    network = parse_network(text)
                except ValueError as error:
                    self.mistakes.append("%s: %s" % (where, error))
                    continue
                self._networks[text] = network
            found.append(network)
        return found

    def _words(self, row, field, where, allowed):
        # type: (Dict[str, Any], str, str, Pattern[str]) -> Tuple[str, ...]
        words = row.get(field)
        if words is None:
            return ()
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            self.mistakes.append("%s: %s is %r: expected a list of names" % (where, field, words))
            return ()
        for word in words:
            if not allowed.match(word):
                self.mistakes.append("%s: %s has the name %r: letters, digits and single characters of _.:/+@- only"
                                     % (where, field, word))
        return tuple(sorted(set(words)))


def read_guard(controllers, address, port):
    # type: (Sequence[Any], Optional[str], int) -> Guard
    """*controllers* as the user wrote them, and the address of the connection that this run came through."""
    reader = _Reader()
    networks = reader.networks(controllers, "controllers")
    if reader.mistakes:
        raise FirewalldError("; ".join(reader.mistakes))
    if address is not None:
        networks.append(parse_network(address))
    return Guard(tuple(networks), port)


def build_ruleset(inbound, refused, unlisted, guard):
    # type: (Sequence[Any], Sequence[Any], str, Optional[Guard]) -> Ruleset
    """The desired policy and sets. Raises FirewalldError with every mistake of the input."""
    reader = _Reader()
    accepted = reader.inbound(inbound)
    refusals = reader.refused(refused)
    if reader.mistakes:
        raise FirewalldError("The rules are not usable, nothing was done: " + "; ".join(reader.mistakes))

    sets = {}  # type: Dict[str, AddressSet]
    why = {}  # type: Dict[Rule, Set[str]]
    names = _Names(accepted)
    for row in accepted:
        label, stem = names.of(row)
        for rule in _accepts(row, stem):
            why.setdefault(rule, set()).update(row.why)
        for family, entries in row.sources.entries.items():
            name = stem + _SUFFIX[family]
            sets[name] = AddressSet(name, family, label, entries)
    if guard is not None:
        for rule, address_set in _guard_rules(guard, accepted):
            why.setdefault(rule, set()).add("controller")
            sets[address_set.name] = address_set
    if unlisted != "zone":
        for rule in ESSENTIALS:
            why.setdefault(rule, set()).add("essential")
    for rule, reasons in _refusals(accepted, refusals):
        why.setdefault(rule, set()).update(reasons)

    reasons_of = {rule: tuple(sorted(reasons)) for rule, reasons in why.items()}
    policy = Policy(POLICY_IN, "ANY", "HOST", TARGETS[unlisted], PRIORITY, tuple(sorted(reasons_of, key=_order)),
                    reasons_of)
    return Ruleset({POLICY_IN: policy}, sets)


def _order(rule):  # type: (Rule) -> Tuple[Any, ...]
    return rule.action != ACCEPT, rule.protocol, rule.ports or (0, 0), rule.source or "", rule.family or ""


def _accepts(row, stem):  # type: (Inbound, str) -> List[Rule]
    if row.protocol != "icmp" and row.sources.any == FAMILIES:
        return [Rule(ACCEPT, None, row.protocol, row.ports, None)]
    rules = []
    for family in FAMILIES:
        protocol = ICMP[family] if row.protocol == "icmp" else row.protocol
        if family in row.sources.any:
            rules.append(Rule(ACCEPT, family, protocol, row.ports, None))
        elif family in row.sources.entries:
            rules.append(Rule(ACCEPT, family, protocol, row.ports, "@" + stem + _SUFFIX[family]))
    return rules


def _guard_rules(guard, accepted):  # type: (Guard, List[Inbound]) -> List[Tuple[Rule, AddressSet]]
    """Both sets are always there, be they empty, so that a controller that moves changes entries only.

    An address that the plan lets in anyway is left out: two administrators who take turns change nothing.
    """
    open_ports = [row for row in accepted
                  if row.protocol == "tcp" and row.ports and row.ports[0] <= guard.port <= row.ports[1]]
    needed = [network for network in guard.networks
              if not network.is_loopback and not _covered(network, open_ports)]
    grouped = group_sources(needed)
    found = []
    for family in FAMILIES:
        name = NAME_PREFIX + CONTROLLER + _SUFFIX[family]
        source = None if family in grouped.any else "@" + name
        rule = Rule(ACCEPT, family, "tcp", (guard.port, guard.port), source)
        found.append((rule, AddressSet(name, family, CONTROLLER, grouped.entries.get(family, ()))))
    return found


def _covered(network, rows):  # type: (Network, List[Inbound]) -> bool
    family = family_of(network)
    first, last = int(network.network_address), int(network.broadcast_address)
    for row in rows:
        if family in row.sources.any:
            return True
        for entry in row.sources.entries.get(family, ()):
            other = parse_network(entry)
            if int(other.network_address) <= first and last <= int(other.broadcast_address):
                return True
    return False


def _refusals(accepted, refused):
    # type: (List[Inbound], List[Refused]) -> List[Tuple[Rule, Set[str]]]
    """For every port that the catalogue knows: everyone who was not accepted before."""
    found = []
    for protocol in ("tcp", "udp"):
        named = [(row.ports, row.why) for row in accepted if row.protocol == protocol and row.ports]
        named += [(row.ports, row.why) for row in refused if row.protocol == protocol]
        for family in FAMILIES:
            to_all = [row.ports for row in accepted
                      if row.protocol == protocol and row.ports and family in row.sources.any]
            for first, last in subtract(merge_ranges(ports for ports, _why in named), merge_ranges(to_all)):
                reasons = set()  # type: Set[str]
                for ports, why in named:
                    if ports[0] <= last and first <= ports[1]:
                        reasons.update(why)
                found.append((Rule(REFUSE, family, protocol, (first, last), None), reasons))
    return found


def subtract(ranges, holes):  # type: (List[PortRange], List[PortRange]) -> List[PortRange]
    """What of *ranges* is in none of *holes*. Both sorted and merged, so is the result."""
    left = []
    for first, last in ranges:
        for low, high in holes:
            if high < first or last < low:
                continue
            if first < low:
                left.append((first, low - 1))
            first = high + 1
            if first > last:
                break
        if first <= last:
            left.append((first, last))
    return left


class _Names(object):
    """Names of sets, from what does not change when peers come and go."""

    def __init__(self, rows):  # type: (List[Inbound]) -> None
        sources = {}  # type: Dict[Tuple[str, ...], Set[Tuple[Any, ...]]]
        for row in rows:
            key = tuple(sorted(row.sources.entries.items()))
            sources.setdefault(self._parts(row), set()).add(key)
        # A plan written by hand can give one class two meanings: those rules get sets of their own.
        self._ambiguous = {parts for parts, found in sources.items() if len(found) > 1}

    @staticmethod
    def _parts(row):  # type: (Inbound) -> Tuple[str, ...]
        return row.classes or row.why or (_port_label(row),)

    def of(self, row):  # type: (Inbound) -> Tuple[str, str]
        """(label, name without the family's suffix)"""
        parts = self._parts(row)
        label = "+".join(parts)
        if parts in self._ambiguous:
            parts = parts + row.why + (_port_label(row),)
            label = "%s for %s" % (label, _port_label(row))
        return label, NAME_PREFIX + _short_name(parts)


def _port_label(row):  # type: (Inbound) -> str
    return "%s_%s" % (row.protocol, format_ports(row.ports)) if row.ports else row.protocol


def _short_name(parts):  # type: (Tuple[str, ...]) -> str
    plain = "-".join(part.replace(" ", ".") for part in parts)
    if len(plain) <= _LABEL_MAX and plain != CONTROLLER and all(_PLAIN_CLASS.match(part) for part in parts):
        return plain
    digest = hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()[:8]
    readable = re.sub(r"[^a-z0-9_.]+", "-", plain.lower()).strip("-.")[:_LABEL_MAX - 9].rstrip("-.")
    return "%s-%s" % (readable, digest)

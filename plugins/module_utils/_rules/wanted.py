# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the rules of one host to the policies and sets that its firewall is to have. Runs on Python 3.6."""

from typing import Dict, List, Optional, Sequence, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES, IPV4, IPV6, Network, family_of
from ansible_collections.jsa.ports.plugins.module_utils._ports import merge_ranges, subtract
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import group_sources, parse_network
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import Guard
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import HostRules
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    ICMP,
    NAME_PREFIX,
    POLICY_IN,
    POLICY_OUT,
    PRIORITY,
    REFUSE,
    TARGETS,
    AddressSet,
    Policy,
    Rule,
    Ruleset,
    rule_order,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.names import MANAGEMENT, MANAGEMENT_LABEL, SUFFIX, Names
from ansible_collections.jsa.ports.plugins.module_utils._rules.outbound import outbound_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.rows import Accepted, Refused, join_rows

#: What an "unlisted" other than the zone must leave alone on any host: path MTU and neighbor discovery, and leases.
ESSENTIALS = (
    Rule(ACCEPT, IPV4, ICMP[IPV4], None, None),
    Rule(ACCEPT, IPV6, ICMP[IPV6], None, None),
    Rule(ACCEPT, IPV4, "udp", (68, 68), None),
    Rule(ACCEPT, IPV6, "udp", (546, 546), "fe80::/10"),
)


def build_ruleset(rules, guard):  # type: (HostRules, Optional[Guard]) -> Ruleset
    """The desired policies and sets. Where the rules' outbound is None, nothing is said about what leaves the host."""
    accepted = join_rows(rules.inbound)
    outbound = None if rules.outbound is None else join_rows(rules.outbound)
    sets = {}  # type: Dict[str, AddressSet]
    why = {}  # type: Dict[Rule, Set[str]]
    names = Names(accepted, outbound or ())
    for row in accepted:
        label, stem = names.of(row)
        for rule in _accepts(row, stem):
            why.setdefault(rule, set()).update(row.why)
        for family, entries in row.sources.entries.items():
            name = stem + SUFFIX[family]
            sets[name] = AddressSet(name, family, label, entries)
    if guard is not None:
        for rule, address_set in _guard_rules(guard, accepted):
            why.setdefault(rule, set()).add(MANAGEMENT)
            sets[address_set.name] = address_set
    if rules.unlisted != "zone":
        for rule in ESSENTIALS:
            why.setdefault(rule, set()).add("essential")
    for rule, reasons in _refusals(accepted, rules.refused):
        why.setdefault(rule, set()).update(reasons)

    policies = {POLICY_IN: _policy(POLICY_IN, "ANY", "HOST", TARGETS[rules.unlisted], why)}
    if outbound is not None:
        outbound_why = outbound_rules(outbound, guard.networks if guard else None, names, sets)
        policies[POLICY_OUT] = _policy(POLICY_OUT, "HOST", "ANY", "REJECT", outbound_why)
    return Ruleset(policies, sets)


def _policy(name, ingress, egress, target, why):  # type: (str, str, str, str, Dict[Rule, Set[str]]) -> Policy
    reasons_of = {rule: tuple(sorted(reasons)) for rule, reasons in why.items()}
    return Policy(name, ingress, egress, target, PRIORITY, tuple(sorted(reasons_of, key=rule_order)), reasons_of)


def _accepts(row, stem):  # type: (Accepted, str) -> List[Rule]
    if row.protocol != "icmp" and row.sources.any == FAMILIES:
        return [Rule(ACCEPT, None, row.protocol, row.ports, None)]
    rules = []
    for family in FAMILIES:
        protocol = ICMP[family] if row.protocol == "icmp" else row.protocol
        if family in row.sources.any:
            rules.append(Rule(ACCEPT, family, protocol, row.ports, None))
        elif family in row.sources.entries:
            rules.append(Rule(ACCEPT, family, protocol, row.ports, "@" + stem + SUFFIX[family]))
    return rules


def _guard_rules(guard, accepted):  # type: (Guard, Sequence[Accepted]) -> List[Tuple[Rule, AddressSet]]
    """Both sets are always there, even if they are empty, so that a controller that moves changes entries only.

    An address that the plan lets in anyway is left out: two administrators who take turns change nothing.
    """
    open_ports = [
        row for row in accepted if row.protocol == "tcp" and row.ports and row.ports[0] <= guard.port <= row.ports[1]
    ]
    needed = [network for network in guard.networks if not network.is_loopback and not _covered(network, open_ports)]
    grouped = group_sources(needed)
    found = []
    for family in FAMILIES:
        name = NAME_PREFIX + MANAGEMENT + SUFFIX[family]
        source = None if family in grouped.any else "@" + name
        rule = Rule(ACCEPT, family, "tcp", (guard.port, guard.port), source)
        found.append((rule, AddressSet(name, family, MANAGEMENT_LABEL, grouped.entries.get(family, ()))))
    return found


def _covered(network, rows):  # type: (Network, List[Accepted]) -> bool
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
    # type: (Sequence[Accepted], Sequence[Refused]) -> List[Tuple[Rule, Set[str]]]
    """For every port that the catalog knows: everyone who was not accepted before."""
    found = []
    for protocol in ("tcp", "udp"):
        named = [(row.ports, row.why) for row in accepted if row.protocol == protocol and row.ports]
        named += [(row.ports, row.why) for row in refused if row.protocol == protocol]
        for family in FAMILIES:
            to_all = [
                row.ports for row in accepted if row.protocol == protocol and row.ports and family in row.sources.any
            ]
            for first, last in subtract(merge_ranges(ports for ports, _why in named), merge_ranges(to_all)):
                reasons = set()  # type: Set[str]
                for ports, why in named:
                    if ports[0] <= last and first <= ports[1]:
                        reasons.update(why)
                found.append((Rule(REFUSE, family, protocol, (first, last), None), reasons))
    return found

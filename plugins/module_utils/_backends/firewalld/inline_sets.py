# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same rules for a firewalld that cannot hold sets: with addresses in them. Runs on Python 3.6.

Each address costs a rule then, so neighbors are joined and what another rule accepts anyway is left out. What comes
and goes with a peer is a rule, not an entry, and takes a reload.
"""

import ipaddress

from typing import Any, Dict, Iterable, List, Optional, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.files import ruleset_of_texts
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import render
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import SetSupport
from ansible_collections.jsa.ports.plugins.module_utils._families import Network
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    Policy,
    Rule,
    Ruleset,
    rule_order,
)

_ENDS = ("source", "destination")


def fitted(client, ruleset):  # type: (Client, Ruleset) -> Ruleset
    """*ruleset* in the form that the host's firewalld can load; itself, where it can be."""
    if not ruleset.sets and not _named(ruleset):
        return ruleset
    return without_sets(ruleset, client.set_support())


def fits(client, ruleset):  # type: (Client, Ruleset) -> bool
    """Whether firewalld can load *ruleset* as it is, with its sets."""
    return fitted(client, ruleset) is ruleset


def fitted_texts(client, texts):  # type: (Client, Dict[str, str]) -> Dict[str, str]
    """The same for our files. They stay as they are, to the byte, where firewalld can load them."""
    ruleset = ruleset_of_texts(texts)
    fit = fitted(client, ruleset)
    return texts if fit is ruleset else render(fit)


def without_sets(ruleset, support):  # type: (Ruleset, SetSupport) -> Ruleset
    """Where sets are not supported, each rule that names one becomes a rule for each of its networks.

    One whose set is empty becomes none: nobody was meant.
    """
    used = {end for end, _name in _named(ruleset)}
    ends = [end for end, supported in zip(_ENDS, support) if end in used and not supported]
    if not ends and (support.sources or not ruleset.sets):
        return ruleset
    policies = {name: _policy_without_sets(policy, ruleset, ends) for name, policy in ruleset.policies.items()}
    named = {name for _end, name in _named(Ruleset(policies, {}))}
    return Ruleset(policies, {name: one for name, one in ruleset.sets.items() if name in named})


def _named(ruleset):  # type: (Ruleset) -> Set[Tuple[str, str]]
    """Where rules name sets, and which."""
    return {
        (end, getattr(rule, end)[1:])
        for policy in ruleset.policies.values()
        for rule in policy.rules
        for end in _ENDS
        if (getattr(rule, end) or "").startswith("@")
    }


def _policy_without_sets(policy, ruleset, ends):  # type: (Policy, Ruleset, List[str]) -> Policy
    why = {}  # type: Dict[Rule, Set[str]]
    #: What a rule says but for its peer -> networks, with the reasons for each.
    groups = {}  # type: Dict[Tuple[Rule, str], List[Tuple[Network, Tuple[str, ...]]]]
    for rule in policy.rules:
        reasons = policy.why.get(rule, ())
        end = _inlined_end(rule, ends)
        if end is None:
            why.setdefault(rule, set()).update(reasons)
            continue
        peer = getattr(rule, end)
        known = ruleset.sets.get(peer[1:])
        entries = [peer] if not peer.startswith("@") else known.entries if known else ()  # type: Iterable[str]
        members = groups.setdefault((rule._replace(**{end: None}), end), [])
        members += [(ipaddress.ip_network(entry), reasons) for entry in entries]
    for (rule, end), members in groups.items():
        if rule in why or rule._replace(family=None) in why:
            # Everyone may do that anyway.
            for _network, reasons in members:
                why[rule if rule in why else rule._replace(family=None)].update(reasons)
            continue
        for network, reasons_of in _collapse(members):
            why.setdefault(rule._replace(**{end: str(network)}), set()).update(reasons_of)
    ordered = sorted(why, key=rule_order)
    return policy._replace(rules=tuple(ordered), why={rule: tuple(sorted(why[rule])) for rule in ordered})


def _inlined_end(rule, ends):  # type: (Rule, List[str]) -> Optional[str]
    for end in ends:
        if getattr(rule, end) is not None:
            return end
    return None


def _collapse(members):  # type: (List[Tuple[Network, Tuple[str, ...]]]) -> List[Tuple[Any, Set[str]]]
    """As few networks as name the same addresses, each with the reasons of all that it is made of."""
    collapsed = [(network, set()) for network in ipaddress.collapse_addresses(network for network, _reasons in members)]  # type: List[Tuple[Any, Set[str]]]
    position = 0
    # Both are in the order of their first address, and no member is in two of the others.
    for network, reasons in sorted(members, key=lambda member: int(member[0].network_address)):
        while int(collapsed[position][0].broadcast_address) < int(network.network_address):
            position += 1
        collapsed[position][1].update(reasons)
    return collapsed

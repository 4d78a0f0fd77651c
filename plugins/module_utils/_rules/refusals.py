# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the rules of one host do with a new packet from somebody else. Runs on Python 3.6."""

import ipaddress

from bisect import bisect_right
from typing import Dict, Iterable, List, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import family_of_address
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import spans
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    CONTINUE,
    POLICY_IN,
    Rule,
    Ruleset,
    by_family,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.spans import Spans, everyone, union, without

Contact = Tuple[str, str, int]


class Refusals(object):
    """Asks a ruleset about one packet after the other. What it says of a port is worked out once."""

    def __init__(self, ruleset):  # type: (Ruleset) -> None
        self._sets = ruleset.sets
        policy = ruleset.policies.get(POLICY_IN)
        self._rules = () if policy is None else tuple(by_family(policy.rules))  # type: Tuple[Rule, ...]
        self._rest = policy is not None and policy.target != CONTINUE
        self._refused = {}  # type: Dict[Tuple[str, str, int], Spans]
        # A set of thousands of peers stands in the rules of many ports.
        self._spans = {}  # type: Dict[str, Spans]

    def refuses(self, peer, protocol, port):  # type: (str, str, int) -> bool
        """Whether a new packet from the address *peer* is refused, whatever the site's own rules say."""
        key = (family_of_address(peer), protocol, port)
        if key not in self._refused:
            self._refused[key] = self._of_port(*key)
        stretches, number = self._refused[key], int(ipaddress.ip_address(peer))
        place = bisect_right(stretches, (number, float("inf"))) - 1  # type: ignore[arg-type]
        return place >= 0 and number <= stretches[place][1]

    def _of_port(self, family, protocol, port):  # type: (str, str, int) -> Spans
        """Whom the rules refuse, one rule after the other as the kernel goes through them."""
        left, found = everyone(family), []  # type: Tuple[Spans, List[Spans]]
        for rule in self._rules:
            if (rule.family, rule.protocol) != (family, protocol) or not left:
                continue
            if rule.ports is None or not rule.ports[0] <= port <= rule.ports[1]:
                continue
            meant = self._sources(rule, family)
            if rule.action != ACCEPT:
                found.append(without(left, without(left, meant)))
            left = without(left, meant)
        if self._rest:
            found.append(left)
        return union(*found)

    def _sources(self, rule, family):  # type: (Rule, str) -> Spans
        if rule.source is None:
            return everyone(family)
        if rule.source not in self._spans:
            entries = (rule.source,)  # type: Tuple[str, ...]
            if rule.source.startswith("@"):
                known = self._sets.get(rule.source[1:])
                entries = () if known is None else known.entries
            self._spans[rule.source] = spans(entries)
        return self._spans[rule.source]


def refused_of(refusals, contacts):  # type: (Refusals, Iterable[Contact]) -> List[Contact]
    """Those of *contacts* (peer, protocol, port of the host) whose new packets would be refused, each once."""
    return [one for one in sorted(set(contacts), key=_order) if refusals.refuses(*one)]


def _order(contact):  # type: (Contact) -> Tuple[str, int, int, int]
    peer, protocol, port = contact
    address = ipaddress.ip_address(peer)
    return protocol, port, address.version, int(address)

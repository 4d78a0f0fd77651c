# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the rules of one host do with a new packet from somebody else. Runs on Python 3.6."""

import ipaddress

from bisect import bisect_right
from typing import Dict, Iterable, List, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import (
    FAMILIES,
    IPV4,
    family_of,
    family_of_address,
)
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import ANYONE, spans
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import Guard
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import HostRules
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import ESSENTIALS

#: First and last address of each stretch, as numbers, sorted; None is everyone.
_Stretches = Optional[List[Tuple[int, int]]]


class Refusals(object):
    """Asks the rules about one packet after the other. What they say of a port is worked out once."""

    def __init__(self, rules, guard):  # type: (HostRules, Optional[Guard]) -> None
        """*guard*: who always reaches the SSH port."""
        self._rules = rules
        self._guard = guard
        self._accepting = {}  # type: Dict[Tuple[str, int], Dict[str, _Stretches]]

    def refuses(self, peer, protocol, port):  # type: (str, str, int) -> bool
        """Whether a new packet from the address *peer* is refused, whatever the site's own rules say."""
        if not self._is_closed(protocol, port):
            return False
        key = (protocol, port)
        if key not in self._accepting:
            self._accepting[key] = self._accepted(protocol, port)
        stretches = self._accepting[key][family_of_address(peer)]
        if stretches is None:
            return False
        number = int(ipaddress.ip_address(peer))
        place = bisect_right(stretches, (number, float("inf"))) - 1  # type: ignore[arg-type]
        return place < 0 or number > stretches[place][1]

    def _is_closed(self, protocol, port):  # type: (str, int) -> bool
        """Whether the port is refused to those whom no rule accepts."""
        rows = [(row.protocol, row.ports) for row in self._rules.inbound]
        rows += [(row.protocol, row.ports) for row in self._rules.refused]
        return self._rules.unlisted != "zone" or any(one == protocol and _covers(ports, port) for one, ports in rows)

    def _accepted(self, protocol, port):  # type: (str, int) -> Dict[str, _Stretches]
        entries = {family: [] for family in FAMILIES}  # type: Dict[str, List[str]]
        everyone = set()
        for row in self._rules.inbound:
            if row.protocol == protocol and _covers(row.ports, port):
                everyone.update(row.sources.any)
                for family, cidrs in row.sources.entries.items():
                    entries[family] += cidrs
        for rule in ESSENTIALS if self._rules.unlisted != "zone" else ():
            if rule.protocol == protocol and _covers(rule.ports, port):
                entries[rule.family or IPV4].append(rule.source or ANYONE[rule.family or IPV4])
        if self._guard is not None and (protocol, port) == ("tcp", self._guard.port):
            for network in self._guard.networks:
                entries[family_of(network)].append(str(network))
        return {family: None if family in everyone else spans(entries[family]) for family in FAMILIES}


def _covers(ports, port):  # type: (Optional[PortRange], int) -> bool
    return ports is not None and ports[0] <= port <= ports[1]


def refused_of(refusals, contacts):
    # type: (Refusals, Iterable[Tuple[str, str, int]]) -> List[Tuple[str, str, int]]
    """Those of *contacts* (peer, protocol, port of the host) whose new packets would be refused, each once."""
    return [one for one in sorted(set(contacts), key=_order) if refusals.refuses(*one)]


def _order(contact):  # type: (Tuple[str, str, int]) -> Tuple[str, int, int, int]
    peer, protocol, port = contact
    address = ipaddress.ip_address(peer)
    return protocol, port, address.version, int(address)

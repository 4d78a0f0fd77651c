# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of a plan, as the module is given them, with every problem in them. Runs on Python 3.6."""

import re

from typing import Any, Dict, List, NamedTuple, Optional, Pattern, Sequence, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, parse_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import (
    Network,
    Sources,
    group_sources,
    parse_network,
)

#: Reasons stand in comments of the XML files, which hold no "--" and are split at commas.
_REASON = re.compile(r"^(?!.*--)[A-Za-z0-9_.:/+@ -]*[A-Za-z0-9_.:/+@]$")
#: Classes stand in texts: any name that an inventory can give a host.
_CLASS = re.compile(r"^[^\x00-\x1f\x7f]+$")


class Accepted(NamedTuple):
    """What comes in, or goes out."""

    protocol: str
    ports: Optional[PortRange]
    #: Where it may come from, or go to.
    sources: Sources
    why: Tuple[str, ...]
    classes: Tuple[str, ...]


class Refused(NamedTuple):
    protocol: str
    ports: PortRange
    why: Tuple[str, ...]


class Reader(object):
    """Reads the lists of the plan and collects what is wrong with them."""

    def __init__(self):  # type: () -> None
        self.problems = []  # type: List[str]
        # The same few hundred addresses stand in dozens of rules: each is parsed once.
        self._networks = {}  # type: Dict[str, Network]
        self._sources = {}  # type: Dict[Tuple[str, ...], Sources]

    def accepted(self, rows, option="inbound", peers="sources", labels="source_classes"):
        # type: (Sequence[Any], str, str, str) -> List[Accepted]
        found = []
        for index, row in enumerate(rows):
            where = "%s[%d]" % (option, index)
            if not self._is_mapping(row, where):
                continue
            protocol = self._protocol(row, where, ("tcp", "udp", "icmp"))
            ports = self._ports(row, where, protocol)
            sources = self._peer_list(row, where, peers)
            why = self._words(row, "why", where, _REASON)
            classes = self._words(row, labels, where, _CLASS)
            if protocol and sources:
                found.append(Accepted(protocol, ports, sources, why, classes))
        return found

    def refused(self, rows, option="refused"):  # type: (Sequence[Any], str) -> List[Refused]
        found = []
        for index, row in enumerate(rows):
            where = "%s[%d]" % (option, index)
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
        self.problems.append("%s: expected a mapping with protocol and ports, got %r" % (where, row))
        return False

    def _protocol(self, row, where, known):  # type: (Dict[str, Any], str, Sequence[str]) -> Optional[str]
        protocol = row.get("protocol")
        if protocol in known:
            return protocol
        self.problems.append("%s: protocol %r is none of %s" % (where, protocol, ", ".join(known)))
        return None

    def _ports(self, row, where, protocol):  # type: (Dict[str, Any], str, Optional[str]) -> Optional[PortRange]
        ports = row.get("ports")
        if protocol == "icmp":
            if ports is not None:
                self.problems.append("%s: ICMP has no ports, got %r" % (where, ports))
            return None
        if ports is None:
            self.problems.append("%s: ports is missing" % where)
            return None
        try:
            return parse_ports(ports)
        except ValueError as error:
            self.problems.append("%s: %s" % (where, error))
            return None

    def _peer_list(self, row, where, peers):  # type: (Dict[str, Any], str, str) -> Optional[Sources]
        texts = row.get(peers)
        if not isinstance(texts, list):
            self.problems.append(
                "%s: %s is %r: expected a list of CIDRs (0.0.0.0/0 and ::/0 for anyone)" % (where, peers, texts)
            )
            return None
        key = tuple(str(text) for text in texts)
        if key not in self._sources:
            self._sources[key] = group_sources(self.networks(texts, "%s.%s" % (where, peers)))
        return self._sources[key]

    def networks(self, texts, where):  # type: (Sequence[Any], str) -> List[Network]
        found = []
        for text in texts:
            network = self._networks.get(text) if isinstance(text, str) else None
            if network is None:
                try:
                    network = parse_network(text)
                except ValueError as error:
                    self.problems.append("%s: %s" % (where, error))
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
            self.problems.append("%s: %s is %r: expected a list of names" % (where, field, words))
            return ()
        for word in words:
            if not allowed.match(word):
                self.problems.append(
                    "%s: %s has the name %r: letters, digits and single characters of _.:/+@- only"
                    % (where, field, word)
                )
        return tuple(sorted(set(words)))

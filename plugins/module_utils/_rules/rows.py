# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of a host's rules, with every problem in them. Runs on Python 3.6."""

import re

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Pattern, Sequence, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import Network
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, parse_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import (
    Sources,
    group_sources,
    join_sources,
    parse_network,
)

#: Reasons stand in comments of the XML files, which hold no "--" and are split at commas.
_REASON = re.compile(r"^(?!.*--)[A-Za-z0-9_.:/+@ -]*[A-Za-z0-9_.:/+@]\Z")
#: Classes stand in texts: any name that an inventory can give a host.
_CLASS = re.compile("^[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+\\Z")


class Accepted(NamedTuple):
    """What comes in, or goes out."""

    protocol: str
    ports: Optional[PortRange]
    #: Where it may come from, or go to.
    sources: Sources
    why: Tuple[str, ...]
    classes: Tuple[str, ...]


def join_rows(rows):  # type: (Iterable[Accepted]) -> Tuple[Accepted, ...]
    """Rows that differ in their sources only become one, which accepts from all of them.

    Their sets would have the same name, and the set of the last one would replace the others.
    """
    joined = {}  # type: Dict[Tuple[Any, ...], Accepted]
    for row in rows:
        key = (row.protocol, row.ports, row.why, row.classes)
        earlier = joined.get(key)
        joined[key] = row if earlier is None else row._replace(sources=join_sources(earlier.sources, row.sources))
    return tuple(joined.values())


class Refused(NamedTuple):
    """Ports on which everyone is refused whom no row accepts."""

    protocol: str
    ports: PortRange
    why: Tuple[str, ...]


class Reader(object):
    """Reads lists of rows and collects what is wrong with them, as ``PATH: sentence``."""

    def __init__(self):  # type: () -> None
        self.problems = []  # type: List[str]
        # The same few hundred addresses stand in dozens of rules: each is parsed once.
        self._networks = {}  # type: Dict[str, Network]
        self._sources = {}  # type: Dict[Tuple[str, ...], Sources]

    def accepted(self, rows, path, peers="sources", labels="source_classes"):
        # type: (Any, str, str, str) -> Tuple[Accepted, ...]
        """The rows of the list at *path*, whose key *peers* has the CIDRs and *labels* the names for them."""
        found = []
        for where, row in self._rows(rows, path):
            protocol = self._protocol(row, where, ("tcp", "udp", "icmp"))
            ports = self._ports(row, where, protocol)
            sources = self._peer_list(row, where, peers)
            why = self._words(row, "why", where, _REASON)
            classes = self._words(row, labels, where, _CLASS)
            if protocol and sources:
                found.append(Accepted(protocol, ports, sources, why, classes))
        return tuple(found)

    def refused(self, rows, path):  # type: (Any, str) -> Tuple[Refused, ...]
        """The rows of the list at *path*."""
        found = []
        for where, row in self._rows(rows, path):
            protocol = self._protocol(row, where, ("tcp", "udp"))
            ports = self._ports(row, where, protocol)
            why = self._words(row, "why", where, _REASON)
            if protocol and ports:
                found.append(Refused(protocol, ports, why))
        return tuple(found)

    def networks(self, texts, path):  # type: (Any, str) -> Tuple[Network, ...]
        """The CIDRs of the list at *path*."""
        if not isinstance(texts, (list, tuple)):
            self.problems.append("%s: expected a list of CIDRs, got %r" % (path, texts))
            return ()
        found = []
        for index, text in enumerate(texts):
            network = self._networks.get(text) if isinstance(text, str) else None
            if network is None:
                try:
                    network = parse_network(text)
                except ValueError as error:
                    self.problems.append("%s[%d]: %s" % (path, index, error))
                    continue
                self._networks[text] = network
            found.append(network)
        return tuple(found)

    def _rows(self, rows, path):  # type: (Any, str) -> List[Tuple[str, Dict[str, Any]]]
        """Path and row of those that are mappings."""
        if not isinstance(rows, (list, tuple)):
            self.problems.append("%s: expected a list, got %r" % (path, rows))
            return []
        found = []
        for index, row in enumerate(rows):
            where = "%s[%d]" % (path, index)
            if isinstance(row, dict):
                found.append((where, row))
            else:
                self.problems.append("%s: expected a mapping with protocol and ports, got %r" % (where, row))
        return found

    def _protocol(self, row, where, known):  # type: (Dict[str, Any], str, Sequence[str]) -> Optional[str]
        protocol = row.get("protocol")
        if protocol in known:
            return protocol
        self.problems.append("%s.protocol: %r is not one of %s" % (where, protocol, ", ".join(known)))
        return None

    def _ports(self, row, where, protocol):  # type: (Dict[str, Any], str, Optional[str]) -> Optional[PortRange]
        ports = row.get("ports")
        if protocol == "icmp":
            if ports is not None:
                self.problems.append("%s.ports: ICMP has none, got %r" % (where, ports))
            return None
        if ports is None:
            self.problems.append("%s.ports: is missing" % where)
            return None
        try:
            return parse_ports(ports)
        except ValueError as error:
            self.problems.append("%s.ports: %s" % (where, error))
            return None

    def _peer_list(self, row, where, peers):  # type: (Dict[str, Any], str, str) -> Optional[Sources]
        texts = row.get(peers)
        path = "%s.%s" % (where, peers)
        if not isinstance(texts, (list, tuple)):
            self.problems.append("%s: expected a list of CIDRs (0.0.0.0/0 and ::/0 for anyone), got %r" % (path, texts))
            return None
        key = tuple(str(text) for text in texts)
        if key not in self._sources:
            self._sources[key] = group_sources(self.networks(texts, path))
        return self._sources[key]

    def _words(self, row, field, where, allowed):
        # type: (Dict[str, Any], str, str, Pattern[str]) -> Tuple[str, ...]
        words = row.get(field)
        if words is None:
            return ()
        path = "%s.%s" % (where, field)
        if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) for word in words):
            self.problems.append("%s: expected a list of names, got %r" % (path, words))
            return ()
        for word in words:
            if not allowed.match(word):
                self.problems.append(
                    "%s: %r cannot be a name here: letters, digits and single characters of _.:/+@- only" % (path, word)
                )
        return tuple(sorted(set(words)))

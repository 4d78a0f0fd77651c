# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sets of nftables, with a fast lookup of addresses. Runs on Python 3.6."""

import bisect
import ipaddress

from typing import Any, Dict, Iterable, List, Optional, Tuple

#: Family, table and name.
Key = Tuple[str, str, str]


class Sets(object):
    """The named sets of a ruleset."""

    def __init__(self):  # type: () -> None
        self._elements = {}  # type: Dict[Key, List[Any]]
        self._members = {}  # type: Dict[Key, Members]

    def add(self, key, elements):  # type: (Key, List[Any]) -> None
        """Adds the elements of the set or map *key*, in the form of ``nft -j``."""
        self._elements[key] = elements

    def elements(self, key):  # type: (Key) -> Optional[List[Any]]
        """The elements in the form of ``nft -j``, None if there is no such set."""
        return self._elements.get(key)

    def members(self, key):  # type: (Key) -> Optional[Members]
        """The same elements with a fast lookup of addresses, None if there is no such set."""
        if key in self._elements and key not in self._members:
            self._members[key] = Members(self._elements[key])
        return self._members.get(key)


class Members(object):
    """The elements of a set: addresses sorted, and the others in the form of ``nft -j``.

    A deployment of n hosts has sets of n addresses and n flows to look up in each: to read the text of each address
    for each flow would take n² steps.
    """

    def __init__(self, elements):  # type: (Iterable[Any]) -> None
        self.others = []  # type: List[Any]
        found = {4: [], 6: []}  # type: Dict[int, List[Tuple[int, int]]]
        for element in elements:
            span = _span(element)
            if span is None:
                self.others.append(element)
            else:
                found[span[0].version].append((int(span[0]), int(span[1])))
        self._spans = {version: _merged(spans) for version, spans in found.items()}
        self._starts = {version: [first for first, _last in spans] for version, spans in self._spans.items()}

    def __contains__(self, address):  # type: (Any) -> bool
        """Whether *address* is one of the addresses. The other elements are not tested."""
        number = int(address)
        place = bisect.bisect_right(self._starts[address.version], number) - 1
        return place >= 0 and number <= self._spans[address.version][place][1]


def _merged(spans):  # type: (List[Tuple[int, int]]) -> List[Tuple[int, int]]
    merged = []  # type: List[Tuple[int, int]]
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _span(element):  # type: (Any) -> Optional[Tuple[Any, Any]]
    """The first and last address, None if *element* is not an address, a prefix, or a range."""
    try:
        if isinstance(element, str):
            address = ipaddress.ip_address(element)
            return address, address
        if "prefix" in element:
            prefix = element["prefix"]
            network = ipaddress.ip_network("%s/%s" % (prefix["addr"], prefix["len"]), strict=False)
            return network[0], network[-1]
        first, last = map(ipaddress.ip_address, element["range"])
        # int would be taken for an address.
        return (first, last) if first.version == last.version and isinstance(element["range"][0], str) else None
    except (KeyError, TypeError, ValueError):
        return None

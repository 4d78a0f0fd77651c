# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses as firewalld's sets hold them. Runs on Python 3.6."""

import ipaddress

from typing import Any, Dict, Iterable, List, NamedTuple, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4, IPV6, Network, family_of

_MAPPED = ipaddress.ip_network("::ffff:0:0/96")


#: The network that is everyone of a family.
ANYONE = {IPV4: "0.0.0.0/0", IPV6: "::/0"}


class Sources(NamedTuple):
    """What one rule accepts from, family by family. A family in neither ``any`` nor ``entries`` has no source."""

    #: Families in which everyone is meant.
    any: Tuple[str, ...]
    #: Family -> CIDRs, sorted, none within another.
    entries: Dict[str, Tuple[str, ...]]


def parse_network(text):  # type: (object) -> Network
    """The network that *text* names; an IPv4 address in IPv6 notation is an IPv4 one. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("%r is not an address: expected a CIDR such as 10.0.0.0/24" % (text,))
    if "%" in text:
        # Python 3.9 takes a zone for a part of an address; no firewall does.
        raise ValueError("%r has a zone, which means nothing on other hosts: remove the %% and what follows" % text)
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError:
        try:
            meant = ipaddress.ip_network(text.strip(), strict=False)
        except ValueError:
            raise ValueError("%r is not an address: expected a CIDR such as 10.0.0.0/24" % text)
        raise ValueError("%s has host bits: write %s, or one address" % (text, meant))
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96 and network.network_address in _MAPPED:
        address = ipaddress.IPv4Address(int(network.network_address) & 0xFFFFFFFF)
        network = ipaddress.IPv4Network((address, network.prefixlen - 96))
    return network


def without_nested(networks):  # type: (Iterable[Network]) -> List[Network]
    """Sorted, and without those that lie within another one: an interval set takes no overlapping entries.

    Neighbors stay apart, so that adding one peer adds one entry.
    """
    kept = []  # type: List[Network]
    for network in sorted(networks, key=lambda one: (one.version, int(one.network_address), one.prefixlen)):
        if (
            kept
            and kept[-1].version == network.version
            and int(network.broadcast_address) <= int(kept[-1].broadcast_address)
        ):
            continue
        kept.append(network)
    return kept


def group_sources(networks):  # type: (Iterable[Network]) -> Sources
    """The networks by family, without those within another one."""
    anyone = set()
    entries = {}  # type: Dict[str, List[str]]
    for network in without_nested(networks):
        if network.prefixlen == 0:
            anyone.add(family_of(network))
        else:
            entries.setdefault(family_of(network), []).append(str(network))
    return Sources(tuple(sorted(anyone)), {family: tuple(found) for family, found in entries.items()})


def join_sources(one, other):  # type: (Sources, Sources) -> Sources
    """Everyone who is in one of the two."""
    if one == other:
        return one
    texts = [entry for sources in (one, other) for found in sources.entries.values() for entry in found]
    texts += [ANYONE[family] for sources in (one, other) for family in sources.any]
    return group_sources(parse_network(text) for text in texts)


def ends(entry):  # type: (str) -> Tuple[Any, Any]
    """First and last address of a CIDR or a range "first-last". Raises ValueError for other text."""
    first, _dash, last = entry.partition("-")
    if not last:
        network = ipaddress.ip_network(entry)
        return network.network_address, network.broadcast_address
    low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
    if low.version != high.version or int(low) > int(high):
        raise ValueError("%s is no range" % entry)
    return low, high


def is_address(entry):  # type: (str) -> bool
    """Whether *entry* names addresses, and is no other text that somebody has put into a set."""
    try:
        ends(entry)
    except ValueError:
        return False
    return True


def same_addresses(one, other):  # type: (Iterable[str], Iterable[str]) -> bool
    """Whether two sets have the same addresses. The kernel may show neighbors as one range."""
    texts = set(one), set(other)
    if texts[0] == texts[1]:
        return True
    # An entry that is no address is compared as text, and the others are not equal without it.
    odd = [{entry for entry in found if not is_address(entry)} for found in texts]
    return odd[0] == odd[1] and spans(texts[0] - odd[0]) == spans(texts[1] - odd[1])


def spans(entries):  # type: (Iterable[str]) -> List[Tuple[int, int]]
    """The addresses of *entries* as sorted ranges of numbers, neighbors joined. Raises ValueError for other text."""
    merged = []  # type: List[Tuple[int, int]]
    numbers = []
    for entry in entries:
        low, high = ends(entry)
        numbers.append((int(low), int(high)))
    for low, high in sorted(numbers):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses in bulk: which network an address lies in, and the fewest CIDRs for many. Nothing here is quadratic."""

from __future__ import annotations

import ipaddress
import socket

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Generic, TypeVar

T = TypeVar("T")

#: IP version and number.
Key = tuple[int, int]

BITS = {4: 32, 6: 128}


def key_of(text: str) -> Key:
    """Of one address. IPv4 in IPv6 notation is IPv4. Raises ValueError."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.version, int(address)


class CidrMap(Generic[T]):
    """CIDRs with a value each: that of the smallest CIDR around an address is found."""

    def __init__(self, values: Iterable[tuple[str, T]]) -> None:
        """Of a CIDR that is there several times, the first counts."""
        tables: dict[int, dict[int, dict[int, T]]] = {4: {}, 6: {}}
        for cidr, value in values:
            network = ipaddress.ip_network(cidr)
            shift = network.max_prefixlen - network.prefixlen
            table = tables[network.version].setdefault(shift, {})
            table.setdefault(int(network.network_address) >> shift, value)
        # The smallest networks first. There are as many tables as lengths of prefixes, whatever the number of CIDRs.
        self._tables = {version: sorted(by_shift.items()) for version, by_shift in tables.items()}

    def find(self, key: Key) -> T | None:
        """None where the address lies in none of them."""
        version, number = key
        for shift, table in self._tables[version]:
            found = table.get(number >> shift)
            if found is not None:
                return found
        return None


class CidrSet:
    """CIDRs that can be asked for an address."""

    def __init__(self, cidrs: Iterable[str]) -> None:
        self._map = CidrMap((cidr, True) for cidr in cidrs)

    def __contains__(self, key: Key) -> bool:
        return self._map.find(key) is not None


@dataclass(frozen=True)
class Widening:
    """How far addresses are rounded up to networks, as lengths of prefixes; 32 and 128 are exact."""

    prefix4: int = BITS[4]
    prefix6: int = BITS[6]
    #: A network with one of these addresses stays exact: it would let in a host that is known.
    known: Collection[Key] = ()

    @cached_property
    def _blocked(self) -> frozenset[Key]:
        return frozenset((version, number >> self.shift(version)) for version, number in self.known)

    def shift(self, version: int) -> int:
        """How many bits of an address are rounded."""
        return BITS[version] - (self.prefix4 if version == 4 else self.prefix6)

    def allows(self, version: int, block: int) -> bool:
        """Whether a network can be taken for the addresses in it."""
        return (version, block) not in self._blocked


def collapsed(keys: Collection[Key], widening: Widening) -> dict[str, list[Key]]:
    """The fewest CIDRs with all *keys* in them, sorted, each with those that lie in it.

    Two addresses or more in a network of the widening's size become the whole network; one stays what it is.
    """
    found: dict[str, list[Key]] = {}
    for version in (4, 6):
        numbers = sorted({number for one, number in keys if one == version})
        members = iter([*numbers, -1])
        member = next(members)
        for first, length in _cidrs(_spans(numbers, version, widening), BITS[version]):
            last = first + (1 << (BITS[version] - length)) - 1
            inside: list[Key] = []
            while 0 <= member <= last:
                inside.append((version, member))
                member = next(members)
            found[_cidr(version, first, length)] = inside
    return found


def _cidr(version: int, first: int, length: int) -> str:
    if version == 4:
        # Much faster than ipaddress, and of many thousand addresses this is a good part of the work.
        return f"{socket.inet_ntoa(first.to_bytes(4, 'big'))}/{length}"
    return str(ipaddress.IPv6Network((first, length)))


def _spans(numbers: list[int], version: int, widening: Widening) -> Iterator[tuple[int, int]]:
    """First and last address of each stretch without a hole. *numbers* are sorted, each once."""
    start, end = -1, -2
    for first, last in _widened(numbers, version, widening):
        if first <= end + 1 and start >= 0:
            end = max(end, last)
            continue
        if start >= 0:
            yield start, end
        start, end = first, last
    if start >= 0:
        yield start, end


def _widened(numbers: list[int], version: int, widening: Widening) -> Iterator[tuple[int, int]]:
    shift = widening.shift(version)
    for block, members in groupby(numbers, lambda number: number >> shift):
        first, *others = members
        if others and widening.allows(version, block):
            yield block << shift, ((block + 1) << shift) - 1
        else:
            yield from ((number, number) for number in (first, *others))


def _cidrs(spans: Iterable[tuple[int, int]], bits: int) -> Iterator[tuple[int, int]]:
    """First address and prefix length of each CIDR of the *spans*."""
    for first, last in spans:
        while first <= last:
            size = (first & -first).bit_length() - 1 if first else bits
            while first + (1 << size) - 1 > last:
                size -= 1
            yield first, bits - size
            first += 1 << size


def cidrs_of(keys: Collection[Key]) -> tuple[str, ...]:
    """Exactly these addresses in the fewest CIDRs, IPv4 before IPv6."""
    return tuple(collapsed(keys, Widening()))


def networks_by_name(networks: Mapping[str, Collection[str]]) -> CidrMap[str]:
    """Name of the smallest network around an address; those that are everybody name nobody."""
    return CidrMap((cidr, name) for name, cidrs in networks.items() for cidr in cidrs if not cidr.endswith("/0"))

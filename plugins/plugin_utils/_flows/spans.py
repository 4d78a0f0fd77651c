# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of addresses as sorted, merged spans of numbers: cheap to look into, to cut and to take away from.

IPv4 and IPv6 lie on one line of numbers, far enough apart that no span reaches from one into the other.
"""

from __future__ import annotations

import bisect
import ipaddress
import socket

from collections.abc import Iterable
from functools import lru_cache

from ansible_collections.jsa.ports.plugins.module_utils._ports import merge_ranges, subtract

#: The first and the last address, both included.
Span = tuple[int, int]

#: Where IPv6 begins: behind all of IPv4, and not next to it.
_V6 = 1 << 33

#: Behind all addresses.
_END = _V6 + (1 << 128)


@lru_cache(maxsize=65536)
def span_of(cidr: str) -> Span:
    """The addresses of a network or of one address. Raises ValueError."""
    # A tenth of the time that ipaddress takes, and a plan has tens of thousands.
    text, slash, length = cidr.partition("/")
    is_v6 = ":" in text
    try:
        packed = socket.inet_pton(socket.AF_INET6 if is_v6 else socket.AF_INET, text)
    except OSError:
        raise ValueError(f"{cidr!r} is no address and no network") from None
    bits = len(packed) * 8
    if slash and not (length.isascii() and length.isdigit() and int(length) <= bits):
        raise ValueError(f"{cidr!r} is no network")
    first = int.from_bytes(packed, "big")
    size = 1 << (bits - int(length)) if slash else 1
    if first & (size - 1):
        raise ValueError(f"{cidr!r} has host bits set")
    if is_v6:
        first += _V6
    return first, first + size - 1


def spans_of(cidrs: Iterable[str]) -> list[Span]:
    """The addresses of all *cidrs*, sorted and merged."""
    return merge_ranges(span_of(cidr) for cidr in cidrs)


def cut(span: Span, spans: list[Span]) -> list[Span]:
    """What of *span* is in *spans*, which are sorted and merged, and so is the result."""
    first, last = span
    found = []
    place = max(0, bisect.bisect_right(spans, (first, _END)) - 1)
    while place < len(spans) and spans[place][0] <= last:
        low, high = spans[place]
        if high >= first:
            found.append((max(first, low), min(last, high)))
        place += 1
    return found


def without(spans: list[Span], taken: list[Span]) -> list[Span]:
    """What of *spans* is not in *taken*. Both sorted and merged, so is the result."""
    left: list[Span] = []
    place = 0
    for span in spans:
        while place < len(taken) and taken[place][1] < span[0]:
            place += 1
        end = place
        while end < len(taken) and taken[end][0] <= span[1]:
            end += 1
        left += subtract([span], taken[place:end])
        place = max(place, end - 1)
    return left


def meet(spans: list[Span], others: list[Span]) -> bool:
    """Whether an address is in both. Both are sorted and merged."""
    for first, last in spans:
        place = max(0, bisect.bisect_right(others, (first, _END)) - 1)
        if place < len(others) and others[place][1] < first:
            place += 1
        if place < len(others) and others[place][0] <= last:
            return True
    return False


@lru_cache(maxsize=65536)
def cidrs_of(span: Span) -> tuple[str, ...]:
    """The fewest CIDRs that are exactly the addresses of *span*."""
    first, last = span
    if first == last < _V6:
        # Of most hosts; a tenth of the time that ipaddress takes.
        return (f"{socket.inet_ntoa(first.to_bytes(4, 'big'))}/32",)
    if first >= _V6:
        ends6 = ipaddress.IPv6Address(first - _V6), ipaddress.IPv6Address(last - _V6)
        return tuple(str(network) for network in ipaddress.summarize_address_range(*ends6))
    ends4 = ipaddress.IPv4Address(first), ipaddress.IPv4Address(last)
    return tuple(str(network) for network in ipaddress.summarize_address_range(*ends4))

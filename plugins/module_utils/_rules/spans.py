# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arithmetic with addresses: what is left of some when others are taken away. Runs on Python 3.6.

Addresses are ranges of numbers here, sorted, none touching another, as ``addresses.spans`` makes them. All functions
take and return such lists, and take time in proportion to their length: a site's list of bans can be long.
"""

import bisect
import ipaddress

from typing import Any, List, Sequence, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4

Spans = List[Tuple[int, int]]

_LAST = {True: (1 << 32) - 1, False: (1 << 128) - 1}


def everyone(family):  # type: (str) -> Spans
    """All addresses of a family."""
    return [(0, _LAST[family == IPV4])]


def union(*lists):  # type: (*Sequence[Tuple[int, int]]) -> Spans
    """What is in one of them."""
    merged = []  # type: Spans
    for low, high in sorted(span for spans in lists for span in spans):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def common(one, other):  # type: (Spans, Spans) -> Spans
    """What is in both."""
    found = []  # type: Spans
    if not one or not other:
        return found
    # One ban against twelve thousand peers has to look at the few near it only.
    left = max(0, bisect.bisect_right(one, (other[0][0],)) - 1)
    right = max(0, bisect.bisect_right(other, (one[0][0],)) - 1)
    while left < len(one) and right < len(other):
        low, high = max(one[left][0], other[right][0]), min(one[left][1], other[right][1])
        if low <= high:
            found.append((low, high))
        if one[left][1] < other[right][1]:
            left += 1
        else:
            right += 1
    return found


def without(spans, holes):  # type: (Spans, Spans) -> Spans
    """What is in the first and not in the second."""
    found = []  # type: Spans
    position = max(0, bisect.bisect_right(holes, (spans[0][0],)) - 1) if spans else 0
    for low, high in spans:
        while position < len(holes) and holes[position][1] < low:
            position += 1
        at = position
        while low <= high and at < len(holes) and holes[at][0] <= high:
            if low < holes[at][0]:
                found.append((low, holes[at][0] - 1))
            low = holes[at][1] + 1
            at += 1
        if low <= high:
            found.append((low, high))
    return found


def networks(family, spans):  # type: (str, Spans) -> Tuple[str, ...]
    """The fewest CIDRs that name the same addresses, sorted."""
    make = ipaddress.IPv4Address if family == IPV4 else ipaddress.IPv6Address  # type: Any
    return tuple(
        str(network) for low, high in spans for network in ipaddress.summarize_address_range(make(low), make(high))
    )

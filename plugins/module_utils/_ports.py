# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports as every part of the collection writes them: ``"22"``, ``"32000-33999"``, ``"514/udp"``.

A range is the pair ``(first, last)``, both included, both within 1 to 65535. Runs on Python 3.6.
"""

import re

from typing import Iterable, List, Optional, Tuple

PortRange = Tuple[int, int]

#: Protocols that have ports.
TRANSPORTS = ("tcp", "udp")

_PORT = re.compile(r"^[0-9]{1,5}$")
_RANGE = re.compile(r"^([0-9]{1,6})(?:-([0-9]{1,6}))?$")


def parse_ports(text):  # type: (object) -> PortRange
    """The range that *text* names. Raises ValueError with a sentence that says what is wrong."""
    if isinstance(text, bool) or not isinstance(text, (str, int)):
        raise ValueError("%r is not a port: expected a number or a range such as 32000-33999" % (text,))
    match = _RANGE.match(str(text).strip())
    if not match:
        raise ValueError("%r is not a port: expected a number or a range such as 32000-33999" % (text,))
    first = int(match.group(1))
    last = int(match.group(2)) if match.group(2) else first
    for port in (first, last):
        if not 1 <= port <= 65535:
            raise ValueError("port %d is outside 1-65535" % port)
    if first > last:
        raise ValueError("range %s is reversed" % text)
    return first, last


def parse_port(value):  # type: (object) -> int
    """One port, a number or its digits. Raises ValueError with a sentence that says what is wrong."""
    match = None if isinstance(value, bool) else _PORT.match(str(value).strip())
    if not match or not 1 <= int(match.group()) <= 65535:
        raise ValueError("%r is not a port from 1 to 65535" % (value,))
    return int(match.group())


def split_protocol(text):  # type: (object) -> Tuple[str, Optional[str]]
    """``32006/tcp`` as ``("32006", "tcp")``; the protocol is None where there is none.

    Raises ValueError where it is neither TCP nor UDP. What stands before it is for :func:`parse_ports`.
    """
    ports, slash, protocol = str(text).strip().lower().partition("/")
    if not slash:
        return ports, None
    if protocol not in TRANSPORTS:
        raise ValueError("%r: expected a port and tcp or udp, such as 32006/tcp" % (text,))
    return ports, protocol


def format_ports(ports):  # type: (PortRange) -> str
    """``(22, 22)`` as ``"22"``, ``(7676, 7677)`` as ``"7676-7677"``."""
    first, last = ports
    return str(first) if first == last else "%d-%d" % (first, last)


def merge_ranges(ranges, adjacent=True):  # type: (Iterable[PortRange], bool) -> List[PortRange]
    """The fewest ranges that cover the same ports, sorted. Touching ranges join unless *adjacent* is false."""
    merged = []  # type: List[PortRange]
    gap = 1 if adjacent else 0
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + gap:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def subtract(ranges, holes):  # type: (List[PortRange], List[PortRange]) -> List[PortRange]
    """What of *ranges* is in none of *holes*. Both sorted and merged, so is the result."""
    left = []
    for first, last in ranges:
        for low, high in holes:
            if high < first or last < low:
                continue
            if first < low:
                left.append((first, low - 1))
            first = high + 1
            if first > last:
                break
        if first <= last:
            left.append((first, last))
    return left

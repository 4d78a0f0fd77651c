# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the module's options for the temporary listeners. One error has all problems. Runs on Python 3.6."""

import ipaddress
import re

from typing import Any, Dict, Iterable, List, NamedTuple, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.handshake import check_host, check_token
from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_ports

PROTOCOLS = ("tcp", "udp")
BINDS = ("network", "loopback", "any")

#: Longer than any check, and short enough for listeners that were forgotten.
LONGEST_SECONDS = 3600

#: In a wider range, services choose their ports; this number of its ports is tested.
WIDEST_RANGE = 16

_NAME = re.compile(r"^[A-Za-z0-9_-]{1,64}$")

Key = Tuple[str, int]


class RequestError(ValueError):
    """Invalid options."""


class Request(NamedTuple):
    """The module's options, checked."""

    name: str
    token: str
    host: str
    seconds: int
    #: Addresses of this host, for ports that are taken on loopback only.
    addresses: List[str]
    ports: List[Key]


def sample(first, last):  # type: (int, int) -> List[int]
    """All ports of a range, or both ends and some ports between in a wide one. Always returns the same ports."""
    if last - first < WIDEST_RANGE:
        return list(range(first, last + 1))
    steps = WIDEST_RANGE - 1
    return [first + (last - first) * step // steps for step in range(WIDEST_RANGE)]


def read_request(params):  # type: (Dict[str, Any]) -> Request
    """Raises RequestError."""
    problems = []  # type: List[str]
    for name, check in (("token", check_token), ("host", check_host), ("name", check_name)):
        try:
            check(params[name])
        except ValueError as error:
            problems.append("%s: %s" % (name, error))
    if not 1 <= params["seconds"] <= LONGEST_SECONDS:
        problems.append("seconds: %d is not between 1 and %d" % (params["seconds"], LONGEST_SECONDS))
    addresses = _read_addresses(params["addresses"], problems)
    ports = read_listeners(params["listeners"], problems)
    if problems:
        raise RequestError("; ".join(problems))
    return Request(params["name"], params["token"], params["host"], params["seconds"], addresses, ports)


def check_name(text):  # type: (object) -> str
    """Raises ValueError."""
    if not isinstance(text, str) or not _NAME.match(text):
        raise ValueError("%r is not valid: expected 1 to 64 letters, digits, _ or -" % (text,))
    return text


def read_listeners(items, problems):  # type: (Iterable[Dict[str, Any]], List[str]) -> List[Key]
    """The (protocol, port) pairs that other hosts contact, sorted. Adds to *problems* what is wrong."""
    found = set()  # type: Set[Key]
    for number, item in enumerate(items):
        mine = []
        if item.get("protocol") not in PROTOCOLS:
            mine.append("protocol: %r is none of %s" % (item.get("protocol"), ", ".join(PROTOCOLS)))
        if item.get("bind", "any") not in BINDS:
            mine.append("bind: %r is none of %s" % (item.get("bind"), ", ".join(BINDS)))
        try:
            first, last = parse_ports(item.get("ports"))
        except ValueError as error:
            mine.append("ports: %s" % error)
        if mine:
            problems += ["listeners[%d].%s" % (number, problem) for problem in mine]
        elif is_meant_for_others(item):
            found.update((item["protocol"], port) for port in sample(first, last))
    return sorted(found)


def is_meant_for_others(item):  # type: (Dict[str, Any]) -> bool
    """Whether other hosts contact the listener *item* of the plan: it is not on loopback, and has sources."""
    return item.get("bind") != "loopback" and item.get("source_classes") != []


def _read_addresses(texts, problems):  # type: (Iterable[str], List[str]) -> List[str]
    addresses = []
    for text in texts:
        try:
            address = ipaddress.ip_address(text)
            if not address.is_loopback and not address.is_unspecified:
                addresses.append(str(address))
        except ValueError:
            problems.append("addresses: %r is not an IP address" % (text,))
    return addresses

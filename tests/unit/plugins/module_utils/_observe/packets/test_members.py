# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses of a set: found as somebody would who reads one element after the other."""

from __future__ import annotations

import ipaddress

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.members import Members

#: Few enough that elements overlap and touch.
NUMBERS = st.integers(0, 40)


def element(version: int, first: int, last: int, kind: str) -> tuple[Any, int, int]:
    """An element as nft lists it, with its first and its last number."""
    make: Any = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    first, last = sorted((first, last))
    if kind == "address":
        return str(make(first)), first, first
    if kind == "range":
        return {"range": [str(make(first)), str(make(last))]}, first, last
    start = first & ~3
    return {"prefix": {"addr": str(make(start)), "len": (30 if version == 4 else 126)}}, start, start + 3


ELEMENTS = st.lists(
    st.tuples(st.sampled_from((4, 6)), NUMBERS, NUMBERS, st.sampled_from(("address", "range", "prefix")))
)


@given(ELEMENTS, NUMBERS)
def test_the_same_as_one_by_one(given_elements: list[tuple[int, int, int, str]], number: int) -> None:
    found = [(version, *element(version, first, last, kind)) for version, first, last, kind in given_elements]
    members = Members(item for _version, item, _first, _last in found)
    assert members.others == []
    for version, address in ((4, ipaddress.IPv4Address(number)), (6, ipaddress.IPv6Address(number))):
        expected = any(own == version and first <= number <= last for own, _item, first, last in found)
        assert (address in members) == expected


def test_what_is_no_plain_address_is_left_to_others() -> None:
    others: list[Any] = [
        22,
        "ssh",
        {"range": [22, 25]},
        {"range": ["10.0.0.1", "::1"]},
        {"concat": ["10.0.0.1", 22]},
        {"elem": {"val": "10.0.0.1", "timeout": 60}},
        ["10.0.0.1", {"accept": None}],
    ]
    members = Members([*others, "10.0.0.2"])
    assert members.others == others
    assert ipaddress.ip_address("10.0.0.1") not in members and ipaddress.ip_address("10.0.0.2") in members

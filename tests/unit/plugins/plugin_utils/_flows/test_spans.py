# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of addresses as spans, against Python's own arithmetic of single addresses."""

from __future__ import annotations

import ipaddress

from collections.abc import Iterable

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.spans import (
    cidrs_of,
    cut,
    meet,
    span_of,
    spans_of,
    without,
)

#: Networks among 64 addresses of each family, so that they meet.
CIDRS = st.builds(
    lambda base, bits, host: str(ipaddress.ip_network((base + host, base.max_prefixlen - bits), strict=False)),
    st.sampled_from([ipaddress.ip_address("10.0.0.0"), ipaddress.ip_address("fd00::")]),
    st.integers(0, 4),
    st.integers(0, 63),
)


def addresses(cidrs: Iterable[str]) -> set[str]:
    return {str(address) for cidr in cidrs for address in ipaddress.ip_network(cidr)}


@given(st.lists(CIDRS, max_size=12), st.lists(CIDRS, max_size=12))
def test_spans_are_sets_of_addresses(some: list[str], others: list[str]) -> None:
    left = [cidr for span in without(spans_of(some), spans_of(others)) for cidr in cidrs_of(span)]
    assert addresses(left) == addresses(some) - addresses(others)
    for one in some:
        within = [cidr for span in cut(span_of(one), spans_of(others)) for cidr in cidrs_of(span)]
        assert addresses(within) == addresses([one]) & addresses(others)


@pytest.mark.parametrize(
    ("cidrs", "expected"),
    [
        (["0.0.0.0/0", "::/0"], ["0.0.0.0/0", "::/0"]),
        (["255.255.255.255", "::"], ["255.255.255.255/32", "::/128"]),
        (["10.0.0.0/25", "10.0.0.128/25"], ["10.0.0.0/24"]),
    ],
)
def test_families_stay_apart(cidrs: list[str], expected: list[str]) -> None:
    assert [cidr for span in spans_of(cidrs) for cidr in cidrs_of(span)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "log_sources",
        "",
        "10.0.0.1/24",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/x",
        "10.0.0",
        "::/129",
        "fd00::1/64",
        "ec1.example.com",
        "10.0.0.0/+8",
        "10.0.0.0/٨",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):
        span_of(text)


@given(st.lists(CIDRS, max_size=6), st.lists(CIDRS, max_size=6))
def test_whether_two_sets_meet(some: list[str], others: list[str]) -> None:
    assert meet(spans_of(some), spans_of(others)) == bool(addresses(some) & addresses(others))

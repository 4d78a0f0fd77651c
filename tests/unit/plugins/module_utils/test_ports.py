# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports, ranges and protocols as people write them."""

from __future__ import annotations

import itertools

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._ports import (
    PortRange,
    format_ports,
    merge_ranges,
    parse_port,
    parse_ports,
    split_protocol,
    subtract,
)

PORT = st.integers(1, 65535)
RANGE = st.tuples(PORT, PORT).map(lambda pair: (min(pair), max(pair)))
SMALL = st.tuples(st.integers(1, 30), st.integers(1, 30)).map(lambda pair: (min(pair), max(pair)))


@given(ports=RANGE)
def test_a_range_is_read_as_it_is_written(ports: PortRange) -> None:
    assert parse_ports(format_ports(ports)) == ports


@pytest.mark.parametrize(("value", "ports"), [(22, (22, 22)), (" 22 ", (22, 22)), ("1-65535", (1, 65535))])
def test_ports(value: Any, ports: PortRange) -> None:
    assert parse_ports(value) == ports


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (True, "True is not a port"), (None, "None is not a port"), ([22], "is not a port"), ("22-", "is not a port"),
        ("a", "is not a port"), ("٢٢", "is not a port"), (0, "port 0 is outside"), ("1-65536", "port 65536 is outside"),
        ("9-5", "range 9-5 is reversed"),
    ],
)  # fmt: skip
def test_what_is_no_range(value: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_ports(value)


@pytest.mark.parametrize(("value", "port"), [(1, 1), ("65535", 65535), (" 443 ", 443)])
def test_one_port(value: Any, port: int) -> None:
    assert parse_port(value) == port


@pytest.mark.parametrize("value", [0, 65536, -1, True, 22.0, None, "", "22-23", "+22", "2_2", "٢٢", "x", [22], "1" * 9])
def test_what_is_no_port(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a port from 1 to 65535"):
        parse_port(value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("32006/tcp", ("32006", "tcp")),
        (" 514/UDP ", ("514", "udp")),
        ("22-23/tcp", ("22-23", "tcp")),
        (22, ("22", None)),
    ],
)
def test_a_port_with_a_protocol(text: Any, parts: tuple[str, str | None]) -> None:
    assert split_protocol(text) == parts


@pytest.mark.parametrize("text", ["22/", "22/sctp", "tcp/22", "22/tcp/", "22/icmp"])
def test_what_is_no_protocol(text: str) -> None:
    with pytest.raises(ValueError, match="expected a port and tcp or udp"):
        split_protocol(text)


def _members(ranges: list[PortRange]) -> set[int]:
    return {port for first, last in ranges for port in range(first, last + 1)}


@given(ranges=st.lists(SMALL, max_size=5), adjacent=st.booleans())
def test_merged_ranges_are_the_same_ports_in_order_and_apart(ranges: list[PortRange], adjacent: bool) -> None:
    merged = merge_ranges(ranges, adjacent)
    assert _members(merged) == _members(ranges)
    gap = 1 if adjacent else 0
    assert all(before[1] + gap < after[0] for before, after in itertools.pairwise(merged))


@given(ranges=st.lists(SMALL, max_size=5), holes=st.lists(SMALL, max_size=5))
def test_what_is_left(ranges: list[PortRange], holes: list[PortRange]) -> None:
    left = subtract(merge_ranges(ranges), merge_ranges(holes))
    assert _members(left) == _members(ranges) - _members(holes)
    assert left == sorted(left) and all(first <= last for first, last in left)

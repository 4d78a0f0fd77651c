# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Arithmetic with addresses, against sets of numbers."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4, IPV6
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import spans as spans_of
from ansible_collections.jsa.ports.plugins.module_utils._rules.spans import (
    Spans,
    common,
    everyone,
    networks,
    union,
    without,
)

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda pair: (pair[0], sum(pair)))).map(union)


def numbers(spans: Spans) -> set[int]:
    return {number for low, high in spans for number in range(low, high + 1)}


def is_canonical(spans: Spans) -> bool:
    return all(low <= high for low, high in spans) and all(one[1] + 1 < other[0] for one, other in pairwise(spans))


@given(SPANS, SPANS)
def test_as_sets(one: Spans, other: Spans) -> None:
    for found, expected in (
        (union(one, other), numbers(one) | numbers(other)),
        (common(one, other), numbers(one) & numbers(other)),
        (without(one, other), numbers(one) - numbers(other)),
    ):
        assert numbers(found) == expected
        assert is_canonical(found)


@given(SPANS)
def test_networks_name_the_same_addresses(spans: Spans) -> None:
    assert spans_of(networks(IPV4, spans)) == spans
    assert spans_of(networks(IPV6, spans)) == spans


def test_all_addresses() -> None:
    assert networks(IPV4, everyone(IPV4)) == ("0.0.0.0/0",)
    assert networks(IPV6, everyone(IPV6)) == ("::/0",)
    assert len(networks(IPV4, without(everyone(IPV4), [(5, 5)]))) == 32

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""As few CIDRs as possible, with netaddr as the judge of that."""

from __future__ import annotations

import ipaddress

import pytest

from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPNetwork, cidr_merge

from ansible_collections.jsa.ports.plugins.plugin_utils._plan.addresses import collapsed


def networks(first: str, length: int, narrowest: int) -> st.SearchStrategy[str]:
    """CIDRs close to each other, so that many touch, overlap, or are halves of one."""
    start = ipaddress.ip_address(first)
    return st.builds(
        lambda offset, prefix: f"{start + offset}/{prefix}", st.integers(0, 63), st.integers(narrowest, length)
    )


@given(st.lists(networks("10.0.0.0", 32, 28) | networks("10.0.0.192", 32, 24) | networks("fd00::", 128, 122)))
def test_as_few_as_netaddr_makes_of_them(cidrs: list[str]) -> None:
    assert collapsed(cidrs) == tuple(str(network) for network in cidr_merge([IPNetwork(cidr).cidr for cidr in cidrs]))


@pytest.mark.parametrize(
    ("cidrs", "expected"),
    [
        ([], ()),
        (["10.0.0.2", "10.0.0.1"], ("10.0.0.1/32", "10.0.0.2/32")),
        (["10.0.0.2", "10.0.0.3"], ("10.0.0.2/31",)),
        (["10.0.0.0/31", "10.0.0.2", "10.0.0.3"], ("10.0.0.0/30",)),
        (["10.0.0.5/24"], ("10.0.0.0/24",)),
        (["10.0.0.0/24", "10.0.0.9"], ("10.0.0.0/24",)),
        (["fd00::1", "10.0.0.1"], ("10.0.0.1/32", "fd00::1/128")),
        (["0.0.0.0/0", "::/0"], ("0.0.0.0/0", "::/0")),
    ],
)
def test_what_can_be_one_is_one(cidrs: list[str], expected: tuple[str, ...]) -> None:
    assert collapsed(cidrs) == expected

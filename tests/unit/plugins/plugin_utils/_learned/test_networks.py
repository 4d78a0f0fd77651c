# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses in bulk: the same as ipaddress says, one by one."""

from __future__ import annotations

import ipaddress
import random
import time

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._learned.networks import (
    CidrMap,
    CidrSet,
    Key,
    Widening,
    cidrs_of,
    collapsed,
    key_of,
    networks_by_name,
)

#: Close together, so that they fall into the same networks.
V4 = st.integers(0xC0A80000, 0xC0A800FF).map(lambda number: (4, number))
V6 = st.integers(0x20010DB8 << 96, (0x20010DB8 << 96) + 255).map(lambda number: (6, number))
ENDS = st.sampled_from([(4, 0), (4, 2**32 - 1), (6, 0), (6, 2**128 - 1)])
KEYS = st.lists(st.one_of(V4, V6, ENDS), max_size=40)


def address(key: Key) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    version, number = key
    return ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number)


def networks(cidrs: object) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(cidr) for cidr in cidrs]  # type: ignore[attr-defined]


@given(KEYS)
def test_exact_is_what_ipaddress_collapses_to(keys: list[Key]) -> None:
    wanted = []
    for version in (4, 6):
        hosts = [ipaddress.ip_network(address(key)) for key in keys if key[0] == version]
        wanted += list(ipaddress.collapse_addresses(hosts))  # type: ignore[type-var]
    assert networks(cidrs_of(keys)) == wanted


@given(KEYS, st.integers(24, 32), st.integers(120, 128), st.sets(st.one_of(V4, V6), max_size=3))
def test_rounded_networks_have_all_and_no_host_that_is_known(
    keys: list[Key], prefix4: int, prefix6: int, known: set[Key]
) -> None:
    found = collapsed(keys, Widening(prefix4, prefix6, known))
    inside = [key for members in found.values() for key in members]
    assert sorted(inside) == sorted(set(keys))
    for cidr, members in found.items():
        network = ipaddress.ip_network(cidr)
        assert members and all(address(key) in network for key in members)
        assert not any(address(key) in network for key in known - set(keys))
        # What is rounded up is never larger than the blocks that its members lie in.
        size = prefix4 if network.version == 4 else prefix6
        blocks = {number >> (network.max_prefixlen - size) for _version, number in members}
        assert network.num_addresses <= len(blocks) << (network.max_prefixlen - size)


def test_one_address_of_a_network_is_not_the_network() -> None:
    keys = [key_of(text) for text in ("10.1.0.1", "10.2.0.1", "10.2.0.9", "2001:db8::1", "2001:db8:1::1")]
    found = collapsed(keys, Widening(24, 64))
    assert list(found) == ["10.1.0.1/32", "10.2.0.0/24", "2001:db8::1/128", "2001:db8:1::1/128"]


@given(KEYS, st.lists(st.tuples(st.one_of(V4, V6), st.integers(0, 8)), max_size=8))
def test_the_smallest_network_is_found(keys: list[Key], around: list[tuple[Key, int]]) -> None:
    cidrs = [
        str(ipaddress.ip_network((int(address(key)) >> bits << bits, 32 - bits)))
        if key[0] == 4
        else str(ipaddress.IPv6Network((key[1] >> bits << bits, 128 - bits)))
        for key, bits in around
    ]
    found, everyone = CidrMap((cidr, cidr) for cidr in cidrs), CidrSet(cidrs)
    for key in [*keys, *(key for key, _bits in around)]:
        holding = [cidr for cidr in cidrs if address(key) in ipaddress.ip_network(cidr)]
        smallest = max(holding, key=lambda cidr: ipaddress.ip_network(cidr).prefixlen, default=None)
        assert found.find(key) == smallest
        assert (key in everyone) == bool(holding)


def test_everybody_is_no_name() -> None:
    names = networks_by_name({"users": ("0.0.0.0/0", "::/0"), "admin": ("10.0.0.0/8",)})
    assert names.find(key_of("10.1.1.1")) == "admin" and names.find(key_of("192.0.2.1")) is None


def test_ipv4_in_ipv6_is_ipv4() -> None:
    assert key_of("::ffff:10.0.0.1") == key_of("10.0.0.1")


@pytest.mark.parametrize("widening", [Widening(), Widening(24, 64)])
def test_the_work_grows_with_the_number_of_addresses(widening: Widening) -> None:
    def seconds(number: int) -> float:
        rng = random.Random(1)
        keys = [(4, rng.randrange(2**32)) for _address in range(number)]
        best = []
        for _attempt in range(3):
            started = time.process_time()
            collapsed(keys, widening)
            best.append(time.process_time() - started)
        return min(best)

    # Four times as many, by far not sixteen times as long.
    assert seconds(20000) < 10 * seconds(5000) + 0.05

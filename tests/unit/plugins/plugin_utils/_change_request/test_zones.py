# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which zone an address is in, and what a source is that is larger than a zone."""

from __future__ import annotations

import ipaddress

from typing import Any

import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.zones import named_zones, networks_of_hosts
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.spans import spans_of
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._change_request.plans import plan

NESTED = {"core": ["10.0.0.0/8", "fd00::/16"], "dmz": "10.1.0.0/16", "lab": ["10.1.5.0/24", "10.2.0.0/24"]}


@pytest.mark.parametrize(
    ("cidr", "zone"),
    [
        ("10.9.0.1/32", "core"), ("10.1.0.1/32", "dmz"), ("10.1.5.1/32", "lab"), ("10.2.0.0/24", "lab"),
        ("10.2.0.0/23", "core"), ("10.1.0.0/16", "dmz"), ("192.0.2.1/32", ""), ("0.0.0.0/0", ""),
        ("fd00::1/128", "core"), ("::/0", ""),
    ],
)  # fmt: skip
def test_the_most_specific_network_decides(cidr: str, zone: str) -> None:
    assert named_zones(NESTED).zone_of(cidr) == zone


@pytest.mark.parametrize(
    ("cidr", "parts"),
    [
        ("10.1.5.7/32", {("lab", "10.1.5.7/32")}),
        ("10.1.0.0/16", {("dmz", "10.1.0.0/16"), ("lab", "10.1.5.0/24")}),
        ("10.0.0.0/7", {("", "10.0.0.0/7"), ("core", "10.0.0.0/8"), ("dmz", "10.1.0.0/16"), ("lab", "10.1.5.0/24"),
                        ("lab", "10.2.0.0/24")}),
        ("192.0.2.0/24", {("", "192.0.2.0/24")}),
        ("::/0", {("", "::/0"), ("core", "fd00::/16")}),
    ],
)  # fmt: skip
def test_a_source_by_zone(cidr: str, parts: set[tuple[str, str]]) -> None:
    assert set(named_zones(NESTED).parts(cidr)) == parts


def test_a_zone_that_others_fill_has_no_part() -> None:
    zones = named_zones({"all": "10.0.0.0/8", "low": "10.0.0.0/9", "high": "10.128.0.0/9", "again": "10.0.0.0/16"})
    assert set(zones.parts("10.0.0.0/8")) == {("low", "10.0.0.0/9"), ("high", "10.128.0.0/9"), ("again", "10.0.0.0/16")}


def test_a_network_in_another_of_the_same_zone_is_no_part_of_its_own() -> None:
    zones = named_zones({"core": ["10.0.0.0/16", "10.0.1.0/24", "10.2.0.0/16"]})
    assert zones.parts("10.0.0.0/16") == (("core", "10.0.0.0/16"),)
    assert set(zones.parts("10.0.0.0/8")) == {("", "10.0.0.0/8"), ("core", "10.0.0.0/16"), ("core", "10.2.0.0/16")}


CIDRS = st.builds(
    lambda number, length: str(ipaddress.ip_network((number & (0xFFFFFFFF << 32 - length), length))),
    st.integers(0x0A000000, 0x0A00FFFF),
    st.integers(14, 32),
)


@given(networks=st.dictionaries(CIDRS, st.sampled_from("abc"), min_size=1, max_size=8), cidr=CIDRS)
@settings(max_examples=150)
def test_the_parts_are_the_whole(networks: dict[str, str], cidr: str) -> None:
    by_zone: dict[str, list[str]] = {}
    for network, zone in networks.items():
        by_zone.setdefault(zone, []).append(network)
    zones = named_zones(by_zone)
    parts = zones.parts(cidr)
    assert spans_of(part for _zone, part in parts) == spans_of([cidr])
    whole = ipaddress.ip_network(cidr)
    for address in {whole[0], whole[-1], *(ipaddress.ip_network(one)[0] for one in networks)}:
        if address in whole:
            own = zones.zone_of(f"{address}/32")
            assert any(zone == own and address in ipaddress.ip_network(part) for zone, part in parts)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "expected a mapping"),
        (["10.0.0.0/8"], "expected a mapping"),
        ({"core": "10.0.0.1/8"}, "jsa_zones.core: 10.0.0.1/8 has host bits set"),
        ({"core": []}, "jsa_zones.core: is an empty list"),
        ({"core": "x"}, "jsa_zones.core: 'x' is not a network"),
        ({7: "10.0.0.0/8"}, "7 is not a name of a zone"),
        ({" ": "10.0.0.0/8"}, "is not a name of a zone"),
        ({"a": "10.0.0.0/8", "b": ["10.0.0.0/8"]}, "a and b both have 10.0.0.0/8"),
    ],
)
def test_zones_that_cannot_be_used(value: Any, text: str) -> None:
    with pytest.raises(InputError) as error:
        named_zones(value)
    assert text in str(error.value)


def test_any_is_a_zone_for_the_rest() -> None:
    zones = named_zones({"internet": "any", "core": "10.0.0.0/8"})
    assert set(zones.parts("0.0.0.0/0")) == {("internet", "0.0.0.0/0"), ("core", "10.0.0.0/8")}
    assert zones.zone_of("2001:db8::1/128") == "internet"


def test_without_names_the_networks_of_the_hosts_are_zones() -> None:
    zones = networks_of_hosts([plan({})], 24, 64)
    assert not zones.named
    assert (zones.zone_of("10.0.0.77/32"), zones.zone_of("fd00::99/128")) == ("10.0.0.0/24", "fd00::/64")
    # Nobody's network, and one that is larger than any.
    assert (zones.zone_of("172.16.0.1/32"), zones.zone_of("10.0.0.0/16")) == ("", "")
    assert zones.parts("0.0.0.0/0") == (("", "0.0.0.0/0"),)
    assert networks_of_hosts([plan({})], 16, 32).zone_of("10.0.9.9/32") == "10.0.0.0/16"


@pytest.mark.parametrize(
    ("lengths", "option"), [((33, 64), "prefix: 33"), ((-1, 64), "prefix: -1"), ((24, 129), "prefix_ipv6: 129")]
)
def test_lengths_that_no_prefix_has(lengths: tuple[int, int], option: str) -> None:
    with pytest.raises(InputError, match=f"jsa_change_request_{option} is not a prefix length"):
        networks_of_hosts([plan({})], *lengths)

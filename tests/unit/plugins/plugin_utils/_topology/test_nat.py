# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""NAT groups in an inventory: what is read, and every contradiction with its remedy."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import read

GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors", "ep2": ""}
PAIR = {"ep1": {"jsa_ha_peer": "ep2", "jsa_ha_virtual_address": "10.0.0.9"}}
TWO = {name: GROUPS[name] for name in ("con1", "ep1")}


def test_a_group_and_its_public_addresses() -> None:
    own = {"jsa_nat_group": " branch ", "jsa_public_address": ["203.0.113.9", "198.51.100.9"]}
    topology, problems = read(TWO, {"ep1": own})
    assert problems == []
    host = topology.hosts["ep1"]
    assert (host.nat_group, host.public_addresses) == ("branch", ("198.51.100.9", "203.0.113.9"))
    assert host.addresses == ("10.0.0.2",)
    assert (topology.hosts["con1"].nat_group, topology.hosts["con1"].public_addresses) == (None, ())


def test_a_number_is_a_name_too() -> None:
    topology, problems = read(TWO, {name: {"jsa_nat_group": 7} for name in TWO})
    assert problems == [] and {host.nat_group for host in topology.hosts.values()} == {"7"}


@pytest.mark.parametrize("empty", ["", None])
def test_without_a_group(empty: str | None) -> None:
    topology, problems = read(TWO, {"ep1": {"jsa_nat_group": empty, "jsa_public_address": empty}})
    assert problems == [] and topology.hosts["ep1"].nat_group is None


def test_a_group_of_everybody_needs_no_public_address() -> None:
    assert read(TWO, {name: {"jsa_nat_group": "one"} for name in TWO})[1] == []


def test_an_address_that_is_not_translated_may_be_in_both_lists() -> None:
    own = {"jsa_address": ["10.0.0.2", "fd00::2"], "jsa_public_address": ["203.0.113.2", "fd00::2"]}
    assert read(TWO, {"ep1": {**own, "jsa_nat_group": "branch"}})[1] == []


def test_the_nodes_of_a_pair_share_the_group() -> None:
    public = {"ep1": {"jsa_public_address": "203.0.113.1"}, "ep2": {"jsa_public_address": "203.0.113.2"}}
    hosts = {"ep1": {**PAIR["ep1"], **public["ep1"], "jsa_nat_group": "branch"}, "ep2": public["ep2"]}
    topology, problems = read(GROUPS, hosts)
    assert problems == []
    assert {name: host.nat_group for name, host in topology.hosts.items()} == {
        "con1": None,
        "ep1": "branch",
        "ep2": "branch",
    }


@pytest.mark.parametrize(
    ("hosts", "words"),
    [
        (
            {"ep1": {"jsa_nat_group": "branch"}},
            ["ep1: jsa_public_address is not set", "con1 is outside of its NAT group branch", "set it to the address"],
        ),
        (
            {"con1": {"jsa_nat_group": "a", "jsa_public_address": "192.0.2.1"}, "ep1": {"jsa_nat_group": "b"}},
            ["ep1: jsa_public_address is not set", "con1 is outside of its NAT group b"],
        ),
        ({"ep1": {"jsa_public_address": "192.0.2.1"}}, ["ep1: jsa_public_address is set, but jsa_nat_group is not"]),
        ({"ep1": {"jsa_nat_group": ["a"], "jsa_public_address": "192.0.2.1"}}, ["ep1: jsa_nat_group", "['a']"]),
        ({"ep1": {"jsa_nat_group": True, "jsa_public_address": "192.0.2.1"}}, ["ep1: jsa_nat_group", "True"]),
        (
            {"ep1": {"jsa_nat_group": "a", "jsa_public_address": "10.0.0.1"}},
            ["con1, ep1", "both have the address 10.0.0.1"],
        ),
        (
            {name: {"jsa_nat_group": name, "jsa_public_address": "192.0.2.1"} for name in TWO},
            ["con1, ep1", "both have the address 192.0.2.1"],
        ),
        (
            {"ep1": {"jsa_nat_group": "a", "jsa_public_address": ["192.0.2.1", "2001:db8::1"]}},
            ["ep1: jsa_public_address: 2001:db8::1", "no IPv6 address", "jsa_address"],
        ),
        (
            {"ep1": {"jsa_nat_group": "a", "jsa_public_address": ["192.0.2.1", "192.0.2.0/24"]}},
            ["ep1: jsa_public_address", "192.0.2.0/24"],
        ),
    ],
)
def test_contradictions(hosts: dict[str, dict[str, Any]], words: list[str]) -> None:
    _topology, problems = read(TWO, hosts)
    assert len(problems) == 1, problems
    for word in words:
        assert word in problems[0]


def test_the_nodes_of_a_pair_are_in_one_group() -> None:
    public = {"ep1": "203.0.113.1", "ep2": "203.0.113.2"}
    hosts = {
        name: {"jsa_nat_group": name, "jsa_public_address": address, **PAIR.get(name, {})}
        for name, address in public.items()
    }
    _topology, problems = read(GROUPS, hosts)
    assert problems == ["ep1, ep2: jsa_nat_group: the nodes of an HA pair differ; set the same value on both"]

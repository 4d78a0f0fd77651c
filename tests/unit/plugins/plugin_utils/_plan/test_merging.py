# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How ports and peers are put together, looked at by themselves."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.addresses import Addresses
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import SourceClass
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.merging import merge_refusals
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import read

GROUPS = {"con1": "jsa_console", "ep1": "jsa_processors", "ec1": "jsa_event_collectors"}


@pytest.mark.parametrize(
    ("wanted", "merged"),
    [
        # Overlapping ranges are one, whatever their reasons.
        ([("tcp", (10, 20), "a"), ("tcp", (15, 30), "b")], [("tcp", "10-30", ["a", "b"])]),
        ([("tcp", (10, 30), "a"), ("tcp", (15, 20), "b")], [("tcp", "10-30", ["a", "b"])]),
        ([("tcp", (10, 20), "a"), ("tcp", (20, 20), "b")], [("tcp", "10-20", ["a", "b"])]),
        # Touching ones only if they agree.
        ([("tcp", (10, 20), "a"), ("tcp", (21, 30), "a")], [("tcp", "10-30", ["a"])]),
        ([("tcp", (10, 20), "a"), ("tcp", (21, 30), "b")], [("tcp", "10-20", ["a"]), ("tcp", "21-30", ["b"])]),
        ([("tcp", (10, 20), "a"), ("tcp", (22, 30), "a")], [("tcp", "10-20", ["a"]), ("tcp", "22-30", ["a"])]),
        # Protocols stay apart.
        ([("udp", (10, 10), "a"), ("tcp", (10, 10), "a")], [("tcp", "10", ["a"]), ("udp", "10", ["a"])]),
        ([("tcp", (10, 10), "b"), ("tcp", (10, 10), "a")], [("tcp", "10", ["a", "b"])]),
    ],
)
def test_refusals_are_merged(
    wanted: list[tuple[str, tuple[int, int], str]], merged: list[tuple[str, str, list[str]]]
) -> None:
    found = merge_refusals(wanted)
    assert [(rule.protocol, format_ports(rule.ports), list(rule.why)) for rule in found] == merged


@pytest.mark.parametrize(
    ("outside", "cidrs"),
    [
        # Nobody is a peer of their own; 10.0.0.2 is the listener.
        ((), ["10.0.0.1/32", "10.0.0.3/32"]),
        (("192.0.2.0/28",), ["10.0.0.1/32", "10.0.0.3/32", "192.0.2.0/28"]),
        # A network outside stays whole, also where the listener stands in it.
        (("10.0.0.0/29",), ["10.0.0.0/29"]),
        (("10.0.0.2/32", "10.0.0.4/32"), ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/32"]),
    ],
)
def test_nobody_is_a_peer_of_their_own(outside: tuple[str, ...], cidrs: list[str]) -> None:
    topology, _problems = read(GROUPS)
    classes = [SourceClass("hosts", hosts=frozenset(GROUPS)), SourceClass("net", cidrs=outside)]
    assert Addresses(topology).cidrs(classes, topology.hosts["ep1"]) == tuple(cidrs)

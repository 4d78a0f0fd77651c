# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which sockets are right to be there, and which have to be."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry, Flow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import SourceClass
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.listeners import Listeners, discovered_listener

PEERS = (SourceClass("z", hosts=frozenset({"h1"})), SourceClass("a", hosts=frozenset({"h2"})))
OUTSIDE = (SourceClass("users", cidrs=("192.0.2.0/24",)),)


def entry(**own: Any) -> Entry:
    flow = Flow(listeners=("console",), initiators=("managed_host",), encryption="open")
    basis: dict[str, Any] = {"id": "x", "service": "X", "purpose": "", "protocols": ("tcp",), "ports": ()}
    basis.update(exposure="inter_host", confidence="high", flows=(flow,))
    return Entry(**{**basis, **own})


@pytest.mark.parametrize(
    ("own", "sources", "bind", "required"),
    [
        ({}, PEERS, "network", True),
        ({}, OUTSIDE, "network", True),
        ({}, (), "any", False),
        ({"confidence": "low"}, PEERS, "network", False),
        ({"confidence": "medium"}, PEERS, "network", True),
        ({"exposure": "local_only"}, (), "loopback", True),
        ({"exposure": "tunnel_local"}, (), "loopback", False),
        ({"exposure": "ha"}, PEERS, "network", True),
        ({"exposure": "ha", "protocols": ("udp",)}, PEERS, "network", False),
    ],
)
def test_where_it_belongs_and_whether_it_has_to_be(
    own: dict[str, Any], sources: tuple[SourceClass, ...], bind: str, required: bool
) -> None:
    (found,) = Listeners().of(entry(**own), ((443, 443),), sources)
    assert (found.bind, found.required) == (bind, required)


def test_a_service_on_every_host_is_not_required() -> None:
    flow = Flow(listeners=("any_host",), initiators=("self",), encryption="unaffected")
    (found,) = Listeners().of(entry(exposure="local_only", flows=(flow,)), ((443, 443),), ())
    assert not found.required


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        (((443, 443),), ["443"]),
        (((7676, 7677),), ["7676", "7677"]),
        (((1, 16),), [str(port) for port in range(1, 17)]),
        (((1, 17),), ["1-17"]),
        (((5, 6), (6, 7)), ["5", "6", "7"]),
    ],
)
def test_small_ranges_are_ports_and_large_ones_room(ports: tuple[tuple[int, int], ...], expected: list[str]) -> None:
    found = Listeners().of(entry(), ports, PEERS)
    assert [format_ports(one.ports) for one in found] == expected
    assert [one.required for one in found] == ["-" not in text for text in expected]


def test_protocols_and_peers() -> None:
    found = Listeners().of(entry(protocols=("tcp", "udp", "icmp")), ((514, 514),), (*PEERS, *OUTSIDE))
    assert [one.protocol for one in found] == ["tcp", "udp"]
    assert found[0].source_classes == ("a", "z")


def test_hosts_with_the_same_peers_share_them_and_others_do_not() -> None:
    known = Listeners()
    first = known.of(entry(), ((443, 443),), PEERS)
    assert known.of(entry(), ((443, 443),), PEERS[::-1]) is first
    assert known.of(entry(), ((444, 444),), PEERS)[0].ports == (444, 444)
    assert known.of(entry(), ((443, 443),), PEERS[:1])[0].source_classes == ("z",)
    assert known.of(entry(id="y"), ((443, 443),), PEERS)[0].id == "y"
    # Without hosts among them the labels are the same, but somebody contacts it.
    assert [known.of(entry(), ((443, 443),), who)[0].bind for who in ((), OUTSIDE)] == ["any", "network"]


def test_a_discovered_one() -> None:
    found = discovered_listener(entry(), "tcp", 40001, ["admin", "jms"], (*PEERS, *OUTSIDE))
    assert (found.service, found.ports) == ("X: admin, jms", (40001, 40001))
    assert (found.bind, found.required) == ("network", True)
    assert found.source_classes == ("a", "z")

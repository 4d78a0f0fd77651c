# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The picture of the topology, and the same as Mermaid text."""

from __future__ import annotations

import re

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.mermaid import label
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Box, Picture
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.zones import Zones
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._pages.pages import made


def plan_of(hosts: dict[str, tuple[str, list[str]]], **networks: list[str]) -> Plan:
    """Hosts with their address and who may contact them; *networks*: name to CIDRs."""
    labels = {name: {"networks": cidrs} for name, cidrs in networks.items()}
    labels.update({f"host {name}": {"hosts": [name]} for name in hosts})
    written: dict[str, Any] = {}
    for name, (address, peers) in hosts.items():
        classes = [peer if peer in networks else f"host {peer}" for peer in peers]
        sources = [cidr for peer in peers for cidr in networks.get(peer, ())]
        sources += [f"{hosts[peer][0]}/32" for peer in peers if peer in hosts]
        rule = {"protocol": "tcp", "ports": "22", "sources": sources, "why": ["ssh"], "source_classes": classes}
        written[name] = {
            "roles": ["console"], "addresses": [address], "inbound": [rule] if sources else [], "refused": [],
            "dynamic": [], "listeners": [],
        }  # fmt: skip
    return Plan.from_dict({"version": 1, "hosts": written, "source_classes": labels})


SITE = plan_of(
    {"con1": ("10.0.0.1", ["admin", "ec1"]), "con2": ("10.0.0.2", ["con1"]), "ec1": ("10.0.1.1", ["con1"])},
    admin=["192.0.2.0/28", "192.0.2.64/28", "192.0.2.80/32", "192.0.2.90/32"],
)


def box(picture: Picture, title: str) -> Box:
    (found,) = [one for one in picture.boxes if one.title == title]
    return found


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def test_networks_of_hosts_and_outside_networks_are_boxes() -> None:
    picture = made(SITE).picture
    assert box(picture, "10.0.0.0/24").lines == ("con1: console", "con2: console")
    assert box(picture, "10.0.1.0/24").lines == ("ec1: console",)
    assert box(picture, "admin").lines == ("192.0.2.0/28", "192.0.2.64/28", "and 2 more")
    assert [one.kind for one in picture.boxes] == ["outside", "inside", "inside"]


def test_lines_are_flows_that_leave_a_box() -> None:
    assert sorted(line.title for line in made(SITE).picture.lines) == [
        "1 flow from 10.0.0.0/24 to 10.0.1.0/24",
        "1 flow from 10.0.1.0/24 to 10.0.0.0/24",
        "1 flow from admin to 10.0.0.0/24",
    ]


@pytest.mark.parametrize("number", [1, 2, 7, 60])
def test_boxes_lie_apart_and_within_the_picture(number: int) -> None:
    hosts = {
        f"h{one}": (f"10.0.{one // 3}.{one % 3 + 1}", ["h0", "net1"] if one else ["net2"]) for one in range(number)
    }
    picture = made(plan_of(hosts, net1=["192.0.2.0/28"], net2=["198.51.100.0/24"])).picture
    boxes = picture.boxes
    assert not [(one, other) for one in boxes for other in boxes if one is not other and overlap(one, other)]
    assert all(one.x >= 0 and one.x + one.width <= picture.width for one in boxes)
    assert all(one.y >= 0 and one.y + one.height <= picture.height for one in boxes)
    for line in picture.lines:
        numbers = list(map(int, re.findall(r"-?\d+", line.path)))
        assert len(numbers) == 8 and all(0 <= one <= max(picture.width, picture.height) + 65 for one in numbers)


def test_what_is_too_much_is_told() -> None:
    hosts = {f"h{one:02}": (f"10.0.{one}.1", [f"h{(one + step) % 30:02}" for step in (1, 2, 3)]) for one in range(30)}
    picture = made(plan_of(hosts)).picture
    assert len(picture.boxes) == 24 and picture.lines == ()
    assert any("24 largest of 30" in note for note in picture.notes)
    assert any("not drawn" in note for note in picture.notes)


def test_many_hosts_of_a_network_are_counted() -> None:
    hosts = {f"h{one}": (f"10.0.0.{one + 1}", ["h0"] if one else []) for one in range(11)}
    assert box(made(plan_of(hosts)).picture, "10.0.0.0/24").lines == ("console: 11",)


def test_the_most_specific_zone_wins() -> None:
    zones = {"all": ["10.0.0.0/8"], "core": ["10.0.0.0/24"], "six": ["fd00::/8"]}
    found = Zones(zones).of_hosts(SITE.hosts)
    assert found == {"con1": "core", "con2": "core", "ec1": "all"}
    assert set(Zones({"six": ["fd00::/8"]}).of_hosts(SITE.hosts).values()) == {"no zone"}
    for wrong in (["10.0.0.1/8"], "10.0.0.0/8", None):
        with pytest.raises(InputError, match=r"jsa_zones\.x"):
            Zones({"x": wrong})  # type: ignore[dict-item]


def test_mermaid_has_zones_hosts_and_flows() -> None:
    assert made(SITE).mermaid.splitlines() == [
        "flowchart LR",
        '  subgraph z0["10.0.0.0/24"]',
        '    h0["con1"]',
        '    h1["con2"]',
        "  end",
        '  subgraph z1["10.0.1.0/24"]',
        '    h2["ec1"]',
        "  end",
        '  n0["admin"]',
        '  h2 -->|"1"| h0',
        '  n0 -->|"1"| h0',
        '  h0 -->|"1"| h1',
        '  h0 -->|"1"| h2',
    ]


def test_mermaid_of_many_pairs_is_by_role() -> None:
    hosts = {
        f"h{one}": (f"10.0.0.{one + 1}", [f"h{other}" for other in range(20) if other != one]) for one in range(20)
    }
    assert made(plan_of(hosts)).mermaid.splitlines() == ["flowchart LR", '  g0["20 console"]', '  g0 -->|"380"| g0']


def test_no_name_is_mermaid() -> None:
    text = label('a"]; click h0 "javascript:alert(1)" %% <b>#quot;`\n\x1b')
    assert not set(text) & set('"<>[]`%\n\x1b')
    assert re.fullmatch(r"(?:[\w .,:/()\-]|#\d+;)*", text)
    assert label("con-1.example (a/b), 10:2") == "con-1.example (a/b), 10:2"

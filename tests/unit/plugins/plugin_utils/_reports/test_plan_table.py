# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as people read it: what is shown, and what is only counted."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.plan_table import plan_table


def table(**host: Any) -> list[str]:
    """The lines of a host with these rules."""
    empty: dict[str, Any] = {"roles": ["console", "app_host"], "addresses": ["10.0.0.1", "fd00::1"]}
    hosts = {"con1": {**empty, "inbound": [], "refused": [], "dynamic": [], **host}}
    return plan_table(Plan.from_dict({"version": 1, "hosts": hosts}), ["con1", "gone"]).splitlines()


def rule(*sources: str, peers: str = "sources") -> dict[str, Any]:
    return {"protocol": "tcp", "ports": "22", peers: list(sources), "why": ["ssh", "x"]}


@pytest.mark.parametrize(
    ("sources", "text"),
    [
        (["10.0.0.2/32"], "10.0.0.2"),
        (["10.0.0.0/8", "fd00::2/128", "fd00:1::/64"], "10.0.0.0/8, fd00::2, fd00:1::/64"),
        (["10.0.0.2/32", "10.0.0.4/32", "10.0.0.6/32", "10.0.0.8/32"], "10.0.0.2, 10.0.0.4 and 2 more"),
        (["10.0.0.2/32", "10.0.0.4/32", "10.0.0.6/32", "10.0.0.8/32", "fd00::/8"], "10.0.0.2, 10.0.0.4 and 3 more"),
        (["0.0.0.0/0", "::/0"], "anyone"),
        (["0.0.0.0/0"], "0.0.0.0/0"),
        (["::/0"], "::/0"),
    ],
)
def test_up_to_three_addresses_are_shown(sources: list[str], text: str) -> None:
    expected = ["con1  console, app_host  10.0.0.1, fd00::1", f"  accept  tcp 22  {text}  ssh, x"]
    assert table(inbound=[rule(*sources)]) == expected


def test_ports_that_services_choose() -> None:
    known = {"id": "nfs", "protocols": ["tcp", "udp"], "ports": "32768-60999", "sources": ["10.0.0.2/32"]}
    assert table(dynamic=[known, {"id": "other"}])[1:] == ["  dynamic  tcp/udp 32768-60999  10.0.0.2  nfs"]


def test_what_leaves_a_host_that_is_restricted() -> None:
    assert table(outbound=[rule("10.0.0.2/32", peers="destinations")])[1:] == [
        "  contact  tcp 22  10.0.0.2  ssh, x",
        "  refuse  all other outbound traffic",
    ]
    assert table(outbound=[])[1:] == ["  refuse  all other outbound traffic"]


def test_what_is_refused_to_everyone_else() -> None:
    refused = [{"protocol": "udp", "ports": "53", "why": ["x"]}, {"protocol": "tcp", "ports": "22", "why": ["x"]}]
    refused.append({"protocol": "tcp", "ports": "80-90", "why": ["x"]})
    assert table(refused=refused)[1:] == [
        "  refuse  tcp to everyone else: 22, 80-90",
        "  refuse  udp to everyone else: 53",
    ]


def test_long_lists_of_ports_are_wrapped_under_each_other() -> None:
    head = "  refuse  tcp to everyone else: "
    # 84 characters are left: 14 ports of four digits with a comma and a space each, the last space not counted.
    ports = [str(number) for number in range(1000, 1020)]
    lines = table(refused=[{"protocol": "tcp", "ports": port, "why": ["x"]} for port in ports])[1:]
    assert lines == [head + ", ".join(ports[:14]) + ",", " " * len(head) + ", ".join(ports[14:])]
    assert len(lines[0]) == 115
    assert [port for line in lines for port in line.rpartition(": ")[2].replace(",", " ").split()] == ports


def test_icmp_has_no_ports() -> None:
    assert table(inbound=[{"protocol": "icmp", "sources": ["10.0.0.2/32"], "why": ["ping"]}])[1:] == [
        "  accept  icmp  10.0.0.2  ping"
    ]


def test_what_decides_where_no_rule_does() -> None:
    assert table(unlisted="zone")[1:] == []
    assert table(unlisted="drop", management_addresses=["192.0.2.7/32", "192.0.2.64/26"])[1:] == [
        "  drop  all ports that the catalog does not list",
        "  manage  SSH from 192.0.2.7, 192.0.2.64/26",
    ]

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From rules to the lines of the product's files."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.parse import read_rules
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import render
from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4, IPV6
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import EMPTY
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_guard, make_ruleset

ROW = {"protocol": "tcp", "ports": "32006", "sources": ["10.0.0.3/32", "10.0.0.4/32", "fd00::3/128"], "why": ["ariel"]}
BEFORE = [
    '-A INPUT -i lo -m comment --comment "jsa.ports: loopback" -j ACCEPT',
    '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "jsa.ports: established" -j ACCEPT',
]


def lines(family: str = IPV4, name: str = "iptables.pre", **arguments: Any) -> list[str]:
    given = {"inbound": [], "refused": [], "unlisted": "zone", "guard": None, **arguments}
    return render(make_ruleset(**given), [family]).get(name, "").splitlines()


def test_nothing_is_nothing() -> None:
    assert render(EMPTY, [IPV4, IPV6]) == {}


def test_accepts_come_before_refusals_and_both_say_why() -> None:
    assert lines(inbound=[ROW]) == [
        *BEFORE,
        '-A INPUT -s 10.0.0.3/32 -p tcp --dport 32006 -m comment --comment "jsa.ports: ariel" -j ACCEPT',
        '-A INPUT -s 10.0.0.4/32 -p tcp --dport 32006 -m comment --comment "jsa.ports: ariel" -j ACCEPT',
        '-A INPUT -p tcp --dport 32006 -m comment --comment "jsa.ports: ariel" '
        "-j REJECT --reject-with icmp-admin-prohibited",
    ]


def test_each_family_has_its_own() -> None:
    found = lines(IPV6, "ip6tables.pre", inbound=[ROW])
    assert [line for line in found if "-s " in line] == [
        '-A INPUT -s fd00::3/128 -p tcp --dport 32006 -m comment --comment "jsa.ports: ariel" -j ACCEPT'
    ]
    assert "icmp6-adm-prohibited" in found[-1]


def test_what_everyone_may_has_no_source_and_no_refusal() -> None:
    found = lines(inbound=[{**ROW, "sources": ["0.0.0.0/0"]}])[len(BEFORE) :]
    assert found == ['-A INPUT -p tcp --dport 32006 -m comment --comment "jsa.ports: ariel" -j ACCEPT']


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        (["22", "443"], ["22,443"]),
        ([str(port) for port in range(100, 130, 2)], [",".join(str(port) for port in range(100, 130, 2))]),
        ([str(port) for port in range(100, 132, 2)], [",".join(str(port) for port in range(100, 130, 2)), "130"]),
        ([*[str(port) for port in range(100, 128, 2)], "200-300"], [
            ",".join(str(port) for port in range(100, 128, 2)), "200:300"]),
    ],
    ids=["two", "fifteen", "sixteen", "a range takes two places"],
)  # fmt: skip
def test_fifteen_places_in_a_rule(ports: list[str], expected: list[str]) -> None:
    rows = [{**ROW, "ports": port, "sources": ["10.0.0.3/32"]} for port in ports]
    accepts = [line for line in lines(inbound=rows) if "-s " in line]
    assert [line.split("--dport")[1].split()[-0].lstrip("s ") if "--dports" not in line else
            line.split("--dports ")[1].split()[0] for line in accepts] == expected  # fmt: skip


def test_a_comment_is_never_too_long() -> None:
    ports = range(100, 128, 2)
    rows = [{**ROW, "ports": str(port), "why": [f"a_rather_long_name_of_an_entry_{port}"]} for port in ports]
    found = [line.split('"')[1] for line in lines(inbound=rows)]
    assert max(map(len, found)) < 255
    assert any(text.endswith(" more") for text in found)


@pytest.mark.parametrize(
    ("unlisted", "target"), [("reject", "REJECT --reject-with icmp-admin-prohibited"), ("drop", "DROP")]
)
def test_the_rest_is_ended_behind_the_product_s_rules(unlisted: str, target: str) -> None:
    (last,) = lines(name="iptables.post", inbound=[ROW], unlisted=unlisted)
    assert last == f'-A INPUT -m comment --comment "jsa.ports: unlisted" -j {target}'
    before = lines(inbound=[ROW], unlisted=unlisted)
    assert '-A INPUT -p icmp -m comment --comment "jsa.ports: essential" -j ACCEPT' in before
    assert not any(line.endswith("DROP") for line in before)


def test_the_controller_keeps_its_port() -> None:
    guard = make_guard(["10.9.0.1"], None, 22)
    refused = [{"protocol": "tcp", "ports": "22", "why": ["ssh"]}]
    found = lines(refused=refused, guard=guard)
    assert found[2].startswith("-A INPUT -s 10.9.0.1/32 -p tcp --dport 22 ")
    assert found[2].endswith("ACCEPT")


@pytest.mark.parametrize(
    "printed",
    [
        '-A INPUT -s 10.0.0.3/32 -p tcp -m tcp --dport 22 -m comment --comment "jsa.ports: ssh" -j ACCEPT',
        '-A INPUT -p tcp -s 10.0.0.3 -m comment --comment "jsa.ports: ssh" -m tcp --dport 22 -j ACCEPT',
    ],
)
def test_what_is_printed_in_another_way_is_the_same(printed: str) -> None:
    ours = '-A INPUT -s 10.0.0.3/32 -p tcp --dport 22 -m comment --comment "jsa.ports: ssh" -j ACCEPT'
    assert read_rules(printed)[0].form == read_rules(ours)[0].form
    assert read_rules(printed)[0].ours


@pytest.mark.parametrize(
    "change", [("ACCEPT", "DROP"), ("22", "23"), ("0.3", "0.5"), ("-s", "! -s"), ("INPUT", "INPUT -i lo")]
)
def test_what_means_something_else_is_not(change: tuple[str, str]) -> None:
    ours = '-A INPUT -s 10.0.0.3/32 -p tcp --dport 22 -m comment --comment "jsa.ports: ssh" -j ACCEPT'
    assert read_rules(ours.replace(*change))[0].form != read_rules(ours)[0].form


def test_whose_rule_it_is() -> None:
    other = '-A INPUT -m comment --comment "jsa.portsmouth" -j ACCEPT'
    text = f"*nat\n-A INPUT -j ACCEPT\n*filter\n{other}\n-A OUTPUT -j ACCEPT\n"
    assert [line.ours for line in read_rules(text)] == [False]

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The site's rich rules as values, out of firewalld's answers and out of its files."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.parse import parse_xml
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.rich import parse_rich, rich_text

#: As files have them -> as firewalld answers, for the same rule.
RULES = [
    (
        '<rule family="ipv4"><source address="10.77.0.99"/><port port="514" protocol="udp"/><reject/></rule>',
        'rule family="ipv4" source address="10.77.0.99" port port="514" protocol="udp" reject',
    ),
    (
        '<rule priority="-5" family="ipv6"><source invert="True" ipset="bans"/>'
        '<drop><limit value="2/m"/></drop></rule>',
        'rule priority="-5" family="ipv6" source NOT ipset="bans" drop limit value="2/m"',
    ),
    (
        '<rule><source mac="00:11:22:33:44:55"/><log prefix="x y"><limit value="1/m"/></log>'
        '<reject type="tcp-reset"/></rule>',
        'rule source mac="00:11:22:33:44:55" log prefix="x y" limit value="1/m" reject type="tcp-reset"',
    ),
    ('<rule><icmp-block name="redirect"/></rule>', 'rule icmp-block name="redirect"'),
    (
        '<rule family="ipv4"><destination address="10.0.0.1"/><service name="https"/><accept/></rule>',
        'rule family="ipv4" destination address="10.0.0.1" service name="https" accept',
    ),
]


@pytest.mark.parametrize(("xml", "text"), RULES)
def test_files_and_answers_say_the_same(xml: str, text: str) -> None:
    assert rich_text(parse_xml(xml)) == text


def test_a_ban_on_a_port() -> None:
    rule = parse_rich(RULES[0][1])
    assert rule is not None
    assert (rule.priority, rule.family, rule.source, rule.inverted) == (0, "ipv4", ("address", "10.77.0.99"), False)
    assert (rule.element, rule.values, rule.action, rule.limited) == (
        "port",
        {"port": "514", "protocol": "udp"},
        "reject",
        False,
    )


def test_limits_belong_to_what_they_follow() -> None:
    drop, reject = parse_rich(RULES[1][1]), parse_rich(RULES[2][1])
    assert drop is not None and reject is not None
    assert (drop.limited, drop.inverted, drop.source, drop.priority) == (True, True, ("ipset", "bans"), -5)
    assert (reject.limited, reject.action, reject.source) == (False, "reject", ("mac", "00:11:22:33:44:55"))


def test_inverted_by_an_attribute() -> None:
    rule = parse_rich('rule family="ipv4" source address="10.0.0.0/8" invert="True" drop')
    assert rule is not None
    assert rule.inverted


def test_elements_without_an_action() -> None:
    block, there = parse_rich(RULES[3][1]), parse_rich(RULES[4][1])
    assert block is not None and there is not None
    assert (block.element, block.action) == ("icmp-block", "")
    assert (there.destination, there.element, there.values) == (True, "service", {"name": "https"})


@pytest.mark.parametrize("text", ["", "nonsense", 'rule family="ipv4', 'rule priority="x" drop', "rule source drop"])
def test_what_cannot_be_read_is_none(text: str) -> None:
    assert parse_rich(text) is None

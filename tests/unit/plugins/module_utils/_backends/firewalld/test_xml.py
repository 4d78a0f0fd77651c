# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""XML files: what we write, to the byte, and what we make of files that others have written."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.parse import (
    is_mine,
    parse_policy,
    parse_set,
    parse_xml,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import render, render_set
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    EMPTY,
    REFUSE,
    AddressSet,
    Rule,
    Ruleset,
)


def test_golden_files(ruleset: Ruleset, data: Path) -> None:
    golden = {str(path.relative_to(data / "etc")): path.read_text() for path in (data / "etc").rglob("*.xml")}
    assert golden.keys() == {
        "policies/jsa-in.xml",
        "ipsets/jsa-admin-4.xml",
        "ipsets/jsa-event_processor-4.xml",
        "ipsets/jsa-event_processor-6.xml",
    }
    assert render(ruleset) == golden


def test_nothing_wanted_nothing_written() -> None:
    assert render(EMPTY) == {}


def test_what_was_written_is_read_back(ruleset: Ruleset) -> None:
    texts = render(ruleset)
    assert parse_policy("jsa-in", texts["policies/jsa-in.xml"]) == ruleset.policies["jsa-in"]
    for name, address_set in ruleset.sets.items():
        assert parse_set(name, texts[f"ipsets/{name}.xml"]) == address_set
    assert all(is_mine(text) for text in texts.values())


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")))
def test_any_label_is_read_back(label: str) -> None:
    one = AddressSet("jsa-x-4", "ipv4", label.strip(), ("10.0.0.1/32",))
    assert parse_set("jsa-x-4", render_set(one)) == one


def test_an_empty_set_is_a_set() -> None:
    root = ElementTree.fromstring(render_set(AddressSet("jsa-x-6", "ipv6", "x", ())))
    assert root.findall("entry") == []
    assert root.find("option").attrib == {"name": "family", "value": "inet6"}


@pytest.mark.parametrize(("size", "maxelem"), [(65536, None), (65537, "262144")])
def test_only_very_large_sets_need_more_room(size: int, maxelem: str | None) -> None:
    entries = tuple("10.%d.%d.%d/32" % (n >> 16, n >> 8 & 255, n & 255) for n in range(size))
    root = ElementTree.fromstring(render_set(AddressSet("jsa-x-4", "ipv4", "x", entries)))
    options = {option.get("name"): option.get("value") for option in root.findall("option")}
    assert options.get("maxelem") == maxelem


REWRITTEN = """<?xml version="1.0" encoding="utf-8"?>
<policy target="DROP" priority="-5">
  <short>jsa.ports</short>
  <description>x</description>
  <service name="http"/>
  <ingress-zone name="ANY"/>
  <egress-zone name="HOST"/>
  <rule priority="100" family="ipv6">
    <port protocol="tcp" port="22"/>
    <reject type="icmp6-adm-prohibited"/>
  </rule>
  <rule><port port="514" protocol="udp"/><log prefix="x"/><accept/></rule>
</policy>
"""


def test_a_file_that_firewalld_has_rewritten() -> None:
    """Other order, no comments, and what somebody has added."""
    policy = parse_policy("jsa-in", REWRITTEN)
    assert (policy.target, policy.priority, policy.ingress, policy.egress) == ("DROP", -5, "ANY", "HOST")
    assert policy.rules == (Rule(REFUSE, "ipv6", "tcp", (22, 22), None),)
    assert policy.why == {policy.rules[0]: ()}
    assert len(policy.other) == 2
    assert "http" in policy.other[0]
    assert "log" in policy.other[1]


@pytest.mark.parametrize(
    "inner",
    [
        '<port port="22" protocol="tcp"/><drop/>',
        '<port port="22" protocol="tcp"/><accept><limit value="1/s"/></accept>',
        '<port port="22" protocol="tcp"/><reject/>',
        '<source invert="true" address="10.0.0.1"/><port port="22" protocol="tcp"/><accept/>',
        '<source address="10.0.0.2"/><destination address="10.0.0.1"/><port port="22" protocol="tcp"/><accept/>',
        '<port port="22" protocol="tcp"/><port port="23" protocol="tcp"/><accept/>',
        '<service name="ssh"/><accept/>',
        '<port port="ssh" protocol="tcp"/><accept/>',
        "<accept/>",
    ],
)
def test_a_rule_of_another_kind_is_never_taken_for_ours(inner: str) -> None:
    policy = parse_policy("jsa-in", f'<policy target="CONTINUE"><rule family="ipv4">{inner}</rule></policy>')
    assert policy.rules == ()
    assert len(policy.other) == 1


def test_an_accept_at_another_priority_is_another_rule() -> None:
    text = '<policy><rule priority="5"><port port="22" protocol="tcp"/><accept/></rule></policy>'
    assert parse_policy("jsa-in", text).rules == ()


@pytest.mark.parametrize(
    ("text", "mine"),
    [
        ("<ipset><short>jsa.ports</short></ipset>", True),
        ("<ipset><short> jsa.ports: admin </short></ipset>", True),
        ("<ipset><short>jsa.ports</short><entry>", True),
        ("<ipset><short>jsa.portsmouth</short></ipset>", False),
        ("<ipset><short>peers</short><description>jsa.ports</description></ipset>", False),
        ("", False),
    ],
)
def test_mark(text: str, mine: bool) -> None:
    assert is_mine(text) == mine


@pytest.mark.parametrize("text", ["", "<policy>", "<ipset type='hash:mac'/>", "<zone/>", "no xml"])
def test_unreadable(text: str) -> None:
    for parse in (parse_policy, parse_set):
        with pytest.raises(ValueError):
            parse("jsa-x", text)


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        parse_xml(text)
    except ValueError:
        return


def test_comments_and_priorities() -> None:
    text = """<policy><!-- a, b --><rule><port port="1" protocol="tcp"/><accept/></rule>
    <rule><port port="2" protocol="tcp"/><accept/></rule></policy>"""
    policy = parse_policy("jsa-in", text)
    assert policy.why == {
        Rule(ACCEPT, None, "tcp", (1, 1), None): ("a", "b"),
        Rule(ACCEPT, None, "tcp", (2, 2), None): (),
    }

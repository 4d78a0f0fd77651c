# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs between two plans."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.plugin_utils._plan.changes import plan_differences, rule_text
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import InboundRule, OutboundRule, RefusedRule
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import EVERY_ROLE, Plan


def test_hosts_and_rules() -> None:
    before = Plan().plan
    without = {name: group for name, group in EVERY_ROLE.items() if name != "ec2"}
    after = Plan(without).plan
    assert plan_differences(before, before) == []
    lines = plan_differences(before, after)
    assert "- ec2: in the saved plan, not in the inventory" in lines
    assert "+ ec2: in the inventory, not in the saved plan" in plan_differences(after, before)
    assert any(line.startswith("- con1: accept tcp 443 from ") for line in lines)
    assert any(line.startswith("+ con1: accept tcp 443 from ") for line in lines)
    # What is in both plans is no difference.
    assert not any("refuse tcp 22 " in line for line in lines)


def test_what_is_not_a_rule() -> None:
    groups = {"con1": "jsa_console", "ep1": "jsa_event_processors"}
    hosts = {"ep1": {"jsa_firewall_unlisted": "drop", "jsa_firewall_management_addresses": ["192.0.2.7"]}}
    assert plan_differences(Plan(groups).plan, Plan(groups, hosts).plan) == [
        "- ep1: leave all ports that the catalog does not list to the zones",
        "+ ep1: accept SSH from the management addresses 192.0.2.7/32",
        "+ ep1: drop all ports that the catalog does not list",
    ]
    restricted = Plan(groups, {"ep1": {"jsa_firewall_restrict_outbound": True}}).plan
    assert "+ ep1: refuse all other outbound traffic" in plan_differences(Plan(groups).plan, restricted)


def test_a_rule_in_one_line() -> None:
    assert (
        rule_text(InboundRule(protocol="tcp", ports=(22, 23), sources=("10.0.0.1/32", "10.0.0.4/32"), why=("ssh",)))
        == "accept tcp 22-23 from 10.0.0.1/32, 10.0.0.4/32  # ssh"
    )
    assert rule_text(InboundRule(protocol="icmp", sources=("::/0",), why=("icmp",))) == "accept icmp from ::/0  # icmp"
    assert (
        rule_text(OutboundRule(protocol="udp", ports=(53, 53), destinations=("10.0.0.1/32",), why=("dns", "x")))
        == "accept udp 53 to 10.0.0.1/32  # dns, x"
    )
    assert rule_text(RefusedRule(protocol="udp", ports=(53, 53), why=("dns",))) == "refuse udp 53  # dns"

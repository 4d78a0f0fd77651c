# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the administrators enter by hand."""

from __future__ import annotations

import json

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.firewall_rules_tmp import FORMATS, Report, ruleset_of

RULES: dict[str, Any] = {
    "inbound": [
        {"protocol": "tcp", "ports": "443", "sources": ["10.0.0.3/32", "10.1.0.0/16", "fd00::3/128"], "why": ["https"]},
        {"protocol": "tcp", "ports": "32000-33999", "sources": ["10.0.0.3/32"], "why": ["data"]},
        {"protocol": "udp", "ports": "514", "sources": ["0.0.0.0/0", "::/0"], "why": ["syslog"]},
        {"protocol": "icmp", "sources": ["0.0.0.0/0"], "why": ["icmp"]},
    ],
    "refused": [{"protocol": "tcp", "ports": "5432", "why": ["postgres"]}],
}


def report(kind: str, **changes: Any) -> Report:
    rules = {**RULES, **changes}
    return FORMATS[kind](rules, ruleset_of(rules, "zone", ["10.9.0.1"], "con1"))


def test_rest_says_what_it_can_and_tells_the_rest() -> None:
    found = report("rest")
    assert json.loads(found.text) == [
        {"is_any_source_ip": False, "source_ip": "10.0.0.3", "protocol": "TCP", "port_type": "SINGLE",
         "single_port": 443},
        {"is_any_source_ip": False, "source_ip": "10.0.0.3", "protocol": "TCP", "port_type": "RANGE",
         "port_range": "32000-33999"},
        {"is_any_source_ip": True, "protocol": "UDP", "port_type": "SINGLE", "single_port": 514},
    ]  # fmt: skip
    notes = "\n".join(found.notes)
    assert "replaces the server's whole list" in notes
    for left_out in ("10.1.0.0/16", "fd00::3/128", "::/0", "icmp"):
        assert left_out in notes


def test_iptables() -> None:
    found = report("iptables")
    assert "# /opt/qradar/conf/iptables.pre\n-A INPUT -i lo" in found.text
    assert "-A INPUT -s 10.1.0.0/16 -p tcp --dport 443" in found.text
    assert "iptables.post" not in found.text


def test_firewalld() -> None:
    lines = report("firewalld").text.splitlines()
    assert lines[-1] == "firewall-cmd --reload"
    assert any("--add-entry=10.1.0.0/16" in line for line in lines)
    assert any('port port="5432" protocol="tcp" reject' in line for line in lines)


def test_bad_rules_name_the_host() -> None:
    with pytest.raises(InputError, match="con1"):
        report("iptables", inbound=[{"protocol": "tcp", "ports": "0", "sources": []}])

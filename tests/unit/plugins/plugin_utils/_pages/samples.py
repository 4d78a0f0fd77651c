# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages to look at: one with every section, and one whose texts would break out if they could."""

from __future__ import annotations

import json

from ansible_collections.jsa.ports.plugins.plugin_utils._check.result import parse_result
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.learned import learned_section
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import ChangeRow, Differences, Page
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._pages.pages import made, result_text
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS, planner

WRONG = {("ec1", "con1", 443): ("network", "lost"), ("ep1", "con1", 443): ("unverifiable", "no answer")}
LEARNED = (
    '{"version": 1, "hosts": {"con1": {"since": "2026-11-25T05:10:00Z", "gaps": [], "cut_off": [{"source": "10.9.9.9",'
    ' "protocol": "tcp", "port": 25, "connections": null, "last_seen": null, "why": ["a", "b"]}], "planned_seen": [],'
    ' "planned_unseen": [1]}}, "suggestions": {"jsa_networks": {"admin": ["10.9.0.0/16"]}, "jsa_features": {}}}'
)


def deployment() -> Plan:
    groups = {"con1": "jsa_console", "ep1": "jsa_event_processors", "ec1": "jsa_event_collectors"}
    groups.update({f"ec{number}": "jsa_event_collectors" for number in range(2, 9)})
    networks = {**NO_NETWORKS, "admin": ["192.0.2.0/28"], "log_sources": "any"}
    return planner(groups, {"ec1": {"jsa_firewall_restrict_outbound": True}}, jsa_networks=networks).plan()


def whole_page(plan: Plan) -> Page:
    """A page with every section."""
    return made(
        plan,
        result_text(plan, WRONG, openings=["tcp 1"]),
        baseline=parse_result(result_text(plan, {("ec1", "con1", 443): ("host_firewall", "x")}), "x"),
        baseline_name="monday",
        learned=learned_section(LEARNED, "x", "learned.json"),
        differences=Differences("old.json", (ChangeRow("+", "added", "tcp 1 from ec1"),), "and 3 more"),
    )


NASTY = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}&amp;\x1b[2J\u202e"


def hostile(text: str) -> Plan:
    """A plan with *text* wherever a plan has a text."""
    peer = {"roles": ["console"], "addresses": ["10.0.0.2"], "inbound": [], "refused": [], "dynamic": []}
    rule = {"protocol": "tcp", "ports": "22", "sources": ["10.0.0.2/32", "10.1.0.0/24"], "why": [text]}
    host = {
        "roles": ["console"],
        "addresses": ["10.0.0.1"],
        "ha_peer": text,
        "processor": text,
        "inbound": [{**rule, "source_classes": [f"net {text}"]}],
        "outbound": [{"protocol": "tcp", "ports": "25", "destinations": ["10.1.0.0/24"], "why": [text]}],
        "refused": [{"protocol": "tcp", "ports": "25", "why": [text]}],
        "dynamic": [
            {
                "id": text, "service": text, "protocols": ["tcp"], "ports": "1000-2000", "discovery": "rpcbind",
                "discovered": [{"service": text, "protocol": "tcp", "port": 1001}],
                "discovered_at": "2026-11-25T05:10:00Z",
            }
        ],
        "listeners": [],
    }  # fmt: skip
    return Plan.from_dict(
        {
            "version": 1,
            "release": text,
            "data_ports": text,
            "confidences": [text],
            "choices": [text],
            "warnings": [text],
            "source_classes": {f"net {text}": {"networks": ["10.1.0.0/24"]}},
            "hosts": {f"h {text}": host, f"p {text}": peer},
        }
    )


def hostile_check(text: str) -> str:
    """A result of a check with *text* wherever a host could have put one."""
    verdict = {
        "verdict": "network", "from": f"p {text}", "to": f"h {text}", "address": "10.0.0.1", "protocol": "tcp",
        "port": 22, "entries": [text], "service": text, "reason": text, "symptoms": [text],
    }  # fmt: skip
    host = {"firewall_as_planned": False, "firewall_alarms": [text], "firewall_difference": [text],
            "openings": [text], "unseen": {text: text}}  # fmt: skip
    return json.dumps(
        {"version": 1, "verdicts": [verdict], "hosts": {f"h {text}": host}, "scope": {"name": text, "flows": 1}}
    )


def hostile_page(text: str) -> Page:
    """A page with *text* wherever a text on it can come from others."""
    learned = json.dumps(
        {
            "version": 1,
            "hosts": {text or "h": {"since": text, "cut_off": [{"source": text, "protocol": text, "why": text}]}},
            "suggestions": {"jsa_networks": {text: [text]}},
        }
    )
    return made(
        hostile(text),
        hostile_check(text),
        entries={},
        baseline=parse_result('{"version": 1, "verdicts": []}', "x"),
        baseline_name=text,
        learned=learned_section(learned, "x", text),
        differences=Differences(text, (ChangeRow("+", "added", text),), text),
        title=text,
        zones={text: ["10.0.0.0/8"]},
    )

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The differences between two plans as people and programs read them."""

from __future__ import annotations

import json

from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.changes import plan_changes
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.changes_text import ChangesReport

EMPTY: dict[str, Any] = {"inbound": [], "refused": [], "dynamic": []}
HTTPS = {"protocol": "tcp", "ports": "443", "sources": ["10.20.3.3/32"], "why": ["https"]}
PING = {"protocol": "icmp", "sources": ["10.9.0.0/24"], "why": ["icmp"]}


def plan(release: str, inbound: list[Any], **more: Any) -> Plan:
    con1 = {**EMPTY, "roles": ["console"], "addresses": ["10.0.0.1"], "inbound": inbound, "unlisted": more.pop("un")}
    return Plan.from_dict({"version": 1, "release": release, "hosts": {"con1": con1, **more}})


FC3 = {**EMPTY, "roles": ["flow_collector"], "addresses": ["10.20.3.3"]}
OLD = plan("7.5.0 UP8", [PING], un="zone", ec9={**FC3, "addresses": ["10.0.0.9"]})
NEW = plan("7.5.0 UP9", [HTTPS], un="reject", fc3=FC3)


def report(old: Plan = OLD, new: Plan = NEW) -> ChangesReport:
    return ChangesReport(plan_changes(old, new), old, new)


TEXT = """\
deployment
  - release: 7.5.0 UP8
  + release: 7.5.0 UP9

con1
  - 10.9.0.0/24 → con1: icmp ICMP echo
  + fc3 (10.20.3.3) → con1: tcp 443 Apache HTTPS
  - all ports that the catalog does not list: zone
  + all ports that the catalog does not list: reject

ec9
  - the host (10.0.0.9), flow_collector

fc3
  + the host (10.20.3.3), flow_collector"""


def test_a_block_per_host() -> None:
    assert report().text() == TEXT
    assert report().headed("old.json", "new.json") == (
        f"old.json (-) and new.json (+):\n\n{TEXT}\n\n1 flow removed, 1 flow added"
    )
    assert report(OLD, OLD).text() == ""
    assert report(OLD, OLD).headed("old.json", "new.json") == "No differences between old.json and new.json"


def test_what_is_too_much_is_counted() -> None:
    assert report().text(3).splitlines()[-2:] == ["  - 10.9.0.0/24 → con1: icmp ICMP echo", "... and 5 more"]
    assert report().text(8) == TEXT


def test_a_line_per_difference() -> None:
    assert report().lines() == [
        "- deployment: release: 7.5.0 UP8",
        "+ deployment: release: 7.5.0 UP9",
        "- 10.9.0.0/24 → con1: icmp ICMP echo",
        "+ fc3 (10.20.3.3) → con1: tcp 443 Apache HTTPS",
        "- con1: all ports that the catalog does not list: zone",
        "+ con1: all ports that the catalog does not list: reject",
        "- ec9: the host (10.0.0.9), flow_collector",
        "+ fc3: the host (10.20.3.3), flow_collector",
    ]


def test_values_for_programs() -> None:
    document = report().document()
    assert json.loads(json.dumps(document)) == document == {
        "hosts_removed": ["ec9"],
        "hosts_added": ["fc3"],
        "removed": [
            {
                "listener": "con1",
                "source": {"kind": "network", "name": "10.9.0.0/24", "cidrs": ["10.9.0.0/24"]},
                "protocol": "icmp",
                "service": "ICMP echo",
                "ids": ["icmp"],
            }
        ],
        "added": [
            {
                "listener": "con1",
                "source": {"kind": "host", "name": "fc3", "cidrs": ["10.20.3.3/32"]},
                "protocol": "tcp",
                "ports": "443",
                "service": "Apache HTTPS",
                "ids": ["https"],
            }
        ],
        "others": [
            {"host": None, "what": "release", "removed": ["7.5.0 UP8"], "added": ["7.5.0 UP9"]},
            {"host": "con1", "what": "unlisted", "removed": ["zone"], "added": ["reject"]},
        ],
    }  # fmt: skip

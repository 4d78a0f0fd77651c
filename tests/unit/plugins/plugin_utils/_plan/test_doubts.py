# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Warnings for what can be planned and cannot work: each mistake has one, and a sound deployment none."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import EVERY_ROLE, NO_NETWORKS, planner

SOUND: dict[str, Any] = {**NO_NETWORKS, "admin": ["192.0.2.0/28"]}


def warnings(groups: dict[str, str], hosts: dict[str, dict[str, Any]] | None = None, **deployment: Any) -> list[str]:
    deployment.setdefault("jsa_networks", SOUND)
    # What these choose has warnings of its own.
    deployment.update(jsa_dynamic_ports="none", jsa_confidence=["high", "medium", "low"], jsa_release="7.5.0 UP5")
    return list(planner(groups, hosts, **deployment).plan().warnings)


BASE = {"con1": "jsa_console", "ep1": "jsa_event_processors", "fc1": "jsa_flow_collectors"}


@pytest.mark.parametrize(
    ("groups", "hosts"),
    [
        (EVERY_ROLE, {}),
        (BASE, {"fc1": {"jsa_processor": "con1"}}),
        ({**BASE, "fp1": "jsa_flow_processors"}, {"fc1": {"jsa_processor": "fp1"}}),
        (BASE, {name: {"jsa_address": [f"10.0.0.{n}", f"2001:db8::{n}"]} for n, name in enumerate(BASE, 1)}),
        # One host may have what the others lack.
        (BASE, {"con1": {"jsa_address": ["10.0.0.1", "2001:db8::1"]}, "ep1": {"jsa_address": ["2001:db8::2"]},
                "fc1": {"jsa_address": ["2001:db8::3"]}}),
        (BASE, {name: {"jsa_features": ["fibre_channel"]} for name in BASE}),
        (BASE, {"con1": {"jsa_features": ["email"]}}),
    ],
)  # fmt: skip
def test_a_sound_deployment(groups: dict[str, str], hosts: dict[str, dict[str, Any]]) -> None:
    assert warnings(groups, hosts) == []


@pytest.mark.parametrize(
    ("groups", "hosts", "words"),
    [
        (BASE, {"ep1": {"jsa_address": "2001:db8::2"}}, "ep1 has only IPv6 addresses, and con1 and fc1 only IPv4"),
        (BASE, {"fc1": {"jsa_processor": "ep1"}}, "fc1 is a flow_collector, but its jsa_processor ep1 is no flow_proc"),
        ({**BASE, "dn1": "jsa_data_nodes"}, {"dn1": {"jsa_roles": ["data_node", "event_processor"]}},
         "dn1 has the role data_node and also event_collector, event_processor"),
        (BASE, {"ep1": {"jsa_features": ["nfs_export"]}}, "jsa_features: nfs_export has no effect on ep1"),
    ],
)  # fmt: skip
def test_what_cannot_work(groups: dict[str, str], hosts: dict[str, dict[str, Any]], words: str) -> None:
    (warning,) = warnings(groups, hosts)
    assert words in warning


def test_nobody_administers_it() -> None:
    (warning,) = warnings(BASE, jsa_networks=NO_NETWORKS)
    assert "jsa_networks.admin is none: con1, ep1 and fc1 accept SSH only from" in warning
    addresses = ["198.51.100.0/24"]
    (warning,) = warnings(BASE, {"con1": {"jsa_firewall_management_addresses": addresses}}, jsa_networks=NO_NETWORKS)
    assert "ep1 and fc1 accept" in warning
    assert warnings(BASE, jsa_networks=NO_NETWORKS, jsa_firewall_management_addresses=addresses) == []

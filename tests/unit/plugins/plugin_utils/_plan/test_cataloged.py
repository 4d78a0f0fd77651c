# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ports of roles, without any plan."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._plan.cataloged import cataloged_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.deployment import DEFAULT_GROUP_ROLES
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.reader import read_topology
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import FEATURES
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS


@pytest.mark.parametrize("group", ["jsa_all_in_one", "jsa_console"])
def test_no_plan_has_a_port_that_is_not_among_them(group: str) -> None:
    """Whatever features a host has: who contacts it must not go unseen."""
    listed = {(one.rpartition("/")[2], one.rpartition("/")[0]) for one in cataloged_ports(DEFAULT_GROUP_ROLES[group])}
    for feature in (None, *FEATURES):
        host = {"ansible_host": "10.0.0.1", "jsa_networks": {**NO_NETWORKS, "log_sources": "any", "users": "any"}}
        if feature:
            host["jsa_features"] = [feature]
        topology, _problems = read_topology({"con1": host}, {"con1": [group]})
        plan = Planner(topology)._host(topology.hosts["con1"], _no_dynamic())
        for rule in (*plan.inbound, *plan.refused):
            if rule.protocol != "icmp" and rule.ports is not None:
                assert any(_holds(ports, rule.ports) for protocol, ports in listed if protocol == rule.protocol), rule


def _holds(text: str, ports: tuple[int, int]) -> bool:
    first, _dash, last = text.partition("-")
    return int(first) <= ports[0] <= int(last or first)


def _no_dynamic():  # type: ignore[no-untyped-def]
    return type("NoDynamic", (), {"of": staticmethod(lambda *_arguments: ())})()

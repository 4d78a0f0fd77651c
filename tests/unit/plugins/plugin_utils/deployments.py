# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments for tests: inventories as Ansible hands them over, and questions to a plan."""

from __future__ import annotations

import ipaddress

from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import InboundRule, RefusedRule
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Topology
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.reader import read_topology
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import SOURCE_NETWORKS

#: A host of each role, in the default groups.
EVERY_ROLE: dict[str, str] = {
    "con1": "jsa_console",
    "ec1": "jsa_event_collectors",
    "ec2": "jsa_event_collectors",
    "fc1": "jsa_flow_collectors",
    "ep1": "jsa_event_processors",
    "ep2": "jsa_event_processors",
    "fp1": "jsa_flow_processors",
    "dn1": "jsa_data_nodes",
    "app1": "jsa_app_hosts",
    "rm1": "jsa_risk_managers",
    "vp1": "jsa_vulnerability_processors",
    "vs1": "jsa_vulnerability_scanners",
}

NO_NETWORKS: dict[str, Any] = dict.fromkeys(SOURCE_NETWORKS, "none")


def address_of(name: str, groups: dict[str, str] | None = None) -> str:
    return str(ipaddress.ip_address("10.0.0.1") + list(groups or EVERY_ROLE).index(name))


def read(
    groups: dict[str, str] | None = None, hosts: dict[str, dict[str, Any]] | None = None, **deployment: Any
) -> tuple[Topology, list[str]]:
    """The topology of *groups* (host -> group); *hosts* adds variables, *deployment* those for everybody."""
    groups = EVERY_ROLE if groups is None else groups
    deployment.setdefault("jsa_networks", NO_NETWORKS)
    inventory = {
        name: {"ansible_host": address_of(name, groups), **deployment, **(hosts or {}).get(name, {})} for name in groups
    }
    return read_topology(inventory, {name: [group] if group else [] for name, group in groups.items()})


def planner(
    groups: dict[str, str] | None = None, hosts: dict[str, dict[str, Any]] | None = None, **deployment: Any
) -> Planner:
    topology, problems = read(groups, hosts, **deployment)
    assert problems == []
    return Planner(topology)


class Plan:
    """A plan that can be asked what it accepts."""

    def __init__(
        self, groups: dict[str, str] | None = None, hosts: dict[str, dict[str, Any]] | None = None, **deployment: Any
    ) -> None:
        self._groups = groups or EVERY_ROLE
        self.plan = planner(groups, hosts, **deployment).plan()

    def accepts(self, source: str, target: str, port: str) -> bool:
        """Whether *target* accepts ``port`` ("443/tcp", "icmp") from *source*, a host or an address."""
        address = ipaddress.ip_address(address_of(source, self._groups) if source in self._groups else source)
        return any(
            address in ipaddress.ip_network(cidr)
            for rule in self.plan.hosts[target].inbound
            if _covers(rule, port)
            for cidr in rule.sources
        )

    def refuses(self, target: str, port: str) -> bool:
        return any(_covers(rule, port) for rule in self.plan.hosts[target].refused)

    def sources(self, target: str, ports: str, protocol: str = "tcp") -> list[str]:
        """The sources of exactly this rule; no rule is an empty list."""
        for rule in self.plan.hosts[target].inbound:
            if rule.protocol == protocol and rule.ports == parse_ports(ports):
                return list(rule.sources)
        return []


def _covers(rule: InboundRule | RefusedRule, port: str) -> bool:
    number, _slash, protocol = port.partition("/")
    if number == "icmp":
        return rule.protocol == "icmp"
    if rule.protocol != protocol or rule.ports is None:
        return False
    first, last = rule.ports
    return first <= int(number) <= last

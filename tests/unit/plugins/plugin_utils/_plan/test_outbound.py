# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host may contact, where jsa_firewall_restrict_outbound restricts it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import OutboundRule
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS, planner

GROUPS = {"con1": "jsa_console", "ep1": "jsa_processors", "ec1": "jsa_event_collectors"}
NETWORKS = {
    **NO_NETWORKS,
    "smtp_gateways": ["192.0.2.25"],
    "ntp_servers": ["192.0.2.123"],
    "public_servers": ["203.0.113.0/24"],
    "log_sources": ["192.0.2.64/26"],
}
DEPLOYMENT = {("tcp", "1-65535", "deployment"), ("udp", "1-65535", "deployment")}


def outbound(host: str, own: dict[str, Any] | None = None, **deployment: Any) -> tuple[OutboundRule, ...]:
    settings = {"jsa_networks": NETWORKS, **deployment}
    plan = planner(GROUPS, {host: {"jsa_firewall_restrict_outbound": True, **(own or {})}}, **settings).plan()
    assert all(plan.hosts[name].outbound is None for name in GROUPS if name != host)
    rules = plan.hosts[host].outbound
    assert rules is not None
    return rules


def short(rules: tuple[OutboundRule, ...]) -> set[tuple[str, str, str]]:
    return {(rule.protocol, format_ports(rule.ports or (0, 0)), ",".join(rule.why)) for rule in rules}


@pytest.mark.parametrize(
    ("host", "own", "deployment", "expected"),
    [
        ("ec1", {}, {}, set()),
        ("con1", {}, {}, {("tcp", "443", "public"), ("udp", "123", "ntp_out")}),
        # A feature of the host itself, not of another.
        ("con1", {"jsa_features": ["email"]}, {}, {("tcp", "25", "smtp")}),
        ("con1", {"jsa_features": ["log_file_protocol"]}, {}, {("tcp", "22", "ssh_out_logfile")}),
        # What the site does not trust is not opened on this side either.
        ("con1", {"jsa_features": ["log_file_protocol"]}, {"jsa_confidence": ["low"]}, set()),
        ("con1", {}, {"jsa_networks": {**NETWORKS, "dns_servers": ["192.0.2.53"]}}, {("tcp", "53", "dns")}),
    ],
)
def test_what_is_open(
    host: str, own: dict[str, Any], deployment: dict[str, Any], expected: set[tuple[str, str, str]]
) -> None:
    found = short(outbound(host, own, **deployment))
    assert found >= DEPLOYMENT
    rest = {
        (protocol, ports, "public" if why.startswith("public") else why) for protocol, ports, why in found - DEPLOYMENT
    }
    assert rest >= expected
    if not expected:
        assert rest == set()


def test_each_goes_to_its_own_network_and_the_deployment_to_the_others() -> None:
    targets = {
        rule.why[0]: list(rule.destinations)
        for rule in outbound("con1", {"jsa_features": ["email", "log_file_protocol"]})
    }
    assert targets["deployment"] == ["10.0.0.2/31"]
    assert targets["smtp"] == ["192.0.2.25/32"]
    assert targets["ntp_out"] == ["192.0.2.123/32"]
    assert targets["ssh_out_logfile"] == ["192.0.2.64/26"]


def test_a_network_that_is_needed_and_not_set_is_asked_for() -> None:
    needy = planner(
        GROUPS, {"con1": {"jsa_firewall_restrict_outbound": True, "jsa_features": ["email"]}}, jsa_networks=NO_NETWORKS
    )
    with pytest.raises(Exception, match="smtp_gateways") as caught:
        needy.plan()
    assert "ntp_servers" in str(caught.value) and "nfs_servers" not in str(caught.value)


def test_an_own_entry_and_what_it_does_not_say() -> None:
    backup = {
        "id": "backup",
        "protocols": "tcp",
        "ports": "9000-9001",
        "flows": [{"listeners": "192.0.2.200", "initiators": "event_processor"}],
    }
    found = {
        rule.ports: list(rule.destinations)
        for rule in outbound("ep1", jsa_extra_flows=[backup])
        if "backup" in rule.why
    }
    assert found == {(9000, 9001): ["192.0.2.200/32"]}
    assert not any("backup" in rule.why for rule in outbound("ec1", jsa_extra_flows=[backup]))

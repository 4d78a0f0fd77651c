# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host may contact, where jsa_firewall_restrict_outbound restricts it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import OutboundRule
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS, planner

GROUPS = {"con1": "jsa_console", "ep1": "jsa_processors", "ec1": "jsa_event_collectors"}
NETWORKS = {
    **NO_NETWORKS,
    "smtp_gateways": ["192.0.2.25"],
    "ntp_servers": ["192.0.2.123"],
    "public_servers": ["203.0.113.0/24"],
    "log_sources": "any",
    "polled_sources": ["192.0.2.64/26"],
    "vendor_apis": ["203.0.113.128/25"],
    "nfs_servers": ["192.0.2.4"],
    "forwarding_targets": ["198.51.100.14"],
    "off_site_targets": ["198.51.100.32"],
    "ldap_servers": ["192.0.2.89"],
    "radius_servers": ["192.0.2.18"],
    "network_devices": ["192.0.2.192/27"],
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


#: Feature, the hosts that it lets contact others, the network, and the ports.
FEATURES: list[tuple[str, tuple[str, ...], str, set[tuple[str, str]]]] = [
    ("log_file_protocol", ("con1", "ep1", "ec1"), "polled_sources", {("tcp", "22")}),
    ("ftp_polling", ("con1", "ep1", "ec1"), "polled_sources", {("tcp", "21"), ("tcp", "1024-65535")}),
    (
        "jdbc_polling",
        ("con1", "ep1", "ec1"),
        "polled_sources",
        {("tcp", port) for port in ("1433", "1521", "3306", "5432", "9088", "50000")},
    ),
    ("api_polling", ("con1", "ep1", "ec1"), "vendor_apis", {("tcp", "443")}),
    (
        "nfs_client",
        ("con1",),
        "nfs_servers",
        {("tcp", "2049"), *((protocol, port) for protocol in ("tcp", "udp") for port in ("111", "762", "20048"))},
    ),
    (
        "event_forwarding",
        ("con1", "ep1", "ec1"),
        "forwarding_targets",
        {(protocol, port) for protocol in ("tcp", "udp") for port in ("514", "5141")},
    ),
    (
        "off_site_forwarding",
        ("con1", "ep1", "ec1"),
        "off_site_targets",
        {("tcp", "22"), ("tcp", "32000"), ("tcp", "32004")},
    ),
    ("ldap_login", ("con1",), "ldap_servers", {("tcp", "389"), ("tcp", "636"), ("tcp", "3268-3269")}),
    ("radius_login", ("con1",), "radius_servers", {("udp", "1812")}),
    (
        "risk_adapters",
        ("rm1",),
        "network_devices",
        {("tcp", "22-23"), ("tcp", "443"), ("udp", "161")},
    ),
]


@pytest.mark.parametrize(("feature", "contacting", "network", "ports"), FEATURES)
def test_who_may_contact_what_with_a_feature(
    feature: str, contacting: tuple[str, ...], network: str, ports: set[tuple[str, str]]
) -> None:
    groups = {**GROUPS, "rm1": "jsa_risk_managers", "dn1": "jsa_data_nodes"}
    hosts = {name: {"jsa_firewall_restrict_outbound": True, "jsa_features": [feature]} for name in groups}
    plan = planner(groups, hosts, jsa_networks=NETWORKS).plan()
    without = planner(
        groups, {name: {"jsa_firewall_restrict_outbound": True} for name in groups}, jsa_networks=NETWORKS
    ).plan()
    for name in groups:
        found = {
            (rule.protocol, format_ports(rule.ports or (0, 0)))
            for rule in plan.hosts[name].outbound or ()
            if network in rule.destination_classes
        }
        assert found == (ports if name in contacting else set()), name
        assert not any(network in rule.destination_classes for rule in without.hosts[name].outbound or ()), name
        # Nothing of it lets anybody in.
        assert plan.hosts[name].inbound == without.hosts[name].inbound


def test_a_console_with_logins_elsewhere_asks_for_their_network() -> None:
    networks = {name: cidrs for name, cidrs in NETWORKS.items() if name not in ("ldap_servers", "radius_servers")}
    own = {"jsa_firewall_restrict_outbound": True, "jsa_features": ["ldap_login", "radius_login"]}
    with pytest.raises(InputError) as caught:
        planner(GROUPS, {"con1": own}, jsa_networks=networks).plan()
    assert "ldap_servers" in str(caught.value) and "radius_servers" in str(caught.value)


def test_the_link_between_the_nodes_of_a_pair_is_open_to_both() -> None:
    pair = {
        "ep1": {
            "jsa_ha_peer": "ep2",
            "jsa_ha_virtual_address": "10.0.0.99",
            "jsa_ha_crossover_address": "192.168.7.1",
            "jsa_firewall_restrict_outbound": True,
        },
        "ep2": {"jsa_ha_crossover_address": "192.168.7.2"},
        "ec1": {"jsa_firewall_restrict_outbound": True},
    }
    plan = planner({**GROUPS, "ep2": ""}, pair, jsa_networks=NETWORKS).plan()
    reached = {
        name: {cidr for rule in plan.hosts[name].outbound or () for cidr in rule.destinations}
        for name in ("ep1", "ec1")
    }
    assert "192.168.7.2/32" in reached["ep1"]
    assert not any(cidr.startswith("192.168.") for cidr in reached["ec1"])


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

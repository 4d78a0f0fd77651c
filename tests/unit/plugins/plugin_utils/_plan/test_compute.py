# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the plan accepts and refuses, role pair by role pair. Each row is a statement about packets."""

from __future__ import annotations

import random

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import dump_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.reader import read_topology
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import (
    EVERY_ROLE,
    NO_NETWORKS,
    Plan,
    address_of,
    planner,
    read,
)

LISTED = {"jsa_data_ports": "listed"}
OLD = {"jsa_release": "7.5.0 UP5"}

#: (initiator, listener, port): open between hosts of which none is encrypted, with the listed data ports alone.
OPEN = [
    ("con1", "ep1", "22/tcp"),
    ("ep1", "con1", "22/tcp"),
    ("app1", "con1", "22/tcp"),
    ("ec1", "con1", "443/tcp"),
    ("app1", "con1", "443/tcp"),
    ("ec1", "con1", "123/udp"),
    ("dn1", "con1", "514/tcp"),
    ("dn1", "con1", "514/udp"),
    ("ec1", "con1", "5000/tcp"),
    ("app1", "con1", "5000/tcp"),
    ("con1", "ec1", "7676/tcp"),
    ("con1", "ec1", "7677/tcp"),
    ("ec1", "con1", "7800/tcp"),
    ("ep1", "con1", "7800/tcp"),
    ("fp1", "con1", "7801/tcp"),
    ("ec1", "con1", "8000/tcp"),
    ("con1", "vp1", "8844/tcp"),
    ("con1", "app1", "9000/tcp"),
    ("con1", "app1", "14433/tcp"),
    ("ep1", "con1", "9381/tcp"),
    ("con1", "vp1", "9999/tcp"),
    ("ec1", "ep1", "32004/tcp"),
    ("ec1", "ep1", "32005/tcp"),
    ("con1", "ep1", "32006/tcp"),
    ("con1", "dn1", "32006/tcp"),
    ("ep1", "dn1", "32006/tcp"),
    ("dn1", "ep1", "32006/tcp"),
    ("ep1", "con1", "32007/tcp"),
    ("fc1", "fp1", "32010/tcp"),
    ("fc1", "con1", "32010/tcp"),
    ("dn1", "con1", "32011/tcp"),
    ("con1", "dn1", "32011/tcp"),
    ("ep1", "dn1", "32011/tcp"),
]

#: Closed in the same deployment: wrong direction, wrong role, loopback only, another condition, or nobody's business.
CLOSED = [
    ("ep1", "ec1", "22/tcp"),
    ("ec1", "ep1", "22/tcp"),
    ("dn1", "app1", "22/tcp"),
    ("con1", "ec1", "443/tcp"),
    ("con1", "ec1", "123/udp"),
    ("con1", "app1", "5000/tcp"),
    ("con1", "ep1", "5432/tcp"),
    ("ec1", "ep1", "5432/tcp"),
    ("ep1", "con1", "5432/tcp"),
    ("ep1", "con1", "9913/tcp"),
    ("con1", "rm1", "15432/tcp"),
    ("rm1", "con1", "15432/tcp"),
    ("app1", "con1", "14433/tcp"),
    ("ec1", "con1", "7676/tcp"),
    ("dn1", "con1", "7800/tcp"),
    ("ec1", "con1", "12500/tcp"),
    ("con1", "app1", "26000/tcp"),
    ("con1", "app1", "26001/tcp"),
    ("con1", "rm1", "8082/tcp"),
    ("app1", "ep1", "32006/tcp"),
    ("ep2", "ep1", "32006/tcp"),
    ("ec1", "dn1", "32006/tcp"),
    ("ec1", "con1", "32007/tcp"),
    ("con1", "ep1", "32012/tcp"),
    ("ep1", "con1", "8080/tcp"),
    ("ep1", "con1", "2376/tcp"),
    ("ep1", "con1", "7777/tcp"),
    ("ep1", "con1", "9393/tcp"),
    ("ep1", "con1", "20500/tcp"),
    ("ep1", "con1", "7805/tcp"),
    ("ep1", "con1", "4333/tcp"),
    ("ep1", "con1", "10000/tcp"),
    ("ep1", "con1", "7789/tcp"),
    ("ep1", "con1", "icmp"),
    ("ep1", "con1", "162/udp"),
    ("ep1", "con1", "111/tcp"),
    ("192.0.2.1", "con1", "443/tcp"),
    ("192.0.2.1", "ec1", "514/udp"),
]


@pytest.fixture(scope="module", name="listed")
def fixture_listed() -> Plan:
    return Plan(**LISTED)


@pytest.mark.parametrize(("source", "target", "port"), OPEN)
def test_open(listed: Plan, source: str, target: str, port: str) -> None:
    assert listed.accepts(source, target, port)


@pytest.mark.parametrize(("source", "target", "port"), CLOSED)
def test_closed(listed: Plan, source: str, target: str, port: str) -> None:
    assert not listed.accepts(source, target, port)


@pytest.mark.parametrize(
    "port",
    [
        "22/tcp",
        "1514/tcp",
        "5432/tcp",
        "5791/tcp",
        "7677/tcp",
        "9090/tcp",
        "10000/udp",
        "20500/tcp",
        "23111/tcp",
        "32012/tcp",
    ],
)
@pytest.mark.parametrize("target", sorted(EVERY_ROLE))
def test_every_host_refuses_everyone_else(listed: Plan, target: str, port: str) -> None:
    assert listed.refuses(target, port)


@pytest.mark.parametrize("port", ["2055/udp", "8080/tcp", "9000/tcp"])
def test_ports_of_other_roles_are_left_to_the_zones(listed: Plan, port: str) -> None:
    assert not listed.refuses("ec1", port)


def test_no_port_is_both_unlisted_and_accepted(listed: Plan) -> None:
    """What is accepted from some is refused to everyone else, ICMP apart."""
    for target, host in listed.plan.hosts.items():
        for rule in host.inbound:
            if rule.ports is not None:
                assert listed.refuses(target, f"{rule.ports[0]}/{rule.protocol}"), (target, rule)


def test_icmp_is_never_refused(listed: Plan) -> None:
    assert all(rule.protocol != "icmp" for host in listed.plan.hosts.values() for rule in host.refused)


class TestDataPorts:
    """``jsa_data_ports``."""

    def test_range_opens_the_whole_range_between_all_hosts(self) -> None:
        plan = Plan(jsa_data_ports="range")
        for source in EVERY_ROLE:
            for target in EVERY_ROLE:
                if source != target:
                    assert plan.accepts(source, target, "32012/tcp")
                    assert plan.accepts(source, target, "33999/tcp")
                    assert not plan.accepts(source, target, "34000/tcp")
        assert not plan.accepts("192.0.2.1", "con1", "32006/tcp")

    def test_what_the_range_covers_is_no_rule_of_its_own_but_a_reason(self) -> None:
        inbound = Plan().plan.hosts["con1"].inbound
        (rule,) = [rule for rule in inbound if rule.ports == (32000, 33999)]
        assert {"data_range", "ariel_query", "flow_listen", "norm_events", "offense"} <= set(rule.why)
        assert "identity" not in rule.why
        assert not any(rule.ports == (32006, 32006) for rule in inbound)

    #: Pairs of which each exchanges a listed kind of data, in one direction at least.
    PAIRS = [
        ("con1", "ec1"), ("con1", "fc1"), ("con1", "ep1"), ("con1", "fp1"), ("con1", "dn1"),
        ("ec1", "ec2"), ("ec1", "ep1"), ("ep1", "ep2"), ("fc1", "ep1"), ("fc1", "fp1"), ("ep1", "fp1"),
        ("dn1", "ep1"), ("dn1", "fp1"),
    ]  # fmt: skip
    #: Pairs that exchange none of them.
    STRANGERS = [
        ("app1", "con1"), ("rm1", "con1"), ("vp1", "con1"), ("vs1", "con1"), ("app1", "ep1"), ("app1", "dn1"),
        ("ec1", "dn1"), ("fc1", "dn1"), ("ec1", "fc1"), ("rm1", "ep1"), ("vp1", "vs1"), ("fc1", "app1"),
    ]  # fmt: skip

    def test_by_default_it_is_open_where_data_flow_and_only_there(self) -> None:
        plan = Plan()
        assert plan.plan.data_ports == "paired"
        for one, other in self.PAIRS:
            for port in ("32012/tcp", "33999/tcp"):
                assert plan.accepts(one, other, port), (one, other)
                assert plan.accepts(other, one, port), (other, one)
            assert not plan.accepts(one, other, "34000/tcp")
        for one, other in self.STRANGERS:
            for port in ("32012/tcp", "33999/tcp"):
                assert not plan.accepts(one, other, port), (one, other)
                assert not plan.accepts(other, one, port), (other, one)
        assert plan.refuses("app1", "32012/tcp")
        assert not plan.accepts("192.0.2.1", "con1", "32012/tcp")

    def test_by_default_a_collector_has_it_with_its_processor_and_the_console_alone(self) -> None:
        own = {"jsa_processor": "ep1"}
        plan = Plan(hosts={"ec1": own, "dn1": own, "fc1": {"jsa_processor": "fp1"}})
        for name, processor in (("ec1", "ep1"), ("dn1", "ep1"), ("fc1", "fp1")):
            for other in EVERY_ROLE:
                if other != name:
                    expected = other in ("con1", processor)
                    assert plan.accepts(name, other, "32012/tcp") is expected, (name, other)
                    assert plan.accepts(other, name, "32012/tcp") is expected, (other, name)

    def test_by_default_it_needs_no_port_where_a_tunnel_carries_the_data(self) -> None:
        plan = Plan(hosts={"ep1": {"jsa_encrypted": True}})
        for other in ("con1", "ec1", "dn1", "fp1"):
            assert not plan.accepts(other, "ep1", "32012/tcp")
            assert not plan.accepts("ep1", other, "32012/tcp")
        assert plan.accepts("ec1", "ep2", "32012/tcp")

    def test_by_default_a_flow_of_the_sites_own_counts_as_data(self) -> None:
        own = {
            "id": "own_data",
            "ports": ["32100"],
            "protocols": ["tcp"],
            "flows": [{"listeners": ["app_host"], "initiators": ["risk_manager"]}],
        }
        plan = Plan(jsa_extra_flows=[own])
        assert plan.accepts("rm1", "app1", "32012/tcp")
        assert plan.accepts("app1", "rm1", "32012/tcp")
        assert not plan.accepts("app1", "ep1", "32012/tcp")

    def test_listed_still_refuses_the_range_to_everyone_else(self, listed: Plan) -> None:
        assert listed.refuses("ep1", "33000/tcp")


class TestEncryption:
    """Encryption is per host; a pair is tunnelled where one of the two is encrypted."""

    @pytest.mark.parametrize("data_ports", ["paired", "range", "listed"])
    def test_encrypted_host_and_console(self, data_ports: str) -> None:
        plan = Plan(hosts={"ep1": {"jsa_encrypted": True}}, jsa_data_ports=data_ports)
        assert plan.accepts("con1", "ep1", "22/tcp")
        assert plan.accepts("ep1", "con1", "22/tcp")
        for port in ("443/tcp", "7800/tcp", "32004/tcp", "32007/tcp", "123/udp", "514/tcp"):
            assert not plan.accepts("ep1", "con1", port), port
            assert plan.accepts("ep2", "con1", port), port
        for port in ("7676/tcp", "32006/tcp", "32011/tcp", "32012/tcp"):
            assert not plan.accepts("con1", "ep1", port), port
        assert plan.accepts("ep1", "con1", "12500/tcp")
        assert not plan.accepts("ep2", "con1", "12500/tcp")
        assert plan.accepts("ep1", "con1", "5000/tcp")
        assert plan.accepts("ep1", "con1", "9381/tcp")

    def test_encrypted_console_tunnels_everything(self) -> None:
        plan = Plan(hosts={"con1": {"jsa_encrypted": True}})
        assert not plan.accepts("ec1", "con1", "443/tcp")
        assert not plan.accepts("con1", "ec1", "7676/tcp")
        assert plan.accepts("ec1", "con1", "12500/tcp")
        assert plan.accepts("ec1", "ep1", "32005/tcp")

    def test_encrypted_app_host_uses_the_other_ports(self) -> None:
        plan = Plan(hosts={"app1": {"jsa_encrypted": True}})
        assert plan.accepts("con1", "app1", "26000/tcp")
        assert plan.accepts("con1", "app1", "26001/tcp")
        assert not plan.accepts("app1", "con1", "26000/tcp")
        assert not plan.accepts("con1", "app1", "9000/tcp")
        assert not plan.accepts("con1", "app1", "14433/tcp")
        assert not plan.accepts("ep1", "con1", "26000/tcp")

    def test_data_nodes_stay_in_the_clear(self) -> None:
        plan = Plan(hosts={"dn1": {"jsa_encrypted": True}})
        assert plan.accepts("ep1", "dn1", "32006/tcp")
        assert plan.accepts("con1", "dn1", "32006/tcp")
        assert plan.accepts("dn1", "con1", "32011/tcp")
        assert not plan.accepts("ep1", "dn1", "32012/tcp")
        assert not plan.accepts("ep1", "dn1", "22/tcp")

    def test_risk_manager_tunnel_only_with_encryption(self) -> None:
        plan = Plan(hosts={"rm1": {"jsa_encrypted": True}})
        assert plan.accepts("con1", "rm1", "8082/tcp")
        assert plan.accepts("rm1", "con1", "8082/tcp")

    def test_log_sources_are_untouched(self) -> None:
        networks = {**NO_NETWORKS, "log_sources": "any"}
        plan = Plan(hosts={"ec1": {"jsa_encrypted": True}}, jsa_networks=networks)
        assert plan.accepts("192.0.2.1", "ec1", "514/udp")
        assert plan.accepts("2001:db8::1", "ec1", "514/udp")

    def test_ssh_between_managed_hosts_only_where_a_tunnel_needs_it(self) -> None:
        plan = Plan(hosts={"ec1": {"jsa_encrypted": True, "jsa_processor": "ep1"}})
        assert plan.accepts("ec1", "ep1", "22/tcp")
        assert plan.accepts("ep1", "ec1", "22/tcp")
        for other in ("ep2", "ec2", "dn1", "app1", "fc1", "fp1", "rm1"):
            assert not plan.accepts("ec1", other, "22/tcp"), other
            assert not plan.accepts(other, "ec1", "22/tcp"), other

    def test_remote_tunnel_initiation_turns_ssh_round(self) -> None:
        dmz = {"jsa_encrypted": True, "jsa_processor": "ep1", "jsa_remote_tunnel_initiation": True}
        plan = Plan(hosts={"ec1": dmz})
        assert plan.accepts("ep1", "ec1", "22/tcp")
        assert not plan.accepts("ec1", "ep1", "22/tcp")
        assert plan.accepts("ec1", "con1", "22/tcp")

    def test_two_hosts_with_remote_tunnel_initiation_do_not_shut_each_other_out(self) -> None:
        both = {"jsa_remote_tunnel_initiation": True}
        plan = Plan(hosts={"ec1": {"jsa_encrypted": True, "jsa_processor": "ep1", **both}, "ep1": both})
        assert plan.accepts("ep1", "ec1", "22/tcp")
        assert plan.accepts("ec1", "ep1", "22/tcp")

    def test_remote_tunnel_initiation_alone_opens_nothing(self) -> None:
        plan = Plan(hosts={"ec1": {"jsa_processor": "ep1", "jsa_remote_tunnel_initiation": True}})
        assert not plan.accepts("ep1", "ec1", "22/tcp")


class TestProcessor:
    """``jsa_processor``: where a collector reports to."""

    def test_narrows_the_listed_ports(self) -> None:
        plan = Plan(hosts={"ec1": {"jsa_processor": "ep1"}}, **LISTED)
        assert plan.accepts("ec1", "ep1", "32005/tcp")
        assert plan.accepts("ec1", "con1", "32004/tcp")
        assert not plan.accepts("ec1", "ep2", "32005/tcp")
        assert not plan.accepts("ep2", "ec1", "32005/tcp")
        assert plan.accepts("ec2", "ep2", "32005/tcp")

    def test_reporting_to_an_ha_pair_is_to_both_nodes(self) -> None:
        pair = {"ep1": {"jsa_ha_peer": "ep2", "jsa_ha_virtual_address": "10.0.0.99"}, "ec1": {"jsa_processor": "ep1"}}
        plan = Plan(hosts=pair, **LISTED)
        assert plan.accepts("ec1", "ep2", "32005/tcp")


class TestHighAvailability:
    """HA pairs count with all three addresses."""

    PAIR = {"con1": "jsa_console", "con2": "", "ep1": "jsa_event_processors"}
    HOSTS = {"con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.99"}}

    def test_three_addresses_as_sources(self) -> None:
        plan = Plan(self.PAIR, self.HOSTS)
        for source in ("con1", "con2", "10.0.0.99"):
            assert plan.accepts(source, "ep1", "22/tcp")
            assert plan.accepts(source, "ep1", "7676/tcp")
        assert not plan.accepts("10.0.0.98", "ep1", "7676/tcp")

    def test_secondary_has_the_primarys_roles(self) -> None:
        plan = Plan(self.PAIR, self.HOSTS)
        assert plan.plan.hosts["con2"].roles == ("console",)
        assert plan.accepts("ep1", "con2", "443/tcp")

    @pytest.mark.parametrize("port", ["22/tcp", "7789/tcp", "7789/udp", "10101/tcp", "10102/tcp", "icmp"])
    def test_between_the_nodes(self, port: str) -> None:
        plan = Plan(self.PAIR, self.HOSTS)
        assert plan.accepts("con1", "con2", port)
        assert plan.accepts("con2", "con1", port)
        assert port == "22/tcp" or not plan.accepts("ep1", "con1", port)


class TestConditions:
    """Features and releases."""

    @pytest.mark.parametrize(
        ("feature", "network", "target", "port"),
        [
            ("snmp_agent", "log_sources", "ec1", "162/udp"),
            ("snmp_agent", "log_sources", "ec1", "199/tcp"),
            ("snmp_agent", "snmp_managers", "con1", "8001/tcp"),
            ("tls_syslog", "log_sources", "ec1", "6514/tcp"),
            ("wincollect", "wincollect_agents", "con1", "8413/tcp"),
            ("wincollect", "wincollect_agents", "con1", "443/tcp"),
            ("wincollect", "wincollect_agents", "ec1", "514/tcp"),
            ("packet_capture", "packet_capture_sources", "ec1", "40799/udp"),
            ("fibre_channel", "users", "dn1", "23333/tcp"),
            ("nfs_export", "users", "con1", "111/udp"),
            ("wincollect", "wincollect_agents", "ec1", "8413/tcp"),
            ("srx_binary_logs", "log_sources", "con1", "40798/udp"),
            ("srx_binary_logs", "log_sources", "ec1", "40798/udp"),
            ("http_receiver", "log_sources", "ep1", "12469/tcp"),
            ("udp_multiline", "log_sources", "ec1", "517/udp"),
            ("json_receiver", "log_sources", "ec1", "5141/tcp"),
            ("dlc", "disconnected_log_collectors", "con1", "32500/tcp"),
            ("dlc", "disconnected_log_collectors", "ec1", "32500/udp"),
            ("dlc", "disconnected_log_collectors", "ep1", "32500/tcp"),
        ],
    )
    def test_feature(self, feature: str, network: str, target: str, port: str) -> None:
        networks = {**NO_NETWORKS, network: ["192.0.2.0/24"]}
        # rpcbind is the one that only a site opens that wants the least sure entries, too.
        settings: dict[str, Any] = {"jsa_networks": networks, "jsa_confidence": ["high", "medium", "low"]}
        without = Plan(**settings)
        assert not without.accepts("192.0.2.7", target, port)
        assert without.refuses(target, port)
        plan = Plan(hosts={target: {"jsa_features": [feature]}}, **settings)
        assert plan.accepts("192.0.2.7", target, port)
        assert not plan.accepts("198.51.100.7", target, port)

    @pytest.mark.parametrize(
        ("release", "open_"), [("7.5.0 UP5", True), ("7.5.0 UP6", False), ("7.5.0 UP8 IF03", False), (None, False)]
    )
    def test_end_of_the_vulnerability_scanner(self, release: str | None, open_: bool) -> None:
        plan = Plan(jsa_release=release, jsa_confidence=["high", "medium", "low"], **LISTED)
        for port in ("9999/tcp", "15433/tcp"):
            assert plan.accepts("vs1", "vp1", port) is open_
            assert plan.accepts("con1", "vp1", port)

    @pytest.mark.parametrize(
        ("release", "open_"), [("2014.5", True), ("2014.6", False), ("7.5.0", False), (None, False)]
    )
    def test_end_of_port_10000(self, release: str | None, open_: bool) -> None:
        plan = Plan(jsa_release=release, jsa_networks={**NO_NETWORKS, "users": ["192.0.2.0/24"]})
        assert plan.accepts("192.0.2.7", "ep1", "10000/tcp") is open_
        assert plan.refuses("ep1", "10000/tcp")

    def test_fips_has_fewer_jmx_ports(self) -> None:
        plan = Plan(hosts={"con1": {"jsa_features": ["fips"]}})
        assert plan.refuses("con1", "7777/tcp")
        assert not plan.refuses("con1", "7787/tcp")
        assert plan.refuses("ep1", "7787/tcp")

    def test_registry_only_with_an_app_host(self) -> None:
        groups = {name: group for name, group in EVERY_ROLE.items() if name != "app1"}
        assert not Plan(groups).accepts("ec1", "con1", "5000/tcp")

    def test_low_confidence_is_closed_until_the_site_opens_it(self) -> None:
        default, wide = Plan(**LISTED), Plan(jsa_confidence=["high", "medium", "low"], **LISTED)
        assert default.plan.confidences == ("high", "medium")
        for source, target, port in [
            ("ep1", "con1", "5432/tcp"),
            ("ep1", "con1", "9913/tcp"),
            ("con1", "rm1", "15432/tcp"),
            ("con1", "vp1", "15433/tcp"),
            ("ec1", "con1", "32009/tcp"),
        ]:
            assert not default.accepts(source, target, port), port
            assert default.refuses(target, port), port
            assert wide.accepts(source, target, port), port
        assert not wide.accepts("con1", "ep1", "5432/tcp")

    def test_confidence(self) -> None:
        plan = Plan(jsa_confidence=["high"], **LISTED)
        assert plan.accepts("ep1", "con1", "443/tcp")
        assert not plan.accepts("ep1", "con1", "9913/tcp")
        assert not plan.accepts("ec1", "con1", "7800/tcp")
        assert plan.refuses("con1", "9913/tcp")


class TestExtraFlows:
    """``jsa_extra_flows``: rows of the site's own."""

    def test_between_roles_and_from_a_network_of_its_own(self) -> None:
        extra = [
            {
                "id": "exporter",
                "ports": ["9100"],
                "protocols": ["tcp"],
                "flows": [{"listeners": ["any_host"], "initiators": ["monitoring", "198.51.100.9"]}],
            },
        ]
        networks = {**NO_NETWORKS, "monitoring": ["192.0.2.0/24"]}
        plan = Plan(jsa_extra_flows=extra, jsa_networks=networks)
        assert plan.accepts("192.0.2.1", "dn1", "9100/tcp")
        assert plan.accepts("198.51.100.9", "dn1", "9100/tcp")
        assert not plan.accepts("198.51.100.8", "dn1", "9100/tcp")
        assert plan.refuses("dn1", "9100/tcp")

    def test_an_impossible_one_is_told_with_the_other_problems(self) -> None:
        extra = [{"id": "x", "ports": ["70000"], "protocols": ["tcp"], "flows": [{"listeners": ["consol"]}]}]
        _topology, problems = read(jsa_extra_flows=extra, jsa_data_ports="some")
        text = "\n".join(problems)
        assert "70000" in text and "consol" in text and "jsa_data_ports" in text


class TestMinimalRules:
    """Few rules, few CIDRs, always the same."""

    def test_addresses_are_collapsed_and_never_the_hosts_own(self) -> None:
        groups = {"con1": "jsa_console", **{f"h{number}": "jsa_data_nodes" for number in range(2, 9)}}
        plan = Plan(groups)
        assert plan.sources("con1", "443") == ["10.0.0.2/31", "10.0.0.4/30", "10.0.0.8/32"]
        for name in groups:
            assert not plan.accepts(name, name, "33000/tcp")

    def test_a_network_of_the_site_is_never_carved_up(self) -> None:
        networks = {**NO_NETWORKS, "admin": ["10.0.0.0/24"]}
        assert Plan(jsa_networks=networks).sources("ep1", "22") == ["10.0.0.0/24"]

    def test_touching_ports_of_one_entry_are_one_rule(self) -> None:
        assert Plan().sources("ep1", "7676-7677") == ["10.0.0.1/32"]

    def test_any_is_both_zero_networks(self) -> None:
        networks = {**NO_NETWORKS, "log_sources": "any"}
        assert Plan(jsa_networks=networks).sources("ec1", "514", "udp") == ["0.0.0.0/0", "::/0"]

    def test_same_to_the_byte_whatever_the_order_of_the_inventory(self) -> None:
        inventory = {name: {"ansible_host": address_of(name), "jsa_networks": NO_NETWORKS} for name in EVERY_ROLE}
        groups = {name: [group] for name, group in EVERY_ROLE.items()}
        texts = set()
        for seed in range(5):
            names = list(inventory)
            random.Random(seed).shuffle(names)
            topology, _problems = read_topology({name: inventory[name] for name in names}, groups)
            texts.add(dump_plan(Planner(topology).plan()))
        assert len(texts) == 1

    def test_labels_stay_when_peers_come_and_go(self) -> None:
        small = Plan({"con1": "jsa_console", "ep1": "jsa_event_processors"}).plan.hosts["con1"].inbound
        groups = {"con1": "jsa_console", "ep1": "jsa_event_processors", "ep2": "jsa_event_processors"}
        large = Plan(groups).plan.hosts["con1"].inbound
        assert [replace(rule, sources=()) for rule in small] == [replace(rule, sources=()) for rule in large]
        assert small != large

    def test_labels_stay_when_a_class_gets_its_first_member(self) -> None:
        groups = {"con1": "jsa_console", "ep1": "jsa_event_processors"}
        before = Plan(groups).plan.hosts["con1"].inbound
        after = Plan({**groups, "fp1": "jsa_flow_processors"}).plan.hosts["con1"].inbound
        labels = {(rule.protocol, rule.ports): rule.source_classes for rule in after}
        for rule in before:
            assert labels[(rule.protocol, rule.ports)] == rule.source_classes


class TestNetworks:
    """A network that is needed and that nobody set."""

    def test_all_missing_ones_at_once_with_an_example(self) -> None:
        topology, problems = read(jsa_networks={"admin": "any"})
        assert problems == []
        with pytest.raises(InputError) as caught:
            Planner(topology).plan()
        text = str(caught.value)
        for name in ("users", "api_clients", "log_sources", "flow_sources", "off_site_sources", "certificate_clients"):
            assert f"jsa_networks.{name} is not set" in text
            assert f"      {name}: " in text
        for name in ("admin", "wincollect_agents", "snmp_managers", "packet_capture_sources"):
            assert f"jsa_networks.{name}" not in text

    def test_a_comparison_with_traffic_goes_without_them_and_lets_nobody_in(self) -> None:
        topology, problems = read(jsa_networks=None)
        plan = Planner(topology).plan(problems, networks_required=False)
        with_nobody = Planner(read(jsa_networks=NO_NETWORKS)[0]).plan()
        assert {name: [rule.sources for rule in host.inbound] for name, host in plan.hosts.items()} == {
            name: [rule.sources for rule in host.inbound] for name, host in with_nobody.hosts.items()
        }
        with pytest.raises(InputError, match=r"ep1\.example"):
            Planner(topology).plan(["ep1.example is no address"], networks_required=False)

    def test_told_together_with_other_problems(self) -> None:
        topology, problems = read(hosts={"ep1": {"ansible_host": "ep1.example"}}, jsa_networks=None)
        with pytest.raises(InputError) as caught:
            Planner(topology).plan(problems)
        assert "ep1: its address is not known" in str(caught.value)
        assert "jsa_networks.log_sources" in str(caught.value)

    @pytest.mark.parametrize("networks", [{**NO_NETWORKS, "users": "10.0.0.5/24"}, ["any"]])
    def test_what_is_set_wrong_is_not_also_missing(self, networks: Any) -> None:
        topology, problems = read(jsa_networks=networks)
        with pytest.raises(InputError) as caught:
            Planner(topology).plan(problems)
        assert len(problems) == 1 and caught.value.problems == problems

    def test_a_network_without_its_feature_is_warned_of(self) -> None:
        networks = {**NO_NETWORKS, "admin": "any", "wincollect_agents": ["192.0.2.0/24"]}
        (warning,) = [text for text in planner(jsa_networks=networks).plan().warnings if "jsa_networks" in text]
        assert "wincollect_agents" in warning and "jsa_features" in warning

    def test_flow_sources_of_a_console_that_collects_itself(self) -> None:
        networks = {**NO_NETWORKS, "admin": "any", "flow_sources": ["192.0.2.0/24"]}
        (warning,) = planner({"con1": "jsa_console"}, jsa_networks=networks).plan().warnings
        assert "no host is flow_collector or flow_processor" in warning and "jsa_all_in_one" in warning
        assert planner({"con1": "jsa_all_in_one"}, jsa_networks=networks).plan().warnings == ()


class TestListeners:
    """What a host is expected to listen on."""

    def test_network_and_loopback(self) -> None:
        plan = Plan(jsa_confidence=["high", "medium", "low"])
        items = {item.id: item for item in plan.plan.hosts["con1"].listeners or ()}
        assert items["tomcat_http"].bind == "loopback"
        assert items["tomcat_http"].source_classes == ()
        assert items["https"].bind == "network" and items["https"].required
        assert not items["data_range"].required
        assert not items["rmi"].required

    def test_nothing_is_expected_whose_condition_is_not_met(self) -> None:
        ids = {item.id for item in Plan().plan.hosts["con1"].listeners or ()}
        assert ids.isdisjoint({"snmp_trap", "syslog_tls", "webmin", "wincollect_cfg", "socat_ntp", "drbd"})

    def test_random_ports_are_dynamic_not_open(self) -> None:
        host = Plan(**LISTED).plan.hosts["ep1"]
        (item,) = host.dynamic
        assert (item.id, item.discovery, item.sources) == ("imq_dynamic", "imq_port_mapper", ("10.0.0.1/32",))
        assert not any("imq_dynamic" in rule.why for rule in host.inbound)


def test_what_the_firewall_has_to_know_is_in_the_plan_of_each_host() -> None:
    hosts = {"ep1": {"jsa_firewall_unlisted": "drop"}, "ec1": {"jsa_firewall_management_addresses": []}}
    plan = Plan(hosts=hosts, jsa_firewall_management_addresses=["192.0.2.7", "2001:db8::/64", "10.1.0.0/16"]).plan
    assert {name: host.unlisted for name, host in plan.hosts.items() if host.unlisted != "zone"} == {"ep1": "drop"}
    assert plan.hosts["con1"].management_addresses == ("10.1.0.0/16", "192.0.2.7/32", "2001:db8::/64")
    assert plan.hosts["ec1"].management_addresses == ()


def test_hosts_of_one_kind_share_what_they_have_in_common() -> None:
    """A plan of a thousand hosts holds, and writes, each list once."""
    hosts = Plan().plan.hosts
    assert hosts["ec1"].refused is hosts["ec2"].refused
    assert hosts["ec1"].listeners is hosts["ec2"].listeners
    written = Plan().plan.as_dict()["hosts"]
    assert written["ec1"]["listeners"] is written["ec2"]["listeners"]

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who gets in and who does not, where Juniper's and IBM's pages say more than the rows of the port tables."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import EVERY_ROLE, NO_NETWORKS, Plan

LISTED = {"jsa_data_ports": "listed"}
NET, INSIDE, OUTSIDE = "192.0.2.0/24", "192.0.2.7", "198.51.100.7"


def with_network(name: str, **more: Any) -> dict[str, Any]:
    return {"jsa_networks": {**NO_NETWORKS, name: [NET]}, **more}


class TestAppHost:
    """The page about app hosts: both directions, with and without encryption."""

    @pytest.mark.parametrize("encrypted", ["app1", "con1", None])
    def test_the_console_is_reached_whatever_is_encrypted(self, encrypted: str | None) -> None:
        plan = Plan(hosts={encrypted: {"jsa_encrypted": True}} if encrypted else {}, **LISTED)
        for port in ("443/tcp", "514/tcp", "514/udp", "5000/tcp"):
            assert plan.accepts("app1", "con1", port), port
            assert not plan.accepts("con1", "app1", port), port
            # Of no other host a tunnel takes away less than before.
            if port != "5000/tcp":
                assert plan.accepts("ec1", "con1", port) is (encrypted != "con1"), port

    def test_another_encrypted_host_still_has_its_tunnel(self) -> None:
        plan = Plan(hosts={"ep1": {"jsa_encrypted": True}}, **LISTED)
        for port in ("443/tcp", "514/tcp", "514/udp"):
            assert not plan.accepts("ep1", "con1", port), port

    @pytest.mark.parametrize(
        ("encrypted", "opened", "closed"),
        [
            (False, ("9000/tcp", "14433/tcp"), ("26000/tcp", "26001/tcp")),
            (True, ("26000/tcp", "26001/tcp"), ("9000/tcp", "14433/tcp")),
        ],
    )
    def test_from_the_console_only(self, encrypted: bool, opened: tuple[str, ...], closed: tuple[str, ...]) -> None:
        plan = Plan(hosts={"app1": {"jsa_encrypted": encrypted}}, jsa_confidence="high", **LISTED)
        for port in opened:
            assert plan.accepts("con1", "app1", port), port
        for port in closed:
            assert not plan.accepts("con1", "app1", port), port
            assert plan.refuses("app1", port), port
        for port in (*opened, *closed):
            assert not plan.accepts("app1", "con1", port), port
            assert not plan.accepts("ep1", "app1", port), port

    def test_containers_are_nobodys_to_contact(self) -> None:
        plan = Plan(**LISTED)
        for port in ("32768/tcp", "45000/tcp", "60999/tcp"):
            assert not plan.accepts("con1", "app1", port)
            assert not plan.accepts("app1", "con1", port)


def test_off_site_sources_send_events_and_flows_to_event_collectors() -> None:
    plan = Plan(**with_network("off_site_sources"), **LISTED)
    for target in ("con1", "ec1", "ep1"):
        for port in ("32000/tcp", "32004/tcp"):
            assert plan.accepts(INSIDE, target, port), (target, port)
            assert not plan.accepts(OUTSIDE, target, port), (target, port)
    for target in ("dn1", "app1", "fc1"):
        assert not plan.accepts(INSIDE, target, "32000/tcp"), target
    # Hosts of the deployment itself send no flows to a collector.
    assert not plan.accepts("ep1", "ec1", "32000/tcp")


class TestDataNodes:
    GROUPS = {**EVERY_ROLE, "dn2": "jsa_data_nodes", "dn3": "jsa_data_nodes"}
    PORTS = ("32006/tcp", "32011/tcp")

    def test_of_one_processor_in_any_direction_and_of_two_not_at_all(self) -> None:
        reports = {"dn1": "ep1", "dn2": "ep1", "dn3": "ep2"}
        hosts = {name: {"jsa_processor": processor} for name, processor in reports.items()}
        plan = Plan(self.GROUPS, hosts, **LISTED)
        for port in self.PORTS:
            assert plan.accepts("dn1", "dn2", port) and plan.accepts("dn2", "dn1", port)
            for other in ("dn1", "dn2"):
                assert not plan.accepts(other, "dn3", port)
                assert not plan.accepts("dn3", other, port)
            # And their processor with them, but not the other one.
            assert plan.accepts("ep1", "dn1", port) and plan.accepts("dn1", "ep1", port)
            assert not plan.accepts("ep2", "dn1", port) and not plan.accepts("dn1", "ep2", port)
            assert plan.accepts("con1", "dn1", port) and plan.accepts("dn1", "con1", port)
            assert not plan.accepts("ec1", "dn1", port) and not plan.accepts("app1", "dn1", port)

    def test_reporting_to_either_node_of_a_pair_is_the_same(self) -> None:
        hosts = {
            "ep1": {"jsa_ha_peer": "ep2", "jsa_ha_virtual_address": "10.0.0.99"},
            "dn1": {"jsa_processor": "ep1"},
            "dn2": {"jsa_processor": "ep2"},
        }
        plan = Plan(self.GROUPS, hosts, **LISTED)
        assert plan.accepts("dn1", "dn2", "32006/tcp") and plan.accepts("dn2", "dn1", "32006/tcp")
        assert not plan.accepts("dn1", "dn3", "32006/tcp")

    def test_where_nobody_says_who_reports_to_whom(self) -> None:
        plan = Plan(self.GROUPS, **LISTED)
        assert plan.accepts("dn1", "dn2", "32006/tcp") and plan.accepts("dn3", "dn1", "32011/tcp")

    def test_encryption_does_not_matter(self) -> None:
        plan = Plan(self.GROUPS, {"dn1": {"jsa_encrypted": True}}, **LISTED)
        assert plan.accepts("dn1", "dn2", "32006/tcp") and plan.accepts("dn2", "dn1", "32011/tcp")
        assert not plan.accepts("dn1", "dn2", "22/tcp")


def test_an_all_in_one_console_takes_in_logs_and_flows() -> None:
    groups = {"aio": "jsa_all_in_one", "dn1": "jsa_data_nodes"}
    networks = {**NO_NETWORKS, "flow_sources": [NET], "log_sources": ["203.0.113.0/24"]}
    plan = Plan(groups, jsa_networks=networks)
    roles = {"console", "event_collector", "event_processor", "flow_collector", "flow_processor"}
    assert set(plan.plan.hosts["aio"].roles) == roles
    for port in ("2055/udp", "9995/udp"):
        assert plan.accepts(INSIDE, "aio", port)
        assert not plan.accepts("203.0.113.7", "aio", port)
    assert plan.accepts("203.0.113.7", "aio", "514/udp")
    assert not plan.accepts(INSIDE, "aio", "514/udp")
    assert plan.accepts("dn1", "aio", "443/tcp") and plan.accepts("aio", "dn1", "32006/tcp")
    console = Plan({"con1": "jsa_console"}, jsa_networks=networks)
    assert not console.accepts(INSIDE, "con1", "2055/udp")


class TestWinCollect:
    def test_agents_send_over_tls_where_the_host_receives_it(self) -> None:
        own = with_network("wincollect_agents", jsa_features=["tls_syslog", "wincollect"])
        for target in ("con1", "ec1", "ep1"):
            assert Plan(**own).accepts(INSIDE, target, "6514/tcp"), target
            assert not Plan(**own).accepts(OUTSIDE, target, "6514/tcp"), target
        for features in (["tls_syslog"], ["wincollect"]):
            plan = Plan(**with_network("wincollect_agents", jsa_features=features))
            assert not plan.accepts(INSIDE, "ec1", "6514/tcp"), features

    def test_agents_fetch_their_configuration_from_collectors_too(self) -> None:
        own = with_network("wincollect_agents", jsa_features=["wincollect"])
        for target in ("con1", "ec1", "ep1"):
            assert Plan(**own).accepts(INSIDE, target, "8413/tcp"), target
            assert not Plan(**own).accepts(OUTSIDE, target, "8413/tcp"), target
            assert not Plan(**with_network("wincollect_agents")).accepts(INSIDE, target, "8413/tcp"), target
        assert not Plan(**own).accepts(INSIDE, "dn1", "8413/tcp")
        # Collectors are an inference of medium confidence, the console is none.
        sure = Plan(**own, jsa_confidence="high")
        assert sure.accepts(INSIDE, "con1", "8413/tcp")
        assert not sure.accepts(INSIDE, "ec1", "8413/tcp")


def test_snmp_managers_get_in_only_with_the_feature() -> None:
    own = with_network("snmp_managers", hosts={"con1": {"jsa_features": ["snmp_agent"]}})
    assert Plan(**own).accepts(INSIDE, "con1", "8001/tcp")
    assert not Plan(**own).accepts(OUTSIDE, "con1", "8001/tcp")
    assert not Plan(**with_network("snmp_managers")).accepts(INSIDE, "con1", "8001/tcp")


def test_disconnected_log_collectors_have_a_network_of_their_own() -> None:
    own = with_network("disconnected_log_collectors", jsa_features=["dlc"])
    for data_ports in ("paired", "range", "listed"):
        plan = Plan(**own, jsa_data_ports=data_ports)
        for port in ("32500/tcp", "32500/udp"):
            for target in ("con1", "ec1", "ep1"):
                assert plan.accepts(INSIDE, target, port), (data_ports, target, port)
                assert not plan.accepts(OUTSIDE, target, port), (data_ports, target, port)
            assert not plan.accepts(INSIDE, "dn1", port)
        assert not plan.accepts(INSIDE, "ec1", "32501/tcp")
    log_sources = Plan(jsa_networks={**NO_NETWORKS, "log_sources": [NET]}, jsa_features=["dlc"])
    assert not log_sources.accepts(INSIDE, "ec1", "32500/tcp")


class TestCrossover:
    """The link between the nodes of an HA pair."""

    GROUPS = {"con1": "jsa_console", "con2": "", "ep1": "jsa_event_processors", "ep2": "jsa_event_processors"}
    HOSTS = {
        "con1": {
            "jsa_ha_peer": "con2",
            "jsa_ha_virtual_address": "10.0.0.99",
            "jsa_ha_crossover_address": "192.168.7.1",
        },
        "con2": {"jsa_ha_crossover_address": ["192.168.7.2", "fd07::2"]},
    }

    @pytest.mark.parametrize("port", ["22/tcp", "7789/tcp", "7789/udp", "10101/tcp", "10102/tcp", "icmp"])
    def test_each_node_lets_the_other_in_from_it(self, port: str) -> None:
        plan = Plan(self.GROUPS, self.HOSTS)
        assert plan.accepts("192.168.7.2", "con1", port) and plan.accepts("fd07::2", "con1", port)
        assert plan.accepts("192.168.7.1", "con2", port)
        # The ways over the network stay.
        assert plan.accepts("con2", "con1", port) and plan.accepts("con1", "con2", port)
        # Nobody's own, and nobody else's.
        assert not plan.accepts("192.168.7.1", "con1", port)
        assert not plan.accepts("192.168.7.3", "con1", port)

    def test_it_is_no_source_for_anybody_else_and_for_nothing_else(self) -> None:
        plan = Plan(self.GROUPS, self.HOSTS)
        for name in ("ep1", "ep2"):
            for rule in plan.plan.hosts[name].inbound:
                assert not any(cidr.startswith(("192.168.", "fd07")) for cidr in rule.sources), rule
        for port in ("443/tcp", "514/tcp", "32012/tcp", "9381/tcp"):
            assert not plan.accepts("192.168.7.2", "con1", port), port

    def test_a_wider_rule_for_the_same_peer_does_not_swallow_it(self) -> None:
        wide = {
            "id": "wide",
            "ports": ["1-1000"],
            "protocols": ["tcp"],
            "flows": [{"listeners": ["console"], "initiators": ["any_host"]}],
        }
        plan = Plan(self.GROUPS, self.HOSTS, jsa_extra_flows=[wide])
        assert plan.accepts("192.168.7.2", "con1", "22/tcp")
        assert not plan.accepts("192.168.7.2", "con1", "443/tcp")

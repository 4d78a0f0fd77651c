# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is suggested: the right names, nothing that opens a door to whoever knocks, and enough of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import Suggestions
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.networks import Widening
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.suggested_inventory import suggested_inventory
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import (
    EVERY_ROLE,
    NO_NETWORKS,
    address_of,
    planner,
)
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.recorded import (
    connection,
    contact,
    learned,
    record,
)

FIRST = planner(jsa_networks=None)
CON1, EC1, EP1, EP2, DN1 = (address_of(name) for name in ("con1", "ec1", "ep1", "ep2", "dn1"))


def suggest(
    results: dict[str, list[dict[str, Any]]], asked: Planner = FIRST, widening: Widening | None = None
) -> Suggestions:
    records = {name: record(*inbound) for name, inbound in results.items()}
    return learned(asked, records, widening).suggestions


class TestNetworks:
    def test_by_the_port_of_each(self) -> None:
        found = suggest(
            {
                "con1": [contact("192.0.2.9", "22/tcp"), contact("192.0.2.99", "443/tcp", 40)],
                "ec1": [
                    contact("10.1.0.4", "514/udp"),
                    contact("10.1.0.5", "514/tcp"),
                    contact("2001:db8::1", "514/tcp"),
                ],
                "fc1": [contact("10.2.0.1", "2055/udp")],
            }
        )
        assert found.jsa_networks == {
            "admin": ("192.0.2.9/32",),
            "users": ("192.0.2.99/32",),
            "api_clients": (),
            "log_sources": ("10.1.0.4/31", "2001:db8::1/128"),
            "flow_sources": ("10.2.0.1/32",),
            "off_site_sources": (),
            "certificate_clients": (),
        }
        seen = found.seen["log_sources"]
        assert seen.ports == ("514/tcp", "514/udp") and not seen.is_set
        assert [(one.cidr, one.peers, one.connections) for one in seen.seen] == [
            ("10.1.0.4/31", 2, 6),
            ("2001:db8::1/128", 1, 3),
        ]
        assert any("users and api_clients" in note for note in found.notes)

    def test_another_port_tells_who_somebody_is(self) -> None:
        agent, source = "10.1.0.4", "10.1.0.9"
        found = suggest(
            {
                "con1": [contact(agent, "8413/tcp"), contact(agent, "443/tcp")],
                "ec1": [contact(agent, "514/tcp"), contact(source, "514/tcp")],
            }
        )
        assert found.jsa_networks["wincollect_agents"] == ("10.1.0.4/32",)
        assert found.jsa_networks["log_sources"] == ("10.1.0.9/32",) and found.jsa_networks["users"] == ()
        assert found.jsa_features == {"con1": ("wincollect",), "ec1": ("wincollect",)}

    def test_rounded_where_several_are_and_no_host_of_ours(self) -> None:
        sources = [contact(f"10.1.0.{number}", "514/udp") for number in (4, 200)]
        ours = [contact(f"10.0.0.{number}", "514/udp") for number in (100, 200)]
        found = suggest({"ec1": [*sources, *ours]}, widening=Widening(24, 64))
        assert found.jsa_networks["log_sources"] == ("10.0.0.100/32", "10.0.0.200/32", "10.1.0.0/24")

    def test_what_is_set_stays_and_is_not_extended_by_whoever_knocks(self) -> None:
        asked = planner(jsa_networks={**NO_NETWORKS, "log_sources": ["10.1.0.0/16"], "users": "any"})
        found = suggest({"ec1": [contact("10.1.0.4", "514/udp"), contact("203.0.113.9", "514/udp")]}, asked)
        assert found.jsa_networks["log_sources"] == ("10.1.0.0/16",)
        assert found.jsa_networks["users"] == ("0.0.0.0/0", "::/0")
        assert [one.cidr for one in found.seen["log_sources"].outside] == ["203.0.113.9/32"]
        text = suggested_inventory(found)
        assert '    # - "203.0.113.9/32"  # 1 address, 3 connections' in text
        assert yaml.safe_load(text)["all"]["vars"]["jsa_networks"]["log_sources"] == ["10.1.0.0/16"]
        assert yaml.safe_load(text)["all"]["vars"]["jsa_networks"]["users"] == "any"

    def test_ports_on_which_nobody_answers_are_no_reason(self) -> None:
        scan = [contact("203.0.113.9", port, 1, None) for port in ("514/tcp", "6514/tcp", "8413/tcp")]
        found = suggest({"ec1": [contact("10.1.0.4", "514/udp"), *scan]})
        assert found.jsa_networks["log_sources"] == ("10.1.0.4/32",) and found.jsa_features == {}

    def test_where_no_process_can_be_seen_all_count(self) -> None:
        found = suggest({"ec1": [contact("10.1.0.4", "514/udp", process=None)]})
        assert found.jsa_networks["log_sources"] == ("10.1.0.4/32",)

    def test_who_is_connected_counts_though_the_process_is_not_known(self) -> None:
        row = contact("10.1.0.4", "514/tcp", process=None)
        of_others = contact("10.1.0.9", "22/tcp")
        found = learned(FIRST, {"ec1": record(row, of_others, established=[connection("10.1.0.4", "514/tcp")])})
        assert found.suggestions.jsa_networks["log_sources"] == ("10.1.0.4/32",)

    def test_link_local_addresses_mean_nothing_elsewhere(self) -> None:
        assert suggest({"ec1": [contact("fe80::5", "514/udp")]}).jsa_networks["log_sources"] == ()

    def test_of_what_a_restricted_host_contacts(self) -> None:
        asked = planner(hosts={"con1": {"jsa_firewall_restrict_outbound": True}})
        out = [contact("198.51.100.1", "123/udp", process=None), contact("198.51.100.2", "25/tcp", process=None)]
        found = learned(asked, {"con1": record(outbound=out)}).suggestions
        assert found.jsa_networks["ntp_servers"] == ("198.51.100.1/32",)
        assert found.jsa_networks["smtp_gateways"] == ("198.51.100.2/32",)
        assert found.jsa_features == {"con1": ("email",)}


class TestFeatures:
    @pytest.mark.parametrize(
        ("host", "socket", "feature", "network"),
        [
            ("ec1", "6514/tcp", "tls_syslog", "log_sources"),
            ("ec1", "162/udp", "snmp_agent", "log_sources"),
            ("con1", "8001/tcp", "snmp_agent", "snmp_managers"),
            ("con1", "8413/tcp", "wincollect", "wincollect_agents"),
            ("ep1", "40799/udp", "packet_capture", "packet_capture_sources"),
        ],
    )
    def test_by_its_port(self, host: str, socket: str, feature: str, network: str) -> None:
        found = suggest({host: [contact("10.1.0.4", socket)]})
        assert found.jsa_features == {host: (feature,)} and found.jsa_networks[network] == ("10.1.0.4/32",)
        assert f"{host} needs the feature {feature}, by its traffic on {socket}" in found.notes

    def test_those_that_are_set_stay(self) -> None:
        asked = planner(hosts={"ec1": {"jsa_features": ["tls_syslog"]}}, jsa_networks=None)
        found = suggest({"ec1": [contact("10.1.0.4", "162/udp")]}, asked)
        assert found.jsa_features == {"ec1": ("snmp_agent", "tls_syslog")}

    def test_traffic_between_hosts_implies_some_too(self) -> None:
        assert suggest({"con1": [contact(EC1, "162/udp")]}).jsa_features == {"con1": ("snmp_agent",)}

    def test_what_a_feature_needs_besides_is_set(self) -> None:
        assert suggest({"con1": [contact("10.1.0.4", "162/udp")]}).jsa_networks["snmp_managers"] == ()


class TestLinks:
    def test_of_collectors_and_data_nodes(self) -> None:
        found = suggest(
            {"ep1": [contact(EC1, "32004/tcp"), contact(DN1, "32006/tcp")], "con1": [contact(EC1, "32004/tcp")]}
        )
        assert found.jsa_processor == {"dn1": "ep1", "ec1": "ep1"}

    def test_of_two_processors_a_person_decides(self) -> None:
        found = suggest({"ep1": [contact(EC1, "32004/tcp")], "ep2": [contact(EC1, "32004/tcp")]})
        assert found.jsa_processor == {}
        assert "ec1 exchanges data with ep1 and ep2: its jsa_processor is not clear" in found.notes

    def test_who_has_one_keeps_it(self) -> None:
        asked = planner(hosts={"ec1": {"jsa_processor": "ep1"}})
        assert suggest({"ep2": [contact(EC1, "32004/tcp")]}, asked).jsa_processor == {}


class TestOwnFlows:
    def test_of_ports_that_nobody_lists(self) -> None:
        found = suggest({"ec1": [contact("10.9.0.1", "9100/tcp", process="node_exporter")]})
        (flow,) = found.jsa_extra_flows
        assert flow.id == "learned_tcp_9100" and flow.service == "node_exporter" and flow.ports == ("9100",)
        assert flow.flows[0].listeners == ("event_collector",) and flow.flows[0].initiators == ("learned_tcp_9100",)
        assert found.jsa_networks["learned_tcp_9100"] == ("10.9.0.1/32",)
        assert any("also opens 9100/tcp on" in note and "ec2" in note for note in found.notes)

    def test_on_all_hosts(self) -> None:
        found = suggest({name: [contact("10.9.0.1", "9100/tcp")] for name in EVERY_ROLE})
        assert found.jsa_extra_flows[0].flows[0].listeners == ("any_host",)

    def test_a_second_one_gets_another_name(self) -> None:
        own = [
            {
                "id": "learned_tcp_9100",
                "protocols": ["tcp"],
                "ports": ["9100"],
                "flows": [{"listeners": ["event_collector"], "initiators": ["10.9.0.1"]}],
            }
        ]
        asked = planner(jsa_extra_flows=own)
        found = suggest({"dn1": [contact("10.9.0.1", "9100/tcp")]}, asked)
        assert [flow.id for flow in found.jsa_extra_flows] == ["learned_tcp_9100_2"]

    def test_ports_of_the_deployment_alone_are_never_suggested(self) -> None:
        found = suggest({"ep1": [contact("203.0.113.9", "5432/tcp")]})
        assert found.jsa_extra_flows == () and "203.0.113.9/32" not in str(found.jsa_networks)
        (note,) = found.notes
        assert "203.0.113.9 contacted 5432/tcp" in note and "nothing is suggested" in note

    def test_netflow_to_a_console_that_is_no_flow_collector(self) -> None:
        found = suggest({"con1": [contact("10.2.0.1", "2055/udp")]})
        assert found.jsa_extra_flows == () and any("jsa_all_in_one" in note for note in found.notes)

    def test_ports_that_a_broker_has_chosen(self) -> None:
        found = suggest({"ep1": [contact(CON1, "45001/tcp")]})
        assert found.jsa_extra_flows == ()
        assert any("45001/tcp" in note and "jsa_dynamic_ports to discovered" in note for note in found.notes)


def pasted(asked: Planner, suggestions: Suggestions) -> Planner:
    """What the plan is made of with all that is suggested, out of the file that is written for it."""
    document = yaml.safe_load(suggested_inventory(suggestions))["all"]
    hosts = document.get("hosts", {})
    variables = {name: dict(one) for name, one in hosts.items()}
    return planner(hosts=variables, **document["vars"])


#: Who uses a port legitimately, by the catalog: host, port.
LEGITIMATE = st.sampled_from(
    [
        ("con1", "443/tcp"),
        ("con1", "22/tcp"),
        ("con1", "9381/tcp"),
        ("con1", "8001/tcp"),
        ("con1", "8413/tcp"),
        ("ec1", "514/udp"),
        ("ec1", "514/tcp"),
        ("ec2", "6514/tcp"),
        ("ep1", "162/udp"),
        ("ep2", "40799/udp"),
        ("ep1", "32004/tcp"),
        ("fc1", "2055/udp"),
        ("fp1", "9995/udp"),
        ("dn1", "9100/tcp"),
        ("app1", "8888/udp"),
        ("rm1", "22/tcp"),
    ]
)
SOURCES = st.one_of(
    st.integers(1, 40).map(lambda number: f"10.1.0.{number}"),
    st.integers(1, 40).map(lambda number: f"2001:db8::{number:x}"),
    st.sampled_from(["203.0.113.1", "10.0.0.99"]),
)


@given(st.lists(st.tuples(LEGITIMATE, SOURCES), min_size=1, max_size=12), st.booleans())
def test_nobody_who_was_seen_is_cut_off_once_the_suggestion_is_pasted(
    contacts: list[tuple[tuple[str, str], str]], rounded: bool
) -> None:
    results: dict[str, list[dict[str, Any]]] = {}
    for (host, socket), source in contacts:
        rows = results.setdefault(host, [])
        if all(row != contact(source, socket) for row in rows):
            rows.append(contact(source, socket))
    suggestions = suggest(results, widening=Widening(24, 64) if rounded else None)
    asked = pasted(FIRST, suggestions)
    # With all networks set: the plan that is applied.
    asked.plan()
    for name, one in learned(asked, {name: record(*rows) for name, rows in results.items()}).hosts.items():
        assert one.cut_off == (), (name, one.cut_off)
        assert one.left_to_zones == ()


def test_the_file_can_be_read_whatever_a_process_is_called() -> None:
    names = ["yes", "a: b", '"', "{{ x }}", "# no", "\n- x", "é\u202e", "%YAML"]
    results = {"ec1": [contact("10.9.0.1", f"{9100 + number}/tcp", process=name) for number, name in enumerate(names)]}
    suggestions = suggest(results)
    document = yaml.safe_load(suggested_inventory(suggestions))
    flows = document["all"]["vars"]["jsa_extra_flows"]
    assert [flow["service"] for flow in flows] == [flow.service for flow in suggestions.jsa_extra_flows]
    assert all("{{" not in flow["service"] for flow in flows) and flows[0]["service"] == "yes"


def test_where_nothing_is_new_it_says_so() -> None:
    nothing = replace(suggest({}), jsa_networks={}, notes=())
    assert suggested_inventory(nothing) == "# The inventory has everything that was seen.\n"

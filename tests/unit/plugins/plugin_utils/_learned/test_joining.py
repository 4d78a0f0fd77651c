# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the plan would cut off, what it accepts and what nobody uses, out of what was recorded."""

from __future__ import annotations

import ipaddress
import json

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import HostLearned, Learned
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import InboundRule, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.learned_table import learned_table
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import DESTINATION_NETWORKS
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import (
    EVERY_ROLE,
    NO_NETWORKS,
    address_of,
    planner,
)
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.recorded import (
    TIME,
    connection,
    contact,
    learned,
    record,
)

SCHEMA = json.loads((Path(__file__).parents[5] / "docs" / "learned.schema.json").read_text())

NETWORKS = {**NO_NETWORKS, "admin": ["192.0.2.0/28"], "users": ["192.0.2.0/24"], "log_sources": ["10.1.0.0/16"]}
PLANNER = planner(jsa_networks=NETWORKS)
EC1, EP1, CON1 = address_of("ec1"), address_of("ep1"), address_of("con1")


def host(name: str, *inbound: dict[str, Any], asked: Planner = PLANNER, **more: Any) -> HostLearned:
    return learned(asked, {name: record(*inbound, **more)}).hosts[name]


def test_a_host_behind_nat_is_known_by_its_public_address() -> None:
    behind = {"jsa_address": "10.2.0.31", "jsa_public_address": "203.0.113.31", "jsa_nat_group": "branch"}
    asked = planner({"con1": "jsa_console", "ep1": "jsa_event_processors"}, {"ep1": behind}, jsa_networks=NETWORKS)
    found = host("con1", contact("203.0.113.31", "443/tcp"), contact("203.0.113.31", "9999/tcp"), asked=asked)
    assert [row.source for row in found.planned_seen] == ["ep1"]
    assert [(row.source, row.port) for row in (*found.cut_off, *found.left_to_zones)] == [("ep1", 9999)]


class TestWhatWouldBeCutOff:
    def test_a_stranger_and_why(self) -> None:
        (row,) = host("con1", contact("203.0.113.9", "443/tcp", 7)).cut_off
        assert (row.source, row.target, row.protocol, row.port) == ("203.0.113.9", "con1", "tcp", 443)
        assert (row.kind, row.connections, row.last_seen, row.process) == ("address", 7, TIME, "service")
        assert row.service == "Apache HTTPS"
        assert row.why[0].startswith("https (Apache HTTPS): it is open only to managed_host, app_host, users, ")
        assert "this address is not one of them" in row.why[0]

    def test_names_of_hosts_and_networks(self) -> None:
        found = host("ec1", contact(EP1, "8000/tcp"), contact("192.0.2.3", "514/udp"), contact("192.0.2.99", "514/udp"))
        rows = {(row.source, row.kind, row.port) for row in found.cut_off}
        assert {("admin", "network", 514), ("users", "network", 514)} <= rows

    def test_a_host_of_the_deployment_is_told_why(self) -> None:
        (row,) = host("ep1", contact(address_of("app1"), "32012/tcp")).cut_off
        assert row.source == "app1" and row.kind == "host"
        assert "app1 and ep1 exchange none of the listed data, and jsa_data_ports is paired" in row.why[0]

    def test_a_feature_that_is_missing(self) -> None:
        (row,) = host("ec1", contact("10.1.0.5", "6514/tcp")).cut_off
        assert row.source == "log_sources" and "ec1 does not have the feature tls_syslog" in row.why[0]

    def test_who_is_open_now_comes_first(self) -> None:
        found = host(
            "con1",
            contact("203.0.113.1", "443/tcp", 900),
            contact("203.0.113.2", "22/tcp", 1),
            established=[connection("203.0.113.2", "22/tcp")],
        )
        assert [(row.port, row.open_now) for row in found.cut_off] == [(22, True), (443, False)]
        assert "accepted all the same" in found.cut_off[0].why[-1]

    def test_a_connection_from_before_the_record_began(self) -> None:
        (row,) = host("con1", established=[connection("203.0.113.2", "443/tcp")]).cut_off
        assert row.open_now and row.connections is None and row.last_seen is None

    def test_strangers_of_one_network_are_one_line_with_all_addresses(self) -> None:
        strangers = [contact(f"203.0.113.{number}", "514/tcp", 2) for number in (4, 5, 6, 7, 200)]
        (row,) = host("ec1", *strangers).cut_off
        assert row.source == "203.0.113.0/24" and row.peers == 5 and row.connections == 10
        assert row.addresses == ("203.0.113.4/30", "203.0.113.200/32")

    def test_ipv6(self) -> None:
        (row,) = host("con1", contact("2001:db8::9", "443/tcp")).cut_off
        assert row.source == "2001:db8::9" and row.addresses == ("2001:db8::9/128",)

    @pytest.mark.parametrize("unlisted", ["reject", "drop"])
    def test_ports_that_nobody_lists_where_they_are_closed(self, unlisted: str) -> None:
        asked = planner(hosts={"ec1": {"jsa_firewall_unlisted": unlisted}}, jsa_networks=NETWORKS)
        (row,) = host("ec1", contact("10.1.0.5", "9100/tcp"), asked=asked).cut_off
        assert row.why[0].startswith("not in the catalog for this host") and "jsa_firewall_unlisted" in row.why[0]

    def test_ports_that_nobody_lists_are_left_to_the_zones_else(self) -> None:
        found = host("ec1", contact("10.1.0.5", "9100/tcp", process="node_exporter"))
        assert found.cut_off == () and [row.process for row in found.left_to_zones] == ["node_exporter"]

    def test_a_management_address_is_accepted(self) -> None:
        asked = planner(hosts={"ec1": {"jsa_firewall_management_addresses": ["203.0.113.0/24"]}}, jsa_networks=NETWORKS)
        found = host("ec1", contact("203.0.113.9", "22/tcp"), contact("203.0.113.9", "514/tcp"), asked=asked)
        assert [row.port for row in found.cut_off] == [514]
        assert [(row.port, row.entries) for row in found.planned_seen] == [(22, ())]

    def test_what_is_no_matter_of_the_plan(self) -> None:
        own = [contact(EC1, "5432/tcp"), contact("127.0.0.1", "5432/tcp"), contact("::1", "5432/tcp")]
        found = host("ec1", *own, contact("10.1.0.1", "68/udp"), contact("fe80::1", "546/udp"))
        assert found.cut_off == found.left_to_zones == found.planned_seen == ()


class TestOutbound:
    ASKED = planner(
        hosts={"con1": {"jsa_firewall_restrict_outbound": True}},
        jsa_networks={**NETWORKS, "ntp_servers": ["198.51.100.0/24"]},
    )

    def test_what_a_restricted_host_may_not_contact(self) -> None:
        out = [contact("198.51.100.1", "123/udp"), contact("203.0.113.1", "123/udp"), contact(EP1, "32006/tcp")]
        found = host("con1", asked=self.ASKED, outbound=[*out, contact("203.0.113.2", "53/udp")])
        (row,) = found.cut_off
        assert (row.source, row.target, row.direction) == ("con1", "203.0.113.1", "out")
        assert any("jsa_networks.ntp_servers does not contain 203.0.113.1" in reason for reason in row.why)
        assert {row.target for row in found.planned_seen} == {"ntp_servers", "ep1", "203.0.113.2"}

    def test_all_others_may_contact_everyone(self) -> None:
        found = host("ec1", asked=self.ASKED, outbound=[contact("203.0.113.1", "123/udp")])
        assert found.cut_off == found.planned_seen == ()


class TestWhatIsPlanned:
    def test_seen(self) -> None:
        found = host("ec1", contact("10.1.0.5", "514/udp", 5), contact("10.1.9.9", "514/udp", None))
        (row,) = found.planned_seen
        assert (row.source, row.kind, row.peers, row.connections) == ("log_sources", "network", 2, 5)
        assert row.entries == ("syslog",)

    def test_never_seen(self) -> None:
        found = host("ec1", contact("10.1.0.5", "514/udp"), contact(CON1, "22/tcp"))
        unseen = {(row.protocol, row.ports): row for row in found.planned_unseen}
        assert ("udp", (514, 514)) not in unseen
        assert unseen["tcp", (514, 514)].sources == ("log_sources",) and not unseen["tcp", (514, 514)].others_seen
        # The console came, and nobody of the administrators.
        assert unseen["tcp", (22, 22)].sources == ("admin",) and unseen["tcp", (22, 22)].others_seen
        assert all(row.target == "ec1" and row.protocol != "icmp" for row in found.planned_unseen)

    def test_a_host_counts_by_each_of_its_addresses(self) -> None:
        asked = planner(hosts={"con1": {"jsa_address": [CON1, "2001:db8::1"]}}, jsa_networks=NETWORKS)
        found = host("ec1", contact("2001:db8::1", "22/tcp"), asked=asked)
        assert [row.source for row in found.planned_seen] == ["con1"]
        assert ["con1" in row.sources for row in found.planned_unseen if row.ports == (22, 22)] == [False]

    def test_one_look_cannot_tell_what_never_happens(self) -> None:
        found = host("ec1", contact("10.1.0.5", "514/udp", None), state="now", since=None)
        assert found.planned_seen and found.planned_unseen == ()


def test_the_document_is_what_its_schema_says() -> None:
    gap = {"from": None, "to": TIME, "reason": "The table was flushed"}
    found = learned(
        planner(jsa_networks=None),
        {
            "con1": record(contact("203.0.113.9", "443/tcp"), contact("10.9.9.9", "9100/tcp"), gaps=[gap], notes=["x"]),
            "ec1": record(contact("203.0.113.9", "6514/tcp", None), contact(EP1, "32004/tcp")),
            "ep1": {"failed": True, "msg": "no"},
        },
    )
    assert found.not_observed == {"ep1": "no"}
    document = json.loads(json.dumps(found.as_dict()))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert list(document) == ["version", "hosts", "not_observed", "suggestions"] and document["version"] == 1
    assert {"since", "gaps", "cut_off", "planned_seen", "planned_unseen"} <= set(document["hosts"]["con1"])
    assert {"source", "protocol", "port", "connections", "last_seen", "why"} <= set(
        document["hosts"]["con1"]["cut_off"][0]
    )
    assert {"jsa_networks", "jsa_features", "jsa_extra_flows", "jsa_processor"} <= set(document["suggestions"])


# What holds of every deployment.

VARIABLES = st.fixed_dictionaries(
    {},
    optional={
        "jsa_encrypted": st.booleans(),
        "jsa_features": st.lists(
            st.sampled_from(["tls_syslog", "snmp_agent", "wincollect", "packet_capture", "dlc"]), unique=True
        ),
        "jsa_firewall_unlisted": st.sampled_from(["zone", "reject", "drop"]),
        "jsa_firewall_restrict_outbound": st.booleans(),
    },
)
GROUPS = {name: EVERY_ROLE[name] for name in ("con1", "ec1", "ep1", "fp1", "dn1")}
NOBODY = {**NO_NETWORKS, **dict.fromkeys(DESTINATION_NETWORKS, "none")}
DEPLOYMENTS = st.builds(
    lambda hosts, data_ports, networks: planner(
        GROUPS, hosts, jsa_data_ports=data_ports, jsa_networks={**NOBODY, **networks}
    ),
    st.dictionaries(st.sampled_from(sorted(GROUPS)), VARIABLES),
    st.sampled_from(["paired", "range", "listed"]),
    st.dictionaries(
        st.sampled_from(sorted(NO_NETWORKS)), st.sampled_from([["10.1.0.0/16"], ["192.0.2.0/24", "2001:db8::/32"]])
    ),
)
#: In none of these networks, and no host's.
STRANGERS = ("203.0.113.77", "2001:db9::77")


def accepted(rule: InboundRule, data: st.DataObject) -> dict[str, Any]:
    """A contact that the rule accepts."""
    network = ipaddress.ip_network(data.draw(st.sampled_from(rule.sources)))
    number = data.draw(st.integers(0, min(network.num_addresses, 2**16) - 1))
    first, last = rule.ports or (0, 0)
    return contact(str(network[number]), f"{data.draw(st.sampled_from([first, last]))}/{rule.protocol}")


def with_ports(plan: Plan, name: str) -> list[InboundRule]:
    return [rule for rule in plan.hosts[name].inbound if rule.ports]


@given(DEPLOYMENTS, st.data())
def test_what_the_plan_accepts_is_never_cut_off(asked: Planner, data: st.DataObject) -> None:
    plan = asked.plan()
    results = {
        name: record(
            *(accepted(rule, data) for rule in data.draw(st.lists(st.sampled_from(with_ports(plan, name)), max_size=3)))
        )
        for name in data.draw(st.lists(st.sampled_from(sorted(plan.hosts)), min_size=1, max_size=3, unique=True))
    }
    found: Learned = learned(asked, results)
    for name, one in found.hosts.items():
        assert one.cut_off == () and one.left_to_zones == ()
        # Its own address may be one of them: that is nobody else.
        own = set(plan.hosts[name].addresses)
        others = {(row["peer"], row["protocol"], row["port"]) for row in results[name]["traffic"]["inbound"]}
        assert sum(row.peers for row in one.planned_seen) == len({row for row in others if row[0] not in own})


@given(DEPLOYMENTS, st.data())
def test_a_stranger_is_always_cut_off(asked: Planner, data: st.DataObject) -> None:
    plan = asked.plan()
    name = data.draw(st.sampled_from(sorted(plan.hosts)))
    row = data.draw(st.sampled_from(plan.hosts[name].refused))
    stranger = data.draw(st.sampled_from(STRANGERS))
    port = data.draw(st.sampled_from(row.ports))
    found = learned(asked, {name: record(contact(stranger, f"{port}/{row.protocol}"))}).hosts[name]
    (cut,) = found.cut_off
    assert cut.source == stranger and cut.why and all(cut.why)
    assert found.planned_seen == ()


STRANGER = contact("203.0.113.9", "443/tcp", 7)
STAGED = {"since": TIME, "not_recorded": 2, "inbound": [STRANGER], "outbound": []}


class TestNotEnforced:
    """What a host let pass, and its rules would have rejected."""

    def test_beside_no_other_record(self) -> None:
        found = host("con1", state="absent", since=None, staged=STAGED)
        (row,) = found.cut_off
        assert (row.source, row.port, row.connections, row.staged) == ("203.0.113.9", 443, 7, True)
        assert (found.staged, found.staged_since, found.not_recorded) == (True, TIME, 2)
        assert found.planned_unseen == (), "whom the plan accepts is not in that record"

    def test_what_both_records_have_counts_once(self) -> None:
        found = host("con1", STRANGER, contact("203.0.113.9", "22/tcp"), staged=STAGED)
        rows = {row.port: (row.connections, row.staged) for row in found.cut_off}
        assert rows == {443: (7, True), 22: (3, False)}
        assert found.planned_unseen

    def test_what_the_plan_accepts_meanwhile(self) -> None:
        staged = {**STAGED, "inbound": [contact("192.0.2.99", "443/tcp")]}
        found = host("con1", staged=staged)
        assert found.cut_off == () and [row.staged for row in found.planned_seen] == [True]

    def test_an_enforced_host(self) -> None:
        found = host("con1", STRANGER)
        assert (found.staged, found.staged_since) == (False, None)
        assert [row.staged for row in found.cut_off] == [False]

    def test_it_is_said(self) -> None:
        told = learned(PLANNER, {"con1": record(state="absent", since=None, staged=STAGED)})
        text = learned_table(told)
        assert "con1: only what would be rejected is recorded\n" in text
        assert f"  not enforced; what it would reject is recorded since {TIME}\n" in text
        assert "accepted now, because the host is not enforced (jsa_firewall_refuse: log)" in text

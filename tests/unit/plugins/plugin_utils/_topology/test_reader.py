# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The topology's reader: what it makes of inventories, right and wrong ones."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import parse_address, parse_network
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.reader import read_topology
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS, read

TWO = {"con1": "jsa_console", "ep1": "jsa_event_processors"}
AIO = {"console", "event_collector", "event_processor", "flow_collector", "flow_processor"}


@pytest.mark.parametrize(
    ("group", "roles"),
    [
        ("jsa_console", {"console"}),
        ("jsa_collectors", {"event_collector", "flow_collector"}),
        ("jsa_event_collectors", {"event_collector"}),
        ("jsa_flow_collectors", {"flow_collector"}),
        ("jsa_processors", {"event_processor", "flow_processor", "event_collector", "flow_collector"}),
        ("jsa_all_in_one", AIO),
        ("jsa_event_processors", {"event_processor", "event_collector"}),
        ("jsa_flow_processors", {"flow_processor", "flow_collector"}),
        ("jsa_data_nodes", {"data_node"}),
        ("jsa_app_hosts", {"app_host"}),
        ("jsa_risk_managers", {"risk_manager"}),
        ("jsa_vulnerability_processors", {"vulnerability_processor"}),
        ("jsa_vulnerability_scanners", {"vulnerability_scanner"}),
    ],
)
def test_roles_of_groups(group: str, roles: set[str]) -> None:
    alone = group in ("jsa_console", "jsa_all_in_one")
    groups = {"con1": group} if alone else {"con1": "jsa_console", "h1": group}
    topology, problems = read(groups)
    assert problems == []
    assert topology.hosts[list(groups)[-1]].roles == roles


def test_several_groups_add_up_and_strangers_stay_out() -> None:
    inventory = {
        "con1": {"ansible_host": "10.0.0.1", "jsa_networks": NO_NETWORKS},
        "web1": {"ansible_host": "web1.example"},
    }
    topology, problems = read_topology(inventory, {"con1": ["jsa_console", "jsa_processors"], "web1": ["webservers"]})
    assert problems == []
    assert list(topology.hosts) == ["con1"]
    assert {"console", "event_processor", "flow_collector"} <= topology.hosts["con1"].roles


def test_what_differs_from_host_to_host_is_told_once_a_variable() -> None:
    groups = {**TWO, "ec1": "jsa_event_collectors", "ec2": "jsa_event_collectors"}
    releases = {"ep1": "7.5.0", "ec1": "7.5.0 UP1", "ec2": "7.5.0 UP2"}
    hosts = {name: {"jsa_release": release, "jsa_data_ports": "listed"} for name, release in releases.items()}
    _topology, problems = read(groups, hosts, jsa_release="7.5.0 UP8", jsa_data_ports="range")
    assert [problem.partition(":")[0] for problem in problems] == ["jsa_release", "jsa_data_ports"]
    assert all("con1 and ep1 have different values" in problem for problem in problems)
    # Who says nothing agrees with everybody.
    assert read(groups, {"ec1": {"jsa_release": "7.5.0 UP8"}, "ep1": {"jsa_release": "7.5.0 UP8"}})[1] == []


def test_a_network_that_nobody_knows_is_one_mistake() -> None:
    _topology, problems = read(TWO, jsa_networks={**NO_NETWORKS, "usres": "everybody"})
    (problem,) = problems
    assert problem.startswith("jsa_networks.usres: unknown network, did you mean users?")


def test_own_roles_replace_those_of_groups() -> None:
    topology, problems = read(TWO, {"ep1": {"jsa_roles": ["data_node"]}})
    assert problems == []
    assert topology.hosts["ep1"].roles == {"data_node"}


def test_an_empty_list_of_roles_takes_a_host_out() -> None:
    topology, problems = read(TWO, {"ep1": {"jsa_roles": []}})
    assert problems == []
    assert list(topology.hosts) == ["con1"]


def test_own_group_mapping_replaces_the_default_one() -> None:
    mapping = {"siem": ["console"], "pods": ["event_processor"]}
    topology, problems = read({"a": "siem", "b": "pods", "c": "jsa_data_nodes"}, jsa_group_roles=mapping)
    assert problems == []
    assert set(topology.hosts) == {"a", "b"}


@pytest.mark.parametrize(
    ("variables", "addresses"),
    [
        ({"jsa_address": "10.9.9.9"}, ("10.9.9.9",)),
        ({"jsa_address": ["fd00:0::1", "10.9.9.9", "10.9.9.9"]}, ("10.9.9.9", "fd00::1")),
        ({"ansible_host": "fd00::5"}, ("fd00::5",)),
        ({"jsa_address": "::ffff:10.9.9.9"}, ("10.9.9.9",)),
        ({"ansible_host": "ep1.example", "jsa_address": "10.9.9.9"}, ("10.9.9.9",)),
    ],
)
def test_addresses(variables: dict[str, Any], addresses: tuple[str, ...]) -> None:
    topology, problems = read(TWO, {"ep1": variables})
    assert problems == []
    assert topology.hosts["ep1"].addresses == addresses


def test_address_in_the_hosts_name() -> None:
    topology, problems = read_topology({"10.0.0.7": {"jsa_networks": NO_NETWORKS}}, {"10.0.0.7": ["jsa_console"]})
    assert problems == []
    assert topology.hosts["10.0.0.7"].addresses == ("10.0.0.7",)


#: Variables of ep1, and what its one problem must name: host, variable, and a word of the remedy.
MISTAKES: list[tuple[dict[str, Any], list[str]]] = [
    ({"ansible_host": "ep1.example"}, ["ep1", "jsa_address", "ansible_host", "jsa_resolve: true"]),
    ({"jsa_address": "10.0.0.300"}, ["ep1: jsa_address", "10.0.0.300"]),
    ({"jsa_address": "10.0.0.3/24"}, ["ep1: jsa_address", "without a prefix"]),
    ({"jsa_address": "127.0.0.1"}, ["ep1: jsa_address", "127.0.0.1 is a loopback address"]),
    ({"ansible_host": "127.0.0.1"}, ["ep1: ansible_host", "127.0.0.1 is a loopback address", "set jsa_address"]),
    ({"jsa_address": "::1"}, ["ep1: jsa_address", "::1 is a loopback address"]),
    ({"jsa_address": "0.0.0.0"}, ["ep1: jsa_address", "0.0.0.0 is the unspecified address"]),
    ({"jsa_release": 7.5}, ["jsa_release: 7.5 is not a release: put it in quotes", '"7.5.0 UP6"']),
    ({"jsa_resolve": "perhaps"}, ["jsa_resolve", "perhaps"]),
    ({"jsa_address": "224.0.0.1"}, ["ep1: jsa_address", "224.0.0.1"]),
    ({"jsa_address": "fe80::1"}, ["ep1: jsa_address", "link-local"]),
    ({"jsa_address": 7}, ["ep1: jsa_address", "7"]),
    ({"jsa_address": "10.0.0.1"}, ["con1, ep1", "10.0.0.1", "its own"]),
    ({"jsa_encrypted": "perhaps"}, ["ep1: jsa_encrypted", "perhaps"]),
    ({"jsa_features": ["snmp"]}, ["ep1: jsa_features", "snmp", "snmp_agent"]),
    ({"jsa_features": {"snmp_agent": True}}, ["ep1: jsa_features", "list"]),
    ({"jsa_roles": ["proccessor"]}, ["ep1: jsa_roles", "proccessor", "event_processor"]),
    ({"jsa_processor": "ep9"}, ["ep1: jsa_processor", "ep9"]),
    ({"jsa_processor": "ep1"}, ["ep1: jsa_processor", "not a processor"]),
    ({"jsa_ha_peer": "ep2"}, ["ep1: jsa_ha_peer", "ep2", "other node"]),
    ({"jsa_ha_peer": "ep1"}, ["ep1: jsa_ha_peer", "own peer"]),
    ({"jsa_ha_virtual_address": "10.0.0.9"}, ["ep1: jsa_ha_virtual_address", "jsa_ha_peer"]),
    ({"jsa_ha_crossover_address": "192.168.7.1"}, ["ep1: jsa_ha_crossover_address", "jsa_ha_peer"]),
    ({"jsa_data_ports": "all"}, ["jsa_data_ports", "all", "listed"]),
    ({"jsa_confidence": ["sure"]}, ["jsa_confidence", "sure", "medium"]),
    ({"jsa_release": "Vista"}, ["jsa_release", "Vista"]),
    ({"jsa_networks": {"log_source": "any"}}, ["jsa_networks.log_source", "log_sources"]),
    ({"jsa_networks": {**NO_NETWORKS, "users": "10.0.0.5/24"}}, ["jsa_networks.users", "10.0.0.0/24"]),
    ({"jsa_networks": {**NO_NETWORKS, "users": []}}, ["jsa_networks.users", "none"]),
    ({"jsa_networks": {**NO_NETWORKS, "users": None}}, ["jsa_networks.users", "none"]),
    ({"jsa_networks": {**NO_NETWORKS, "users": ["any"]}}, ["jsa_networks.users", "cannot be an item"]),
    ({"jsa_networks": "any"}, ["jsa_networks", "mapping"]),
    ({"jsa_group_roles": {"g": ["chief"]}}, ["jsa_group_roles.g", "chief"]),
    ({"jsa_extra_flows": "9100"}, ["jsa_extra_flows", "list"]),
]

_DEPLOYMENT = (
    "jsa_data_ports",
    "jsa_confidence",
    "jsa_release",
    "jsa_networks",
    "jsa_group_roles",
    "jsa_extra_flows",
    "jsa_resolve",
)


@pytest.mark.parametrize(("variables", "words"), MISTAKES)
def test_one_mistake_is_one_clear_sentence(variables: dict[str, Any], words: list[str]) -> None:
    deployment = {name: value for name, value in variables.items() if name in _DEPLOYMENT}
    own = {name: value for name, value in variables.items() if name not in _DEPLOYMENT}
    _topology, problems = read(TWO, {"ep1": own}, **deployment)
    if "jsa_group_roles" not in variables:
        assert len(problems) == 1, problems
    for word in words:
        assert word in problems[0]


def test_all_mistakes_at_once() -> None:
    hosts = {"ep1": {"jsa_address": "x", "jsa_encrypted": "y"}, "con1": {"jsa_features": "z"}}
    _topology, problems = read(TWO, hosts, jsa_release="w", jsa_networks={"v": "any"})
    assert len(problems) == 5


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ({"ep1": "jsa_event_processors"}, ["console"]),
        ({"con1": "jsa_console", "con2": "jsa_console"}, ["con1, con2", "jsa_ha_peer"]),
        ({"web1": "webservers"}, ["none of the 1 hosts has a role", "jsa_console"]),
        ({}, ["none of the 0 hosts"]),
    ],
)
def test_consoles(groups: dict[str, str], words: list[str]) -> None:
    _topology, problems = read(groups)
    assert len(problems) == 1
    for word in words:
        assert word in problems[0]


class TestHighAvailability:
    PAIR = {"con1": "jsa_console", "con2": "jsa_console"}

    def test_one_node_may_speak_for_both(self) -> None:
        topology, problems = read(
            self.PAIR, {"con2": {"jsa_ha_peer": "con1", "jsa_ha_virtual_address": "10.0.0.9", "jsa_encrypted": "yes"}}
        )
        assert problems == []
        for host in topology.hosts.values():
            assert host.virtual_addresses == ("10.0.0.9",)
            assert host.encrypted
        assert topology.hosts["con1"].ha_peer == "con2"

    @pytest.mark.parametrize(
        ("hosts", "words"),
        [
            ({"con1": {"jsa_ha_peer": "con2"}}, ["con1, con2", "jsa_ha_virtual_address"]),
            (
                {
                    "con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.9", "jsa_encrypted": True},
                    "con2": {"jsa_encrypted": False},
                },
                ["con1, con2", "jsa_encrypted"],
            ),
            (
                {
                    "con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.9"},
                    "con2": {"jsa_ha_virtual_address": "10.0.0.8"},
                },
                ["con1, con2", "jsa_ha_virtual_address"],
            ),
            (
                {"con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.2"}},
                ["10.0.0.2", "its own"],
            ),
        ],
    )
    def test_problems(self, hosts: dict[str, dict[str, Any]], words: list[str]) -> None:
        _topology, problems = read(self.PAIR, hosts)
        assert len(problems) == 1, problems
        for word in words:
            assert word in problems[0]

    LINKS = {
        "con1": {
            "jsa_ha_peer": "con2",
            "jsa_ha_virtual_address": "10.0.0.9",
            "jsa_ha_crossover_address": ["192.168.7.1", "fd07::1"],
        },
        "con2": {"jsa_ha_crossover_address": "192.168.7.2"},
    }

    def test_the_addresses_on_the_link_between_the_nodes(self) -> None:
        topology, problems = read(self.PAIR, self.LINKS)
        assert problems == []
        assert topology.hosts["con1"].crossover_addresses == ("192.168.7.1", "fd07::1")
        assert topology.hosts["con2"].crossover_addresses == ("192.168.7.2",)
        assert "192.168.7.1" not in topology.hosts["con1"].addresses

    def test_two_pairs_may_have_the_same_link(self) -> None:
        groups = {**self.PAIR, "ep1": "jsa_event_processors", "ep2": ""}
        more = {
            "ep1": {**self.LINKS["con1"], "jsa_ha_peer": "ep2", "jsa_ha_virtual_address": "10.0.0.8"},
            "ep2": self.LINKS["con2"],
        }
        assert read(groups, {**self.LINKS, **more})[1] == []

    @pytest.mark.parametrize(
        ("con2", "words"),
        [
            ({}, ["con2: jsa_ha_crossover_address is not set", "con1"]),
            ({"jsa_ha_crossover_address": "192.168.7.1"}, ["con1, con2: jsa_ha_crossover_address", "same address"]),
            ({"jsa_ha_crossover_address": "10.0.0.2"}, ["con2: jsa_ha_crossover_address", "10.0.0.2", "con2"]),
            ({"jsa_ha_crossover_address": "192.168.7.0/30"}, ["con2: jsa_ha_crossover_address", "192.168.7.0/30"]),
        ],
    )
    def test_wrong_links(self, con2: dict[str, Any], words: list[str]) -> None:
        _topology, problems = read(self.PAIR, {**self.LINKS, "con2": con2})
        (problem,) = problems
        for word in words:
            assert word in problem

    def test_a_pair_has_two_nodes(self) -> None:
        groups = {**self.PAIR, "con3": "jsa_console"}
        hosts = {
            "con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.9"},
            "con3": {"jsa_ha_peer": "con2"},
        }
        _topology, problems = read(groups, hosts)
        assert any("a pair has two nodes" in problem for problem in problems)


class TestDeploymentVariables:
    GROUPS = {name: [group] for name, group in TWO.items()}

    def _inventory(self, **own: dict[str, Any]) -> dict[str, dict[str, Any]]:
        return {
            "con1": {"ansible_host": "10.0.0.1", **own.get("con1", {})},
            "ep1": {"ansible_host": "10.0.0.2", **own.get("ep1", {})},
        }

    def test_set_for_one_host_holds_for_all(self) -> None:
        topology, problems = read_topology(self._inventory(ep1={"jsa_networks": NO_NETWORKS}), self.GROUPS)
        assert problems == []
        assert topology.networks["users"] == ()

    def test_two_values_are_a_mistake(self) -> None:
        inventory = self._inventory(ep1={"jsa_data_ports": "listed"}, con1={"jsa_data_ports": "range"})
        _topology, problems = read_topology(inventory, self.GROUPS)
        (problem,) = [problem for problem in problems if "jsa_data_ports" in problem]
        assert "con1 and ep1" in problem and "group all" in problem

    def test_the_play_wins(self) -> None:
        inventory = self._inventory(con1={"jsa_data_ports": "range"})
        topology, _problems = read_topology(inventory, self.GROUPS, {"jsa_data_ports": "listed"})
        assert topology.data_ports == "listed"


class TestFirewall:
    """What a host's firewall has to know beside its rules."""

    def test_unlisted_and_management_addresses(self) -> None:
        own = {
            "jsa_firewall_unlisted": "reject",
            "jsa_firewall_management_addresses": ["2001:DB8::/32", "192.0.2.7", "10.0.0.0/8", "192.0.2.7/32"],
        }
        topology, problems = read(TWO, {"ep1": own})
        assert problems == []
        ep1, con1 = topology.hosts["ep1"], topology.hosts["con1"]
        assert (ep1.unlisted, con1.unlisted) == ("reject", "zone")
        assert ep1.management_addresses == ("10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32")
        assert con1.management_addresses == ()

    @pytest.mark.parametrize(
        ("value", "cidrs"), [("192.0.2.7", ("192.0.2.7/32",)), ([], ()), ("", ()), (("::1",), ("::1/128",))]
    )
    def test_one_address_is_enough(self, value: Any, cidrs: tuple[str, ...]) -> None:
        topology, problems = read(TWO, {"ep1": {"jsa_firewall_management_addresses": value}})
        assert (problems, topology.hosts["ep1"].management_addresses) == ([], cidrs)

    def test_all_problems_at_once(self) -> None:
        addresses = ["bastion.example", "10.0.0.1/8", 7]
        hosts: dict[str, dict[str, Any]] = {
            "ep1": {"jsa_firewall_unlisted": "rejct", "jsa_firewall_management_addresses": addresses},
            "con1": {"jsa_firewall_unlisted": ["reject"], "jsa_firewall_management_addresses": {"a": 1}},
        }
        _topology, problems = read(TWO, hosts)
        assert len(problems) == 6
        text = "\n".join(problems)
        for part in (
            "ep1: jsa_firewall_unlisted: 'rejct' is not one of zone, reject, drop, did you mean reject?",
            "ep1: jsa_firewall_management_addresses: 'bastion.example'",
            "ep1: jsa_firewall_management_addresses: 10.0.0.1/8 has host bits set: write 10.0.0.0/8",
            "ep1: jsa_firewall_management_addresses: 7",
            "con1: jsa_firewall_unlisted: ['reject']",
            "con1: jsa_firewall_management_addresses: {'a': 1}",
        ):
            assert part in text


def test_a_template_that_fails_names_host_and_variable() -> None:
    class Failing(dict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            if key == "jsa_address":
                raise RuntimeError("'site' is undefined")
            return super().__getitem__(key)

    inventory = {"con1": Failing(jsa_address="{{ site }}", ansible_host="10.0.0.1", jsa_networks=NO_NETWORKS)}
    _topology, problems = read_topology(inventory, {"con1": ["jsa_console"]})
    assert "con1: jsa_address: 'site' is undefined" in problems


def test_a_group_that_is_none_of_ours() -> None:
    topology, problems = read({**TWO, "x1": "jsa_spares"})
    assert problems == [] and topology.misspelt == ()
    assert topology.warnings == ("x1 is in the group jsa_spares but has no role, so nothing is planned for it",)


class TestMisspelt:
    def test_is_an_error_before_all_others(self) -> None:
        topology, problems = read(TWO, {"ep1": {"jsa_encypted": True, "jsa_roles": "x"}})
        assert problems[0] == "ep1: the variable jsa_encypted is not known, did you mean jsa_encrypted?"
        assert "jsa_unknown_variables" in problems[1]
        assert topology.misspelt == tuple(problems[:2])

    @pytest.mark.parametrize(("choice", "warnings"), [("warn", 1), ("ignore", 0)])
    def test_can_be_softened(self, choice: str, warnings: int) -> None:
        topology, problems = read(TWO, {"ep1": {"jsa_encypted": True}}, jsa_unknown_variables=choice)
        assert problems == [] and topology.misspelt == ()
        assert len(topology.warnings) == warnings

    def test_the_choice_can_be_wrong(self) -> None:
        _topology, problems = read(TWO, jsa_unknown_variables="silent")
        assert problems == ["jsa_unknown_variables: 'silent' is not one of error, warn, ignore"]


@pytest.mark.parametrize("text", ["", "10.0.0", "10.0.0.1 10.0.0.2", "host", "1", "0.0.0.0", "::", "::1", None, True])
def test_no_address(text: Any) -> None:
    with pytest.raises(ValueError):
        parse_address(text)


@pytest.mark.parametrize(
    ("value", "cidrs"),
    [
        ("any", ("0.0.0.0/0", "::/0")),
        ("NONE", ()),
        ("10.0.0.0/8", ("10.0.0.0/8",)),
        (["10.0.0.1", "fd00::/8"], ("10.0.0.1/32", "fd00::/8")),
    ],
)
def test_network(value: Any, cidrs: tuple[str, ...]) -> None:
    assert parse_network(value) == cidrs

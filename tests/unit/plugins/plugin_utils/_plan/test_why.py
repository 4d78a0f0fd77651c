# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why: the reasons are the right ones, and decision and reasons agree."""

from __future__ import annotations

import json

from typing import Any, ClassVar

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.asking import OF_PLAYBOOK, Question, parse_port
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import dump_plan, parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.why import Explanation, explanation_text, why
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import (
    EVERY_ROLE,
    NO_NETWORKS,
    address_of,
    planner,
)

HOSTS: dict[str, dict[str, Any]] = {
    "ec1": {"jsa_encrypted": True, "jsa_processor": "ep1"},
    "ec2": {"jsa_processor": "ep2"},
    "app1": {"jsa_encrypted": True},
}


def test_both_sides_of_a_tunnel_are_named() -> None:
    asked = planner(hosts={"con1": {"jsa_encrypted": True}, "ep1": {"jsa_encrypted": True}})
    told = explanation_text(why(asked, asked.plan(), Question("ep1", "con1", "443/tcp")))
    assert "ep1 and con1 are encrypted: an SSH tunnel carries it over port 22" in told


def ask(source: str, target: str, port: str) -> Explanation:
    networks = {**NO_NETWORKS, "users": ["192.0.2.0/24"]}
    asked = planner(hosts=HOSTS, jsa_networks=networks, jsa_data_ports="listed")
    return why(asked, asked.plan(), Question(source, target, port))


@pytest.mark.parametrize(
    ("source", "target", "port", "entry"),
    [
        ("ep1", "con1", "443/tcp", "https"),
        ("192.0.2.9", "con1", "443", "https"),
        (address_of("ep1"), "con1", "32006/tcp", "ariel_query"),
        ("ec1", "ep1", "22/tcp", "ssh"),
        ("con1", "app1", "26001/tcp", "conman_enc"),
        ("ec1", "con1", "12500/tcp", "socat_ntp"),
    ],
)
def test_accepted_by(source: str, target: str, port: str, entry: str) -> None:
    answer = ask(source, target, port)
    assert answer.decision == "accepted"
    assert entry in [item.id for item in answer.entries]
    assert all(" row " in line for item in answer.entries for line in item.rests_on)


@pytest.mark.parametrize(
    ("source", "target", "port", "decision", "reason"),
    [
        ("ec1", "con1", "443/tcp", "refused", "ec1 is encrypted"),
        ("con1", "app1", "9000/tcp", "refused", "conman_enc replaces it"),
        ("ec2", "ep1", "32005/tcp", "refused", "ec2 reports to ep2"),
        ("dn1", "con1", "7800/tcp", "refused", "dn1 is data_node"),
        ("192.0.2.9", "con1", "7800/tcp", "refused", "this address is not one of them"),
        ("ep1", "con1", "5432/tcp", "refused", "its confidence is low"),
        ("ep1", "con1", "8080/tcp", "refused", "loopback"),
        ("ep1", "con1", "20001/tcp", "refused", "port 22"),
        ("ep1", "con1", "4333/tcp", "refused", "stays closed"),
        ("192.0.2.9", "con1", "10000/tcp", "refused", "2014.6"),
        ("192.0.2.9", "ep1", "23333/tcp", "refused", "fibre_channel"),
        ("ep1", "con1", "32012/tcp", "refused", "jsa_data_ports is listed"),
        ("ep1", "con1", "12500/tcp", "refused", "jsa_encrypted"),
        ("ep1", "dn1", "22/tcp", "refused", "no SSH tunnel"),
        ("con1", "ep1", "2049/tcp", "not_cataloged", "JSA is the client"),
    ],
)
def test_refused_because(source: str, target: str, port: str, decision: str, reason: str) -> None:
    answer = ask(source, target, port)
    assert answer.decision == decision
    assert answer.entries == ()
    assert reason in explanation_text(answer)


def test_the_data_range_where_no_data_flow() -> None:
    asked = planner()
    plan = asked.plan()
    assert why(asked, plan, Question("ec1", "ep1", "32012/tcp")).decision == "accepted"
    told = why(asked, plan, Question("app1", "ep1", "32012/tcp"))
    assert told.decision == "refused"
    assert "app1 and ep1 exchange none of the listed data, and jsa_data_ports is paired" in explanation_text(told)


def test_data_nodes_of_two_processors() -> None:
    groups = {**EVERY_ROLE, "dn2": "jsa_data_nodes"}
    asked = planner(groups, {"dn1": {"jsa_processor": "ep1"}, "dn2": {"jsa_processor": "ep2"}}, jsa_data_ports="listed")
    assert "dn1 reports to ep1" in explanation_text(why(asked, asked.plan(), Question("dn1", "dn2", "32006/tcp")))


def test_a_stranger_is_told_to_whom_a_port_is_open_whatever_else_is_in_the_way() -> None:
    told = explanation_text(ask("203.0.113.9", "con1", "443/tcp"))
    assert "it is open only to managed_host, app_host, users, api_clients, and this address is not one of them" in told
    assert "con1 does not have the feature wincollect" in told


def test_an_entry_that_no_row_has_names_its_other_sources() -> None:
    networks = {**NO_NETWORKS, "log_sources": ["192.0.2.0/24"]}
    asked = planner(hosts={"ec1": {"jsa_features": ["udp_multiline"]}}, jsa_networks=networks)
    (entry,) = why(asked, asked.plan(), Question("192.0.2.9", "ec1", "517/udp")).entries
    assert entry.rests_on[0].startswith("IBM QRadar DSM guide, Open LDAP")


def test_what_nobody_knows() -> None:
    answer = ask("ep1", "con1", "6000/tcp")
    assert answer.decision == "not_cataloged"
    assert "its own zones decide" in explanation_text(answer)


@pytest.mark.parametrize(
    ("unlisted", "says"),
    [("zone", "its own zones decide"), ("reject", "the host rejects it"), ("drop", "the host drops it")],
)
def test_what_nobody_knows_where_the_plan_decides(unlisted: str, says: str) -> None:
    asked = planner(jsa_firewall_unlisted=unlisted)
    answer = why(asked, asked.plan(), Question("ep1", "con1", "6000/tcp"))
    assert (answer.decision, answer.unlisted) == ("not_cataloged", unlisted)
    assert says in explanation_text(answer)


@pytest.mark.parametrize(
    ("source", "port", "decision"),
    [
        ("198.51.100.7", "22/tcp", "accepted"),
        ("198.51.101.7", "22/tcp", "refused"),
        ("198.51.100.7", "443/tcp", "refused"),
        ("198.51.100.7", "22/udp", "not_cataloged"),
    ],
)
def test_management_addresses(source: str, port: str, decision: str) -> None:
    asked = planner(jsa_firewall_management_addresses=["198.51.100.0/24"])
    answer = why(asked, asked.plan(), Question(source, "con1", port))
    assert (answer.decision, answer.entries, answer.management) == (decision, (), decision == "accepted")
    assert ("jsa_firewall_management_addresses" in explanation_text(answer)) == (decision == "accepted")


def test_as_plain_values() -> None:
    answer = ask("ep1", "con1", "32006/tcp").as_dict()
    assert json.loads(json.dumps(answer)) == answer
    assert (answer["decision"], answer["port"], answer["rules"][0]["protocol"]) == ("accepted", 32006, "tcp")
    assert ask("ep1", "con1", "icmp").as_dict()["port"] is None


@pytest.mark.parametrize("data_ports", ["paired", "listed"])
def test_decision_and_entries_agree_everywhere(data_ports: str) -> None:
    """The rules decide, the entries explain: an accepted packet has an entry, a refused one has none."""
    asked = planner(hosts=HOSTS, jsa_data_ports=data_ports)
    plan = asked.plan()
    ports = ("22", "443", "5432", "7676", "9000", "26000", "32005", "32006", "32011", "8082", "123/udp", "icmp")
    for source in EVERY_ROLE:
        for target in EVERY_ROLE:
            if source == target:
                continue
            for port in ports:
                answer = why(asked, plan, Question(source, target, port))
                assert (answer.decision == "accepted") == bool(answer.entries), (source, target, port, answer)


def test_questions_not_understood() -> None:
    with pytest.raises(InputError) as caught:
        ask("con9", "nobody", "http")
    text = str(caught.value)
    assert "con9" in text and "nobody" in text and "http" in text


@pytest.mark.parametrize("text", ["", "22-23/tcp", "0", "70000", "22/sctp", "22/icmp", "icmp/22", None])
def test_no_port(text: Any) -> None:
    with pytest.raises(ValueError):
        parse_port(text)


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("ep9", "con1", "source: 'ep9' is neither a host nor an address, did you mean ep2 or ep1?"),
        ("ep1.example.com", "con1", "did you mean ep1"),
        ("EP1", "con1", "did you mean ep1"),
        ("con", "ep1", "did you mean con1?"),
        ("ep1", "bastoin", "target: 'bastoin' is neither a host nor an address, did you mean bastion?"),
        ("bastion", "192.0.2.1", "source and target are both outside the deployment"),
        ("lost", "con1", "source: lost is not in the deployment, and its address is not known"),
        ("", "", "source and target are not set"),
    ],
)
def test_what_was_probably_meant(source: str, target: str, words: str) -> None:
    strangers: dict[str, tuple[str, ...]] = {"bastion": ("10.9.0.1",), "lost": ()}
    asked = planner()
    with pytest.raises(InputError) as caught:
        why(asked, asked.plan(), Question(source, target, "22", strangers=strangers))
    assert words in str(caught.value)


def test_options_are_called_as_they_were_typed() -> None:
    asked = planner()
    with pytest.raises(InputError) as caught:
        why(asked, asked.plan(), Question("ep1", "con9", "http", OF_PLAYBOOK))
    assert "- to: 'con9'" in str(caught.value) and "- dport: 'http'" in str(caught.value)
    with pytest.raises(InputError, match="from is not set; for example -e from=ep1"):
        why(asked, asked.plan(), Question("", "con1", "22", OF_PLAYBOOK))


def test_hosts_of_the_inventory_that_are_not_in_the_deployment() -> None:
    asked = planner(jsa_networks={**NO_NETWORKS, "admin": ["10.9.0.0/24"]})
    answer = why(asked, asked.plan(), Question("bastion", "con1", "22", strangers={"bastion": ("10.9.0.1",)}))
    assert (answer.decision, [item.id for item in answer.entries]) == ("accepted", ["ssh"])
    assert explanation_text(answer).startswith("con1 22/tcp from bastion (10.9.0.1): accepted")


def test_an_address_of_the_deployment_is_its_host() -> None:
    asked = planner()
    answer = why(asked, asked.plan(), Question("ep1", address_of("con1"), "32006/tcp"))
    assert answer.decision == "accepted" and answer.target == f"con1 ({address_of('con1')})"


class TestWhatLeavesAHost:
    MAIL = "192.0.2.25"

    def ask(self, target: str, port: str, source: str = "con1", restricted: bool = True) -> Explanation:
        networks = {**NO_NETWORKS, "smtp_gateways": [self.MAIL]}
        features: dict[str, Any] = {"jsa_features": ["email"], "jsa_firewall_restrict_outbound": restricted}
        features["jsa_firewall_management_addresses"] = ["198.51.100.1"]
        if restricted:
            networks |= dict.fromkeys(("ntp_servers", "nfs_servers", "windows_hosts", "public_servers"), "none")
        asked = planner(hosts={"con1": features}, jsa_networks=networks)
        return why(asked, asked.plan(), Question(source, target, port))

    def test_without_a_restriction(self) -> None:
        answer = self.ask(self.MAIL, "25/tcp", restricted=False)
        assert answer.decision == "accepted" and answer.unlisted is None
        assert answer.leaving is not None and not answer.leaving.restricted
        assert [item.id for item in answer.entries] == ["smtp"]
        assert "con1 may contact everyone" in explanation_text(answer)

    def test_by_a_rule(self) -> None:
        answer = self.ask(self.MAIL, "25/tcp")
        assert answer.decision == "accepted" and answer.leaving is not None and answer.leaving.rules
        assert [item.id for item in answer.entries] == ["smtp"]
        assert json.loads(json.dumps(answer.as_dict()))["leaving"]["restricted"]

    @pytest.mark.parametrize(
        ("target", "port", "words"),
        [
            ("192.0.2.26", "25/tcp", "jsa_networks.smtp_gateways does not contain 192.0.2.26"),
            ("192.0.2.25", "26/tcp", "con1 may not send it"),
        ],
    )
    def test_refused(self, target: str, port: str, words: str) -> None:
        answer = self.ask(target, port)
        assert answer.decision == "refused" and answer.entries == ()
        assert words in explanation_text(answer)

    @pytest.mark.parametrize(
        ("target", "port", "words"),
        [
            ("198.51.100.1", "8443/tcp", "management addresses"),
            ("192.0.2.53", "53/udp", "no name servers"),
            ("192.0.2.99", "icmp", "every host needs it"),
        ],
    )
    def test_without_a_rule(self, target: str, port: str, words: str) -> None:
        answer = self.ask(target, port)
        assert answer.decision == "accepted" and words in explanation_text(answer)

    def test_between_two_hosts(self) -> None:
        assert self.ask("ep1", "32006/tcp").decision == "accepted"
        assert self.ask("con1", "25/tcp", source="192.0.2.1").leaving is None


class TestASavedPlanWithoutAnInventory:
    def ask(self, source: str, port: str) -> Explanation:
        plan = parse_plan(dump_plan(planner(hosts=HOSTS).plan()), "plan.json")
        return why(None, plan, Question(source, "con1", port))

    def test_accepted(self) -> None:
        answer = self.ask("ep1", "32006/tcp")
        assert answer.decision == "accepted" and "ariel_query" in [item.id for item in answer.entries]
        assert "row 61" in explanation_text(answer)

    def test_refused(self) -> None:
        answer = self.ask("ec1", "443/tcp")
        assert answer.decision == "refused"
        assert "not by https (Apache HTTPS): the saved plan does not accept it" in explanation_text(answer)

    def test_outward(self) -> None:
        plan = planner(hosts=HOSTS).plan()
        assert why(None, plan, Question("con1", "192.0.2.25", "25")).decision == "accepted"


class TestPair:
    """Packets to the virtual address of an HA pair, and on the link between its nodes."""

    GROUPS: ClassVar = {"con1": "jsa_console", "con2": "", "ep1": "jsa_event_processors"}
    PAIR: ClassVar[dict[str, dict[str, Any]]] = {
        "con1": {
            "jsa_ha_peer": "con2",
            "jsa_ha_virtual_address": "10.0.0.99",
            "jsa_ha_crossover_address": "192.168.7.1",
        },
        "con2": {"jsa_ha_crossover_address": "192.168.7.2"},
    }

    def told(self, source: str, target: str, port: str, saved: bool = False, **con2: Any) -> Explanation:
        asked = planner(self.GROUPS, {**self.PAIR, "con2": {**self.PAIR["con2"], **con2}})
        plan = asked.plan()
        return why(None if saved else asked, plan, Question(source, target, port))

    @pytest.mark.parametrize("saved", [False, True])
    def test_both_nodes_are_named_and_the_active_one_answers(self, saved: bool) -> None:
        answer = self.told("ep1", "10.0.0.99", "443/tcp", saved)
        assert answer.decision == "accepted" and answer.entries
        text = explanation_text(answer)
        assert text.startswith("10.0.0.99 (virtual address of con1 and con2) 443/tcp from ep1: accepted")
        assert "the active node of con1 and con2 answers at 10.0.0.99" in text
        assert self.told("192.0.2.1", "10.0.0.99", "443/tcp", saved).decision == "refused"

    def test_nodes_that_differ(self) -> None:
        answer = self.told("192.0.2.1", "10.0.0.99", "22/tcp", jsa_firewall_management_addresses=["192.0.2.1"])
        assert answer.decision == "refused"
        assert "the nodes differ: con1: refused, con2: accepted" in answer.remarks

    def test_from_a_node_the_other_one_is_asked(self) -> None:
        assert self.told("con1", "10.0.0.99", "443/tcp").decision == self.told("con1", "con2", "443/tcp").decision

    def test_from_the_virtual_address(self) -> None:
        answer = self.told("10.0.0.99", "ep1", "32006/tcp")
        assert (answer.decision, answer.source) == ("accepted", "10.0.0.99 (virtual address of con1 and con2)")

    @pytest.mark.parametrize("saved", [False, True])
    def test_the_link_is_no_source_for_anyone_else(self, saved: bool) -> None:
        for port in ("22/tcp", "32006/tcp", "443/tcp", "7789/tcp"):
            assert self.told("192.168.7.2", "ep1", port, saved).decision != "accepted"

    def test_on_the_link(self) -> None:
        for source, target in (("192.168.7.2", "con1"), ("con2", "192.168.7.1")):
            answer = self.told(source, target, "7789/tcp")
            assert answer.decision == "accepted" and "drbd" in {item.id for item in answer.entries}, answer
            other = self.told(source, target, "443/tcp")
            text = explanation_text(other)
            assert other.decision != "accepted"
            assert "con2 and con1 use the link" in text or "con1 and con2 use the link" in text

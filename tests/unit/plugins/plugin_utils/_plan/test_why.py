# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why: the reasons are the right ones, and decision and reasons agree."""

from __future__ import annotations

import json

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.why import Explanation, explanation_text, parse_port, why
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
    told = explanation_text(why(asked, asked.plan(), "ep1", "con1", "443/tcp"))
    assert "ep1 and con1 are encrypted: an SSH tunnel carries it over port 22" in told


def ask(source: str, target: str, port: str) -> Explanation:
    networks = {**NO_NETWORKS, "users": ["192.0.2.0/24"]}
    asked = planner(hosts=HOSTS, jsa_networks=networks, jsa_data_ports="listed")
    return why(asked, asked.plan(), source, target, port)


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
    assert why(asked, plan, "ec1", "ep1", "32012/tcp").decision == "accepted"
    told = why(asked, plan, "app1", "ep1", "32012/tcp")
    assert told.decision == "refused"
    assert "app1 and ep1 exchange none of the listed data, and jsa_data_ports is paired" in explanation_text(told)


def test_data_nodes_of_two_processors() -> None:
    groups = {**EVERY_ROLE, "dn2": "jsa_data_nodes"}
    asked = planner(groups, {"dn1": {"jsa_processor": "ep1"}, "dn2": {"jsa_processor": "ep2"}}, jsa_data_ports="listed")
    assert "dn1 reports to ep1" in explanation_text(why(asked, asked.plan(), "dn1", "dn2", "32006/tcp"))


def test_an_entry_that_no_row_has_names_its_other_sources() -> None:
    networks = {**NO_NETWORKS, "log_sources": ["192.0.2.0/24"]}
    asked = planner(hosts={"ec1": {"jsa_features": ["udp_multiline"]}}, jsa_networks=networks)
    (entry,) = why(asked, asked.plan(), "192.0.2.9", "ec1", "517/udp").entries
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
    answer = why(asked, asked.plan(), "ep1", "con1", "6000/tcp")
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
    answer = why(asked, asked.plan(), source, "con1", port)
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
                answer = why(asked, plan, source, target, port)
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

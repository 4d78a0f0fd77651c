# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as a file: what is read back, and every damage that is not."""

from __future__ import annotations

import copy
import hashlib
import json

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import dump_plan, parse_plan, plan_digest
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils import deployments

#: What the documentation promises of the file; everything else is more than needed.
CONTRACT = {
    "version": 1,
    "hosts": {
        "con1": {
            "roles": ["console"],
            "addresses": ["10.0.0.1"],
            "inbound": [
                {"protocol": "tcp", "ports": "22", "sources": ["0.0.0.0/0", "::/0"], "why": ["ssh"]},
                {"protocol": "icmp", "sources": ["10.0.0.2/32"], "why": ["icmp"]},
            ],
            "refused": [{"protocol": "tcp", "ports": "32000-33999", "why": ["data_range"]}],
            "dynamic": [],
        }
    },
}


@pytest.fixture(scope="module", name="plan")
def fixture_plan() -> Plan:
    networks = {**deployments.NO_NETWORKS, "log_sources": "any", "ntp_servers": ["192.0.2.123"]}
    networks["public_servers"] = ["203.0.113.0/24"]
    restricted = {"jsa_firewall_restrict_outbound": True, "jsa_firewall_unlisted": "reject"}
    hosts = {
        "con1": {**restricted, "jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.99"},
        "ep1": {"jsa_firewall_management_addresses": ["192.0.2.7"]},
    }
    return deployments.Plan({**deployments.EVERY_ROLE, "con2": ""}, hosts, jsa_networks=networks).plan


def test_what_is_written_is_read_back(plan: Plan) -> None:
    text = dump_plan(plan)
    assert parse_plan(text, "plan.json") == plan
    assert json.loads(text) == plan.as_dict()
    assert any(rule.protocol == "icmp" for rule in plan.hosts["con1"].inbound)


def test_an_ha_pair_has_its_virtual_addresses_and_others_have_no_such_key(plan: Plan) -> None:
    hosts = json.loads(dump_plan(plan))["hosts"]
    found = {name: host["virtual_addresses"] for name, host in hosts.items() if "virtual_addresses" in host}
    assert found == {"con1": ["10.0.0.99"], "con2": ["10.0.0.99"]}


def test_a_line_per_rule(plan: Plan) -> None:
    lines = dump_plan(plan).splitlines()
    rules = [rule for host in plan.as_dict()["hosts"].values() for rule in host["inbound"]]
    assert rules
    for rule in rules:
        assert f"    {json.dumps(rule)}" in [line.removesuffix(",") for line in lines]


def test_the_contract_alone_is_enough() -> None:
    host = parse_plan(json.dumps(CONTRACT), "plan.json").hosts["con1"]
    assert (host.unlisted, host.management_addresses, host.outbound, host.listeners) == ("zone", (), None, None)
    assert [rule.ports for rule in host.inbound] == [(22, 22), None]


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(plan: dict[str, Any]) -> None:
        *folders, last = path.split("/")
        place: Any = plan
        for folder in folders:
            place = place[int(folder) if folder.isdigit() else folder]
        place[int(last) if last.isdigit() else last] = value

    return change


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (_set("version", 2), "its version is 2"),
        (_set("version", None), "its version is None"),
        (_set("version", True), "its version is True"),
        (_set("version", {"a": 1}), "its version is a mapping"),
        (_set("hosts", {}), "plan.hosts: is empty"),
        (_set("hosts", []), "plan.hosts: expected a mapping, got a list"),
        (_set("release", 7.5), "plan.release: expected a string, got 7.5"),
        (_set("relaese", "7.5"), "plan: unknown key 'relaese', did you mean release?"),
        (_set("hosts/con1", []), "plan.hosts.con1: expected a mapping"),
        (_set("hosts/con1/inbound", None), "plan.hosts.con1.inbound: expected a list"),
        (_set("hosts/con1/dynamic", {}), "plan.hosts.con1.dynamic: expected a list"),
        (_set("hosts/con1/roles", ["boss"]), "plan.hosts.con1.roles[0]: 'boss' is not one of"),
        (_set("hosts/con1/addresses", ["10.0.0"]), "plan.hosts.con1.addresses[0]: '10.0.0' is not an IP address"),
        (_set("hosts/con1/unlisted", "deny"), "plan.hosts.con1.unlisted: 'deny' is not one of zone, reject, drop"),
        (_set("hosts/con1/management_addresses", ["me"]), "con1.management_addresses[0]: 'me' is not a CIDR"),
        (_set("hosts/con1/inbound/0/ports", "70000"), "plan.hosts.con1.inbound[0].ports: port 70000"),
        (_set("hosts/con1/inbound/0/ports", None), "plan.hosts.con1.inbound[0]: ports is missing"),
        (_set("hosts/con1/inbound/0/protocol", "sctp"), "inbound[0].protocol: 'sctp' is not one of tcp, udp, icmp"),
        (_set("hosts/con1/inbound/0/protocol", "icmp"), "inbound[0]: ports: ICMP has none"),
        (_set("hosts/con1/inbound/0/sources", []), "a rule without sources accepts no packets"),
        (_set("hosts/con1/inbound/0/sources", ["10.0.0.1/8"]), "inbound[0].sources[0]: '10.0.0.1/8' is not a CIDR"),
        (_set("hosts/con1/inbound/0/sources", [7.5]), "inbound[0].sources[0]: 7.5 is not a CIDR"),
        (_set("hosts/con1/inbound/0/why", []), "inbound[0].why: is empty"),
        (_set("hosts/con1/inbound/0", "all"), "inbound[0]: expected a mapping, got 'all'"),
        (_set("hosts/con1/refused/0/protocol", "icmp"), "refused[0].protocol: 'icmp' is not one of tcp, udp"),
        (_set("hosts/con1/refused/0/ports", "9-1"), "refused[0].ports: range 9-1"),
        (_set("hosts/con1/refused/0/ports", " 9"), "refused[0].ports: ' 9' is not a port"),
        (_set("hosts/con1/ha_peer", "\ud800"), "ha_peer: '\\ud800' is not valid Unicode"),
    ],
)
def test_damage_is_refused(plan: Plan, damage: Callable[[dict[str, Any]], None], word: str) -> None:
    damaged = copy.deepcopy(plan.as_dict())
    damage(damaged)
    with pytest.raises(InputError) as caught:
        parse_plan(json.dumps(damaged), "plan.json")
    assert word in str(caught.value) and "plan.json" in str(caught.value)


def test_all_damage_is_told_at_once() -> None:
    damaged = copy.deepcopy(CONTRACT)
    _set("hosts/con1/refused/0/ports", 0)(damaged)
    _set("hosts/con1/inbound/1/sources", ["x"])(damaged)
    _set("hosts/con1/inbound/0/sources", "x")(damaged)
    with pytest.raises(InputError) as caught:
        parse_plan(json.dumps(damaged), "plan.json")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "it is not valid JSON"),
        ("[]", "it is not a plan: hosts is missing"),
        ("7", "it is not a plan: hosts is missing"),
        ('{"version": 1}', "it is not a plan: hosts is missing"),
        ('{"version": 2, "hosts": 7}', "its version is 2"),
        ('{"hosts": {}}', "its version is None"),
        ('{"version": 1, "hosts": {"con1": {}, "con1": {}}}', "the key 'con1' occurs twice"),
        ('{"version": NaN, "hosts": {}}', "JSON has no NaN"),
        ('{"version": -Infinity, "hosts": {}}', "JSON has no -Infinity"),
        ("[" * 100_000, "nested too deep"),
        ('{"hosts":' * 100_000, "nested too deep"),
        ("\ufeff{}", "it is not valid JSON"),
        ('{"version": 1, "hosts": {"a": ' + "9" * 5000 + "}}", ""),
    ],
)
def test_what_is_no_plan(text: str, word: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_plan(text, "plan.json")
    assert word in str(caught.value) and "The saved plan plan.json cannot be used" in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_what_is_nested_as_deep_as_it_can_be_read_is_told_as_well() -> None:
    deep = "[" * 700 + "]" * 700
    for document in (f'{{"version": {deep}, "hosts": {{}}}}', f'{{"version": 1, "hosts": {{"a": {deep}}}}}'):
        with pytest.raises(InputError):
            parse_plan(document, "plan.json")


def test_a_file_cut_short(plan: Plan) -> None:
    text = dump_plan(plan)
    with pytest.raises(InputError, match="not valid JSON"):
        parse_plan(text[: len(text) // 2], "plan.json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["version", "hosts", "inbound", "refused", "a"]), inner)
        ),
    )
)
def test_anything_else_is_an_input_error(value: Any) -> None:
    for document in (value, {"version": 1, "hosts": value}, {"version": 1, "hosts": {"con1": value}}):
        with pytest.raises(InputError):
            parse_plan(json.dumps(document), "plan.json")


class TestDigest:
    def test_anybody_can_compute_it_from_the_file(self, plan: Plan) -> None:
        document = json.loads(dump_plan(plan))
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert plan_digest(plan) == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def test_it_is_of_what_the_plan_says_and_not_of_its_file(self, plan: Plan) -> None:
        assert plan_digest(parse_plan(dump_plan(plan), "plan.json")) == plan_digest(plan)
        turned = replace(plan, hosts=dict(reversed(plan.hosts.items())))
        assert plan_digest(turned) == plan_digest(plan)
        assert plan_digest(replace(plan, release="another")) != plan_digest(plan)

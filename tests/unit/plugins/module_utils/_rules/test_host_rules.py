# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of a host as one value: what is read, and what is said of mistakes."""

from __future__ import annotations

import dataclasses

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import render as appliance_files
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import render as firewalld_files
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import Sources, parse_network
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import guard_of
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import KEYS, HostRules, read_host_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.rows import Accepted, Refused
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import build_ruleset
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan

ROW = {"protocol": "tcp", "ports": "32006", "sources": ["10.0.0.3/32"]}


def row(**changes: Any) -> dict[str, Any]:
    changed = {**ROW, **changes}
    return {key: value for key, value in changed.items() if value is not None}


def read(**changes: Any) -> HostRules:
    rules: HostRules = read_host_rules({"inbound": [], "refused": [], **changes})
    return rules


def test_all_of_it() -> None:
    value = {
        "roles": ["console"],
        "addresses": ["10.0.0.1"],
        "inbound": [{**ROW, "why": ["b", "a"], "source_classes": ["ep"]}, row(protocol="icmp", ports=None)],
        "refused": [{"protocol": "udp", "ports": "514-515", "why": ["syslog"]}],
        "dynamic": [],
        "internal": [{"protocol": "tcp", "ports": 5432}],
        "outbound": [{"protocol": "udp", "ports": "53", "destinations": ["::/0"], "destination_classes": ["dns"]}],
        "unlisted": "drop",
        "management_addresses": ["192.0.2.0/24", "fd00::1"],
    }
    one = Sources((), {"ipv4": ("10.0.0.3/32",)})
    assert read_host_rules(value) == HostRules(
        inbound=(
            Accepted("tcp", (32006, 32006), one, ("a", "b"), ("ep",)),
            Accepted("icmp", None, one, (), ()),
        ),
        refused=(Refused("udp", (514, 515), ("syslog",)),),
        internal=(Refused("tcp", (5432, 5432), ()),),
        outbound=(Accepted("udp", (53, 53), Sources(("ipv6",), {}), (), ("dns",)),),
        unlisted="drop",
        management_addresses=(parse_network("192.0.2.0/24"), parse_network("fd00::1/128")),
        addresses=("10.0.0.1",),
    )


def test_what_is_left_out() -> None:
    assert read() == HostRules((), (), (), None, "zone", ())
    assert read(outbound=None).outbound is None
    assert read(outbound=[]).outbound == (), "a host that may contact nobody"


def test_the_keys_are_those_of_a_plan_s_host() -> None:
    assert {field.name for field in dataclasses.fields(HostPlan)} == KEYS


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"inbound": [row(ports="0")]}, "rules.inbound[0].ports: port 0 is outside 1-65535"),
        ({"inbound": [row(), row(ports="33999-32000")]}, "rules.inbound[1].ports: "),
        ({"inbound": [row(ports=None)]}, "rules.inbound[0].ports: is missing"),
        ({"inbound": [row(protocol="sctp")]}, "rules.inbound[0].protocol: 'sctp' is not one of tcp, udp, icmp"),
        ({"inbound": [row(protocol="icmp", ports="8")]}, "rules.inbound[0].ports: ICMP has none, got '8'"),
        (
            {"inbound": [row(sources=["10.0.0.5/32", "10.0.0.5/24"])]},
            "rules.inbound[0].sources[1]: 10.0.0.5/24 has host bits: write 10.0.0.0/24",
        ),
        ({"inbound": [row(sources=["con1"])]}, "rules.inbound[0].sources[0]: 'con1' is not an address"),
        ({"inbound": [row(sources=[7])]}, "rules.inbound[0].sources[0]: 7 is not an address"),
        ({"inbound": [row(sources="10.0.0.0/8")]}, "rules.inbound[0].sources: expected a list of CIDRs"),
        ({"inbound": [row(sources=None)]}, "rules.inbound[0].sources: expected a list of CIDRs"),
        ({"inbound": [row(why="ssh")]}, "rules.inbound[0].why: expected a list of names, got 'ssh'"),
        ({"inbound": [row(why=["a--b"])]}, "rules.inbound[0].why: 'a--b' cannot be a name here"),
        ({"inbound": [row(why=["<b>"])]}, "rules.inbound[0].why: '<b>' cannot be a name here"),
        ({"inbound": [row(source_classes=["a\nb"])]}, "rules.inbound[0].source_classes: 'a\\nb' cannot be a name"),
        ({"inbound": ["22"]}, "rules.inbound[0]: expected a mapping with protocol and ports, got '22'"),
        ({"inbound": "22"}, "rules.inbound: expected a list, got '22'"),
        ({"inbound": None}, "rules.inbound: expected a list, got None"),
        ({"refused": [{"protocol": "icmp", "ports": "8"}]}, "rules.refused[0].protocol: 'icmp' is not one of tcp, udp"),
        ({"refused": [{"protocol": "udp", "ports": True}]}, "rules.refused[0].ports: True is not a port"),
        ({"internal": [{"protocol": "tcp"}]}, "rules.internal[0].ports: is missing"),
        ({"outbound": [row()]}, "rules.outbound[0].destinations: expected a list of CIDRs"),
        ({"inbound": [row(sources=[10])]}, "rules.inbound[0].sources[0]: 10 is not an address"),
        ({"inbound": [row(sources=["fe80::1%eth0"])]}, "rules.inbound[0].sources[0]: 'fe80::1%eth0' has a zone"),
        ({"inbound": [row(why=["ssh\n"])]}, "rules.inbound[0].why: 'ssh\\n' cannot be a name here"),
        ({"inbound": [row(why=["\ud800"])]}, "rules.inbound[0].why: '\\ud800' cannot be a name here"),
        ({"inbound": [row(source_classes=["a\n"])]}, "rules.inbound[0].source_classes: 'a\\n' cannot be a name"),
        ({"inbound": [row(source_classes=["\ud800"])]}, "rules.inbound[0].source_classes: '\\ud800' cannot be"),
        ({"inbound": [row(source_classes=["\x9b31m"])]}, "rules.inbound[0].source_classes: '\\x9b31m' cannot be"),
        ({"unlisted": []}, "rules.unlisted: [] is not one of drop, reject, zone"),
        ({"unlisted": {}}, "rules.unlisted: {} is not one of drop, reject, zone"),
        ({"unlisted": "close"}, "rules.unlisted: 'close' is not one of drop, reject, zone"),
        ({"management_addresses": ["x"]}, "rules.management_addresses[0]: 'x' is not an address"),
        ({"management_addresses": "10.0.0.1"}, "rules.management_addresses: expected a list of CIDRs"),
        ({"inbuond": []}, "rules.inbuond: is not known"),
    ],
)
def test_problems(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(FirewallError, match="nothing was changed: ") as error:
        read(**changes)
    assert problem in str(error.value)
    assert "; " not in str(error.value).partition("nothing was changed: ")[2], "one mistake, one problem"


@pytest.mark.parametrize("value", [None, [], "inbound"])
def test_what_is_no_mapping(value: Any) -> None:
    with pytest.raises(FirewallError, match="rules: expected a mapping with inbound and refused, got "):
        read_host_rules(value)


def test_what_has_to_be_there() -> None:
    with pytest.raises(FirewallError, match=r"here\.inbound: is missing; here\.refused: is missing$"):
        read_host_rules({}, "here")


def test_all_mistakes_stand_in_one_message() -> None:
    with pytest.raises(FirewallError) as error:
        read(
            inbound=[row(ports="0"), row(), row(sources=["x", "10.0.0.1/8"])],
            refused=[{"protocol": "tcp", "ports": "x"}],
            management_addresses=["10.0.0.1", "y"],
        )
    message = str(error.value)
    for where in ("inbound[0].ports", "inbound[2].sources[0]: 'x'", "inbound[2].sources[1]", "refused[0].ports"):
        assert f"rules.{where}" in message
    assert "rules.management_addresses[1]: 'y'" in message
    assert "inbound[1]" not in message


FIELDS = ["protocol", "ports", "sources", "destinations", "why", "source_classes", "destination_classes"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=()), max_size=6)
    | st.sampled_from(["tcp", "icmp", "22", "10.0.0.0/8", "fe80::1%eth0", "::/0", "a", "reject"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(sorted(KEYS)) | st.text(max_size=3), VALUES, max_size=8))
def test_every_value_is_rules_or_an_error(value: dict[str, Any]) -> None:
    """What is rules can be written down, for each backend."""
    try:
        rules = read_host_rules(value)
    except FirewallError as error:
        assert "nothing was changed" in str(error)
        return
    ruleset = build_ruleset(rules, guard_of(rules.management_addresses, None, None, ()))
    for text in [*firewalld_files(ruleset).values(), *appliance_files(ruleset, FAMILIES).values()]:
        assert text.encode("utf-8")

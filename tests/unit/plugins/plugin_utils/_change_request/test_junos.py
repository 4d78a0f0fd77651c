# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Junos lines, entered into a firewall of the tests' own: what an earlier plan left becomes what today's needs."""

from __future__ import annotations

import re

from dataclasses import replace

import pytest

from hypothesis import given, settings

from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.flows import make_request
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.formats import junos
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.formats.junos import (
    ADDS,
    DELETES,
    render_junos,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import Request
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.names import cidr_name, hashed_name
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.zones import named_zones
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan, SourceClass
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._change_request.plans import (
    FEW,
    PACKETS,
    SETTINGS,
    ZONES,
    accepts,
    crosses,
    plan,
    plans,
    rule,
    zone_of,
)
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._change_request.readers import (
    NAME,
    Device,
    Permit,
    read_junos,
)


def request(one: Plan, earlier: Plan | None = None) -> Request:
    return make_request(one, named_zones(ZONES), earlier)


def text(one: Plan, earlier: Plan | None = None, file: str = ADDS) -> str:
    return str(render_junos(request(one, earlier), SETTINGS).files[file])


@given(earlier=plans(), one=plans())
@settings(max_examples=FEW)
def test_the_lines_turn_one_plan_into_the_other(earlier: Plan, one: Plan) -> None:
    device, fresh = Device(), Device()
    device.enter(text(earlier))
    fresh.enter(text(one))
    added = text(one, earlier)
    assert all(line.startswith("set ") for line in added.splitlines())
    device.enter(added)
    between = device.permits()
    # Nothing is interrupted while only the first of the two files is in use.
    assert all(permit in between or _covered(permit, between) for permit in fresh.permits())
    deleted = text(one, earlier, DELETES)
    assert all(line.startswith("delete ") for line in deleted.splitlines())
    device.enter(deleted)
    assert set(device.lines) == set(fresh.lines)
    permits = device.permits()
    for packet in PACKETS:
        zones = zone_of(packet.source), zone_of(packet.destination)
        let = any(permit.lets(packet) and permit.zones in (zones, ("", "")) for permit in permits)
        assert let is accepts(one, packet) or (not crosses(packet) and not let), packet


def _covered(permit: Permit, others: list[Permit]) -> bool:
    """By a policy that has more sources now than it will have in the end."""
    return any(set(permit.sources) <= set(other.sources) and permit[1:] == other[1:] for other in others)


BEFORE = plan({"con1": [rule("con1", 1, ("users",), ("https",))], "con2": [rule("con2", 0, ("admin",))]})


def test_one_more_host_is_one_more_member() -> None:
    after = plan(
        {
            "con1": [rule("con1", 1, ("users", 'only a"; }\nset system */'), ("https",))],
            "con2": [rule("con2", 0, ("admin",))],
        }
    )
    lines = text(after, BEFORE).splitlines()
    assert "set security address-book global address jsa_10-1-0-1_32 10.1.0.1/32" in lines
    policies = [line for line in lines if " policy " in line]
    # The policy from this zone is new; one of an old policy would be a single line.
    assert {line.split(" policy ")[1].split()[0] for line in policies} == {
        "jsa_10-0-0-1_tcp_443",
        "jsa_10-0-0-3_tcp_443",
    }
    assert text(after, BEFORE, DELETES) == ""
    assert text(BEFORE, after, ADDS) == ""
    gone = text(BEFORE, after, DELETES).splitlines()
    assert "delete security policies from-zone branch to-zone core policy jsa_10-0-0-1_tcp_443" in gone


def test_a_member_of_a_policy_that_stays() -> None:
    more = replace(
        BEFORE,
        source_classes={
            **BEFORE.source_classes,
            "admin": SourceClass(networks=("10.1.0.0/25", "10.1.0.200/32", "10.1.0.210/32")),
        },
    )
    hosts = {
        name: replace(
            host,
            inbound=tuple(
                replace(one, sources=(*one.sources, "10.1.0.210/32")) if "admin" in one.source_classes else one
                for one in host.inbound
            ),
        )
        for name, host in more.hosts.items()
    }
    more = replace(more, hosts=hosts)
    (name,) = {line.split()[5] for line in text(more).splitlines() if " address-set " in line and "_admin_" in line}
    assert text(more, BEFORE).splitlines() == [
        "set security address-book global address jsa_10-1-0-210_32 10.1.0.210/32",
        f"set security address-book global address-set {name} address jsa_10-1-0-210_32",
    ]
    assert text(BEFORE, more, DELETES).splitlines() == [
        f"delete security address-book global address-set {name} address jsa_10-1-0-210_32",
        "delete security address-book global address jsa_10-1-0-210_32",
    ]


def test_a_policy_says_why_and_logs() -> None:
    lines = text(BEFORE).splitlines()
    path = "set security policies from-zone users to-zone core policy jsa_10-0-0-1_tcp_443"
    own = [line.removeprefix(f"{path} ") for line in lines if line.startswith(f"{path} ")]
    assert own[0].startswith('description "con1: Apache HTTPS (https); Juniper Secure Analytics Administration Guide')
    assert ", row 11" in own[0]
    assert own[-2:] == ["then permit", "then log session-init"]
    # The virtual address of the pair is a destination of its own.
    assert any("policy jsa_10-0-0-3_tcp_443 match destination-address jsa_10-0-0-3_32" in line for line in lines)
    assert any('policy jsa_10-0-0-3_tcp_443 description "con1, con2: ' in line for line in lines)


def test_a_description_stays_one_line_of_its_own() -> None:
    evil = 'a"; }\nset system */'
    for line in text(plan({evil: [rule(evil, 0, ("users",))]})).splitlines():
        assert line.startswith(("set security ", "set applications "))
        assert re.fullmatch(r'[^"]*(?: description "[A-Za-z0-9 .,:;/()_+?-]*")?', line)


def test_an_earlier_plan_without_a_change() -> None:
    output = render_junos(request(BEFORE, BEFORE), SETTINGS)
    assert dict(output.files) == {ADDS: "", DELETES: ""}
    assert DELETES not in render_junos(request(BEFORE), SETTINGS).files


def test_ports_that_are_joined_otherwise() -> None:
    """The request asks for one port, and the policy for both replaces that for one."""
    wide = plan({"con2": [rule("con2", 0, ("admin",))]})
    hosts = {
        name: replace(host, inbound=tuple(replace(one, ports=(22, 23)) for one in host.inbound))
        for name, host in wide.hosts.items()
    }
    wide = replace(wide, hosts=hosts)
    narrow = plan({"con2": [rule("con2", 0, ("admin",))]})
    asked = request(wide, narrow)
    assert {flow.ports for flow in asked.flows} == {(23, 23)}
    output = render_junos(asked, SETTINGS)
    assert output.flows == len(asked.flows)
    device = Device()
    device.enter(text(narrow))
    device.enter(str(output.files[ADDS]))
    device.enter(str(output.files[DELETES]))
    assert {permit.ports for permit in device.permits()} == {(22, 23)}


def test_more_sources_than_a_policy_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    many = tuple(f"172.16.{number}.0/24" for number in range(25))
    one = plan({"con1": [rule("con1", 0, ("users",))]}, source_classes={"users": SourceClass(networks=many)})
    hosts = {
        name: replace(host, inbound=tuple(replace(item, sources=many) for item in host.inbound))
        for name, host in one.hosts.items()
    }
    one = replace(one, hosts=hosts)
    whole = {cidr for permit in read_junos(text(one)) for cidr in permit.sources}
    monkeypatch.setattr(junos, "MOST_MEMBERS", 10)
    lines = text(one).splitlines()
    sets = {line.split()[5] for line in lines if " address-set " in line}
    assert len(sets) == 3
    assert {cidr for permit in read_junos("\n".join(lines)) for cidr in permit.sources} == whole == set(many)
    # Without a set, the policy itself is divided.
    other = replace(one, source_classes={})
    lines = text(other).splitlines()
    assert {line.split(" policy ")[1].split()[0] for line in lines if " policy " in line} >= {
        "jsa_10-0-0-1_tcp_22", "jsa_10-0-0-1_tcp_22_2", "jsa_10-0-0-1_tcp_22_3"
    }  # fmt: skip
    assert {cidr for permit in read_junos("\n".join(lines)) for cidr in permit.sources} == whole


LONGEST = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.1/32", "::/0", "::1/128", "fd00::/64", LONGEST])
def test_names_of_addresses_are_names(cidr: str) -> None:
    assert NAME.fullmatch(cidr_name(cidr))
    # That of a policy.
    assert len(f"{cidr_name(cidr).rpartition('_')[0]}_tcp_32000-33999_2") <= 63


OTHERS = (("a",), ("a", ""), ("x" * 200,), ("x" * 199 + "y",), ("ü", "\n"), ("\ud800",), ("",))


def test_names_of_anything_are_names() -> None:
    names = [hashed_name(parts) for parts in OTHERS]
    assert len(set(names)) == len(names)
    assert all(NAME.fullmatch(name) for name in names)

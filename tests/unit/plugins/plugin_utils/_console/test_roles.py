# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which roles a host has: what the site says, then the appliance's code, then its components."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._console.records import Appliance, HostRecord
from ansible_collections.jsa.ports.plugins.plugin_utils._console.roles import RoleTable, groups_of
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.deployment import DEFAULT_GROUP_ROLES
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import IMPLIED_ROLES, ROLES

NOTHING = RoleTable({}, {})


def host(code: str | None, *components: str, kind: str | None = None) -> HostRecord:
    appliance = None if code is None and kind is None else Appliance(id=code, type=kind)
    return HostRecord(
        id=1, hostname="h1", private_ip="10.0.0.1", status="Active", appliance=appliance, components=components
    )


@pytest.mark.parametrize(
    ("code", "components", "roles"),
    [
        ("3199", ["magistrate"], "console"),
        ("3105", ["magistrate", "eventprocessor", "qflow"], "console event_processor flow_processor"),
        ("3199", ["eventprocessor0"], "console event_processor"),
        ("3128", ["qvmprocessor"], "console vulnerability_processor"),
        ("2100", [], "console event_processor flow_processor"),
        ("1899", ["qflow", "eventprocessor"], "event_processor flow_processor"),
        ("1705", ["eventprocessor", "ecs-ec"], "flow_processor"),
        ("1628", ["eventprocessor"], "event_processor"),
        ("1501", [], "event_collector"),
        ("1400", [], "data_node"),
        ("1310", [], "flow_collector"),
        ("1202", [], "flow_collector"),
        ("4000", [], "app_host"),
        ("700", [], "risk_manager"),
        ("600", [], "vulnerability_processor"),
        ("600", ["qvmscanner"], "vulnerability_processor vulnerability_scanner"),
        ("610", [], "vulnerability_scanner"),
        ("8028", [], "console event_collector event_processor"),
        # An unknown code, or none at all: components that tell.
        ("JSA7500", ["magistrate"], "console"),
        (None, ["magistrate", "ecs-ep", "qflow"], "console event_processor flow_processor"),
        (None, ["dataNode"], "data_node"),
        (None, ["qflow"], "flow_collector"),
        (None, ["ecs-ec-ingress", "ecs-ec"], "event_collector"),
        (None, ["tomcat-rm"], "risk_manager"),
        (None, ["qvmhostedscanner"], "vulnerability_scanner"),
    ],
)
def test_what_an_appliance_tells(code: str | None, components: list[str], roles: str) -> None:
    assert NOTHING.roles(host(code, *components), ["h1"]) == set(roles.split())


@pytest.mark.parametrize(
    ("code", "components"),
    [
        (None, []),
        ("1920", ["hostcontext"]),
        ("JSA7500", []),
        # An event processor or a flow processor.
        (None, ["eventprocessor", "ecs-ec"]),
        ("JSA1600X", ["ecs-ep", "qflow"]),
        # Not a code of four digits.
        ("16", []),
        ("16000", []),
        ("X1699", []),
    ],
)
def test_what_is_never_guessed(code: str | None, components: list[str]) -> None:
    assert NOTHING.roles(host(code, *components), ["h1"]) is None


def test_the_type_where_there_is_no_code() -> None:
    assert NOTHING.roles(host(None, kind="1699 Event Processor"), ["h1"]) == {"event_processor"}


def test_the_site_corrects_the_table() -> None:
    table = RoleTable(
        {"JSA": ("data_node",), "JSA7500": ("event_processor",), "31": ("app_host",)}, {"h2": ("console",), "h3": ()}
    )
    assert table.roles(host("JSA7500-2"), ["h1"]) == {"event_processor"}
    assert table.roles(host("JSA5800"), ["h1"]) == {"data_node"}
    assert table.roles(host(None, kind="JSA7500"), ["h1"]) == {"event_processor"}
    assert table.roles(host("3199", "magistrate"), ["h1"]) == {"app_host"}
    assert table.roles(host("JSA7500"), ["h1", "h2"]) == {"console"}
    assert table.roles(host("JSA7500"), ["h3"]) == set()


@pytest.mark.parametrize(
    ("roles", "groups"),
    [
        ("", ()),
        ("event_processor", ("jsa_event_processors",)),
        ("event_processor flow_processor", ("jsa_processors",)),
        ("event_collector flow_collector", ("jsa_collectors",)),
        ("event_processor event_collector", ("jsa_event_processors",)),
        (
            "vulnerability_processor vulnerability_scanner",
            ("jsa_vulnerability_processors", "jsa_vulnerability_scanners"),
        ),
    ],
)
def test_groups(roles: str, groups: tuple[str, ...]) -> None:
    assert groups_of(frozenset(roles.split()), DEFAULT_GROUP_ROLES) == groups


@pytest.mark.parametrize(
    "roles", [{role} for role in ROLES] + [{"console", "event_processor", "flow_processor"}, set(ROLES)]
)
def test_groups_give_back_the_roles(roles: set[str]) -> None:
    given = {role for group in groups_of(frozenset(roles), DEFAULT_GROUP_ROLES) for role in DEFAULT_GROUP_ROLES[group]}
    with_implied = {IMPLIED_ROLES[role] for role in given | roles if role in IMPLIED_ROLES}
    assert given | with_implied == roles | with_implied


def test_a_group_of_a_whole_appliance_is_used() -> None:
    table = {
        "jsa_console": ("console",),
        "jsa_processors": ("event_processor", "flow_processor"),
        "jsa_whole": ("console", "event_processor", "flow_processor"),
    }
    assert groups_of(frozenset(table["jsa_whole"]), table) == ("jsa_whole",)

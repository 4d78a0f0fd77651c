# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Misspelt names of variables and groups: told with the likely name, and nobody's own names are taken for one."""

from __future__ import annotations

import re

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._topology import deployment, reader
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.names import (
    Named,
    misspelt_groups,
    misspelt_variables,
    role_variables,
)
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import read

ROOT = Path(__file__).resolve().parents[5]
OF_INVENTORY = (*reader.HOST_VARIABLES, *deployment.DEPLOYMENT_VARIABLES)


def misspelt(*names: str, by_play: tuple[str, ...] = ()) -> list[str]:
    return misspelt_variables(Named({"con1": names, "ep1": ()}, by_play), OF_INVENTORY)


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("jsa_firewall_unlistd", "jsa_firewall_unlisted"),
        ("jsa_unlisted", "jsa_firewall_unlisted"),
        ("jsa_management_addresses", "jsa_firewall_management_addresses"),
        ("jsa_port_check_ratee", "jsa_port_check_rate"),
        ("jsa_preflight_opn", "jsa_preflight_open"),
        ("jsa_network", "jsa_networks"),
        ("jsa_adress", "jsa_address"),
        ("jsa_encryption", "jsa_encrypted"),
        ("jsa_plan_fil", "jsa_plan_file"),
    ],
)
def test_the_likely_name(name: str, likely: str) -> None:
    assert misspelt(name) == [f"con1: the variable {name} is not known, did you mean {likely}?"]


def test_a_name_that_only_a_role_can_have() -> None:
    (sentence,) = misspelt("jsa_firewall_colour")
    assert sentence.endswith("is not known: the role jsa_firewall has no such variable")


@pytest.mark.parametrize(
    "name", ["jsa_admin_password", "jsa_site", "jsa", "firewall_unlistd", "jsa_vault_token", "jsa_firewall"]
)
def test_names_of_the_sites_own(name: str) -> None:
    assert misspelt(name) == []


def test_each_name_once_with_where_it_stands() -> None:
    both = {name: ["jsa_network"] for name in ("con1", "ep1")}
    (sentence,) = misspelt_variables(Named(both, ["jsa_network"]), OF_INVENTORY)
    assert "(set for all 2 hosts)" in sentence
    three = Named({**both, "x1": ()})
    assert "(set for con1 and 1 more host)" in misspelt_variables(three, OF_INVENTORY)[0]
    (sentence,) = misspelt(by_play=("jsa_port_check_ratee",))
    assert "(set by a play or a role)" in sentence


def test_every_name_that_roles_and_playbooks_use_is_known() -> None:
    """But those that tasks register, or set as facts: these are not set by people."""
    used: set[str] = set()
    results: set[str] = set()
    for path in (*(ROOT / "playbooks").glob("*.yml"), *(ROOT / "roles").glob("*/*/*.yml")):
        text = re.sub(r"#.*|jsa\.ports\.\w+", "", path.read_text())
        used.update(re.findall(r"\bjsa_\w+\b", text))
        results.update(re.findall(r"register: (\w+)", text))
        for facts in re.findall(r"set_fact:\n((?: {4,}.*\n)+)", text):
            results.update(re.findall(r"^ +(jsa_\w+):", facts, re.MULTILINE))
    # Of a task alone; and the start of names.
    results |= {"jsa_preflight_addresses", "jsa_firewall_console_hosts"}
    assert {"jsa_firewall", "jsa_port_check", "jsa_preflight"} == set(role_variables())
    names = sorted(used - results - set(role_variables()))
    assert len(names) > 30
    assert misspelt(*names) == []


@pytest.mark.parametrize(
    ("group", "likely"),
    [("jsa_consoles", "jsa_console"), ("jsa_event_colectors", "jsa_event_collectors"), ("jsa_processor", None)],
)
def test_a_misspelt_group(group: str, likely: str | None) -> None:
    topology, problems = read({"con1": "jsa_console", "x1": group})
    assert f"x1: its group {group} is not known, did you mean {likely or 'jsa_processors'}?" in problems
    assert "x1" not in topology.hosts


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        # Divides a group that counts.
        (["jsa_collectors", "jsa_collectors_eu"], 0),
        (["jsa_event_processors", "jsa_processors_dc1"], 0),
        (["jsa_consoles"], 1),
        (["jsa_event_processors", "jsa_consoles"], 1),
        (["jsa_console", "jsa_consoles"], 0),
        (["jsa_spares"], 0),
    ],
)
def test_groups_of_the_sites_own(groups: list[str], said: int) -> None:
    roles = deployment.DEFAULT_GROUP_ROLES
    topology, _problems = reader.read_topology({"x1": {"ansible_host": "10.0.0.1"}}, {"x1": groups})
    assert len(misspelt_groups({"x1": groups}, topology.hosts, roles)) == said

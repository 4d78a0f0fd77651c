# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation gives to copy works as it stands."""

from __future__ import annotations

import re

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.reader import read_topology
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import FEATURES, SOURCE_NETWORKS
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS

ROOT = Path(__file__).resolve().parents[3]


def blocks(path: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / path).read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("number", "names"), [(0, {"con1", "ep1", "ec1"}), (1, {"con1", "ec1", "ep1", "dn1"})])
def test_the_inventories_of_the_readme(number: int, names: set[str]) -> None:
    text = blocks("README.md", "yaml")[number]
    inventory = yaml.safe_load(text)["all"]
    hosts: dict[str, dict[str, Any]] = {}
    groups: dict[str, list[str]] = {}
    for group, content in inventory["children"].items():
        for name, variables in content["hosts"].items():
            hosts[name] = {**inventory["vars"], **variables}
            groups.setdefault(name, []).append(group)
    topology, mistakes = read_topology(hosts, groups)
    plan = Planner(topology).plan(mistakes)
    assert set(plan["hosts"]) == names
    assert plan["warnings"] == []


def test_the_shortest_inventory_is_short() -> None:
    lines = [line for line in blocks("README.md", "yaml")[0].splitlines() if not line.startswith("#")]
    assert len(lines) <= 10


def test_the_entry_of_ones_own() -> None:
    (text,) = blocks("docs/variables.md", "yaml")
    variables = yaml.safe_load(text)
    variables["jsa_networks"] = {**NO_NETWORKS, **variables["jsa_networks"]}
    topology, mistakes = read_topology({"con1": {"ansible_host": "10.0.0.1", **variables}}, {"con1": ["jsa_console"]})
    (rule,) = [rule for rule in Planner(topology).plan(mistakes)["hosts"]["con1"]["inbound"] if rule["ports"] == "9100"]
    assert rule["sources"] == ["192.0.2.16/28"]


def test_every_feature_and_network_is_explained() -> None:
    text = (ROOT / "docs/variables.md").read_text()
    for name in (*FEATURES, *SOURCE_NETWORKS):
        assert f"`{name}`" in text, name


def test_every_link_leads_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation gives to copy works as it stands."""

from __future__ import annotations

import re
import socket

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.model import read_proxy
from ansible_collections.jsa.ports.plugins.modules import listeners
from ansible_collections.jsa.ports.plugins.plugin_utils._outward.targets import outward_targets
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.deployment import DEFAULT_GROUP_ROLES
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.reader import read_topology
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import (
    DESTINATION_NETWORKS,
    FEATURES,
    NAME_SERVERS,
    SOURCE_NETWORKS,
)
from ansible_collections.jsa.ports.tests import pages
from ansible_collections.jsa.ports.tests.unit.plugins.modules.standin import run_main
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS

ROOT = Path(__file__).resolve().parents[3]


def blocks(path: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / path).read_text(), re.MULTILINE | re.DOTALL)


def only(page: str, kind: str, having: str = "") -> str:
    (text,) = [item.text for item in pages.items(page) if item.kind == kind and having in item.text]
    return text


@pytest.mark.parametrize(
    ("page", "names"), [("README.md", {"con1", "ep1", "ec1"}), ("docs/variables.md", {"con1", "ec1", "ep1", "dn1"})]
)
def test_the_inventories(page: str, names: set[str]) -> None:
    inventory = yaml.safe_load(only(page, "inventory"))["all"]
    hosts: dict[str, dict[str, Any]] = {}
    groups: dict[str, list[str]] = {}
    for group, content in inventory["children"].items():
        for name, variables in content["hosts"].items():
            hosts[name] = {**inventory["vars"], **variables}
            groups.setdefault(name, []).append(group)
    topology, problems = read_topology(hosts, groups)
    plan = Planner(topology).plan(problems)
    assert set(plan.hosts) == names
    # Who has not chosen yet is told of the random ports of hosts that are not encrypted, and of nothing else.
    (warning,) = plan.warnings
    assert "jsa_dynamic_ports" in warning


def test_the_shortest_inventory_is_short() -> None:
    lines = [line for line in only("README.md", "inventory").splitlines() if not line.startswith("#")]
    assert len(lines) <= 10


def test_the_requirements_name_this_collection() -> None:
    (requirement,) = yaml.safe_load(only("README.md", "requirements"))["collections"]
    about = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    assert requirement == {"name": f"{about['namespace']}.{about['name']}", "version": f">={about['version']}"}


def test_the_badges_are_true() -> None:
    badges = re.findall(r"img\.shields\.io/badge/([^)]+)-blue\)", (ROOT / "README.md").read_text())
    told = dict(badge.replace("--", "\0").replace("%20", " ").split("-") for badge in badges)
    told = {name.replace("\0", "-"): value.replace("\0", "-") for name, value in told.items()}
    about = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    lowest = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["requires_ansible"]
    versions = (ROOT / "docs" / "versions.md").read_text()
    # The controller with the newest ansible-core, and the hosts with the oldest Python, that make test-matrix takes.
    newest = max(re.findall(r"^\| ansible-core 2\.(\d+), ", versions, re.MULTILINE), key=int)
    oldest = min(re.findall(r"\| Python 3\.(\d+) \|$", versions, re.MULTILINE), key=int)
    assert told == {
        "license": about["license"][0],
        "ansible-core": f"{lowest.removeprefix('>=').removesuffix('.0')} to 2.{newest}",
        "Python on managed hosts": f"3.{oldest} or later",
    }


def test_the_entry_of_ones_own() -> None:
    variables = yaml.safe_load(only("docs/variables.md", "variables", "jsa_extra_flows"))
    variables["jsa_networks"] = {**NO_NETWORKS, **variables["jsa_networks"]}
    topology, problems = read_topology({"con1": {"ansible_host": "10.0.0.1", **variables}}, {"con1": ["jsa_console"]})
    plan = Planner(topology).plan(problems)
    (rule,) = [rule for rule in plan.hosts["con1"].inbound if rule.ports == (9100, 9100)]
    assert rule.sources == ("192.0.2.16/28",)


def test_two_sites_with_nat_between_them() -> None:
    section = (ROOT / "docs/variables.md").read_text().partition("\n## Sites with NAT between them\n")[2]
    groups = yaml.safe_load(section.split("```")[1])
    hosts = {name: own for group in groups.values() for name, own in group["hosts"].items()}
    topology, problems = read_topology(
        {name: {"jsa_networks": NO_NETWORKS, **own} for name, own in hosts.items()},
        {name: [group] for group, content in groups.items() for name in content["hosts"]},
    )
    plan = Planner(topology).plan(problems)
    sources = {name: {cidr for rule in host.inbound for cidr in rule.sources} for name, host in plan.hosts.items()}
    assert sources["ep1"] == {"10.1.0.11/32", "10.2.0.32/32"}
    assert "203.0.113.31/32" in sources["con1"] and not any(cidr.startswith("10.2.") for cidr in sources["con1"])


def test_the_deployments_of_dynamic_ports_and_outward() -> None:
    for page in ("docs/dynamic_ports.md", "docs/outward.md"):
        (text,) = blocks(page, "yaml")
        variables = yaml.safe_load(text)
        servers = variables.pop("jsa_public_servers", None)
        read_proxy(variables.pop("jsa_proxy", "").replace("{{ vault_proxy_password | urlencode }}", "p%40"))
        variables["jsa_networks"] = {**NO_NETWORKS, **variables.get("jsa_networks", {})}
        host = {"ansible_host": "10.0.0.1", "jsa_features": ["email"], **variables}
        topology, problems = read_topology({"con1": host}, {"con1": ["jsa_console"]})
        assert problems == []
        assert any(target["kind"] == "tls" for target in outward_targets(topology, "con1", servers).targets)


def test_every_feature_network_and_group_is_explained() -> None:
    text = (ROOT / "docs/variables.md").read_text()
    for name in (*FEATURES, *SOURCE_NETWORKS, *DESTINATION_NETWORKS, NAME_SERVERS, *DEFAULT_GROUP_ROLES):
        assert f"`{name}`" in text, name


def test_the_most_common_installation_comes_first() -> None:
    for page in ("README.md", "docs/variables.md"):
        groups = re.findall(r"^\| `(jsa_[a-z_]+)`", (ROOT / page).read_text(), re.MULTILINE)
        assert groups[0] == next(iter(DEFAULT_GROUP_ROLES)) == "jsa_all_in_one"


def test_every_link_leads_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", page.read_text()):
            path = page.parent / target if target else page
            assert path.exists(), f"{page.name}: {target}"
            assert not anchor or anchor in anchors(path), f"{page.name}: {target}#{anchor}"


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def free_port(kind: int) -> int:
    """A port that nothing on this host uses, and that no task of the page asks for."""
    while True:
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.bind(("127.0.0.1", 0))
            port: int = sock.getsockname()[1]
        if port > 33999:
            return port


def test_who_uses_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each task of the page on this very host, with a service of each protocol to be found or not."""
    *tasks, (sample,) = [yaml.safe_load(text) for text in blocks("docs/in_use.md", "yaml")]
    with (
        socket.socket() as service,
        socket.socket() as other,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waiting,
    ):
        for sock in (service, other, waiting):
            # The kernel chooses, and a task asks for the data ports, which begin within its choice.
            sock.bind(("127.0.0.1", free_port(sock.type)))
        service.listen()
        other.listen()
        for task in (task for page in tasks for task in page):
            answer, _stand_in = run_main(monkeypatch, listeners, task["jsa.ports.listeners"])
            assert not answer.get("failed"), answer
            assert all(set(item) == set(sample) for item in answer["connections"])
            found = {item["local_port"] for item in answer["connections"]}
            asked = task["jsa.ports.listeners"]
            everything = not any(asked.get(name) for name in ("port", "process"))
            assert ({service.getsockname()[1], other.getsockname()[1]} <= found) == everything
            assert (waiting.getsockname()[1] in found) == (everything and "state" not in asked)

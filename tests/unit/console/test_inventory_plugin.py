# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin as Ansible runs it, against the stand-in: its hosts, its cache, and the plan of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.tests.console.__main__ import source_of
from ansible_collections.jsa.ports.tests.console.deployment import example
from ansible_collections.jsa.ports.tests.console.server import StandIn

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[3]
LIST = Path(__file__).with_name("list.json")

#: What a careful person writes for the example.
BY_HAND = """\
all:
  vars:
    jsa_release: "7.5.0 UP10"
  children:
    jsa_console: {hosts: {con1: {ansible_host: 10.0.0.1}}}
    jsa_event_processors:
      hosts:
        ep1: {ansible_host: 10.0.0.21, jsa_ha_peer: ep1b, jsa_ha_virtual_address: 10.0.0.20}
        ep1b: {ansible_host: 10.0.0.22}
    jsa_event_collectors:
      hosts:
        ec1: {ansible_host: 10.0.1.1, jsa_encrypted: true, jsa_remote_tunnel_initiation: true, jsa_processor: ep1}
    jsa_data_nodes: {hosts: {dn1: {ansible_host: 10.0.0.3}}}
    jsa_flow_processors: {hosts: {fp1: {ansible_host: 10.0.0.4}}}
    jsa_app_hosts: {hosts: {app1: {ansible_host: 10.0.0.5}}}
    jsa_risk_managers: {hosts: {strange1: {ansible_host: 10.0.0.7}}}
"""
NETWORKS = """\
jsa_networks:
  {admin: [192.0.2.0/28], users: any, api_clients: none, log_sources: [198.51.100.0/24], flow_sources: none,
   off_site_sources: none, certificate_clients: none}
"""


def without_marks(value: Any) -> Any:
    """*value* without the marks of text that is no template, which some releases of ansible-core list."""
    if isinstance(value, dict):
        return (
            value["__ansible_unsafe"]
            if "__ansible_unsafe" in value
            else {name: without_marks(item) for name, item in value.items()}
        )
    return [without_marks(item) for item in value] if isinstance(value, list) else value


class Controller:
    """Runs Ansible's programs in a folder with one source file."""

    def __init__(self, folder: Path, standin: StandIn) -> None:
        self.folder, self.standin = folder, standin
        self.token = standin.token

    def source(self, *lines: str) -> None:
        (self.folder / "console.jsa.yml").write_text(source_of(self.standin, *lines))

    def run(self, program: str, *arguments: str, inventory: str = "console.jsa.yml", succeeds: bool = True) -> str:
        own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
        environment = {
            **own,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"),
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "1",
            "COLUMNS": "1000",
            "HOME": str(self.folder),
            "JSA_TOKEN": self.token,
        }
        command = [str(Path(sys.executable).parent / program), "-i", inventory, *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        self.told = " ".join(f"{done.stdout} {done.stderr}".split())
        assert (done.returncode == 0) == succeeds, self.told
        assert "Traceback" not in self.told
        assert self.standin.token not in self.told
        return done.stdout

    def list(self) -> dict[str, dict[str, object]]:
        """The variables of each host."""
        found: dict[str, dict[str, object]] = json.loads(self.run("ansible-inventory", "--list"))["_meta"]["hostvars"]
        return found


@pytest.fixture
def controller(tmp_path: Path, standin: StandIn) -> Controller:
    return Controller(tmp_path, standin)


def test_the_list(controller: Controller) -> None:
    controller.source("learn_networks: true")
    found = json.loads(controller.run("ansible-inventory", "--list"))
    # Which form of the list it is depends on the release of ansible-core.
    found["_meta"].pop("profile", None)
    assert without_marks(found) == json.loads(LIST.read_text())
    assert "the kind of appliance 'JSA9000-X' of strange1 is not known" in controller.told


def test_the_graph_in_the_documentation(controller: Controller) -> None:
    controller.source()
    page = (ROOT / "docs" / "console.md").read_text()
    (shown,) = re.findall(r"^```\n(@all:\n.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert controller.run("ansible-inventory", "--graph") == shown


def test_the_plan_is_that_of_the_inventory_by_hand(controller: Controller) -> None:
    controller.source("host_roles: {strange1: [risk_manager]}")
    (controller.folder / "hosts.yml").write_text(BY_HAND)
    (controller.folder / "group_vars").mkdir()
    (controller.folder / "group_vars" / "all.yml").write_text(NETWORKS)
    plans = []
    for inventory in ("console.jsa.yml", "hosts.yml"):
        path = controller.folder / f"{inventory}.plan"
        controller.run("ansible-playbook", "jsa.ports.plan", "-e", f"jsa_plan_dest={path}", inventory=inventory)
        plans.append(path.read_bytes())
    assert plans[0] == plans[1]
    assert len(json.loads(plans[0])["hosts"]) == 8


def test_a_warm_cache_asks_nothing(controller: Controller) -> None:
    cache = ["cache: true", "cache_plugin: ansible.builtin.jsonfile", "cache_connection: kept"]
    controller.source(*cache)
    first = controller.list()
    requests = len(controller.standin.requests)
    assert requests
    controller.standin.deployment = example()
    controller.standin.deployment.hosts.clear()
    controller.token = ""
    assert controller.list() == first
    assert len(controller.standin.requests) == requests
    controller.token = controller.standin.token
    for path in (controller.folder / "kept").iterdir():
        assert controller.token not in path.read_text()
    # What the cache does not have is asked for.
    controller.source(*cache, "learn_networks: true")
    controller.list()
    assert len(controller.standin.requests) > requests


def test_text_of_the_console_is_no_template(controller: Controller) -> None:
    controller.standin.deployment.hosts[0]["version"] = "{{ 6 * 7 }}"
    controller.standin.deployment.about["release_name"] = "{{ 6 * 7 }}"
    controller.source("compose: {copied: jsa_console_facts.version}")
    for variable in ("jsa_console_facts.version", "copied"):
        told = controller.run("ansible", "con1", "-m", "ansible.builtin.debug", "-a", f"var={variable}")
        assert '"{{ 6 * 7 }}"' in told


def test_what_ansible_offers(controller: Controller) -> None:
    controller.source(
        "filters:",
        "  - include: inventory_hostname == 'con1'",
        "  - exclude: jsa_console_facts.appliance_id is match('[13]')",
        "compose: {ansible_port: 2222 + jsa_console_facts.id}",
        "groups: {small: jsa_address.endswith('5')}",
        "keyed_groups: [{key: jsa_console_facts.appliance_id, prefix: kind}]",
        "token: \"{{ lookup('ansible.builtin.env', 'JSA_TOKEN') }}\"",
    )
    found = json.loads(controller.run("ansible-inventory", "--list"))
    assert set(found["_meta"]["hostvars"]) == {"con1", "app1", "strange1"}
    assert int(found["_meta"]["hostvars"]["con1"]["ansible_port"]) == 2322
    assert found["small"]["hosts"] == ["app1"]
    assert found["kind_4000"]["hosts"] == ["app1"]


@pytest.mark.parametrize(
    ("token", "lines", "told"),
    [
        ("wrong", [], "rejected the token (HTTP 401"),
        ("", [], "JSA_TOKEN"),
        (None, ["appliance_roles: {JSA7500: [consle]}"], "appliance_roles: JSA7500: unknown role 'consle'"),
        (None, ["filters: [{only: true}]"], "filters: item 1 must have one key, include or exclude"),
        (None, ["filters: [{include: nowhere.at}]", "strict: true"], "correct the expression"),
        (None, ["filters: [{include: true}]"], "filters: item 1: True is not an expression"),
        (None, ["statuses: [Deleted]"], "statuses"),
    ],
)
def test_an_error_is_told_and_nothing_is_read(
    controller: Controller, token: str | None, lines: list[str], told: str
) -> None:
    controller.source(*lines)
    controller.token = controller.token if token is None else token
    controller.run("ansible-inventory", "--list", succeeds=False)
    assert told in controller.told


def test_other_files_are_not_read(controller: Controller) -> None:
    controller.source()
    (controller.folder / "console.jsa.yml").rename(controller.folder / "other.yml")
    controller.run("ansible-inventory", "--list", inventory="other.yml", succeeds=False)
    assert controller.standin.requests == []

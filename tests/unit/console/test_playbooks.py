# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks through the console: no host is contacted, and what is blocked is reported."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.tests.console.__main__ import source_of
from ansible_collections.jsa.ports.tests.console.server import StandIn
from ansible_collections.jsa.ports.tests.unit.console.test_inventory_plugin import NETWORKS, ROOT

pytestmark = pytest.mark.process

VARIABLES = """\
ansible_ssh_executable: {ssh}
jsa_port_check_via: console
jsa_port_check_console_rate: 0
jsa_port_check_dest: results
jsa_firewall_backend: console
jsa_firewall_console_state_file: state.json
jsa_firewall_confirm_probes:
  - {{from: con1, port: 22/tcp}}
jsa_console_url: {url}
jsa_console_ca_path: {ca_path}
"""


class Controller:
    """Runs playbooks with the inventory of the stand-in, and without SSH."""

    def __init__(self, folder: Path, standin: StandIn) -> None:
        self.folder, self.standin = folder, standin
        (folder / "console.jsa.yml").write_text(source_of(standin, "host_roles: {strange1: []}"))
        (folder / "group_vars").mkdir()
        # It tells that it was called, and connects to nothing.
        ssh = folder / "ssh"
        ssh.write_text(f"#!/bin/sh\ntouch {folder}/called\nexit 255\n")
        ssh.chmod(0o755)
        variables = VARIABLES.format(ssh=ssh, url=standin.url, ca_path=standin.ca_path)
        (folder / "group_vars" / "all.yml").write_text(NETWORKS + variables)

    def play(self, *arguments: str, returns: int = 0) -> str:
        own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
        environment = {
            **own,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"),
            "ANSIBLE_NOCOLOR": "1",
            "COLUMNS": "1000",
            "HOME": str(self.folder),
            "JSA_TOKEN": self.standin.token,
        }
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "console.jsa.yml", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        told = done.stdout + done.stderr
        assert done.returncode == returns, told
        assert not (self.folder / "called").exists()
        assert self.standin.token not in told
        return told


@pytest.fixture
def controller(tmp_path: Path, standin: StandIn) -> Controller:
    return Controller(tmp_path, standin)


def test_the_check(controller: Controller) -> None:
    controller.standin.reach = {(103, "10.0.0.1", 443): "UNREACHABLE"}
    told = controller.play("jsa.ports.check", returns=2)
    assert "service, host firewall or network: connect by SSH to tell which" in told
    assert "Not tested through the console:" in told
    found = json.loads((controller.folder / "results" / "port_check.json").read_text())
    blocked = {(item["from"], item["to"], item["port"]) for item in found["verdicts"] if item["verdict"] == "blocked"}
    assert blocked == {("dn1", "con1", 443)}
    assert found["summary"]["ok"] > 20
    assert all(item["protocol"] == "tcp" for item in found["verdicts"] if item["verdict"] == "ok")
    assert {one["unseen"] == {} for one in found["hosts"].values()} == {True}


def test_the_rules(controller: Controller) -> None:
    rules = controller.standin.deployment.firewall_rules
    told = controller.play("jsa.ports.firewall", "--check", "--diff")
    assert "+tcp 443 from anyone" in told
    assert "left out, because the console's API can only accept, so the ports are not closed for others" in told
    assert not any(rules.values())
    told = controller.play("jsa.ports.firewall")
    assert "needs a deployment after a change of its firewall rules is not documented" in told
    assert all(rules[server] for server in (100, 101, 1101, 102, 103))
    # Nothing is planned for it.
    assert rules[107] == []
    requests = len(controller.standin.requests)
    controller.play("jsa.ports.firewall")
    assert "PUT" not in {one.method for one in controller.standin.requests[requests:]}
    controller.play("jsa.ports.remove")
    assert not any(rules.values())
    controller.play("jsa.ports.rollback")
    assert all(rules[server] for server in (100, 101, 1101, 102, 103))

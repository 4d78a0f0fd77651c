# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of some hosts by SSH and of others through the console, which is a stand-in in the controller's network."""

from __future__ import annotations

import json
import os
import sys

from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab import Lab, requirements

from ansible_collections.jsa.ports.tests.console.deployment import Deployment

#: dn1 has no SSH. The validator's answers are those of the stand-in: it does not connect.
INVENTORY = """
all:
  vars:
    jsa_networks: {{admin: none, users: none, api_clients: none, log_sources: none, flow_sources: none,
      off_site_sources: none, certificate_clients: none}}
    jsa_console_url: "{{{{ lookup('ansible.builtin.env', 'STANDIN_URL') }}}}"
    jsa_console_ca_path: {folder}/ca.pem
    jsa_port_check_console_rate: 0
    jsa_port_check_dest: {folder}
  children:
    jsa_console: {{hosts: {{con1: {{ansible_host: 10.77.0.31}}}}}}
    jsa_event_processors: {{hosts: {{ep1: {{ansible_host: 10.77.0.32}}}}}}
    jsa_data_nodes:
      hosts:
        dn1: {{ansible_host: 10.77.0.33, lab_sshd: false, lab_firewalld: false, jsa_port_check_via: console}}
"""


def test_ssh_where_there_is_some_and_the_console_for_the_rest(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(INVENTORY.format(folder=tmp_path))
    deployment = Deployment()
    for name, address, code in (
        ("con1", "10.77.0.31", "3199"),
        ("ep1", "10.77.0.32", "1699"),
        ("dn1", "10.77.0.33", "1400"),
    ):
        deployment.add_host(name, address, code)
    reach = [[102, "10.77.0.31", 443, "UNREACHABLE"]]
    (tmp_path / "deployment.json").write_text(json.dumps({**asdict(deployment), "firewall_rules": {}, "reach": reach}))
    with Lab.up(tmp_path / "hosts.yml", name=f"test-console-{os.getpid()}") as lab:
        plan = tmp_path / "plan.json"
        for arguments in (
            ["jsa.ports.plan", "-e", f"jsa_plan_dest={plan}"],
            ["jsa.ports.firewall", "--limit", "con1,ep1"],
        ):
            result = lab.ansible(["ansible-playbook", *arguments])
            assert result.returncode == 0, result.stdout + result.stderr
        lab.load_services(plan)
        playbook = requirements.ansible_program("ansible-playbook")
        result = lab.run(
            None,
            [
                *(sys.executable, "-m", "ansible_collections.jsa.ports.tests.console", str(tmp_path)),
                *(str(playbook), "-i", str(lab.inventory), "-i", str(lab.state.inventory), "jsa.ports.check"),
            ],
            environment={**lab.ansible_environment(), "PYTHONPATH": str(Path(__file__).resolve().parents[2] / ".dev")},
        )
        told = result.stdout + result.stderr
        assert result.returncode == 2, told
        assert "unreachable=0    failed=0" in next(
            line for line in result.stdout.splitlines() if line.startswith("dn1 ")
        )
        found: dict[str, Any] = json.loads((tmp_path / "port_check.json").read_text())
        wrong = {
            (item["from"], item["to"], item["port"]): item
            for item in found["verdicts"]
            if item["verdict"] not in ("ok", "unverifiable")
        }
        assert list(wrong) == [("dn1", "con1", 443)], told
        assert wrong["dn1", "con1", 443]["verdict"] == "blocked"
        # con1 was asked by SSH, and knows that its service listens.
        assert "the service listens: host firewall or network" in wrong["dn1", "con1", 443]["reason"]
        working = {(item["from"], item["to"]) for item in found["verdicts"] if item["verdict"] == "ok"}
        assert {("con1", "dn1"), ("con1", "ep1"), ("dn1", "con1"), ("dn1", "ep1"), ("ep1", "dn1")} <= working
        assert {name: one["observed"] for name, one in found["hosts"].items()} == {
            "con1": True,
            "ep1": True,
            "dn1": False,
        }
        assert [one["unseen"] for one in found["hosts"].values()] == [{}, {}, {}]

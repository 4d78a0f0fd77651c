# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check through the console, as a playbook: no host is contacted, and what is blocked is reported."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from pathlib import Path

from ansible_collections.jsa.ports.tests.console.__main__ import source_of
from ansible_collections.jsa.ports.tests.console.server import StandIn
from ansible_collections.jsa.ports.tests.unit.console.test_inventory_plugin import NETWORKS, ROOT

VARIABLES = """\
ansible_ssh_executable: {ssh}
jsa_port_check_via: console
jsa_port_check_console_rate: 0
jsa_console_url: {url}
jsa_console_ca_path: {ca_path}
jsa_port_check_dest: results
"""


def test_no_host_is_contacted(tmp_path: Path, standin: StandIn) -> None:
    standin.reach = {(103, "10.0.0.1", 443): "UNREACHABLE"}
    (tmp_path / "console.jsa.yml").write_text(source_of(standin, "host_roles: {strange1: []}"))
    (tmp_path / "group_vars").mkdir()
    # It tells that it was called, and connects to nothing.
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\ntouch {tmp_path}/called\nexit 255\n")
    ssh.chmod(0o755)
    variables = VARIABLES.format(ssh=ssh, url=standin.url, ca_path=standin.ca_path)
    (tmp_path / "group_vars" / "all.yml").write_text(NETWORKS + variables)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    environment = {
        **own,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"),
        "ANSIBLE_NOCOLOR": "1",
        "COLUMNS": "1000",
        "HOME": str(tmp_path),
        "JSA_TOKEN": standin.token,
    }
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "console.jsa.yml", "jsa.ports.check"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    assert done.returncode == 2, told
    assert not (tmp_path / "called").exists()
    assert "service, host firewall or network: connect by SSH to tell which" in told
    assert "Not tested through the console:" in told
    assert standin.token not in told
    found = json.loads((tmp_path / "results" / "port_check.json").read_text())
    blocked = {(item["from"], item["to"], item["port"]) for item in found["verdicts"] if item["verdict"] == "blocked"}
    assert blocked == {("dn1", "con1", 443)}
    assert found["summary"]["ok"] > 20
    assert all(item["protocol"] == "tcp" for item in found["verdicts"] if item["verdict"] == "ok")
    assert {one["unseen"] == {} for one in found["hosts"].values()} == {True}

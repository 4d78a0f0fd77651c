# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans compared by whole runs of Ansible: two files, a file and the inventory, and what --diff shows of a plan."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"), "ANSIBLE_LOCALHOST_WARNING": "false"}

OLD = """
all:
  vars:
    jsa_networks: {admin: none, users: none, api_clients: none, log_sources: any, flow_sources: any,
                   off_site_sources: none, certificate_clients: none}
  children:
    jsa_console: {hosts: {con1: {ansible_host: 10.0.0.1}}}
    jsa_collectors: {hosts: {ec1: {ansible_host: 10.0.1.1}}}
"""
NEW = OLD.replace("{ec1: {ansible_host: 10.0.1.1}}", "{ec1: {ansible_host: 10.0.1.1}, ec2: {ansible_host: 10.0.1.2}}")
GAINS = "  + ec2 (10.0.1.2) → con1: tcp 443 Apache HTTPS\n"


@pytest.fixture(scope="module", name="folder")
def fixture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two inventories, and the plan of the first."""
    folder = tmp_path_factory.mktemp("plans")
    (folder / "old.yml").write_text(OLD)
    (folder / "new.yml").write_text(NEW)
    done = run(folder, "jsa.ports.plan", "-i", "old.yml", "-e", f"jsa_plan_dest={folder}/old.json")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "ansible-playbook"), *arguments]
    return subprocess.run(command, env=ENVIRONMENT, cwd=folder, capture_output=True, text=True, check=False)


def test_a_file_and_the_inventory(folder: Path) -> None:
    dest = f"jsa_diff_dest={folder}/differences.json"
    done = run(folder, "jsa.ports.diff", "-i", "new.yml", "-e", f"from={folder}/old.json", "-e", dest)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{folder}/old.json (-) and the current inventory (+):\n\ncon1\n" in done.stdout
    assert GAINS in done.stdout and "\n  + the host (10.0.1.2), event_collector, flow_collector\n" in done.stdout
    assert "0 flows removed, " in done.stdout
    found = json.loads((folder / "differences.json").read_text())
    assert (found["hosts_added"], found["removed"]) == (["ec2"], [])
    assert {flow["source"]["name"] for flow in found["added"] if flow["listener"] == "con1"} == {"ec2"}


def test_two_files_need_no_inventory(folder: Path) -> None:
    files = ["-e", f"from={folder}/old.json", "-e", f"to={folder}/old.json"]
    done = run(folder, "jsa.ports.diff", *files)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"No differences between {folder}/old.json and {folder}/old.json\n" in done.stdout


def test_without_an_earlier_plan(folder: Path) -> None:
    done = run(folder, "jsa.ports.diff", "-i", "new.yml")
    assert done.returncode != 0
    assert "-e from=FILE" in done.stdout + done.stderr


def test_what_diff_shows_of_a_plan(folder: Path) -> None:
    """Of the file that is used, and of the one that is overwritten, which --check leaves as it is."""
    before = (folder / "old.json").read_text()
    plan = ("jsa.ports.plan", "-i", "new.yml", "--diff", "--check")
    done = run(folder, *plan, "-e", f"jsa_plan_dest={folder}/old.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{folder}/old.json (-) and the new plan (+):\n" in done.stdout and GAINS in done.stdout
    assert (folder / "old.json").read_text() == before
    done = run(folder, *plan, "--limit", "con1", "-e", f"jsa_plan_file={folder}/old.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Saved plan {folder}/old.json (-) and the current inventory (+):\n" in done.stdout
    assert GAINS in done.stdout and "... and " not in done.stdout

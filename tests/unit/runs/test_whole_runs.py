# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller's actions print, as a whole run of Ansible prints it."""

from __future__ import annotations

import os
import subprocess
import sys

from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[3]

INVENTORY = """
all:
  vars:
    jsa_networks: {admin: none, users: any, api_clients: none, log_sources: any, flow_sources: any,
                   off_site_sources: none, certificate_clients: none}
  children:
    jsa_console: {hosts: {con1: {ansible_host: 10.0.0.1}}}
    jsa_processors: {hosts: {ep[1:40]: {}}}
"""


@pytest.fixture(name="inventory")
def fixture_inventory(tmp_path: Path) -> Path:
    path = tmp_path / "hosts.yml"
    addresses = "".join(f"        ep{number}: {{ansible_host: 10.0.1.{number}}}\n" for number in range(1, 41))
    path.write_text(INVENTORY.replace("{hosts: {ep[1:40]: {}}}", f"\n      hosts:\n{addresses}"))
    return path


def command(*arguments: object) -> list[str]:
    return [str(Path(sys.executable).parent / "ansible-playbook"), *map(str, arguments)]


ENVIRONMENT = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"), "ANSIBLE_LOCALHOST_WARNING": "false"}


def test_a_misspelt_variable_ends_a_saved_plan_too(inventory: Path) -> None:
    """Also one of a role that does not run here. The message names variables, though the task is in no role.

    Softened, it is a warning there, although the saved plan was computed before it was written.
    """
    plan = f"jsa_plan_dest={inventory.parent}/plan.json"
    line = command("jsa.ports.plan", "-i", inventory, "-e", plan)
    done = subprocess.run(line, env=ENVIRONMENT, cwd=inventory.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "changed=0" in done.stdout, done.stderr
    saved = f"jsa_plan_file={inventory.parent}/plan.json"
    line = command("jsa.ports.plan", "-i", inventory, "-e", saved, "-e", "jsa_port_check_ratee=3")
    done = subprocess.run(line, env=ENVIRONMENT, cwd=inventory.parent, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "jsa_port_check_ratee (set for all 41 hosts) is not known, did you mean jsa_port_check_rate?" in done.stdout
    line += ["-e", "jsa_unknown_variables=warn"]
    environment = {**ENVIRONMENT, "COLUMNS": "1000"}
    done = subprocess.run(line, env=environment, cwd=inventory.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "jsa_port_check_ratee (set for all 41 hosts) is not known, did you mean jsa_port_check_rate?" in done.stderr


@pytest.mark.parametrize("lines", [0, 3])
def test_a_reader_that_ends_early_ends_no_run(inventory: Path, lines: int) -> None:
    """As with "| head -3", where Ansible's own output goes on without a reader, too."""
    line = command("jsa.ports.plan", "-i", inventory)
    with subprocess.Popen(
        line, env=ENVIRONMENT, cwd=inventory.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None and run.stderr is not None
        for _number in range(lines):
            run.stdout.readline()
        run.stdout.close()
        try:
            run.wait(timeout=120)
        finally:
            run.kill()
        assert run.returncode == 0, run.stderr.read().decode()

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host as RHEL 8 installs it: no python3 anywhere, and the system's own Python where only the system looks."""

from __future__ import annotations

import json
import time

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab

from ansible_collections.jsa.ports.tests.integration_lab.firewalls import with_rules

HOSTS = """
all:
  hosts:
    target: {ansible_host: 10.77.0.11, ansible_python_interpreter: /usr/libexec/platform-python}
"""
ROOT = Path(__file__).resolve().parents[2]
STATE = "/var/lib/jsa_ports/firewalld"
PYTHON = "/usr/libexec/platform-python"

#: firewall-cmd and firewalld name their interpreter in their first line, there as here.
MOVE = f"""
set -e
real=$(readlink -f /usr/bin/python3)
mkdir -p /usr/libexec
cp $real {PYTHON}
for program in /usr/bin/firewall-cmd /usr/bin/firewall-offline-cmd /usr/sbin/firewalld; do
    sed -i '1s,^#!/usr/bin/python3,#!{PYTHON},' $program
done
rm -f /usr/bin/python3* /usr/local/bin/python3* /usr/bin/python /usr/local/bin/python
! command -v python3
"""

ARGUMENTS: dict[str, Any] = {
    "inbound": [{"protocol": "tcp", "ports": "32006", "sources": ["10.77.0.9/32"], "source_classes": ["ep"]}]
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS)
    with Lab.up(inventory, name="platform-python") as built:
        built.run("target", ["sh", "-c", MOVE], check=True)
        yield built


def task(lab: Lab, **more: Any) -> tuple[int, dict[str, Any]]:
    arguments = json.dumps(with_rules({**ARGUMENTS, **more}))
    told = lab.ansible(["ansible", "target", "-m", "jsa.ports.firewall", "-a", arguments])
    result: dict[str, Any] = json.JSONDecoder().raw_decode(told.stdout.partition(" => ")[2])[0]
    return told.returncode, result


def timer(lab: Lab) -> str:
    return lab.run("target", ["pgrep", "-af", "timer.pyz wait"]).stdout


@pytest.mark.gate
def test_staged_and_confirmed(lab: Lab) -> None:
    assert lab.run("target", ["python3", "--version"]).returncode != 0
    code, result = task(lab)
    assert code == 0, result
    assert result["confirmation"]["by"] == "new connection"
    assert "policies/jsa-in.xml" in lab.snapshot("target", "/etc/firewalld")
    assert not task(lab)[1]["changed"]


@pytest.mark.gate
def test_the_timer_runs_on_it(lab: Lab) -> None:
    """Nobody confirms, and it takes the rules back."""
    before = lab.snapshot("target", "/etc/firewalld"), lab.run("target", ["nft", "-s", "list", "ruleset"]).stdout
    candidate = {**ARGUMENTS, "phase": "stage", "confirm_timeout": 4, "unlisted": "drop", "require_controller": False}
    staged = lab.module("target", "firewall", with_rules(candidate), python=PYTHON)
    assert staged["pending"]["command"][0] == PYTHON
    assert PYTHON in timer(lab)
    deadline = time.monotonic() + 60
    while timer(lab):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    after = lab.snapshot("target", "/etc/firewalld"), lab.run("target", ["nft", "-s", "list", "ruleset"]).stdout
    assert after == before
    told = json.loads(Path(lab.host("target").path(f"{STATE}/last_result.json")).read_text())
    assert told["outcome"] == "The host is back on the committed rules"

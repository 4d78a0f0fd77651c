# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parts of a deployment that different runs observe, and a host that does everything itself, on real hosts."""

from __future__ import annotations

import json
import os
import subprocess

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import Lab, requirements

#: The checkout is at the same place on the hosts.
COLLECTIONS = Path(__file__).resolve().parents[2] / ".dev"

INVENTORY = """
all:
  vars:
    jsa_networks: {admin: [10.77.0.0/24], users: none, api_clients: none, log_sources: none, flow_sources: none,
      off_site_sources: none, certificate_clients: none}
    # Every refusal is to be seen; by default a host sends a peer one ICMP error a second.
    lab_sysctls: {net.ipv4.icmp_ratelimit: 0, net.ipv4.icmp_msgs_per_sec: 100000, net.ipv4.icmp_msgs_burst: 10000}
  children:
    jsa_console: {hosts: {con1: {ansible_host: 10.77.0.41}}}
    jsa_event_processors:
      hosts: {ep1: {ansible_host: 10.77.0.42}, ep2: {ansible_host: 10.77.0.43}}
    jsa_event_collectors:
      hosts: {ec1: {ansible_host: 10.77.0.44, jsa_processor: ep1}}
"""
#: Nobody has to connect to it.
PULLING = "ec1"
#: Dropped by a rule that is not the collection's, so that only a closer look finds it.
DROPPED = 32005
#: Nothing listens there any more.
STOPPED = 32006


def play(lab: Lab, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return lab.ansible(["ansible-playbook", f"jsa.ports.{playbook}", *arguments])


def pull(lab: Lab, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """On the host itself, with the ansible-core that is there."""
    return lab.run(
        PULLING,
        [requirements.ansible_program("ansible-playbook"), f"jsa.ports.{playbook}", *arguments],
        environment={
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_NOCOLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        timeout=600,
    )


def verdicts(folder: Path) -> list[tuple[Any, ...]]:
    """Those of a check, but for the ports of which no other run could know.

    The broker of the stand-in listens on a random port in the middle of a large range.
    """
    document = json.loads((folder / "port_check.json").read_text())
    unknown = [one for one in document["verdicts"] if one["reason"].startswith("no host that should be rejected")]
    assert all(one["verdict"] == "unverifiable" and 32000 <= one["port"] <= 33999 for one in unknown)
    keys = ("verdict", "from", "to", "protocol", "port")
    return sorted((tuple(one.get(key) for key in keys) for one in document["verdicts"] if one not in unknown), key=str)


def join(lab: Lab, plan: Path, files: Path, results: Path) -> subprocess.CompletedProcess[str]:
    return play(
        lab,
        "verdicts",
        *("-e", f"jsa_plan_file={plan}", "-e", f"jsa_port_check_observations={files}"),
        *("-e", f"jsa_port_check_dest={results}"),
    )


def observe(lab: Lab, plan: Path, files: Path, limit: str) -> None:
    more = ["-e", f"jsa_plan_file={plan}", "-e", f"jsa_port_check_observations={files}"]
    result = play(lab, "check", "--limit", limit, *more)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "There are no verdicts yet" in result.stdout


@pytest.fixture(scope="module", name="plan")
def fixture_plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plan") / "plan.json"


@pytest.fixture(scope="module", name="lab")
def fixture_lab(tmp_path_factory: pytest.TempPathFactory, plan: Path) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(INVENTORY)
    with Lab.up(inventory, name=f"test-slices-{os.getpid()}") as lab:
        result = play(lab, "plan", "-e", f"jsa_plan_dest={plan}")
        assert result.returncode == 0, result.stdout + result.stderr
        lab.load_services(plan)
        result = play(lab, "firewall", "--limit", f"all:!{PULLING}")
        assert result.returncode == 0, result.stdout + result.stderr
        lab.host(PULLING).path("/tmp/plan.json").write_bytes(plan.read_bytes())
        yield lab


def own_inventory(lab: Lab, port: int) -> str:
    """That of a host that applies its own rules: afterwards, it has to reach this port of the console."""
    probe = {"from": PULLING, "address": "10.77.0.41", "port": f"{port}/tcp"}
    variables = {"ansible_connection": "local", "jsa_firewall_confirm_probes": [probe]}
    content = yaml.safe_dump({"all": {"hosts": {PULLING: variables}}})
    lab.host(PULLING).path("/tmp/own.yml").write_text(content)
    return "/tmp/own.yml"


def test_a_host_applies_its_own_rules_and_confirms_what_it_still_reaches(lab: Lab) -> None:
    arguments = ["-e", "jsa_plan_file=/tmp/plan.json", "-e", "ansible_python_interpreter=/usr/bin/python3", "-v"]
    # Nothing listens on this port of the console.
    refused = pull(lab, "firewall", "-i", own_inventory(lab, 9), *arguments)
    assert refused.returncode != 0
    assert "The rules were not confirmed" in refused.stdout + refused.stderr
    result = pull(lab, "firewall", "-i", own_inventory(lab, 443), *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    # Nothing of the first candidate has stayed.
    assert "changed=1" in result.stdout
    assert "same connection" in result.stdout and "could not be compared" not in result.stdout + result.stderr
    again = pull(lab, "firewall", "-i", own_inventory(lab, 443), *arguments)
    assert again.returncode == 0 and "changed=0" in again.stdout, again.stdout + again.stderr


def test_three_controllers_find_what_one_run_finds(lab: Lab, plan: Path, tmp_path: Path) -> None:
    table = "table inet site { chain input { type filter hook input priority -5; tcp dport %d drop; }; }" % DROPPED
    lab.run("ep2", ["nft", table], check=True)
    lab.services("ep1", "stop", f"tcp/{STOPPED}")
    try:
        result = play(lab, "check", "-e", f"jsa_port_check_dest={tmp_path}/whole")
        assert result.returncode != 0
        for part in ("con1", "ep1,ep2", "ec1"):
            observe(lab, plan, tmp_path / "files", part)
    finally:
        lab.run("ep2", ["nft", "delete", "table", "inet", "site"], check=True)
        lab.services("ep1", "start", f"tcp/{STOPPED}")
    joined = join(lab, plan, tmp_path / "files", tmp_path / "joined")
    assert joined.returncode != 0
    whole = verdicts(tmp_path / "whole")
    assert verdicts(tmp_path / "joined") == whole
    faults = {(verdict, *flow[1:]) for verdict, *flow in whole if verdict != "ok"}
    assert {("host_firewall", "ep2", "tcp", DROPPED), ("service_down", "ep1", "tcp", STOPPED)} <= faults
    assert "table inet site" in joined.stdout


def test_a_host_that_observes_itself_completes_the_check(lab: Lab, plan: Path, tmp_path: Path) -> None:
    files = tmp_path / "files"
    observe(lab, plan, files, f"all:!{PULLING}")
    without = join(lab, plan, files, tmp_path / "without")
    assert without.returncode != 0
    assert f"{PULLING}: sockets, firewall, probes, paths: there is no file {PULLING}.json" in without.stdout
    observed = pull(
        lab,
        "observe_here",
        *("-e", "jsa_plan_file=/tmp/plan.json", "-e", "jsa_port_check_observations=/tmp/observed"),
    )
    assert observed.returncode == 0, observed.stdout + observed.stderr
    # As rsync would.
    own = lab.host(PULLING).path(f"/tmp/observed/{PULLING}.json")
    (files / own.name).write_bytes(own.read_bytes())
    joined = join(lab, plan, files, tmp_path / "joined")
    assert joined.returncode == 0, joined.stdout + joined.stderr
    result = play(lab, "check", "-e", f"jsa_port_check_dest={tmp_path}/whole")
    assert result.returncode == 0, result.stdout + result.stderr
    assert verdicts(tmp_path / "joined") == verdicts(tmp_path / "whole")


def test_a_limit_without_the_host_is_no_success(lab: Lab) -> None:
    result = pull(
        lab,
        "observe_here",
        *("-e", "jsa_plan_file=/tmp/plan.json", "-e", "jsa_port_check_observations=/tmp/limited"),
        *("--limit", "localhost"),
    )
    assert result.returncode != 0 and f"Add --limit localhost,{PULLING}" in result.stdout + result.stderr
    assert not lab.host(PULLING).path("/tmp/limited").exists()

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every ansible-core that the collection supports, on hosts with every Python that it supports."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import Lab

from ansible_collections.jsa.ports.tests.integration_lab.test_platform_python import MOVE
from ansible_collections.jsa.ports.tests.matrix.environments import ROOT, Controller, environment, interpreter

INVENTORY = """
all:
  vars:
    jsa_networks:
      admin: [10.77.0.0/24]
      users: any
      api_clients: none
      log_sources: any
      flow_sources: none
      off_site_sources: none
      certificate_clients: none
    # Every refusal is to be seen.
    lab_sysctls:
      net.ipv4.icmp_ratelimit: 0
      net.ipv4.icmp_msgs_per_sec: 100000
      net.ipv4.icmp_msgs_burst: 10000
  children:
    jsa_console: {hosts: {con1: {ansible_host: 10.77.0.11}}}
    jsa_processors: {hosts: {ep1: {ansible_host: 10.77.0.12}}}
    jsa_event_collectors: {hosts: {ec1: {ansible_host: 10.77.0.13, jsa_processor: ep1, jsa_encrypted: true}}}
"""
HOSTS = {"con1", "ep1", "ec1"}

C216_310 = Controller("2.16", "3.10")
C216_312 = Controller("2.16", "3.12")
C219 = Controller("2.19", "3.11")
C221 = Controller("2.21", "3.13")
CONTROLLERS = (C216_310, C216_312, C219, C221)

#: Controller and Python of the hosts: the oldest and the newest of both kinds, and what RHEL 8 and 9 bring.
PAIRS = ((C216_312, "3.6"), (C216_310, "3.9"), (C219, "3.9"), (C221, "3.13"))

IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(len(sys.argv) - 1, "%d.%d" % sys.version_info[:2])
"""


def module_names() -> list[str]:
    plugins = ROOT / "plugins"
    files = [path for kind in ("module_utils", "modules") for path in sorted((plugins / kind).rglob("*.py"))]
    dotted = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    return [f"ansible_collections.jsa.ports.{name}".replace(".__init__", "") for name in dotted]


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9", "3.13"])
def test_everything_for_the_hosts_imports(version: str) -> None:
    python = interpreter(version)
    # 2.16 is the last whose own part for the hosts runs on 3.6.
    (core,) = (environment(C216_312) / "lib").glob("python*/site-packages")
    names = module_names()
    assert len(names) > 30
    told = subprocess.run(
        [python, "-B", "-c", IMPORT_ALL, *names],
        env={"PYTHONPATH": f"{ROOT / '.dev'}:{core}", "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout.split() == [str(len(names)), version], told.stderr


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(INVENTORY)
    with Lab.up(inventory, name=f"matrix-{os.getpid()}") as built:
        yield built


def play(lab: Lab, programs: Path, playbook: str, *options: str) -> str:
    """Standard output of one of the collection's playbooks."""
    command = [str(programs / "ansible-playbook"), "-i", str(lab.inventory), "-i", str(lab.state.inventory)]
    path = {"PATH": f"{programs}:{os.environ['PATH']}"}
    told = lab.run(
        None,
        [*command, f"jsa.ports.{playbook}", *options],
        environment={**lab.ansible_environment(), **path},
        timeout=600,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


@functools.cache
def plan_of(lab: Lab, programs: Path) -> bytes:
    file = lab.state.dir / f"plan-{programs.parent.name}.json"
    play(lab, programs, "plan", "-e", f"jsa_plan_dest={file}")
    return file.read_bytes()


def changed(output: str) -> set[str]:
    recap = output[output.rindex("PLAY RECAP") :]
    found = dict(re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", recap, re.MULTILINE))
    assert set(found) == HOSTS
    return {host for host, number in found.items() if number != "0"}


def firewalls(lab: Lab) -> dict[str, dict[str, bytes]]:
    return {host: lab.snapshot(host, "/etc/firewalld") for host in HOSTS}


@pytest.mark.parametrize("controller", CONTROLLERS, ids=str)
def test_the_plan_is_the_same_to_the_byte(lab: Lab, controller: Controller) -> None:
    plan = plan_of(lab, environment(controller) / "bin")
    assert plan == plan_of(lab, Path(sys.executable).parent)
    assert set(json.loads(plan)["hosts"]) == HOSTS


@pytest.mark.parametrize(("controller", "python"), PAIRS, ids=str)
def test_site_check_why_and_remove(lab: Lab, controller: Controller, python: str) -> None:
    programs = environment(controller) / "bin"
    with_python = ("-e", f"ansible_python_interpreter={interpreter(python)}")
    lab.load_services(json.loads(plan_of(lab, programs)))
    before = firewalls(lab)

    assert changed(play(lab, programs, "site", *with_python, "--check")) == HOSTS
    assert firewalls(lab) == before
    # Its last part checks every flow, and fails where one does not get through.
    assert changed(play(lab, programs, "site", *with_python)) == HOSTS
    assert all("policies/jsa-in.xml" in files for files in firewalls(lab).values())
    for host in HOSTS:
        program = lab.host(host).path("/var/lib/jsa_ports/firewalld/history.json")
        assert program.exists(), "confirmed through a new connection, and kept"
    assert lab.probe("con1", "10.77.0.12", 32006) == "open"
    assert lab.probe("ec1", "10.77.0.11", 5432) == "prohibited"
    assert changed(play(lab, programs, "site", *with_python)) == set()
    play(lab, programs, "check", *with_python)
    why = play(lab, programs, "why", "-e", "from=con1", "-e", "to=ep1", "-e", "dport=32006/tcp")
    assert "accepted" in why
    assert changed(play(lab, programs, "remove", *with_python)) == HOSTS
    assert firewalls(lab) == before


def test_platform_python_is_found(tmp_path: Path) -> None:
    """Nobody says where it is: the ansible-core for RHEL 8 looks there by itself."""
    programs = environment(C216_312) / "bin"
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("all: {hosts: {target: {ansible_host: 10.77.0.21}}}\n")
    with Lab.up(inventory, name=f"matrix-platform-{os.getpid()}") as lab:
        lab.run("target", ["sh", "-c", MOVE], check=True)
        # The lab names an interpreter for every host.
        automatic = ["-e", "ansible_python_interpreter=auto_silent"]
        refused = {"rules": {"inbound": [], "refused": [{"protocol": "tcp", "ports": "99"}]}}
        told = lab.run(
            None,
            [str(programs / "ansible"), "-i", str(lab.inventory), "-i", str(lab.state.inventory), "target", *automatic]
            + ["-m", "jsa.ports.firewall", "-a", json.dumps(refused)],
            environment={**lab.ansible_environment(), "PATH": f"{programs}:{os.environ['PATH']}"},
        )
        assert told.returncode == 0, told.stdout + told.stderr
        assert "new connection" in told.stdout

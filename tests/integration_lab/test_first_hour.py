# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes somebody stumble in the first hour, on new hosts with firewalld."""

from __future__ import annotations

import os
import re
import subprocess

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import Lab

INVENTORY = """
all:
  vars:
    jsa_networks: {admin: [10.77.0.250/32], users: none, api_clients: none, log_sources: none, flow_sources: none,
      off_site_sources: none, certificate_clients: none}
    # Every refusal is to be seen; by default a host sends a peer one ICMP error a second.
    lab_sysctls: {net.ipv4.icmp_ratelimit: 0, net.ipv4.icmp_msgs_per_sec: 100000, net.ipv4.icmp_msgs_burst: 10000}
  children:
    jsa_console: {hosts: {con1: {ansible_host: 10.77.0.21}}}
    jsa_event_processors: {hosts: {ep1: {ansible_host: 10.77.0.22}}}
"""
#: A user without privileges that every host has.
NOBODY = ["-e", "ansible_become_method=su ansible_become_user=nobody ansible_become_flags='-s /bin/sh'"]


def play(lab: Lab, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return lab.ansible(["ansible-playbook", f"jsa.ports.{playbook}", *arguments])


def failed_hosts(output: str) -> set[str]:
    recap = output[output.rindex("PLAY RECAP") :]
    return {match[1] for match in re.finditer(r"^(\S+)\s+: .*failed=[1-9]", recap, re.MULTILINE)}


@pytest.fixture(scope="module", name="folder")
def fixture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inventory")
    (folder / "hosts.yml").write_text(INVENTORY)
    return folder


@pytest.fixture(scope="module", name="lab")
def fixture_lab(folder: Path) -> Iterator[Lab]:
    with Lab.up(folder / "hosts.yml", name=f"test-hour-{os.getpid()}") as lab:
        yield lab


@pytest.fixture(name="running")
def fixture_running(lab: Lab, folder: Path) -> None:
    """The rules are there, and JSA runs."""
    for playbook, arguments in (("plan", ["-e", f"jsa_plan_dest={folder}/plan.json"]), ("firewall", [])):
        result = play(lab, playbook, *arguments)
        assert result.returncode == 0, result.stdout + result.stderr
    lab.load_services(folder / "plan.json")


def test_a_preflight_of_new_hosts_names_the_variable(lab: Lab) -> None:
    result = play(lab, "preflight")
    assert result.returncode != 0
    assert "does not have the rules of the plan yet" in result.stdout and "jsa_preflight_open: true" in result.stdout
    assert failed_hosts(result.stdout) == {"con1", "ep1"}


def test_a_preflight_of_nothing_fails(lab: Lab) -> None:
    result = play(lab, "preflight", "--limit", "con1")
    assert result.returncode != 0 and failed_hosts(result.stdout) == {"con1"}
    assert "nothing was tested" in result.stdout and "jsa_preflight_allow_empty" in result.stdout
    result = play(lab, "preflight", "--limit", "con1", "-e", "jsa_preflight_allow_empty=true")
    assert result.returncode == 0, result.stdout


def test_without_root_it_says_so(lab: Lab) -> None:
    result = play(lab, "firewall", *NOBODY)
    assert result.returncode != 0
    assert result.stdout.count("The module needs root: set become: true. Nothing was changed") >= 2
    assert "lock" not in result.stdout


@pytest.mark.usefixtures("running")
class TestWithJsa:
    def test_the_host_to_correct_is_the_one_that_fails(self, lab: Lab) -> None:
        lab.services("ep1", "stop", "tcp/32006")
        try:
            result = play(lab, "check")
        finally:
            lab.services("ep1", "start", "tcp/32006")
        assert result.returncode != 0
        assert failed_hosts(result.stdout) == {"ep1"}
        assert re.search(r"flows? to correct here: \d+ service_down", result.stdout)

    def test_the_counts_agree(self, lab: Lab) -> None:
        result = play(lab, "check")
        assert result.returncode == 0, result.stdout
        (selected,) = set(re.findall(r"([\d,]+) of [\d,]+ flows between 2 hosts", result.stdout))
        without = re.search(r"^([\d,]+) of the selected flows have no verdict", result.stdout, re.MULTILINE)
        further = re.search(r"^([\d,]+) further verdict", result.stdout, re.MULTILINE)
        verdicts = re.search(r"^(\d+) flows: ", result.stdout, re.MULTILINE)
        assert verdicts
        assert int(verdicts[1]) == int(selected) - int(without[1] if without else 0) + int(further[1] if further else 0)

    def test_a_check_of_nothing_fails(self, lab: Lab) -> None:
        result = play(lab, "check", "--limit", "con1")
        assert result.returncode != 0 and failed_hosts(result.stdout) == {"con1"}
        assert "nothing was checked" in result.stdout and "jsa_port_check_allow_empty" in result.stdout
        result = play(lab, "check", "--limit", "con1", "-e", "jsa_port_check_allow_empty=true")
        assert result.returncode == 0, result.stdout

    def test_a_reader_that_ends_early_ends_no_run(self, lab: Lab, tmp_path: Path) -> None:
        script = tmp_path / "head"
        script.write_text('#!/bin/bash\ntimeout 99 ansible-playbook jsa.ports.check "$@" | head -3\nexit $PIPESTATUS\n')
        script.chmod(0o755)
        result = lab.ansible([str(script)])
        assert result.returncode == 0, result.stderr
        assert len(result.stdout.splitlines()) == 3

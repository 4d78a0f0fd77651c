# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the broker's own word to an open port: discover, plan, apply, on real hosts."""

from __future__ import annotations

import json
import os
import re
import subprocess

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab

INVENTORY = """
all:
  vars:
    jsa_networks: {admin: [192.0.2.0/28], users: none, api_clients: none, log_sources: none, flow_sources: none,
      off_site_sources: none, certificate_clients: none}
    # Every refusal is to be seen; by default a host sends a peer one ICMP error a second.
    lab_sysctls: {net.ipv4.icmp_ratelimit: 0, net.ipv4.icmp_msgs_per_sec: 100000, net.ipv4.icmp_msgs_burst: 10000}
    # Whatever the broker chooses is in the data range or not: without it only discovery can open a port.
    jsa_data_ports: listed
  children:
    jsa_console: {hosts: {con1: {ansible_host: 10.77.0.21}}}
    jsa_processors:
      hosts:
        ep1: {ansible_host: 10.77.0.22}
        ep2: {ansible_host: 10.77.0.23, jsa_encrypted: true}
  hosts:
    out1: {ansible_host: 10.77.0.24}
"""


@pytest.fixture(scope="module", name="lab")
def fixture_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("inventory")
    (folder / "hosts.yml").write_text(INVENTORY)
    with Lab.up(folder / "hosts.yml", name=f"test-dynamic-{os.getpid()}") as lab:
        succeed(lab, "plan", "-e", f"jsa_plan_dest={folder}/plan.json")
        lab.load_services(folder / "plan.json")
        yield lab


def play(lab: Lab, *arguments: str) -> subprocess.CompletedProcess[str]:
    return lab.ansible(["ansible-playbook", *(f"jsa.ports.{arguments[0]}".split()), *arguments[1:]])


def succeed(lab: Lab, *arguments: str) -> str:
    done = play(lab, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    # Ansible wraps warnings.
    return re.sub(r"\s+", " ", done.stdout + done.stderr)


def planned(lab: Lab, path: Path, *arguments: str) -> tuple[dict[str, Any], str]:
    output = succeed(lab, *arguments, "-e", f"jsa_plan_dest={path}")
    plan: dict[str, Any] = json.loads(path.read_text())
    return plan, output


WANTED = ("-e", "jsa_dynamic_ports=discovered")
SITE = ("site", "--tags", "plan,firewall", *WANTED)


def broker(lab: Lab, host: str = "ep1") -> dict[str, int]:
    return {name: port for name, port in lab.services(host)["broker"].items() if name != "jmxrmi"}


@pytest.mark.gate
def test_site_opens_what_the_broker_has_chosen_and_closes_it_again(lab: Lab, tmp_path: Path) -> None:
    plan, output = planned(lab, tmp_path / "plan.json", *SITE)
    ports = broker(lab)
    (item,) = plan["hosts"]["ep1"]["dynamic"]
    assert {found["service"]: found["port"] for found in item["discovered"]} == ports
    assert all(f"{port}/tcp" in output for port in ports.values())
    # Encryption leaves nothing to open, so nobody asks.
    assert plan["hosts"]["ep2"]["dynamic"] == []
    assert "WARNING" not in output
    for port in ports.values():
        assert lab.probe("con1", "10.77.0.22", port) == "open"
        assert lab.probe("out1", "10.77.0.22", port) == "prohibited"
        assert lab.probe("ep2", "10.77.0.22", port) == "prohibited"
    listeners = [entry for entry in plan["hosts"]["ep1"]["listeners"] if entry["id"] == "imq_dynamic"]
    assert {int(entry["ports"]) for entry in listeners} == set(ports.values())
    assert "changed=0" in recap(play(lab, *SITE), "ep1")

    # A restarted broker: the ports of before are not open any more, and the new ones are.
    lab.services("ep1", "stop", "tcp/7676")
    lab.services("ep1", "start", "tcp/7676")
    succeed(lab, *SITE)
    for port in broker(lab).values():
        assert lab.probe("con1", "10.77.0.22", port) == "open"
    for port in set(ports.values()) - set(broker(lab).values()):
        assert lab.probe("con1", "10.77.0.22", port) == "prohibited"

    # And without the variable none of it.
    succeed(lab, "site", "--tags", "plan,firewall")
    for port in broker(lab).values():
        assert lab.probe("con1", "10.77.0.22", port) != "open"


def test_the_check_covers_them(lab: Lab, tmp_path: Path) -> None:
    succeed(lab, "site", *WANTED, "-e", f"jsa_port_check_dest={tmp_path}")
    verdicts = json.loads((tmp_path / "port_check.json").read_text())["verdicts"]
    found = {
        (item["from"], item["to"], item["port"]): item["verdict"]
        for item in verdicts
        if "imq_dynamic" in item["entries"]
    }
    assert found == {("con1", "ep1", port): "ok" for port in broker(lab).values()}


def recap(done: subprocess.CompletedProcess[str], host: str) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if re.match(rf"{host}\s+:", line)]
    return line


def test_what_nobody_asked_for_is_not_known(lab: Lab, tmp_path: Path) -> None:
    plan, output = planned(lab, tmp_path / "plan.json", "plan", *WANTED)
    assert "ep1: the dynamic ports are not known" in output
    assert "discovered" not in plan["hosts"]["ep1"]["dynamic"][0]


def test_a_file_carries_it_to_the_next_run_until_it_is_old(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "dynamic_ports.json"
    kept = ("-e", f"jsa_dynamic_ports_file={file}")
    succeed(lab, "discover", *kept)
    ports = set(broker(lab).values())
    plan, output = planned(lab, tmp_path / "plan.json", "plan", *WANTED, *kept)
    assert {found["port"] for found in plan["hosts"]["ep1"]["dynamic"][0]["discovered"]} == ports
    assert "WARNING" not in output
    # The same to the byte, from the same discovery.
    first = (tmp_path / "plan.json").read_text()
    planned(lab, tmp_path / "plan.json", "plan", *WANTED, *kept)
    assert (tmp_path / "plan.json").read_text() == first

    # As a saved plan it is applied as it was.
    output = succeed(lab, "plan", "-e", f"jsa_plan_file={tmp_path}/plan.json", *WANTED, *kept)
    assert "the inventory has changed since" not in output

    document = json.loads(file.read_text())
    document["hosts"]["ep1"]["observed_at"] = "2001-02-03T04:05:06Z"
    file.write_text(json.dumps(document))
    old, output = planned(lab, tmp_path / "old.json", "plan", *WANTED, *kept)
    assert re.search(r"ep1 \(\d+\.\d hours old\): the dynamic ports are too old", output)
    assert "discovered" not in old["hosts"]["ep1"]["dynamic"][0]

    file.write_text("{")
    done = play(lab, "plan", *WANTED, *kept)
    assert done.returncode != 0
    assert "dynamic_ports.json" in done.stdout + done.stderr


def test_a_broker_that_does_not_tell(lab: Lab, tmp_path: Path) -> None:
    lab.port_mapper("ep1", "garbage")
    try:
        plan, output = planned(lab, tmp_path / "plan.json", "site", "--tags", "plan", *WANTED)
    finally:
        lab.port_mapper("ep1", "normal")
    assert "ep1: imq_dynamic has no ports in the plan: " in output
    assert "the answer starts with '" in output
    assert "discovered" not in plan["hosts"]["ep1"]["dynamic"][0]

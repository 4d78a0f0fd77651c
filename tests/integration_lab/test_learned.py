# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From first contact to enforced, without jsa_networks: record, paste the suggestion, apply, check."""

from __future__ import annotations

import json
import os
import subprocess

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab

INVENTORY = """
all:
  vars:
    # Every refusal is to be seen; by default a host sends a peer one ICMP error a second.
    lab_sysctls: {net.ipv4.icmp_ratelimit: 0, net.ipv4.icmp_msgs_per_sec: 100000, net.ipv4.icmp_msgs_burst: 10000}
  children:
    jsa_console: {hosts: {con1: {ansible_host: 10.77.0.21}}}
    jsa_event_collectors: {hosts: {ec1: {ansible_host: 10.77.0.22}}}
    jsa_event_processors: {hosts: {ep1: {ansible_host: 10.77.0.23, jsa_address: [10.77.0.23, "fd77::23"]}}}
    others:
      hosts:
        source: {ansible_host: 10.77.0.31, jsa_address: [10.77.0.31, "fd77::31"], lab_firewalld: false}
        user: {ansible_host: 10.77.0.32, lab_firewalld: false}
        stranger: {ansible_host: 10.77.0.33, lab_firewalld: false}
"""
CON1, EC1, EP1, EP1_V6 = "10.77.0.21", "10.77.0.22", "10.77.0.23", "fd77::23"
#: Who talks to whom today: host, address, port, protocol.
LEGITIMATE = [
    ("source", EC1, 514, "udp"),
    ("source", EC1, 514, "tcp"),
    ("source", EC1, 6514, "tcp"),
    ("source", EP1_V6, 514, "tcp"),
    ("user", CON1, 443, "tcp"),
    ("user", EC1, 22, "tcp"),
    ("ec1", EP1, 32004, "tcp"),
    ("ec1", CON1, 443, "tcp"),
]
#: What a deployment listens on: with all networks and a feature, whatever the inventory has.
EVERYTHING = {
    "jsa_networks": dict.fromkeys(
        ("admin", "users", "api_clients", "log_sources", "flow_sources", "off_site_sources", "certificate_clients"),
        "any",
    ),
    "jsa_features": ["tls_syslog"],
}


def play(lab: Lab, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return lab.ansible(["ansible-playbook", f"jsa.ports.{playbook}", *arguments])


def succeeds(lab: Lab, playbook: str, *arguments: str) -> str:
    result = play(lab, playbook, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def contact(lab: Lab) -> list[str]:
    """What each of those who talk today meets."""
    found = []
    for source, address, port, protocol in LEGITIMATE:
        found += lab.probes(source, [(address, port, protocol)])
    return found


@pytest.fixture(scope="module", name="folder")
def fixture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learned")
    (folder / "hosts.yml").write_text(INVENTORY)
    return folder


@pytest.fixture(scope="module", name="lab")
def fixture_lab(folder: Path) -> Iterator[Lab]:
    with Lab.up(folder / "hosts.yml", name=f"test-learned-{os.getpid()}") as lab:
        succeeds(lab, "plan", "-e", f"jsa_plan_dest={folder}/all.json", "-e", json.dumps(EVERYTHING))
        lab.load_services(folder / "all.json")
        yield lab


def learned(lab: Lab, folder: Path, name: str, *arguments: str) -> dict[str, Any]:
    succeeds(lab, "learned", "-e", f"jsa_learn_dest={folder}/{name}", *arguments)
    document: dict[str, Any] = json.loads((folder / name / "learned.json").read_text())
    return document


def cut_off(document: dict[str, Any]) -> set[tuple[str, str, int, str]]:
    """Source, host, port, protocol."""
    return {
        (row["source"], name, row["port"], row["protocol"])
        for name, one in document["hosts"].items()
        for row in one["cut_off"]
    }


def test_from_first_contact_to_enforced(lab: Lab, folder: Path) -> None:
    # The plan itself is as strict as ever.
    refused = play(lab, "plan")
    assert refused.returncode != 0 and "jsa_networks.log_sources is not set" in refused.stdout + refused.stderr

    # Nobody has recorded anything yet, and that is no "nobody talks to it".
    nothing = play(lab, "learned")
    assert nothing.returncode != 0 and "nothing is recorded there" in nothing.stdout

    succeeds(lab, "learn")
    contact(lab)
    # A scan of ports on which nobody listens.
    lab.probes("stranger", [(EC1, port, "tcp") for port in (8413, 12469)])

    first = learned(lab, folder, "first")
    assert first["not_observed"] == {} and set(first["hosts"]) == {"con1", "ec1", "ep1"}
    assert {("source", "ec1", 514, "udp"), ("source", "ep1", 514, "tcp"), ("user", "con1", 443, "tcp")} <= cut_off(
        first
    )
    assert not any(row[0] == "ec1" for row in cut_off(first)), "hosts of the deployment need no network"
    suggestions = first["suggestions"]
    assert suggestions["jsa_features"] == {"ec1": ["tls_syslog"]}
    assert suggestions["jsa_processor"] == {"ec1": "ep1"}
    assert set(suggestions["jsa_networks"]["log_sources"]) == {"10.77.0.31/32", "fd77::31/128"}
    assert "10.77.0.32/32" in suggestions["jsa_networks"]["users"]
    assert "10.77.0.33" not in json.dumps(suggestions["jsa_networks"])
    assert suggestions["jsa_networks"]["certificate_clients"] == "none"
    assert "flow_sources" not in suggestions["jsa_networks"], "no host of the deployment takes flows"

    # Pasted, as a second inventory; then the whole site: plan, apply, check, and every planned flow has to be ok.
    pasted = ["-i", str(folder / "first" / "suggested.yml")]
    told = succeeds(lab, "site", *pasted, "-e", f"jsa_port_check_dest={folder}/check")
    summary = json.loads((folder / "check" / "port_check.json").read_text())["summary"]
    assert {verdict for verdict, number in summary.items() if number} <= {"ok", "unverifiable"}, told

    # Nobody who was seen legitimately is cut off, and who was not, is.
    assert "prohibited" not in contact(lab)
    assert lab.probes("stranger", [(EC1, 514, "tcp"), (CON1, 443, "tcp")]) == ["prohibited", "prohibited"]
    second = learned(lab, folder, "second", *pasted)
    # The check has tried from hosts of the deployment what has to be closed, and that is in the record, too.
    assert {row[0] for row in cut_off(second)} - set(second["hosts"]) == {"stranger"}
    assert second["suggestions"]["jsa_networks"] == suggestions["jsa_networks"], "who knocks does not get in"
    seen = {(row["source"], row["port"]) for row in second["hosts"]["ec1"]["planned_seen"]}
    assert {("source", 514), ("source", 6514), ("user", 22)} <= seen
    assert second["hosts"]["con1"]["planned_unseen"] and second["hosts"]["con1"]["since"]

    succeeds(lab, "learn", "-e", "jsa_learn_state=absent")
    assert "jsa_ports_learn" not in lab.ruleset("ec1")


class TestWhoIsConnected:
    """A change that would refuse somebody who is connected. Before and after, the host has no rules of ours."""

    RULES = {"inbound": [], "refused": [{"protocol": "tcp", "ports": "7000", "why": ["https"]}]}
    #: The lab's services end a connection soon: these two hold theirs until they are ended.
    SERVER = (
        "import socket as s; l = s.create_server(('', 7000)); print('ready', flush=True); c = l.accept(); l.accept()"
    )
    CLIENT = f"import socket; c = socket.create_connection(('{CON1}', 7000)); print('open', flush=True); c.recv(1)"

    @pytest.fixture(name="session")
    def fixture_session(self, lab: Lab) -> Iterator[None]:
        lab.module("con1", "firewall", {"state": "absent"})
        lab.run("con1", ["firewall-cmd", "--add-port=7000/tcp"], check=True)
        running = []
        try:
            for host, script in (("con1", self.SERVER), ("user", self.CLIENT)):
                command = [*lab.entering(host), "/usr/bin/python3", "-c", script]
                running.append(subprocess.Popen(command, stdout=subprocess.PIPE))
                stdout = running[-1].stdout
                assert stdout is not None and stdout.readline() in (b"ready\n", b"open\n")
            yield
        finally:
            for process in reversed(running):
                process.kill()
                process.communicate()
            lab.module("con1", "firewall", {"state": "absent"})
            lab.run("con1", ["firewall-cmd", "--remove-port=7000/tcp"], check=True)

    def change(self, lab: Lab, learned: str, check_mode: bool = False) -> dict[str, Any]:
        arguments = {
            "rules": self.RULES,
            "learned": learned,
            "confirm_timeout": 0,
            "require_controller": False,
            "_ansible_check_mode": check_mode,
        }
        result: dict[str, Any] = lab.module("con1", "firewall", arguments)
        return result

    @pytest.mark.usefixtures("session")
    def test_is_named_and_ends_a_run_where_that_is_wished(self, lab: Lab) -> None:
        peer = {"peer": "10.77.0.32", "protocol": "tcp", "port": 7000}
        for check_mode in (True, False):
            failed = self.change(lab, "fail", check_mode)
            assert failed["failed"] and "tcp 7000 from 10.77.0.32" in failed["msg"]
            assert "jsa-in" not in lab.ruleset("con1")
        told = self.change(lab, "warn")
        assert told["changed"] and told["refused_peers"] == [peer]
        assert any("tcp 7000 from 10.77.0.32. They stay open" in str(text) for text in told["warnings"])
        assert self.change(lab, "fail")["refused_peers"] == [], "nothing changes any more"

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The virtual address of an HA pair on real hosts: checked on the node that has it, and missed where none has."""

from __future__ import annotations

import json
import os

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab import Lab

INVENTORY = Path(__file__).resolve().parent.parent / "lab" / "inventories" / "demo.yml"
JSA = ("con1", "con2", "ec1", "fc1", "ep1", "dn1", "app1")
VIRTUAL = "10.77.0.10"
UNLIMITED = ("net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=100000", "net.ipv4.icmp_msgs_burst=10000")


@pytest.fixture(scope="module", name="lab")
def fixture_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    plan = tmp_path_factory.mktemp("plan") / "plan.json"
    with Lab.up(INVENTORY, name=f"test-virtual-{os.getpid()}") as lab:
        for host in JSA:
            lab.run(host, ["sysctl", "-qw", *UNLIMITED], check=True)
        lab.ansible(["ansible-playbook", "jsa.ports.plan", "-e", f"jsa_plan_dest={plan}"], check=True)
        lab.ansible(["ansible-playbook", "jsa.ports.firewall", "-e", "jsa_firewall_confirm_timeout=0"], check=True)
        lab.load_services(json.loads(plan.read_text()))
        yield lab


def move(lab: Lab, away: str | None, to: str | None) -> None:
    """As a failover does, whose node tells everybody about itself."""
    if away:
        lab.run(away, ["ip", "address", "delete", f"{VIRTUAL}/24", "dev", "eth0"], check=True)
    if to:
        lab.run(to, ["ip", "address", "add", f"{VIRTUAL}/24", "dev", "eth0"], check=True)
    for host in JSA:
        lab.run(host, ["ip", "neighbor", "flush", "all"], check=True)


@contextmanager
def moved(lab: Lab, to: str | None) -> Iterator[None]:
    move(lab, "con1", to)
    try:
        yield
    finally:
        move(lab, to, "con1")


def check(lab: Lab, folder: Path) -> tuple[int, list[dict[str, Any]], str]:
    told = lab.ansible(["ansible-playbook", "jsa.ports.check", "-e", f"jsa_port_check_dest={folder}"])
    path = folder / "port_check.json"
    assert path.exists(), told.stdout + told.stderr
    return told.returncode, json.loads(path.read_text())["verdicts"], told.stdout


def to_the_pair(verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = [item for item in verdicts if item.get("virtual")]
    assert {item["address"] for item in found} == {VIRTUAL}
    return found


def test_it_is_checked_on_the_node_that_has_it(lab: Lab, tmp_path: Path) -> None:
    status, verdicts, output = check(lab, tmp_path)
    assert status == 0, output
    found = to_the_pair(verdicts)
    assert {item["to"] for item in found} == {"con1"}
    assert {item["from"] for item in found} == set(JSA) - {"con1", "con2"}
    assert {item["verdict"] for item in found if item["protocol"] == "tcp"} == {"ok"}
    # The same sockets as at the node's own address.
    own = {(item["from"], item["protocol"], item.get("port")) for item in verdicts if item["to"] == "con1"}
    assert {(item["from"], item["protocol"], item.get("port")) for item in found} <= own


def test_after_a_failover_on_the_other_one(lab: Lab, tmp_path: Path) -> None:
    with moved(lab, "con2"):
        status, verdicts, output = check(lab, tmp_path)
    assert status == 0, output
    found = to_the_pair(verdicts)
    assert {item["to"] for item in found} == {"con2"}
    assert {item["verdict"] for item in found if item["protocol"] == "tcp"} == {"ok"}


def test_a_service_that_listens_at_the_nodes_own_address_only(lab: Lab, tmp_path: Path) -> None:
    lab.services("con1", "rebind", "tcp/443", lab.hosts["con1"].address)
    try:
        status, verdicts, output = check(lab, tmp_path)
    finally:
        lab.services("con1", "rebind", "tcp/443", "network")
    assert status != 0
    bad = [item for item in verdicts if item["verdict"] not in ("ok", "unverifiable")]
    assert {(item["verdict"], item["to"], item["port"], item["address"]) for item in bad if item.get("virtual")} == {
        ("service_down", "con1", 443, VIRTUAL)
    }, output
    assert "10.77.0.11 only" in output and f"not on {VIRTUAL}" in output


def test_where_it_is_nowhere_up_that_is_told(lab: Lab, tmp_path: Path) -> None:
    with moved(lab, None):
        status, verdicts, output = check(lab, tmp_path)
    assert status != 0
    found = to_the_pair(verdicts)
    assert found and {item["verdict"] for item in found} == {"service_down"}
    sentence = f"neither con1 nor con2 has the virtual address {VIRTUAL} of their HA pair: no node is active"
    assert {item["reason"] for item in found} == {sentence}
    assert sentence in output
    # Nothing else is wrong: the nodes answer at their own addresses.
    others = [item for item in verdicts if not item.get("virtual")]
    assert {item["verdict"] for item in others} <= {"ok", "unverifiable"}, output


def test_why_answers_for_the_pair(lab: Lab) -> None:
    told = lab.ansible(
        ["ansible-playbook", "jsa.ports.why", "-e", "from=app1", "-e", f"to={VIRTUAL}", "-e", "dport=443/tcp"],
        check=True,
    )
    assert f"{VIRTUAL} (virtual address of con1 and con2) 443/tcp from app1: accepted" in told.stdout
    assert f"the active node of con1 and con2 answers at {VIRTUAL}" in told.stdout

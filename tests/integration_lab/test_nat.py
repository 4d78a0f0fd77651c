# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two sites with 1:1 NAT between them, on real hosts: the router translates, and packets decide.

con1, ec1, out ── 10.1.0.0/24 (198.51.100.0/24) ── router ── 10.2.0.0/24 (203.0.113.0/24) ── ep1, dn1

Nobody has a route to the private addresses of the other site.
"""

from __future__ import annotations

import json
import os

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab import Lab

JSA = ("con1", "ec1", "ep1", "dn1")
WEST, EAST = ("con1", "ec1", "out"), ("ep1", "dn1")

#: Private address to public one, as the router translates.
PUBLIC = {
    "10.1.0.11": "198.51.100.11",
    "10.1.0.21": "198.51.100.21",
    "10.1.0.99": "198.51.100.99",
    "10.2.0.31": "203.0.113.31",
    "10.2.0.32": "203.0.113.32",
}

INVENTORY = """
all:
  vars:
    lab_controller: [10.1.0.250, 10.2.0.250]
    jsa_networks: {admin: ["10.1.0.250/32", "10.2.0.250/32"], users: none, api_clients: none, log_sources: none,
      flow_sources: none, off_site_sources: none, certificate_clients: none}
  children:
    west: {vars: {jsa_nat_group: west}, hosts: {con1: , ec1: }}
    east: {vars: {jsa_nat_group: east}, hosts: {ep1: , dn1: }}
    jsa_console:
      hosts:
        con1: {ansible_host: 10.1.0.11, jsa_public_address: 198.51.100.11}
    jsa_event_collectors:
      hosts:
        ec1: {ansible_host: 10.1.0.21, jsa_public_address: 198.51.100.21, jsa_processor: ep1}
    jsa_event_processors:
      hosts:
        ep1: {ansible_host: 10.2.0.31, jsa_public_address: 203.0.113.31}
    jsa_data_nodes:
      hosts:
        dn1: {ansible_host: 10.2.0.32, jsa_public_address: 203.0.113.32, jsa_processor: ep1}
    others:
      vars: {lab_firewalld: false}
      hosts:
        out: {ansible_host: 10.1.0.99}
        router: {ansible_host: 10.1.0.254, lab_extra_addresses: [10.2.0.254],
          lab_sysctls: {net.ipv4.ip_forward: 1, net.ipv4.icmp_ratelimit: 0}}
"""

#: Both networks are on one cable: a router would tell the hosts to take the direct way.
NO_REDIRECTS = "for file in /proc/sys/net/ipv4/conf/*/send_redirects; do echo 0 >$file; done"
UNLIMITED = ("net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=100000", "net.ipv4.icmp_msgs_burst=10000")


def translate(lab: Lab, sources: Mapping[str, str], targets: Mapping[str, str]) -> None:
    """The router's whole NAT: of sources private -> public, of destinations public -> private."""
    snat, dnat = (", ".join(f"{one} : {other}" for one, other in pairs.items()) for pairs in (sources, targets))
    table = f"""
    table ip nat
    delete table ip nat
    table ip nat {{
      chain before {{ type nat hook prerouting priority -100; dnat to ip daddr map {{ {dnat} }}; }}
      chain after {{ type nat hook postrouting priority 100; snat to ip saddr map {{ {snat} }}; }}
    }}
    """
    lab.run("router", ["nft", "-f", "-"], stdin=table, check=True)
    # What was translated before stays so for the packets of the same connection.
    lab.run("router", ["sh", "-c", "conntrack -F 2>/dev/null || true"], check=True)


def right(lab: Lab) -> None:
    translate(lab, PUBLIC, {public: private for private, public in PUBLIC.items()})


@contextmanager
def wrong(lab: Lab, sources: Mapping[str, str], targets: Mapping[str, str]) -> Iterator[None]:
    """Differences from what the router should do."""
    translate(lab, {**PUBLIC, **sources}, {**{public: private for private, public in PUBLIC.items()}, **targets})
    try:
        yield
    finally:
        right(lab)


def ansible(lab: Lab, playbook: str, *arguments: str) -> str:
    told = lab.ansible(["ansible-playbook", f"jsa.ports.{playbook}", *arguments], check=True)
    return told.stdout


@pytest.fixture(scope="module", name="lab")
def fixture_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("nat") / "hosts.yml"
    inventory.write_text(INVENTORY)
    with Lab.up(inventory, name=f"test-nat-{os.getpid()}") as lab:
        lab.run("router", ["sh", "-c", NO_REDIRECTS], check=True)
        for names, private, public, gateway in (
            (WEST, "10.2.0.0/24", "203.0.113.0/24", "10.1.0.254"),
            (EAST, "10.1.0.0/24", "198.51.100.0/24", "10.2.0.254"),
        ):
            for name in names:
                lab.run(name, ["ip", "route", "replace", "unreachable", private], check=True)
                lab.run(name, ["sh", "-c", f"ip route del {private} dev eth0 || true"], check=True)
                lab.run(name, ["ip", "route", "replace", public, "via", gateway], check=True)
                lab.run(name, ["sysctl", "-qw", *UNLIMITED], check=True)
        right(lab)
        ansible(lab, "firewall", "-e", "jsa_firewall_confirm_timeout=0")
        yield lab


@pytest.fixture(scope="module", name="plan")
def fixture_plan(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("saved") / "plan.json"
    ansible(lab, "plan", "-e", f"jsa_plan_dest={path}")
    plan: dict[str, Any] = json.loads(path.read_text())
    return plan


@pytest.fixture(name="services")
def fixture_services(lab: Lab, plan: dict[str, Any]) -> None:
    lab.load_services(plan)


def result(lab: Lab, playbook: str, folder: Path, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    kind = {"check": "port_check", "preflight": "preflight"}[playbook]
    told = lab.ansible(["ansible-playbook", f"jsa.ports.{playbook}", "-e", f"jsa_{kind}_dest={folder}", *arguments])
    path = folder / f"{kind}.json"
    assert path.exists(), told.stdout + told.stderr
    return told.returncode, json.loads(path.read_text())["verdicts"], told.stdout


def faults(verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item for item in verdicts if item["verdict"] not in ("ok", "unverifiable")]


def test_the_private_addresses_of_the_other_site_are_out_of_reach(lab: Lab) -> None:
    assert lab.probe("con1", "10.2.0.31", 22) != "open"
    assert lab.probe("con1", "203.0.113.31", 22) == "open"
    assert lab.probe("ec1", "10.1.0.11", 22) == "open"


def test_the_plan_names_what_each_host_sees(plan: dict[str, Any]) -> None:
    sources = {
        name: {cidr for rule in plan["hosts"][name]["inbound"] for cidr in rule["sources"] if "/32" in cidr}
        for name in ("con1", "ep1")
    }
    # Neighbors are joined: 203.0.113.31 and 203.0.113.32 are none.
    assert {"203.0.113.31/32", "203.0.113.32/32", "10.1.0.21/32"} <= sources["con1"]
    assert {"198.51.100.11/32", "198.51.100.21/32", "10.2.0.32/32"} <= sources["ep1"]
    private = {"10.2.0.31/32", "10.2.0.32/32"}, {"10.1.0.11/32", "10.1.0.21/32"}
    assert not private[0] & sources["con1"] and not private[1] & sources["ep1"]


class TestBeforeJsaRuns:
    def test_a_preflight_is_sound(self, lab: Lab, plan: dict[str, Any], tmp_path: Path) -> None:
        status, verdicts, output = result(lab, "preflight", tmp_path)
        assert (status, faults(verdicts)) == (0, []), output
        assert ("con1", "203.0.113.31") in {(item["from"], item["address"]) for item in verdicts}
        assert ("dn1", "10.2.0.31") in {(item["from"], item["address"]) for item in verdicts}

    def test_a_destination_that_is_translated_to_another_host(
        self, lab: Lab, plan: dict[str, Any], tmp_path: Path
    ) -> None:
        with wrong(lab, {}, {"203.0.113.31": "10.2.0.32", "203.0.113.32": "10.2.0.31"}):
            status, verdicts, output = result(lab, "preflight", tmp_path)
        assert status != 0
        found = faults(verdicts)
        assert "wrong_host" in {item["verdict"] for item in found}, output
        assert {item["from"] for item in found if item["verdict"] == "wrong_host"} <= {"con1", "ec1"}
        assert any(item["reason"].startswith("dn1 answers at 203.0.113.31, not ep1") for item in found), output


class TestCheck:
    def test_a_sound_deployment(self, lab: Lab, services: None, tmp_path: Path) -> None:
        status, verdicts, output = result(lab, "check", tmp_path)
        assert (status, faults(verdicts)) == (0, []), output
        assert {item["protocol"] for item in verdicts if item["verdict"] == "unverifiable"} <= {"udp"}
        used = {(item["from"], item["to"]): item["address"] for item in verdicts}
        assert used["con1", "ep1"] == used["ec1", "ep1"] == "203.0.113.31"
        assert used["dn1", "ep1"] == "10.2.0.31"
        assert used["ep1", "con1"] == "198.51.100.11"
        assert used["ec1", "con1"] == "10.1.0.11"

    def test_a_stranger_of_the_same_site_is_refused(self, lab: Lab, services: None) -> None:
        # It comes from a public address of its own, through the same router.
        assert lab.probe("con1", "203.0.113.31", 32006) == "open"
        assert lab.probe("out", "203.0.113.31", 32006) not in ("open", "unavailable")
        assert lab.probe("out", "203.0.113.31", 22) not in ("open", "unavailable")

    def test_a_source_that_is_not_translated(self, lab: Lab, services: None, tmp_path: Path) -> None:
        with wrong(lab, {"10.1.0.11": "198.51.100.99"}, {}):
            status, verdicts, output = result(lab, "check", tmp_path)
        assert status != 0
        found = [item for item in faults(verdicts) if item["verdict"] != "unexpected_open"]
        assert found and {item["from"] for item in found} == {"con1"}, output
        assert {item["to"] for item in found} == {"ep1", "dn1"}, output
        assert {item["verdict"] for item in found} == {"network"}, output
        assert any("NAT does not translate 10.1.0.11 to 198.51.100.11" in item["reason"] for item in found), output

    def test_a_destination_that_is_translated_to_another_host(self, lab: Lab, services: None, tmp_path: Path) -> None:
        with wrong(lab, {}, {"203.0.113.31": "10.2.0.32"}):
            status, verdicts, output = result(lab, "check", tmp_path)
        assert status != 0
        found = [item for item in faults(verdicts) if item["verdict"] != "unexpected_open"]
        assert found and {item["to"] for item in found} == {"ep1"}, output
        assert {item["from"] for item in found} <= {"con1", "ec1"}, output
        assert any("203.0.113.31 to 10.2.0.31" in item["reason"] for item in found), output

    def test_why_says_which_addresses_the_two_use(self, lab: Lab) -> None:
        output = ansible(lab, "why", "-e", "from=con1", "-e", "to=10.2.0.31", "-e", "dport=32006/tcp")
        assert "con1 contacts ep1 at 203.0.113.31, not at 10.2.0.31 (jsa_nat_group)" in output
        output = ansible(lab, "why", "-e", "from=10.1.0.11", "-e", "to=ep1", "-e", "dport=32006/tcp")
        assert "refused" in output and "ep1 sees con1 come from 198.51.100.11, not from 10.1.0.11" in output

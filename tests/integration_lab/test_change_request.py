# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A change request decides about packets: a router between networks has what it asks for, and nothing else.

con1 ── 10.77.1.0/24, fd77:1::/64 ──┐
ep1, ec1 ── 10.77.2.0/24, fd77:2::/64 ── router ── 10.77.3.0/24 ── source, stranger
"""

from __future__ import annotations

import json
import os
import subprocess

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab

CON1, EP1, EC1, SOURCE, STRANGER = "10.77.1.11", "10.77.2.11", "10.77.2.21", "10.77.3.10", "10.77.3.200"

INVENTORY = f"""
all:
  vars:
    jsa_networks: {{admin: none, users: none, api_clients: none, log_sources: [10.77.3.0/25], flow_sources: none,
      off_site_sources: none, certificate_clients: none}}
    jsa_dynamic_ports: none
    jsa_zones: {{core: [10.77.1.0/24, "fd77:1::/64"], branch: [10.77.2.0/24, "fd77:2::/64"], guests: 10.77.3.0/24}}
    # Every refusal is to be seen; by default a host sends a peer one ICMP error a second.
    lab_sysctls: {{net.ipv4.icmp_ratelimit: 0, net.ipv4.icmp_msgs_per_sec: 100000, net.ipv4.icmp_msgs_burst: 10000,
      net.ipv6.icmp.ratelimit: 0}}
  children:
    core:
      vars:
        lab_gateways: {{10.77.2.0/24: 10.77.1.254, 10.77.3.0/24: 10.77.1.254, "fd77:2::/64": "fd77:1::254"}}
      hosts: {{con1: }}
    branch:
      vars:
        lab_gateways: {{10.77.1.0/24: 10.77.2.254, 10.77.3.0/24: 10.77.2.254, "fd77:1::/64": "fd77:2::254"}}
      hosts: {{ep1: , ec1: }}
    guests:
      vars:
        lab_gateways: {{10.77.1.0/24: 10.77.3.254, 10.77.2.0/24: 10.77.3.254}}
        lab_firewalld: false
      hosts:
        source: {{ansible_host: {SOURCE}}}
        stranger: {{ansible_host: {STRANGER}}}
    jsa_console:
      hosts: {{con1: {{ansible_host: {CON1}, jsa_address: [{CON1}, "fd77:1::11"]}}}}
    jsa_event_processors:
      hosts: {{ep1: {{ansible_host: {EP1}, jsa_address: [{EP1}, "fd77:2::11"]}}}}
    jsa_event_collectors:
      hosts: {{ec1: {{ansible_host: {EC1}, jsa_processor: ep1}}}}
    routers:
      vars: {{lab_firewalld: false}}
      hosts:
        router: {{ansible_host: 10.77.1.254,
          lab_extra_addresses: [10.77.2.254, 10.77.3.254, "fd77:1::254", "fd77:2::254"],
          lab_sysctls: {{net.ipv4.ip_forward: 1, net.ipv6.conf.all.forwarding: 1, net.ipv4.icmp_ratelimit: 0,
            net.ipv4.conf.all.send_redirects: 0, net.ipv4.conf.default.send_redirects: 0,
            net.ipv4.conf.eth0.send_redirects: 0}}}}
"""

#: What the network team has: nothing passes but what their chain and ours accept.
POLICY = """
table inet filter {
    counter refused { }
    chain jsa_ports { }
    chain forward {
        type filter hook forward priority 0; policy drop
        ct state established,related accept
        jump jsa_ports
        counter name refused drop
    }
}
"""

#: The other hosts are strangers to JSA.
DEPLOYMENT = "jsa_console,jsa_event_processors,jsa_event_collectors"


def play(lab: Lab, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return lab.ansible(["ansible-playbook", f"jsa.ports.{playbook}", "-e", f"jsa_hosts={DEPLOYMENT}", *arguments])


def works(lab: Lab, playbook: str, *arguments: str) -> str:
    result = play(lab, playbook, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module", name="folder")
def fixture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("request")


@pytest.fixture(scope="module", name="lab")
def fixture_lab(folder: Path) -> Iterator[Lab]:
    (folder / "hosts.yml").write_text(INVENTORY)
    with Lab.up(folder / "hosts.yml", name=f"test-request-{os.getpid()}") as lab:
        works(lab, "plan", "-e", f"jsa_plan_dest={folder}/plan.json")
        works(lab, "firewall")
        lab.load_services(folder / "plan.json")
        request = {"jsa_change_request_dest": str(folder / "request"), "jsa_change_request_formats": ["nftables"]}
        works(lab, "change_request", "-e", json.dumps(request))
        lab.run("router", ["nft", "-f", "-"], stdin=POLICY, check=True)
        yield lab


def rules(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((folder / "request").glob("*.nft"))}


def load(lab: Lab, texts: dict[str, str]) -> None:
    """The router has the rules of these files now, and no others."""
    lab.run("router", ["nft", "flush", "chain", "inet", "filter", "jsa_ports"], check=True)
    for text in texts.values():
        lab.run("router", ["nft", "-f", "-"], stdin=text, check=True)


def refused(lab: Lab) -> int:
    told = lab.run("router", ["nft", "-j", "list", "counter", "inet", "filter", "refused"], check=True).stdout
    (found,) = [item["counter"]["packets"] for item in json.loads(told)["nftables"] if "counter" in item]
    return int(found)


def check(lab: Lab, folder: Path) -> tuple[str, int, list[dict[str, Any]]]:
    result = play(lab, "check", "-e", f"jsa_port_check_dest={folder}")
    document = json.loads((folder / "port_check.json").read_text())
    return result.stdout + result.stderr, result.returncode, document["verdicts"]


def test_the_router_needs_nothing_but_the_request(lab: Lab, folder: Path, tmp_path: Path) -> None:
    assert set(rules(folder)) == {"nftables_ipv4.nft", "nftables_ipv6.nft"}
    load(lab, rules(folder))
    told, status, verdicts = check(lab, tmp_path)
    assert status == 0, told
    across = {(item["from"], item["to"]) for item in verdicts if item["verdict"] == "ok"}
    assert {("ec1", "con1"), ("con1", "ec1"), ("con1", "ep1"), ("ep1", "con1")} <= across
    assert {item["verdict"] for item in verdicts} <= {"ok", "unverifiable"}, told
    assert {item["protocol"] for item in verdicts if item["verdict"] == "unverifiable"} <= {"udp"}, told


def test_without_the_request_nothing_passes(lab: Lab) -> None:
    load(lab, {})
    assert lab.probes("ec1", [(CON1, 443, "tcp"), (CON1, 22, "tcp")]) == ["no_answer"] * 2


@pytest.mark.parametrize(
    ("source", "address", "port", "passes"),
    [
        ("ec1", CON1, 443, True),
        # Not in the plan, though both are of the deployment.
        ("ec1", CON1, 5432, False),
        ("source", CON1, 514, True),
        ("source", CON1, 443, False),
        # Of the same zone as the log sources, and none of them.
        ("stranger", CON1, 514, False),
        ("stranger", EC1, 514, False),
    ],
)
def test_strangers_and_neighbors(lab: Lab, folder: Path, source: str, address: str, port: int, passes: bool) -> None:
    load(lab, rules(folder))
    before = refused(lab)
    answer = lab.probe(source, address, port)
    # The host refuses them as well, but the packet has not come so far.
    assert (answer, refused(lab) > before) == (("open", False) if passes else ("no_answer", True))


def test_ipv6_passes_as_requested(lab: Lab, folder: Path) -> None:
    load(lab, rules(folder))
    assert lab.probe("ep1", "fd77:1::11", 443) == "open"
    before = refused(lab)
    assert lab.probe("ep1", "fd77:1::11", 5432) == "no_answer"
    assert refused(lab) > before


def test_one_line_less_is_found_by_the_check(lab: Lab, folder: Path, tmp_path: Path) -> None:
    texts = rules(folder)
    lines = texts["nftables_ipv4.nft"].splitlines(keepends=True)
    (line,) = [one for one in lines if f"ip daddr {CON1}/32 tcp dport 443 " in one]
    assert all(address in line for address in (EP1, EC1))
    load(lab, {**texts, "nftables_ipv4.nft": "".join(one for one in lines if one is not line)})
    told, status, verdicts = check(lab, tmp_path)
    assert status != 0
    wrong = {
        (item["from"], item["to"], item["protocol"], item["port"], item["verdict"])
        for item in verdicts
        if item["verdict"] not in ("ok", "unverifiable")
    }
    assert wrong == {(name, "con1", "tcp", 443, "network") for name in ("ec1", "ep1")}, told
    assert "10.77.2.0/24" in told and "10.77.1.0/24" in told

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may leave a host, from the inventory to packets: the console alone is restricted."""

from __future__ import annotations

import json

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import Lab

pytestmark = pytest.mark.not_on(
    release="bullseye",
    reason="firewalld 0.9.3 holds back answers where it restricts what leaves: it is refused, as "
    "test_firewall.py::test_what_leaves_the_host holds it to",
)

HOSTS = """
all:
  vars:
    jsa_networks:
      admin: any
      users: any
      api_clients: none
      log_sources: any
      flow_sources: none
      off_site_sources: none
      certificate_clients: none
      smtp_gateways: [10.77.0.21, "fd77::21"]
      ntp_servers: [10.77.0.21]
      public_servers: none
  children:
    jsa_console:
      hosts:
        con1:
          ansible_host: 10.77.0.11
          jsa_address: [10.77.0.11, "fd77::11"]
          jsa_features: [email]
          jsa_firewall_restrict_outbound: true
    jsa_event_processors:
      hosts:
        ep1: {ansible_host: 10.77.0.12, jsa_address: [10.77.0.12, "fd77::12"]}
    others:
      hosts:
        mail: {ansible_host: 10.77.0.21, jsa_address: [10.77.0.21, "fd77::21"], lab_firewalld: false}
        web: {ansible_host: 10.77.0.22, lab_firewalld: false}
"""
SERVE = """
import selectors, socket, sys
waiting = selectors.DefaultSelector()
for port in map(int, sys.argv[1:]):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        sock = socket.socket(socket.AF_INET6, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("::", port))
        if kind == socket.SOCK_STREAM: sock.listen(9)
        waiting.register(sock, selectors.EVENT_READ)
while True:
    for key, _ in waiting.select():
        if key.fileobj.type == socket.SOCK_STREAM: key.fileobj.accept()[0].close()
        else: key.fileobj.sendto(b"here", key.fileobj.recvfrom(99)[1])
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS)
    with Lab.up(inventory, name="egress") as built:
        for name in ("mail", "web", "ep1"):
            serve = f"/usr/bin/python3 -c '{SERVE}' 25 53 123 443 32006"
            built.run(name, ["sh", "-c", f"{serve} >/dev/null 2>&1 &"], check=True)
        yield built


def apply(lab: Lab, *options: str) -> str:
    told = lab.ansible(["ansible-playbook", "jsa.ports.firewall", *options])
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def reached(lab: Lab, source: str = "con1") -> dict[str, str]:
    probes = {
        "mail 25": ("10.77.0.21", 25),
        "mail 25, IPv6": ("fd77::21", 25),
        "mail 443": ("10.77.0.21", 443),
        "web 25": ("10.77.0.22", 25),
        "web 443": ("10.77.0.22", 443),
        "web 53": ("10.77.0.22", 53),
        "ep1 32006": ("10.77.0.12", 32006),
        "ep1 32006, IPv6": ("fd77::12", 32006),
        "loopback": ("127.0.0.1", 22),
    }
    return {name: lab.probe(source, *target) for name, target in probes.items()}


@pytest.mark.gate
def test_what_leaves_the_console(lab: Lab) -> None:
    open_to_all = dict.fromkeys(reached(lab), "open")
    # ep1's own zone refuses what nobody has planned yet.
    unplanned = {**open_to_all, "ep1 32006": "prohibited", "ep1 32006, IPv6": "prohibited"}
    assert reached(lab) == unplanned
    before = lab.snapshot("con1", "/etc/firewalld")
    assert "changed=1" in apply(lab)
    expected = {**open_to_all, "mail 443": "prohibited", "web 25": "prohibited", "web 443": "prohibited"}
    assert reached(lab) == expected
    assert reached(lab, "ep1") == open_to_all, "others are not restricted"
    assert lab.probe("con1", "10.77.0.21", 123, "udp") == "open"
    assert lab.probe("con1", "10.77.0.22", 123, "udp") == "prohibited"
    assert lab.probe("con1", "10.77.0.22", 53, "udp") == "open", "names can be asked for"
    assert lab.run("con1", ["ping", "-c", "1", "-W", "2", "10.77.0.22"]).returncode == 0
    assert "jsa-out" not in lab.snapshot("ep1", "/etc/firewalld")
    assert "changed=1" not in apply(lab), "a second run changes nothing"
    # Back to a state without it, and every trace goes.
    apply(lab, "-e", "jsa_firewall_restrict_outbound=false", "--limit", "con1")
    assert not [path for path in lab.snapshot("con1", "/etc/firewalld") if "jsa-out" in path]
    assert reached(lab) == open_to_all
    apply(lab)
    assert lab.ansible(["ansible-playbook", "jsa.ports.remove"]).returncode == 0
    assert lab.snapshot("con1", "/etc/firewalld") == before
    assert reached(lab) == unplanned


def test_name_servers_of_the_site_s_own(lab: Lab) -> None:
    """The controller is still reached, and called back, from what it has restricted."""
    networks = json.dumps(
        {
            "jsa_networks": {
                "admin": "any",
                "users": "any",
                "api_clients": "none",
                "log_sources": "any",
                "flow_sources": "none",
                "off_site_sources": "none",
                "certificate_clients": "none",
                "smtp_gateways": "none",
                "ntp_servers": "none",
                "public_servers": "none",
                "dns_servers": ["10.77.0.21"],
            }
        }
    )
    apply(lab, "-e", networks)
    assert lab.probe("con1", "10.77.0.21", 53) == "open"
    assert lab.probe("con1", "10.77.0.22", 53) == "prohibited"
    assert lab.probe("con1", "10.77.0.21", 25) == "prohibited"
    controller = lab.run(None, ["hostname", "-I"]).stdout.split()[0]
    assert lab.probe("con1", controller, 4445) == "refused", "not prohibited"
    assert lab.ansible(["ansible", "con1", "-m", "ansible.builtin.ping"]).returncode == 0
    assert lab.ansible(["ansible-playbook", "jsa.ports.remove"]).returncode == 0


def test_a_destination_that_nobody_set_is_an_error(lab: Lab) -> None:
    before = lab.snapshot("con1", "/etc/firewalld")
    told = lab.ansible(["ansible-playbook", "jsa.ports.firewall", "-e", json.dumps({"jsa_networks": {
        "admin": "any", "users": "any", "api_clients": "none", "log_sources": "any", "flow_sources": "none",
        "off_site_sources": "none", "certificate_clients": "none"}})])  # fmt: skip
    assert told.returncode != 0
    for name in ("smtp_gateways", "ntp_servers", "public_servers"):
        assert f"jsa_networks.{name} is not set" in told.stdout + told.stderr
    assert lab.snapshot("con1", "/etc/firewalld") == before


def test_the_plan_says_so(lab: Lab, tmp_path: Path) -> None:
    dest = tmp_path / "plan.json"
    told = lab.ansible(["ansible-playbook", "jsa.ports.plan", "-e", f"jsa_plan_dest={dest}"], check=True)
    assert "refuse  all other outbound traffic" in told.stdout
    hosts = json.loads(dest.read_text())["hosts"]
    assert "outbound" not in hosts["ep1"]
    rules = {(rule["protocol"], rule["ports"]): rule for rule in hosts["con1"]["outbound"]}
    assert rules[("tcp", "25")]["destinations"] == ["10.77.0.21/32", "fd77::21/128"]
    assert rules[("tcp", "1-65535")]["why"] == ["deployment"]
    apply(lab, "-e", f"jsa_plan_file={dest}")
    assert lab.probe("con1", "10.77.0.22", 443) == "prohibited", "a saved plan carries it"
    assert lab.ansible(["ansible-playbook", "jsa.ports.remove"]).returncode == 0

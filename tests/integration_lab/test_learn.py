# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recording with real packets: who is seen, what becomes of them, and what is left behind."""

from __future__ import annotations

import re

from collections.abc import Iterator
from typing import Any

import pytest

from lab import Lab

from ansible_collections.jsa.ports.tests.integration_lab.conftest import System
from ansible_collections.jsa.ports.tests.integration_lab.firewalls import FirewalledHost
from ansible_collections.jsa.ports.tests.integration_lab.test_site import ICMP_UNLIMITED

pytestmark = pytest.mark.systems(complete=True)

HOSTS = """
all:
  children:
    jsa_all_in_one:
      hosts:
        target: {ansible_host: 10.77.0.11, jsa_address: [10.77.0.11, "fd77::11"]}
        box: {ansible_host: 10.77.0.12, jsa_address: [10.77.0.12, "fd77::12"], lab_appliance: true}
    others:
      hosts:
        peer: {ansible_host: 10.77.0.14, jsa_address: [10.77.0.14, "fd77::14"], lab_firewalld: false}
        stranger: {ansible_host: 10.77.0.15, jsa_address: [10.77.0.15, "fd77::15"], lab_firewalld: false}
"""
PEER = ["10.77.0.14/32", "fd77::14/128"]
#: The stranger's own, however many it takes: a route leads to all of them.
SOURCES = "10.78.0.0/16"
PROGRAM = "/opt/qradar/bin/iptables_update.pl"

LISTENERS = [
    *(("tcp", port) for port in (443, 514, 5432, 9100, 32006)),
    ("udp", 514),
]
INBOUND = [
    {"protocol": "tcp", "ports": "514", "sources": PEER, "why": ["syslog"]},
    {"protocol": "udp", "ports": "514", "sources": PEER, "why": ["syslog"]},
    {"protocol": "tcp", "ports": "32006", "sources": PEER, "why": ["ariel_query"]},
]
REFUSED = [
    {"protocol": "tcp", "ports": "5432", "why": ["postgres"]},
    {"protocol": "tcp", "ports": "32000-33999", "why": ["data_range"]},
    *({key: rule[key] for key in ("protocol", "ports", "why")} for rule in INBOUND),
]
RULES = {"inbound": INBOUND, "refused": REFUSED}

#: Datagrams to every port, and connections to the first 2,000: address, number of the last port.
SCAN = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    for port in range(1, 65536):
        try:
            sock.sendto(b"x", (sys.argv[1], port))
        except OSError:
            pass
for port in range(1, 2001):
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.connect_ex((sys.argv[1], port))
"""
#: One datagram from each of so many sources: address, port, first and number of the sources.
MANY = """
import socket, sys
for number in range(int(sys.argv[3]), int(sys.argv[3]) + int(sys.argv[4])):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("10.78.%d.%d" % divmod(number, 250), 0))
        sock.sendto(b"x", (sys.argv[1], int(sys.argv[2])))
"""


class Recorded(FirewalledHost):
    """A host that records."""

    def traffic(self, state: str = "read", **arguments: Any) -> dict[str, Any]:
        """What the module returns of the traffic, and whether it changed anything."""
        check = arguments.pop("check", False)
        rules = {"rules": RULES} if state == "present" else {}
        request = {"state": state, **rules, **arguments, "_ansible_check_mode": check}
        result = self.lab.module(self.name, "traffic", request)
        assert not result.get("failed"), result
        return {**result["traffic"], "changed": result["changed"]}

    def seen(self, direction: str = "inbound", **arguments: Any) -> set[tuple[str, str, int]]:
        return {(one["peer"], one["protocol"], one["port"]) for one in self.traffic(**arguments)[direction]}

    def everything(self) -> str:
        """The ruleset, to the byte; counters of others do not count."""
        text = self.run("nft list ruleset; iptables-save; ip6tables-save")
        text = re.sub(r"packets \d+ bytes \d+|\[\d+:\d+\]", "N", text)
        return "\n".join(line for line in text.splitlines() if not line.startswith("#"))

    def script(self, host: str, text: str, *words: str) -> None:
        self.lab.run(host, ["/usr/bin/python3", "-c", text, *words], check=True)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, system: System) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS + system.variables)
    with Lab.up(inventory, name="learn") as built:
        listeners = [
            {"id": f"{protocol}_{port}", "protocol": protocol, "ports": str(port), "bind": "network", "required": True}
            for protocol, port in LISTENERS
        ]
        built.load_services({"version": 1, "hosts": {name: {"listeners": listeners} for name in ("target", "box")}})
        for name in ("target", "box"):
            built.run(name, ["sysctl", "-qw", *ICMP_UNLIMITED], check=True)
        built.run("stranger", ["ip", "route", "add", "local", SOURCES, "dev", "lo"], check=True)
        for name in ("target", "box"):
            built.run(name, ["ip", "route", "add", SOURCES, "via", "10.77.0.15"], check=True)
        built.run("box", [PROGRAM], check=True)
        yield built


@pytest.fixture(params=["target", "box"])
def host(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Recorded]:
    """Each of both. Afterwards, and that is a test of its own, its rules are what they were."""
    host = Recorded(lab, request.param)
    before = host.everything()
    yield host
    host.traffic("absent")
    assert host.everything() == before
    assert host.run("ls -d /var/lib/jsa_ports/learn 2>/dev/null; true") == ""


@pytest.fixture
def target(lab: Lab) -> Iterator[Recorded]:
    host = Recorded(lab)
    before = host.everything()
    yield host
    host.traffic("absent")
    host.module(state="absent")
    assert host.everything() == before


def probe(lab: Lab, source: str, name: str, *ports: tuple[str, int], ipv6: bool = False) -> list[str]:
    address = lab.hosts[name].addresses[1 if ipv6 else 0]
    return lab.probes(source, [(address, port, protocol) for protocol, port in ports], timeout=2)


class TestWhoIsSeen:
    def test_peers_and_strangers_in_both_families(self, host: Recorded) -> None:
        assert host.traffic("present")["changed"]
        probe(host.lab, "peer", host.name, ("tcp", 514), ("udp", 514))
        probe(host.lab, "peer", host.name, ("tcp", 514), ipv6=True)
        probe(host.lab, "stranger", host.name, ("tcp", 514), ("tcp", 5432), ("tcp", 9100), ("tcp", 9999))
        assert host.seen() - _controller(host) == {
            ("10.77.0.14", "tcp", 514), ("10.77.0.14", "udp", 514), ("fd77::14", "tcp", 514),
            # Refused or not: it has tried. Nothing listens on 9999, and no plan has it.
            ("10.77.0.15", "tcp", 514), ("10.77.0.15", "tcp", 5432), ("10.77.0.15", "tcp", 9100),
        }  # fmt: skip
        assert not host.traffic("present")["changed"]

    def test_whom_the_host_contacts(self, host: Recorded) -> None:
        host.traffic("present")
        host.lab.probes(host.name, [("10.77.0.14", 22, "tcp"), ("10.77.0.14", 123, "udp"), ("127.0.0.1", 22, "tcp")])
        host.lab.probes(host.name, [("fd77::14", 22, "tcp")])
        probe(host.lab, "peer", host.name, ("tcp", 514), ("udp", 514))
        assert host.seen("outbound") == {
            ("10.77.0.14", "tcp", 22), ("10.77.0.14", "udp", 123), ("fd77::14", "tcp", 22),
        }  # fmt: skip

    def test_an_open_connection_is_seen_whenever_it_began(self, host: Recorded) -> None:
        """sshd waits for its client to say something."""
        hold = f"exec 3<>/dev/tcp/{host.lab.hosts[host.name].addresses[0]}/22; echo open; exec sleep 60"
        holder = host.lab.run("peer", ["bash", "-c", f"({hold}) >/run/held 2>&1 & echo $!"], check=True).stdout.strip()
        try:
            host.lab.run("peer", ["bash", "-c", "until grep -q open /run/held; do sleep 0.1; done"], check=True)
            host.traffic("present")
            found = host.traffic()
            assert {"peer": "10.77.0.14", "protocol": "tcp", "port": 22} in found["established"]
            assert ("10.77.0.14", "tcp", 22) in host.seen()
        finally:
            host.lab.run("peer", ["kill", holder], check=True)


def _controller(host: Recorded) -> set[tuple[str, str, int]]:
    """A module may come over SSH."""
    return {one for one in host.seen() if one[2] == 22}


class TestHowMuch:
    def test_a_scan_of_all_ports_is_no_noise(self, host: Recorded) -> None:
        host.traffic("present")
        host.script("stranger", SCAN, host.lab.hosts[host.name].addresses[0])
        found = {one for one in host.seen() if one[0] == "10.77.0.15"}
        known = set(LISTENERS) | {("tcp", 22), ("udp", 111), ("tcp", 111)}
        assert {one[1:] for one in found} <= known
        assert ("10.77.0.15", "udp", 514) in found

    def test_5000_sources(self, target: Recorded) -> None:
        target.traffic("present")
        target.script("stranger", MANY, "10.77.0.11", "514", "0", "5000")
        found = target.traffic()
        assert sum(one["port"] == 514 and one["protocol"] == "udp" for one in found["inbound"]) == 5000
        assert found["not_recorded"] == 0

    def test_a_full_set_counts_what_does_not_fit(self, target: Recorded) -> None:
        target.traffic("present", entries=50)
        target.script("stranger", MANY, "10.77.0.11", "514", "0", "80")
        found = target.traffic()
        assert (found["capacity"], found["not_recorded"]) == (50, 30)
        assert len(found["inbound"]) == 50
        # Room is made, and nobody who is known is forgotten.
        assert target.traffic("present", entries=100)["changed"]
        target.script("stranger", MANY, "10.77.0.11", "514", "80", "60")
        found = target.traffic()
        assert len(found["inbound"]) == 110
        assert (found["not_recorded"], found["gaps"]) == (30, [])


class TestFates:
    PORTS = [*LISTENERS, ("tcp", 22), ("tcp", 9999), ("udp", 9999), ("tcp", 32011)]

    def fates(self, host: Recorded) -> list[tuple[str, bool, list[str]]]:
        return [
            (source, ipv6, probe(host.lab, source, host.name, *self.PORTS, ipv6=ipv6))
            for source in ("peer", "stranger")
            for ipv6 in (False, True)
        ]

    def test_they_are_the_same_with_and_without(self, lab: Lab) -> None:
        for name in ("target", "box"):
            host = Recorded(lab, name)
            for enforced in (False, True):
                if enforced:
                    host.module(**RULES)
                before, rules = self.fates(host), host.everything()
                host.traffic("present")
                assert self.fates(host) == before
                if enforced:
                    assert ("10.77.0.15", "tcp", 32006) in host.seen(), "refused, and recorded"
                    assert not host.module(**RULES)["changed"]
                host.traffic("absent")
                assert host.everything() == rules, "to the byte"
            host.module(state="absent")

    def test_an_apply_passes_over_the_record(self, target: Recorded) -> None:
        """None of its readings of the ruleset takes the table for a rule of others."""
        target.traffic("present")
        assert target.module(**RULES)["reload_changes"] == []
        probe(target.lab, "stranger", "target", ("tcp", 32006))
        assert ("10.77.0.15", "tcp", 32006) in target.seen()
        info = target.lab.module("target", "firewall_info", {"rules": RULES})
        assert (info["as_planned"], info["differences"], info["alarms"]) == (True, [], [])
        flow = {"own": "10.77.0.11", "peer": "10.77.0.15", "role": "listener", "protocol": "tcp", "port": 32006}
        (path,) = target.lab.module("target", "packet_path", {"flows": [flow]})["flows"]
        assert path["question"]["decision"] == "reject"
        assert "table inet firewalld" in path["question"]["rule"]
        target.module(state="absent")
        assert ("10.77.0.15", "tcp", 32006) in target.seen()
        assert target.traffic()["gaps"] == []


class TestOthers:
    def test_firewalld_is_none_of_its_business(self, target: Recorded) -> None:
        target.traffic("present")
        probe(target.lab, "peer", "target", ("tcp", 514))
        target.run("firewall-cmd --reload")
        target.lab.daemon("target", "restart", "firewalld")
        found = target.traffic()
        assert (found["state"], found["gaps"]) == ("recording", [])
        assert ("10.77.0.14", "tcp", 514) in target.seen()

    def test_the_products_program_is_not_either(self, lab: Lab) -> None:
        box = Recorded(lab, "box")
        box.traffic("present")
        probe(lab, "peer", "box", ("tcp", 514))
        box.run(PROGRAM)
        found = box.traffic()
        assert (found["state"], found["gaps"]) == ("recording", [])
        assert ("10.77.0.14", "tcp", 514) in box.seen()
        box.traffic("absent")

    @pytest.mark.parametrize(
        ("command", "words"),
        [
            ("nft delete table inet jsa_ports_learn", "removed by others"),
            ("nft flush table inet jsa_ports_learn", "rules of the table were removed"),
            (
                # Not each version of nft reads its own elements back.
                "nft flush set inet jsa_ports_learn inbound_ipv4; nft -s list table inet jsa_ports_learn >/run/saved; "
                "nft delete table inet jsa_ports_learn; nft -f /run/saved",
                "replaced by others",
            ),
        ],
    )
    def test_a_hole_is_told(self, target: Recorded, command: str, words: str) -> None:
        target.traffic("present")
        probe(target.lab, "peer", "target", ("tcp", 514))
        target.traffic("present")
        target.run(command)
        (gap,) = target.traffic()["gaps"]
        assert words in gap["reason"]
        again = target.traffic("present")
        assert again["changed"] and again["state"] == "recording"
        assert [one["reason"] for one in again["gaps"]] == [gap["reason"]]
        assert ("10.77.0.14", "tcp", 514) in target.seen(), "as of the last run"
        assert not target.traffic("present")["changed"]

    def test_a_flush_of_everything_and_a_restart(self, lab: Lab) -> None:
        box = Recorded(lab, "box")
        for deed in (lambda: box.run("nft flush ruleset"), lambda: lab.reboot("box")):
            box.traffic("present")
            deed()
            found = box.traffic()
            assert (found["state"], len(found["gaps"])) == ("absent", 1)
            box.traffic("absent")
            box.run(PROGRAM)


class TestWithoutChange:
    def test_a_look_at_this_moment(self, host: Recorded) -> None:
        before = host.everything(), host.run("ls /var/lib/jsa_ports 2>/dev/null; true")
        found = host.traffic("now")
        assert (found["changed"], found["state"], found["since"]) == (False, "now", None)
        assert (host.everything(), host.run("ls /var/lib/jsa_ports 2>/dev/null; true")) == before

    def test_check_mode(self, host: Recorded) -> None:
        before = host.everything()
        assert host.traffic("present", check=True)["changed"]
        assert host.everything() == before
        host.traffic("present")
        assert host.traffic("absent", check=True)["changed"]
        assert host.traffic()["state"] == "recording"


def test_the_playbooks_without_any_networks(lab: Lab) -> None:
    """An inventory of groups and addresses is enough to begin with."""
    hosts = [Recorded(lab, name) for name in ("target", "box")]
    before = [host.everything() for host in hosts]

    def play(*words: str) -> str:
        told = lab.ansible(["ansible-playbook", *words])
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout

    assert changed(play("jsa.ports.learn", "-e", "jsa_learn_days=7")) == {"target": 1, "box": 1}
    assert changed(play("jsa.ports.learn", "-e", "jsa_learn_days=7")) == {"target": 0, "box": 0}
    probe(lab, "stranger", "target", ("tcp", 443), ("udp", 2055))
    # Nothing listens on 2055, but the role has it.
    assert {("10.77.0.15", "tcp", 443), ("10.77.0.15", "udp", 2055)} <= hosts[0].seen()
    assert changed(play("jsa.ports.learn", "-e", "jsa_learn_state=now")) == {"target": 0, "box": 0}
    assert changed(play("jsa.ports.remove"))["target"] >= 1
    assert [host.everything() for host in hosts] == before


def changed(output: str) -> dict[str, int]:
    recap = output[output.rindex("PLAY RECAP") :]
    found = {one[1]: int(one[2]) for one in re.finditer(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", recap, re.MULTILINE)}
    return {name: count for name, count in found.items() if name in ("target", "box")}

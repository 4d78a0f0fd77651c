# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks on real hosts: packets and files decide, not what a module says of itself."""

from __future__ import annotations

import copy
import ipaddress
import json
import os
import re
import subprocess
import xml.etree.ElementTree as ET

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab

from ansible_collections.jsa.ports.tests.integration_lab.conftest import System

INVENTORY = Path(__file__).resolve().parent.parent / "lab" / "inventories" / "demo.yml"
JSA = ("con1", "con2", "ec1", "fc1", "ep1", "dn1", "app1")
STRANGERS = ("src1", "usr1", "out1")

#: What belongs to the site on con1: a zone with a port of its own, a set, and a policy, none of it ours.
SITE_FILES = {
    "zones/public.xml": """<?xml version="1.0" encoding="utf-8"?>
<zone>
  <short>Public</short>
  <service name="ssh"/>
  <port port="9100" protocol="tcp"/>
  <port port="7777" protocol="tcp"/>
</zone>
""",
    "ipsets/corp.xml": """<?xml version="1.0" encoding="utf-8"?>
<ipset type="hash:net">
  <entry>192.0.2.0/24</entry>
</ipset>
""",
}


ICMP_UNLIMITED = (
    "net.ipv4.icmp_ratelimit=0",
    "net.ipv4.icmp_msgs_per_sec=100000",
    "net.ipv4.icmp_msgs_burst=10000",
    "net.ipv6.icmp.ratelimit=0",
)

#: An echo request and its answer, by the kernel's own ping socket; not every machine has the program.
PING = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as ping:
    ping.settimeout(2)
    ping.sendto(bytes.fromhex("0800f7fd00010001"), (sys.argv[1], 0))
    while ping.recv(1500)[20] != 0:
        pass
"""


def play(lab: Lab, playbook: str, *arguments: str, inventory: Path | None = None) -> subprocess.CompletedProcess[str]:
    return lab.ansible(["ansible-playbook", f"jsa.ports.{playbook}", *arguments], inventory=inventory)


def succeed(lab: Lab, playbook: str, *arguments: str, inventory: Path | None = None) -> str:
    result = play(lab, playbook, *arguments, inventory=inventory)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def changed_hosts(output: str) -> set[str]:
    recap = output[output.rindex("PLAY RECAP") :]
    return {match[1] for match in re.finditer(r"^(\S+)\s+: ok=\d+\s+changed=([1-9]\d*)", recap, re.MULTILINE)}


def rules(lab: Lab, host: str) -> str:
    """The ruleset without what counts by itself."""
    return re.sub(r"counter packets \d+ bytes \d+", "counter", lab.ruleset(host))


@pytest.fixture(scope="module", name="lab")
def fixture_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    plan = tmp_path_factory.mktemp("plan") / "plan.json"
    with Lab.up(INVENTORY, name=f"test-site-{os.getpid()}") as lab:
        for host in JSA:
            # Every refusal is to be seen; by default a host sends a peer one ICMP error a second.
            lab.run(host, ["sysctl", "-qw", *ICMP_UNLIMITED], check=True)
        for name, text in SITE_FILES.items():
            lab.run("con1", ["sh", "-c", f"mkdir -p /etc/firewalld/{name.split('/', maxsplit=1)[0]}"], check=True)
            lab.run("con1", ["tee", f"/etc/firewalld/{name}"], stdin=text, check=True)
        lab.run("con1", ["firewall-cmd", "--reload"], check=True)
        succeed(lab, "plan", "-e", f"jsa_plan_dest={plan}")
        lab.load_services(json.loads(plan.read_text()))
        yield lab


@pytest.fixture(scope="module", name="plan")
def fixture_plan(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("saved") / "plan.json"
    succeed(lab, "plan", "-e", f"jsa_plan_dest={path}")
    plan: dict[str, Any] = json.loads(path.read_text())
    return plan


@pytest.fixture(name="applied")
def fixture_applied(lab: Lab) -> None:
    """Whatever the test before did, the rules of the plan are there and every service runs."""
    succeed(lab, "firewall")


def _address(lab: Lab, name: str) -> str:
    return lab.hosts[name].address


def _accepted(host: dict[str, Any], address: str, port: int) -> bool:
    for rule in host["inbound"]:
        if rule["protocol"] == "tcp":
            first, _dash, last = rule["ports"].partition("-")
            if int(first) <= port <= int(last or first):
                source = ipaddress.ip_address(address)
                if any(source in ipaddress.ip_network(cidr) for cidr in rule["sources"]):
                    return True
    return False


class TestApply:
    def test_check_mode_predicts_and_writes_nothing(self, lab: Lab) -> None:
        before = {host: (lab.snapshot(host, "/etc/firewalld"), rules(lab, host)) for host in JSA}
        output = succeed(lab, "firewall", "--check", "--diff")
        assert changed_hosts(output) == set(JSA)
        assert re.search(r"^\+ *accept tcp 32000-33999 from ", output, re.MULTILINE)
        assert "<rule" not in output
        assert before == {host: (lab.snapshot(host, "/etc/firewalld"), rules(lab, host)) for host in JSA}

    @pytest.mark.gate
    def test_first_run_changes_every_host_and_the_second_none(self, lab: Lab) -> None:
        assert changed_hosts(succeed(lab, "firewall")) == set(JSA)
        before = {host: (lab.snapshot(host, "/etc/firewalld"), rules(lab, host)) for host in JSA}
        assert changed_hosts(succeed(lab, "firewall")) == set()
        assert changed_hosts(succeed(lab, "firewall", "--check")) == set()
        assert before == {host: (lab.snapshot(host, "/etc/firewalld"), rules(lab, host)) for host in JSA}

    @pytest.mark.usefixtures("applied")
    def test_every_packet_between_all_hosts(self, lab: Lab, plan: dict[str, Any]) -> None:
        """From every host and stranger to every JSA host: every port that any of them has, against the plan."""
        ports = {22, 8005, 8080, 2376, 7777, 9393, 20001, 23111, 32012, 33999}
        listening: dict[str, set[int]] = {name: {22} for name in JSA}
        for name in JSA:
            for item in plan["hosts"][name]["listeners"]:
                if item["protocol"] == "tcp" and "-" not in item["ports"]:
                    ports.add(int(item["ports"]))
            for port, socket in lab.services(name)["sockets"].items():
                if port.startswith("tcp/") and socket["bind"] == "network":
                    listening[name].add(int(port.split("/")[1]))
        wrong = []
        opened = 0
        for source in (*JSA, *STRANGERS):
            for target in JSA:
                if source == target:
                    continue
                wanted = sorted(ports)
                results = lab.probes(source, [(_address(lab, target), port, "tcp") for port in wanted])
                for port, result in zip(wanted, results, strict=True):
                    host = plan["hosts"][target]
                    if _accepted(host, _address(lab, source), port):
                        expected = "open" if port in listening[target] else "refused"
                        opened += expected == "open"
                    else:
                        # Ours to refuse, or nobody's: then the public zone, which all hosts have, refuses it likewise.
                        expected = "prohibited"
                    if result != expected:
                        wrong.append((source, target, port, result, expected))
        assert wrong == []
        assert opened > 100

    @pytest.mark.usefixtures("applied")
    @pytest.mark.parametrize(
        ("source", "target", "port", "result"),
        [
            # The packets that issue reports are made of, spelled out, so that a wrong plan cannot prove itself right.
            ("ep1", "con1", 443, "open"),
            ("ep1", "con1", 9381, "open"),
            # No source explains who contacts the console's database, so nobody may.
            ("ep1", "con1", 5432, "prohibited"),
            # The data range: open where data flow, and nowhere else.
            ("dn1", "ep1", 32012, "refused"),
            ("app1", "ep1", 32012, "prohibited"),
            ("con1", "app1", 32012, "prohibited"),
            ("con1", "ep1", 32006, "open"),
            ("ep1", "dn1", 32006, "open"),
            ("usr1", "con1", 443, "open"),
            ("src1", "ec1", 514, "open"),
            ("con1", "app1", 9000, "open"),
            ("ec1", "ep1", 22, "open"),
            ("con1", "ec1", 22, "open"),
            ("out1", "con1", 443, "prohibited"),
            ("out1", "con1", 5432, "prohibited"),
            ("out1", "ep1", 32006, "prohibited"),
            ("out1", "ec1", 514, "prohibited"),
            ("out1", "con1", 22, "prohibited"),
            ("src1", "con1", 5432, "prohibited"),
            ("ec1", "con1", 443, "prohibited"),
            ("ec1", "ep1", 32006, "prohibited"),
            ("dn1", "ep1", 22, "prohibited"),
            ("app1", "ep1", 7676, "prohibited"),
        ],
    )
    def test_packet(self, lab: Lab, source: str, target: str, port: int, result: str) -> None:
        assert lab.probe(source, _address(lab, target), port) == result

    @pytest.mark.usefixtures("applied")
    def test_the_pairs_own_address_and_ipv6(self, lab: Lab) -> None:
        assert lab.probe("ep1", "10.77.0.10", 443) == "open"
        assert lab.probe("out1", "10.77.0.10", 443) == "prohibited"
        assert lab.probe("con1", "fd77::31", 32006) == "open"
        assert lab.probe("src1", "fd77::21", 514) == "open"
        assert lab.probe("src1", "fd77::31", 32006) == "prohibited"

    @pytest.mark.usefixtures("applied")
    def test_what_belongs_to_the_site_is_untouched_and_works(self, lab: Lab) -> None:
        files = lab.snapshot("con1", "/etc/firewalld")
        for name, text in SITE_FILES.items():
            assert next(content for path, content in files.items() if path.endswith(name)) == text.encode()
        lab.services("con1", "start", "tcp/9100", "network")
        assert lab.probe("out1", _address(lab, "con1"), 9100) == "open"
        lab.services("con1", "stop", "tcp/9100")

    @pytest.mark.usefixtures("applied")
    def test_a_zone_cannot_open_what_is_internal(self, lab: Lab) -> None:
        """The site's public zone accepts 7777, a JMX port."""
        lab.services("con1", "start", "tcp/7777", "network")
        assert lab.probe("out1", _address(lab, "con1"), 7777) == "prohibited"
        lab.services("con1", "stop", "tcp/7777")

    def test_limit_leaves_the_others_alone_and_their_rules_as_they_are(self, lab: Lab) -> None:
        succeed(lab, "firewall")
        before = {host: rules(lab, host) for host in JSA}
        succeed(lab, "remove", "--limit", "ep1")
        assert "jsa-in" not in rules(lab, "ep1")
        assert {host: rules(lab, host) for host in JSA if host != "ep1"} == {
            host: text for host, text in before.items() if host != "ep1"
        }
        assert changed_hosts(succeed(lab, "firewall", "--limit", "ep1")) == {"ep1"}
        assert rules(lab, "ep1") == before["ep1"]

    def test_a_new_peer_needs_no_reload(self, lab: Lab, tmp_path: Path, system: System) -> None:
        """But where firewalld cannot hold sets."""
        succeed(lab, "firewall")
        inventory = tmp_path / "more.yml"
        text = INVENTORY.read_text()
        inventory.write_text(text.replace("        dn1:\n", "        dn2: {ansible_host: 10.77.0.94}\n        dn1:\n"))
        assert lab.probe("out1", "10.77.0.94", 22) != "open"
        output = succeed(lab, "firewall", "--limit", "con1,ep1", "-v", inventory=inventory)
        assert changed_hosts(output) == {"con1", "ep1"}
        if system.sets:
            assert '"reloaded": true' not in output
            assert output.count('"reloaded": false') >= 2
        assert "10.77.0.94" in lab.run("ep1", ["nft", "list", "ruleset"]).stdout
        assert changed_hosts(succeed(lab, "firewall", "--limit", "con1,ep1")) == {"con1", "ep1"}
        assert "10.77.0.94" not in lab.run("ep1", ["nft", "list", "ruleset"]).stdout

    def test_unlisted_ports_can_be_refused_too(self, lab: Lab) -> None:
        lab.services("con1", "start", "tcp/9100", "network")
        succeed(lab, "firewall", "-e", "jsa_firewall_unlisted=reject", "--limit", "con1")
        assert lab.probe("out1", _address(lab, "con1"), 9100) == "prohibited"
        assert lab.probe("usr1", _address(lab, "con1"), 443) == "open"
        assert lab.run("out1", ["python3", "-c", PING, _address(lab, "con1")]).returncode == 0
        succeed(lab, "firewall", "--limit", "con1")
        assert lab.probe("out1", _address(lab, "con1"), 9100) == "open"
        lab.services("con1", "stop", "tcp/9100")


class TestRollback:
    @pytest.mark.gate
    def test_back_and_forth(self, lab: Lab) -> None:
        succeed(lab, "firewall", "--limit", "ep1")
        before = lab.snapshot("ep1", "/etc/firewalld"), rules(lab, "ep1")
        succeed(lab, "firewall", "--limit", "ep1", "-e", "jsa_firewall_unlisted=drop")
        after = lab.snapshot("ep1", "/etc/firewalld"), rules(lab, "ep1")
        assert after != before
        assert changed_hosts(succeed(lab, "rollback", "--limit", "ep1")) == {"ep1"}
        assert (lab.snapshot("ep1", "/etc/firewalld"), rules(lab, "ep1")) == before
        assert changed_hosts(succeed(lab, "rollback", "--limit", "ep1")) == {"ep1"}
        assert (lab.snapshot("ep1", "/etc/firewalld"), rules(lab, "ep1")) == after
        succeed(lab, "firewall", "--limit", "ep1")


class TestRefusals:
    """Bad input: a clear error, and nothing is changed."""

    @pytest.mark.parametrize("playbook", ["site", "firewall", "check", "plan"])
    def test_mistakes_come_at_once_and_before_any_host(self, lab: Lab, tmp_path: Path, playbook: str) -> None:
        before = {host: rules(lab, host) for host in JSA}
        inventory = tmp_path / "wrong.yml"
        text = INVENTORY.read_text().replace("jsa_processor: ep1", "jsa_processor: ep7", 1)
        inventory.write_text(text.replace("      users: ", "      userz: "))
        result = play(lab, playbook, inventory=inventory)
        assert result.returncode != 0
        told = result.stdout + result.stderr
        assert "ec1: jsa_processor" in told and "jsa_networks.userz" in told and "jsa_networks.users is not set" in told
        assert before == {host: rules(lab, host) for host in JSA}

    def test_firewalld_that_does_not_run(self, lab: Lab) -> None:
        before = lab.snapshot("fc1", "/etc/firewalld")
        lab.daemon("fc1", "stop", "firewalld")
        try:
            result = play(lab, "firewall", "--limit", "fc1,dn1")
            assert result.returncode != 0
            assert "systemctl enable --now firewalld" in result.stdout
            assert re.search(r"^dn1 .*failed=0", result.stdout, re.MULTILINE)
            assert lab.snapshot("fc1", "/etc/firewalld") == before
        finally:
            lab.daemon("fc1", "start", "firewalld")


class TestSavedPlan:
    def test_is_applied_as_it_was_reviewed(self, lab: Lab, plan: dict[str, Any], tmp_path: Path) -> None:
        reviewed = json.loads(json.dumps(plan))
        for rule in reviewed["hosts"]["con1"]["inbound"]:
            if rule.get("ports") == "9381":
                rule["sources"] = [f"{_address(lab, 'dn1')}/32"]
        path = tmp_path / "reviewed.json"
        path.write_text(json.dumps(reviewed))
        output = succeed(lab, "firewall", "-e", f"jsa_plan_file={path}", "--limit", "con1")
        assert changed_hosts(output) == {"con1"}
        assert lab.probe("dn1", _address(lab, "con1"), 9381) == "open"
        assert lab.probe("ep1", _address(lab, "con1"), 9381) == "prohibited"
        told = play(lab, "firewall", "-e", f"jsa_plan_file={path}", "--limit", "con1", "--check")
        assert re.search(r"^  \+ ep1 \(.+\) → con1: tcp 9381 ", told.stdout, re.MULTILINE), told.stdout
        succeed(lab, "firewall", "--limit", "con1")
        assert lab.probe("ep1", _address(lab, "con1"), 9381) == "open"

    def test_the_documented_keys_alone_are_enough(self, lab: Lab, plan: dict[str, Any], tmp_path: Path) -> None:
        keys = ("roles", "addresses", "inbound", "refused", "dynamic")
        bare = {"version": 1, "hosts": {name: {key: host[key] for key in keys} for name, host in plan["hosts"].items()}}
        bare = copy.deepcopy(bare)
        for host in bare["hosts"].values():  # type: ignore[attr-defined]
            for rule in host["inbound"]:
                rule.pop("source_classes")
        path = tmp_path / "bare.json"
        path.write_text(json.dumps(bare))
        succeed(lab, "firewall", "-e", f"jsa_plan_file={path}", "--limit", "con1")
        assert lab.probe("ep1", _address(lab, "con1"), 9381) == "open"
        assert lab.probe("out1", _address(lab, "con1"), 9381) == "prohibited"
        succeed(lab, "firewall", "--limit", "con1")

    def test_a_part_of_the_inventory_is_enough(self, lab: Lab, plan: dict[str, Any], tmp_path: Path) -> None:
        """As a job slice or ansible-pull sees it: one host, no console, no networks."""
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(plan))
        inventory = tmp_path / "slice.yml"
        inventory.write_text(f"jsa_event_processors: {{hosts: {{ep1: {{ansible_host: {_address(lab, 'ep1')}}}}}}}")
        arguments = ["-e", f"jsa_plan_file={path}", "--limit", "ep1", "--diff"]
        result = play(lab, "firewall", *arguments, inventory=inventory)
        assert result.returncode == 0, result.stdout + result.stderr
        # Ansible breaks the lines of a warning.
        warnings = " ".join(result.stderr.split())
        assert "could not be compared" in warnings and "no host has the role console" in warnings, result.stderr
        assert changed_hosts(result.stdout) == set(), result.stdout

    def test_a_host_that_it_does_not_know(self, lab: Lab, plan: dict[str, Any], tmp_path: Path) -> None:
        before = {host: rules(lab, host) for host in JSA}
        smaller = {**plan, "hosts": {name: host for name, host in plan["hosts"].items() if name != "ep1"}}
        path = tmp_path / "smaller.json"
        path.write_text(json.dumps(smaller))
        result = play(lab, "site", "-e", f"jsa_plan_file={path}")
        assert result.returncode != 0
        assert "ep1 is missing: create the plan again" in result.stdout + result.stderr
        assert before == {host: rules(lab, host) for host in JSA}


@pytest.mark.usefixtures("applied")
class TestCheck:
    def _verdicts(self, lab: Lab, folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
        result = play(lab, "check", "-e", f"jsa_port_check_dest={folder}", *arguments)
        document: dict[str, Any] = json.loads((folder / "port_check.json").read_text())
        return result.returncode, document

    def _faults(self, document: dict[str, Any]) -> set[tuple[str, str, str, int | None]]:
        return {
            (item["verdict"], item["from"], item["to"], item.get("port"))
            for item in document["verdicts"]
            if item["verdict"] not in ("ok", "unverifiable")
        }

    @pytest.mark.gate
    def test_a_sound_deployment(self, lab: Lab, tmp_path: Path) -> None:
        before = {host: (lab.snapshot(host, "/etc/firewalld"), rules(lab, host)) for host in JSA}
        status, document = self._verdicts(lab, tmp_path)
        assert status == 0
        assert self._faults(document) == set()
        assert document["summary"]["ok"] > 60
        assert {item["protocol"] for item in document["verdicts"] if item["verdict"] == "unverifiable"} == {"udp"}
        assert all(host["firewall_as_planned"] is True for host in document["hosts"].values())
        assert before == {host: (lab.snapshot(host, "/etc/firewalld"), rules(lab, host)) for host in JSA}
        suites = ET.parse(tmp_path / "port_check.xml").getroot()
        assert {suite.attrib["name"] for suite in suites} == set(JSA)
        assert sum(int(suite.attrib["tests"]) for suite in suites) == len(document["verdicts"])

    def test_a_service_that_died(self, lab: Lab, tmp_path: Path) -> None:
        lab.services("ep1", "stop", "tcp/32006")
        try:
            status, document = self._verdicts(lab, tmp_path)
        finally:
            lab.services("ep1", "start", "tcp/32006")
        assert status != 0
        assert self._faults(document) == {("service_down", source, "ep1", 32006) for source in ("con1", "con2", "dn1")}

    def test_a_port_closed_on_the_host(self, lab: Lab, tmp_path: Path) -> None:
        rule = 'rule priority="-10" port port="9381" protocol="tcp" drop'
        lab.run("con1", ["firewall-cmd", "--policy=jsa-in", f"--add-rich-rule={rule}"], check=True)
        status, document = self._verdicts(lab, tmp_path)
        assert status != 0
        faults = self._faults(document)
        assert {fault[0] for fault in faults} == {"host_firewall"}
        assert {fault[2:] for fault in faults} == {("con1", 9381)}
        assert document["hosts"]["con1"]["firewall_as_planned"] is False

    def test_a_port_blocked_on_the_way(self, lab: Lab, tmp_path: Path) -> None:
        table = [
            "table bridge way { chain forward { type filter hook forward priority 0;",
            f"ip saddr {_address(lab, 'con1')} ip daddr {_address(lab, 'ep1')} tcp dport 32006 drop; }}; }}",
        ]
        lab.run(None, ["nft", "-f", "-"], stdin=" ".join(table), check=True)
        try:
            status, document = self._verdicts(lab, tmp_path)
        finally:
            lab.run(None, ["nft", "delete", "table", "bridge", "way"], check=True)
        assert status != 0
        assert self._faults(document) == {("network", "con1", "ep1", 32006)}

    @pytest.mark.gate
    def test_a_port_that_should_be_closed(self, lab: Lab, tmp_path: Path) -> None:
        lab.services("con1", "rebind", "tcp/8080", "network")
        lab.run(
            "con1",
            [
                "firewall-cmd",
                "--policy=jsa-in",
                '--add-rich-rule=rule priority="-10" port port="8080" protocol="tcp" accept',
            ],
            check=True,
        )
        try:
            status, document = self._verdicts(lab, tmp_path, "-e", '{"jsa_port_check_fail_on": ["unexpected_open"]}')
        finally:
            lab.services("con1", "rebind", "tcp/8080", "loopback")
        assert status != 0
        (fault,) = self._faults(document)
        assert (fault[0], fault[2], fault[3]) == ("unexpected_open", "con1", 8080)
        listeners = {
            (item["protocol"], item["port"]): item["status"] for item in document["hosts"]["con1"]["listeners"]
        }
        assert listeners[("tcp", 8080)] == "exposed"

    def test_a_host_that_is_down_is_nobodys_proven_fault(self, lab: Lab, tmp_path: Path) -> None:
        lab.daemon("dn1", "stop", "sshd")
        try:
            # A connection that an earlier play left open would still work.
            status, document = self._verdicts(lab, tmp_path, "-e", "ansible_ssh_extra_args=-oControlPath=none")
        finally:
            lab.daemon("dn1", "start", "sshd")
        assert status != 0
        assert document["hosts"]["dn1"]["observed"] is False
        assert not any("dn1" in (item["from"],) and item["verdict"] == "ok" for item in document["verdicts"])


class TestRemove:
    @pytest.mark.gate
    def test_every_trace_goes_and_the_rest_stays(self, lab: Lab) -> None:
        succeed(lab, "firewall")
        lab.run("con1", ["firewall-cmd", "--reload"], check=True)
        output = succeed(lab, "remove")
        assert changed_hosts(output) == set(JSA)
        for host in JSA:
            assert "jsa" not in rules(lab, host)
            assert not any("jsa-" in path for path in lab.snapshot(host, "/etc/firewalld"))
        files = lab.snapshot("con1", "/etc/firewalld")
        for name, text in SITE_FILES.items():
            assert next(content for path, content in files.items() if path.endswith(name)) == text.encode()
        assert changed_hosts(succeed(lab, "remove")) == set()
        succeed(lab, "firewall")

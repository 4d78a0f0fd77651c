# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The preflight between two networks, with a router between them that does what routers do to packets.

    con1 ── 10.77.1.0/24 ── router ── 10.77.2.0/24 ── ep1, dn1

No JSA runs anywhere. Packets, processes and files decide, and no test leaves anything on a host.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import xml.etree.ElementTree as ET

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab import Lab, requirements

CON1, EP1, DN1 = "10.77.1.11", "10.77.2.11", "10.77.2.12"
HOSTS = ("con1", "ep1", "dn1")
ROOT = Path(__file__).resolve().parents[2]
FOLDER = "/run/jsa_ports"

INVENTORY = f"""
all:
  vars:
    jsa_networks: {{admin: [10.77.1.0/24], users: none, api_clients: none, log_sources: any, flow_sources: none,
                    off_site_sources: none, certificate_clients: none}}
    jsa_extra_flows:
      - {{id: traps, service: Traps, protocols: [udp], ports: ["5514"],
          flows: [{{listeners: [event_processor], initiators: [console]}}]}}
    ansible_ssh_args: "-o ControlMaster=auto -o ControlPersist=60s"
  children:
    jsa_console: {{hosts: {{con1: {{ansible_host: {CON1}, lab_firewalld: false}}}}}}
    jsa_event_processors: {{hosts: {{ep1: {{ansible_host: {EP1}, lab_firewalld: false}}}}}}
    jsa_data_nodes: {{hosts: {{dn1: {{ansible_host: {DN1}, jsa_processor: ep1}}}}}}
    routers:
      hosts:
        router:
          ansible_host: 10.77.1.254
          lab_extra_addresses: [10.77.2.254]
          lab_firewalld: false
          jsa_roles: []
          lab_sysctls: {{net.ipv4.ip_forward: 1, net.ipv4.conf.all.send_redirects: 0,
                         net.ipv4.conf.default.send_redirects: 0, net.ipv4.conf.eth0.send_redirects: 0,
                         net.ipv4.icmp_ratelimit: 0}}
"""

#: The probers must not wait long for what never comes.
QUICK = json.dumps({"jsa_preflight_timeout": 2, "jsa_preflight_rate": 0})


@pytest.fixture(scope="module", name="lab")
def fixture_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(INVENTORY)
    with Lab.up(inventory, name=f"test-preflight-{os.getpid()}") as built:
        for host, network, gateway in (("con1", 2, 1), ("ep1", 1, 2), ("dn1", 1, 2)):
            route = ["ip", "route", "replace", f"10.77.{network}.0/24", "via", f"10.77.{gateway}.254"]
            built.run(host, route, check=True)
        built.run("dn1", ["sysctl", "-qw", "net.ipv4.icmp_ratelimit=0"], check=True)
        # Lets everything in, as a host does whose rules have not come yet.
        built.run("dn1", ["firewall-cmd", "--set-default-zone=trusted"], check=True)
        yield built


@pytest.fixture(autouse=True)
def nothing_stays(lab: Lab) -> Iterator[None]:
    yield
    for host in HOSTS:
        assert standing(lab, host) == "", host
        assert files(lab, host) == "", host


def standing(lab: Lab, host: str) -> str:
    """The processes of temporary listeners."""
    return lab.run(host, ["pgrep", "-fa", "program.pyz"]).stdout


def files(lab: Lab, host: str) -> str:
    return lab.run(host, ["sh", "-c", f"find {FOLDER} 2>/dev/null"]).stdout


def sockets(lab: Lab, host: str) -> list[str]:
    """What listens: protocol and address with port."""
    rows = [line.split() for line in lab.run(host, ["ss", "-Htuln"], check=True).stdout.splitlines()]
    return sorted(f"{row[0]} {row[4]}" for row in rows)


def wait_for(condition: Callable[[], Any], patience: float = 60) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def on_router(lab: Lab, *chains: str) -> Iterator[None]:
    """An nft table between the networks."""
    newline = "\n"
    lab.run("router", ["nft", "-f", "-"], stdin=f"table ip way {{\n{newline.join(chains)}\n}}\n", check=True)
    try:
        yield
    finally:
        lab.run("router", ["nft", "delete", "table", "ip", "way"], check=True)


def forward(*rules: str) -> str:
    return f"chain forward {{ type filter hook forward priority 0; {'; '.join(rules)}; }}"


class Result:
    def __init__(self, told: subprocess.CompletedProcess[str], folder: Path) -> None:
        self.status = told.returncode
        self.output = told.stdout + told.stderr
        path = folder / "preflight.json"
        assert path.exists(), self.output
        self.document: dict[str, Any] = json.loads(path.read_text())
        self.folder = folder

    def faults(self, *but: str) -> dict[tuple[str, str, str, int | None], str]:
        """Each flow that is not ok, with its verdict."""
        return {
            (item["from"], item["to"], item["protocol"], item.get("port")): item["verdict"]
            for item in self.document["verdicts"]
            if item["verdict"] not in ("ok", *but)
        }

    def reason(self, source: str, target: str, protocol: str, port: int) -> str:
        (found,) = [
            item["reason"]
            for item in self.document["verdicts"]
            if (item["from"], item["to"], item["protocol"], item.get("port")) == (source, target, protocol, port)
        ]
        return str(found)

    @property
    def lines(self) -> set[tuple[str, str, tuple[str, ...], str]]:
        return {(item["from"], item["to"], tuple(item["ports"]), item["how"]) for item in self.document["changes"]}


def preflight(lab: Lab, folder: Path, *arguments: str) -> Result:
    wanted = ["ansible-playbook", "jsa.ports.preflight", "-e", f"jsa_preflight_dest={folder}", "-e", QUICK]
    return Result(lab.ansible([*wanted, *arguments]), folder)


class TestTheNetwork:
    @pytest.mark.gate
    def test_everything_open(self, lab: Lab, tmp_path: Path) -> None:
        before = {host: sockets(lab, host) for host in HOSTS}
        result = preflight(lab, tmp_path)
        assert result.status == 0, result.output
        assert result.faults() == {}, result.output
        assert result.document["summary"]["ok"] > 60
        assert result.lines == set()
        # UDP as well as TCP, and ranges by some of their ports.
        tested = {(item["to"], item["protocol"], item.get("port")) for item in result.document["verdicts"]}
        assert {("ep1", "udp", 5514), ("ep1", "tcp", 32000), ("ep1", "tcp", 33999), ("ep1", "tcp", 32006)} <= tested
        # Since OpenSSH 9.8 a connection has a program of its own.
        expected = ("in use by sshd, which answers", "in use by sshd, sshd-session, which answers")
        assert result.reason("con1", "ep1", "tcp", 22) in expected
        assert {host: sockets(lab, host) for host in HOSTS} == before
        suites = ET.parse(tmp_path / "preflight.xml").getroot()
        assert sum(int(suite.attrib["tests"]) for suite in suites) == len(result.document["verdicts"])
        assert sum(int(suite.attrib["failures"]) for suite in suites) == 0

    def test_udp_dropped_on_the_way(self, lab: Lab, tmp_path: Path) -> None:
        with on_router(lab, forward("udp dport 5514 drop")):
            result = preflight(lab, tmp_path)
        assert result.status != 0
        assert result.faults() == {("con1", "ep1", "udp", 5514): "network"}
        assert "it does not reach ep1: a device on the path drops it" in result.reason("con1", "ep1", "udp", 5514)
        assert result.lines == {("10.77.1.0/24", "10.77.2.0/24", ("udp 5514",), "dropped")}
        assert "10.77.1.0/24 -> 10.77.2.0/24: udp 5514 dropped (con1 to ep1)" in result.output

    def test_a_range_dropped_is_one_line(self, lab: Lab, tmp_path: Path) -> None:
        with on_router(lab, forward(f"ip saddr {CON1} tcp dport 32000-33999 tcp flags & (syn | ack) == syn drop")):
            result = preflight(lab, tmp_path)
        assert set(result.faults().values()) == {"network"}
        assert ("10.77.1.0/24", "10.77.2.0/24", ("tcp 32000-33999",), "dropped") in result.lines, result.output
        assert len(result.lines) == 1
        assert not any(source != "con1" for source, *_rest in result.faults())

    def test_the_answer_dropped_on_the_way_back(self, lab: Lab, tmp_path: Path) -> None:
        with on_router(lab, forward(f"ip saddr {EP1} udp sport 5514 drop", f"ip saddr {EP1} tcp sport 32006 drop")):
            result = preflight(lab, tmp_path)
        flows = {("con1", "ep1", "udp", 5514): "network", ("con1", "ep1", "tcp", 32006): "network"}
        assert result.faults() == flows
        assert "the answer does not reach con1" in result.reason("con1", "ep1", "tcp", 32006)

    def test_tcp_rejected_on_the_way(self, lab: Lab, tmp_path: Path) -> None:
        rules = (
            f"ip daddr {EP1} tcp dport 32006 reject with icmp type admin-prohibited",
            f"ip daddr {EP1} tcp dport 32011 reject with tcp reset",
        )
        with on_router(lab, forward(*rules)):
            result = preflight(lab, tmp_path)
        assert result.faults() == {("con1", "ep1", "tcp", port): "network" for port in (32006, 32011)}
        assert result.reason("con1", "ep1", "tcp", 32006) == "10.77.1.254, on the path to ep1, rejects it"
        assert "rejects it with the address of ep1" in result.reason("con1", "ep1", "tcp", 32011)

    def test_another_machine_answers(self, lab: Lab, tmp_path: Path) -> None:
        rule = f"chain nat {{ type nat hook prerouting priority -100; ip daddr {EP1} tcp dport 32006 dnat to {DN1}; }}"
        with on_router(lab, rule):
            result = preflight(lab, tmp_path)
        assert result.faults() == {("con1", "ep1", "tcp", 32006): "wrong_host"}
        assert result.reason("con1", "ep1", "tcp", 32006).startswith(f"dn1 answers at {EP1}, not ep1")

    def test_nat(self, lab: Lab, tmp_path: Path) -> None:
        rule = f"chain nat {{ type nat hook postrouting priority 100; ip saddr {CON1} masquerade; }}"
        with on_router(lab, rule):
            result = preflight(lab, tmp_path)
        flows = result.faults()
        assert {(source, verdict) for (source, *_rest), verdict in flows.items()} == {("con1", "translated")}
        assert "ep1 sees con1 come from 10.77.2.254: NAT on the path" in result.reason("con1", "ep1", "udp", 5514)


@contextmanager
def busy(lab: Lab, host: str, bind: str) -> Iterator[None]:
    script = (
        f"import socket,time; s=socket.socket(); s.bind(('{bind}',32006)); s.listen(5); print(1,flush=True)\n"
        "time.sleep(900)"
    )
    service = subprocess.Popen([*lab.entering(host), "python3", "-c", script], stdout=subprocess.PIPE)
    try:
        assert service.stdout is not None
        assert service.stdout.readline() == b"1\n"
        yield
    finally:
        lab.run(host, ["pkill", "-f", "time.sleep.900"])
        service.wait()


class TestPorts:
    def test_a_busy_one_is_probed_as_it_is(self, lab: Lab, tmp_path: Path) -> None:
        with busy(lab, "ep1", "0.0.0.0"):
            result = preflight(lab, tmp_path)
            assert lab.probe("con1", EP1, 32006) == "open", "it is left alone"
        assert result.status == 0
        assert re.match(r"in use by python3\S*, which answers", result.reason("con1", "ep1", "tcp", 32006))

    def test_one_that_is_busy_on_loopback_is_tested_all_the_same(self, lab: Lab, tmp_path: Path) -> None:
        with busy(lab, "ep1", "127.0.0.1"):
            result = preflight(lab, tmp_path)
        assert result.faults() == {}
        assert result.reason("con1", "ep1", "tcp", 32006) == ""

    def test_a_busy_one_behind_a_firewall(self, lab: Lab, tmp_path: Path) -> None:
        with busy(lab, "ep1", "0.0.0.0"), on_router(lab, forward(f"ip daddr {EP1} tcp dport 32006 drop")):
            result = preflight(lab, tmp_path)
        assert result.faults() == {("con1", "ep1", "tcp", 32006): "network"}


class TestTheHostsOwnFirewall:
    @contextmanager
    def zone(self, lab: Lab, name: str) -> Iterator[tuple[dict[str, bytes], str]]:
        lab.run("dn1", ["firewall-cmd", f"--set-default-zone={name}"], check=True)
        try:
            # What firewalld keeps of the zone before goes with a reload; a service that is added after would, too.
            lab.run("dn1", ["firewall-cmd", "--reload"], check=True)
            lab.run("dn1", ["firewall-cmd", f"--zone={name}", "--add-service=ssh"], check=True)
            yield self.both(lab)
        finally:
            lab.run("dn1", ["firewall-cmd", "--set-default-zone=trusted"], check=True)
            lab.run("dn1", ["firewall-cmd", "--reload"], check=True)

    def both(self, lab: Lab) -> tuple[dict[str, bytes], str]:
        return lab.snapshot("dn1", "/etc/firewalld"), lab.run("dn1", ["nft", "-s", "list", "ruleset"]).stdout

    @pytest.mark.parametrize(("name", "does"), [("public", "rejects"), ("drop", "drops")])
    def test_is_named_and_left_alone(self, lab: Lab, tmp_path: Path, name: str, does: str) -> None:
        with self.zone(lab, name) as before:
            result = preflight(lab, tmp_path)
            assert self.both(lab) == before
        assert set(result.faults().values()) == {"host_firewall"}
        assert {flow[1] for flow in result.faults()} == {"dn1"}
        assert f"dn1's own firewall {does} it" in result.reason("con1", "dn1", "tcp", 32006)
        assert result.lines == set(), "the network is not blamed"

    @pytest.mark.gate
    def test_is_opened_when_asked_and_closed_after(self, lab: Lab, tmp_path: Path) -> None:
        with self.zone(lab, "public") as before:
            # con1 has no firewalld that could be opened.
            arguments = ["-e", "jsa_preflight_open=true", "--limit", "dn1,con1"]
            result = preflight(lab, tmp_path, *arguments)
            assert self.both(lab) == before
        assert result.faults() == {}, result.output
        assert ("con1", "dn1", "tcp", 32006) in {
            (item["from"], item["to"], item["protocol"], item.get("port")) for item in result.document["verdicts"]
        }
        lab.run("dn1", ["rm", "-rf", "/var/lib/jsa_ports"], check=True)


@contextmanager
def running(lab: Lab, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A preflight that is in the middle of its probes, which a silent router makes long."""
    program = requirements.ansible_program("ansible-playbook")
    with on_router(lab, forward("udp dport 5514 drop")):
        process = subprocess.Popen(
            [
                *lab.entering(None),
                program,
                "-i",
                str(lab.inventory),
                "-i",
                str(lab.state.inventory),
                "jsa.ports.preflight",
                "-e",
                "jsa_preflight_timeout=600",
                *arguments,
            ],
            env=lab.ansible_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_for(lambda: all(standing(lab, host) for host in HOSTS))
            wait_for(lambda: "reachability" in lab.run("con1", ["pgrep", "-fa", "python"]).stdout)
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for host in HOSTS:
                lab.run(host, ["pkill", "-f", "AnsiballZ_reachability"])


class TestNobodyThere:
    """Nothing outlives the check, whoever is lost meanwhile."""

    def test_the_controller_is_lost(self, lab: Lab) -> None:
        before = {host: sockets(lab, host) for host in HOSTS}
        with running(lab, "-e", "jsa_preflight_seconds=25") as process:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert all(standing(lab, host) for host in HOSTS), "they stand, with nobody to end them"
            wait_for(lambda: not any(standing(lab, host) or files(lab, host) for host in HOSTS))
        assert {host: sockets(lab, host) for host in HOSTS} == before

    def test_the_connection_is_lost(self, lab: Lab) -> None:
        with running(lab, "-e", "jsa_preflight_seconds=25"):
            lab.run("ep1", ["pkill", "-f", "sshd: "])
            wait_for(lambda: not any(standing(lab, host) or files(lab, host) for host in HOSTS))

    def test_the_firewall_is_closed_without_them(self, lab: Lab) -> None:
        lab.run("dn1", ["firewall-cmd", "--set-default-zone=public"], check=True)
        try:
            files_before = lab.snapshot("dn1", "/etc/firewalld")
            accepted = {"protocol": "tcp", "ports": "32006", "sources": [f"{CON1}/32"], "why": ["ariel_query"]}
            rules = {"roles": ["data_node"], "addresses": [DN1], "inbound": [accepted], "refused": [], "dynamic": []}
            module = {"rules": rules, "open": True, "seconds": 20, "token": "a" * 32, "host": "dn1"}
            told = lab.ansible(["ansible", "dn1", "-m", "jsa.ports.preflight", "-a", json.dumps(module)])
            assert told.returncode == 0, told.stdout + told.stderr
            assert "jsa-in" in lab.run("dn1", ["firewall-cmd", "--list-all-policies"]).stdout
            assert lab.snapshot("dn1", "/etc/firewalld") == files_before, "the files are never the opened ones"
            wait_for(lambda: "jsa-in" not in lab.run("dn1", ["firewall-cmd", "--list-all-policies"]).stdout)
            wait_for(lambda: not lab.run("dn1", ["pgrep", "-f", "timer.pyz wait"]).stdout)
            wait_for(lambda: not standing(lab, "dn1"))
        finally:
            lab.run("dn1", ["firewall-cmd", "--set-default-zone=trusted"], check=True)
            lab.run("dn1", ["rm", "-rf", "/var/lib/jsa_ports"], check=True)


class TestTheListeners:
    ONE = [
        {"protocol": "tcp", "ports": "32006", "bind": "network"},
        {"protocol": "udp", "ports": "5514"},
        {"protocol": "tcp", "ports": "7700", "bind": "loopback"},
        {"protocol": "tcp", "ports": "4333", "source_classes": []},
    ]

    def module(self, lab: Lab, check: bool = False, listeners: Any = None, **arguments: Any) -> dict[str, Any]:
        request = {"host": "ep1", "token": "a" * 32, **arguments, "_ansible_check_mode": check}
        if listeners:
            request["rules"] = {"listeners": listeners, "addresses": [EP1]}
        return lab.module("ep1", "preflight", request)

    def test_nothing_stands_for_what_belongs_on_loopback_or_to_nobody(self, lab: Lab) -> None:
        before = sockets(lab, "ep1")
        try:
            told = self.module(lab, listeners=self.ONE)
            assert [(item["protocol"], item["port"]) for item in told["listening"]] == [("tcp", 32006), ("udp", 5514)]
            new = set(sockets(lab, "ep1")) - set(before)
            assert {line.rpartition(":")[2] for line in new} == {"32006", "5514"}
        finally:
            assert self.module(lab, state="absent")["stood"]

    def test_the_same_again_changes_nothing_and_others_replace_it(self, lab: Lab) -> None:
        try:
            assert self.module(lab, check=True, listeners=self.ONE)["changed"]
            assert not standing(lab, "ep1")
            first = self.module(lab, listeners=self.ONE)
            again = self.module(lab, listeners=self.ONE)
            assert (first["changed"], again["changed"], again["pid"]) == (True, False, first["pid"])
            assert not self.module(lab, check=True, listeners=self.ONE)["changed"]
            other = self.module(lab, listeners=self.ONE, token="b" * 32)
            assert other["changed"] and other["pid"] != first["pid"]
            assert other["in_use"] == [], "what it replaces is not in its way"
            assert len(standing(lab, "ep1").splitlines()) == 1
            assert self.module(lab, check=True, state="absent")["changed"]
            assert standing(lab, "ep1")
        finally:
            assert self.module(lab, state="absent")["changed"]
        assert not self.module(lab, state="absent")["changed"]

    def test_another_deployments_are_left_alone(self, lab: Lab) -> None:
        try:
            self.module(lab, listeners=self.ONE, name="other")
            mine = self.module(lab, listeners=self.ONE)
            assert {item["port"] for item in mine["in_use"]} == {32006, 5514}
            self.module(lab, state="absent")
            assert len(standing(lab, "ep1").splitlines()) == 1
            assert "other" in files(lab, "ep1")
        finally:
            assert self.module(lab, state="absent", name="other")["stood"]

    def test_a_process_with_the_number_of_a_dead_one_is_left_alone(self, lab: Lab) -> None:
        told = self.module(lab, listeners=self.ONE)
        lab.run("ep1", ["kill", "-KILL", str(told["pid"])], check=True)
        wait_for(lambda: not standing(lab, "ep1"))
        (path,) = [line for line in files(lab, "ep1").splitlines() if line.endswith("state.json")]
        bystander = subprocess.Popen([*lab.entering("ep1"), "sleep", "900"])
        try:
            wait_for(lambda: lab.run("ep1", ["pgrep", "-x", "sleep"]).stdout)
            pid = int(lab.run("ep1", ["pgrep", "-x", "sleep"], check=True).stdout.split()[0])
            state = json.loads(lab.run("ep1", ["cat", path], check=True).stdout)
            lab.run("ep1", ["tee", path], stdin=json.dumps({**state, "pid": pid}), check=True)
            ended = self.module(lab, state="absent")
            assert (ended["changed"], ended["stood"]) == (True, False)
            assert lab.run("ep1", ["pgrep", "-x", "sleep"]).stdout.split() == [str(pid)]
        finally:
            lab.run("ep1", ["pkill", "-x", "sleep"])
            bystander.wait()

    def test_no_answer_is_longer_than_its_question(self, lab: Lab) -> None:
        ask = (
            "import socket,sys\nu=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); u.settimeout(1)\n"
            f"u.connect(('{EP1}',5514))\n"
            "own = b'jsa.ports who are you\\n'\n"
            "for q in (b'', b'hello', own, b'x'*512, own.ljust(512,b'\\0')):\n"
            "    u.send(q)\n    try: print(len(q), len(u.recv(2000)))\n    except socket.timeout: print(len(q), 0)\n"
        )
        try:
            self.module(lab, listeners=self.ONE)
            told = lab.run("con1", ["python3", "-c", ask], check=True).stdout
        finally:
            self.module(lab, state="absent")
        answers = [tuple(map(int, line.split())) for line in told.splitlines()]
        assert [length for _asked, length in answers[:4]] == [0, 0, 0, 0]
        assert 0 < answers[4][1] <= answers[4][0]

    def test_the_ports_are_free_at_once_for_whoever_comes(self, lab: Lab) -> None:
        try:
            self.module(lab, listeners=self.ONE)
            assert lab.probes("con1", [(EP1, 32006, "tcp")] * 3) == ["open"] * 3
        finally:
            self.module(lab, state="absent")
        # Without SO_REUSEADDR, as the plainest of services does it.
        bind = "import socket; s=socket.socket(); s.bind(('0.0.0.0', 32006)); s.listen(1)"
        lab.run("ep1", ["python3", "-c", bind], check=True)

    def test_many_connections_that_stay_open(self, lab: Lab) -> None:
        hold = (
            "import socket\nheld=[socket.create_connection(('%s',32006), 5) for _ in range(700)]\n"
            "last=socket.create_connection(('%s',32006), 5); print(last.recv(100).split()[0].decode())" % (EP1, EP1)
        )
        try:
            pid = self.module(lab, listeners=self.ONE)["pid"]
            command = f'ulimit -n 2000; python3 -c "{hold}"'
            assert lab.run("con1", ["sh", "-c", command], check=True).stdout.strip() == "jsa.ports"
            assert int(lab.run("ep1", ["sh", "-c", f"ls /proc/{pid}/fd | wc -l"], check=True).stdout) < 300
        finally:
            self.module(lab, state="absent")

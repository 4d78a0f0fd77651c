# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Port mappers on lab hosts: the real rpcbind, and the stand-in's broker with every bad manner."""

from __future__ import annotations

import json
import os
import subprocess
import time

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = ROOT / "tests" / "lab" / "inventories" / "two.yml"

IMQ = {"id": "imq", "protocol": "tcp", "ports": "7676", "bind": "network", "required": True}
PLAN = {"hosts": {"alpha": {"listeners": [IMQ]}}}

#: Registers a program with rpcbind as its services do: from a privileged port of this host, over UDP.
REGISTER = """
import socket, struct, sys
from ansible_collections.jsa.ports.plugins.module_utils._observe.rpc import message as rpc
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.settimeout(10)
    sock.bind(("127.0.0.1", 890))
    arguments = struct.pack("!4I", *(int(word) for word in sys.argv[1:]))
    sock.sendto(rpc.call(7, rpc.PORTMAP, 2, 1) + arguments, ("127.0.0.1", 111))
    assert rpc.parse_reply(sock.recv(1000), 7) == struct.pack("!I", 1)
"""


@pytest.fixture(scope="module", name="lab")
def fixture_lab() -> Iterator[Lab]:
    with Lab.up(INVENTORY, name=f"test-portmap-{os.getpid()}") as lab:
        lab.load_services(PLAN)
        yield lab


@pytest.fixture
def rpcbind(lab: Lab) -> Iterator[None]:
    lab.run("alpha", ["mkdir", "-p", "/run/rpcbind"], check=True)
    started = "echo $$ >/run/rpcbind/pid; exec rpcbind -f"
    with subprocess.Popen([*lab.entering("alpha"), "sh", "-c", started]) as process:
        try:
            deadline = time.monotonic() + 30
            while lab.probe("alpha", "127.0.0.1", 111) != "open":
                assert time.monotonic() < deadline and process.poll() is None
                time.sleep(0.05)
            yield
        finally:
            lab.run("alpha", ["sh", "-c", "kill $(cat /run/rpcbind/pid)"], check=True)
            process.wait(30)


def ask(lab: Lab, host: str = "alpha", **options: Any) -> dict[str, Any]:
    done = lab.ansible(["ansible", host, "-m", "jsa.ports.portmap", "-a", json.dumps(options)])
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    return answer


def python(lab: Lab, host: str, code: str, *arguments: str) -> str:
    environment = {"PYTHONPATH": str(ROOT / ".dev"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = ["/usr/bin/python3", "-c", code, *arguments]
    return lab.run(host, command, environment=environment, check=True).stdout


class TestBroker:
    def test_it_tells_the_ports_that_it_has(self, lab: Lab) -> None:
        answer = ask(lab, kinds=["imq"])
        broker = lab.services("alpha")["broker"]
        found = {service["service"]: service["port"] for service in answer["services"]}
        expected = {name: broker[name] for name in ("cluster_discovery", "admin", "cluster")}
        assert found == {"portmapper": 7676, "jms": 7677, **expected}
        assert answer["imq"]["without_port"] == ["jmxrmi"]
        assert (answer["imq"]["state"], answer["imq"]["reason"], answer["imq"]["complete"]) == ("ok", "", True)
        assert answer["rpcbind"] is None and answer["changed"] is False

    def test_it_was_restarted_between_two_looks(self, lab: Lab) -> None:
        first = ask(lab, kinds=["imq"])
        same = ask(lab, kinds=["imq"], previous_session=first["imq"]["session"])
        assert (same["imq"]["restarted"], same["services"]) == (False, first["services"])
        lab.services("alpha", "stop", "tcp/7676")
        down = ask(lab, kinds=["imq"], previous_session=first["imq"]["session"])
        assert (down["imq"]["state"], down["services"]) == ("down", [])
        lab.services("alpha", "start", "tcp/7676")
        second = ask(lab, kinds=["imq"], previous_session=first["imq"]["session"])
        assert second["imq"]["restarted"] is True
        assert second["services"] != first["services"]

    @pytest.mark.parametrize(
        ("manner", "state", "says"),
        [
            ("garbage", "garbage", ""),
            ("other_version", "garbage", "version 102"),
            ("slowly", "slow", "was not complete within"),
            ("forever", "endless", "is longer than"),
            ("silently", "silent", "sent no data"),
            ("nothing", "closed", "without an answer"),
            ("without_dot", "ok", "final dot is missing"),
            ("cut_off", "ok", "truncated"),
            ("normal", "ok", ""),
        ],
    )
    def test_manners(self, lab: Lab, manner: str, state: str, says: str) -> None:
        lab.port_mapper("alpha", manner)
        code = (
            "import json\n"
            "from ansible_collections.jsa.ports.plugins.module_utils._observe.portmap.asking import ask_broker\n"
            "answer = ask_broker('127.0.0.1', 7676, 2.0)\n"
            "print(json.dumps([answer.state, answer.reason, [s.port for s in answer.services]]))"
        )
        got, reason, ports = json.loads(python(lab, "alpha", code))
        lab.port_mapper("alpha", "normal")
        assert (got, says in reason) == (state, True), reason
        real = {7676, 7677, *lab.services("alpha")["broker"].values()}
        assert set(ports) <= real
        assert bool(ports) is (state == "ok")


class TestRpcbind:
    def test_it_is_off(self, lab: Lab) -> None:
        answer = ask(lab, kinds=["rpcbind"])
        assert (answer["rpcbind"]["state"], answer["services"], answer["imq"]) == ("down", [], None)

    @pytest.mark.usefixtures("rpcbind")
    def test_it_tells_what_is_registered(self, lab: Lab) -> None:
        python(lab, "alpha", REGISTER, "100005", "3", "6", "20048")
        python(lab, "alpha", REGISTER, "100005", "2", "6", "20048")
        python(lab, "alpha", REGISTER, "4711", "1", "17", "33333")
        answer = ask(lab, kinds=["rpcbind"])
        found = [(item["service"], item["protocol"], item["port"]) for item in answer["services"]]
        assert found == [
            ("mountd", "tcp", 20048),
            ("portmapper", "tcp", 111),
            ("portmapper", "udp", 111),
            ("program 4711", "udp", 33333),
        ]
        assert answer["services"][0]["details"] == {"program": "100005", "versions": "2,3"}
        assert answer["rpcbind"] == {"state": "ok", "reason": "", "transport": "tcp"}

    @pytest.mark.usefixtures("rpcbind")
    def test_over_udp_where_a_firewall_keeps_tcp_away(self, lab: Lab) -> None:
        table = "table inet off { chain input { type filter hook input priority -300; tcp dport 111 drop; }; }"
        lab.run("alpha", ["nft", table], check=True)
        try:
            answer = ask(lab, kinds=["rpcbind"], timeout=4)
        finally:
            lab.run("alpha", ["nft", "delete", "table", "inet", "off"], check=True)
        assert (answer["rpcbind"]["state"], answer["rpcbind"]["transport"]) == ("ok", "udp")
        assert answer["rpcbind"]["reason"].startswith("only over UDP; over TCP 127.0.0.1 does not answer")


def test_wrong_options_fail(lab: Lab) -> None:
    done = lab.ansible(["ansible", "alpha", "-m", "jsa.ports.portmap", "-a", '{"address": "localhost", "timeout": 0}'])
    assert done.returncode != 0
    assert "address:" in done.stdout and "timeout:" in done.stdout

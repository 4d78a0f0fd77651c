# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's stand-in for JSA listens where a plan says, and answers as the broker and a time server do."""

from __future__ import annotations

import struct
import time

from collections.abc import Iterator

import pytest

from lab import Lab, LabError

HOSTS = """
all:
  vars: {lab_firewalld: false, lab_sysctls: {net.ipv4.icmp_ratelimit: 0, net.ipv6.icmp.ratelimit: 0}}
  hosts:
    alpha: {jsa_address: [10.77.0.11, "fd77::11"], lab_extra_addresses: 10.77.0.10}
    beta: {jsa_address: [10.77.0.12, "fd77::12"]}
"""

PLAN = {
    "version": 1,
    "hosts": {
        "alpha": {
            "listeners": [
                {"id": "ssh", "protocol": "tcp", "ports": "22", "bind": "network", "required": True},
                {"id": "ntp", "protocol": "udp", "ports": "123", "bind": "network", "required": True},
                {"id": "imq", "protocol": "tcp", "ports": "7676-7677", "bind": "any", "required": True},
                {"id": "jmx", "protocol": "tcp", "ports": "7777", "bind": "loopback", "required": True},
                {"id": "data", "protocol": "tcp", "ports": "32000-33999", "bind": "network", "required": False},
                {"id": "ariel", "protocol": "tcp", "ports": "32006", "bind": "network", "required": True},
            ]
        },
        "elsewhere": {"listeners": []},
    },
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS)
    with Lab.up(inventory, name="standin-test") as built:
        built.load_services(PLAN)
        yield built


def ntp_question() -> bytes:
    return b"\x23" + 39 * b"\0" + struct.pack("!II", 1, 2)


def listening(lab: Lab) -> set[str]:
    lines = lab.run("alpha", ["ss", "-Hlntu"], check=True).stdout.splitlines()
    return {f"{line.split()[0]} {line.split()[4]}" for line in lines}


def ask(lab: Lab, code: str) -> str:
    return lab.run("beta", ["/usr/bin/python3", "-c", "import socket\n" + code], check=True).stdout


def test_binds_what_is_required_where_it_is_required(lab: Lab) -> None:
    found = listening(lab)
    assert {"tcp *:7676", "tcp *:7677", "tcp *:32006", "tcp 127.0.0.1:7777", "udp *:123", "tcp 0.0.0.0:22"} < found
    assert not [entry for entry in found if entry.endswith((":32000", ":33999"))]
    broker = set(lab.services("alpha")["broker"].values())
    assert len(found) == len({"ssh twice": 2}) + 6 + len(broker)


def test_reached_from_outside_or_not(lab: Lab) -> None:
    for address in ("10.77.0.11", "10.77.0.10", "fd77::11"):
        assert lab.probe("beta", address, 32006) == "open"
        assert lab.probe("beta", address, 7777) == "refused"
        assert lab.probe("beta", address, 123, "udp") == "open"
    assert lab.probe("alpha", "127.0.0.1", 7777) == "open"


def test_one_service_alone(lab: Lab) -> None:
    lab.services("alpha", "stop", "tcp/32006")
    assert lab.probe("beta", "10.77.0.11", 32006) == "refused"
    assert lab.services("alpha")["sockets"]["tcp/32006"]["bound"] is False
    lab.services("alpha", "start", "tcp/32006")
    assert lab.probe("beta", "10.77.0.11", 32006) == "open"


@pytest.mark.parametrize(
    ("bind", "listens"),
    [
        ("loopback", "127.0.0.1"),
        ("loopback6", "[::1]"),
        ("network4", "0.0.0.0"),
        ("10.77.0.10", "10.77.0.10"),
        ("fd77::11", "[fd77::11]"),
        ("network", "*"),
    ],
)
def test_rebind(lab: Lab, bind: str, listens: str) -> None:
    lab.services("alpha", "rebind", "tcp/32006", bind)
    assert [entry for entry in listening(lab) if entry.endswith(":32006")] == [f"tcp {listens}:32006"]


@pytest.mark.parametrize(
    ("verb", "port", "bind", "says"),
    [
        ("stop", "tcp/4444", "", "not bound here"),
        ("start", "32006", "", "write it as"),
        ("start", "tcp/70000", "", "write it as"),
        ("start", "tcp/22", "", "cannot be bound"),
        ("rebind", "tcp/32006", "everywhere", "is no bind"),
        ("explode", "tcp/32006", "", "no verb"),
    ],
)
def test_refusals(lab: Lab, verb: str, port: str, bind: str, says: str) -> None:
    before = listening(lab)
    with pytest.raises(LabError, match=says):
        lab.services("alpha", verb, port, bind)
    assert listening(lab) == before


@pytest.mark.parametrize("greeting", [b"101\n", b""])
def test_port_mapper(lab: Lab, greeting: bytes) -> None:
    text = ask(
        lab,
        "s = socket.create_connection(('10.77.0.11', 7676), 3)\n"
        f"s.sendall({greeting!r})\n"
        "print(s.makefile().read(), end='')",
    )
    lines = text.split("\n")
    assert lines[0].split()[0] == "101"
    assert lines[-2:] == [".", ""]
    table = {line.split()[0]: int(line.split()[3]) for line in lines[1:-2]}
    assert set(table) == {"portmapper", "cluster_discovery", "jmxrmi", "admin", "jms", "cluster"}
    assert (table["portmapper"], table["jms"], table["jmxrmi"]) == (7676, 7677, 0)
    for service in ("cluster_discovery", "admin", "cluster"):
        assert lab.probe("beta", "10.77.0.11", table[service]) == "open"


def test_a_restarted_broker_has_other_ports(lab: Lab) -> None:
    before = lab.services("alpha")["broker"]
    lab.services("alpha", "stop", "tcp/7676")
    assert lab.services("alpha")["broker"] == {}
    assert lab.probe("beta", "10.77.0.11", before["admin"]) == "refused"
    lab.services("alpha", "start", "tcp/7676")
    assert set(lab.services("alpha")["broker"].values()) != set(before.values())


@pytest.mark.parametrize("address", ["10.77.0.11", "10.77.0.10", "fd77::11"])
def test_ntp_answers_from_the_address_that_was_asked(lab: Lab, address: str) -> None:
    family = "AF_INET6" if ":" in address else "AF_INET"
    text = ask(
        lab,
        f"s = socket.socket(socket.{family}, socket.SOCK_DGRAM)\n"
        "s.settimeout(3)\n"
        f"s.sendto({ntp_question()!r}, ({address!r}, 123))\n"
        "packet, sender = s.recvfrom(512)\n"
        "print(sender[0], packet.hex())",
    )
    sender, packet = text.split()
    assert sender == address
    answer = bytes.fromhex(packet)
    assert (len(answer), answer[0] & 7, answer[1]) == (48, 4, 2)
    assert answer[24:32] == ntp_question()[40:48]
    assert abs(struct.unpack("!I", answer[40:44])[0] - 2208988800 - time.time()) < 5


def test_other_datagrams_get_no_answer(lab: Lab) -> None:
    lab.services("alpha", "start", "udp/514")
    assert lab.probe("beta", "10.77.0.11", 514, "udp", timeout=0.3) == "no_answer"
    assert lab.probe("beta", "10.77.0.11", 515, "udp") == "refused"


def test_comes_back_with_the_host(lab: Lab) -> None:
    lab.reboot("alpha")
    assert lab.probe("beta", "10.77.0.11", 32006) == "open"


def test_a_plan_of_other_hosts(lab: Lab) -> None:
    with pytest.raises(LabError, match="knows none of the lab's hosts"):
        lab.load_services({"version": 1, "hosts": {"elsewhere": {"listeners": []}}})

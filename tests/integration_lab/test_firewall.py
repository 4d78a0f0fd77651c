# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module against real firewalld, over real SSH: files, rules in the kernel, packets.

``target`` has the firewall, ``peer`` is one of its peers, ``stranger`` is nobody.
"""

from __future__ import annotations

import json
import re
import subprocess
import time

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from lab import Lab

from ansible_collections.jsa.ports.tests.integration_lab.conftest import NEEDS_SETS, OWN_TABLE, System
from ansible_collections.jsa.ports.tests.integration_lab.firewalls import FirewalledHost

HOSTS = """
all:
  hosts:
    target: {ansible_host: 10.77.0.11, jsa_address: [10.77.0.11, "fd77::11"]}
    peer: {ansible_host: 10.77.0.12, jsa_address: [10.77.0.12, "fd77::12"], lab_firewalld: false}
    stranger: {ansible_host: 10.77.0.13, jsa_address: [10.77.0.13, "fd77::13"], lab_firewalld: false}
"""
V4, V6 = "10.77.0.11", "fd77::11"
CONTROLLER = re.compile(r"^10\.77\.0\.\d+$")

LISTENERS = {
    "version": 1,
    "hosts": {
        "target": {
            "listeners": [
                {"id": name, "protocol": protocol, "ports": ports, "bind": "network", "required": True}
                for name, protocol, ports in (
                    ("ariel", "tcp", "32006"),
                    ("postgres", "tcp", "5432"),
                    ("https", "tcp", "443"),
                    ("site", "tcp", "8080"),
                    ("syslog", "udp", "514"),
                )
            ]
        }
    },
}

PEERS = ["10.77.0.12/32", "fd77::12/128"]
INBOUND: list[dict[str, Any]] = [
    {"protocol": "tcp", "ports": "32006", "sources": PEERS, "why": ["ariel_query"], "source_classes": ["ep"]},
    {"protocol": "tcp", "ports": "443", "sources": ["0.0.0.0/0", "::/0"], "why": ["web"]},
    {"protocol": "icmp", "sources": PEERS, "why": ["ha_ping"], "source_classes": ["ep"]},
]
REFUSED = [{"protocol": "tcp", "ports": "5432", "why": ["postgres"]}]
ARGUMENTS = {"inbound": INBOUND, "refused": REFUSED}

#: Where our accepts are.
CHAIN = "chain inet firewalld filter_IN_policy_jsa-in_allow"

#: The site's own: a zone with an open port, a policy, a set that our peer is in.
SITE = """
set -e
firewall-cmd --permanent --zone=public --add-port=8080/tcp
firewall-cmd --permanent --new-ipset=site-peers --type=hash:net
firewall-cmd --permanent --ipset=site-peers --add-entry=10.77.0.12
firewall-cmd --permanent --new-policy=site-policy
firewall-cmd --permanent --policy=site-policy --add-ingress-zone=ANY
firewall-cmd --permanent --policy=site-policy --add-egress-zone=HOST
firewall-cmd --permanent --policy=site-policy --add-port=9090/tcp
firewall-cmd --reload
"""

#: An echo request and its answer, of either family.
PING = """
import socket, struct, sys
six = ":" in sys.argv[1]
kind = struct.pack("!BBHHH", 128 if six else 8, 0, 0, 7, 1)
checksum = 0xFFFF - sum(struct.unpack("!4H", kind))
family, protocol = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if six else (socket.AF_INET, socket.IPPROTO_ICMP)
with socket.socket(family, socket.SOCK_RAW, protocol) as pinger:
    pinger.settimeout(2)
    pinger.sendto(kind[:2] + struct.pack("!H", checksum) + kind[4:], (sys.argv[1], 0))
    while True:
        answer, sender = pinger.recvfrom(100)
        if sender[0] == sys.argv[1] and answer[0 if six else 20] == (129 if six else 0):
            break
"""


class Target(FirewalledHost):
    def module(self, failed: bool = False, check: bool = False, **arguments: Any) -> dict[str, Any]:
        result = super().module(failed, check, **{"_ansible_diff": True, **arguments})
        del result["invocation"]
        return result

    def apply(self, **more: Any) -> dict[str, Any]:
        return self.module(**{**ARGUMENTS, **more})

    def over_ssh(self, *options: str, failed: bool = False, **more: Any) -> dict[str, Any]:
        return super().over_ssh(*options, failed=failed, **{**ARGUMENTS, **more})

    def rules(self) -> str:
        """firewalld's own table: its iptables backend leaves empty ones behind."""
        return self.run("nft -s list table inet firewalld")

    def ping(self, source: str, address: str) -> bool:
        return self.lab.run(source, ["/usr/bin/python3", "-c", PING, address]).returncode == 0

    def probe(self, source: str | None, port: int, address: str = V4) -> str:
        """One ICMP error a second is all that a host sends to a peer: silence may mean that it was just sent."""
        answer = self.lab.probe(source, address, port)
        if answer == "no_answer":
            time.sleep(1.1)
            answer = self.lab.probe(source, address, port)
        return answer


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, system: System) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS + system.variables)
    with Lab.up(inventory, name="firewall-test") as built:
        built.load_services(LISTENERS)
        yield built


@pytest.fixture(scope="module")
def site(lab: Lab) -> dict[str, bytes]:
    """The site's configuration before we ever came."""
    lab.run("target", ["sh", "-c", SITE], check=True)
    return lab.snapshot("target", "/etc/firewalld")


@pytest.fixture
def target(lab: Lab, site: dict[str, bytes]) -> Iterator[Target]:
    """A host without a trace of ours, whatever the test before has done."""
    target = Target(lab)
    yield target
    lab.daemon("target", "start", "firewalld")
    # After a flush firewalld fails once, and knows then that its table is gone.
    target.run("rm -f /etc/firewalld/*/jsa-*; firewall-cmd --reload || firewall-cmd --reload")
    assert target.files() == site


@pytest.mark.systems
@pytest.mark.gate
def test_packets(target: Target) -> None:
    result = target.over_ssh()
    assert result["changed"]
    assert result["reloaded"]
    assert CONTROLLER.match(result["controller"]["address"])
    assert result["controller"]["port"] == 22
    expected = {
        ("peer", 32006): "open",
        ("stranger", 32006): "prohibited",
        ("peer", 5432): "prohibited",
        ("stranger", 5432): "prohibited",
        ("peer", 443): "open",
        ("stranger", 443): "open",
        # Left to the site's zone, which opens it.
        ("stranger", 8080): "open",
    }
    for address in (V4, V6):
        found = {(source, port): target.probe(source, port, address) for source, port in expected}
        assert found == expected, address
    assert target.ping("stranger", V4)
    assert target.ping("stranger", V6)
    assert target.lab.probe("target", "127.0.0.1", 5432) == "open"


@pytest.mark.systems
@pytest.mark.parametrize(("unlisted", "answer"), [("reject", "prohibited"), ("drop", "no_answer")])
def test_unlisted(target: Target, unlisted: str, answer: str) -> None:
    target.apply(unlisted=unlisted)
    # A neighbor that was learned before proves nothing.
    target.lab.run("stranger", ["ip", "-6", "neigh", "flush", "all"])
    target.run("ip -6 neigh flush all")
    for address in (V4, V6):
        assert target.probe("stranger", 8080, address) == answer
        assert target.probe("peer", 32006, address) == "open"
        assert target.probe("stranger", 443, address) == "open"
        assert target.ping("stranger", address)
        assert target.lab.probe("target", "127.0.0.1", 8080) == "open"
    # Answers of a DHCP server come unasked for, as far as connection tracking knows.
    catch = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 68)); s.settimeout(5)"
    with subprocess.Popen(
        [*target.lab.entering("target"), "/usr/bin/python3", "-c", f"{catch}; print('up', flush=True); s.recv(9)"],
        stdout=subprocess.PIPE,
    ) as listener:
        assert listener.stdout is not None
        listener.stdout.readline()
        send = f"import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'lease', ('{V4}', 68))"
        target.lab.run("stranger", ["/usr/bin/python3", "-c", send], check=True)
        assert listener.wait() == 0
    assert not target.apply(unlisted=unlisted)["changed"]


@pytest.mark.systems
@pytest.mark.gate
def test_what_leaves_the_host(target: Target, system: System, site: dict[str, bytes]) -> None:
    """Nobody listens there: what leaves is refused by its destination, what does not by the host itself."""
    outbound = [{"protocol": "tcp", "ports": "7001", "destinations": PEERS, "why": ["deployment"]}]
    if not system.answers_leave:
        for more in ({}, {"phase": "stage"}, {"check": True}):
            told = target.apply(failed=True, outbound=outbound, **more)["msg"]
            assert "every connection would be interrupted" in told
        assert target.files() == site
        assert "jsa-" not in target.rules()
        return
    result = target.apply(outbound=outbound)
    assert "jsa-out" in result["actions"]["created"]
    for peer, stranger in (("10.77.0.12", "10.77.0.13"), ("fd77::12", "fd77::13")):
        assert target.lab.probe("target", peer, 7001) == "refused"
        assert target.lab.probe("target", stranger, 7001) == "prohibited"
        assert target.lab.probe("target", peer, 7002) == "prohibited"
        assert target.lab.probe("target", stranger, 53) == "refused", "names can be asked for"
        assert target.ping("target", stranger)
        assert target.lab.probe("peer", V4, 443) == "open", "answers leave"
    assert target.lab.probe(None, V4, 22) == "open"
    assert not target.apply(outbound=outbound)["changed"]
    assert target.apply()["actions"]["removed"], "without it, nothing is said about what leaves"
    assert target.lab.probe("target", "10.77.0.13", 7001) == "refused"


def test_established_connections_live_through_it(target: Target) -> None:
    listen = "import socket; s = socket.create_server(('', 7000)); print('up', flush=True); c = s.accept()[0]"
    answer = "c.sendall(c.recv(9)); c.sendall(c.recv(9))"
    client = f"import socket, sys; c = socket.create_connection(('{V4}', 7000)); c.sendall(b'1'); c.recv(9)"
    rest = "print('up', flush=True); sys.stdin.readline(); c.settimeout(5); c.sendall(b'2'); print(c.recv(9))"
    target.run("firewall-cmd --zone=public --add-port=7000/tcp")
    server = subprocess.Popen(
        [*target.lab.entering("target"), "/usr/bin/python3", "-c", f"{listen}; {answer}"], stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    server.stdout.readline()
    with subprocess.Popen(
        [*target.lab.entering("stranger"), "/usr/bin/python3", "-c", f"{client}; {rest}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as old:
        assert old.stdin is not None
        assert old.stdout is not None
        old.stdout.readline()
        target.apply(unlisted="drop", refused=[*REFUSED, {"protocol": "tcp", "ports": "7000"}])
        assert target.probe("stranger", 7000) == "prohibited"
        old.stdin.write(b"\n")
        old.stdin.close()
        assert old.stdout.read() == b"b'2'\n"
    server.wait()


@pytest.mark.systems
@pytest.mark.parametrize(
    "arguments",
    [
        ARGUMENTS,
        {**ARGUMENTS, "unlisted": "reject"},
        {"inbound": [], "refused": REFUSED},
        {
            "inbound": [{**INBOUND[0], "sources": ["10.77.0.12/32"]}],
            "management_addresses": ["fd77::/64", "192.0.2.0/24"],
        },
        {"state": "absent"},
    ],
    ids=["plain", "strict", "refusals only", "one family", "absent"],
)
@pytest.mark.gate
def test_check_mode_predicts_the_run_and_the_second_changes_nothing(
    target: Target, site: dict[str, bytes], arguments: dict[str, Any]
) -> None:
    before = target.rules()
    predicted = target.module(check=True, **arguments)
    assert target.files() == site
    assert target.rules() == before
    assert target.module(**arguments) == predicted
    files, rules = target.files(), target.rules()
    again = target.module(**arguments)
    assert not again["changed"]
    assert not again["reloaded"]
    assert again["diff"][0]["before"] == again["diff"][0]["after"]
    assert (target.files(), target.rules()) == (files, rules)


@pytest.mark.systems
@pytest.mark.gate
def test_the_site_s_own_objects_stay_and_every_trace_of_ours_goes(target: Target, site: dict[str, bytes]) -> None:
    rules = target.rules()
    target.apply(unlisted="drop")
    assert {path: text for path, text in target.files().items() if "/jsa-" not in path} == site
    target.run("firewall-cmd --permanent --policy=jsa-in --add-service=http")
    result = target.module(state="absent")
    assert result["reloaded"]
    assert "jsa-in" in result["actions"]["removed"]
    assert target.files() == site
    assert target.rules() == rules
    assert not target.module(state="absent")["changed"]


def peers(*addresses: str) -> list[dict[str, Any]]:
    return [{**row, "sources": list(addresses)} if row.get("source_classes") else row for row in INBOUND]


@pytest.mark.systems
@pytest.mark.parametrize("bus", [True, False], ids=["bus", "lockdown"])
@pytest.mark.gate
def test_peers_come_and_go_without_a_reload(target: Target, system: System, bus: bool) -> None:
    """What others changed at run time only is still there: nothing was reloaded. Without sets, that takes a reload."""
    many = [f"10.{number >> 8}.{number & 255}.0/25" for number in range(256, 2256)]
    target.apply()
    if not bus:
        # firewalld then listens to firewall-cmd alone, which its whitelist names.
        target.run("cp -a /etc/firewalld/firewalld.conf /run/kept; firewall-cmd --lockdown-on")
    try:
        target.run("firewall-cmd --zone=public --add-port=4444/tcp")
        marks = target.run(f"nft -a list {CHAIN}")
        for addresses in (["10.77.0.13/32", "fd77::12/128"], [*many, "10.77.0.13/32", "fd77::12/128"], PEERS):
            predicted = target.apply(check=True, inbound=peers(*addresses))
            result = target.apply(inbound=peers(*addresses))
            assert result == predicted
            assert result["changed"]
            assert result["reloaded"] != system.sets
            assert result["actions"]["changed"] == ["jsa-ep-4" if system.sets else "jsa-in"]
            stranger, peer = (target.probe(source, 32006) for source in ("stranger", "peer"))
            wanted = ("prohibited", "open") if addresses == PEERS else ("open", "prohibited")
            assert (stranger, peer) == wanted
            assert not target.apply(inbound=peers(*addresses))["changed"]
        if system.sets:
            assert "4444/tcp" in target.run("firewall-cmd --zone=public --list-ports")
            assert target.run(f"nft -a list {CHAIN}") == marks
    finally:
        if not bus:
            target.run(
                "firewall-cmd --lockdown-off; rm -f /etc/firewalld/firewalld.conf.old; "
                "cp -a /run/kept /etc/firewalld/firewalld.conf"
            )


@pytest.mark.not_on(without=("ipset",), reason="the site's set is a trap there, see test_without_ipset.py")
@pytest.mark.systems(complete=True)
def test_iptables_backend(target: Target) -> None:
    """Where firewalld itself uses iptables there is no table of nftables to look at."""
    conf = "/etc/firewalld/firewalld.conf"
    # Not by a reload: firewalld 0.9 would leave its nftables rules behind, with the one that drops meanwhile.
    target.lab.daemon("target", "stop", "firewalld")
    target.run(f"cp {conf} /run/kept; sed -i s/^FirewallBackend=.*/FirewallBackend=iptables/ {conf}")
    try:
        target.lab.daemon("target", "start", "firewalld")
        assert target.apply(unlisted="reject")["reloaded"]
        assert target.apply(unlisted="reject")["changed"] is False
        assert [target.probe(source, 32006) for source in ("peer", "stranger")] == ["open", "prohibited"]
        assert target.probe("stranger", 5432, V6) == "prohibited"
        moved = target.apply(unlisted="reject", inbound=peers("10.77.0.13/32", "fd77::12/128"))
        assert (moved["changed"], moved["reloaded"]) == (True, False)
        assert [target.probe(source, 32006) for source in ("peer", "stranger")] == ["prohibited", "open"]
        # 0.9 asks for new connections as well, and the programs differ in how they say so.
        target.run("ip6tables -S IN_jsa-in_post | sed -n 's/^-A\\(.*--dport 5432 \\)/-D\\1/p' | xargs ip6tables")
        (drift,) = target.apply(unlisted="reject", inbound=peers("10.77.0.13/32", "fd77::12/128"))["drift"]
        assert drift == "refuse tcp 5432 from everyone else (IPv6): is missing"
        assert target.module(state="absent")["reloaded"]
        assert "jsa-" not in target.run("iptables-save; ip6tables-save; ipset save")
    finally:
        target.lab.daemon("target", "stop", "firewalld")
        target.run(f"rm -f /etc/firewalld/*/jsa-*; cp /run/kept {conf}")
        target.lab.daemon("target", "start", "firewalld")


@contextmanager
def calls_on_the_bus(target: Target) -> Iterator[Callable[[], list[str]]]:
    """What of these firewalld is told while it lasts: the function gives what came since it was last asked."""
    told = ("checkPermanentConfig", "reload", "setEntries", "addEntry", "removeEntry")
    rules = [f"type='method_call',member='{member}'" for member in told]
    with subprocess.Popen(
        [*target.lab.entering("target"), "dbus-monitor", "--system", "--profile", *rules],
        stdout=subprocess.PIPE,
        text=True,
    ) as monitor:
        assert monitor.stdout is not None
        lines: list[str] = []
        reader = Thread(target=lines.extend, args=(monitor.stdout,))
        reader.start()

        def since() -> list[str]:
            # A call of the test's own comes after all that was called before.
            target.run(
                "dbus-send --system --print-reply --dest=org.fedoraproject.FirewallD1 "
                "/org/fedoraproject/FirewallD1 org.fedoraproject.FirewallD1.checkPermanentConfig"
            )
            deadline = time.monotonic() + 10
            while not lines or not lines[-1].rstrip().endswith("checkPermanentConfig"):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            time.sleep(0.2)
            found = [line.split()[-1] for line in lines if line.startswith("mc")]
            lines.clear()
            return found[:-1]

        try:
            wait_for_monitor = time.monotonic() + 10
            while not lines and time.monotonic() < wait_for_monitor:
                time.sleep(0.05)
            since()
            yield since
        finally:
            monitor.terminate()
            reader.join()


@NEEDS_SETS
def test_no_more_calls_than_needed(target: Target) -> None:
    """One reload at most, none for peers, and an unchanged run tells firewalld nothing at all."""
    inbound = [{**INBOUND[0], "source_classes": ["data_node"]}, *INBOUND[1:2]]
    calls = []
    with calls_on_the_bus(target) as since:
        for arguments in (ARGUMENTS, ARGUMENTS, {"inbound": peers("10.77.0.13/32", "fd77::12/128")},
                          {"inbound": inbound}, {"state": "absent"}, {"state": "absent"}):  # fmt: skip
            result = target.apply(**arguments)
            calls.append(since())
            if arguments.get("inbound") is inbound:
                assert result["actions"]["created"] == ["jsa-data_node-4", "jsa-data_node-6"]
                assert result["actions"]["removed"] == ["jsa-ep-4", "jsa-ep-6"]
                assert "jsa-ep" not in target.rules()
    written = ["checkPermanentConfig", "reload"]
    assert calls == [written, [], ["removeEntry", "addEntry"], written, ["reload"], []]


@pytest.mark.parametrize(
    ("damage", "reload", "words"),
    [
        pytest.param(
            "firewall-cmd --policy=jsa-in --remove-rich-rule='rule port port=443 protocol=tcp accept'", True,
            "accept tcp 443 from anyone: is missing", marks=pytest.mark.systems),
        pytest.param("firewall-cmd --policy=jsa-in --add-port=6000/tcp", True, "accept tcp 6000 from anyone: is unexpected",
                     marks=pytest.mark.systems),
        ("cd /etc/firewalld/policies; cp jsa-in.xml kept; sed -i s/CONTINUE/ACCEPT/ jsa-in.xml; "
         "firewall-cmd --reload; mv kept jsa-in.xml", True, "what is not listed"),
        pytest.param("firewall-cmd --ipset=jsa-ep-4 --add-entry=10.77.0.13", False, "1 are unexpected",
                     marks=NEEDS_SETS),
        pytest.param("firewall-cmd --ipset=jsa-ep-6 --remove-entry=fd77::12/128", False, "1 addresses are missing",
                     marks=NEEDS_SETS),
        pytest.param("nft flush chain inet firewalld filter_IN_policy_jsa-in_post", True, "refuse tcp 5432",
                     marks=OWN_TABLE),
        pytest.param("nft insert rule inet firewalld filter_IN_policy_jsa-in tcp dport 5432 accept", True,
                     "accept tcp 5432", marks=OWN_TABLE),
        pytest.param("nft insert rule inet firewalld filter_IN_policy_jsa-in_pre drop", True, "is not from jsa.ports: drop",
                     marks=OWN_TABLE),
        pytest.param("nft flush set inet firewalld jsa-ep-4", False, "1 addresses are missing",
                     marks=[NEEDS_SETS, OWN_TABLE]),
        pytest.param("nft flush chain inet firewalld filter_IN_policy_jsa-in", True, "is missing", marks=OWN_TABLE),
        pytest.param("nft flush chain inet firewalld filter_INPUT", True, "the ruleset is empty", marks=OWN_TABLE),
        pytest.param("nft flush ruleset", True, "the ruleset is empty", marks=OWN_TABLE),
    ],
)  # fmt: skip
def test_drift_is_told_and_put_right(target: Target, damage: str, reload: bool, words: str) -> None:
    target.apply()
    rules = target.rules()
    target.run(damage)
    predicted = target.apply(check=True)
    assert any(words in reason for reason in predicted["drift"]), predicted["drift"]
    result = target.apply()
    assert result["changed"]
    assert result["drift"] == predicted["drift"]
    assert result["reloaded"] == reload
    assert target.rules() == rules
    assert not target.apply()["changed"]


def test_files_that_were_changed_behind_firewalld(target: Target) -> None:
    target.apply()
    rules = target.rules()
    target.run("sed -i 's/32006/32007/' /etc/firewalld/policies/jsa-in.xml")
    result = target.apply()
    assert result["actions"]["changed"] == ["jsa-in"]
    assert not result["reloaded"], "what ran was right all the time"
    assert target.rules() == rules


@pytest.mark.systems
def test_a_broken_file_of_the_site_is_not_our_chance_to_break_more(target: Target, site: dict[str, bytes]) -> None:
    rules = target.rules()
    target.run("echo '<zone' >/etc/firewalld/zones/broken.xml")
    try:
        result = target.module(failed=True, **ARGUMENTS)
        assert "not a valid zone file" in result["msg"]
        assert "Nothing was written. Repair these files first" in result["msg"]
        assert not [path for path in target.files() if "jsa-" in path]
        assert target.rules() == rules
    finally:
        target.run("rm /etc/firewalld/zones/broken.xml")


@NEEDS_SETS
def test_the_site_s_set_with_our_name(target: Target) -> None:
    target.run("firewall-cmd --permanent --new-ipset=jsa-ep-4 --type=hash:net")
    before = target.files()
    result = target.module(failed=True, **ARGUMENTS)
    assert "/etc/firewalld/ipsets/jsa-ep-4.xml" in result["msg"]
    assert target.files() == before
    assert "jsa-in" not in target.rules()


def test_a_site_policy_that_decides_first_is_told(target: Target) -> None:
    path = "/etc/firewalld/policies/site-policy.xml"
    target.run(f"cp {path} {path}.keep; sed -i 's/<policy /<policy priority=\"-300\" /' {path}")
    try:
        (warning,) = target.apply()["warnings"]
    finally:
        target.run(f"mv {path}.keep {path}")
    assert "site-policy" in json.dumps(warning)
    assert "warnings" not in target.apply()


@pytest.mark.systems
def test_firewalld_that_does_not_run(target: Target, site: dict[str, bytes]) -> None:
    target.lab.daemon("target", "stop", "firewalld")
    result = target.module(failed=True, **ARGUMENTS)
    assert "systemctl enable --now firewalld" in result["msg"]
    assert "offline" in result["msg"]
    assert target.files() == site
    predicted = target.apply(check=True, offline=True)
    assert target.files() == site
    assert target.apply(offline=True) == predicted
    assert predicted["changed"]
    assert not predicted["reloaded"]
    assert not target.apply(offline=True)["changed"]
    target.run("ln -s /dev/null /etc/systemd/system/firewalld.service")
    try:
        masked = target.module(failed=True, **ARGUMENTS)
        assert "systemctl unmask firewalld" in masked["msg"]
    finally:
        target.run("rm /etc/systemd/system/firewalld.service")
    target.lab.daemon("target", "start", "firewalld")
    assert not target.apply()["changed"], "the files took effect when firewalld started"
    assert target.probe("stranger", 5432) == "prohibited"


def test_firewalld_that_is_not_installed(target: Target, site: dict[str, bytes]) -> None:
    programs = "/usr/bin/firewall-cmd /usr/bin/firewall-offline-cmd"
    target.run(f"for program in {programs}; do mount --bind /dev/null $program; done")
    try:
        result = target.module(failed=True, **ARGUMENTS)
    finally:
        target.run(f"for program in {programs}; do umount $program; done")
    assert "install the package firewalld" in result["msg"]
    assert target.files() == site


def test_the_controller_stays_in_where_the_plan_forgot_it(target: Target, system: System) -> None:
    inbound = [*INBOUND, {"protocol": "tcp", "ports": "22", "sources": ["192.0.2.0/24"], "why": ["ssh"]}]
    result = target.over_ssh(inbound=inbound, unlisted="drop")
    where = "set inet firewalld jsa-management-4" if system.sets else CHAIN
    assert result["controller"]["address"] in target.run(f"nft list {where}")
    assert target.probe(None, 22) == "open"
    assert target.probe("stranger", 22) == "prohibited"


def test_the_controller_is_found_where_sudo_hides_it(target: Target) -> None:
    """Only the shell above the module still has the variable, as under sudo."""
    python = "/usr/local/bin/python-under-sudo"
    target.run(f"printf '#!/bin/sh\nexec env -u SSH_CONNECTION /usr/bin/python3 \"$@\"' >{python}; chmod +x {python}")
    result = target.over_ssh("-e", f"ansible_python_interpreter={python}")
    assert CONTROLLER.match(result["controller"]["address"])


def test_a_controller_that_cannot_be_found(target: Target, site: dict[str, bytes]) -> None:
    """Started on the host itself there is no SSH connection that could be kept open."""
    refused = target.apply(failed=True, require_controller=True)
    assert "require_controller: false" in refused["msg"]
    assert target.files() == site
    assert target.apply(management_addresses=["10.77.0.13"], unlisted="drop")["controller"] is None
    assert target.probe("stranger", 22) == "open"
    assert target.probe("peer", 22) == "no_answer"


def test_two_runs_at_once_do_not_interleave(target: Target) -> None:
    other = [{**INBOUND[0], "ports": "32011"}, *INBOUND[1:]]
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda inbound: target.apply(inbound=inbound), [INBOUND, other] * 3))
    assert sum(result["changed"] for result in results) >= 2
    ends = [target.apply(check=True, inbound=inbound)["changed"] for inbound in (INBOUND, other)]
    assert sorted(ends) == [False, True], "one of the two holds, wholly"

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What else lives on a host: others' entries at run time, zones that open what should be closed, containers."""

from __future__ import annotations

import json
import time

from collections.abc import Iterator
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
    stranger: {ansible_host: 10.77.0.13, lab_firewalld: false}
"""
PEER = ["10.77.0.12/32", "fd77::12/128"]
INBOUND = [{"protocol": "tcp", "ports": "32006", "sources": PEER, "why": ["ariel_query"], "source_classes": ["ep"]}]
INTERNAL = [{"protocol": "tcp", "ports": "5432", "why": ["postgres"]}]

NOT_NEEDED = "which no host outside of the deployment needs"

SET_BAN = "firewall-cmd -q --ipset=bans --add-entry=192.0.2.67"
#: As fail2ban's actions, a container engine and an administrator in a hurry do it.
BANS = """
set -e
firewall-cmd -q --zone=public --add-rich-rule='rule family=ipv4 source address=192.0.2.66 reject'
{set}
firewall-cmd -q --direct --add-rule ipv4 filter INPUT 0 -s 192.0.2.68 -j DROP
firewall-cmd -q --zone=trusted --add-source=10.88.0.0/16
firewall-cmd -q --zone=public --remove-service=dhcpv6-client
"""
SET_LOST = "set bans: entry 192.0.2.67, changed at run time only"
LOST = [
    'zone public: rich rule family="ipv4" source address="192.0.2.66" reject, changed at run time only',
    "zone public: service dhcpv6-client, in the files only",
    "zone trusted: source 10.88.0.0/16, changed at run time only",
    SET_LOST,
    "direct: rule ipv4 filter INPUT 0 -s 192.0.2.68 -j DROP, changed at run time only",
]


class Target(FirewalledHost):
    def __init__(self, lab: Lab, system: System) -> None:
        super().__init__(lab)
        #: Where firewalld can hold none, the site has none either.
        self.sets = system.sets
        self.answers_leave = system.answers_leave

    def ban(self) -> list[str]:
        """What a reload would cost then."""
        self.run(BANS.replace("{set}", SET_BAN if self.sets else ""))
        return [line for line in LOST if self.sets or line != SET_LOST]

    def module(self, failed: bool = False, check: bool = False, **arguments: Any) -> dict[str, Any]:
        return super().module(failed, check, **{"inbound": INBOUND, **arguments})

    def rules(self) -> str:
        return self.run("(nft -s list ruleset; iptables-save; ip6tables-save) | grep -v ^#")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, system: System) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS)
    with Lab.up(inventory, name="others") as built:
        if system.sets:
            built.run("target", ["firewall-cmd", "--permanent", "--new-ipset=bans", "--type=hash:ip"], check=True)
            built.run("target", ["firewall-cmd", "--reload"], check=True)
        yield built


@pytest.fixture
def target(lab: Lab, system: System) -> Iterator[Target]:
    target = Target(lab, system)
    before = target.files()
    yield target
    target.run("rm -f /etc/firewalld/*/jsa-*; firewall-cmd --reload")
    assert target.files() == before


class TestReload:
    def test_what_it_costs_is_told_before(self, target: Target) -> None:
        lost = target.ban()
        predicted = target.module(check=True)
        assert "192.0.2.66" in target.rules()
        done = target.module()
        for result in (predicted, done):
            assert result["reload_changes"] == lost
            assert "192.0.2.68" in json.dumps(result["warnings"])
        assert "192.0.2.66" not in target.rules(), "as was told"
        again = target.module()
        assert (again["reload_changes"], again.get("warnings")) == ([], None)

    @pytest.mark.parametrize("reload", ["lossless", "never"])
    @pytest.mark.gate
    def test_one_that_costs_something_is_refused(self, target: Target, reload: str) -> None:
        lost = target.ban()
        before = target.files(), target.rules()
        for check in (True, False):
            result = target.module(failed=True, check=check, reload=reload)
            assert f"reload is {reload}" in result["msg"]
            assert all(line in result["msg"] for line in lost)
            assert (target.files(), target.rules()) == before

    def test_one_that_costs_nothing(self, target: Target) -> None:
        before = target.files(), target.rules()
        assert "nothing of the site's own" in target.module(failed=True, reload="never")["msg"]
        assert (target.files(), target.rules()) == before
        assert target.module(reload="lossless")["reloaded"]

    @NEEDS_SETS
    def test_peers_come_without_one(self, target: Target) -> None:
        target.module()
        target.ban()
        moved = [{**INBOUND[0], "sources": ["10.77.0.13/32", "fd77::12/128"]}]
        result = target.module(reload="never", inbound=moved)
        assert (result["changed"], result["reloaded"], result["reload_changes"]) == (True, False, [])
        assert "192.0.2.66" in target.rules()


class TestDrift:
    @NEEDS_SETS
    @pytest.mark.gate
    def test_object_by_object(self, target: Target) -> None:
        target.module()
        assert target.module(check=True)["differences"] == []
        target.run(
            "firewall-cmd -q --policy=jsa-in --add-port=6000/tcp; "
            "firewall-cmd -q --ipset=jsa-ep-4 --add-entry=10.77.0.99; rm /etc/firewalld/ipsets/jsa-ep-6.xml"
        )
        assert sorted(target.module(check=True)["differences"]) == [
            "has in the running rules, policy jsa-in: accept tcp 6000 from anyone",
            "has in the running rules, set jsa-ep-4: 10.77.0.99/32",
            "lacks in the files, set jsa-ep-6: fd77::12/128",
        ]

    @OWN_TABLE
    def test_an_empty_ruleset(self, target: Target) -> None:
        target.module()
        target.run("nft flush ruleset")
        told = target.module(check=True)["differences"]
        assert told == ["lacks in the running rules, firewalld: its rules: the ruleset is empty"]
        assert target.module()["reloaded"]
        assert target.module(check=True)["differences"] == []

    @pytest.mark.parametrize(
        ("setting", "told"),
        [
            ("--add-port=5000-6000/tcp", "port 5000-6000/tcp"),
            ("--add-service=postgresql", "service postgresql"),
            ("--set-target=ACCEPT", "target ACCEPT"),
            ("--add-rich-rule='rule family=ipv4 source address=10.9.0.0/16 port port=5432 protocol=tcp accept'",
             'rule family="ipv4" source address="10.9.0.0/16" port port="5432" protocol="tcp" accept'),
            ("--add-rich-rule='rule family=ipv4 source address=10.9.0.0/16 accept'",
             'rule family="ipv4" source address="10.9.0.0/16" accept'),
            ("--add-port=5433/tcp", None),
            ("--add-port=5432/udp", None),
            ("--add-rich-rule='rule family=ipv4 source address=10.9.0.0/16 port port=5432 protocol=tcp reject'", None),
        ],
    )  # fmt: skip
    def test_a_zone_that_opens_what_is_internal(self, target: Target, setting: str, told: str | None) -> None:
        target.run("cp -a /etc/firewalld/zones /run/zones")
        try:
            target.run(f"firewall-cmd -q --permanent --zone=public {setting}; firewall-cmd -q --reload")
            result = target.module(internal=INTERNAL)
            expected = (
                []
                if told is None
                else [
                    {
                        "object": "zone public",
                        "setting": told,
                        "protocol": "tcp",
                        "ports": "5432",
                        "why": ["postgres"],
                        "effective": False,
                    }
                ]
            )
            assert result["openings"] == expected
            warned = NOT_NEEDED in json.dumps(target.module(check=True, internal=INTERNAL).get("warnings"))
            assert warned == (told is not None)
            assert NOT_NEEDED not in json.dumps(result.get("warnings"))
        finally:
            target.run("rm -rf /etc/firewalld/zones; mv /run/zones /etc/firewalld/zones")

    def test_a_policy_that_opens_it_before_ours(self, target: Target) -> None:
        target.run(
            "firewall-cmd -q --permanent --new-policy=early; P='firewall-cmd -q --permanent --policy=early'; "
            "$P --add-ingress-zone=ANY; $P --add-egress-zone=HOST; $P --set-priority=-200; "
            "$P --add-service=postgresql; firewall-cmd -q --reload"
        )
        try:
            (opening,) = target.module(internal=INTERNAL)["openings"]
            assert (opening["object"], opening["effective"]) == ("policy early", True)
        finally:
            target.run("rm -f /etc/firewalld/policies/early.xml*")


#: A bridge with a container of its own behind it, as Docker and podman make one: a namespace, masqueraded.
CONTAINER = """
set -e
ip netns add box
ip link add cni0 type bridge
ip address add 10.88.0.1/24 dev cni0
ip link set cni0 up
ip link add box0 type veth peer name eth0 netns box
ip link set box0 master cni0 up
ip -n box address add 10.88.0.2/24 dev eth0
ip -n box link set eth0 up
ip -n box link set lo up
ip -n box route add default via 10.88.0.1
sysctl -qw net.ipv4.ip_forward=1
firewall-cmd -q --permanent --zone=trusted --add-interface=cni0
firewall-cmd -q --reload
iptables -t nat -A POSTROUTING -s 10.88.0.0/24 ! -d 10.88.0.0/24 -j MASQUERADE
iptables -t nat -A PREROUTING -p tcp --dport 8088 -j DNAT --to-destination 10.88.0.2:80
"""
SERVE = "import socket, sys; s = socket.create_server(('', int(sys.argv[1])))\nwhile True: s.accept()[0].close()"
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"


@pytest.mark.gate
def test_forwarded_traffic_of_containers_is_not_touched(target: Target) -> None:
    lab = target.lab
    target.run("cp -a /etc/firewalld/zones /run/zones")
    target.run(CONTAINER)
    try:
        serve = f'/usr/bin/python3 -c "{SERVE}"'
        target.run(f"ip netns exec box {serve} 80 >/dev/null 2>&1 & echo $! >/run/box.pid")
        lab.run("peer", ["sh", "-c", f"{serve} 9000 >/dev/null 2>&1 & echo $! >/run/out.pid"], check=True)

        def passes() -> tuple[bool, bool, str]:
            out = (
                lab.run(
                    "target", ["ip", "netns", "exec", "box", "/usr/bin/python3", "-c", CONNECT, "10.77.0.12", "9000"]
                ).returncode
                == 0
            )
            return out, lab.probe("stranger", "10.77.0.11", 8088) == "open", lab.probe("stranger", "10.77.0.11", 8080)

        deadline = time.monotonic() + 10
        while passes()[:2] != (True, True):
            assert time.monotonic() < deadline, passes()
        # Older programs print the counters of chains as well.
        list_nat = "iptables-save -t nat | grep -v ^# | sed 's/ \\[.*//'"
        nat = target.run(list_nat)
        outbound = [{"protocol": "tcp", "ports": "1-65535", "destinations": PEER[:1], "why": ["deployment"]}]
        direct = "firewall-cmd -q --permanent --direct --add-rule ipv4 filter INPUT 0 -s 192.0.2.68 -j DROP"
        target.run(f"{direct}; iptables -A FORWARD -s 192.0.2.70 -j DROP")
        for arguments in (
            {"unlisted": "drop"},
            {"unlisted": "drop", "outbound": []},
            {"outbound": outbound},
            {"state": "absent"},
        ):
            if "outbound" in arguments and not target.answers_leave:
                continue
            target.module(**arguments)
            assert passes()[:2] == (True, True), arguments
            assert target.run(list_nat) == nat
            filtered = target.run("iptables-save -t filter")
            # The direct rule comes from firewalld, once; the container engine's from us.
            assert [filtered.count(f"-s 192.0.2.{number}/32") for number in (68, 70)] == [1, 1]
        target.module(unlisted="drop")
        assert passes()[2] == "no_answer", "while what is the host's own is closed"
    finally:
        target.run(
            "kill $(cat /run/box.pid); ip netns delete box; ip link delete cni0; iptables -t nat -F; "
            "iptables -F; rm -f /etc/firewalld/direct.xml*; "
            "sysctl -qw net.ipv4.ip_forward=0; rm -rf /etc/firewalld/zones; mv /run/zones /etc/firewalld/zones"
        )
        lab.run("peer", ["sh", "-c", "kill $(cat /run/out.pid)"])


#: What --check-config does not see, and a reload fails at.
TRAP = (
    '<?xml version="1.0" encoding="utf-8"?>\n<direct>'
    '<rule ipv="ipv4" table="filter" chain="INPUT" priority="0">-j DROP --no-such-option</rule></direct>'
)


@pytest.mark.gate
def test_a_reload_that_fails_and_a_restore_that_fails_too(target: Target) -> None:
    """The site's own direct rules are a trap that nobody has stepped into yet: the host keeps the earlier rules."""
    target.module()
    files, table = target.files(), target.run("nft -s list table inet firewalld")
    target.run(f"printf '%s' '{TRAP}' >/etc/firewalld/direct.xml")
    try:
        result = target.module(failed=True, inbound=[{**INBOUND[0], "ports": "32011"}])
        assert "no-such-option" in result["msg"]
        after = target.files()
        after.pop("direct.xml")
        assert after == files
        assert target.run("nft -s list table inet firewalld") == table
    finally:
        target.run("rm -f /etc/firewalld/direct.xml*; firewall-cmd --reload")
    assert not target.module(check=True)["changed"]

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people have reported to firewalld, Ansible and nftables in public, on a host that we manage.

``peer`` may reach port 32006 of ``target``; ``stranger`` may not.
"""

from __future__ import annotations

import json
import time

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lab import Lab

from ansible_collections.jsa.ports.tests.integration_lab.conftest import System
from ansible_collections.jsa.ports.tests.integration_lab.firewalls import FirewalledHost

HOSTS = """
all:
  hosts:
    target: {ansible_host: 10.77.0.11, jsa_address: 10.77.0.11, lab_sysctls: {net.ipv4.icmp_ratelimit: 0}}
    peer: {ansible_host: 10.77.0.12, lab_firewalld: false}
    stranger: {ansible_host: 10.77.0.13, lab_firewalld: false}
"""
LISTENERS = {
    "version": 1,
    "hosts": {
        "target": {
            "listeners": [
                {"id": f"p{port}", "protocol": "tcp", "ports": port, "bind": "network", "required": True}
                for port in ("32006", "32011")
            ]
        }
    },
}


def rules(*ports: str, unlisted: str = "drop") -> dict[str, Any]:
    rows = [
        {"protocol": "tcp", "ports": port, "sources": ["10.77.0.12/32"], "source_classes": ["ep"]} for port in ports
    ]
    return {"inbound": rows, "unlisted": unlisted, "management_addresses": ["10.77.0.0/24"]}


FIRST, SECOND = rules("32006"), rules("32006", "32011")


class Target(FirewalledHost):
    def who_gets_in(self, port: int = 32006) -> list[str]:
        return [name for name in ("peer", "stranger") if self.lab.probe(name, "10.77.0.11", port) == "open"]

    def version(self) -> str:
        return self.run("firewall-cmd --version").strip()

    def set_conf(self, **settings: str) -> None:
        for name, value in settings.items():
            path = "/etc/firewalld/firewalld.conf"
            self.run(f"sed -i '/^{name}=/d' {path}; echo {name}={value} >>{path}")

    @contextmanager
    def sshd(self, *lines: str) -> Iterator[None]:
        """An sshd that was told so in its configuration."""
        path = "/run/jsa-lab/sshd_config"
        before = self.run(f"cat {path}")
        text = "\n".join([*lines, before])
        try:
            self.lab.run(self.name, ["sh", "-c", f"cat >{path}"], stdin=text, check=True)
            self.lab.daemon(self.name, "restart", "sshd")
            yield
        finally:
            self.lab.run(self.name, ["sh", "-c", f"cat >{path}"], stdin=before, check=True)
            self.lab.daemon(self.name, "restart", "sshd")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, system: System) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS + system.variables)
    with Lab.up(inventory, name="trackers") as built:
        built.load_services(LISTENERS)
        yield built


@pytest.fixture
def target(lab: Lab) -> Iterator[Target]:
    target = Target(lab)
    target.run("rm -rf /run/etc; cp -a /etc/firewalld /run/etc")
    yield target
    target.run(f"rm -rf /etc/firewalld/* {target.STATE}; cp -a /run/etc/. /etc/firewalld/")
    lab.daemon("target", "stop", "firewalld")
    target.run("nft flush ruleset; ipset destroy")
    lab.daemon("target", "start", "firewalld")


class TestFirewalld:
    @pytest.mark.parametrize(
        "settings",
        [
            {"LogDenied": "all"},
            {"LogDenied": "unicast"},
            {"LogDenied": "multicast", "FirewallBackend": "iptables"},
            {"IndividualCalls": "yes"},
            {"IndividualCalls": "yes", "FirewallBackend": "iptables"},
            {"IPv6_rpfilter": "no", "RFC3964_IPv4": "no"},
            {"NftablesCounters": "yes", "IPv6_rpfilter": "loose"},
            {"CleanupModulesOnExit": "yes", "AllowZoneDrifting": "yes"},
            {"ReloadPolicy": "INPUT:DROP,FORWARD:DROP,OUTPUT:ACCEPT"},
        ],
        ids=str,
    )
    def test_settings(self, target: Target, settings: dict[str, str]) -> None:
        """firewalld#391, #447, #1436, #1192; libnftables prints other rules for each of them."""
        unlisted = "reject" if settings.get("LogDenied") == "unicast" else "drop"
        target.set_conf(**settings)
        target.lab.daemon("target", "restart", "firewalld")
        target.module(**rules("32006", unlisted=unlisted))
        assert target.who_gets_in() == ["peer"]
        for ports in (("32006", "32011"), ("32006",)):
            arguments = rules(*ports, unlisted=unlisted)
            assert target.module(**arguments)["changed"]
            assert not target.module(**arguments)["changed"]
        assert target.who_gets_in(32011) == []

    def test_a_restart_that_leaves_the_rules(self, target: Target) -> None:
        """firewalld#1192: with CleanupOnExit=no, a restart adds the rules a second time, and the candidate's stay."""
        target.set_conf(CleanupOnExit="no")
        target.lab.daemon("target", "restart", "firewalld")
        target.module(**FIRST)
        target.module(phase="stage", confirm_timeout=5, **SECOND)
        assert target.who_gets_in(32011) == ["peer"]
        target.lab.daemon("target", "restart", "firewalld")
        deadline = time.monotonic() + 30
        while target.who_gets_in(32011) or target.timers():
            assert time.monotonic() < deadline, target.state("last_result")
            time.sleep(0.5)
        assert target.who_gets_in() == ["peer"]
        assert not target.module(**FIRST)["changed"]

    def test_nobody_is_trusted_in_lockdown(self, target: Target) -> None:
        """firewalld#274: a whitelist without root."""
        target.module(**FIRST)
        target.run("printf '<whitelist></whitelist>' >/etc/firewalld/lockdown-whitelist.xml")
        target.set_conf(Lockdown="yes")
        target.lab.daemon("target", "restart", "firewalld")
        target.module(**SECOND)
        assert target.who_gets_in(32011) == ["peer"]
        more = rules("32006", "32011")
        for row in more["inbound"]:
            row["sources"] = ["10.77.0.12/32", "192.0.2.1/32"]
        target.module(**more)
        assert not target.module(**more)["changed"]
        assert target.who_gets_in(32011) == ["peer"]

    def test_a_folder_among_the_zones(self, target: Target) -> None:
        """firewalld#1486, #1487: --check-config accepts it, and a reload loses all zones."""
        target.module(**FIRST)
        target.run(
            "mkdir -p /etc/firewalld/zones/archive; "
            "cp /usr/lib/firewalld/zones/public.xml /etc/firewalld/zones/archive/public.3.xml"
        )
        before = target.both()
        told = target.module(failed=True, **SECOND)["msg"]
        assert "/etc/firewalld/zones/archive" in told
        assert target.both() == before

    def test_a_default_zone_in_the_file_only(self, target: Target) -> None:
        """firewalld#53: whoever has edited the file has it loaded by us."""
        target.module(**FIRST)
        target.set_conf(DefaultZone="trusted")
        changes = target.module(check=True, **SECOND)["reload_changes"]
        assert "firewalld.conf: DefaultZone=trusted, in the files only (public runs)" in changes
        assert "DefaultZone" in target.module(failed=True, reload="lossless", **SECOND)["msg"]

    @pytest.mark.parametrize("name", ["aaa", "zzz"])
    def test_a_policy_of_our_priority(self, target: Target, name: str) -> None:
        """firewalld#1417: which of two policies with one priority comes first."""
        target.run(
            f"P='firewall-cmd -q --permanent --policy={name}'; firewall-cmd -q --permanent --new-policy={name}; "
            "$P --add-ingress-zone=ANY; $P --add-egress-zone=HOST; $P --set-priority=-100; $P --set-target=ACCEPT; "
            "firewall-cmd -q --reload"
        )
        warnings = json.dumps(target.module(**FIRST).get("warnings"))
        first = "stranger" in target.who_gets_in()
        assert (name == "aaa") == first or target.version() != "1.3.3"
        assert f"policy {name} is or may be evaluated before" in warnings
        opening = target.module(internal=[{"protocol": "tcp", "ports": "32011"}], **FIRST)["openings"][0]
        assert opening["effective"]

    def test_a_set_of_somebody_else_in_a_direct_rule(self, target: Target) -> None:
        """fail2ban#1691: its sets are none of firewalld's."""
        target.run(
            "ipset create f2b-sshd hash:ip; ipset add f2b-sshd 192.0.2.66; "
            "firewall-cmd -q --permanent --direct --add-rule ipv4 filter INPUT 0 "
            "-m set --match-set f2b-sshd src -j DROP; firewall-cmd -q --reload"
        )
        result = target.module(**FIRST)
        assert "sets that are not firewalld's: f2b-sshd" in json.dumps(result["warnings"])
        assert target.who_gets_in() == ["peer"]
        assert "f2b-sshd" in target.run("iptables-save")

    @pytest.mark.gate
    @pytest.mark.parametrize("more", ["", "nft add rule ip filter FORWARD ct state invalid drop"])
    def test_rules_of_nft_in_a_table_of_iptables(self, target: Target, more: str) -> None:
        """firewalld#863, #1354, and mailcow#5847: iptables-save prints ``-j DROP`` for them, or no rule at all."""
        target.run(
            "set -e; iptables -A FORWARD -s 192.0.2.70 -j DROP; iptables -A INPUT -s 192.0.2.74 -j DROP; "
            "iptables -P FORWARD DROP; iptables -N DOCKER; iptables -A FORWARD -o docker0 -j DOCKER; "
            "nft add set ip filter bad '{ type ipv4_addr; }'; nft add element ip filter bad '{ 192.0.2.71 }'; "
            "nft add rule ip filter FORWARD ip saddr @bad drop; iptables -A FORWARD -s 192.0.2.75 -j ACCEPT; "
            f"nft add rule ip filter INPUT ip saddr '{{ 192.0.2.72, 192.0.2.73 }}' drop; {more}"
        )
        listing = "nft -s list table ip filter | sort"
        before = target.run(listing)
        saved = target.run("iptables-save | sed '/^[#:]/d'")
        for arguments in (FIRST, SECOND, {"state": "absent"}):
            result = target.module(**arguments)
            assert result["reloaded"]
            assert result["reload_changes"] == []
            assert target.run(listing) == before
            assert target.run("iptables-save | sed '/^[#:]/d'") == saved
        target.module(phase="stage", confirm_timeout=2, **FIRST)
        deadline = time.monotonic() + 30
        while target.timers():
            assert time.monotonic() < deadline
            time.sleep(0.5)
        assert target.run(listing) == before
        assert target.lab.probe("peer", "10.77.0.11", 22) == "open"

    def test_rules_that_nobody_can_save(self, target: Target) -> None:
        target.run(
            "set -e; iptables -A FORWARD -p tcp -m multiport --dports 80,443 -j ACCEPT; "
            "nft add rule ip filter FORWARD ct state invalid drop"
        )
        told = target.module(failed=True, reload="lossless", **FIRST)["msg"]
        assert "table ip filter, chain FORWARD: 1 rules that neither nft nor iptables-save can save" in told
        target.module(**FIRST)
        assert "ct state invalid drop" in target.rules()


class TestSsh:
    @pytest.mark.parametrize(
        "lines",
        [
            ["MaxSessions 1"],
            ["MaxStartups 1", "MaxSessions 1"],
            # Programs that log each command are called this way.
            ['ForceCommand /bin/sh -c "$SSH_ORIGINAL_COMMAND"'],
            ["Banner /etc/hostname", "PrintMotd yes"],
            ["ClientAliveInterval 1", "ClientAliveCountMax 1"],
            ["PermitTTY no", "AllowTcpForwarding no", "PermitTunnel no", "X11Forwarding no"],
        ],
        ids=str,
    )
    def test_confirmed(self, target: Target, lines: list[str]) -> None:
        """ansible#24594, #15982, #86122."""
        with target.sshd(*lines):
            result = target.over_ssh(**FIRST)
            assert result["confirmation"]["by"] == "new connection"
            assert target.who_gets_in() == ["peer"]

    def test_profiles_that_print(self, target: Target) -> None:
        """ansible#86122: junk before and after."""
        target.run("printf 'echo {\\\\\"ok\\\\\": 1}; echo; echo hello\\n' >/run/noise; cat /run/noise")
        with target.sshd('ForceCommand sh /run/noise; sh -c "$SSH_ORIGINAL_COMMAND"; echo bye'):
            result = target.over_ssh("-e", json.dumps({"ansible_pipelining": True}), **FIRST)
            assert result["confirmation"]["by"] == "new connection"


class TestHost:
    def test_no_program_can_be_run_from_where_things_are_written(self, target: Target) -> None:
        """ansible#22203, #27699: /tmp, the home and /var with noexec."""
        folders = ("/tmp", "/root", "/var/lib/jsa_ports")
        for folder in folders:
            target.run(f"mkdir -p -m 0700 {folder}; mount -t tmpfs -o noexec,nosuid,nodev,mode=0700 none {folder}")
        try:
            assert target.over_ssh(**FIRST)["confirmation"]["by"] == "new connection"
            assert target.who_gets_in() == ["peer"]
        finally:
            for folder in folders:
                target.run(f"umount {folder}")

    def test_etc_on_an_overlay(self, target: Target) -> None:
        """As on hosts of images (ostree, bootc)."""
        target.run(
            "mkdir -p /run/o && mount -t tmpfs none /run/o && mkdir /run/o/u /run/o/w && mount -t overlay none "
            "-o lowerdir=/etc/firewalld,upperdir=/run/o/u,workdir=/run/o/w /etc/firewalld"
        )
        target.lab.daemon("target", "restart", "firewalld")
        try:
            target.module(**FIRST)
            target.module(**SECOND)
            target.module(phase="stage", confirm_timeout=2, **FIRST)
            deadline = time.monotonic() + 30
            while not target.who_gets_in(32011) or target.timers():
                assert time.monotonic() < deadline
                time.sleep(0.5)
            target.module(state="absent")
        finally:
            target.run("umount /etc/firewalld; umount /run/o")

    def test_a_name_in_another_script(self, target: Target) -> None:
        target.run("/usr/bin/python3 -c \"import socket; socket.sethostname('zürich-主機')\"")
        try:
            target.module(**FIRST)
            target.module(phase="stage", confirm_timeout=2, **SECOND)
            deadline = time.monotonic() + 30
            while target.who_gets_in(32011) or target.timers():
                assert time.monotonic() < deadline
                time.sleep(0.5)
        finally:
            target.run("hostname target")


class TestAnsible:
    def test_async_is_refused(self, target: Target) -> None:
        """ansible#23840: an action plugin that is told to go on alone."""
        before = target.both()
        target.over_ssh("-B", "30", "-P", "1", failed=True, **FIRST)
        assert target.both() == before

    @pytest.mark.parametrize("strategy", ["free", "host_pinned"])
    def test_strategies_that_do_not_wait(self, target: Target, strategy: str) -> None:
        """ansible#15876, #80737: run_once is no such thing with them."""
        told = target.lab.ansible(["ansible-playbook", "jsa.ports.check"], environment={"ANSIBLE_STRATEGY": strategy})
        assert told.returncode
        assert "ANSIBLE_STRATEGY=linear" in " ".join(told.stdout.split())

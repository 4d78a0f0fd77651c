# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""firewalld that needs the program ipset and does not have it, or not any more.

Its own commands empty the ruleset, ours never do. That the rules hold there is what the tests marked ``systems`` say.
"""

from __future__ import annotations

import json
import time

from collections.abc import Iterator
from typing import Any

import pytest

from lab import Lab, systems

from ansible_collections.jsa.ports.tests.integration_lab.firewalls import FirewalledHost

pytestmark = pytest.mark.systems(only=True)

HOSTS = """
all:
  hosts:
    # firewalld 0.9, a newer one that was told to use iptables, and one that takes the program for granted.
    old: {{ansible_host: 10.77.0.11, lab_root: {bullseye}}}
    iptables: {{ansible_host: 10.77.0.12, lab_root: {bookworm}}}
    new: {{ansible_host: 10.77.0.13, lab_root: {trixie}}}
    stranger: {{ansible_host: 10.77.0.15, lab_firewalld: false}}
"""

INBOUND = [{"protocol": "tcp", "ports": "32006", "sources": ["10.77.0.9/32"], "source_classes": ["ep"]}]
MOVED = [{**INBOUND[0], "sources": ["10.77.0.8/32", "10.77.0.9/32"]}]
REFUSED = [{"protocol": "tcp", "ports": "5432"}]

SET = '<ipset type="hash:net"><entry>192.0.2.1</entry></ipset>'
POLICY = """
<policy target="CONTINUE">
  <ingress-zone name="ANY"/>
  <egress-zone name="HOST"/>
  <rule family="ipv4"><source ipset="site"/><port port="99" protocol="tcp"/><accept/></rule>
</policy>
"""
DIRECT = '<direct><rule ipv="ipv4" table="filter" chain="INPUT" priority="0">-s 192.0.2.9 -j DROP</rule></direct>'
ADD_SET = f"echo '{SET}' >/etc/firewalld/ipsets/site.xml"
ADD_USED_SET = f"{ADD_SET}; echo '{POLICY}' >/etc/firewalld/policies/site.xml"
ADD_DIRECT = f"echo '{DIRECT}' >/etc/firewalld/direct.xml"

IPSET = "/usr/sbin/ipset"
KEPT = "/root/ipset"
CONFIRM = ("-I", "-S", "/var/lib/jsa_ports/firewalld/timer.pyz", "confirm")
#: A program that goes when the host's own firewalld runs it, and stays for others, and for a firewalld that has a
#: network of its own, as in a trial.
VANISHING = f"""#!/bin/sh
[ "$(readlink /proc/self/ns/net)" = "$(cat /run/network)" ] && grep -q firewalld /proc/$PPID/cmdline || exec {KEPT} "$@"
rm {IPSET}
exit 1
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    roots = dict(zip(systems.RELEASES, systems.roots(*systems.RELEASES), strict=True))
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS.format(**roots))
    with Lab.up(inventory, name="without-ipset") as built:
        conf = "/etc/firewalld/firewalld.conf"
        built.run("iptables", ["sed", "-i", "s/^FirewallBackend=.*/FirewallBackend=iptables/", conf], check=True)
        for host in ("old", "iptables", "new"):
            built.run(host, ["mv", IPSET, KEPT], check=True)
        yield built


class Target(FirewalledHost):
    def restart(self) -> None:
        self.lab.daemon(self.name, "stop", "firewalld")
        self.lab.daemon(self.name, "start", "firewalld")

    def install(self) -> None:
        self.run(f"cp -p {KEPT} {IPSET}")

    def uninstall(self) -> None:
        self.run(f"rm -f {IPSET}")

    def rules(self) -> str:
        return self.run("nft -s list table inet firewalld 2>/dev/null || iptables-save -t filter | sed -n /^-A/p")

    def alive(self) -> bool:
        """firewalld's own rules are there: not the empty ruleset of a failed reload."""
        return "INPUT_ZONES" in self.rules() or "INPUT_POLICIES" in self.rules()

    def sets(self) -> list[str]:
        """Ours, wherever they are."""
        names = self.run(f"ls /etc/firewalld/ipsets; {KEPT} list -n; nft list sets | grep set; true")
        return sorted({word for word in names.replace(".xml", "").split() if word.startswith("jsa-")})

    def converges(self, **arguments: Any) -> dict[str, Any]:
        """Predicted, done, and nothing left to do."""
        predicted = self.module(check=True, **arguments)
        result = self.module(**arguments)
        assert result == predicted
        assert self.module(**arguments)["changed"] is False
        assert self.alive()
        return result


@pytest.fixture(params=["old", "iptables", "new"])
def target(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Target]:
    target = Target(lab, request.param)
    target.restart()
    yield target
    target.run("rm -f /etc/firewalld/*/site.xml /etc/firewalld/*/jsa-* /etc/firewalld/direct.xml")
    target.uninstall()
    target.restart()


@pytest.fixture
def old(lab: Lab) -> Iterator[Target]:
    target = Target(lab, "old")
    yield target
    target.run("rm -f /etc/firewalld/*/site.xml /etc/firewalld/*/jsa-*")
    target.uninstall()
    target.restart()


class TestTheTrapIsReal:
    """With firewalld's own commands, nothing of ours: its check finds nothing wrong, and then nothing is loaded."""

    def test_a_set_that_is_used(self, old: Target) -> None:
        old.run(ADD_USED_SET)
        assert "success" in old.run("firewall-cmd --check-config")
        assert "INVALID_IPSET" in old.run("firewall-cmd --reload 2>&1 || true")
        assert "hook input" not in old.run("nft list ruleset")

    def test_the_program_was_installed_too_late(self, old: Target) -> None:
        old.restart()
        old.install()
        old.run(ADD_USED_SET)
        assert "NOT_APPLIED" in old.run("firewall-cmd --reload 2>&1 || true")
        assert "hook input" not in old.run("nft list ruleset")

    @pytest.mark.parametrize("target", ["iptables"], indirect=True)
    def test_a_set_that_nobody_uses(self, target: Target) -> None:
        target.run(ADD_SET)
        assert "success" in target.run("firewall-cmd --check-config")
        assert "INVALID_TYPE" in target.run("firewall-cmd --reload 2>&1 || true")
        assert not target.alive()

    @pytest.mark.parametrize("target", ["new"], indirect=True)
    def test_a_set_and_a_direct_rule(self, target: Target) -> None:
        target.run(f"{ADD_SET}; {ADD_DIRECT}")
        assert "success" in target.run("firewall-cmd --check-config")
        assert "ipset list" in target.run("firewall-cmd --reload 2>&1 || true")
        assert "failed" in target.run("firewall-cmd --state 2>&1 || true")


class TestTheSite:
    """What the site has written itself would empty the ruleset: nobody but the site can repair that."""

    @pytest.fixture
    def trap(self, target: Target) -> Target:
        target.run({"old": ADD_USED_SET, "iptables": ADD_SET, "new": f"{ADD_SET}; {ADD_DIRECT}"}[target.name])
        return target

    @pytest.mark.gate
    def test_refused_before_anything_is_loaded(self, trap: Target) -> None:
        before = trap.files(), trap.rules()
        for more in ({}, {"phase": "stage", "confirm_timeout": 5}):
            told = trap.module(failed=True, inbound=INBOUND, **more)["msg"]
            assert "site.xml" in told
            assert "Install the package ipset" in told
            assert "Nothing was written" in told
            assert (trap.files(), trap.rules()) == before

    def test_nor_is_ours_taken_away(self, target: Target) -> None:
        target.module(inbound=INBOUND)
        before = target.rules()
        target.run({"old": ADD_USED_SET, "iptables": ADD_SET, "new": f"{ADD_SET}; {ADD_DIRECT}"}[target.name])
        files = target.files()
        told = target.module(failed=True, state="absent")["msg"]
        assert "Nothing was written" in told
        assert (target.files(), target.rules()) == (files, before)
        target.run("rm -f /etc/firewalld/*/site.xml /etc/firewalld/direct.xml")
        assert target.module(state="absent")["reloaded"]
        assert "32006" not in target.rules()

    def test_nor_where_the_program_came_too_late(self, old: Target) -> None:
        old.restart()
        old.install()
        old.run(ADD_USED_SET)
        before = old.files(), old.rules()
        assert "Restart firewalld" in old.module(failed=True, inbound=INBOUND)["msg"]
        assert (old.files(), old.rules()) == before
        old.restart()
        assert old.module(inbound=INBOUND)["reloaded"]


class TestFromOneFormToTheOther:
    def test_installed_later(self, target: Target) -> None:
        assert target.converges(inbound=INBOUND, refused=REFUSED)["actions"]["created"] == ["jsa-in"]
        assert target.converges(inbound=MOVED, refused=REFUSED)["reloaded"]
        target.install()
        if target.name != "new":
            assert not target.module(inbound=MOVED, refused=REFUSED)["changed"], "firewalld has not seen it yet"
            target.restart()
        result = target.converges(inbound=MOVED, refused=REFUSED)
        assert "jsa-ep-4" in result["actions"]["created"]
        assert target.sets()
        assert not target.converges(inbound=INBOUND, refused=REFUSED)["reloaded"]

    def test_removed_later(self, target: Target) -> None:
        target.install()
        target.restart()
        target.module(inbound=INBOUND, refused=REFUSED)
        assert "jsa-ep-4" in target.sets()
        target.uninstall()
        assert "jsa-ep-4" in target.converges(inbound=MOVED, refused=REFUSED)["actions"]["removed"]
        assert "10.77.0.8/31" in target.rules()
        assert target.sets() == []

    def test_removed_and_then_everything(self, target: Target) -> None:
        before = target.files()
        target.install()
        target.restart()
        target.module(inbound=INBOUND, refused=REFUSED)
        target.uninstall()
        assert target.converges(state="absent")["reloaded"]
        assert target.files() == before
        assert target.sets() == []
        assert "jsa-in" not in target.rules()

    def test_back_to_rules_that_had_sets(self, target: Target) -> None:
        target.install()
        target.restart()
        target.module(inbound=INBOUND)
        target.module(inbound=MOVED)
        target.uninstall()
        target.module(inbound=MOVED, refused=REFUSED)
        assert target.module(state="previous", steps=2)["changed"]
        assert "10.77.0.9" in target.rules()
        assert "10.77.0.8" not in target.rules()
        assert target.alive()

    def test_a_candidate_that_nobody_confirms(self, target: Target) -> None:
        """What it goes back to were sets, and cannot be any more. A restart meanwhile has rules to start with."""
        target.install()
        target.restart()
        target.module(inbound=INBOUND)
        target.uninstall()
        target.module(inbound=MOVED, refused=REFUSED, phase="stage", confirm_timeout=15)
        assert "5432" in target.rules()
        text = target.files()["policies/jsa-in.xml"].decode()
        assert "10.77.0.9/32" in text
        assert "ipset" not in text
        deadline = time.monotonic() + 120
        while "5432" in target.rules():
            assert time.monotonic() < deadline
            time.sleep(0.2)
        # The timer writes down what it did when it has seen it.
        while target.lab.run(target.name, ["pgrep", "-f", "timer.pyz wait"]).stdout:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert "10.77.0.9" in target.rules()
        assert target.alive()
        result = target.module(inbound=INBOUND)
        assert "back on the committed rules" in json.dumps(result["rolled_back"])
        assert result["changed"] is False

    def test_removed_while_a_candidate_waits(self, target: Target) -> None:
        """It is not written to stay: the next start of firewalld would find sets that it cannot load."""
        target.install()
        target.restart()
        target.module(inbound=INBOUND)
        pending = target.module(inbound=MOVED, refused=REFUSED, phase="stage", confirm_timeout=60)["pending"]
        target.uninstall()
        told = json.loads(target.lab.run(target.name, ["/usr/bin/python3", *CONFIRM, pending["id"]]).stdout)
        assert told["ok"] is False
        # Where only the program tells what is in sets, it is not known any more what runs.
        words = "set jsa-ep-4 is not loaded" if target.name == "iptables" else "can no longer load sets"
        assert words in told["msg"]
        assert "5432" not in target.rules()
        assert target.alive()
        assert target.module(inbound=INBOUND)["changed"] is False


@pytest.mark.gate
def test_what_fails_open_is_noticed_and_restored(old: Target) -> None:
    """The program is there when we look, and gone when firewalld runs it: the reload leaves no rule at all."""
    old.install()
    old.restart()
    old.module(inbound=INBOUND, refused=REFUSED)
    old.run(f"readlink /proc/self/ns/net >/run/network; printf '{VANISHING}' >{IPSET}")
    told = old.module(failed=True, inbound=[{**INBOUND[0], "ports": "32011"}], refused=REFUSED)["msg"]
    assert "INVALID_IPSET" in told
    assert "The earlier rules were restored and verified" in told
    assert old.alive()
    assert "10.77.0.9" in old.rules()
    assert "5432" in old.rules()
    assert old.sets() == []
    assert old.module(inbound=INBOUND, refused=REFUSED)["changed"] is False


@pytest.mark.gate
def test_peers_get_in_and_others_do_not(target: Target) -> None:
    address = target.lab.hosts[target.name].address
    serve = "import socket; s = socket.create_server(('', 32006))\nwhile True: s.accept()[0].close()"
    target.run(f'/usr/bin/python3 -c "{serve}" >/dev/null 2>&1 & echo $! >/run/serve.pid')
    try:
        for sources, answer in (("10.77.0.15/32", "open"), ("10.77.0.14/32", "prohibited"), ("10.77.0.8/29", "open")):
            target.converges(inbound=[{**INBOUND[0], "sources": [sources]}])
            assert target.lab.probe("stranger", address, 32006) == answer
    finally:
        target.run("kill $(cat /run/serve.pid)")


@pytest.mark.parametrize("target", ["new"], indirect=True)
def test_others_can_add_direct_rules(target: Target) -> None:
    """With any set, 2.x runs the missing program for them, and refuses."""
    target.module(inbound=INBOUND)
    target.run("firewall-cmd -q --direct --add-rule ipv4 filter INPUT 0 -s 192.0.2.68 -j DROP")
    assert "192.0.2.68" in target.run("iptables-save")

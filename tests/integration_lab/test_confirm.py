# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commit confirmed, and everything that can go wrong on the way: packets, files and rules decide.

``target`` and its like have the firewall and a site's own configuration; each test leaves them as it found them.
"""

from __future__ import annotations

import calendar
import json
import re
import time

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab import Lab, module_environment

from ansible_collections.jsa.ports.tests.integration_lab.conftest import NEEDS_SETS, System
from ansible_collections.jsa.ports.tests.integration_lab.firewalls import FirewalledHost, killing, with_rules

HOSTS = """
all:
  hosts:
    target: {ansible_host: 10.77.0.11, jsa_address: [10.77.0.11, "fd77::11"]}
    second: {ansible_host: 10.77.0.12}
    third: {ansible_host: 10.77.0.13}
    peer: {ansible_host: 10.77.0.14, lab_firewalld: false}
"""
FIREWALLS = ("target", "second", "third")
TESTS = Path(__file__).resolve().parent
MODULE = TESTS.parents[1] / "plugins" / "modules" / "firewall.py"
STATE = "/var/lib/jsa_ports/firewalld"

SITE = """
set -e
firewall-cmd --permanent --zone=public --add-port=8080/tcp
firewall-cmd --permanent --new-ipset=site-peers --type=hash:net
firewall-cmd --permanent --ipset=site-peers --add-entry=10.77.0.14
firewall-cmd --reload
"""


def plan(*ports: str, label: str = "ep") -> list[dict[str, Any]]:
    sources = ["10.77.0.14/32", "fd77::14/128"]
    return [{"protocol": "tcp", "ports": port, "sources": sources, "source_classes": [label]} for port in ports]


COMMITTED = {"inbound": plan("32006")}
CANDIDATE = {"inbound": plan("32006", "32011", label="dn"), "refused": [{"protocol": "tcp", "ports": "5432"}]}
#: What cuts off every new SSH connection: the guard is told a port that sshd does not have.
LOCKOUT = {**CANDIDATE, "unlisted": "drop", "ssh_port": 2222}
BLOCKED = """
table inet confirm {
  chain out { type filter hook output priority 0; tcp dport 22 tcp flags & (syn | ack) == syn drop; }
}
"""


class Target(FirewalledHost):
    STATE = STATE

    def stage(self, seconds: int, failed: bool = False, **arguments: Any) -> dict[str, Any]:
        return self.module(failed=failed, phase="stage", confirm_timeout=seconds, **{**CANDIDATE, **arguments})

    def reaches(self) -> bool:
        """A new SSH connection, from where the controller is."""
        return self.lab.probe(None, self.lab.hosts[self.name].address, 22) == "open"

    def settled(self, patience: float = 20) -> None:
        """Waits until no timer has anything left to do. At no time is the ruleset empty."""
        deadline = time.monotonic() + patience
        while self.timers():
            assert "hook input" in self.rules()
            assert time.monotonic() < deadline, self.state("pending")
            time.sleep(0.1)


def wait_for(condition: Callable[[], Any], patience: float = 20) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, system: System) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS + system.variables)
    with Lab.up(inventory, name="confirm-test") as built:
        for name in FIREWALLS:
            built.run(name, ["sh", "-c", SITE], check=True)
        yield built


@contextmanager
def committed(lab: Lab, name: str) -> Iterator[Target]:
    """A host with committed rules of ours beside the site's own. Afterwards nothing of ours is left."""
    target = Target(lab, name)
    site = target.files()
    assert not [path for path in site if "jsa-" in path]
    try:
        target.module(**COMMITTED)
        yield target
        after = {path: text for path, text in target.files().items() if "/jsa-" not in path}
        assert after == site, "the site's own objects are what they were, to the byte"
    finally:
        for daemon in ("dbus", "firewalld"):
            lab.daemon(name, "start", daemon)
        # A timer whose candidate is lost goes back, and writes the committed files for that: it has to be over first.
        target.run(f"rm -rf {STATE}/pending.json")
        wait_for(lambda: not target.timers(), 60)
        target.run(f"rm -rf /etc/firewalld/*/jsa-*; firewall-cmd --reload; rm -rf {STATE}")


@pytest.fixture
def target(lab: Lab) -> Iterator[Target]:
    with committed(lab, "target") as target:
        yield target


@contextmanager
def new_ssh_blocked(lab: Lab) -> Iterator[None]:
    """On the way, nothing gets through but what is established; Ansible has a connection open already."""
    lab.run(None, ["nft", "-f", "-"], stdin=BLOCKED, check=True)
    try:
        yield
    finally:
        lab.run(None, ["nft", "delete", "table", "inet", "confirm"], check=True)


class TestConfirmed:
    @pytest.mark.parametrize(
        "ssh_args",
        ["", "-o ControlMaster=auto -o ControlPersist=60s", "-M -S /tmp/jsa-confirm-%C -o ControlPersist=5"],
        ids=["none", "shared", "shared by letter"],
    )
    @pytest.mark.gate
    def test_through_a_new_connection(self, target: Target, ssh_args: str) -> None:
        result = target.over_ssh("-e", json.dumps({"ansible_ssh_args": ssh_args}), **CANDIDATE)
        assert result["changed"]
        assert result["confirmation"]["by"] == "new connection"
        assert "pending" not in result
        assert target.state("pending") is None
        assert b"32011" in target.files()["policies/jsa-in.xml"]
        before = target.both()
        again = target.over_ssh(**CANDIDATE)
        assert not again["changed"]
        assert "confirmation" not in again
        wait_for(lambda: not target.timers(), 5)
        target.lab.daemon("target", "restart", "firewalld")
        assert target.both() == before, "it stays"

    @pytest.mark.systems
    def test_the_files_are_the_committed_ones_until_then(self, target: Target) -> None:
        files, rules = target.both()
        pending = target.stage(30)["pending"]
        assert target.files() == files
        assert target.rules() != rules
        assert "32011" in target.rules()
        assert target.timers()
        assert target.program("confirm", pending["id"]) == {"ok": True}
        assert "policies/jsa-in.xml" in target.files()
        assert target.files() != files
        assert target.program("confirm", pending["id"])["ok"] is True, "a second one changes nothing"

    @pytest.mark.systems(complete=True)
    @pytest.mark.gate
    def test_the_connection_that_loaded_it_proves_nothing(self, target: Target) -> None:
        before = target.both()
        request = json.dumps(
            {"ANSIBLE_MODULE_ARGS": {**with_rules(CANDIDATE), "phase": "stage", "confirm_timeout": 30}}
        )
        path = module_environment()["PYTHONPATH"]
        confirm = "import json, sys; print(json.load(sys.stdin)['pending']['id'])"
        target.run("mkdir -p /run/test")
        target.lab.run("target", ["tee", "/run/test/request"], stdin=request, check=True)
        command = (
            f'id=$(PYTHONPATH={path} /usr/bin/python3 {MODULE} </run/test/request | /usr/bin/python3 -c "{confirm}");'
            f" /usr/bin/python3 -I -S {STATE}/timer.pyz confirm $id"
        )
        told = target.lab.ansible(["ansible", "target", "-m", "ansible.builtin.raw", "-a", command])
        assert "does not prove" in told.stdout
        assert "back on the committed rules" in told.stdout
        assert target.both() == before

    def test_without_ssh_it_is_said_how(self, target: Target) -> None:
        pending = target.stage(30, new_connection=False)["pending"]
        assert target.program("confirm", pending["id"])["ok"]

    def test_zero_turns_it_off_with_a_warning(self, target: Target) -> None:
        result = target.over_ssh(confirm_timeout=0, **CANDIDATE)
        assert "confirm_timeout is 0" in result["told"]
        assert "confirmation" not in result
        assert not target.lab.host("target").path(f"{STATE}/timer.pyz").exists()
        assert "WARNING" not in target.over_ssh(confirm_timeout=0, **CANDIDATE)["told"]

    def test_check_mode_loads_nothing(self, target: Target) -> None:
        before = target.both()
        assert target.over_ssh("--check", **CANDIDATE)["changed"]
        assert target.both() == before
        assert target.state("pending") is None

    def test_removal_is_confirmed_too(self, target: Target) -> None:
        assert target.over_ssh(state="absent")["confirmation"]["by"] == "new connection"
        assert not [path for path in target.files() if "jsa-" in path]


class TestProbes:
    """As in: the peer still reaches 32011 on me."""

    PROBES = [{"from": "peer", "port": "32011/tcp"}]

    def test_one_that_gets_through(self, target: Target) -> None:
        target.lab.load_services(
            {
                "version": 1,
                "hosts": {
                    "target": {
                        "listeners": [
                            {"id": "ariel", "protocol": "tcp", "ports": "32011", "bind": "network", "required": True}
                        ]
                    }
                },
            }
        )
        try:
            assert target.over_ssh(confirm_probes=self.PROBES, **CANDIDATE)["confirmation"]
            assert b"32011" in target.files()["policies/jsa-in.xml"]
        finally:
            target.lab.daemon("target", "stop", "standin")

    @pytest.mark.gate
    def test_one_that_does_not_takes_the_rules_back(self, target: Target) -> None:
        before = target.both()
        result = target.over_ssh(failed=True, confirm_probes=self.PROBES, **CANDIDATE)
        assert "10.77.0.11 32011/tcp from peer is refused" in result["msg"]
        assert "The host is back on the committed rules" in result["msg"]
        assert target.both() == before

    def test_mistakes_come_before_anything_else(self, target: Target) -> None:
        before = target.both()
        probes = [{"from": "nobody", "port": "32011/tcp"}, {"from": "peer", "port": "x"}, {"port": "1/tcp"}]
        result = target.over_ssh(failed=True, confirm_probes=probes, **CANDIDATE)
        assert all(f"confirm_probes[{number}]" in result["msg"] for number in range(3))
        assert target.both() == before


class TestLockedOut:
    @pytest.mark.systems
    @pytest.mark.gate
    def test_the_open_connection_takes_it_back_at_once(self, target: Target) -> None:
        before = target.both()
        result = target.over_ssh(failed=True, confirm_timeout=40, **LOCKOUT)
        assert "no new connection" in result["msg"]
        assert "The host is back on the committed rules" in result["msg"]
        assert target.both() == before
        assert target.reaches()
        assert target.state("pending") is None

    @pytest.mark.systems(complete=True)
    @pytest.mark.gate
    def test_without_one_the_timer_does(self, target: Target) -> None:
        before = target.both()
        begun = time.monotonic()
        alone = json.dumps({"ansible_ssh_args": "-o ControlMaster=no"})
        result = target.over_ssh("-e", alone, failed=True, confirm_timeout=6, **LOCKOUT)
        assert re.search(r"by itself within \d seconds", result["msg"]), result["msg"]
        target.settled()
        assert time.monotonic() - begun < 6 + 40
        assert target.reaches()
        assert target.both() == before
        last = target.state("last_result")
        assert last["why"] == "it was not confirmed in time"
        assert last["outcome"] == "The host is back on the committed rules"
        told = target.over_ssh(**COMMITTED)
        assert told["rolled_back"]["why"] == last["why"]
        assert "were rolled back at" in told["told"]
        assert "rolled_back" not in target.over_ssh(**COMMITTED), "once"

    @pytest.mark.gate
    def test_something_on_the_way_drops_new_connections(self, target: Target) -> None:
        before = target.both()
        assert target.lab.ansible(["ansible", "target", "-m", "ansible.builtin.ping"]).returncode == 0
        with new_ssh_blocked(target.lab):
            result = target.over_ssh(failed=True, confirm_timeout=4, **CANDIDATE)
        assert "no new connection" in result["msg"]
        target.settled()
        assert target.both() == before
        assert target.over_ssh(**CANDIDATE)["changed"], "nothing stands in the way of the next run"

    def test_a_second_run_while_one_waits(self, target: Target) -> None:
        target.stage(30)
        # The second one watches in case the first is killed.
        wait_for(lambda: len(target.timers()) == 2, 10)
        timers = sorted(target.timers())
        result = target.over_ssh(failed=True, **CANDIDATE)
        assert re.search(r"loaded \d+ seconds ago wait for their confirmation.* within \d\d seconds", result["msg"])
        assert sorted(target.timers()) == timers
        assert target.over_ssh("--check", **CANDIDATE)["changed"]
        target.program("abort", target.state("pending")["id"], "the test is over")

    @pytest.mark.gate
    def test_two_controllers_at_once(self, target: Target) -> None:
        other = {"inbound": plan("32012")}
        with ThreadPoolExecutor(2) as pool:
            results = list(
                pool.map(
                    lambda arguments: target.lab.ansible(
                        ["ansible", "target", "-m", "jsa.ports.firewall", "-a", json.dumps(with_rules(arguments))]
                    ),
                    [CANDIDATE, other],
                )
            )
        assert 0 in [told.returncode for told in results]
        for told in results:
            assert told.returncode == 0 or "wait for their confirmation" in told.stdout
        target.settled()
        ends = [
            target.module(check=True, require_controller=False, **arguments)["drift"]
            for arguments in (CANDIDATE, other)
        ]
        assert ends == [[], []], "files and runtime say the same"


def kill_everywhere(lab: Lab, act: Callable[[Target, int], bool]) -> int:
    """Does *act* with every step's number until it says that the end is reached; the hosts share the numbers."""

    def on_one(index: int) -> int:
        number = index + 1
        with committed(lab, FIREWALLS[index]) as target:
            before = target.both()
            while act(target, number):
                target.settled()
                assert target.rules() == before[1], f"step {number}"
                assert target.files() == before[0], f"step {number}"
                assert target.reaches()
                number += len(FIREWALLS)
        return number - 1

    with ThreadPoolExecutor(len(FIREWALLS)) as pool:
        return min(pool.map(on_one, range(len(FIREWALLS))))


class TestKilled:
    def test_while_staging(self, lab: Lab) -> None:
        def act(target: Target, number: int) -> bool:
            return not target.stage(1, prefix=killing(number), unlisted="drop")

        assert kill_everywhere(lab, act) >= 20

    @pytest.mark.gate
    def test_while_confirming(self, lab: Lab) -> None:
        def act(target: Target, number: int) -> bool:
            answer = target.confirm(lambda: target.stage(3), number)
            if not answer and target.state("pending") is None:
                # Killed behind the one moment that decides: it is the committed state, wholly.
                assert not target.module(check=True, **CANDIDATE)["changed"]
                return False
            return not answer

        assert kill_everywhere(lab, act) >= 8


class TestFirewalldGone:
    @pytest.mark.gate
    def test_killed_while_it_loads(self, target: Target) -> None:
        files = target.files()
        kill = "reload=kill -9 $(pgrep -f '[f]irewalld --nofork')"
        result = target.stage(2, failed=True, prefix=killing(kill))
        assert "The host tries again in 2 seconds" in result["msg"]
        assert target.files() == files
        target.lab.daemon("target", "start", "firewalld")
        target.settled()
        assert target.state("pending") is None
        assert target.files() == files
        assert not target.module(check=True, **COMMITTED)["changed"]

    @pytest.mark.systems(complete=True)
    def test_killed_while_it_waits(self, target: Target) -> None:
        """Nobody takes its rules out of the kernel then, and it starts behind them."""
        files = target.files()
        target.stage(2, **LOCKOUT)
        target.lab.daemon("target", "kill", "firewalld")
        assert not target.reaches()
        target.settled(30)
        assert target.reaches()
        assert target.files() == files
        assert "firewalld is not running" in target.state("last_result")["outcome"]
        target.lab.daemon("target", "start", "firewalld")
        assert not target.module(check=True, **COMMITTED)["changed"]
        assert target.reaches()

    @pytest.mark.systems(complete=True)
    @pytest.mark.gate
    def test_restarted_while_it_waits(self, target: Target) -> None:
        files = target.files()
        pending = target.stage(30)["pending"]
        target.lab.daemon("target", "restart", "firewalld")
        assert not target.module(check=True, **COMMITTED)["changed"], "at once"
        answer = target.program("confirm", pending["id"])
        assert "reloaded or restarted" in answer["msg"]
        assert target.files() == files
        assert target.state("pending") is None

    @pytest.mark.gate
    def test_stopped_before(self, target: Target) -> None:
        files = target.files()
        target.lab.daemon("target", "stop", "firewalld")
        assert "systemctl enable --now firewalld" in target.stage(5, failed=True)["msg"]
        assert target.files() == files
        assert target.state("pending") is None

    def test_no_bus_before(self, target: Target) -> None:
        before = target.both()
        target.lab.daemon("target", "kill", "dbus")
        assert "is not running" in target.stage(5, failed=True)["msg"]
        assert target.files() == before[0]
        assert target.state("pending") is None

    def test_no_bus_while_it_waits(self, target: Target) -> None:
        files = target.files()
        target.stage(2, **LOCKOUT)
        target.lab.daemon("target", "kill", "dbus")
        target.settled(30)
        assert target.reaches()
        assert target.files() == files
        for daemon in ("dbus", "firewalld"):
            target.lab.daemon("target", "restart", daemon)
        assert not target.module(check=True, **COMMITTED)["changed"]


class TestDisk:
    @pytest.mark.parametrize(
        "folder", [pytest.param("/etc/firewalld/ipsets", marks=NEEDS_SETS), "/etc/firewalld/policies", STATE]
    )
    @pytest.mark.parametrize("how", ["full", "read-only"])
    @pytest.mark.gate
    def test_no_room(self, target: Target, folder: str, how: str) -> None:
        before = target.both()
        target.run(f"mkdir -p /run/kept && cp -a {folder}/. /run/kept/ && mount -t tmpfs -o size=64k tmpfs {folder}")
        target.run(f"cp -a /run/kept/. {folder}/")
        if how == "full":
            target.run(f"cat /dev/zero >{folder}/filler 2>/dev/null; true")
        else:
            target.run(f"mount -o remount,ro {folder}")
        try:
            result = target.stage(2, failed=True)
        finally:
            target.run(f"mount -o remount,rw {folder}; rm -f {folder}/filler")
            left = {path: text for path, text in target.files().items() if not path.endswith("filler")}
            target.run(f"umount {folder}; rm -rf /run/kept")
        assert ("No space left" if how == "full" else "Read-only file system") in result["msg"]
        assert left == before[0], "no file is half written, none is left over"
        assert target.both() == before
        target.settled()
        assert target.state("pending") is None
        assert target.stage(1)["changed"]
        target.settled()

    def test_the_state_folder_is_full_when_it_is_time_to_go_back(self, target: Target) -> None:
        before = target.both()
        target.run(f"mount -t tmpfs -o size=4m,mode=0700 tmpfs {STATE}")
        try:
            target.stage(3)
            target.run(f"cat /dev/zero >{STATE}/filler 2>/dev/null; true")
            target.settled()
            assert target.both() == before
            assert target.state("pending") is None
        finally:
            target.run(f"umount {STATE}")


class TestTheSite:
    @pytest.mark.gate
    def test_a_broken_file_of_its_own(self, target: Target) -> None:
        before = target.both()
        target.run("echo '<zone' >/etc/firewalld/zones/broken.xml")
        try:
            told = target.stage(5, failed=True)["msg"]
            assert "/etc/firewalld/zones/broken.xml: " in told
            assert "Repair these files first" in told
            assert target.state("pending") is None
            target.run("rm /etc/firewalld/zones/broken.xml")
            assert target.both() == before
        finally:
            target.run("rm -f /etc/firewalld/zones/broken.xml")

    @NEEDS_SETS
    def test_a_set_of_its_own_with_our_name(self, target: Target) -> None:
        path = "/etc/firewalld/ipsets/jsa-dn-4.xml"
        target.run(f"echo '<ipset type=\"hash:net\"><entry>192.0.2.1</entry></ipset>' >{path}")
        try:
            before = target.both()
            assert path in target.stage(5, failed=True)["msg"]
            assert target.both() == before
            assert target.state("pending") is None
        finally:
            target.run(f"rm {path}")

    @pytest.mark.gate
    def test_established_sessions_live_through_candidate_and_rollback(self, target: Target) -> None:
        before = target.rules()
        assert target.lab.ansible(["ansible", "target", "-m", "ansible.builtin.ping"]).returncode == 0
        command = "sleep 6; echo still here"
        with ThreadPoolExecutor(1) as pool:
            session = pool.submit(target.lab.ansible, ["ansible", "target", "-m", "ansible.builtin.raw", "-a", command])
            time.sleep(1.5)
            target.stage(2, unlisted="drop", ssh_port=2222, management_addresses=["192.0.2.1"])
            assert not target.reaches()
            assert "still here" in session.result().stdout
        target.settled()
        assert target.reaches()
        assert target.rules() == before


class TestClock:
    @pytest.mark.gate
    def test_it_is_set_back_an_hour_while_a_candidate_waits(self, target: Target) -> None:
        """How much time passes is still the kernel's to say."""
        before = target.both()
        clock = TESTS / "clock.py"
        target.run(
            "mkdir -p /run/test; echo 0 >/run/test/clock; echo '#!/usr/bin/python3' >/run/test/python; "
            f"cat {clock} >>/run/test/python; chmod +x /run/test/python"
        )
        began = time.monotonic()
        target.stage(6, prefix=(str(clock),), **LOCKOUT)
        target.run("echo -3600 >/run/test/clock")
        assert not target.reaches()
        target.settled(60)
        assert time.monotonic() - began > 5, "not before its time either"
        assert target.reaches()
        assert target.both() == before
        last = target.state("last_result")
        assert last["why"] == "it was not confirmed in time"
        told = calendar.timegm(time.strptime(last["time"], "%Y-%m-%dT%H:%M:%SZ"))
        assert told < time.time() - 3000, "by the clock of the timer, an hour before"


class TestRestarted:
    @pytest.mark.systems(complete=True)
    @pytest.mark.gate
    def test_the_host_is_restarted_while_it_waits(self, target: Target) -> None:
        files = target.files()
        target.stage(60)
        target.lab.reboot("target")
        assert target.files() == files
        assert not target.module(check=True, **COMMITTED)["changed"], "at once, without a timer"
        result = target.module(**COMMITTED)
        assert result["rolled_back"]["why"] == "the host was restarted while it waited"
        assert not result["changed"]
        assert target.state("pending") is None


class TestPrevious:
    @pytest.mark.systems(complete=True)
    def test_back_and_forth(self, target: Target) -> None:
        first = target.both()
        target.over_ssh(**CANDIDATE)
        second = target.both()
        # The run over SSH also keeps the controller's address.
        assert target.over_ssh(state="previous")["confirmation"]
        assert target.both() == first
        target.over_ssh(state="previous")
        assert target.both() == second
        for number in range(6):
            target.module(inbound=plan(str(1000 + number)))
        commits = target.state("history")["commits"]
        assert len(commits) == 5
        assert len({commit["digest"] for commit in commits}) == 5
        target.module(state="previous", steps=4)
        assert b"1001" in target.files()["policies/jsa-in.xml"]
        assert "cannot go back 5" in target.module(failed=True, state="previous", steps=5)["msg"]

    def test_before_the_first_run(self, lab: Lab, target: Target) -> None:
        target.module(state="previous")
        assert not [path for path in target.files() if "jsa-" in path]

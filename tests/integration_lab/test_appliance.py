# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An appliance: its own generator, its own rules, real iptables. Packets, files and the kernel's rules decide."""

from __future__ import annotations

import json
import time

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab import Lab, module_environment

from ansible_collections.jsa.ports.tests.integration_lab.firewalls import FirewalledHost, killing, with_rules

HOSTS = """
all:
  vars: {lab_sysctls: {net.ipv4.icmp_ratelimit: 0, net.ipv6.icmp.ratelimit: 0}}
  hosts:
    box: {ansible_host: 10.77.0.11, jsa_address: [10.77.0.11, "fd77::11"], lab_appliance: true}
    old: {ansible_host: 10.77.0.12, jsa_address: [10.77.0.12, "fd77::12"], lab_appliance: true}
    peer: {ansible_host: 10.77.0.14, jsa_address: [10.77.0.14, "fd77::14"], lab_firewalld: false}
    stranger: {ansible_host: 10.77.0.15, jsa_address: [10.77.0.15, "fd77::15"], lab_firewalld: false}
"""
PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
STATE = "/var/lib/jsa_ports/appliance"
CONF = "/opt/qradar/conf"
PROGRAM = "/opt/qradar/bin/iptables_update.pl"
PEER = ["10.77.0.14/32", "fd77::14/128"]


def accept(*ports: str, sources: list[str] | None = None, why: str = "ariel_query") -> list[dict[str, Any]]:
    return [{"protocol": "tcp", "ports": port, "sources": sources or PEER, "why": [why]} for port in ports]


REFUSED = [{"protocol": "tcp", "ports": "5432", "why": ["postgres"]}]
COMMITTED = {"inbound": accept("32006"), "refused": REFUSED}
CANDIDATE = {"inbound": accept("32006", "32011"), "refused": REFUSED}
#: What cuts off every new SSH connection: the guard is told a port that sshd does not have.
LOCKOUT = {"inbound": accept("22", "32006", sources=["10.77.0.99/32"]), "ssh_port": 2222}


class Box(FirewalledHost):
    """An appliance."""

    STATE = STATE

    def stage(self, seconds: int, failed: bool = False, **arguments: Any) -> dict[str, Any]:
        return self.module(failed=failed, phase="stage", confirm_timeout=seconds, **{**CANDIDATE, **arguments})

    def files(self) -> dict[str, bytes]:
        """The product's, and what it generates. The modes belong to it."""
        found = {f"conf/{path}": text for path, text in self.lab.snapshot(self.name, CONF).items()}
        generated = self.lab.snapshot(self.name, "/etc/sysconfig")
        found.update((f"sysconfig/{path}", text) for path, text in generated.items())
        found["modes"] = self.run(f"stat -c '%n %a %u %g' {CONF}/* /etc/sysconfig/*").encode()
        return found

    def rules(self) -> str:
        """Without the counters and the times in comments."""
        text = self.run("iptables-save -t filter; ip6tables-save -t filter")
        return "\n".join(line.partition(" [")[0] for line in text.splitlines() if not line.startswith("#"))

    def updates(self) -> int:
        """How often the product's program has come to its end."""
        return len(self.run("cat /run/iptables_update.log 2>/dev/null; true").splitlines())

    def probe(self, source: str | None, port: int, ipv6: bool = False) -> str:
        addresses = self.lab.hosts[self.name].addresses
        return self.lab.probe(source, addresses[1] if ipv6 else addresses[0], port)

    def settled(self, patience: float = 40) -> None:
        """Waits until no timer has anything left to do."""
        deadline = time.monotonic() + patience
        while self.timers():
            assert time.monotonic() < deadline, self.state("pending")
            time.sleep(0.1)


LISTENERS = [
    {"id": f"port_{port}", "protocol": "tcp", "ports": str(port), "bind": "network", "required": True}
    for port in (443, 5432, 9100, 9999, 32006, 32011)
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS)
    with Lab.up(inventory, name="appliance-test") as built:
        built.load_services({"version": 1, "hosts": {name: {"listeners": LISTENERS} for name in ("box", "old")}})
        built.run("box", ["sh", "-c", f"echo '# for IPv6' >{CONF}/ip6tables.pre; {PROGRAM}"], check=True)
        yield built


@contextmanager
def as_it_was(lab: Lab, name: str) -> Iterator[Box]:
    """Afterwards, and that is a test of its own, nothing of ours is left."""
    box = Box(lab, name)
    before = box.both()
    try:
        yield box
        box.settled()
        if box.state("pending") is None:
            box.module(state="absent")
            assert box.both() == before, "after a removal nothing is left, to the byte"
    finally:
        box.run(f"rm -rf {STATE}")


@pytest.fixture
def box(lab: Lab) -> Iterator[Box]:
    with as_it_was(lab, "box") as box:
        yield box


@contextmanager
def broken_program(box: Box, body: str) -> Iterator[None]:
    """The product's program does something else first. ``real`` is the one that works."""
    box.run(
        f"cp {PROGRAM} /run/real && printf '#!/bin/sh\\nreal=/run/real\\n%s\\n' '{body}' >/run/fake && "
        f"chmod 755 /run/fake && mount --bind /run/fake {PROGRAM}"
    )
    try:
        yield
    finally:
        box.run(f"umount {PROGRAM}")


class TestPackets:
    @pytest.mark.parametrize("ipv6", [False, True], ids=["IPv4", "IPv6"])
    @pytest.mark.gate
    def test_who_gets_in(self, box: Box, ipv6: bool) -> None:
        assert box.probe("stranger", 5432, ipv6) == "open", "the product's policy is to accept"
        box.module(**COMMITTED)
        assert box.probe("peer", 32006, ipv6) == "open"
        assert box.probe("stranger", 32006, ipv6) == "prohibited"
        assert box.probe("peer", 5432, ipv6) == "prohibited"
        assert box.probe("stranger", 5432, ipv6) == "prohibited"
        assert box.probe("box", 5432, ipv6) == "open", "loopback is not refused"
        assert box.probe("stranger", 443, ipv6) == "open", "what the plan does not list is the product's"
        assert box.probe("stranger", 9999, ipv6) != "open", "its own refusal holds as well"

    def test_unlisted_comes_last(self, box: Box) -> None:
        box.module(unlisted="reject", **COMMITTED)
        assert box.probe("peer", 32006) == "open"
        assert box.probe("stranger", 9100) == "prohibited"
        assert box.probe("stranger", 443) == "open", "the product's own rules accept it before"
        assert "# BEGIN jsa.ports" in box.run(f"cat {CONF}/iptables.post")
        box.module(unlisted="drop", **COMMITTED)
        assert box.probe("stranger", 9100) == "no_answer"
        box.module(**COMMITTED)
        assert box.probe("stranger", 9100) == "open"
        assert "jsa.ports" not in box.run(f"cat {CONF}/iptables.post")

    def test_more_ports_than_one_rule_takes(self, box: Box) -> None:
        ports = [str(port) for port in range(2000, 2060, 2)] + ["32000-33999"]
        box.module(inbound=accept(*ports))
        rules = [line for line in box.run("iptables-save").splitlines() if "jsa.ports: ariel" in line]
        assert len(rules) == 6, "three that accept, three that refuse"
        assert box.probe("peer", 32011) == "open"
        assert box.probe("stranger", 32011) == "prohibited"

    def test_the_site_s_own_lines_decide_first_and_that_is_said(self, box: Box) -> None:
        line = "-A INPUT -s 10.77.0.14 -p tcp --dport 32006 -j DROP"
        box.run(f"cp -p {CONF}/iptables.pre /run/kept; echo '{line}' >>{CONF}/iptables.pre")
        try:
            result = box.module(**COMMITTED)
            assert "32006 -j DROP" in json.dumps(result["warnings"])
            assert box.probe("peer", 32006) == "no_answer"
            box.module(state="absent")
        finally:
            box.run(f"cp -p /run/kept {CONF}/iptables.pre; {PROGRAM}")


class TestBeside:
    """Rules of others: what counts is where they stand in the kernel's chain."""

    @pytest.fixture
    def pre(self, box: Box) -> Iterator[str]:
        """The file, which is the site's again in the end."""
        path = f"{CONF}/iptables.pre"
        box.run(f"cp -p {path} /run/kept")
        yield path
        box.module(state="absent")
        box.run(f"cp -p /run/kept {path}; {PROGRAM}")

    def told(self, box: Box) -> list[str]:
        """What a run in check mode and the check say, which is the same."""
        results = [
            box.module(check=True, **COMMITTED),
            box.lab.module(box.name, "firewall_info", with_rules(COMMITTED)),
        ]
        words = ("before the rules of the plan", "has no effect")
        found = []
        for result in results:
            texts = [one if isinstance(one, str) else one["event"]["msg"] for one in result.get("warnings", ())]
            found.append([text for text in texts if any(word in text for word in words)])
        assert found[0] == found[1]
        return found[0]

    @pytest.mark.gate
    def test_a_line_that_inserts_at_the_top(self, box: Box, pre: str) -> None:
        """Behind our block in the file, and before it in the chain."""
        box.module(**COMMITTED)
        assert box.probe("stranger", 5432) == "prohibited"
        assert self.told(box) == []
        box.run(f"echo '-I INPUT 1 -p tcp --dport 5432 -j ACCEPT' >>{pre}")
        (planned,) = self.told(box)
        assert f"in {pre}" in planned
        box.run(PROGRAM)
        assert box.probe("stranger", 5432) == "open", "it decides before our block"
        (loaded,) = self.told(box)
        assert f"A rule of the site in {pre} (IPv4) is evaluated before" in loaded
        assert "--dport 5432 -j ACCEPT" in loaded
        assert not box.module(check=True, **COMMITTED)["changed"]

    def test_a_rule_that_is_in_no_file(self, box: Box, pre: str) -> None:
        box.module(**COMMITTED)
        box.run("iptables -I INPUT -s 10.77.0.14 -p tcp --dport 32006 -j DROP")
        assert box.probe("peer", 32006) == "no_answer"
        (text,) = self.told(box)
        assert "A running rule that is in no file of the product (IPv4) is evaluated before" in text
        assert "--dport 32006 -j DROP" in text
        box.run(PROGRAM)
        assert self.told(box) == []

    def test_a_line_that_has_no_effect(self, box: Box, pre: str) -> None:
        box.module(**COMMITTED)
        box.run(f"echo '-A INPUT -p tcp --dport 5432 -j ACCEPT' >>{pre}; {PROGRAM}")
        assert box.probe("stranger", 5432) == "prohibited"
        (text,) = self.told(box)
        assert f"A rule of the site in {pre} (IPv4) has no effect" in text


class TestRuns:
    @pytest.mark.gate
    def test_check_predicts_and_a_second_run_changes_nothing(self, box: Box) -> None:
        before, updates = box.both(), box.updates()
        predicted = box.module(check=True, _ansible_diff=True, **COMMITTED)
        assert box.both() == before
        done = box.module(_ansible_diff=True, **COMMITTED)
        for key in ("changed", "actions", "reloaded", "reload_reasons", "drift", "diff", "ipv6"):
            assert done[key] == predicted[key], key
        assert done["actions"]["created"] == ["ip6tables.pre", "iptables.pre"]
        assert done["ipv6"] == "written"
        assert box.updates() == updates + 1
        held = box.both()
        again = box.module(**COMMITTED)
        assert not again["changed"]
        assert (again["reload_reasons"], again["drift"]) == ([], [])
        assert box.both() == held
        assert box.updates() == updates + 1, "nothing was run"

    def test_rules_that_somebody_took_away_come_back(self, box: Box) -> None:
        box.module(**COMMITTED)
        held = box.both()
        box.run("iptables -D INPUT 3")
        assert box.module(check=True, **COMMITTED)["drift"]
        assert box.module(**COMMITTED)["changed"]
        assert box.both() == held

    def test_a_rule_of_somebody_else_s_among_ours_is_seen(self, box: Box) -> None:
        box.module(**COMMITTED)
        box.run("iptables -I INPUT 3 -p tcp --dport 5432 -j ACCEPT")
        drift = box.module(check=True, **COMMITTED)["drift"]
        assert len(drift) == 1
        assert "is among its rules" in drift[0]
        box.module(**COMMITTED)
        assert box.probe("stranger", 5432) == "prohibited"

    def test_a_damaged_block_ends_the_run(self, box: Box) -> None:
        box.module(**COMMITTED)
        box.run(f"cp -p {CONF}/iptables.pre /run/kept; sed -i '/END jsa.ports/d' {CONF}/iptables.pre")
        before = box.both()
        assert "is damaged" in box.module(failed=True, **CANDIDATE)["msg"]
        assert "is damaged" in box.module(failed=True, state="absent")["msg"]
        assert box.both() == before
        box.run(f"cp -p /run/kept {CONF}/iptables.pre")

    @pytest.mark.parametrize("text", ["", "# no end", "# one\\r\\n# two\\r\\n", "# one\\n\\n", None])
    def test_every_other_byte_stays(self, box: Box, text: str | None) -> None:
        path = f"{CONF}/iptables.pre"
        box.run(f"cp -p {path} /run/kept; rm {path}")
        try:
            if text is not None:
                box.run(f"printf '{text}' >{path}; chmod 640 {path}; chown 7:8 {path}")
            box.run(PROGRAM)
            before = box.both()
            box.module(**COMMITTED)
            assert box.both() != before
            box.module(state="absent")
            assert box.both() == before
        finally:
            box.run(f"cp -p /run/kept {path}; {PROGRAM}")

    def test_what_the_product_s_files_cannot_express_is_told_before_anything_is_written(self, box: Box) -> None:
        before = box.both()
        for more in ({}, {"check": True}, {"phase": "stage"}):
            told = box.module(failed=True, outbound=[], **COMMITTED, **more)["msg"]
            assert "support inbound rules only. Unset jsa_firewall_restrict_outbound" in told
        assert box.both() == before

    def test_info_compares_and_changes_nothing(self, box: Box) -> None:
        before = box.both()
        found = box.lab.module(box.name, "firewall_info", with_rules(COMMITTED))
        assert (found["as_planned"], found["reason"]) == (False, None)
        assert any(line.startswith(f"lacks in the files, {CONF}/iptables.pre: ") for line in found["differences"])
        assert box.both() == before
        box.module(**COMMITTED)
        found = box.lab.module(box.name, "firewall_info", with_rules(COMMITTED))
        assert (found["as_planned"], found["differences"], found["diff"]) == (True, [], [])

    def test_mistakes_come_before_anything_else(self, box: Box) -> None:
        before = box.both()
        assert "inbound[0]" in box.module(failed=True, inbound=[{"protocol": "tcp", "ports": "0"}])["msg"]
        assert box.both() == before


@contextmanager
def without_program(box: Box) -> Iterator[None]:
    box.run(f"mv {PROGRAM} /root/kept")
    try:
        yield
    finally:
        box.run(f"mv /root/kept {PROGRAM}")


class TestWithoutTheProgram:
    """What else says that it is an appliance is still there."""

    def test_nothing_to_do_is_no_error(self, box: Box) -> None:
        before = box.both()
        with without_program(box):
            assert box.module(state="absent")["changed"] is False
        assert box.both() == before

    def test_what_cannot_be_loaded_is_not_written(self, box: Box) -> None:
        before = box.both()
        with without_program(box):
            for more in ({}, {"_ansible_check_mode": True}):
                told = box.module(failed=True, **COMMITTED, **more)["msg"]
                assert f"{PROGRAM} is missing or cannot be run" in told
                assert "Rules of jsa.ports" not in told
        assert box.both() == before

    def test_what_cannot_be_taken_away_is_named(self, box: Box) -> None:
        box.module(**COMMITTED)
        before = box.both()
        with without_program(box):
            told = box.module(failed=True, state="absent")["msg"]
            assert f"Rules of jsa.ports are in {CONF}/ip6tables.pre, {CONF}/iptables.pre" in told
            assert box.module(**COMMITTED)["changed"] is False
        assert box.both() == before


def test_firewalld_that_runs_beside_it_is_told(box: Box) -> None:
    box.run("firewalld --nofork --nopid >/dev/null 2>&1 & echo $! >/run/firewalld.pid")
    try:
        deadline = time.monotonic() + 60
        while "running" not in box.run("firewall-cmd --state 2>/dev/null || true"):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        (warning,) = [str(one) for one in box.module(state="absent", _ansible_check_mode=True)["warnings"]]
        assert "firewalld runs on this appliance" in warning
    finally:
        box.run("p=$(cat /run/firewalld.pid); kill $p; while kill -0 $p 2>/dev/null; do sleep 0.1; done; " + PROGRAM)
    assert "warnings" not in box.module(state="absent", _ansible_check_mode=True)


class TestIPv6:
    def test_without_a_file_it_is_said_loudly(self, lab: Lab) -> None:
        with as_it_was(lab, "old") as old:
            result = old.module(**COMMITTED)
            assert result["ipv6"] == "not filtered"
            assert "IPv6 IS NOT FILTERED" in json.dumps(result["warnings"])
            assert old.probe("stranger", 5432) == "prohibited"
            assert old.probe("stranger", 5432, ipv6=True) == "open"
            assert not lab.host("old").path(f"{CONF}/ip6tables.pre").exists()
            old.run("ip6tables -A INPUT -p tcp --dport 5432 -j DROP")
            try:
                assert old.module(**COMMITTED)["ipv6"] == "left to the product"
            finally:
                old.run("ip6tables -F INPUT")


class TestFirewalldIsRefused:
    @pytest.mark.parametrize("state", ["present", "previous"])
    @pytest.mark.gate
    def test_by_the_module_itself(self, box: Box, state: str) -> None:
        before = box.both()
        result = box.module(failed=True, state=state, backend="firewalld", offline=True, **COMMITTED)
        assert "drops the product's rules" in result["msg"]
        assert box.both() == before

    def test_an_appliance_s_backend_is_refused_elsewhere(self, lab: Lab) -> None:
        assert "not a JSA appliance" in Box(lab, "peer").module(failed=True, backend="appliance", **COMMITTED)["msg"]


class TestConfirmed:
    @pytest.mark.gate
    def test_through_a_new_connection(self, box: Box) -> None:
        updates = box.updates()
        result = box.over_ssh(**CANDIDATE)
        assert result["confirmation"]["by"] == "new connection"
        assert box.updates() == updates + 1, "the product's program ran once for all of it"
        assert box.state("pending") is None
        before = box.both()
        assert "32011" in before[1]
        assert b"32011" in before[0]["sysconfig/iptables"]
        assert not box.over_ssh(**CANDIDATE)["changed"]
        box.run(PROGRAM)
        assert box.both() == before, "what the product builds anew is the same"

    def test_all_files_are_the_committed_ones_until_then(self, box: Box) -> None:
        box.module(**COMMITTED)
        files, rules = box.both()
        pending = box.stage(60)["pending"]
        assert box.files() == files
        assert box.rules() != rules
        assert box.program("confirm", pending["id"]) == {"ok": True}
        assert b"32011" in box.files()["sysconfig/iptables"]

    @pytest.mark.gate
    def test_a_restart_while_it_waits_goes_back(self, box: Box) -> None:
        box.module(**COMMITTED)
        before = box.both()
        box.stage(120)
        box.lab.reboot("box")
        assert box.both() == before
        assert box.module(**COMMITTED)["rolled_back"]["why"] == "the host was restarted while it waited"

    def test_the_product_builds_anew_while_it_waits(self, box: Box) -> None:
        box.module(**COMMITTED)
        before = box.both()
        pending = box.stage(60)["pending"]
        box.run(PROGRAM)
        assert "rebuilt its rules" in box.program("confirm", pending["id"])["msg"]
        assert box.both() == before

    def test_locked_out_the_open_connection_takes_it_back(self, box: Box) -> None:
        box.module(**COMMITTED)
        before = box.both()
        result = box.over_ssh(failed=True, confirm_timeout=40, **LOCKOUT)
        assert "The host is back on the committed rules" in result["msg"]
        assert box.both() == before

    @pytest.mark.gate
    def test_locked_out_the_timer_takes_it_back(self, box: Box) -> None:
        box.module(**COMMITTED)
        before = box.both()
        box.stage(3, **LOCKOUT)
        assert box.probe(None, 22) == "prohibited"
        box.settled()
        assert box.both() == before
        assert box.probe(None, 22) == "open"
        assert box.state("last_result")["why"] == "it was not confirmed in time"

    def test_the_timer_does_without_the_product_s_program(self, box: Box) -> None:
        box.module(**COMMITTED)
        before = box.both()
        box.stage(3, **LOCKOUT)
        with broken_program(box, "exit 3"):
            box.settled()
        assert box.both() == before
        assert "in the kernel only" in box.state("last_result")["outcome"]

    def test_previous(self, box: Box) -> None:
        box.module(**COMMITTED)
        first = box.both()
        box.module(**CANDIDATE)
        second = box.both()
        box.module(state="previous")
        assert box.both() == first
        box.module(state="previous")
        assert box.both() == second


class TestRole:
    """As users have it: the role finds out by itself."""

    PLAY = """
- hosts: box
  gather_facts: false
  roles:
    - role: jsa.ports.jsa_firewall
      vars: {jsa_plan_file: "%s"}
"""

    @pytest.fixture
    def playbook(self, tmp_path: Path) -> Path:
        host = {**COMMITTED, "roles": ["event_processor"], "addresses": ["10.77.0.11"], "dynamic": []}
        plan = tmp_path / "plan.json"
        plan.write_text(json.dumps({"version": 1, "hosts": {"box": host}}))
        play = tmp_path / "play.yml"
        play.write_text(self.PLAY % plan)
        return play

    def play(self, box: Box, playbook: Path, failed: bool = False, **variables: Any) -> str:
        told = box.lab.ansible(["ansible-playbook", str(playbook), "-e", json.dumps(variables)])
        assert (told.returncode != 0) == failed, told.stdout + told.stderr
        return told.stdout

    @pytest.mark.parametrize("backend", ["auto", "appliance"])
    def test_apply_and_remove(self, box: Box, playbook: Path, backend: str) -> None:
        before = box.both()
        assert "changed=1" in self.play(box, playbook, jsa_firewall_backend=backend)
        assert box.probe("stranger", 5432) == "prohibited"
        assert "changed=0" in self.play(box, playbook, jsa_firewall_backend=backend)
        assert "changed=1" in self.play(box, playbook, jsa_firewall_backend=backend, jsa_firewall_state="previous")
        assert box.both() == before
        assert "changed=1" in self.play(box, playbook, jsa_firewall_backend=backend)
        assert "changed=1" in self.play(box, playbook, jsa_firewall_backend=backend, jsa_firewall_state="absent")
        assert box.both() == before

    def test_the_check_compares_its_own_rules(self, box: Box, tmp_path: Path) -> None:
        host = {**COMMITTED, "roles": ["event_processor"], "addresses": ["10.77.0.11"], "dynamic": [], "listeners": []}
        plan = tmp_path / "plan.json"
        plan.write_text(json.dumps({"version": 1, "source_classes": {}, "hosts": {"box": host}}))
        check = tmp_path / "check.yml"
        check.write_text(self.PLAY.replace("jsa_firewall\n", "jsa_port_check\n") % plan)
        apply = tmp_path / "play.yml"
        apply.write_text(self.PLAY % plan)
        before = box.both()

        def seen() -> dict[str, Any]:
            self.play(box, check, jsa_port_check_dest=str(tmp_path), jsa_port_check_fail_on=[])
            result: dict[str, Any] = json.loads((tmp_path / "port_check.json").read_text())["hosts"]["box"]
            return result

        assert seen()["firewall_as_planned"] is False
        assert any("32006" in line for line in seen()["firewall_difference"])
        assert box.both() == before, "a check changes nothing"
        self.play(box, apply)
        assert seen()["firewall_as_planned"] is True
        assert seen()["firewall_difference"] == []

    @pytest.mark.parametrize("where", ["play", "role"])
    def test_a_setting_that_the_plan_does_not_know(self, box: Box, playbook: Path, where: str) -> None:
        """It is computed from the inventory: what a play or a role sets would be lost without a word."""
        before = box.both()
        variable = "jsa_firewall_management_addresses: [192.0.2.1]"
        text = playbook.read_text()
        other = playbook.with_name("other.yml")
        if where == "play":
            other.write_text(text.replace("  roles:", f"  vars: {{{variable}}}\n  roles:"))
        else:
            other.write_text(text.replace("vars: {", f"vars: {{{variable}, "))
        assert other.read_text() != text
        assert "Set it in the inventory" in self.play(box, other, failed=True)
        assert box.both() == before
        given = {"jsa_firewall_management_addresses": ["192.0.2.1"], "jsa_firewall_unlisted": "drop"}
        assert "changed=1" in self.play(box, playbook, **given)

    def test_firewalld_is_refused(self, box: Box, playbook: Path) -> None:
        before = box.both()
        assert "drops the product" in self.play(box, playbook, failed=True, jsa_firewall_backend="firewalld")
        assert box.both() == before

    @pytest.mark.parametrize("kind", ["iptables", "firewall_cmd", "console_rest"])
    def test_a_report_touches_no_host(self, box: Box, playbook: Path, kind: str, tmp_path: Path) -> None:
        before = box.both()
        variables = {"jsa_firewall_backend": "report", "jsa_firewall_report_format": kind}
        assert "32006" in self.play(box, playbook, **variables)
        box.lab.daemon("box", "stop", "sshd")
        try:
            folder = tmp_path / "reports"
            self.play(box, playbook, jsa_firewall_report_dest=str(folder), **variables)
            assert "changed=0" in self.play(box, playbook, jsa_firewall_report_dest=str(folder), **variables)
            (written,) = folder.iterdir()
            assert "32006" in written.read_text()
        finally:
            box.lab.daemon("box", "start", "sshd")
        assert box.both() == before

    def test_facts(self, box: Box) -> None:
        told = box.lab.module(box.name, "firewall_info", {})
        product = told["product"]
        assert (told["backend"], product["release"], product["update_package"]) == ("appliance", "7.5.0", 8)
        assert (product["appliance_type"], product["is_console"], product["ha_role"]) == ("1699", False, None)
        assert product["sources"]["release"] == "/opt/qradar/bin/myver -v"
        assert told["version"].startswith("1.")


class TestFaults:
    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ("exit 3", "exit code 3"),
            ("$real; echo no licence; exit 4", "no licence"),
            ("sleep 600", "no end after 2 s"),
            ("$real; sleep 600 & sleep 600", "no end after 2 s"),
            ("exit 0", "not as requested"),
        ],
        ids=["fails", "fails afterwards", "hangs", "hangs with the rules loaded", "does nothing"],
    )
    def test_the_product_s_program(self, box: Box, body: str, words: str) -> None:
        box.module(**COMMITTED)
        before = box.both()
        with broken_program(box, body):
            result = box.stage(20, failed=True, update_timeout=2, unlisted="drop")
        assert words in result["msg"]
        assert "The earlier rules were restored and verified" in result["msg"]
        assert box.both() == before
        assert box.state("pending") is None
        assert "sleep 600" not in box.run("ps -e -o args")

    @pytest.mark.parametrize("folder", [CONF, "/etc/sysconfig", STATE])
    def test_a_full_disk(self, box: Box, folder: str) -> None:
        box.module(**COMMITTED)
        before = box.both()
        box.run(
            f"mkdir -p /run/kept.d && cp -a {folder}/. /run/kept.d/ && mount -t tmpfs -o size=64k tmpfs {folder} && "
            f"cp -a /run/kept.d/. {folder}/; cat /dev/zero >{folder}/filler 2>/dev/null; true"
        )
        try:
            box.stage(2, failed=True)
            box.settled()
            box.run(f"rm {folder}/filler")
            assert box.both() == before
        finally:
            box.run(f"umount {folder}; rm -rf /run/kept.d")
        assert box.both() == before

    def test_killed_at_every_step_of_staging(self, box: Box) -> None:
        box.module(**COMMITTED)
        before = box.both()
        number = 1
        while True:
            result = box.stage(1, prefix=killing(number), unlisted="drop")
            box.settled()
            assert box.rules() == before[1], f"step {number}"
            assert box.files() == before[0], f"step {number}"
            if result:
                break
            number += 1
        assert number > 15

    def test_killed_at_every_step_of_confirming(self, box: Box) -> None:
        box.module(**COMMITTED)
        before = box.both()
        for number in range(1, 60):
            answer = box.confirm(lambda: box.stage(4), number)
            if answer or box.state("pending") is None:
                assert not box.module(check=True, **CANDIDATE)["changed"]
                break
            box.settled()
            assert box.both() == before, f"step {number}"
        assert number > 8

    def test_killed_while_the_program_runs(self, box: Box) -> None:
        """It would load its rules after the timer has looked: the timer waits for it."""
        box.module(**COMMITTED)
        before = box.both()
        request = {"require_controller": False, "phase": "stage", "confirm_timeout": 1, **with_rules(LOCKOUT)}
        box.lab.run("box", ["tee", "/run/request"], stdin=json.dumps({"ANSIBLE_MODULE_ARGS": request}), check=True)
        script = (
            f"/usr/bin/python3 {PLUGINS}/modules/firewall.py </run/request >/dev/null 2>&1 & pid=$!;"
            "while [ ! -e /run/begun ]; do sleep 0.1; done; kill -9 $pid; rm /run/begun"
        )
        # Only the first run is slow: the timer's own has to find it at its end.
        with broken_program(box, "test -e /run/slow && rm /run/slow && touch /run/begun && sleep 4; $real"):
            box.lab.run("box", ["sh", "-c", "touch /run/slow; " + script], environment=module_environment(), check=True)
            box.settled()
        assert box.both() == before
        assert box.probe(None, 22) == "open"

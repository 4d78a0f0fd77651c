# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that are not enforced, with real packets: who gets in, who is recorded, and what is left behind."""

from __future__ import annotations

import json

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import Lab

from ansible_collections.jsa.ports.tests.integration_lab.conftest import System
from ansible_collections.jsa.ports.tests.integration_lab.test_learn import (
    INBOUND,
    LISTENERS,
    PROGRAM,
    RULES,
    SCAN,
    Recorded,
    probe,
)
from ansible_collections.jsa.ports.tests.integration_lab.test_site import ICMP_UNLIMITED

pytestmark = pytest.mark.systems(complete=True)

HOSTS = """
all:
  children:
    jsa_all_in_one:
      hosts:
        target: {ansible_host: 10.77.0.11, jsa_address: [10.77.0.11, "fd77::11"]}
    others:
      hosts:
        box: {ansible_host: 10.77.0.12, jsa_address: [10.77.0.12, "fd77::12"], lab_appliance: true}
        peer: {ansible_host: 10.77.0.14, jsa_address: [10.77.0.14, "fd77::14"], lab_firewalld: false}
        stranger: {ansible_host: 10.77.0.15, jsa_address: [10.77.0.15, "fd77::15"], lab_firewalld: false}
"""
TABLE = "jsa_ports_staged"
STRANGER, STRANGER_V6 = "10.77.0.15", "fd77::15"
#: What the plan refuses to the stranger, and the site opens on both hosts; what the plan refuses and only the appliance
#: opens, whose policy is to accept; what the site opens and is no matter of the plan.
BOTH_OPEN, PLANNED, OTHER = ("tcp", 5432), ("tcp", 32006), ("tcp", 9100)
PORTS = [*LISTENERS, ("tcp", 22), ("tcp", 9999), ("udp", 9999), ("tcp", 32011)]


class Staged(Recorded):
    """A host whose rules are enforced, or not."""

    STATES = ("/var/lib/jsa_ports/firewalld", "/var/lib/jsa_ports/appliance")

    @property
    def STATE(self) -> str:  # type: ignore[override]
        return self.STATES[self.name == "box"]

    def apply(self, refuse: str = "log", **arguments: Any) -> dict[str, Any]:
        return self.module(**{**RULES, "refuse": refuse, "confirm_timeout": 0, **arguments})

    def stage(self, refuse: str) -> str:
        pending = self.apply(refuse, phase="stage", confirm_timeout=120, new_connection=False)["pending"]
        identity: str = pending["id"]
        return identity

    def fates(self, source: str) -> list[list[str]]:
        return [probe(self.lab, source, self.name, *PORTS, ipv6=ipv6) for ipv6 in (False, True)]

    def let_in(self) -> set[tuple[str, str, int]]:
        """Whom the record has that the rules would refuse."""
        staged = self.traffic()["staged"]
        assert staged is not None
        return {(one["peer"], one["protocol"], one["port"]) for one in staged["inbound"]}

    def records(self) -> bool:
        return TABLE in self.run("nft list tables")

    def warned(self, result: dict[str, Any]) -> str:
        return json.dumps(result.get("warnings", []))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, system: System) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS + system.variables)
    with Lab.up(inventory, name="staged") as built:
        listeners = [
            {"id": f"{protocol}_{port}", "protocol": protocol, "ports": str(port), "bind": "network", "required": True}
            for protocol, port in LISTENERS
        ]
        built.load_services({"version": 1, "hosts": {name: {"listeners": listeners} for name in ("target", "box")}})
        for name in ("target", "box"):
            built.run(name, ["sysctl", "-qw", *ICMP_UNLIMITED], check=True)
        for options in (["--permanent"], []):
            ports = ["--add-port=5432/tcp", "--add-port=9100/tcp"]
            built.run("target", ["firewall-cmd", *options, "--zone=public", *ports], check=True)
        built.run("box", [PROGRAM], check=True)
        yield built


@pytest.fixture(params=["target", "box"])
def host(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Staged]:
    """Each of both. Afterwards, and that is a test of its own, its rules are what they were."""
    host = Staged(lab, request.param)
    before = host.everything()
    yield host
    host.module(state="absent")
    assert host.everything() == before


@pytest.fixture
def target(lab: Lab) -> Iterator[Staged]:
    host = Staged(lab)
    before = host.everything()
    yield host
    host.module(state="absent")
    host.traffic("absent")
    assert host.everything() == before


def opened(host: Staged) -> list[tuple[str, int]]:
    """What of the refused ports the stranger gets to on a host whose rules are not enforced."""
    return [BOTH_OPEN] if host.name == "target" else [BOTH_OPEN, PLANNED]


class TestWhoGetsIn:
    def test_there_and_back(self, host: Staged) -> None:
        without = host.fates("stranger")
        result = host.apply("enforce")
        assert (result["changed"], result["refuse"], host.records()) == (True, "enforce", False)
        assert probe(host.lab, "stranger", host.name, BOTH_OPEN, PLANNED) == ["prohibited", "prohibited"]

        for check in (True, False):
            result = host.apply("log", check=check)
            assert (result["changed"], result["refuse"]) == (True, "log")
            assert "are removed, because jsa_firewall_refuse is log: tcp" in host.warned(result)
            assert "5432" in host.warned(result) and "This host is not enforced" in host.warned(result)
            assert host.records() is not check
        # The site decides alone, as without us: nothing is open that it keeps closed.
        assert host.fates("stranger") == without
        found = {one for one in host.let_in() if one[0] in (STRANGER, STRANGER_V6)}
        assert {(address, *port) for address in (STRANGER, STRANGER_V6) for port in opened(host)} <= found
        if host.name == "target":
            assert {one[1:] for one in found} == {BOTH_OPEN}, "whom the site stops is not recorded"
        # Whom the plan accepts gets in, and is no matter of this record.
        assert probe(host.lab, "peer", host.name, PLANNED, ("tcp", 514)) == ["open", "open"]
        assert "10.77.0.14" not in {one[0] for one in host.let_in()}

        again = host.apply("log")
        assert not again["changed"] and "This host is not enforced" in host.warned(again)
        info = host.lab.module(host.name, "firewall_info", {})
        assert info["refuse"] == "log" and "This host is not enforced" in host.warned(info)

        failed = host.apply("enforce", learned="fail", failed=True)
        assert f"tcp 5432 from {STRANGER}" in failed["msg"] and "Nothing was changed" in failed["msg"]
        assert host.records()
        result = host.apply("enforce")
        assert (STRANGER, *BOTH_OPEN) in {
            (one["peer"], one["protocol"], one["port"]) for one in result["refused_recorded"]
        }
        assert (result["changed"], host.records()) == (True, False)
        assert probe(host.lab, "stranger", host.name, BOTH_OPEN, PLANNED) == ["prohibited", "prohibited"]
        assert not host.apply("enforce")["changed"]

    def test_unlisted_ports(self, target: Staged) -> None:
        target.apply("log", unlisted="drop")
        other, closed = probe(target.lab, "stranger", "target", OTHER, ("tcp", 9999))
        assert other == "open" and closed != "open"
        assert {one[1:] for one in target.let_in() if one[0] == STRANGER} == {OTHER}
        target.apply("enforce", unlisted="drop")
        assert probe(target.lab, "stranger", "target", OTHER) == ["no_answer"]

    def test_what_leaves(self, target: Staged, system: System) -> None:
        if not system.answers_leave:
            pytest.skip("firewalld 0.9.3 holds back answers where it restricts what leaves: it is refused")
        target.apply("log", outbound=[])
        assert target.lab.probes("target", [("10.77.0.14", 22, "tcp")]) == ["open"]
        staged = target.traffic()["staged"]
        assert [(one["peer"], one["port"]) for one in staged["outbound"]] == [("10.77.0.14", 22)]
        target.apply("enforce", outbound=[])
        assert target.lab.probes("target", [("10.77.0.14", 22, "tcp")]) != ["open"]

    def test_a_scan_of_all_ports_is_no_noise(self, target: Staged) -> None:
        """What the site's own rules stop is not recorded: 2,000 ports of a range that the plan refuses are not."""
        target.apply("log")
        target.script("stranger", SCAN, "10.77.0.11")
        assert not {one for one in target.let_in() if one[0] == STRANGER and one[1:] != BOTH_OPEN}
        probe(target.lab, "stranger", "target", BOTH_OPEN, OTHER)
        assert {one for one in target.let_in() if one[0] == STRANGER} == {(STRANGER, *BOTH_OPEN)}


class TestCommitConfirmed:
    def test_a_trial_that_is_taken_back_leaves_nothing(self, host: Staged) -> None:
        host.apply("enforce")
        before = host.everything()
        identity = host.stage("log")
        assert host.records() and probe(host.lab, "stranger", host.name, BOTH_OPEN) == ["open"]
        assert host.program("abort", identity, "a test")["ok"]
        assert host.everything() == before
        assert probe(host.lab, "stranger", host.name, BOTH_OPEN) == ["prohibited"]

    def test_a_trial_of_enforcing_keeps_the_record_until_it_is_confirmed(self, host: Staged) -> None:
        host.apply("log")
        probe(host.lab, "stranger", host.name, BOTH_OPEN)
        identity = host.stage("enforce")
        assert probe(host.lab, "stranger", host.name, BOTH_OPEN) == ["prohibited"]
        assert host.program("abort", identity, "a test")["ok"]
        assert probe(host.lab, "stranger", host.name, BOTH_OPEN) == ["open"]
        assert (STRANGER, *BOTH_OPEN) in host.let_in()
        assert not host.apply("log")["changed"]
        assert host.program("confirm", host.stage("enforce"))["ok"]
        assert not host.records()
        assert host.module(state="previous", confirm_timeout=0)["refuse"] == "log"

    def test_a_new_connection_confirms_both(self, lab: Lab) -> None:
        for name in ("target", "box"):
            host = Staged(lab, name)
            for refuse in ("log", "enforce"):
                result = host.over_ssh(**RULES, refuse=refuse, require_controller=True, verify_identity=False)
                assert result["confirmation"]["by"] == "new connection"
                assert (result["refuse"], host.records()) == (refuse, refuse == "log")
            host.module(state="absent")


class TestOthers:
    def test_a_reload_and_a_restart_in_between(self, target: Staged) -> None:
        target.apply("log")
        probe(target.lab, "stranger", "target", BOTH_OPEN)
        target.run("firewall-cmd --reload")
        target.lab.daemon("target", "restart", "firewalld")
        assert probe(target.lab, "stranger", "target", BOTH_OPEN, PLANNED)[0] == "open"
        assert (STRANGER, *BOTH_OPEN) in target.let_in()
        assert not target.apply("log")["changed"]

    def test_a_table_that_somebody_removes_is_made_again(self, host: Staged) -> None:
        host.apply("log")
        host.run(f"nft delete table inet {TABLE}")
        assert host.traffic()["staged"] is None
        assert probe(host.lab, "stranger", host.name, BOTH_OPEN) == ["open"], "it decides on nothing"
        assert host.apply("log")["changed"] and host.records()
        host.run(f"nft flush table inet {TABLE}")
        assert host.apply("log")["changed"] and not host.apply("log")["changed"]

    def test_other_rules_keep_what_is_recorded(self, target: Staged) -> None:
        target.apply("log")
        probe(target.lab, "stranger", "target", BOTH_OPEN)
        assert target.apply("log", inbound=INBOUND[:1])["changed"]
        assert (STRANGER, *BOTH_OPEN) in target.let_in()


class TestBeforeAnApply:
    def test_recorded_sources_are_named(self, target: Staged) -> None:
        target.traffic("present")
        probe(target.lab, "stranger", "target", BOTH_OPEN)
        before = target.files()
        for check in (True, False):
            failed = target.apply("enforce", learned="fail", check=check, failed=True)
            assert f"tcp 5432 from {STRANGER}" in failed["msg"]
        assert "jsa-in" not in target.rules() and target.files() == before
        result = target.apply("enforce")
        assert [one["peer"] for one in result["refused_recorded"] if one["port"] == 5432] == [STRANGER]
        probe(target.lab, "stranger", "target", BOTH_OPEN)
        again = target.apply("enforce", learned="fail", inbound=INBOUND[:1])
        assert STRANGER not in json.dumps(again["refused_recorded"]), "it is refused already"


def test_the_playbooks(lab: Lab, tmp_path: Path) -> None:
    """An inventory of groups and addresses: applied without enforcing, and learned without any other record."""
    names = ("admin", "users", "api_clients", "log_sources", "flow_sources", "off_site_sources", "certificate_clients")
    networks = {name: ["10.77.0.14/32"] for name in names}
    options = ["-e", "jsa_hosts=target", "-e", json.dumps({"jsa_networks": networks})]

    def play(*words: str) -> str:
        told = lab.ansible(["ansible-playbook", *words, *options])
        assert told.returncode == 0, told.stdout + told.stderr
        return " ".join(f"{told.stdout} {told.stderr}".split())

    host = Staged(lab)
    before = host.everything()
    assert "This host is not enforced" in play("jsa.ports.firewall", "-e", "jsa_firewall_refuse=log")
    assert probe(lab, "stranger", "target", BOTH_OPEN) == ["open"]
    told = play("jsa.ports.learned", "-e", f"jsa_learn_dest={tmp_path}")
    assert "target: only what would be rejected is recorded not enforced" in told
    learned = json.loads((tmp_path / "learned.json").read_text())["hosts"]["target"]
    rows = {(row["source"], row["port"]): row["staged"] for row in learned["cut_off"]}
    assert rows["stranger", 5432] is True, rows
    assert (learned["staged"], learned["planned_unseen"]) == (True, [])
    play("jsa.ports.remove")
    assert host.everything() == before

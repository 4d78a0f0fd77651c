# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A site whose own files firewalld cannot load: no run and no timer leaves the host without rules.

``peer`` may reach port 32006 of ``target``; ``stranger`` may not.
"""

from __future__ import annotations

import json
import re
import time

from collections.abc import Iterator
from typing import Any

import pytest

from lab import Lab

from ansible_collections.jsa.ports.tests.integration_lab.conftest import System
from ansible_collections.jsa.ports.tests.integration_lab.firewalls import FirewalledHost, with_rules

pytestmark = pytest.mark.systems(complete=True)

HOSTS = """
all:
  children:
    jsa_console:
      hosts:
        target: {ansible_host: 10.77.0.11, jsa_address: 10.77.0.11, lab_sysctls: {net.ipv4.icmp_ratelimit: 0}}
    jsa_event_processors:
      hosts:
        peer: {ansible_host: 10.77.0.12, jsa_address: 10.77.0.12, lab_firewalld: false}
    others:
      hosts:
        stranger: {ansible_host: 10.77.0.13, lab_firewalld: false}
"""
LISTENERS = {
    "version": 1,
    "hosts": {
        "target": {
            "listeners": [
                {"id": "ariel", "protocol": "tcp", "ports": port, "bind": "network", "required": True}
                for port in ("32006", "32011")
            ]
        }
    },
}
NETWORKS = {
    "admin": ["10.77.0.0/24"],
    **dict.fromkeys(["users", "api_clients", "log_sources", "off_site_sources", "certificate_clients"], "none"),
}
#: Two networks of one set overlap: firewalld's own check accepts it, and nft does not.
GEO = '<ipset type="hash:net"><entry>192.0.2.0/24</entry><entry>192.0.2.128/25</entry></ipset>'
GEO_PATH = "/etc/firewalld/ipsets/geo.xml"


def rows(*ports: str) -> list[dict[str, Any]]:
    return [
        {"protocol": "tcp", "ports": port, "sources": ["10.77.0.12/32"], "source_classes": ["ep"]} for port in ports
    ]


COMMITTED = {"inbound": rows("32006"), "unlisted": "drop", "management_addresses": ["10.77.0.0/24"]}
CANDIDATE = {**COMMITTED, "inbound": rows("32006", "32011")}


class Target(FirewalledHost):
    def who_gets_in(self, port: int = 32006) -> list[str]:
        return [name for name in ("peer", "stranger") if self.lab.probe(name, "10.77.0.11", port) == "open"]

    def break_files(self) -> None:
        self.run(f"mkdir -p /etc/firewalld/ipsets; printf %s '{GEO}' >{GEO_PATH}")
        assert self.run("firewall-cmd --check-config").strip() == "success"

    def fail(self) -> None:
        """What an administrator does who reloads such files."""
        self.break_files()
        assert self.lab.run("target", ["firewall-cmd", "--reload"]).returncode
        assert self.who_gets_in() == ["peer", "stranger"], "this is what it is about"

    def info(self) -> dict[str, Any]:
        """What jsa.ports.firewall_info says of the committed rules."""
        return self.lab.module("target", "firewall_info", with_rules(COMMITTED))

    def check(self) -> str:
        told = self.lab.ansible(["ansible-playbook", "jsa.ports.check", "-e", json.dumps({"jsa_networks": NETWORKS})])
        assert told.returncode
        return " ".join(told.stdout.split())


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, system: System) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(HOSTS + system.variables)
    with Lab.up(inventory, name="failed-reload") as built:
        built.load_services(LISTENERS)
        yield built


@pytest.fixture
def target(lab: Lab) -> Iterator[Target]:
    target = Target(lab)
    target.module(**COMMITTED)
    assert target.who_gets_in() == ["peer"]
    yield target
    target.run(f"rm -rf {GEO_PATH} /etc/firewalld/*/jsa-* /etc/firewalld/policies/maint.xml {target.STATE}")
    lab.daemon("target", "stop", "firewalld")
    target.run("nft flush ruleset")
    lab.daemon("target", "start", "firewalld")


@pytest.mark.gate
def test_a_run_is_rejected_before_it_writes(target: Target) -> None:
    target.break_files()
    before = target.both()
    for check in (True, False):
        result = target.module(failed=True, check=check, **CANDIDATE)
        assert f"{GEO_PATH}: " in result["msg"]
        assert "Nothing was written" in result["msg"]
        assert len(result["msg"]) < 700
    assert target.both() == before
    assert target.who_gets_in() == ["peer"]
    # A run that has nothing to load is not in danger.
    assert not target.module(**COMMITTED)["changed"]


@pytest.mark.gate
def test_a_candidate_is_rolled_back_although_no_file_can_be_loaded(target: Target) -> None:
    """The files became unloadable while the candidate waited."""
    target.module(phase="stage", confirm_timeout=5, **CANDIDATE)
    assert target.who_gets_in(32011) == ["peer"]
    target.break_files()
    deadline = time.monotonic() + 60
    # While firewalld reloads, it drops everything: nobody gets in to either port for a moment.
    while target.who_gets_in(32011) or target.who_gets_in() != ["peer"]:
        assert time.monotonic() < deadline, target.state("last_result")
        assert "stranger" not in target.who_gets_in(), "at no time is the host open"
        time.sleep(0.5)
    told = target.module(failed=True, **COMMITTED)["msg"]
    assert "firewalld has failed" in told
    assert GEO_PATH in told
    assert any("runs on a snapshot of its rules" in one for one in target.info()["alarms"])
    # Once somebody has repaired the file, firewalld takes over, and the table of ours goes.
    target.run(f"rm {GEO_PATH}; firewall-cmd -q --reload || firewall-cmd -q --reload")
    result = target.module(**COMMITTED)
    # By the snapshot, or, where nft cannot write to firewalld's own table, by firewalld once it could.
    assert result["rolled_back"]["outcome"].startswith("The host is back on the committed rules")
    assert target.who_gets_in() == ["peer"]
    assert "jsa_ports_snapshot" not in target.rules()
    seen = target.info()
    assert (seen["alarms"], seen["as_planned"]) == ([], True)


@pytest.mark.gate
def test_a_failed_firewalld_is_neither_worked_with_nor_approved(target: Target) -> None:
    target.fail()
    files = target.files()
    told = target.module(failed=True, **CANDIDATE)["msg"]
    assert "firewalld has failed on this host before this run" in told
    assert GEO_PATH in told
    assert "was killed" not in told
    assert len(told) < 700
    assert target.files() == files
    seen = target.info()
    assert seen["as_planned"] is False
    assert any("firewalld has failed" in one for one in seen["alarms"])
    assert any("filters nothing" in one for one in seen["alarms"])
    shown = target.check()
    assert "ALARM: hosts without a working firewall: target: firewalld has failed" in shown
    assert re.search(r"fatal: \[target\]: FAILED! => .*firewalld has failed", shown)


@pytest.mark.gate
def test_a_reload_that_would_open_the_host_says_so(target: Target) -> None:
    """A policy that was made permanent and not loaded becomes active with our reload."""
    target.run("""
permanent() { firewall-cmd -q --permanent "$@"; }
permanent --new-policy=maint; permanent --policy=maint --set-target=ACCEPT; permanent --policy=maint --set-priority=-150
permanent --policy=maint --add-ingress-zone=ANY; permanent --policy=maint --add-egress-zone=HOST
""")
    before = target.both()
    result = target.module(check=True, **CANDIDATE)
    (change,) = result["reload_changes"]
    assert change.startswith("policy maint: in the files only, a reload makes it active (target ACCEPT")
    told = target.module(failed=True, reload="lossless", **CANDIDATE)["msg"]
    assert "policy maint" in told
    assert "Nothing was written" in told
    assert target.both() == before
    assert target.who_gets_in() == ["peer"]

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a reload makes active, and a firewalld that has failed, asked of a bus that answers from a table."""

from __future__ import annotations

import re

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld import appearing, health
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError, NotAsked

MAINT = {"target": "ACCEPT", "priority": -150, "ingress_zones": ["ANY"], "egress_zones": ["HOST"], "services": ["adm"]}


class Answers(Client):
    """A daemon that runs zone public with service ssh, and that keeps more."""

    def __init__(self) -> None:
        super().__init__(find=lambda name: None)
        self.kept: dict[str, dict[str, Any]] = {"policy": {}, "zone": {"public": {}}, "set": {}}
        self.services: dict[str, tuple[Any, Any]] = {"ssh": ({"ports": [("22", "tcp")]}, {"ports": [("22", "tcp")]})}
        self.state = "RUNNING"

    def call(
        self, interface: str, member: str, signature: str = "", arguments: Any = (), path: str = "", **_: Any
    ) -> Any:  # type: ignore[override]
        running = {"getPolicies": [], "getZones": ["public"], "getIPSets": []}
        if member in running:
            return (running[member],)
        names = {"getPolicyNames": "policy", "getZoneNames": "zone", "getIPSetNames": "set"}
        if member in names:
            return (sorted(self.kept[names[member]]),)
        finders = {"getPolicyByName": "policy", "getZoneByName": "zone", "getIPSetByName": "set"}
        if member in finders:
            if arguments[0] not in self.kept[finders[member]]:
                raise CommandError(["firewalld", member], None, "INVALID_NAME")
            return (f"{finders[member]} {arguments[0]}",)
        if member == "getServiceByName":
            return (f"service {arguments[0]}",)
        if member == "getServiceSettings2":
            if arguments[0] not in self.services:
                raise CommandError(["firewalld", member], None, "INVALID_SERVICE")
            return (self.services[arguments[0]][0],)
        if member in ("getSettings", "getSettings2"):
            kind, _space, name = path.partition(" ")
            return (self.services[name][1] if kind == "service" else self.kept[kind][name],)
        if member == "Get":
            return (self.state,)
        raise AssertionError(member)


RUNNING = [appearing.SiteObject("zone public", {"services": ["ssh"], "rules_str": []})]


@pytest.fixture
def client() -> Answers:
    return Answers()


def test_nothing_appears_where_all_that_is_kept_runs(client: Answers, tmp_path: Path) -> None:
    assert appearing.appearing(client, str(tmp_path), RUNNING) == []


def test_a_policy_that_was_made_permanent_only(client: Answers, tmp_path: Path) -> None:
    client.kept["policy"]["maint"] = MAINT
    client.kept["policy"]["jsa-in"] = MAINT
    client.kept["zone"]["zz"] = {"target": "default", "sources": ["10.0.0.0/8"]}
    client.kept["set"]["geo"] = ("", "geo")
    assert appearing.appearing(client, str(tmp_path), RUNNING) == [
        "policy maint: in the files only, a reload makes it active (target ACCEPT, priority -150, from ANY, to HOST, "
        "service adm)",
        "zone zz: in the files only, a reload makes it active (target default, source 10.0.0.0/8)",
        "set geo: in the files only, a reload makes it active",
    ]


def test_a_file_that_firewalld_has_not_noticed_yet(client: Answers, tmp_path: Path) -> None:
    for path, text in {
        "policies/hand.xml": '<policy target="ACCEPT" priority="-140"><ingress-zone name="ANY"/></policy>',
        "policies/jsa-in.xml": "<policy/>",
        "policies/hand.xml.old": "<policy/>",
        "zones/broken.xml": "<zone",
        "zones/many/one.xml": "<zone/>",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert appearing.appearing(client, str(tmp_path), RUNNING) == [
        "policy hand: in the files only, a reload makes it active (target ACCEPT, priority -140, from ANY)",
        "zone broken: in the files only, a reload makes it active",
        "zone many: in the files only, a reload makes it active",
    ]


def test_a_service_that_opens_another_port_in_the_files(client: Answers, tmp_path: Path) -> None:
    client.services["ssh"] = ({"ports": [("22", "tcp"), ("23", "tcp")]}, {"ports": [("22", "tcp"), ("7676", "tcp")]})
    client.services["http"] = ({"ports": []}, {"ports": [("80", "tcp")]})
    client.services["unused"] = ({"ports": []}, {"ports": [("81", "tcp")]})
    rule = 'rule family="ipv4" service name="http" accept'
    objects = [*RUNNING, appearing.SiteObject("policy x", {"rich_rules": [rule], "services": ["gone"]})]
    assert appearing.appearing(client, str(tmp_path), objects) == [
        "service http: port 80/tcp, in the files only",
        "service ssh: port 7676/tcp, in the files only",
        "service ssh: port 23/tcp, changed at run time only",
    ]


def test_a_firewalld_that_runs_says_so(client: Answers) -> None:
    assert health.state(client) == "running"


@pytest.mark.parametrize("state", ["FAILED", "INIT"])
def test_a_firewalld_that_has_failed_is_refused(client: Answers, state: str) -> None:
    client.state = state
    refused = health.refusal(health.state(client), ["/etc/firewalld/ipsets/geo.xml: conflicting intervals"])
    assert re.search(f"its state is {state.lower()}.*Nothing was written.*geo.xml", refused)
    assert len(refused) < 600
    assert health.alarms(client) == [
        f"firewalld has failed (its state is {state.lower()}): it could not load its configuration"
    ]


@pytest.mark.parametrize(
    ("told", "expected"), [("running", "running"), ("failed", "failed"), ("not running", ""), ("Something else", "")]
)
def test_the_state_without_a_bus(told: str, expected: str) -> None:
    class Deaf(Answers):
        def call(self, *arguments: Any, **_: Any) -> Any:
            raise NotAsked("lockdown")

        def run(self, name: str, *arguments: str, **options: Any) -> str:
            assert (name, *arguments) == ("firewall-cmd", "--state")
            if told == "running":
                return told + "\n"
            raise CommandError(["firewall-cmd"], 251, told)

    assert health.state(Deaf()) == expected


def test_a_check_hears_of_a_kernel_that_filters_nothing(client: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = {"nft": "table inet firewalld {\n}\n"}
    monkeypatch.setattr(health.snapshot, "take", lambda programs: taken)
    (alarm,) = health.alarms(client)
    assert alarm.startswith("The kernel filters nothing that comes to this host")
    taken["nft"] = "table ip x {\n\tchain i {\n\t\ttype filter hook input priority 0; policy drop;\n\t}\n}\n"
    assert health.alarms(client) == []
    # Of a snapshot that firewalld has taken over from, nobody has to hear.
    assert health.alarms(client, "on a snapshot") == []
    client.state = "FAILED"
    assert health.alarms(client, "on a snapshot") == ["on a snapshot"]
    client.state = "RUNNING"
    taken["nft"] = "nobody knows"
    assert health.alarms(client) == []

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules through the console's API, against the stand-in: merged, written, read again, confirmed, and remembered."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import pytest

from ansible.errors import AnsibleActionFail

from ansible_collections.jsa.ports.plugins.action import console_firewall
from ansible_collections.jsa.ports.plugins.plugin_utils._console.validator import VALIDATOR
from ansible_collections.jsa.ports.tests.console.faults import Fault
from ansible_collections.jsa.ports.tests.console.server import Request, StandIn
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS, Plan

pytestmark = pytest.mark.process

GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors", "ep1b": "jsa_event_processors", "dn1": "jsa_data_nodes"}
HOSTS: dict[str, dict[str, Any]] = {
    "con1": {"ansible_host": "10.0.0.1"},
    "ep1": {"ansible_host": "10.0.0.21", "jsa_ha_peer": "ep1b", "jsa_ha_virtual_address": "10.0.0.20"},
    "ep1b": {"ansible_host": "10.0.0.22"},
    "dn1": {"ansible_host": "10.0.0.3"},
}
#: The servers' ids.
CON1, EP1, EP1B, DN1 = 100, 101, 1101, 103
THEIRS = {
    "is_any_source_ip": False,
    "source_ip": "192.0.2.99",
    "port_type": "SINGLE",
    "single_port": "9100",
    "port_range": None,
    "protocol": "TCP",
}
#: Of a form that no documentation has.
ODD = {"name": "of a later release", "protocol": "SCTP"}


def plan(hosts: dict[str, dict[str, Any]] | None = None, **networks: Any) -> dict[str, Any]:
    given = {name: {**own, **(hosts or {}).get(name, {})} for name, own in HOSTS.items()}
    return Plan(GROUPS, given, jsa_networks={**NO_NETWORKS, "admin": ["192.0.2.7"], **networks}).plan.as_dict()


class Console:
    """The action with its options, and what it printed."""

    def __init__(self, standin: StandIn, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.standin, self.path = standin, folder / "state.json"
        self.printed: list[str] = []
        monkeypatch.setattr(console_firewall, "show", self.printed.append)
        monkeypatch.setattr("time.sleep", lambda _seconds: None)
        standin.deployment.firewall_rules[CON1] = [THEIRS, ODD]

    def run(self, check_mode: bool = False, diff: bool = False, **options: Any) -> dict[str, Any]:
        action = console_firewall.ActionModule.__new__(console_firewall.ActionModule)
        action._task = type("Task", (), {"check_mode": check_mode, "diff": diff})()
        arguments = {
            "url": self.standin.url,
            "token": self.standin.token,
            "validate_certs": True,
            "ca_path": str(self.standin.ca_path),
            "api_version": None,
            "timeout": 10.0,
            "page_size": 500,
            "plan": plan(),
            "hosts": None,
            "state": "present",
            "state_file": str(self.path),
            "steps": 1,
            "expand_networks": False,
            "confirm_probes": [],
            **options,
        }
        self.printed.clear()
        self.standin.requests.clear()
        return action.work(arguments, {"ansible_play_hosts_all": list(GROUPS), "hostvars": HOSTS})

    def rules(self, server: int) -> list[dict[str, Any]]:
        return self.standin.deployment.firewall_rules[server]

    def sources(self, server: int, port: str) -> set[str | None]:
        return {one.get("source_ip") for one in self.rules(server) if one.get("single_port") == port}

    def puts(self) -> list[str]:
        return [one.path for one in self.standin.requests if one.method == "PUT"]


@pytest.fixture
def console(standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(standin, tmp_path, monkeypatch)


def test_rules_are_added_beside_those_of_others(console: Console) -> None:
    result = console.run()
    assert result["changed"] and "failed" not in result
    assert console.rules(CON1)[:2] == [THEIRS, ODD]
    # Each node, and the address of the cluster, although the plan joins neighbors to networks.
    assert {"10.0.0.20", "10.0.0.21", "10.0.0.22", "10.0.0.3"} <= console.sources(CON1, "443")
    assert console.sources(CON1, "22") >= {"192.0.2.7"}
    assert console.rules(EP1) and console.rules(EP1B)
    assert any("needs a deployment" in text for text in result["warnings"])
    # Nothing of others is remembered as ours.
    assert "192.0.2.99" not in console.path.read_text()


def test_the_second_run_changes_nothing(console: Console) -> None:
    console.run()
    before = console.path.read_text()
    result = console.run()
    assert not result["changed"]
    assert console.puts() == []
    assert console.path.read_text() == before
    assert not result.get("warnings")


def test_what_cannot_be_expressed_is_listed_before_the_first_write(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    monkeypatch.setattr(console_firewall, "show", order.append)
    console.standin.before = lambda request: order.append(request.method)
    result = console.run(plan=plan(users="any", log_sources=["198.51.100.0/28"], flow_sources=["2001:db8::/64"]))
    text = next(one for one in order if "left out" in one)
    assert order.index(text) < order.index("PUT")
    for name, part in (
        ("con1", "can only accept, so the ports are not closed for others: tcp 22, "),
        (
            "con1",
            "single addresses only (set expand_networks to write each address of these networks): tcp 514 from 198",
        ),
        ("ep1", "supports TCP and UDP only: icmp from "),
    ):
        assert part in text
        assert any(part in line for line in result["hosts"][name]["left_out"])
    assert None in console.sources(CON1, "443")
    assert not any(str(source).startswith("198.51.100.") for source in console.sources(CON1, "514"))


def test_ipv6_is_listed(console: Console) -> None:
    result = console.run(plan=plan(api_clients=["2001:db8::/64"]))
    left_out = "\n".join(result["hosts"]["con1"]["left_out"])
    assert "supports IPv4 only: tcp 443 from 2001:db8::/64" in left_out


def test_networks_are_expanded_on_request(console: Console) -> None:
    console.run(plan=plan(log_sources=["198.51.100.0/28", "203.0.113.0/25"]), expand_networks=True)
    assert len([one for one in console.sources(CON1, "514") if str(one).startswith("198.51.100.")]) == 16
    assert not [one for one in console.sources(CON1, "514") if str(one).startswith("203.0.113.")]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"jsa_firewall_unlisted": "reject"}, "jsa_firewall_unlisted is reject, but the console's API can only accept"),
        (
            {"jsa_firewall_restrict_outbound": True},
            "jsa_firewall_restrict_outbound restricts what this host may contact",
        ),
    ],
)
def test_what_a_host_asked_for_and_cannot_have(console: Console, setting: dict[str, Any], told: str) -> None:
    networks = dict.fromkeys(("smtp_gateways", "ntp_servers", "nfs_servers", "windows_hosts", "public_servers"), "none")
    result = console.run(plan=plan({"dn1": setting}, **networks))
    assert result["failed"]
    assert result["msg"].startswith(f"dn1: {told}")
    # The others have their rules.
    assert console.rules(DN1) == []
    assert console.rules(EP1)


def test_only_what_is_ours_is_removed(console: Console) -> None:
    # Somebody else's rule that the plan has, too.
    same = {**THEIRS, "source_ip": "10.0.0.3", "single_port": "443"}
    console.rules(CON1).append(same)
    console.run()
    console.run(state="absent", plan=None)
    assert console.rules(CON1) == [THEIRS, ODD, same]
    assert console.rules(EP1) == []
    assert console.run(state="absent", plan=None)["changed"] is False


def test_a_rule_that_the_plan_no_longer_has_is_removed(console: Console) -> None:
    console.run()
    result = console.run(plan=plan(admin=["192.0.2.8"]))
    assert console.sources(EP1, "22") >= {"192.0.2.8"}
    assert "192.0.2.7" not in console.sources(EP1, "22")
    assert result["hosts"]["ep1"]["actions"]["removed"] == ["tcp 22 from 192.0.2.7"]


def test_without_a_state_file_nothing_is_removed(console: Console) -> None:
    console.run(state_file=None)
    result = console.run(state_file=None, plan=plan(admin=["192.0.2.8"]))
    assert {"192.0.2.7", "192.0.2.8"} <= console.sources(EP1, "22")
    assert any("never removed" in text for text in result["warnings"])
    with pytest.raises(AnsibleActionFail, match="state_file is not set: state=absent requires it"):
        console.run(state_file=None, state="absent", plan=None)


def test_the_previous_state(console: Console) -> None:
    console.run()
    before = console.rules(EP1)
    console.run(plan=plan(admin=["192.0.2.8"]))
    assert console.rules(EP1) != before
    console.run(state="previous", plan=None)
    assert sorted(map(str, console.rules(EP1))) == sorted(map(str, before))
    result = console.run(state="previous", plan=None, steps=9)
    assert "has no state of this host that is 9 changes old" in result["msg"]


def test_check_mode_writes_nothing(console: Console) -> None:
    result = console.run(check_mode=True, diff=True)
    assert result["changed"]
    assert console.puts() == []
    assert not console.path.exists()
    assert console.rules(CON1) == [THEIRS, ODD]
    (diff,) = [one for one in result["diff"] if one["before_header"].startswith("con1: /system/servers/100/")]
    assert "tcp 9100 from 192.0.2.99" in diff["before"] and "tcp 9100 from 192.0.2.99" in diff["after"]
    assert "tcp 443 from 10.0.0.3" in diff["after"] and "tcp 443 from 10.0.0.3" not in diff["before"]
    assert "diff" not in console.run(check_mode=True)


def test_a_change_between_read_and_write_is_refused(console: Console) -> None:
    reads = 0

    def change(request: Request) -> None:
        nonlocal reads
        if request.path == f"/system/servers/{CON1}/firewall_rules":
            reads += request.method == "GET"
            if reads == 2 and request.method == "GET":
                console.standin.deployment.firewall_rules[CON1] = [THEIRS]

    console.standin.before = change
    result = console.run()
    assert "con1: /system/servers/100/firewall_rules changed between the read and the write" in result["msg"]
    assert console.rules(CON1) == [THEIRS]
    assert console.rules(EP1)
    # Nothing was written, so nothing is ours.
    assert json.loads(console.path.read_text())["servers"]["100"]["rules"] == []
    console.standin.before = None
    assert "failed" not in console.run()


def test_a_rule_that_somebody_else_wrote_meanwhile_is_not_ours(console: Console) -> None:
    same = {**THEIRS, "source_ip": "10.0.0.3", "single_port": "443"}
    reads: list[str] = []

    def change(request: Request) -> None:
        if request.path == f"/system/servers/{CON1}/firewall_rules":
            reads.append(request.method)
            if reads == ["GET", "GET"]:
                console.rules(CON1).append(same)

    console.standin.before = change
    assert "changed between the read and the write" in console.run(hosts=["con1"])["msg"]
    console.standin.before = None
    console.run(hosts=["con1"])
    console.run(hosts=["con1"], state="absent", plan=None)
    assert console.rules(CON1) == [THEIRS, ODD, same]


def test_a_change_in_the_moment_of_the_write_is_noticed(console: Console) -> None:
    after_put = False

    def change(request: Request) -> None:
        nonlocal after_put
        if request.path == f"/system/servers/{CON1}/firewall_rules":
            if after_put:
                console.rules(CON1).pop()
                after_put = False
            after_put = request.method == "PUT"

    console.standin.before = change
    result = console.run()
    assert "con1: /system/servers/100/firewall_rules is not as it was written: it lacks " in result["msg"]


def test_a_write_that_fails(console: Console) -> None:
    console.standin.faults = {
        f"/system/servers/{CON1}/firewall_rules": Fault(
            status=409, code=7, message="a deployment runs", after=2, times=1
        )
    }
    result = console.run()
    assert "con1: https://" in result["msg"]
    assert "a deployment runs). Nothing was changed" in result["msg"]
    assert console.rules(CON1) == [THEIRS, ODD]


def test_a_write_whose_answer_is_lost(console: Console) -> None:
    path = f"/system/servers/{CON1}/firewall_rules"
    console.standin.faults = {path: Fault(text="not JSON", after=2, times=1)}
    original = console.standin.fault_of

    def fault_of(asked: str) -> Fault | None:
        found = original(asked)
        if found is not None:
            # The console writes the list, and answers nonsense.
            console.standin.deployment.firewall_rules[CON1] = console.standin.requests[-1].body
        return found

    console.standin.fault_of = fault_of  # type: ignore[method-assign]
    result = console.run()
    assert "failed" not in result
    assert {"10.0.0.3", "192.0.2.7"} <= console.sources(CON1, "22")


PROBES = [{"from": "con1", "port": "32006/tcp"}]


def test_probes_confirm(console: Console) -> None:
    result = console.run(confirm_probes=PROBES, hosts=["ep1"])
    assert "failed" not in result
    (asked,) = [one.body for one in console.standin.requests if one.path == VALIDATOR]
    assert asked == {"hostname": "10.0.0.21", "port": 32006, "hosts": [{"id": 100}]}
    assert console.rules(CON1) == [THEIRS, ODD]


def test_a_probe_that_fails_restores_the_earlier_list(console: Console) -> None:
    console.run(hosts=["ep1"])
    before, state = console.rules(EP1), console.path.read_text()
    console.standin.reach = {(100, "10.0.0.21", 32006): "UNREACHABLE"}
    result = console.run(hosts=["ep1"], plan=plan(admin=["192.0.2.8"]), confirm_probes=PROBES)
    assert "ep1: The rules were not confirmed: 10.0.0.21 32006/tcp from con1 is UNREACHABLE" in result["msg"]
    assert result["msg"].endswith("The earlier rules were restored, and read again")
    assert not result["changed"]
    assert sorted(map(str, console.rules(EP1))) == sorted(map(str, before))
    assert len(console.puts()) == 2
    kept, now = json.loads(state)["servers"]["101"], json.loads(console.path.read_text())["servers"]["101"]
    assert sorted(map(str, now["rules"])) == sorted(map(str, kept["rules"]))
    assert now["history"] == kept["history"]


def test_what_others_write_meanwhile_survives_the_restoration(console: Console) -> None:
    def add(request: Request) -> None:
        if request.path == VALIDATOR:
            console.rules(EP1).append(THEIRS)

    console.standin.before = add
    console.standin.reach = {(100, "10.0.0.21", 32006): "UNREACHABLE"}
    console.run(hosts=["ep1"], confirm_probes=PROBES)
    assert console.rules(EP1) == [THEIRS]


def test_probes_that_the_console_cannot_make(console: Console) -> None:
    with pytest.raises(AnsibleActionFail, match=r"the console can test TCP only\. Nothing was changed"):
        console.run(confirm_probes=[{"from": "con1", "port": "514/udp"}])
    result = console.run(hosts=["con1"], confirm_probes=[{"from": "ep1b", "port": "443/tcp"}])
    assert "primary node of an HA pair only" in result["msg"]
    assert console.rules(CON1) == [THEIRS, ODD]


def test_a_host_that_the_console_does_not_have(console: Console) -> None:
    result = console.run(plan=plan({"dn1": {"ansible_host": "10.0.0.77"}}))
    assert result["msg"] == (
        "dn1: the console has no server with the address 10.0.0.77: correct jsa_address, or use another "
        "jsa_firewall_backend for this host"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "it is not valid JSON"),
        ('{"version": 1, "url": "https://other.example", "servers": {}}', "belongs to https://other.example"),
        ('{"version": 9, "url": "x", "servers": {}}', "version"),
    ],
)
def test_a_state_file_that_cannot_be_used(console: Console, text: str, told: str) -> None:
    console.path.write_text(text)
    with pytest.raises(AnsibleActionFail, match=told):
        console.run()
    assert console.standin.requests == []
    assert console.path.read_text() == text


def test_no_right(console: Console) -> None:
    console.standin.denied = {"/system/servers"}
    with pytest.raises(AnsibleActionFail, match="it lacks the rights to GET /system/servers: give"):
        console.run()

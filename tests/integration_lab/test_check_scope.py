# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check's scopes, its output and its baseline, on real hosts."""

from __future__ import annotations

import json
import os
import subprocess

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lab import Lab

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "port_check.schema.json"

INVENTORY = """
all:
  vars:
    jsa_networks: {admin: none, users: none, api_clients: none, log_sources: none, flow_sources: none,
      off_site_sources: none, certificate_clients: none}
    # Every refusal is to be seen; by default a host sends a peer one ICMP error a second.
    lab_sysctls: {net.ipv4.icmp_ratelimit: 0, net.ipv4.icmp_msgs_per_sec: 100000, net.ipv4.icmp_msgs_burst: 10000}
  children:
    jsa_console: {hosts: {con1: {ansible_host: 10.77.0.21}}}
    jsa_event_processors:
      hosts: {ep1: {ansible_host: 10.77.0.22}, ep2: {ansible_host: 10.77.0.23}}
    jsa_event_collectors:
      hosts: {ec1: {ansible_host: 10.77.0.24, jsa_processor: ep1}}
"""
HOSTS = ("con1", "ep1", "ep2", "ec1")


def play(lab: Lab, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return lab.ansible(["ansible-playbook", f"jsa.ports.{playbook}", *arguments])


def check(lab: Lab, folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    result = play(lab, "check", "-e", f"jsa_port_check_dest={folder}", *arguments)
    document: dict[str, Any] = json.loads((folder / "port_check.json").read_text())
    jsonschema.validate(document, json.loads(SCHEMA.read_text()), jsonschema.Draft202012Validator)
    return result, document


def flows(document: dict[str, Any]) -> set[tuple[str, str, str, int]]:
    return {(item["from"], item["to"], item["protocol"], item.get("port", 0)) for item in document["verdicts"]}


@pytest.fixture(scope="module", name="lab")
def fixture_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("inventory")
    (folder / "hosts.yml").write_text(INVENTORY)
    with Lab.up(folder / "hosts.yml", name=f"test-scope-{os.getpid()}") as lab:
        for playbook, arguments in (("plan", ["-e", f"jsa_plan_dest={folder}/plan.json"]), ("firewall", [])):
            result = play(lab, playbook, *arguments)
            assert result.returncode == 0, result.stdout + result.stderr
        lab.load_services(folder / "plan.json")
        yield lab


def test_each_scope_looks_at_its_pairs_and_says_what_it_leaves_out(lab: Lab, tmp_path: Path) -> None:
    found: dict[str, dict[str, Any]] = {}
    for scope in ("console", "attached", "full", "sample"):
        more = ["-e", "jsa_port_check_sample=3", "-e", "jsa_port_check_seed=7"] if scope == "sample" else []
        result, found[scope] = check(lab, tmp_path / scope, "-e", f"jsa_port_check_scope={scope}", *more)
        assert result.returncode == 0, result.stdout + result.stderr
        assert f"Scope {scope}" in result.stdout and "Summary: " in result.stdout
        assert "probes from 4 hosts" in result.stdout
    result, default = check(lab, tmp_path / "default")
    assert default["scope"] == found["full"]["scope"] and default["scope"]["left_out"] == 0
    assert flows(found["console"]) < flows(found["attached"]) < flows(found["full"]) == flows(default)
    assert all("con1" in one[:2] for one in flows(found["console"]))
    assert {frozenset(one[:2]) for one in flows(found["attached"]) - flows(found["console"])} == {
        frozenset(("ec1", "ep1"))
    }
    assert found["sample"]["scope"]["flows"] == 12 and flows(found["sample"]) < flows(default)
    for document in found.values():
        scope = document["scope"]
        assert scope["flows"] + scope["left_out"] == default["scope"]["flows"]
    _result, again = check(
        lab,
        tmp_path / "again",
        "-e",
        '{"jsa_port_check_scope": "sample", "jsa_port_check_sample": 3, "jsa_port_check_seed": 7}',
    )
    assert flows(again) == flows(found["sample"])


def asked_again(output: str) -> set[str]:
    """The hosts that the check called a second time."""
    # Ansible prints nothing of a task that all hosts skip.
    after = output.partition("TASK [jsa.ports.jsa_port_check : Select what is left to ask]")[2]
    assert after
    task = after.partition("TASK [jsa.ports.jsa_port_check : Observe the host again]")[2].partition("TASK [")[0]
    return {host for host in HOSTS if f"ok: [{host}]" in task}


def test_a_host_is_asked_again_only_for_what_another_host_observed(lab: Lab, tmp_path: Path) -> None:
    result, document = check(lab, tmp_path)
    assert result.returncode == 0 and asked_again(result.stdout) == set()
    assert {item["verdict"] for item in document["verdicts"] if item["protocol"] == "tcp"} == {"ok"}
    blocked = "add table inet site; add chain inet site input { type filter hook input priority -10; }; "
    blocked += "add rule inet site input ip saddr 10.77.0.21 tcp dport 32006 drop"
    lab.run("ep1", ["nft", "-f", "-"], stdin=blocked, check=True)
    try:
        result, document = check(lab, tmp_path)
    finally:
        lab.run("ep1", ["nft", "delete", "table", "inet", "site"], check=True)
    assert asked_again(result.stdout) == {"ep1"}
    (found,) = [item for item in document["verdicts"] if item["verdict"] == "host_firewall"]
    assert (found["from"], found["to"], found["port"]) == ("con1", "ep1", 32006)
    assert "table inet site, chain input" in found["reason"]


def test_a_baseline_shows_what_has_changed(lab: Lab, tmp_path: Path) -> None:
    new_only = ["-e", f"jsa_port_check_baseline={tmp_path}/port_check.json", "-e", "jsa_port_check_fail_on_new=true"]
    lab.services("ep1", "stop", "tcp/32006")
    try:
        result, before = check(lab, tmp_path)
        assert result.returncode != 0
        assert "service_down" in result.stdout and "The administrators of JSA can start the service" in result.stdout
        # The result is written where the baseline is read from.
        result, known = check(lab, tmp_path, *new_only)
        assert result.returncode == 0, result.stdout
        assert known["baseline"]["new"] == known["baseline"]["gone"] == []
        assert known["baseline"]["still"] == sum(item["verdict"] != "ok" for item in before["verdicts"]) > 0
        assert "no service listens on this port on ep1" not in result.stdout
        lab.services("ep2", "stop", "tcp/32006")
        result, worse = check(lab, tmp_path, *new_only)
        assert result.returncode != 0
        assert {(item["to"], item["port"]) for item in worse["baseline"]["new"]} == {("ep2", 32006)}
        assert "no service listens on this port on ep2" in result.stdout
        assert "no service listens on this port on ep1" not in result.stdout
    finally:
        lab.services("ep1", "start", "tcp/32006")
        lab.services("ep2", "start", "tcp/32006")
    result, sound = check(lab, tmp_path, *new_only)
    assert result.returncode == 0, result.stdout
    assert {(item["to"], item["port"]) for item in sound["baseline"]["gone"]} == {("ep1", 32006), ("ep2", 32006)}


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"jsa_port_check_baseline": "damaged.json"}, "it is not valid JSON"),
        ({"jsa_port_check_baseline": "other.json"}, "its version is 99"),
        ({"jsa_port_check_baseline": "absent.json"}, "cannot be read"),
        ({"jsa_port_check_fail_on_new": True}, "jsa_port_check_baseline is not"),
        ({"jsa_port_check_scope": "sample", "jsa_port_check_sample": 0}, "jsa_port_check_sample is 0"),
        ({"jsa_port_check_scope": "console", "jsa_hosts": "ep1,ep2"}, "no console is among"),
    ],
)
def test_what_cannot_work_is_said_before_any_host_is_touched(
    lab: Lab, tmp_path: Path, variables: dict[str, Any], told: str
) -> None:
    (tmp_path / "damaged.json").write_text('{"version": 1, "verd')
    (tmp_path / "other.json").write_text('{"version": 99, "verdicts": []}')
    if "jsa_port_check_baseline" in variables:
        variables = {**variables, "jsa_port_check_baseline": str(tmp_path / variables["jsa_port_check_baseline"])}
    result = play(lab, "check", "-e", json.dumps({**variables, "jsa_port_check_dest": str(tmp_path / "out")}))
    assert result.returncode != 0
    assert told in result.stdout + result.stderr
    assert "Observe the host" not in result.stdout
    assert not (tmp_path / "out").exists()


def test_who_was_not_observed_is_named(lab: Lab, tmp_path: Path) -> None:
    # Its SSH does not answer, and Ansible says so; the others have their verdicts.
    result, document = check(lab, tmp_path, "-e", '{"jsa_port_check_fail_on": []}', "-e", unreachable("ec1"))
    assert result.returncode != 0
    assert "Not observed:" in result.stdout and "ec1: sockets, firewall, probes, paths: " in result.stdout
    assert document["hosts"]["ec1"]["unseen"]["probes"]
    assert any(item["verdict"] == "ok" for item in document["verdicts"])


def unreachable(host: str) -> str:
    return json.dumps({"ansible_port": f"{{{{ 9 if inventory_hostname == '{host}' else 22 }}}}"})


def test_a_result_under_another_name_is_no_green_check(lab: Lab, tmp_path: Path) -> None:
    other = {"jsa_port_check_seen_first": {}, "jsa_port_check_fail_on": []}
    result = play(lab, "check", "-e", json.dumps(other), "-e", f"jsa_port_check_dest={tmp_path}")
    assert result.returncode != 0
    for host in HOSTS:
        assert f"observed: {host} has no result of jsa.ports.observe" in result.stdout + result.stderr
    assert not (tmp_path / "port_check.json").exists()


def test_what_was_observed_is_joined_again_on_another_machine(lab: Lab, tmp_path: Path) -> None:
    plan = lab.inventory.with_name("plan.json")
    seen = ["-e", f"jsa_port_check_observations={tmp_path}/seen", "-e", f"jsa_plan_file={plan}"]
    result, document = check(lab, tmp_path, *seen)
    assert result.returncode == 0, result.stdout
    told = play(lab, "verdicts", *seen, "-e", f"jsa_port_check_dest={tmp_path}/again")
    assert told.returncode == 0, told.stdout + told.stderr
    joined = json.loads((tmp_path / "again" / "port_check.json").read_text())
    assert (joined["verdicts"], joined["hosts"]) == (document["verdicts"], document["hosts"])

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Twenty hosts at once, some of which fail: the others do not notice, and Ansible's own ways to stop work."""

from __future__ import annotations

import json
import re

from collections.abc import Iterator
from typing import Any

import pytest

from lab import Lab

NAMES = [f"host{number:02}" for number in range(1, 21)]
ALL = {name: {"ansible_host": f"10.77.0.{number + 100}"} for number, name in enumerate(NAMES)}
LOCKED_OUT, STOPPED, BROKEN = "host03", "host09", "host14"

PLAY = """
- hosts: all
  gather_facts: false
  serial: "{{ batch | default('100%') }}"
  max_fail_percentage: "{{ most | default(100) }}"
  tasks:
    - jsa.ports.firewall:
        rules:
          inbound: [{protocol: tcp, ports: "{{ port }}", sources: [10.77.0.0/24]}]
          refused: []
          unlisted: drop
        ssh_port: "{{ told_port | default(omit) }}"
        confirm_timeout: 20
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    inventory = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    inventory.write_text(json.dumps({"all": {"hosts": ALL}}))
    (inventory.parent / "play.yml").write_text(PLAY)
    with Lab.up(inventory, name="confirm-many") as built:
        yield built


def play(lab: Lab, **variables: Any) -> dict[str, str]:
    """Host -> ``changed``, ``ok`` or ``failed``; hosts that the play did not come to are missing."""
    told = lab.ansible(
        ["ansible-playbook", "-f", "10", str(lab.inventory.parent / "play.yml"), "-e", json.dumps(variables)]
    )
    found = {}
    for name, changed, failed in re.findall(
        r"^(\S+) +: ok=\d+ +changed=(\d+) +unreachable=0 +failed=(\d+)", told.stdout, re.MULTILINE
    ):
        found[name] = "failed" if failed != "0" else "changed" if changed != "0" else "ok"
    assert found, told.stdout + told.stderr
    return found


def policy(lab: Lab, name: str) -> str:
    path = lab.host(name).path("/etc/firewalld/policies/jsa-in.xml")
    return path.read_text() if path.exists() else ""


@pytest.mark.gate
def test_three_of_twenty_fail_in_different_ways(lab: Lab) -> None:
    lab.daemon(STOPPED, "stop", "firewalld")
    lab.run(BROKEN, ["sh", "-c", "echo '<zone' >/etc/firewalld/zones/broken.xml"], check=True)
    # Of this one, only the first connection gets through.
    lab.run(
        LOCKED_OUT,
        [
            "sh",
            "-c",
            "nft add table inet test; nft add chain inet test incoming '{ type filter hook input priority -300; }'",
        ],
        check=True,
    )
    warm = lab.ansible(["ansible", LOCKED_OUT, "-m", "ansible.builtin.ping"])
    assert warm.returncode == 0
    lab.run(LOCKED_OUT, ["nft", "add rule inet test incoming tcp dport 22 ct state new drop"], check=True)
    bad = {LOCKED_OUT, STOPPED, BROKEN}
    try:
        results = play(lab, port="32006")
        assert {name for name, result in results.items() if result == "failed"} == bad
        assert {name for name, result in results.items() if result == "changed"} == set(NAMES) - bad
        for name in NAMES:
            assert ("32006" in policy(lab, name)) == (name not in bad), name
        for name in set(NAMES) - {STOPPED}:
            assert "hook input" in lab.ruleset(name), "never an empty ruleset"
    finally:
        lab.run(LOCKED_OUT, ["nft", "delete", "table", "inet", "test"], check=True)
        lab.daemon(STOPPED, "start", "firewalld")
        lab.run(BROKEN, ["rm", "/etc/firewalld/zones/broken.xml"], check=True)
    results = play(lab, port="32006")
    assert {name for name, result in results.items() if result == "changed"} == bad, "the next run is all it takes"
    assert "failed" not in results.values()


@pytest.mark.gate
def test_a_bad_rule_stops_after_the_first_batch(lab: Lab) -> None:
    results = play(lab, port="32011", told_port=2222, batch=4, most=0)
    assert results == dict.fromkeys(NAMES[:4], "failed")
    for name in NAMES:
        assert "32011" not in policy(lab, name)
        assert "32011" not in lab.ruleset(name)
        assert lab.probe(None, lab.hosts[name].address, 22) == "open"

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory as Ansible hands it over: what a play hides from the plan is told."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.inventory import (
    require_known_variables,
    topology_of_task,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS

UNLISTED, ADDRESSES = "jsa_firewall_unlisted", "jsa_firewall_management_addresses"


class HostVars(dict[str, dict[str, Any]]):
    """Variables of hosts, none of them a template."""

    raw_get = dict.__getitem__


class Templar:
    def template(self, value: Any) -> Any:
        if value == "{{ broken }}":
            raise RuntimeError("'broken' is undefined")
        return value


def problems(inventory: dict[str, Any], play: dict[str, Any], running: str = "con1") -> list[str]:
    hosts = {
        "con1": {"ansible_host": "10.0.0.1", "jsa_networks": NO_NETWORKS, **inventory},
        "ep1": {"ansible_host": "10.0.0.2", "jsa_networks": NO_NETWORKS},
    }
    task_vars = {
        **hosts.get(running, {}),
        **play,
        "inventory_hostname": running,
        "hostvars": HostVars(hosts),
        "groups": {"all": list(hosts), "jsa_console": ["con1"], "jsa_processors": ["ep1"]},
    }
    topology, found = topology_of_task(task_vars, Templar())
    assert set(topology.hosts) == {"con1", "ep1"}
    return found


@pytest.mark.parametrize(
    ("inventory", "play"),
    [
        ({}, {}),
        ({UNLISTED: "reject", ADDRESSES: ["192.0.2.7"]}, {}),
        # What the plan takes anyhow.
        ({}, {UNLISTED: "zone", ADDRESSES: [], "jsa_firewall_restrict_outbound": False}),
        ({UNLISTED: "drop"}, {UNLISTED: "drop"}),
        ({}, {UNLISTED: "{{ broken }}"}),
    ],
)
def test_what_the_plan_knows(inventory: dict[str, Any], play: dict[str, Any]) -> None:
    assert problems(inventory, play) == []


@pytest.mark.parametrize(
    ("inventory", "play"),
    [
        ({}, {UNLISTED: "reject"}),
        ({UNLISTED: "drop"}, {UNLISTED: "reject"}),
        ({}, {ADDRESSES: ["192.0.2.7"]}),
        ({}, {"jsa_firewall_restrict_outbound": True}),
    ],
)
def test_what_a_play_hides_from_the_plan(inventory: dict[str, Any], play: dict[str, Any]) -> None:
    (problem,) = problems(inventory, play)
    assert problem.startswith(f"{next(iter(play))} is set by a play or a role")


def test_the_implicit_localhost_has_the_variables_of_all_hosts() -> None:
    assert problems({}, {UNLISTED: "reject"}, running="localhost") == []


class TestMisspelt:
    @pytest.mark.parametrize(
        ("inventory", "play"),
        [({"jsa_port_check_ratee": 3}, {}), ({}, {"jsa_port_check_ratee": 3})],
    )
    def test_wherever_it_stands(self, inventory: dict[str, Any], play: dict[str, Any]) -> None:
        assert "jsa_port_check_ratee" in problems(inventory, play)[0]

    def test_results_and_facts_are_nobodys_spelling(self) -> None:
        """Ansible has them among the variables of a host."""
        hosts = {"con1": {"ansible_host": "10.0.0.1", "jsa_networks": NO_NETWORKS, "jsa_network": {"failed": False}}}
        task_vars: dict[str, Any] = {**hosts["con1"], "inventory_hostname": "con1", "hostvars": HostVars(hosts)}
        task_vars["groups"] = {"jsa_console": ["con1"]}
        assert "jsa_network " in topology_of_task(task_vars, Templar())[1][0]
        manager = type("Manager", (), {"_nonpersistent_fact_cache": {"con1": {"jsa_network": {}}}})
        task_vars["hostvars"]._variable_manager = manager
        assert topology_of_task(task_vars, Templar())[1] == []

    def test_without_a_plan(self) -> None:
        task_vars = {"inventory_hostname": "con1", "jsa_firewall_stepps": 2}
        with pytest.raises(InputError, match="did you mean jsa_firewall_steps"):
            require_known_variables(task_vars, Templar())
        require_known_variables({**task_vars, "jsa_unknown_variables": "warn"}, Templar())

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which host of a plan a machine is: never a guess."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.this_host import host_of
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan

PLAN = Plan({"con1": "jsa_console", "ep1": "jsa_event_processors", "ep1.site2": "jsa_event_processors"}).plan


@pytest.mark.parametrize(
    ("machine", "addresses", "host"),
    [
        ("con1", ["10.0.0.1"], "con1"),
        # By the short name, as most inventories have it.
        ("con1.example.com", ["10.0.0.1", "192.0.2.1"], "con1"),
        ("localhost", ["10.0.0.2"], "ep1"),
        ("ep1.example.com", ["10.0.0.3"], "ep1.site2"),
        # Behind NAT, or where the kernel does not tell.
        ("con1", ["192.0.2.1"], "con1"),
        ("con1", [], "con1"),
    ],
)
def test_by_name_and_address(machine: str, addresses: list[str], host: str) -> None:
    assert host_of(PLAN, machine, addresses) == host


@pytest.mark.parametrize(
    ("machine", "addresses"),
    [
        ("nobody", ["192.0.2.1"]),
        # The name of one, the address of another.
        ("con1", ["10.0.0.2"]),
        ("nobody", ["10.0.0.1", "10.0.0.2"]),
        ("ep1.example.com", []),
    ],
)
def test_what_is_not_certain_is_an_error(machine: str, addresses: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        host_of(PLAN, machine, addresses)
    assert machine in str(caught.value) and "jsa_observe_here_host" in str(caught.value)

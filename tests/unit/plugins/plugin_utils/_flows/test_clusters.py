# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the virtual addresses of HA pairs are called."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.clusters import virtual_names
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan, Plan


@pytest.mark.parametrize(
    ("pairs", "names"),
    [
        ([("con1", "con2")], ["con"]),
        ([("jsa-con-b", "jsa-con-a")], ["jsa-con"]),
        ([("con1.example.com", "con2.example.com")], ["con"]),
        # Nothing in common; the other node itself; a host's name; two pairs.
        ([("alpha", "beta")], ["alpha/beta"]),
        ([("node1", "node10")], ["node1/node10"]),
        ([("con1", "con2"), ("con", "x")], ["con1/con2", "con/x"]),
        ([("ep1", "ep2"), ("ep3", "ep4")], ["ep1/ep2", "ep3/ep4"]),
    ],
)
def test_from_the_names_of_the_nodes(pairs: list[tuple[str, str]], names: list[str]) -> None:
    hosts = {
        name: HostPlan(roles=(), addresses=(), virtual_addresses=(f"10.0.0.{number}",), inbound=(), refused=(),
                       dynamic=())
        for number, pair in enumerate(pairs)
        for name in pair
    }  # fmt: skip
    expected = {f"10.0.0.{number}": name for number, name in enumerate(names)}
    assert virtual_names(Plan(version=1, hosts=hosts)) == expected

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts that fail: those that have to be corrected, as far as a later task runs on them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.guilty import (
    guilty_hosts,
    guilty_of_problems,
    hosts_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError

HOSTS = ["con1", "ep1", "ep2"]


def task_vars(*batch: str) -> dict[str, Any]:
    """Of a task on the first host of *batch*. Other hosts of the play have their turn later."""
    return {
        "ansible_play_batch": list(batch),
        "ansible_play_hosts": HOSTS,
        "hostvars": dict.fromkeys(HOSTS),
        "inventory_hostname": batch[0],
    }


@pytest.mark.parametrize(
    ("problem", "hosts"),
    [
        ("ep1: jsa_roles: no", ["ep1"]),
        ("ep1, ep2: both have the address 2001:db8::1", ["ep1", "ep2"]),
        ("ep1, ep9: both have it", []),
        ("jsa_networks.admin: not a network: ep1", []),
        ("ep1 has no role", []),
    ],
)
def test_the_hosts_that_a_problem_begins_with(problem: str, hosts: list[str]) -> None:
    assert hosts_of(problem, HOSTS) == hosts


class TestOfProblems:
    def test_each_host_is_told_its_own_and_the_first_one_what_concerns_nobody(self) -> None:
        error = InputError("No", ["ep2: a", "of all", "ep1, ep2: b"])
        found = guilty_of_problems(error, task_vars(*HOSTS))
        assert found == {"ep1": "No:\n- ep1, ep2: b", "ep2": "No:\n- ep2: a\n- ep1, ep2: b\n- of all"}
        # In the order of the play.
        assert list(found) == ["ep1", "ep2"]

    def test_of_no_host(self) -> None:
        whose = "No single host is at fault: ep1, the first host of the play, reports it."
        assert guilty_of_problems(InputError("No", ["of all"]), task_vars("ep1")) == {"ep1": f"No:\n- of all\n{whose}"}

    def test_of_a_host_of_a_later_batch(self) -> None:
        whose = "The hosts at fault are not in this play or batch: con1, the first host of the play, reports it."
        assert guilty_of_problems(InputError("No", ["ep2: a"]), task_vars("con1", "ep1")) == {
            "con1": f"No:\n- ep2: a\n{whose}"
        }

    def test_without_a_play(self) -> None:
        assert list(guilty_of_problems(InputError("No", ["a"]), {"inventory_hostname": "ep1"})) == ["ep1"]


class TestOfFlows:
    COUNTS = {"ep1": Counter({"network": 2, "service_down": 1}), "ep2": Counter({"network": 1})}

    def test_each_host_is_told_of_its_flows_and_of_itself(self) -> None:
        found = guilty_hosts(self.COUNTS, {"ep1": "not observed"}, "all of it", task_vars(*HOSTS))
        ending = "; see the table above for the causes"
        assert found == {
            "ep1": f"not observed; flows to correct here: 2 network, 1 service_down{ending}",
            "ep2": f"flow to correct here: 1 network{ending}",
        }

    @pytest.mark.parametrize("batch", [("con1",), ("con1", "ep3")])
    def test_a_host_of_a_later_batch_cannot_fail_yet(self, batch: tuple[str, ...]) -> None:
        assert guilty_hosts(self.COUNTS, {}, "all of it", task_vars(*batch)) == {"con1": "all of it"}

    def test_where_nobody_says_who_is_left(self) -> None:
        assert list(guilty_hosts(self.COUNTS, {"con1": "x"}, "all of it", {})) == ["con1", "ep1", "ep2"]

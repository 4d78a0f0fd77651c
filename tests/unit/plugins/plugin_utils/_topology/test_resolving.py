# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of hosts: looked up once, on request, and every address told."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._topology.reader import read_topology
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.resolving import Resolver, look_up
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS


class TestNames:
    """Looked up where the site wants it."""

    INVENTORY = {
        "con1": {"jsa_networks": NO_NETWORKS, "ansible_host": "con1.example"},
        "ep1": {"jsa_networks": NO_NETWORKS, "ansible_host": "10.0.0.2"},
    }
    GROUPS = {"con1": ["jsa_console"], "ep1": ["jsa_processors"]}

    def read(self, *answer: str, wanted: bool = True) -> tuple[Any, list[str], list[str]]:
        asked = []

        def ask(name: str) -> tuple[str, ...]:
            asked.append(name)
            if not answer:
                raise OSError("Name or service not known")
            return answer

        inventory = {name: {**own, "jsa_resolve": wanted} for name, own in self.INVENTORY.items()}
        topology, problems = read_topology(inventory, self.GROUPS, resolver=Resolver(ask))
        return topology, problems, asked

    def test_are_told(self) -> None:
        topology, problems, asked = self.read("2001:db8::1", "10.0.0.1", "10.0.0.1")
        assert problems == [] and asked == ["con1.example"]
        assert topology.hosts["con1"].addresses == ("10.0.0.1", "2001:db8::1")
        assert topology.warnings == (
            "addresses were looked up on the controller (jsa_resolve): con1 is 10.0.0.1, 2001:db8::1 (con1.example)",
        )

    @pytest.mark.parametrize(
        ("answer", "words"), [((), "was not found: Name or service"), (("127.0.1.1",), "127.0.1.1 is a loopback")]
    )
    def test_that_give_no_address(self, answer: tuple[str, ...], words: str) -> None:
        _topology, (problem,), _asked = self.read(*answer)
        assert problem.startswith("con1: jsa_resolve: con1.example") and words in problem

    def test_are_not_looked_up_otherwise(self) -> None:
        _topology, problems, asked = self.read("10.0.0.1", wanted=False)
        assert asked == [] and "con1: its address is not known" in problems[0]


def test_the_controllers_own_resolver() -> None:
    assert set(look_up("localhost")) & {"127.0.0.1", "::1"}

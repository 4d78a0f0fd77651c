# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much of something is told: up to a limit all of it, above it the number of the rest."""

from __future__ import annotations

import json

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.baseline import parse_baseline
from ansible_collections.jsa.ports.plugins.plugin_utils._check.drift import drift_table
from ansible_collections.jsa.ports.plugins.plugin_utils._check.faults import Fault
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError


@pytest.mark.parametrize(("count", "more"), [(1, None), (10, None), (11, "and 1 more"), (25, "and 15 more")])
def test_problems_of_a_baseline(count: int, more: str | None) -> None:
    text = json.dumps({"version": 1, "verdicts": [{}] * count})
    with pytest.raises(InputError) as caught:
        parse_baseline(text, "b.json")
    told = str(caught.value)
    assert told.count("expected") + told.count("is missing") == min(count, 10)
    assert (f"verdict {min(count, 10)}:" in told) and f"verdict {min(count, 10) + 1}:" not in told
    assert (more in told) if more else ("more" not in told)


@pytest.mark.parametrize("port", [-1, 65536, 1.5, True, None])
def test_ports_of_a_baseline_that_are_none(port: object) -> None:
    item = {"verdict": "network", "from": "a", "to": "b", "protocol": "tcp", "port": port}
    with pytest.raises(InputError, match=r"verdict 1: port: .* is not a port"):
        parse_baseline(json.dumps({"version": 1, "verdicts": [item]}), "b.json")


@pytest.mark.parametrize("port", [{"port": 1}, {"port": 65535}, {}])
def test_ports_of_a_baseline(port: dict[str, int]) -> None:
    item = {"verdict": "network", "from": "a", "to": "b", "protocol": "tcp", **port}
    found = parse_baseline(json.dumps({"version": 1, "verdicts": [item, {**item, "verdict": "ok"}]}), "b.json")
    assert list(found.verdicts.values()) == [item]


@pytest.mark.parametrize(
    ("count", "last"),
    [
        (8, "  line 8"),
        (9, "  and 1 more; port_check.json lists all of them"),
    ],
)
def test_lines_of_a_host(count: int, last: str) -> None:
    lines = drift_table({"ep1": [f"line {number}" for number in range(1, count + 1)], "con1": []}).splitlines()
    assert lines[0].startswith("ep1: ")
    assert lines[1:9] == [f"  line {number}" for number in range(1, 9)]
    assert lines[-1] == last
    assert len(lines) == count + 1


@pytest.mark.parametrize(("flows", "count"), [(1, ""), (2, "  [2 flows]")])
def test_flows_of_a_fault(flows: int, count: str) -> None:
    fault = Fault("network", "why", None, ("a",), ("b",), ("b",), {"tcp": [22]}, ("ssh",), flows)
    assert fault.lines() == ["network  a -> b  tcp 22 (ssh)" + count, "    why"]

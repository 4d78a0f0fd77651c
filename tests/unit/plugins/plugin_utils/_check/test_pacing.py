# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pacing: what a listener gets per second from all who probe it at a time."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.model import read_probes
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.pacing import interleave
from ansible_collections.jsa.ports.plugins.plugin_utils._check.pacing import expected_seconds, rates, shuffled
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import Probe


def probes_to(counts: dict[str, int]) -> list[Probe]:
    return [Probe(address, "tcp", port) for address, count in counts.items() for port in range(1, count + 1)]


def busiest_second(probes: dict[str, list[Probe]], rate_of: dict[str, float], seed: int = 0) -> int:
    """The most that any address gets in any second, where all hosts begin together."""
    arrivals: dict[str, list[float]] = {}
    for host, own in probes.items():
        for number, probe in enumerate(
            interleave(read_probes([one.as_dict() for one in shuffled(own, f"{seed} {host}")]))
        ):
            arrivals.setdefault(probe.address, []).append(number / rate_of[host])
    most = 0
    for times in arrivals.values():
        times.sort()
        first = 0
        for last, time in enumerate(times):
            while times[first] <= time - 1:
                first += 1
            most = max(most, last - first + 1)
    return most


MESH = {f"h{i}": probes_to({f"10.0.0.{j}": 40 for j in range(50) if j != i}) for i in range(50)}
STAR = {
    "con1": probes_to({f"10.0.0.{j}": 20 for j in range(1, 50)}),
    **{f"h{i}": probes_to({"10.0.0.0": 30}) for i in range(1, 50)},
}


#: Half of what everybody sends goes to one listener: taken in turns, all of them would end with it alone.
UNEQUAL = {
    f"h{i}": probes_to({"10.0.0.0": 400, **{f"10.0.0.{1 + (i + j) % 50}": 40 for j in range(10)}}) for i in range(1, 50)
}


@pytest.mark.parametrize("probes", [MESH, STAR, UNEQUAL], ids=["mesh", "star", "unequal"])
@pytest.mark.parametrize("at_once", [50])
def test_no_listener_gets_much_more_than_one_host_may_send(probes: dict[str, list[Probe]], at_once: int) -> None:
    found = rates(probes, 200, at_once)
    assert max(found.values()) <= 200
    # Even spacing leaves each of them one probe early or late.
    assert busiest_second(probes, found) <= 200 + at_once
    # Undivided, the listener in the middle of a star gets what everybody may send.
    if probes is STAR:
        assert busiest_second(probes, dict.fromkeys(probes, 200.0)) > 1000


def test_a_mesh_is_not_slowed_down() -> None:
    assert rates(MESH, 200, 5) == dict.fromkeys(MESH, 200.0)


def test_a_star_shares_the_rate_of_its_middle() -> None:
    found = rates(STAR, 200, 5)
    assert found["con1"] == 200
    assert {value for host, value in found.items() if host != "con1"} == {40.0}


def test_no_limit_and_nothing_to_do() -> None:
    assert rates(STAR, 0, 5)["h1"] == 0
    assert rates({"a": []}, 200, 5) == {"a": 200.0}
    assert rates(STAR, 2, 50)["h1"] == 1.0


def test_the_order_keeps_every_probe_and_is_the_same_for_the_same_seed() -> None:
    own = MESH["h0"]
    first, again, other = (shuffled(own, seed) for seed in ("1 h0", "1 h0", "2 h0"))
    assert first == again != other
    assert sorted(first, key=str) == sorted(own, key=str)


def test_expected_seconds() -> None:
    assert expected_seconds({"a": probes_to({"b": 400}), "b": []}, {"a": 200, "b": 200}, 5) == 2
    assert expected_seconds(MESH, dict.fromkeys(MESH, 200.0), 5) == pytest.approx(50 * 49 * 40 / 200 / 5)
    assert expected_seconds(MESH, dict.fromkeys(MESH, 0.0), 5) == 0

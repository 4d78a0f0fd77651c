# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a check is: counted over processes that know nothing of each other."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.progress import Progress, surprises

PROBES: list[dict[str, Any]] = [
    {"address": "10.0.0.2", "protocol": "tcp", "port": 22, "open": True},
    {"address": "10.0.0.2", "protocol": "tcp", "port": 5432, "open": False},
    {"address": "10.0.0.2", "protocol": "udp", "port": 514, "open": True},
    {"address": "10.0.0.2", "protocol": "icmp", "open": True},
    {"address": "10.0.0.2", "protocol": "tcp", "port": 8080},
]


def answers(*results: str) -> dict[str, Any]:
    return {"probes": {"results": [{"result": result} for result in results]}, "firewall": {"as_planned": True}}


def test_some_lines_for_many_hosts(tmp_path: Path) -> None:
    progress = Progress(str(tmp_path / "file"), 50)
    printed = [line for _host in range(50) for line in progress.note(3, [])]
    assert len(printed) == 10
    assert (printed[0], printed[-1]) == (
        "5 of 50 hosts observed, 15 probes sent",
        "50 of 50 hosts observed, 150 probes sent",
    )


def test_the_first_surprises_and_no_more(tmp_path: Path) -> None:
    progress = Progress(str(tmp_path / "file"), 100)
    assert progress.note(1, ["a", "b", "c"]) == ["1 of 100 hosts observed, 1 probes sent", "a", "b", "c"]
    assert progress.note(1, ["d", "e", "f"])[1:] == ["d", "e"]
    assert progress.note(1, ["g"]) == []


def test_every_process_counts(tmp_path: Path) -> None:
    progress = Progress(str(tmp_path / "file"), 8)
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        list(pool.map(progress.note, [2] * 8, [[]] * 8))
    assert (tmp_path / "file").read_text() == "2 0\n" * 8


def test_a_file_that_cannot_be_written_costs_the_lines_only(tmp_path: Path) -> None:
    assert Progress(str(tmp_path / "absent" / "file"), 1).note(1, ["x"]) == []


def test_what_nobody_expected() -> None:
    assert surprises("con1", PROBES, answers("open", "prohibited", "open_or_filtered", "open", "no_answer")) == []
    found = surprises("con1", PROBES, answers("no_answer", "open", "prohibited", "no_answer", "refused"))
    assert found == [
        "  con1: 10.0.0.2 tcp 22: no_answer",
        "  con1: 10.0.0.2 tcp 5432: open",
        "  con1: 10.0.0.2 udp 514: prohibited",
        "  con1: 10.0.0.2 icmp: no_answer",
    ]
    assert surprises("con1", [], {"firewall": {"as_planned": False}}) == ["  con1: its firewall differs from the plan"]


@pytest.mark.parametrize(
    "result", [{}, {"probes": 1, "firewall": 1}, {"probes": {"results": 1}}, {"probes": {"results": [1]}}]
)
def test_a_malformed_answer_surprises_nobody(result: dict[str, Any]) -> None:
    assert surprises("con1", PROBES, result) == []

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.tests.bench import planning, process, report
from ansible_collections.jsa.ports.tests.bench.measure import AT_LEAST, AT_MOST, Part, Ratio, Samples


def samples(**values: list[float]) -> Samples:
    return Samples(dict(values))


def test_a_ratio_is_the_median_of_the_rounds_not_that_of_the_medians() -> None:
    # The second round was ten times as slow for both: the medians' ratio would be 20 / 2.
    found = samples(slow=[20.0, 100.0, 3.0], fast=[2.0, 20.0, 1.0]).ratio("what", ["slow"], ["fast"])
    assert found.value == 5
    assert found.spread == (3, 10)


def test_a_ratio_of_sums() -> None:
    found = samples(first=[6.0], ping=[1.0], reload=[2.0]).ratio("what", ["first"], ["ping", "reload"])
    assert found.value == 2


def test_rounds_without_a_partner_are_an_error() -> None:
    with pytest.raises(ValueError):
        samples(slow=[1.0, 2.0], fast=[1.0]).ratio("what", ["slow"], ["fast"])


@pytest.mark.parametrize(
    ("value", "relation", "target", "verdict"),
    [
        (40.0, AT_LEAST, 40.0, "PASS"),
        (39.9, AT_LEAST, 40.0, "FAIL"),
        (1.3, AT_MOST, 1.3, "PASS"),
        (1.31, AT_MOST, 1.3, "FAIL"),
        (9.0, "", None, ""),
    ],
)
def test_verdicts(value: float, relation: str, target: float | None, verdict: str) -> None:
    assert Ratio("what", value, relation, target).verdict == verdict


def test_what_is_scaled_has_no_verdict() -> None:
    scaled = Ratio("loop", 30.0, AT_LEAST, 40, (20.0, 35.0)).scaled(2, "more")
    assert (scaled.value, scaled.spread, scaled.verdict) == (60, (40, 70), "")


def test_the_report_replaces_its_tables_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "performance.md"
    file.write_text(f"before\n\n{report._BEGIN}\nold\n{report._END}\n\nafter\n")
    part = Part("(a) Title", "How.", samples(slow=[2.0], fast=[1.0]), [Ratio("slow / fast", 2, AT_MOST, 1)])
    report.write(file, ["2 cores"], [part])
    text = file.read_text()
    assert text.startswith("before\n\n") and text.endswith("\n\nafter\n")
    assert "old" not in text
    assert "- 2 cores" in text
    assert "| slow / fast | 2.00 |  |  | at most 1 | FAIL |" in text
    report.write(file, ["2 cores"], [part])
    assert file.read_text() == text


def test_a_report_without_its_marks_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "performance.md"
    file.write_text("mine\n")
    with pytest.raises(process.UnmeasurableError, match="has lost the lines"):
        report.check(file)
    assert file.read_text() == "mine\n"


@pytest.mark.parametrize("size", [10, 1000])
def test_the_generated_inventory_has_so_many_different_hosts(size: int) -> None:
    children = planning.inventory(size)["all"]["children"]
    members = [(name, variables) for group in children.values() for name, variables in group["hosts"].items()]
    assert len({name for name, _variables in members}) == len(members) == size
    assert len({variables["ansible_host"] for _name, variables in members}) == size


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(process.UnmeasurableError, match="exit 3\nbroken"):
        process.run([sys.executable, "-c", "import sys; print('broken'); sys.exit(3)"])


def test_a_command_that_does_not_end_is_ended_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A shell's background job does not hear the polite signal.
    monkeypatch.setattr(process, "_GRACE", 0.2)
    pid = tmp_path / "pid"
    script = f"sleep 60 & echo $! > {pid}; wait"
    with pytest.raises(process.UnmeasurableError, match=r"not done after 0\.5 seconds"):
        process.run(["sh", "-c", script], timeout=0.5)
    deadline = time.monotonic() + 5
    while alive(int(pid.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """A zombie that nobody has waited for is dead, too."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_an_interrupted_measurement_takes_its_command_along(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "from ansible_collections.jsa.ports.tests.bench import process\n"
        f"process.run(['sh', '-c', 'echo $$ > {pid}; exec sleep 60'])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL) as runner:
        deadline = time.monotonic() + 10
        while not (pid.exists() and pid.read_text().strip()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        runner.send_signal(signal.SIGINT)
        assert runner.wait(timeout=10) != 0
    assert not alive(int(pid.read_text()))

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys
import time

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ansible_collections.jsa.ports.tests import run
from ansible_collections.jsa.ports.tests.run import Outcome, Step, count_reports, judge

CASES = {
    "passed": '<testcase name="a"/>',
    "failed": '<testcase name="b"><failure message="no"/></testcase>',
    "broken": '<testcase name="c"><error message="no"/></testcase>',
    "skipped": '<testcase name="d"><skipped message="not here"/></testcase>',
    # pytest writes both for a test that passed and whose fixture then could not be taken down.
    "skipped and broken": '<testcase name="e"><skipped/><error message="no"/></testcase>',
}


def write_report(folder: Path, name: str, *cases: str) -> None:
    body = "".join(CASES[case] for case in cases)
    (folder / name).write_text(f'<testsuites><testsuite name="s">{body}</testsuite></testsuites>')


def counts(outcome: Outcome) -> tuple[int, int, int]:
    return outcome.passed, outcome.failed, outcome.skipped


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        (["passed", "passed"], (2, 0, 0)),
        (["passed", "failed", "broken", "skipped"], (1, 2, 1)),
        (["skipped and broken"], (0, 1, 0)),
        ([], (0, 0, 0)),
    ],
)
def test_cases_are_counted(tmp_path: Path, cases: list[str], expected: tuple[int, int, int]) -> None:
    write_report(tmp_path, "report.xml", *cases)
    assert counts(count_reports(tmp_path)) == expected


def test_reports_are_added_up(tmp_path: Path) -> None:
    write_report(tmp_path, "one.xml", "passed", "skipped")
    write_report(tmp_path, "two.xml", "passed", "failed")
    assert counts(count_reports(tmp_path)) == (2, 1, 1)


def test_what_was_skipped_is_named(tmp_path: Path) -> None:
    write_report(tmp_path, "one.xml", "passed", "skipped")
    assert count_reports(tmp_path).missing == ["d: not here"]


def test_a_damaged_report_is_a_failure(tmp_path: Path) -> None:
    write_report(tmp_path, "one.xml", "passed")
    (tmp_path / "two.xml").write_text("<testsuites><testsuite>")
    outcome = count_reports(tmp_path)
    assert counts(outcome) == (1, 1, 0)
    assert "two.xml cannot be read" in outcome.remarks[0]


PLAIN = Step("plain", ("true",))
COUNTED = Step("counted", ("true", "{reports}"), timeout=7)


@pytest.mark.parametrize(
    ("step", "code", "cases", "expected", "remark"),
    [
        (PLAIN, 0, [], (1, 0, 0), None),
        (PLAIN, 3, [], (0, 1, 0), None),
        (PLAIN, None, [], (0, 1, 0), "not done after 600 seconds"),
        # A plain step counts as one test whatever lies in its folder.
        (PLAIN, 0, ["failed"], (1, 0, 0), None),
        (COUNTED, 0, ["passed", "skipped"], (1, 0, 1), None),
        (COUNTED, 1, ["passed", "failed"], (1, 1, 0), None),
        (COUNTED, 2, ["passed"], (1, 1, 0), "ended with code 2, though no test of it failed"),
        (COUNTED, 4, [], (0, 1, 0), "no test ran (code 4)"),
        (COUNTED, 0, [], (0, 1, 0), "no test ran (code 0)"),
        # A laboratory that cannot be built is no reason to skip everything and call it a success.
        (COUNTED, 0, ["skipped", "skipped"], (0, 1, 2), "no test ran (code 0)"),
        (COUNTED, None, ["passed"], (1, 1, 0), "not done after 7 seconds"),
    ],
)
def test_a_step_is_judged(
    tmp_path: Path, step: Step, code: int | None, cases: list[str], expected: tuple[int, int, int], remark: str | None
) -> None:
    if cases:
        write_report(tmp_path, "report.xml", *cases)
    outcome = judge(step, code, tmp_path)
    assert counts(outcome) == expected
    assert outcome.remarks == ([remark] if remark else [])


def test_the_last_line() -> None:
    assert str(Outcome(12, 3, 4)) == "12 passed, 3 failed, 4 skipped"


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run, "RESULTS", tmp_path)
    # The children here are pytest's, and may belong to other tests.
    monkeypatch.setattr(run, "end_leftovers", list)
    monkeypatch.setattr(run, "wait", lambda process, timeout, stoppable=False: process.wait(timeout))
    return tmp_path


def added_up(stages: Mapping[str, Sequence[Step]]) -> Outcome:
    total = Outcome()
    run.run_stages(stages, total)
    return total


@pytest.mark.usefixtures("results")
def test_a_failure_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    stages = {
        "first": (Step("bad", ("sh", "-c", "echo the reason; exit 1")), Step("good", ("true",))),
        "second": (Step("absent", ("no-such-program",)), Step("good", ("sh", "-c", "echo much talk"))),
    }
    assert counts(added_up(stages)) == (2, 2, 0)
    printed = capsys.readouterr().out
    assert "the reason" in printed
    assert "much talk" not in printed
    assert "no-such-program" in printed


def test_reports_of_an_earlier_run_do_not_count(results: Path) -> None:
    (results / "unit" / "pytest").mkdir(parents=True)
    write_report(results / "unit" / "pytest", "old.xml", "passed")
    assert counts(added_up({"unit": (Step("pytest", ("test", "-d", "{reports}")),)})) == (0, 1, 0)


@pytest.mark.usefixtures("results")
def test_only_our_own_scripts_see_our_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "from-outside")
    stages = {
        "path": (
            Step("foreign", ("sh", "-c", 'test -z "$PYTHONPATH"')),
            Step("own", ("sh", "-c", 'test "$PYTHONPATH" = here'), environment={"PYTHONPATH": "here"}),
        )
    }
    assert counts(added_up(stages)) == (2, 0, 0)


#: Adopting orphans cannot be undone, so what needs it runs in an interpreter of its own.
_SCRIPT = """
import sys
from pathlib import Path
from ansible_collections.jsa.ports.tests import run
run.RESULTS = Path(sys.argv.pop())
run.STAGES = {"stage": (run.Step("step", ("sh", "-c", sys.argv.pop()), timeout=float(sys.argv.pop())),)}
run.copy_project = lambda source, target: None
sys.exit(run.main())
"""


def start_alone(results: Path, command: str, timeout: float = 60) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, str(timeout), command, str(results)],
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path)),
        stdout=subprocess.PIPE,
        text=True,
    )


def run_alone(results: Path, command: str, timeout: float = 60) -> str:
    with start_alone(results, command, timeout) as process:
        printed, _nothing = process.communicate()
    assert process.returncode == (0 if " 0 failed" in printed.splitlines()[-1] else 1)
    return printed


def alive(process: int) -> bool:
    try:
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_step_that_never_ends_is_ended(tmp_path: Path) -> None:
    started = time.monotonic()
    printed = run_alone(tmp_path, f"echo $$ > {tmp_path}/pid; echo so far; exec sleep 1000", timeout=0.5)
    assert time.monotonic() - started < 30
    assert printed.endswith("\n0 passed, 1 failed, 0 skipped\n")
    assert "not done after 0.5 seconds" in printed
    assert "so far" in printed
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_daemon_left_behind_is_a_failure_and_is_ended(tmp_path: Path) -> None:
    # Twice forked and in a session of its own, as daemons are.
    daemon = f"setsid sh -c 'sleep 1000 & echo $! > {tmp_path}/pid' & wait"
    printed = run_alone(tmp_path, daemon)
    assert printed.endswith("\n1 passed, 1 failed, 0 skipped\n")
    assert "left running: sleep 1000" in printed
    assert not alive(int((tmp_path / "pid").read_text()))


def test_an_orphan_that_ends_is_gone_while_its_step_goes_on(tmp_path: Path) -> None:
    orphan = f"sh -c 'sleep 0.1 & echo $! > {tmp_path}/pid'"
    printed = run_alone(tmp_path, f"{orphan}; sleep 1; test ! -e /proc/$(cat {tmp_path}/pid)")
    assert printed.endswith("\n1 passed, 0 failed, 0 skipped\n")


def test_an_interrupted_run_ends_its_step_and_says_so(tmp_path: Path) -> None:
    # It takes a while to clean up, and is given the time.
    step = f"trap 'sleep 0.3; touch {tmp_path}/cleaned; exit 1' TERM; echo $$ > {tmp_path}/pid; sleep 1000 & wait"
    with start_alone(tmp_path, step) as process:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.02)
        process.terminate()
        printed, _nothing = process.communicate()
    assert process.returncode == 1
    assert printed.endswith("interrupted\n0 passed, 1 failed, 0 skipped\n")
    assert (tmp_path / "cleaned").exists()
    assert not alive(int((tmp_path / "pid").read_text()))


def test_what_ends_by_itself_in_time_is_no_failure(tmp_path: Path) -> None:
    assert run_alone(tmp_path, "setsid sleep 0.5 &").endswith("\n1 passed, 0 failed, 0 skipped\n")


@pytest.mark.parametrize("stage", run.STAGES)
def test_what_is_counted_by_reports_writes_them(stage: str) -> None:
    # One command that stands for many tests, and does not say so, would count as a single one.
    for step in run.STAGES[stage]:
        counted = ("unit", "package", "sanity", "lab", "versions", "matrix", "molecule")
        assert step.reports == (stage in counted), step.name


def test_an_unknown_stage_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py", "unit", "sanitty"])
    with pytest.raises(SystemExit):
        run.main()
    assert "no stage sanitty; there are packages, lint, unit" in capsys.readouterr().err

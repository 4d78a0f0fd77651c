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

from ansible_collections.jsa.ports.tests.run.outcome import Outcome, count_reports, judge
from ansible_collections.jsa.ports.tests.run.step import Step

CASES = {
    "passed": '<testcase name="a"/>',
    "timed": '<testcase classname="tests.lab.x" name="f" time="1.5"/>',
    "failed": '<testcase name="b"><failure message="no"/></testcase>',
    "placed": '<testcase classname="tests.lab.x" name="g"><failure message="first&#10;second"/></testcase>',
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


def test_how_long_each_took_is_kept(tmp_path: Path) -> None:
    write_report(tmp_path, "one.xml", "passed", "timed")
    assert count_reports(tmp_path).times == [(1.5, "lab.x: f")]


def test_what_was_skipped_is_named(tmp_path: Path) -> None:
    write_report(tmp_path, "one.xml", "passed", "skipped")
    assert count_reports(tmp_path).missing == ["d: not here"]


def test_what_failed_is_named_with_its_reason(tmp_path: Path) -> None:
    write_report(tmp_path, "one.xml", "passed", "failed", "placed")
    assert count_reports(tmp_path).failures == ["one: b: no", "lab.x: g: first"]


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


#: Adopting orphans cannot be undone, and forking does not go well with pytest's threads, so each run has an interpreter
#: of its own. Each argument is a round of lanes, each lane a sequence of steps, as Python says them.
_SCRIPT = """
import sys
from pathlib import Path
from ansible_collections.jsa.ports.tests.run import __main__ as program, step as steps
from ansible_collections.jsa.ports.tests.run.step import Step
steps.RESULTS = Path(sys.argv[1])
program.copy_project = lambda source, target: None
rounds = [eval(text) for text in sys.argv[2:]]
names = iter(range(99))
program.STAGES = {}
def stage(steps):
    name = "stage%d" % next(names)
    program.STAGES[name] = steps
    return name
program.TIERS = {"tier": [[[stage(lane)] for lane in lanes] for lanes in rounds]}
sys.argv[1:] = ["tier"]
sys.exit(program.main())
"""


def shell(command: str, timeout: float = 60, name: str = "step") -> Step:
    return Step(name, ("sh", "-c", command), timeout=timeout)


def start_alone(results: Path, *rounds: list[list[Step]], **environment: str) -> subprocess.Popen[str]:
    path = os.pathsep.join(path for path in sys.path if path)
    # Only the runner itself has to find the collection.
    code = f"import sys; sys.path[:0] = {path.split(os.pathsep)!r}\n{_SCRIPT}"
    return subprocess.Popen(
        [sys.executable, "-c", code, str(results), *(repr([[*lane] for lane in lanes]) for lanes in rounds)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def run_alone(results: Path, *rounds: list[list[Step]], **environment: str) -> str:
    with start_alone(results, *rounds, **environment) as process:
        printed, _nothing = process.communicate()
    assert process.returncode == (0 if " 0 failed" in printed.splitlines()[-1] else 1)
    return printed


def alive(process: int) -> bool:
    try:
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def appeared(path: Path) -> str:
    deadline = time.monotonic() + 60
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return path.read_text()


def test_a_failure_stops_nothing_and_only_failures_are_shown(tmp_path: Path) -> None:
    printed = run_alone(
        tmp_path,
        [[shell("echo the reason; exit 1", name="bad"), Step("good", ("true",))]],
        [[Step("absent", ("no-such-program",)), shell("echo much talk")]],
    )
    assert printed.endswith(
        "FAILED: stage0: bad\n"
        "FAILED: stage1: absent: could not be run: [Errno 2] No such file or directory: 'no-such-program'; "
        "the programs of the system come with make packages\n"
        "2 passed, 2 failed, 0 skipped\n"
    )
    assert "the reason" in printed
    assert "much talk" not in printed
    assert "no-such-program" in printed


def test_reports_of_an_earlier_run_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "stage0" / "step").mkdir(parents=True)
    write_report(tmp_path / "stage0" / "step", "old.xml", "passed")
    printed = run_alone(tmp_path, [[Step("step", ("test", "-d", "{reports}"))]])
    assert printed.endswith("\n0 passed, 1 failed, 0 skipped\n")


def test_only_our_own_scripts_see_our_path(tmp_path: Path) -> None:
    steps = [
        shell('test -z "$PYTHONPATH"', name="foreign"),
        Step("own", ("sh", "-c", 'test "$PYTHONPATH" = here'), environment={"PYTHONPATH": "here"}),
    ]
    assert "\n2 passed, 0 failed" in run_alone(tmp_path, [steps], PYTHONPATH="from-outside")


def test_lanes_run_side_by_side_and_rounds_one_after_the_other(tmp_path: Path) -> None:
    # Each waits for what the other does, and neither could alone.
    one = shell(f"touch {tmp_path}/one; until test -e {tmp_path}/two; do sleep 0.02; done", timeout=20)
    two = shell(f"until test -e {tmp_path}/one; do sleep 0.02; done; touch {tmp_path}/two", timeout=20)
    after = shell(f"test -e {tmp_path}/one && test -e {tmp_path}/two")
    assert run_alone(tmp_path, [[one], [two]], [[after]]).endswith("\n3 passed, 0 failed, 0 skipped\n")


def test_a_later_round_waits_for_every_lane(tmp_path: Path) -> None:
    slow = shell(f"sleep 0.5; touch {tmp_path}/slow")
    assert "\n3 passed, 0 failed" in run_alone(
        tmp_path, [[shell("true")], [slow]], [[shell(f"test -e {tmp_path}/slow")]]
    )


def test_where_the_time_went_is_told(tmp_path: Path) -> None:
    write_report(tmp_path, "kept.xml", "passed", "timed")
    copy = Step("step", ("sh", "-c", f"sleep 0.3; cp {tmp_path}/kept.xml {{reports}}/"))
    lines = run_alone(tmp_path, [[copy]]).splitlines()
    assert "The slowest 1 tests:" in lines
    assert "     1.5 s  lab.x: f" in lines
    seconds, _s, name = lines[lines.index("Stages:") + 1].split()
    assert name == "stage0"
    assert 0.3 <= float(seconds) < 30
    assert lines[-1] == "2 passed, 0 failed, 0 skipped"


def test_a_step_that_never_ends_is_ended(tmp_path: Path) -> None:
    started = time.monotonic()
    printed = run_alone(tmp_path, [[shell(f"echo $$ > {tmp_path}/pid; echo so far; exec sleep 1000", timeout=0.5)]])
    assert time.monotonic() - started < 30
    assert printed.endswith("\n0 passed, 1 failed, 0 skipped\n")
    assert "not done after 0.5 seconds" in printed
    assert "so far" in printed
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_daemon_left_behind_is_a_failure_of_its_own_step_and_is_ended(tmp_path: Path) -> None:
    # Twice forked and in a session of its own, as daemons are.
    daemon = shell(f"setsid sh -c 'sleep 1000 & echo $! > {tmp_path}/pid' & wait", name="bad")
    other = shell(f"setsid sh -c 'sleep 4 & echo $! > {tmp_path}/other' & wait; sleep 4", name="good")
    printed = run_alone(tmp_path, [[daemon], [other]])
    assert printed.endswith("\n2 passed, 1 failed, 0 skipped\n")
    assert "stage0: bad: left running: sleep 1000" in printed
    assert "stage1: good: 1 passed, 0 failed" in printed
    assert not alive(int((tmp_path / "pid").read_text()))


def test_an_orphan_that_ends_is_gone_while_its_step_goes_on(tmp_path: Path) -> None:
    orphan = f"sh -c 'sleep 0.1 & echo $! > {tmp_path}/pid'"
    gone = shell(f"{orphan}; sleep 1; test ! -e /proc/$(cat {tmp_path}/pid)")
    assert run_alone(tmp_path, [[gone]]).endswith("\n1 passed, 0 failed, 0 skipped\n")


#: It takes a while to clean up, and is given the time.
CLEANING = "trap 'sleep 0.3; touch {0}/cleaned-{1}; exit 1' TERM; echo $$ > {0}/pid-{1}; sleep 1000 & wait"


def test_an_interrupted_run_ends_its_steps_and_says_so(tmp_path: Path) -> None:
    lanes = [[shell(CLEANING.format(tmp_path, number)), shell(f"touch {tmp_path}/later")] for number in (1, 2)]
    with start_alone(tmp_path, lanes) as process:
        pids = [int(appeared(tmp_path / f"pid-{number}")) for number in (1, 2)]
        process.terminate()
        printed, _nothing = process.communicate()
    assert process.returncode == 1
    assert printed.endswith("interrupted\n0 passed, 1 failed, 0 skipped\n")
    assert all((tmp_path / f"cleaned-{number}").exists() for number in (1, 2))
    assert not any(map(alive, pids))
    assert not (tmp_path / "later").exists()


def test_a_run_that_is_killed_takes_its_steps_along(tmp_path: Path) -> None:
    with start_alone(tmp_path, [[shell(CLEANING.format(tmp_path, 1))]]) as process:
        pid = int(appeared(tmp_path / "pid-1"))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        deadline = time.monotonic() + 30
        while alive(pid):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_what_ends_by_itself_in_time_is_no_failure(tmp_path: Path) -> None:
    assert run_alone(tmp_path, [[shell("setsid sleep 0.5 &")]]).endswith("\n1 passed, 0 failed, 0 skipped\n")

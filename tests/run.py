# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the stages of ``make test``, or those that are named, and adds up what passed, failed and was skipped.

A step is one command. One that writes JUnit reports counts as the tests in them, any other as one test. Nothing stops
the rest: not a failure, not a step that never ends. What a step leaves running is a failure too.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from xml.etree import ElementTree

from ansible_collections.jsa.ports.tests.tree import copy_project

ROOT = Path(__file__).resolve().parent.parent
COPIES = ROOT / ".cache" / "tree"
COPY = COPIES / "ansible_collections" / "jsa" / "ports"
RESULTS = ROOT / ".cache" / "results"

PYTHON = sys.executable


@dataclass(frozen=True)
class Step:
    name: str
    #: ``{reports}`` stands for a folder for JUnit reports. A step whose command names it is counted by them.
    command: Sequence[str]
    #: Runs in the copy at .../ansible_collections/jsa/ports instead of the checkout.
    in_copy: bool = False
    #: Seconds.
    timeout: float = 600
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def reports(self) -> bool:
        return any("{reports}" in word for word in self.command)


def pytest(*arguments: str, name: str = "pytest", timeout: float = 600) -> Step:
    command = (PYTHON, "-m", "pytest", "-q", "--junit-xml={reports}/pytest.xml", *arguments)
    return Step(name, command, timeout=timeout)


def side_by_side(*arguments: str, workers: int, timeout: float) -> Step:
    """Tests that wait more than they work: each worker takes a file, with the lab that its tests share."""
    return pytest("-n", str(workers), "--dist", "loadfile", *arguments, timeout=timeout)


def own(name: str, *arguments: str, timeout: float = 600) -> Step:
    # Only our own scripts get this path: an Ansible that a test runs has to find the collection as a user's does.
    path = {"PYTHONPATH": str(ROOT / ".dev")}
    return Step(name, (PYTHON, "-m", f"{__spec__.parent}.{name}", *arguments), timeout=timeout, environment=path)


def molecule(kind: str) -> Step:
    step = own("molecule", "--reports", "{reports}", timeout=1500)
    return replace(step, name=f"on {kind}", environment={**step.environment, "JSA_LAB": kind})


_LAB_ITSELF = "tests/integration_lab/test_lab_itself.py"

STAGES: Mapping[str, Sequence[Step]] = {
    "packages": (own("packages"),),
    "lint": (
        Step("ruff", ("ruff", "check", "--quiet", "--output-format=concise")),
        Step("mypy", ("mypy", "--no-error-summary")),
        # Features of the language and of the standard library that came after Python 3.6.
        Step(
            "python 3.6",
            ("vermin", "--quiet", "--no-tips", "--violations", "-t=3.6-", "plugins/modules", "plugins/module_utils"),
        ),
        Step(
            "ansible-lint",
            ("ansible-lint", "-q", "--nocolor"),
            in_copy=True,
            environment={"ANSIBLE_COLLECTIONS_PATH": str(COPIES)},
        ),
        Step("changelog", ("antsibull-changelog", "lint")),
        Step("changelog.yaml", ("antsibull-changelog", "lint-changelog-yaml", "changelogs/changelog.yaml")),
        Step(
            "documentation",
            ("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=self", "."),
            in_copy=True,
            # It writes a log into the home folder.
            environment={"HOME": str(RESULTS)},
        ),
        Step(
            "documentation is built",
            (
                *("antsibull-docs", "collection", "--use-current", "--fail-on-error", "--squash-hierarchy"),
                *("--dest-dir", str(RESULTS / "lint" / "documentation-is-built"), "jsa.ports"),
            ),
            in_copy=True,
            environment={"HOME": str(RESULTS), "ANSIBLE_COLLECTIONS_PATH": str(COPIES)},
        ),
        Step("licences", ("reuse", "lint", "--lines")),
        Step("shellcheck", ("shellcheck", ".ci/run", "tests/lab/image.sh")),
    ),
    "unit": (pytest("-n", "2", "tests/unit"),),
    "package": (pytest("tests/package"),),
    "sanity": (
        own("sanity", "{reports}", timeout=900),
        own("units", "{reports}", timeout=900),
    ),
    "lab": (
        # It looks at what is left on the whole machine, so nobody else may be at work there.
        pytest(_LAB_ITSELF, name="the lab itself"),
        side_by_side("tests/integration_lab", f"--ignore={_LAB_ITSELF}", workers=3, timeout=2400),
    ),
    "versions": (side_by_side("tests/integration_lab", "--systems", workers=3, timeout=1500),),
    "matrix": (side_by_side("tests/matrix", workers=2, timeout=1200),),
    "molecule": (
        molecule("podman"),
        molecule("namespaces"),
    ),
}


#: What the hosts of the lab can stand on beside this machine as it is, as tests/integration_lab/conftest.py names it.
SYSTEMS = ("bullseye", "bullseye-no_ipset", "bookworm-no_ipset", "trixie", "trixie-no_ipset")

#: Only those who ask for them by name get these: hours.
LONG_STAGES: Mapping[str, Sequence[Step]] = {
    "every-version": tuple(
        replace(step, name=f"{step.name} on {system}", command=(*step.command, f"--system={system}"))
        for system in SYSTEMS
        for step in (
            pytest(_LAB_ITSELF, name="the lab itself", timeout=1800),
            replace(
                side_by_side("tests/integration_lab", f"--ignore={_LAB_ITSELF}", workers=3, timeout=7200),
                name="every other test",
            ),
        )
    ),
}


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    #: What else went wrong: each sentence counts as one of *failed*.
    remarks: list[str] = field(default_factory=list)
    #: What was skipped, and why.
    missing: list[str] = field(default_factory=list)

    def fail(self, remark: str) -> None:
        self.failed += 1
        self.remarks.append(remark)

    def add(self, other: Outcome) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def count_reports(folder: Path) -> Outcome:
    """What the JUnit reports in *folder* say."""
    outcome = Outcome()
    for report in sorted(folder.glob("*.xml")):
        try:
            cases = list(ElementTree.parse(report).iter("testcase"))
        except ElementTree.ParseError as error:
            outcome.fail(f"{report.name} cannot be read: {error}")
            continue
        for case in cases:
            if case.find("failure") is not None or case.find("error") is not None:
                outcome.failed += 1
            elif (skipped := case.find("skipped")) is not None:
                outcome.skipped += 1
                outcome.missing.append(f"{case.get('name')}: {skipped.get('message')}")
            else:
                outcome.passed += 1
    return outcome


def judge(step: Step, code: int | None, reports: Path) -> Outcome:
    """The outcome of a *step* that ended with *code*, or None if it had to be ended."""
    outcome = count_reports(reports) if step.reports else Outcome()
    if code is None:
        outcome.fail(f"not done after {step.timeout:g} seconds")
    elif not step.reports:
        if code:
            outcome.failed += 1
        else:
            outcome.passed += 1
    elif not (outcome.passed or outcome.failed):
        outcome.fail(f"no test ran (code {code})")
    elif code and not outcome.failed:
        outcome.fail(f"ended with code {code}, though no test of it failed")
    return outcome


def adopt_orphans() -> None:
    """Become the parent of whatever loses its own below here, so that :func:`leftovers` can see a daemon too."""
    set_child_subreaper = 36
    if ctypes.CDLL(None, use_errno=True).prctl(set_child_subreaper, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def children() -> Iterator[tuple[int, str]]:
    """Our own processes that still run, with their command lines. Those that have ended are reaped."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name in parentheses may hold anything, also spaces and parentheses.
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if int(parent) == os.getpid():
            if state == "Z":
                os.waitpid(int(entry.name), os.WNOHANG)
            else:
                yield int(entry.name), line or f"process {entry.name}"


def end_leftovers(patience: float = 3) -> list[str]:
    """What still runs though its step is over, after *patience* seconds. It is ended, with all that it leaves."""
    deadline = time.monotonic() + patience
    commands = []
    while running := list(children()):
        if time.monotonic() >= deadline:
            commands += [command for _process, command in running]
            for process, _command in running:
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)
    return commands


class Interrupted(Exception):
    """Somebody has asked us to stop."""


class _Stop:
    """What SIGTERM asks for. It is heeded where a step can be ended, not between its start and our knowing of it."""

    asked = False


def wait(process: subprocess.Popen[bytes], timeout: float, stoppable: bool = False) -> int | None:
    """The code that *process* ends with within *timeout* seconds, or None. Raises Interrupted, if it is *stoppable*.

    Meanwhile the orphans are reaped as they end: a lab that waits for its processes to be gone would wait for ever.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if stoppable and _Stop.asked:
            raise Interrupted
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid == process.pid:
                return process.wait()
            os.waitpid(ended.si_pid, 0)
        time.sleep(0.02)
    return None


def end(process: subprocess.Popen[bytes]) -> None:
    """See to it that *process*, the leader of its group, is over."""
    if process.returncode is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    # Long enough for a lab to be taken down.
    if wait(process, 60) is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def run_step(stage: str, step: Step) -> Outcome:
    folder = RESULTS / stage / step.name.replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log = folder / "output.txt"

    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", NO_COLOR="1")
    environment["HYPOTHESIS_STORAGE_DIRECTORY"] = str(ROOT / ".cache" / "hypothesis")
    environment["PATH"] = os.pathsep.join([str(Path(PYTHON).parent), environment.get("PATH", os.defpath)])
    environment.pop("PYTHONPATH", None)
    environment.update(step.environment)
    started = time.monotonic()
    print(f"{stage}: {step.name} ...", end=" ", flush=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [word.replace("{reports}", str(folder)) for word in step.command],
            cwd=COPY if step.in_copy else ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = wait(process, step.timeout, stoppable=True)
        finally:
            end(process)
    outcome = judge(step, code, folder)
    for command in end_leftovers():
        outcome.fail(f"left running: {command}")

    print(f"{outcome} ({time.monotonic() - started:.1f} s)", flush=True)
    if outcome.failed:
        print(log.read_text(errors="replace").rstrip())
        for remark in outcome.remarks:
            print(f"{stage}: {step.name}: {remark}")
    for skip in outcome.missing:
        print(f"{stage}: SKIPPED: {skip}")
    return outcome


def run_stages(stages: Mapping[str, Sequence[Step]], total: Outcome) -> None:
    """Add the outcome of all *stages* to *total*."""
    for name, steps in stages.items():
        for step in steps:
            try:
                total.add(run_step(name, step))
            except OSError as error:
                total.failed += 1
                print(f"could not be started: {error}; the programs of the system come with make packages")


def _interrupt(number: int, frame: FrameType | None) -> None:
    _Stop.asked = True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    known = {**STAGES, **LONG_STAGES}
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=", ".join(known))
    named = parser.parse_args().stages or list(STAGES)
    if unknown := sorted(set(named) - set(known)):
        parser.error(f"no stage {', '.join(unknown)}; there are {', '.join(known)}")
    signal.signal(signal.SIGTERM, _interrupt)
    adopt_orphans()
    copy_project(ROOT, COPY)
    total = Outcome()
    try:
        run_stages({name: known[name] for name in named}, total)
    except (Interrupted, KeyboardInterrupt):
        end_leftovers()
        total.failed += 1
        print("interrupted")
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())

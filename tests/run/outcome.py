# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What came of a step: from its code, its JUnit reports, and what it left running."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from ansible_collections.jsa.ports.tests.run.step import Step

#: Characters of a reason that are shown beside a name: the whole stands where the test ran.
REASON = 200


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    #: What else went wrong: each sentence counts as one of *failed*.
    remarks: list[str] = field(default_factory=list)
    #: Place, name and the first line of the reason of each test that failed.
    failures: list[str] = field(default_factory=list)
    #: What was skipped, and why.
    missing: list[str] = field(default_factory=list)
    #: Seconds and name of each test that says how long it took.
    times: list[tuple[float, str]] = field(default_factory=list)

    def fail(self, remark: str) -> None:
        self.failed += 1
        self.remarks.append(remark)

    def add(self, other: Outcome) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.times += other.times

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
            place = (case.get("classname") or report.stem).removeprefix("tests.")
            name = f"{place}: {case.get('name')}"
            if seconds := float(case.get("time") or 0):
                outcome.times.append((seconds, name))
            wrong = [part for kind in ("failure", "error") for part in case.findall(kind)]
            if wrong:
                outcome.failed += 1
                reason = next(iter((wrong[0].get("message") or "").splitlines()), "no reason given")
                outcome.failures.append(f"{name}: {reason[:REASON]}")
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

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A step: one command, with where and how long it may run."""

from __future__ import annotations

import sys

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIES = ROOT / ".cache" / "tree"
COPY = COPIES / "ansible_collections" / "jsa" / "ports"
RESULTS = ROOT / ".cache" / "results"

PYTHON = sys.executable
_TESTS = "ansible_collections.jsa.ports.tests"


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


def side_by_side(*arguments: str, workers: int, timeout: float, name: str = "pytest") -> Step:
    """Tests that wait more than they work: each worker takes a file, with the lab that its tests share."""
    return pytest("-n", str(workers), "--dist", "loadfile", *arguments, timeout=timeout, name=name)


def own(name: str, *arguments: str, timeout: float = 600) -> Step:
    # Only our own scripts get this path: an Ansible that a test runs has to find the collection as a user's does.
    path = {"PYTHONPATH": str(ROOT / ".dev")}
    return Step(name, (PYTHON, "-m", f"{_TESTS}.{name}", *arguments), timeout=timeout, environment=path)


def molecule(kind: str, *scenarios: str) -> Step:
    """All scenarios, or those named and the one that makes their hosts."""
    named = [f"--scenario={name}" for name in scenarios]
    step = own("molecule", "--reports", "{reports}", *named, timeout=3600)
    environment = {**step.environment, "JSA_LAB": kind}
    return replace(step, name=f"{', '.join(scenarios) or 'all'} on {kind}", environment=environment)

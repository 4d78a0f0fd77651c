# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import sys
import threading

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.jsa.ports.tests import molecule
from ansible_collections.jsa.ports.tests.run.outcome import count_reports

OUTPUT = """\
INFO     [default > create] Executed: Successful
\x1b[34mINFO\x1b[0m     [default \x1b[1m>\x1b[0m check] Executed: Successful
INFO     [default > check] Executed: Failed
INFO     [other > create] Executed: Successful
"""


def test_one_scenario_comes_with_the_one_that_makes_its_hosts() -> None:
    assert set(molecule.chosen(molecule.SCENARIOS, ["site"])) == {"default", "site"}
    assert molecule.chosen(molecule.SCENARIOS, []) == molecule.sequences(molecule.SCENARIOS)
    with pytest.raises(SystemExit, match="there is no scenario sites"):
        molecule.chosen(molecule.SCENARIOS, ["sites"])


def test_each_step_is_judged_by_its_own_report() -> None:
    expected = {"default": ["create", "check", "check", "verify more.yml"], "other": ["create", "destroy"]}
    assert molecule.judge(expected, OUTPUT) == [
        ("default", "1 create", None),
        ("default", "2 check", None),
        ("default", "3 check", "Failed"),
        ("default", "4 verify more.yml", "did not run"),
        ("other", "1 create", None),
        ("other", "2 destroy", "did not run"),
    ]


def test_every_scenario_is_expected() -> None:
    found = molecule.sequences(molecule.SCENARIOS)
    assert set(found) == {"default", "jsa_firewall", "jsa_port_check", "learn", "site", "remove"}
    assert {"create", "destroy"} < set(found["default"])
    assert all({"check", "idempotence", "verify", "converge"} < set(steps) for steps in found.values())


class StandInLab:
    """A network in which a shell reports one step and then takes its time, whatever molecule would do."""

    name = "stand-in"
    state = SimpleNamespace(inventory="none")
    down = False

    def __init__(self, script: str) -> None:
        self.script = script

    def entering(self, host: None) -> list[str]:
        return ["bash", "-c", self.script]

    def __enter__(self) -> StandInLab:
        return self

    def __exit__(self, *exception: object) -> None:
        self.down = True


@pytest.fixture
def handlers() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
def test_who_is_ended_counts_what_has_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lab = StandInLab("echo '[default > create] Executed: Successful'; exec sleep 600")
    monkeypatch.setattr(molecule, "Lab", SimpleNamespace(up=lambda *_arguments, **_settings: lab))
    monkeypatch.setattr(molecule, "take_down", lambda name: False)
    monkeypatch.setattr(molecule, "ROOT", tmp_path)
    monkeypatch.setenv("JSA_LAB", "namespaces")
    monkeypatch.setattr(sys, "argv", ["molecule", "--reports", str(tmp_path / "reports")])

    said = []

    def say(line: str, **_settings: object) -> None:
        said.append(line)
        if "Executed" in line:
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()

    monkeypatch.setattr("builtins.print", say)
    assert molecule.main() == 130
    assert lab.down
    outcome = count_reports(tmp_path / "reports")
    everything = sum(map(len, molecule.sequences(molecule.SCENARIOS).values()))
    assert (outcome.passed, outcome.failed) == (1, everything - 1)

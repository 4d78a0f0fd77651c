# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each tier runs: nothing twice, everything in the full one, and a test for each guarantee in ``make test``."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.jsa.ports.tests.run.__main__ import chosen
from ansible_collections.jsa.ports.tests.run.stages import LAB_ITSELF, LONG_STAGES, STAGES, TIERS
from ansible_collections.jsa.ports.tests.run.step import Step

ROOT = Path(__file__).resolve().parents[3]
LAB_TESTS = ROOT / "tests" / "integration_lab"

#: A stage that is a part of another.
PARTS = {"style": "lint", "unit-few": "unit", "lab-gate": "lab", "molecule-gate": "molecule", "sanity-gate": "sanity"}


def stages_of(tier: str) -> list[str]:
    return [stage for lanes in TIERS[tier] for lane in lanes for stage in lane]


def steps_of(tier: str) -> list[Step]:
    return [step for stage in stages_of(tier) for step in STAGES[stage]]


@pytest.mark.parametrize("tier", TIERS)
def test_nothing_runs_twice(tier: str) -> None:
    stages = stages_of(tier)
    assert len(stages) == len(set(stages))
    steps = [(step.command, tuple(step.environment.items())) for step in steps_of(tier)]
    assert len(steps) == len(set(steps))
    assert not [part for part, whole in PARTS.items() if part in stages and whole in stages]


def test_the_full_tier_runs_everything() -> None:
    assert set(stages_of("full")) == set(STAGES) - set(PARTS)


def test_each_tier_holds_the_one_before() -> None:
    def held(tier: str) -> set[str]:
        return {PARTS.get(stage, stage) for stage in stages_of(tier)}

    assert held("check") < held("test") < held("full")


@pytest.mark.parametrize("tier", TIERS)
def test_what_is_measured_in_a_lab_has_the_machine_to_itself(tier: str) -> None:
    for lanes in TIERS[tier]:
        if {"lab", "lab-gate", "lab-itself", "versions"} & {stage for lane in lanes for stage in lane}:
            assert len(lanes) == 1


@pytest.mark.parametrize("tier", TIERS)
def test_one_lane_at_a_time_uses_the_copy_of_the_checkout(tier: str) -> None:
    users = {"lint", "sanity", "sanity-gate", "other-core"}
    for lanes in TIERS[tier]:
        assert sum(bool(users & set(lane)) for lane in lanes) <= 1


@pytest.mark.parametrize("stage", [*STAGES, *LONG_STAGES])
def test_what_is_counted_by_reports_writes_them(stage: str) -> None:
    # One command that stands for many tests, and does not say so, would count as a single one.
    for step in {**STAGES, **LONG_STAGES}[stage]:
        assert step.reports == (stage not in ("packages", "browser-packages", "style", "lint", "systems")), step.name


@pytest.mark.parametrize("stage", ["lab", "lab-gate", "matrix"])
def test_what_a_stage_leaves_out_another_runs(stage: str) -> None:
    ignored = {word.removeprefix("--ignore=") for step in STAGES[stage] for word in step.command if "--ignore=" in word}
    others = {word for name in ("lab-itself", "other-core") for step in STAGES[name] for word in step.command}
    assert ignored
    assert ignored <= others
    assert all((ROOT / path).exists() for path in ignored)


def test_the_names_on_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["run", "packages", "lab"])
    assert chosen() == [[["packages"]], [["lab"]]]
    monkeypatch.setattr(sys, "argv", ["run", "full"])
    assert chosen() == TIERS["full"]
    monkeypatch.setattr(sys, "argv", ["run", "unit", "sanitty"])
    with pytest.raises(SystemExit):
        chosen()
    assert "no stage sanitty; a tier: check, test, full; or stages: packages, style, lint" in capsys.readouterr().err


def test_every_target_of_make_asks_for_what_there_is() -> None:
    text = (ROOT / "Makefile").read_text()
    lines = [line.replace("$(if $(ALL),", "") for line in re.findall(r"\$\(RUN\) (.+)", text)]
    asked = {name for line in lines for name in re.findall(r"[a-z-]+", line.replace("$@", ""))}
    assert asked <= {*TIERS, *STAGES, *LONG_STAGES}
    assert set(TIERS) <= asked


def marks_in(*nodes: ast.expr) -> set[str]:
    return {mark for node in nodes for mark in re.findall(r"mark\.(\w+)", ast.unparse(node))}


def lab_tests() -> Iterator[tuple[str, str, set[str]]]:
    """File, name as pytest gives it, and marks of each test in the lab."""
    for path in sorted(LAB_TESTS.glob("test_*.py")):
        module = ast.parse(path.read_text())
        everywhere = {
            mark
            for node in module.body
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "pytestmark"
            for mark in marks_in(node.value)
        }
        for node in module.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield path.name, node.name, everywhere | marks_in(*node.decorator_list)
            elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                marked = everywhere | marks_in(*node.decorator_list)
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef) and inner.name.startswith("test_"):
                        yield path.name, f"{node.name}::{inner.name}", marked | marks_in(*inner.decorator_list)


def guarantees() -> list[list[str]]:
    """Of each row of the table: the tests that hold it, as pytest names them, or folders of molecule scenarios."""
    table = (ROOT / "docs" / "confirm.md").read_text().partition("\n## Guarantees\n")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    return [re.findall(r"`([^`]+)`", row.rstrip(" |").rpartition(" | ")[2]) for row in rows]


TESTS = list(lab_tests())


def marks_of(file: str, name: str) -> list[set[str]]:
    """Of each test of that *name*: a test, all of a class, or all of the file if it is empty."""
    return [
        marked
        for path, test, marked in TESTS
        if path == file and (not name or test == name or test.startswith(f"{name}::"))
    ]


@pytest.mark.parametrize("names", guarantees(), ids=lambda names: names[0])
def test_each_guarantee_has_a_test_in_the_gate(names: list[str]) -> None:
    if all((ROOT / name).is_dir() for name in names):
        assert "molecule-gate" in stages_of("test")
        (step,) = STAGES["molecule-gate"]
        # Only there does systemd run.
        assert step.environment["JSA_LAB"] == "podman"
        assert {f"--scenario={Path(name).name}" for name in names} <= set(step.command)
        return
    tests = [tuple(name.partition("::")[::2]) for name in names]
    assert [test for test in tests if not marks_of(*test)] == []
    assert any("gate" in marked for test in tests for marked in marks_of(*test)), f"no @pytest.mark.gate in {tests}"


def test_the_table_is_found() -> None:
    assert len(guarantees()) >= 25 and all(guarantees())


def test_the_gate_is_of_the_collection_and_not_of_the_lab() -> None:
    files = {file for file, _name, marked in TESTS if "gate" in marked}
    assert not files & {Path(path).name for path in LAB_ITSELF}
    assert len(files) >= 8


def test_the_markers_are_known_to_pytest() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "--markers", "tests/integration_lab"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "@pytest.mark.gate" in told.stdout


@pytest.mark.process
@pytest.mark.parametrize("folder", ["tests/integration_lab", "tests/matrix", "tests/package"])
def test_what_only_some_tiers_run_can_be_collected(folder: str) -> None:
    """An import that fails, or a mark that nobody knows, would be noticed after hours."""
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

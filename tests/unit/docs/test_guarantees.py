# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each row of the table of guarantees in docs/confirm.md names tests that exist."""

from __future__ import annotations

import ast
import re

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LAB = ROOT / "tests" / "integration_lab"


def rows() -> list[tuple[str, str, list[str]]]:
    """Event, result on the host, and names of tests, as pytest writes them, or the folder of a molecule scenario."""
    text = (ROOT / "docs" / "confirm.md").read_text().partition("\n## Guarantees\n")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:2] == "| "]
    return [(event, result, re.findall(r"`([^`]+)`", tests)) for event, result, tests in cells[1:]]


def exists(name: str) -> bool:
    path, *parts = name.split("::")
    if not path.endswith(".py"):
        return (ROOT / path / "molecule.yml").is_file()
    if not (LAB / path).is_file():
        return False
    scope: ast.Module | ast.ClassDef = ast.parse((LAB / path).read_text())
    for part in parts:
        found = [item for item in scope.body if isinstance(item, (ast.ClassDef, ast.FunctionDef)) and item.name == part]
        if not found:
            return False
        if isinstance(found[0], ast.FunctionDef):
            return part == parts[-1] and part.startswith("test_")
        scope = found[0]
    return any(isinstance(item, ast.FunctionDef) and item.name.startswith("test_") for item in ast.walk(scope))


def test_the_table_is_read() -> None:
    assert len(rows()) > 20
    assert all(event and result and tests for event, result, tests in rows())


@pytest.mark.parametrize("name", sorted({name for _event, _result, tests in rows() for name in tests}))
def test_it_exists(name: str) -> None:
    assert exists(name)


@pytest.mark.parametrize(
    "name",
    [
        "test_confirm.py::TestConfirmed::test_nothing_of_that_name",
        "test_confirm.py::TestNothing",
        "test_nothing.py",
        "conftest.py",
        "extensions/molecule/nothing",
    ],
)
def test_what_is_not_there_is_noticed(name: str) -> None:
    assert not exists(name)

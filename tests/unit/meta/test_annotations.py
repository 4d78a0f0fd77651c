# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Annotations that are read when the program runs can be read by each supported Python."""

from __future__ import annotations

import ast

from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"


@pytest.mark.parametrize("tree", ["plugin_utils", "action", "lookup", "inventory"])
def test_a_class_variable_says_of_what_type_it_is(tree: str) -> None:
    """typing.get_type_hints of Python 3.10 rejects a ClassVar without a type, and with it each plan."""
    bare = [
        f"{path.relative_to(PLUGINS)}:{node.lineno}"
        for path in sorted((PLUGINS / tree).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.annotation, ast.Name)
        and node.annotation.id == "ClassVar"
    ]
    assert bare == []

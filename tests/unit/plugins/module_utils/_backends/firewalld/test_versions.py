# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where versions of firewalld differ: at which one exactly."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.versions import (
    Programs,
    SetSupport,
    answers_always_leave,
    looks_for_ipset,
    parse_version,
    set_support,
    traps,
)


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.3.3", (1, 3, 3)), ("2.0.0-beta", (2, 0, 0)), ("0.9.11.4", (0, 9, 11)), ("1.rc", (1, 0)), ("", (0,))],
)
def test_versions(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(("version", "leave"), [("0.9.11", False), ("1.0.0", True), ("1.0.1", True)])
def test_answers(version: str, leave: bool) -> None:
    assert answers_always_leave(version) == leave


@pytest.mark.parametrize(("version", "looks"), [("1.9.9", True), ("2.0.0", False), ("2.3.1", False)])
def test_looking_for_ipset(version: str, looks: bool) -> None:
    assert looks_for_ipset(version) == looks


@pytest.mark.parametrize(
    ("version", "programs", "support"),
    [
        ("0.9.11", Programs(False, False), SetSupport(False, False)),
        ("0.9.11", Programs(True, False), SetSupport(True, False)),
        ("1.0.0", Programs(False, True), SetSupport(True, True)),
        ("1.0.0", Programs(True, True), SetSupport(True, True)),
        ("2.0.0", Programs(False, True), SetSupport(False, False)),
        ("2.0.0", Programs(False, False), SetSupport(True, True)),
    ],
)
def test_where_rules_may_name_sets(tmp_path: Path, version: str, programs: Programs, support: SetSupport) -> None:
    assert set_support(str(tmp_path), version, programs) == support


@pytest.mark.parametrize(("version", "found"), [("0.9.11", ["zones/public.xml"]), ("1.0.0", [])])
def test_traps(tmp_path: Path, version: str, found: list[str]) -> None:
    (tmp_path / "etc" / "zones").mkdir(parents=True)
    (tmp_path / "etc" / "zones" / "public.xml").write_text('<zone><source ipset="a"/></zone>')
    assert traps(str(tmp_path / "etc"), str(tmp_path / "lib"), version) == found

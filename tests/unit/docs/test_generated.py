# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages that are written from data say what the data says, all of it."""

from __future__ import annotations

import re

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.tests.generated import ROOT, pages, plain

PAGES = pages()
CATALOG = PAGES[ROOT / "docs" / "catalog.md"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_is_stale(path: Path) -> None:
    assert path.exists() and path.read_text() == PAGES[path], "run make docs"


def test_every_role_has_a_page() -> None:
    assert {path.parent.name for path in PAGES if path.name == "README.md"} == {
        path.name for path in (ROOT / "roles").iterdir()
    }


def section(title: str) -> str:
    return CATALOG.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_port_is_found_in_order() -> None:
    rows = re.findall(r"^\| ([0-9-]+) \| \S+ \| \[(\w+)\]", section("By port"), re.MULTILINE)
    entries = load_catalog().values()
    assert set(rows) == {(format_ports(ports), entry.id) for entry in entries for ports in entry.ports}
    firsts = [int(ports.split("-")[0]) for ports, _entry in rows]
    assert firsts == sorted(firsts)


@pytest.mark.parametrize("entry", load_catalog().values(), ids=lambda entry: entry.id)
def test_every_entry_stands_with_its_sources(entry) -> None:  # type: ignore[no-untyped-def]
    assert f"[{entry.id}](#{entry.id})" in section("By service")
    text = section("Entries").partition(f"### {entry.id}\n")[2].partition("\n### ")[0]
    assert entry.purpose in text
    for statement in entry.statements:
        assert f"row {statement.row}: {statement.says}" in text
    for item in entry.evidence:
        assert f"{item['source']}: {item['says']}" in text
    if entry.disagreement:
        assert entry.disagreement.reason in text
        assert f"[{entry.id}](#{entry.id})" in section("Where the documents disagree")


def test_every_link_within_the_page_leads_somewhere() -> None:
    heads = {head.lower().replace(" ", "-") for head in re.findall(r"^#+ (.+)$", CATALOG, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", CATALOG)) <= heads


def test_markup_becomes_markdown() -> None:
    assert plain("V(absent) and C(from), see M(jsa.ports.why)") == "`absent` and `from`, see `jsa.ports.why`"

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every page that installs the collection leads to the ways that there are, and says which work today."""

from __future__ import annotations

import re

from pathlib import Path

import pytest

from ansible_collections.jsa.ports.tests.pages import ROOT

_INSTALLS = re.compile(r"collection (?:install|download)|collections: \[jsa\.ports\]")
PAGES = [path for path in sorted((ROOT / "docs").glob("*.md")) if _INSTALLS.search(path.read_text())]


def test_the_readme_has_all_ways() -> None:
    section = (ROOT / "README.md").read_text().partition("\n## Install\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\w+) \| `ansible-galaxy collection install (\S+)` \| (\w+)", section, re.MULTILINE)
    assert [row[0] for row in rows] == ["Tarball", "Git", "Git", "Galaxy"]
    assert [row[2] for row in rows] == ["Today", "Today", "After", "After"]
    assert rows[-1][1] == "jsa.ports"


def test_pages_that_install_are_found() -> None:
    assert {path.name for path in PAGES} == {"awx.md", "ci.md", "offline.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.name))
def test_a_page_leads_there(page: Path) -> None:
    text = page.read_text()
    assert "(../README.md#install)" in text and re.search(r"[Uu]ntil", text)

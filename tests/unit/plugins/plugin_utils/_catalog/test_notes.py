# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documents say about all ports is told, and where each says it."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.notes import NOTES
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import DOCUMENTS
from ansible_collections.jsa.ports.tests.generated import ROOT

BOTH = tuple(DOCUMENTS)
INSTALLATION = ("installation_guide",)


@pytest.mark.parametrize(
    ("words", "documents"),
    [
        ("valid only when iptables is enabled", BOTH),
        ("Changing any of the common ports may break the deployment", INSTALLATION),
        ("RSS feeds", INSTALLATION),
        ("rpc.rquotad", INSTALLATION),
        ("all JSA products", BOTH),
    ],
)
def test_each_statement_and_its_documents(words: str, documents: tuple[str, ...]) -> None:
    (note,) = [note for note in NOTES if words in note.says]
    assert note.documents == documents
    page = (ROOT / "docs" / "catalog.md").read_text()
    assert f"{', '.join(documents).replace('_', ' ')} | {note.says} | {note.means}" in page

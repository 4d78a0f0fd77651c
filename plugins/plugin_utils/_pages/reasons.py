# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why: the catalog's entries behind the rows, with the documents and rows that they are based on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import EntryRow, Reference
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import DOCUMENTS

#: What a plan can name although neither the catalog nor the inventory has it: an entry of jsa_extra_flows.
_SITES_OWN = "an entry of the site's own jsa_extra_flows"


class Reasons:
    """The entries of the catalog and the site, and which of them the page uses."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._services: dict[tuple[str, ...], str] = {}

    def services(self, ids: tuple[str, ...]) -> str:
        """The services of some entries, each once."""
        if ids not in self._services:
            names = dict.fromkeys(self._entries[one].service if one in self._entries else one for one in ids)
            self._services[ids] = ", ".join(names)
        return self._services[ids]

    def rows(self, ids: Iterable[str]) -> tuple[EntryRow, ...]:
        """Those that *ids* name, in the order of the catalog; then those that are in no catalog."""
        used = dict.fromkeys(ids)
        known = [_row(entry) for name, entry in self._entries.items() if name in used]
        strange = [EntryRow(name, name, _SITES_OWN, "", (), "") for name in sorted(used) if name not in self._entries]
        return (*known, *strange)


def _row(entry: Entry) -> EntryRow:
    disagreement = entry.disagreement
    return EntryRow(
        id=entry.id,
        service=entry.service,
        purpose=entry.purpose,
        confidence=entry.confidence,
        references=tuple(_references(entry)),
        disagreement=f"{disagreement.verdict}: {disagreement.reason}" if disagreement else "",
    )


def _references(entry: Entry) -> Iterator[Reference]:
    for statement in entry.statements:
        table = "" if statement.table == "ports" else f"table of {statement.table}, "
        yield Reference(DOCUMENTS[statement.document], f"{table}row {statement.row}", statement.says)
    for item in entry.evidence:
        yield Reference(item["source"], "", item["says"])
    if not entry.statements and not entry.evidence:
        yield Reference("the site's own jsa_extra_flows", "", "")

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a preflight: a table for people, and how it is written for machines."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.changes import Change, names_of, port_words
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.verdicts import VERDICTS, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.columns import aligned
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.results import ResultFormat

RESULT = ResultFormat("jsa_preflight", 1, VERDICTS)

#: Lines of one verdict in the table; those beyond the limit are counted.
_SHOWN_PER_VERDICT = 25


def table(verdicts: list[Verdict], changes: list[Change]) -> str:
    """Worst first, a line for all ports that meet the same; then what the network has to change."""
    rows = []
    notes = []
    for name in VERDICTS[:-1]:
        groups: dict[tuple[str, str, str], set[tuple[str, int]]] = {}
        for item in verdicts:
            if item.verdict == name:
                key = (item.flow.initiator, item.flow.listener, item.reason)
                groups.setdefault(key, set()).add((item.flow.protocol, item.flow.port))
        lines: dict[tuple[str, str, str], list[str]] = {}
        for (initiator, listener, reason), sockets in groups.items():
            lines.setdefault((listener, _few(port_words(sockets, ())), reason), []).append(initiator)
        shown = list(lines.items())[:_SHOWN_PER_VERDICT]
        rows += [(name, names_of(initiators), *key) for key, initiators in shown]
        if len(lines) > _SHOWN_PER_VERDICT:
            notes.append(f"... and {len(lines) - _SHOWN_PER_VERDICT} more lines of {name}")
    text = []
    if rows:
        text += [*aligned([("VERDICT", "FROM", "TO", "PORTS", "REASON"), *rows]), *notes, ""]
    if changes:
        text += ["For the network's administrators:", *(f"  {change}" for change in changes), ""]
    return "\n".join([*text, RESULT.summary_line(verdicts)])


def _few(words: list[str]) -> str:
    return ", ".join(words) if len(words) <= 4 else f"{', '.join(words[:3])} and {len(words) - 3} more"

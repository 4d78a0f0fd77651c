# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a preflight: the printed table, and the parts of preflight.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import SocketKey
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.changes import Change, names_of, port_words
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.observations import HostPreflight
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.verdicts import VERDICTS, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.columns import aligned
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.results import ResultFormat

RESULT = ResultFormat("jsa_preflight", 1, VERDICTS)

#: Lines of one verdict in the table; those beyond the limit are counted.
_SHOWN_PER_VERDICT = 25


def table(verdicts: list[Verdict], changes: list[Change]) -> str:
    """A line for all ports with the same verdict and reason, worst first; then the changes for the network."""
    rows = []
    notes = []
    for name in VERDICTS[:-1]:
        groups: dict[tuple[str, str, str], set[SocketKey]] = {}
        for item in verdicts:
            if item.verdict == name:
                key = (item.flow.initiator, item.flow.listener, item.reason)
                groups.setdefault(key, set()).add(item.flow.socket)
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
        text += ["Changes for the network administrators:", *(f"  {change}" for change in changes), ""]
    return "\n".join([*text, RESULT.summary_line(verdicts)])


def opening_hint(closed: Sequence[str]) -> str:
    """What to do about hosts whose firewall does not have the plan's rules; empty if there are none."""
    if not closed:
        return ""
    return (
        f"host_firewall: the firewall of {_few(list(closed))} does not have the rules of the plan yet. To load them "
        "for the duration of the test, set jsa_preflight_open: true"
    )


def _few(words: list[str]) -> str:
    return ", ".join(words) if len(words) <= 4 else f"{', '.join(words[:3])} and {len(words) - 3} more"


def host_result(seen: HostPreflight) -> dict[str, Any]:
    """The observations of the host itself, for preflight.json; its probes become verdicts."""
    return {
        "listened": seen.listeners is not None,
        "why_not": seen.why_none,
        "stood": seen.stood,
        "watched": seen.watched,
        "firewall_as_planned": seen.firewall_as_planned,
        "networks": list(seen.networks),
        "in_use": [
            {"protocol": one.protocol, "port": one.port, "listens": one.listens, "processes": list(one.processes)}
            for one in seen.in_use.values()
        ],
        "not_bound": [
            {"protocol": protocol, "port": port, "why": why} for (protocol, port), why in seen.not_bound.items()
        ],
        "unseen": {part: one.reason for part, one in seen.unseen.items()},
    }

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a preflight as people and machines read it: a table, JSON, JUnit XML."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._columns import aligned
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.changes import Change, names_of, port_words
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.verdicts import VERDICTS, Verdict

RESULT_VERSION = 1

#: Lines of one verdict in the table; those beyond the limit are counted.
_SHOWN_PER_VERDICT = 25


def summary(verdicts: list[Verdict]) -> dict[str, int]:
    """How many of each verdict, all of them always there."""
    counts = Counter(item.verdict for item in verdicts)
    return {name: counts[name] for name in VERDICTS}


def summary_line(verdicts: list[Verdict]) -> str:
    counts = summary(verdicts)
    parts = [f"{counts[name]} {name}" for name in VERDICTS if counts[name] or name == "ok"]
    return f"{len(verdicts)} flows: {', '.join(parts)}"


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
    return "\n".join([*text, summary_line(verdicts)])


def _few(words: list[str]) -> str:
    return ", ".join(words) if len(words) <= 4 else f"{', '.join(words[:3])} and {len(words) - 3} more"


def as_json(verdicts: list[Verdict], changes: list[Change], hosts: Mapping[str, Any]) -> str:
    """All verdicts, the ok ones too. *hosts*: what else was seen on each host."""
    document = {
        "version": RESULT_VERSION,
        "summary": summary(verdicts),
        "changes": [change.as_dict() for change in changes],
        "verdicts": [item.as_dict() for item in verdicts],
        "hosts": hosts,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def as_junit(verdicts: list[Verdict], fail_on: Collection[str]) -> str:
    """A suite per listening host, a case per flow; what cannot be verified is skipped, as JUnit calls it."""
    root = ET.Element("testsuites", name="jsa_preflight")
    by_host: dict[str, list[Verdict]] = {}
    for item in verdicts:
        by_host.setdefault(item.flow.listener, []).append(item)
    for host, items in sorted(by_host.items()):
        kinds = [_kind(item, fail_on) for item in items]
        suite = ET.SubElement(
            root,
            "testsuite",
            name=host,
            tests=str(len(items)),
            failures=str(kinds.count("failure")),
            errors="0",
            skipped=str(kinds.count("skipped")),
        )
        for item, kind in zip(items, kinds, strict=True):
            port = f"{item.flow.protocol} {item.flow.port}" if item.flow.port else item.flow.protocol
            name = f"{port} from {item.flow.initiator} ({', '.join(item.flow.ids)})"
            case = ET.SubElement(suite, "testcase", classname=f"jsa_preflight.{host}", name=name)
            if kind == "system-out":
                ET.SubElement(case, kind).text = f"{item.verdict}: {item.reason}"
            elif kind:
                ET.SubElement(case, kind, message=f"{item.verdict}: {item.reason}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _kind(item: Verdict, fail_on: Collection[str]) -> str | None:
    if item.verdict in fail_on:
        return "failure"
    if item.verdict == "unverifiable":
        return "skipped"
    return "system-out" if item.reason else None

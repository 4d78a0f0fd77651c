# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdicts as people and machines read them: a table, JSON, JUnit XML."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._columns import aligned

RESULT_VERSION = 1

#: Lines of one verdict in the table; those beyond the limit are counted.
_SHOWN_PER_VERDICT = 25

#: So many initiators are named in a line.
_SHOWN_NAMES = 3


def summary(verdicts: list[Verdict]) -> dict[str, int]:
    """How many of each verdict, all six always there."""
    counts = Counter(item.verdict for item in verdicts)
    return {name: counts[name] for name in VERDICTS}


def summary_line(verdicts: list[Verdict]) -> str:
    counts = summary(verdicts)
    parts = [f"{counts[name]} {name}" for name in VERDICTS if counts[name] or name == "ok"]
    return f"{len(verdicts)} flows: {', '.join(parts)}"


def verdict_table(verdicts: list[Verdict]) -> str:
    """Worst first, a line for all initiators that meet the same; what is ok is counted, not listed."""
    rows = []
    notes = []
    for name in VERDICTS[:-1]:
        groups: dict[tuple[str, ...], list[str]] = {}
        for item in verdicts:
            if item.verdict == name:
                key = (item.flow.listener, _port(item), ", ".join(item.flow.ids), item.reason)
                groups.setdefault(key, []).append(item.flow.initiator)
        shown = list(groups.items())[:_SHOWN_PER_VERDICT]
        rows += [(name, _names(initiators), *key) for key, initiators in shown]
        if len(groups) > _SHOWN_PER_VERDICT:
            notes.append(f"... and {len(groups) - _SHOWN_PER_VERDICT} more lines of {name}")
    if not rows:
        return summary_line(verdicts)
    rows.insert(0, ("VERDICT", "FROM", "TO", "PORT", "ENTRY", "REASON"))
    return "\n".join([*aligned(rows), *notes, "", summary_line(verdicts)])


def _names(names: list[str]) -> str:
    if len(names) <= _SHOWN_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: _SHOWN_NAMES - 1])} and {len(names) - _SHOWN_NAMES + 1} more"


def verdicts_json(verdicts: list[Verdict], hosts: Mapping[str, Any]) -> str:
    """All verdicts, the ok ones too. *hosts*: what else was seen on each host."""
    document = {
        "version": RESULT_VERSION,
        "summary": summary(verdicts),
        "verdicts": [item.as_dict() for item in verdicts],
        "hosts": hosts,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def verdicts_junit(verdicts: list[Verdict], fail_on: Collection[str]) -> str:
    """A suite per listening host, a case per flow; what cannot be verified is skipped, as JUnit calls it."""
    root = ET.Element("testsuites", name="jsa_port_check")
    by_host: dict[str, list[Verdict]] = {}
    for item in verdicts:
        by_host.setdefault(item.flow.listener, []).append(item)
    for host in sorted(by_host):
        items = by_host[host]
        failures = [item for item in items if item.verdict in fail_on]
        skipped = [item for item in items if item.verdict == "unverifiable" and item.verdict not in fail_on]
        suite = ET.SubElement(
            root,
            "testsuite",
            name=host,
            tests=str(len(items)),
            failures=str(len(failures)),
            errors="0",
            skipped=str(len(skipped)),
        )
        for item in items:
            name = f"{_port(item)} from {item.flow.initiator} ({', '.join(item.flow.ids)})"
            case = ET.SubElement(suite, "testcase", classname=f"jsa_port_check.{host}", name=name)
            text = f"{item.verdict}: {item.reason}"
            if item in failures:
                ET.SubElement(case, "failure", message=text, type=item.verdict)
            elif item in skipped:
                ET.SubElement(case, "skipped", message=text)
            elif item.verdict != "ok":
                ET.SubElement(case, "system-out").text = text
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _port(item: Verdict) -> str:
    return f"{item.flow.protocol} {item.flow.port}" if item.flow.port else item.flow.protocol

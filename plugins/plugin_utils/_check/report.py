# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdicts as people and machines read them: a table, JSON, JUnit XML."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._check.faults import Fault
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Verdict

RESULT_VERSION = 1

#: Faults of one verdict in the table; those beyond the limit are counted.
_SHOWN_PER_VERDICT = 25


def summary(verdicts: list[Verdict]) -> dict[str, int]:
    """How many of each verdict, all six always there."""
    counts = Counter(item.verdict for item in verdicts)
    return {name: counts[name] for name in VERDICTS}


def summary_line(verdicts: list[Verdict]) -> str:
    counts = summary(verdicts)
    parts = [f"{counts[name]} {name}" for name in VERDICTS if counts[name] or name == "ok"]
    return f"{len(verdicts)} flows: {', '.join(parts)}"


def fault_table(found: Sequence[Fault]) -> str:
    """A block per fault, worst first; beyond a limit they are counted."""
    lines = []
    for name in VERDICTS:
        mine = [one for one in found if one.verdict == name]
        for one in mine[:_SHOWN_PER_VERDICT]:
            lines += one.lines()
        if len(mine) > _SHOWN_PER_VERDICT:
            flows = sum(one.flows for one in mine[_SHOWN_PER_VERDICT:])
            lines.append(f"... and {len(mine) - _SHOWN_PER_VERDICT} more faults of {name}, {flows} flows")
    return "\n".join(lines)


def verdicts_json(verdicts: list[Verdict], hosts: Mapping[str, Any], **more: Any) -> str:
    """All verdicts, the ok ones too. *hosts*: what else was seen on each host; *more*: scope and baseline."""
    document = {
        "version": RESULT_VERSION,
        "summary": summary(verdicts),
        **more,
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

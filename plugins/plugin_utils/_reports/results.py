# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdicts as JSON and JUnit XML, and their numbers."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.verdict import FlowVerdict


@dataclass(frozen=True)
class ResultFormat:
    """How the results of one kind of check are written."""

    name: str
    version: int
    #: The verdicts that it gives, worst first.
    words: tuple[str, ...]

    def summary(self, verdicts: Sequence[FlowVerdict]) -> dict[str, int]:
        """Verdict to number of flows; verdicts without flows have 0."""
        counts = Counter(item.verdict for item in verdicts)
        return {word: counts[word] for word in self.words}

    def summary_line(self, verdicts: Sequence[FlowVerdict]) -> str:
        """How many flows there are, and how many of each verdict that was given."""
        counts = self.summary(verdicts)
        parts = [f"{counts[word]} {word}" for word in self.words if counts[word] or word == "ok"]
        return f"{len(verdicts)} flows: {', '.join(parts)}"

    def as_json(self, verdicts: Sequence[FlowVerdict], hosts: Mapping[str, Any], **more: Any) -> str:
        """All verdicts, also ok, as JSON. *hosts*: the observations by host; *more*: further keys of the document."""
        head = _written({"version": self.version, "summary": self.summary(verdicts), **more}, 0).removesuffix("\n}")
        # One after the other: as one document, the values of all flows and hosts would be in memory at once.
        listed = _joined("[", [_written(item.as_dict(), 2) for item in verdicts], "]")
        by_host = _joined("{", [f"{_written(name, 2)}: {_written(seen, 2)}" for name, seen in hosts.items()], "}")
        return f'{head},\n "verdicts": {listed},\n "hosts": {by_host}\n}}\n'

    def as_junit(
        self,
        verdicts: Sequence[FlowVerdict],
        fail_on: Collection[str],
        failures_of: Mapping[str, Sequence[str]] | None = None,
    ) -> str:
        """A suite per listening host, a case per flow; what cannot be verified is skipped, as JUnit calls it.

        *failures_of*: by host, what fails the check whatever its flows are. A case each, in a suite of their own.

        XML has no form for control characters, and text from hosts may contain some: they are escaped as in Python.
        """
        root = ET.Element("testsuites", name=self.name)
        failed = [(host, text) for host, texts in (failures_of or {}).items() for text in texts]
        if failed:
            count = str(len(failed))
            suite = ET.SubElement(root, "testsuite", name="hosts", tests=count, failures=count, errors="0", skipped="0")
            for host, text in failed:
                case = ET.SubElement(suite, "testcase", classname=f"{self.name}.hosts", name=printable(host, ""))
                ET.SubElement(case, "failure", message=printable(text, ""), type="host")
        by_host: dict[str, list[FlowVerdict]] = {}
        for item in verdicts:
            by_host.setdefault(item.flow.listener, []).append(item)
        for host, items in sorted(by_host.items()):
            kinds = [_kind(item, fail_on) for item in items]
            suite = ET.SubElement(
                root,
                "testsuite",
                name=printable(host, ""),
                tests=str(len(items)),
                failures=str(kinds.count("failure")),
                errors="0",
                skipped=str(kinds.count("skipped")),
            )
            for item, kind in zip(items, kinds, strict=True):
                port = item.flow.protocol if item.flow.port is None else f"{item.flow.protocol} {item.flow.port}"
                to = f" to {item.flow.address}" if item.flow.virtual else ""
                name = printable(f"{port} from {item.flow.initiator}{to} ({', '.join(item.flow.ids)})", "")
                case = ET.SubElement(suite, "testcase", classname=printable(f"{self.name}.{host}", ""), name=name)
                text = printable(f"{item.verdict}: {item.reason}", "")
                if kind == "failure":
                    ET.SubElement(case, kind, message=text, type=item.verdict)
                elif kind == "skipped":
                    ET.SubElement(case, kind, message=text)
                elif kind:
                    ET.SubElement(case, kind).text = text
        ET.indent(root)
        return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _written(value: Any, depth: int) -> str:
    """*value* as JSON, to be continued in a document in which it has the *depth*."""
    # Text from hosts may contain what no reader of JSON has to accept, such as half of a surrogate pair.
    text = json.dumps(plain(value), indent=1, allow_nan=False)
    return text.replace("\n", "\n" + " " * depth)


def _joined(first: str, written: Sequence[str], last: str) -> str:
    """An array or an object that is the value of a key of the document."""
    separator = ",\n  "
    return f"{first}\n  {separator.join(written)}\n {last}" if written else first + last


def _kind(item: FlowVerdict, fail_on: Collection[str]) -> str | None:
    if item.verdict in fail_on:
        return "failure"
    if item.verdict == "unverifiable":
        return "skipped"
    return "system-out" if item.reason else None

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The section about an earlier plan: what this one has that it had not, and the other way round."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.changes import plan_changes
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import ChangeRow, Differences
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.changes_text import ChangesReport

#: Rows of differences. The others are counted.
LARGEST = 2000

_WORDS = {"+": "added", "-": "removed"}


def differences_section(earlier: Plan, plan: Plan, source: str) -> Differences:
    """*source*: the name of the file with the earlier plan."""
    lines = ChangesReport(plan_changes(earlier, plan), earlier, plan).lines()
    rows = tuple(ChangeRow(line[0], _WORDS[line[0]], line[2:]) for line in lines[:LARGEST])
    more = len(lines) - len(rows)
    return Differences(source, rows, f"and {more:,} more, see jsa.ports.diff" if more else "")

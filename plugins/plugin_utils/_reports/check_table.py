# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a check: the printed table, and the parts of port_check.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._check.baseline import RESULT_VERSION
from ansible_collections.jsa.ports.plugins.plugin_utils._check.drift import opening_line
from ansible_collections.jsa.ports.plugins.plugin_utils._check.faults import Fault
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.results import ResultFormat

RESULT = ResultFormat("jsa_port_check", RESULT_VERSION, VERDICTS)

#: Faults of one verdict in the table; those beyond the limit are counted.
_SHOWN_PER_VERDICT = 25


def alarm_table(alarms_of: Mapping[str, Sequence[str]]) -> str:
    """A line for each host and alarm; empty where there is none. *alarms_of*: by host."""
    lines = [f"  {name}: {text}" for name, alarms in alarms_of.items() for text in alarms]
    return "\n".join(["ALARM: hosts without a working firewall:", *lines]) if lines else ""


def not_enforced_table(names: Sequence[str]) -> str:
    """The hosts *names*, whose rules reject nothing; empty where there is none."""
    title = "NOT ENFORCED: hosts whose rules reject nothing (jsa_firewall_refuse: log):"
    return "\n".join([title, f"  {', '.join(names)}"]) if names else ""


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


def reconciliation(verdicts: Sequence[Verdict], selected: int) -> list[str]:
    """Sentences from the number of *selected* flows to that of the verdicts; none where they are the same."""
    own = sum(item.flow.wanted and item.flow.initiator != item.flow.listener for item in verdicts)
    others = len(verdicts) - own
    lines = []
    if own < selected:
        lines.append(
            f"{selected - own:,} of the selected flows have no verdict: nothing has to listen on their ports, and "
            "nothing does."
        )
    if others:
        verb = "verdict is" if others == 1 else "verdicts are"
        lines.append(f"{others:,} further {verb} about ports that should be closed, or about missing tunnels.")
    return lines


def host_result(seen: HostObservation) -> dict[str, Any]:
    """The observations of the host itself, for port_check.json; its probes become verdicts."""
    return {
        "observed": seen.listeners is not None,
        "firewall_as_planned": seen.firewall_as_planned,
        "firewall_alarms": list(seen.alarms),
        "firewall_difference": list(seen.differences),
        "openings": [opening_line(one) for one in seen.openings],
        "addresses": None if seen.addresses is None else sorted(seen.addresses),
        "listeners": [
            {"protocol": protocol, "port": port, "status": one.status, "bind": one.bind, "process": one.process}
            for (protocol, port), one in sorted((seen.listeners or {}).items())
        ],
        "unseen": {part: one.reason for part, one in seen.unseen.items()},
    }

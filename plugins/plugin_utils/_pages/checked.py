# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sections about checks: the last one, and what has changed since a baseline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ansible_collections.jsa.ports.plugins.plugin_utils._check.faults import faults
from ansible_collections.jsa.ports.plugins.plugin_utils._check.result import CheckedHost, CheckResult, compare
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.verdict import in_order
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.flows import port_order
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.marks import MARKS
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import FaultRow, Since, VerdictRow, Verdicts
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.people import People
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.model import rule_words

#: Rows of single verdicts, and of causes. The others are counted, and stand in port_check.json.
LARGEST = 2000


def verdicts_section(result: CheckResult, source: str, people: People, hosts: Mapping[str, HostPlan]) -> Verdicts:
    """*source*: the name of the file. *hosts*: those of the plan."""
    known = [item for item in result.verdicts if item.flow.initiator in hosts and item.flow.listener in hosts]
    counts = Counter(item.verdict for item in result.verdicts)
    wrong = in_order((item for item in result.verdicts if item.verdict != "ok"), VERDICTS)
    causes = faults(known, hosts)
    notes = []
    strangers = len(result.verdicts) - len(known)
    if strangers:
        notes.append(
            f"{strangers:,} {_verdicts(strangers)} about hosts that this plan does not have: "
            "the check was made with another plan."
        )
    for what, number in (("causes", len(causes)), ("verdicts", len(wrong))):
        if number > LARGEST:
            notes.append(f"The list of {what} has the first {LARGEST:,} of {number:,}. All are in port_check.json.")
    return Verdicts(
        source=source,
        scope=_scope(result),
        counts=tuple((MARKS[verdict], counts[verdict]) for verdict in VERDICTS),
        faults=tuple(
            FaultRow(
                mark=MARKS[one.verdict],
                place=one.place,
                ports=one.port_text,
                services=", ".join(one.services),
                flows=one.flows,
                reason=one.reason,
                symptoms=one.symptoms,
            )
            for one in causes[:LARGEST]
        ),
        rows=_rows(wrong[:LARGEST], people),
        notes=tuple(notes),
    )


def since_section(earlier: CheckResult, later: CheckResult, source: str, people: People) -> Since:
    """*source*: the name of the file with the earlier result."""
    found = compare(earlier, later)
    summary = f"{len(found.new):,} new, {len(found.gone):,} gone, {found.still:,} unchanged"
    if found.unknown:
        summary += f", {found.unknown:,} of the baseline not checked this time"
    shown = [in_order(items, VERDICTS) for items in (found.new, found.gone)]
    return Since(source, _rows(shown[0][:LARGEST], people), _rows(shown[1][:LARGEST], people), f"{summary}.")


def host_findings(host: CheckedHost | None) -> tuple[str, ...]:
    """Sentences about the host itself; none for one that was not checked."""
    if host is None:
        return ()
    found = [f"Alarm: {text}" for text in host.firewall_alarms]
    found += [f"Not observed ({part}): {reason}" for part, reason in host.unseen.items()]
    if host.firewall_as_planned is False:
        found.append("The running firewall differs from the plan.")
    found += [f"Difference: {text}" for text in host.firewall_difference]
    found += [f"Opened by the site: {text}" for text in host.openings]
    return tuple(found)


def _rows(items: Sequence[Verdict], people: People) -> tuple[VerdictRow, ...]:
    return tuple(_row(item, people) for item in items)


def _row(item: Verdict, people: People) -> VerdictRow:
    flow = item.flow
    ports = None if flow.port is None else (flow.port, flow.port)
    return VerdictRow(
        mark=MARKS[item.verdict],
        initiator=flow.initiator,
        listener=flow.listener,
        initiator_key=people.key_of(flow.initiator),
        listener_key=people.key_of(flow.listener),
        protocol=flow.protocol,
        port=rule_words(flow.protocol, ports),
        order=port_order(flow.protocol, ports),
        service=flow.service,
        reason=item.reason,
    )


def _scope(result: CheckResult) -> str:
    scope = result.scope
    if not scope.name:
        return ""
    left_out = f"{scope.left_out:,} left out" if scope.left_out else "none left out"
    return f"Scope {scope.name}: {scope.flows:,} flows checked, {left_out}."


def _verdicts(number: int) -> str:
    return "verdict is" if number == 1 else "verdicts are"

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the traffic of a deployment says about its plan, as a table: worst first."""

from __future__ import annotations

import textwrap

from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import (
    IN,
    HostLearned,
    Learned,
    NotPlanned,
    PlannedSeen,
    PlannedUnseen,
    Seen,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.observations import ABSENT
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.columns import aligned

_WIDTH = 116

#: The maximum number of lines of a part of the table, and of names in a line; the others are counted.
_SHOWN_LINES, _SHOWN_NAMES = 40, 4
#: Of a range, the services are many: that much of their names is shown.
_SERVICE = 48


def learned_table(learned: Learned) -> str:
    """What would be cut off, and why; what other firewalls decide; what is planned and seen; what nobody uses."""
    hosts = learned.hosts
    parts = [
        _not_observed(learned),
        "\n".join(_records(hosts.items())),
        _not_planned("Would be cut off:", [row for one in hosts.values() for row in one.cut_off]),
        _not_planned(
            "Not in the plan, left to the host's own zones (jsa_firewall_unlisted):",
            [row for one in hosts.values() for row in one.left_to_zones],
        ),
        _planned_seen([row for one in hosts.values() for row in one.planned_seen]),
        _planned_unseen(hosts.items()),
        _summary(learned),
    ]
    return "\n\n".join(part for part in parts if part)


def _not_observed(learned: Learned) -> str:
    lines = [f"  {name}: {reason}" for name, reason in learned.not_observed.items()]
    return "\n".join(["Not observed:", *lines]) if lines else ""


def _records(hosts: Iterable[tuple[str, HostLearned]]) -> Iterator[str]:
    """Since when each host was recorded, and what is missing in the record."""
    for name, one in hosts:
        yield f"{name}: {_since(one)}"
        if one.staged:
            yield f"  not enforced; what it would reject is recorded since {one.staged_since or 'an unknown time'}"
        for gap in one.gaps:
            yield f"  not recorded {f'from {gap.start} ' if gap.start else ''}until {gap.end}: {gap.reason}"
        if one.not_recorded:
            yield f"  {one.not_recorded} contacts did not fit into the record (jsa_learn_entries)"
        yield from (f"  {note}" for note in one.notes)


def _since(one: HostLearned) -> str:
    if not one.recorded:
        return "one look, no record"
    if one.staged and one.state == ABSENT and not one.since:
        return "only what would be rejected is recorded"
    since = f"recorded since {one.since}" if one.since else "recorded, nobody knows since when"
    return f"{since}, but not any more: run jsa.ports.learn again" if one.state == ABSENT else since


def _not_planned(title: str, rows: Sequence[NotPlanned]) -> str:
    """A line for all far ends with the same reason on one port of a host, and the reasons below it."""
    groups: dict[tuple[object, ...], list[NotPlanned]] = {}
    for row in rows:
        groups.setdefault((_near(row), row.direction, row.protocol, row.port, row.why), []).append(row)
    if not groups:
        return ""
    cells = [_cells(group) for group in groups.values()][:_SHOWN_LINES]
    lines = aligned([("FROM", "TO", "PORT", "SERVICE", "CONNECTIONS", "LAST SEEN"), *cells])
    text = [title, f"  {lines[0]}"]
    for line, group in zip(lines[1:], groups.values(), strict=False):
        text.append(f"  {line}")
        if any(row.staged for row in group):
            text.append("      accepted now, because the host is not enforced (jsa_firewall_refuse: log)")
        for reason in group[0].why:
            text += textwrap.wrap(
                reason, _WIDTH, initial_indent="      ", subsequent_indent="        ", break_on_hyphens=False
            )
    return "\n".join([*text, *_more(len(groups) - _SHOWN_LINES)])


def _near(row: Seen) -> str:
    """The host that was observed."""
    return row.target if row.direction == IN else row.source


def _cells(group: Sequence[Seen]) -> tuple[str, ...]:
    first = group[0]
    inbound = first.direction == IN
    far = _few([_far(row) for row in group], sum(row.peers for row in group))
    counted = [row.connections for row in group if row.connections is not None]
    count = str(sum(counted)) if counted else "not known"
    seen = max((row.last_seen for row in group if row.last_seen is not None), default="not known")
    return (
        far if inbound else first.source,
        first.target if inbound else far,
        f"{first.protocol} {first.port}",
        " ".join(filter(None, (first.service, f"({first.process})" if first.process else ""))) or "-",
        count,
        "open now" if any(row.open_now for row in group) else seen,
    )


def _far(row: Seen) -> str:
    name = row.source if row.direction == IN else row.target
    return name if row.peers == 1 else f"{name} ({row.peers} addresses)"


def _few(names: Sequence[str], peers: int) -> str:
    if len(names) <= _SHOWN_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: _SHOWN_NAMES - 1])} and more, {peers} addresses in all"


def _planned_seen(rows: Sequence[PlannedSeen]) -> str:
    groups: dict[tuple[object, ...], list[PlannedSeen]] = {}
    for row in rows:
        groups.setdefault((_near(row), row.direction, row.protocol, row.port), []).append(row)
    if not groups:
        return ""
    cells = [_cells(group) for group in groups.values()][:_SHOWN_LINES]
    lines = aligned([("FROM", "TO", "PORT", "SERVICE", "CONNECTIONS", "LAST SEEN"), *cells])
    return "\n".join(["Planned, seen:", *(f"  {line}" for line in lines), *_more(len(groups) - _SHOWN_LINES)])


def _planned_unseen(hosts: Iterable[tuple[str, HostLearned]]) -> str:
    """Only hosts with a record can tell."""
    cells = [_unseen_cells(row, one) for _name, one in hosts for row in one.planned_unseen]
    if not cells:
        return ""
    lines = aligned([("FROM", "TO", "PORT", "SERVICE", "RECORDED SINCE"), *cells[:_SHOWN_LINES]])
    title = "Planned, never seen (what nobody needs can be closed):"
    return "\n".join([title, *(f"  {line}" for line in lines), *_more(len(cells) - _SHOWN_LINES)])


def _unseen_cells(row: PlannedUnseen, one: HostLearned) -> tuple[str, ...]:
    names = list(row.sources)
    more = len(names) - _SHOWN_NAMES
    shown = ", ".join(names) if more <= 0 else f"{', '.join(names[: _SHOWN_NAMES - 1])} and {more + 1} more"
    port = f"{row.protocol} {format_ports(row.ports)}"
    service = row.service if len(row.service) <= _SERVICE else f"{row.service[:_SERVICE]}..."
    return shown, row.target, port, service or "-", one.since or "not known"


def _more(number: int) -> list[str]:
    return [f"  ... and {number} more lines, all of them in learned.json"] if number > 0 else []


def _summary(learned: Learned) -> str:
    hosts = learned.hosts.values()
    open_now = sum(row.open_now for one in hosts for row in one.cut_off)
    return (
        f"{len(hosts)} hosts: {sum(len(one.cut_off) for one in hosts)} would be cut off ({open_now} with open "
        f"connections), {sum(len(one.planned_seen) for one in hosts)} planned and seen, "
        f"{sum(len(one.planned_unseen) for one in hosts)} planned and never seen"
    )

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The columns of a change request, as the site names and orders them."""

from __future__ import annotations

import hashlib

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import End, FlowGroup, RequestedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.reasons import Reason, Reasons
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import did_you_mean

#: What a heading of the site's can have in each line: a text that is always the same, or a column of ours.
_TEXT, _COLUMN = "text", "column"

#: More than this does not fit into a cell of a spreadsheet. Addresses never come near it: see split().
_LONGEST_CELL = 32000

#: How many addresses a cell of the grouped form can have.
_MOST_IN_CELL = 500


@dataclass(frozen=True)
class About:
    """What the site says of all flows of a request."""

    owner: str = ""
    requested_from: str = ""
    expiry: str = ""
    #: Heading -> name of one of COLUMNS, or a text that is the same in each line. Empty: all columns under their names.
    headings: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Line:
    flow: RequestedFlow | FlowGroup
    sources: tuple[End, ...]
    destinations: tuple[End, ...]
    reason: Reason
    about: About


def _names(ends: tuple[End, ...]) -> str:
    return ", ".join(dict.fromkeys(end.name for end in ends))


def _addresses(ends: tuple[End, ...]) -> str:
    """Single addresses without a prefix length, as forms have them."""
    return ", ".join(end.cidr.removesuffix("/128" if end.version == 6 else "/32") for end in ends)


def _id(line: _Line) -> str:
    """The same for the same packets, in each request; others have another one."""
    parts = [_addresses(line.sources), _addresses(line.destinations), line.flow.service]
    return f"JSA-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}"


#: Column -> its text. In the order of the file.
COLUMNS: dict[str, Callable[[_Line], str]] = {
    "id": _id,
    "change": lambda line: line.flow.change,
    "source_name": lambda line: _names(line.sources),
    "source_ip": lambda line: _addresses(line.sources),
    "source_zone": lambda line: line.sources[0].zone,
    "destination_name": lambda line: _names(line.destinations),
    "destination_ip": lambda line: _addresses(line.destinations),
    "destination_zone": lambda line: line.destinations[0].zone,
    "protocol": lambda line: line.flow.protocol,
    "port": lambda line: format_ports(line.flow.ports) if line.flow.ports else "",
    "service": lambda line: line.flow.service,
    "initiator": lambda line: "source",
    "application": lambda line: line.reason.application,
    "justification": lambda line: line.reason.justification,
    "reference": lambda line: line.reason.reference,
    "condition": lambda line: line.reason.condition,
    "confidence": lambda line: line.reason.confidence,
    "owner": lambda line: line.about.owner,
    "requested_from": lambda line: line.about.requested_from,
    "expiry": lambda line: line.about.expiry,
    "status": lambda line: "requested",
}


def read_columns(value: Any) -> dict[str, tuple[str, str]]:
    """``jsa_change_request_columns``: heading to column, or to ``{text: ...}``. Raises InputError."""
    subject = "The columns cannot be used"
    if not isinstance(value, Mapping) or not value:
        raise InputError(
            subject, ["jsa_change_request_columns: expected a mapping of headings to columns, such as Service: service"]
        )
    headings, problems = {}, []
    for heading, column in value.items():
        if isinstance(column, Mapping) and set(column) == {_TEXT}:
            headings[str(heading)] = (_TEXT, str(column[_TEXT]))
        elif isinstance(column, str) and column in COLUMNS:
            headings[str(heading)] = (_COLUMN, str(column))
        else:
            problems.append(
                f"jsa_change_request_columns.{heading}: unknown column {column!r}{did_you_mean(str(column), COLUMNS)}; "
                f"the columns are {', '.join(COLUMNS)}, or {{{_TEXT}: ...}} for one text in each line"
            )
    if problems:
        raise InputError(subject, problems)
    return headings


def table(flows: Iterable[RequestedFlow | FlowGroup], reasons: Reasons, about: About) -> list[list[str]]:
    """Headings and lines. Each text is printable, and short enough for a cell."""
    headings = about.headings or {name: (_COLUMN, name) for name in COLUMNS}
    rows = [[_cell(heading) for heading in headings]]
    for flow in flows:
        line = _line(flow, reasons, about)
        cells = [value if kind == _TEXT else COLUMNS[value](line) for kind, value in headings.values()]
        rows.append([_cell(text) for text in cells])
    return rows


def _line(flow: RequestedFlow | FlowGroup, reasons: Reasons, about: About) -> _Line:
    if isinstance(flow, FlowGroup):
        sources, destinations = flow.sources, flow.destinations
    else:
        sources, destinations = (flow.source,), (flow.destination,)
    return _Line(flow, sources, destinations, reasons.of(flow.ids), about)


def split(groups: Iterable[FlowGroup]) -> list[FlowGroup]:
    """The same flows in groups whose addresses fit into a cell."""
    found = []
    for group in groups:
        for first in range(0, len(group.sources), _MOST_IN_CELL):
            sources = group.sources[first : first + _MOST_IN_CELL]
            for start in range(0, len(group.destinations), _MOST_IN_CELL):
                destinations = group.destinations[start : start + _MOST_IN_CELL]
                found.append(FlowGroup(sources, destinations, group.protocol, group.ports, group.ids, group.change))
    return found


def _cell(text: str) -> str:
    text = printable(text, keep="")
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}..."

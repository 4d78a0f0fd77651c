# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who contacts whom: hosts by hosts, or roles by roles where there are too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.flows import Rule
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.marks import MARKS, worse
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Cell, Choice, Grid, Matrix, MatrixRow
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.people import People

#: The largest deployment with a row and a column for each host.
LARGEST_BY_HOST = 40

#: More networks than this are one row.
_LARGEST_BY_NETWORK = 20

#: Who stands for a host or network in a grid.
_Standing = Callable[[Choice], Choice]


class _Counted:
    """Flows and worst verdicts by initiator and listener, as the grid has them."""

    def __init__(
        self,
        people: People,
        rules: Iterable[Rule],
        verdicts: Iterable[Verdict],
        initiator_of: _Standing,
        listener_of: _Standing,
    ) -> None:
        self._flows: Counter[tuple[Choice, Choice]] = Counter()
        self._worst: dict[tuple[Choice, Choice], str] = {}
        for rule in rules:
            listener = listener_of(rule.listener)
            for initiator, count in Counter(map(initiator_of, rule.peers)).items():
                self._flows[initiator, listener] += count
        for item in verdicts:
            source, target = people.hosts.get(item.flow.initiator), people.hosts.get(item.flow.listener)
            if source is not None and target is not None:
                pair = initiator_of(source), listener_of(target)
                self._worst[pair] = worse(self._worst.get(pair), item.verdict)

    def cell(self, initiator: Choice, listener: Choice, anchor: str) -> Cell | None:
        """None where there is no flow, and no verdict."""
        pair = initiator, listener
        worst = self._worst.get(pair)
        if pair not in self._flows and worst is None:
            return None
        return Cell(initiator, listener, self._flows[pair], MARKS[worst] if worst else None, anchor)


def matrix(people: People, rules: Sequence[Rule], verdicts: Sequence[Verdict]) -> Matrix:
    """By host up to LARGEST_BY_HOST hosts, beyond that by role, with a grid for the listeners of each role."""
    hosts, networks = list(people.hosts.values()), list(people.networks.values())
    anchor = _Anchors(rules).of
    together = len(networks) > _LARGEST_BY_NETWORK
    outside = [people.outside] if together and networks else networks

    def network_row(choice: Choice) -> Choice:
        return people.group_of(choice) if together and choice.key.startswith("n") else choice

    if len(hosts) <= LARGEST_BY_HOST:
        found = _Counted(people, rules, verdicts, network_row, _itself)
        rows = _rows(found, [*hosts, *outside], hosts, anchor)
        return Matrix(Grid("Flows by initiator and listener", "from \\ to", tuple(hosts), rows))
    groups = people.groups[:-1]

    def group_row(choice: Choice) -> Choice:
        return network_row(choice) if choice.key.startswith("n") else people.group_of(choice)

    by_group = _Counted(people, rules, verdicts, group_row, people.group_of)
    rows = _rows(by_group, [*groups, *outside], groups, anchor)
    grid = Grid("Flows by role of initiator and listener", "from \\ to", tuple(groups), rows)
    by_listener = _Counted(people, rules, verdicts, group_row, _itself)
    details = []
    for group in groups:
        members = [host for host in hosts if host.group == group.key]
        detail_rows = tuple(
            MatrixRow(host, tuple(by_listener.cell(one, host, anchor(host)) for one in (*groups, *outside)))
            for host in members
        )
        caption = f"Flows to each {group.name}, by role of the initiator"
        details.append((group, Grid(caption, "to \\ from", (*groups, *outside), detail_rows)))
    return Matrix(grid, tuple(details))


def _rows(
    found: _Counted, initiators: Iterable[Choice], listeners: Sequence[Choice], anchor: Callable[[Choice], str]
) -> tuple[MatrixRow, ...]:
    return tuple(
        MatrixRow(one, tuple(found.cell(one, listener, anchor(listener)) for listener in listeners))
        for one in initiators
    )


def _itself(choice: Choice) -> Choice:
    return choice


class _Anchors:
    """Where a cell leads to: the first row of its listener, or the table where a listener accepts nobody."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        #: Key of a host, or of a group, to the first listener.
        self._first: dict[str, Choice] = {}
        for rule in rules:
            self._first.setdefault(rule.listener.key, rule.listener)
            self._first.setdefault(rule.listener.group, rule.listener)

    def of(self, listener: Choice) -> str:
        """*listener*: a host or a group."""
        return f"to-{self._first[listener.key].key}" if listener.key in self._first else "flows"

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The picture of the topology: zones and networks as boxes, with lines where flows cross them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.plugin_utils._pages.flows import Rule
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Box, Choice, Line, Picture
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.people import People

#: Boxes, lines of text in a box, and lines between boxes that a person can still follow.
_LARGEST_OUTSIDE, _LARGEST_INSIDE, _LARGEST_TEXT, _LARGEST_LINES = 12, 24, 10, 60

#: CIDRs of an outside network in its box.
_SHOWN_CIDRS = 3

#: Pixels.
_MARGIN, _GAP, _LINE, _HEAD = 16, 28, 18, 34
_OUTSIDE_WIDTH, _INSIDE_WIDTH, _BETWEEN = 250, 300, 130
_COLUMNS = 2

#: Characters that fit in a box.
_CHARACTERS = 40


@dataclass(frozen=True)
class _Content:
    """A box before it has a place."""

    key: str
    title: str
    lines: tuple[str, ...]

    @property
    def height(self) -> int:
        return _HEAD + _LINE * len(self.lines) + (10 if self.lines else 2)


def picture(people: People, rules: Sequence[Rule], zone_of: Mapping[str, str]) -> Picture:
    """*zone_of*: the zone or network of each host."""
    notes: list[str] = []
    outside = _outside(people, notes)
    inside = _inside(people, zone_of, notes)
    boxes: dict[str, Box] = {}
    y = _MARGIN
    for content in outside:
        boxes[content.key] = _box(content, _MARGIN, y, _OUTSIDE_WIDTH, "outside")
        y += content.height + _GAP
    left = _MARGIN + _OUTSIDE_WIDTH + _BETWEEN if outside else _MARGIN
    bottoms = [_MARGIN] * (_COLUMNS if len(inside) > 1 else 1)
    for content in inside:
        column = bottoms.index(min(bottoms))
        x = left + column * (_INSIDE_WIDTH + _BETWEEN)
        boxes[content.key] = _box(content, x, bottoms[column], _INSIDE_WIDTH, "inside")
        bottoms[column] += content.height + _GAP
    width = left + len(bottoms) * _INSIDE_WIDTH + (len(bottoms) - 1) * _BETWEEN + _MARGIN
    height = max([y, *bottoms]) - _GAP + _MARGIN
    crossing = _crossing(people, rules, zone_of, boxes)
    if len(crossing) > _LARGEST_LINES:
        notes.append(
            f"{len(crossing):,} pairs of boxes exchange flows. They are not drawn, because nobody could follow "
            "the lines. See the matrix."
        )
        crossing = Counter()
    lines = tuple(
        _line(
            boxes[source],
            boxes[target],
            f"{count:,} {'flow' if count == 1 else 'flows'} from {boxes[source].title} to {boxes[target].title}",
        )
        for (source, target), count in crossing.items()
    )
    description = (
        f"{len(inside)} {'network' if len(inside) == 1 else 'networks'} with the hosts of the deployment, and "
        f"{len(outside)} outside of it. The matrix and the table of hosts have the same facts."
    )
    return Picture(width, height, tuple(boxes.values()), lines, description, tuple(notes))


def _outside(people: People, notes: list[str]) -> list[_Content]:
    found = []
    for choice in people.networks.values():
        cidrs = [cidr for cidr in sorted(people.cidrs[choice.key]) if cidr != choice.name]
        shown = cidrs if len(cidrs) <= _SHOWN_CIDRS else [*cidrs[: _SHOWN_CIDRS - 1], f"and {len(cidrs) - 2:,} more"]
        found.append(_Content(choice.key, choice.name, tuple(shown)))
    if len(found) > _LARGEST_OUTSIDE:
        notes.append(f"The picture has the first {_LARGEST_OUTSIDE} of {len(found):,} outside networks.")
    return found[:_LARGEST_OUTSIDE]


def _inside(people: People, zone_of: Mapping[str, str], notes: list[str]) -> list[_Content]:
    members: dict[str, list[Choice]] = {}
    for name, choice in people.hosts.items():
        members.setdefault(zone_of[name], []).append(choice)
    found = [_Content(f"z{zone}", zone, tuple(_host_lines(people, hosts))) for zone, hosts in members.items()]
    if len(found) > _LARGEST_INSIDE:
        notes.append(f"The picture has the {_LARGEST_INSIDE} largest of {len(found):,} networks with hosts.")
        found = sorted(found, key=lambda one: -len(members[one.title]))
    return found[:_LARGEST_INSIDE]


def _host_lines(people: People, hosts: Sequence[Choice]) -> Iterable[str]:
    if len(hosts) <= _LARGEST_TEXT:
        return [f"{host.name}: {people.group_of(host).name}" for host in hosts]
    counts = Counter(people.group_of(host).name for host in hosts)
    lines = [f"{name}: {count:,}" for name, count in counts.most_common()]
    more = len(lines) - _LARGEST_TEXT
    return [*lines[: _LARGEST_TEXT - 1], f"and {more + 1:,} other kinds"] if more > 0 else lines


def _crossing(
    people: People, rules: Iterable[Rule], zone_of: Mapping[str, str], boxes: Mapping[str, Box]
) -> Counter[tuple[str, str]]:
    """How many flows go from one box to another, of those that the picture has."""
    box_of = {choice: f"z{zone_of[name]}" for name, choice in people.hosts.items()}
    box_of |= {choice: choice.key for choice in people.networks.values()}
    found: Counter[tuple[str, str]] = Counter()
    for rule in rules:
        target = box_of[rule.listener]
        for source, count in Counter(map(box_of.__getitem__, rule.peers)).items():
            if source != target and source in boxes and target in boxes:
                found[source, target] += count
    return found


def _box(content: _Content, x: int, y: int, width: int, kind: str) -> Box:
    lines = tuple(_cut(text) for text in content.lines)
    return Box(x, y, width, content.height, _cut(content.title), lines, kind)


def _cut(text: str) -> str:
    return text if len(text) <= _CHARACTERS else f"{text[: _CHARACTERS - 1]}…"


def _line(source: Box, target: Box, title: str) -> Line:
    """A curve between the sides that face each other, or from right to right where one box is below the other."""
    y1, y2 = source.y + source.height // 2, target.y + target.height // 2
    x1 = source.x if source.x > target.x else source.x + source.width
    x2 = target.x if source.x < target.x else target.x + target.width
    bend = _BETWEEN // 2
    first = x1 - bend if source.x > target.x else x1 + bend
    second = x2 - bend if source.x < target.x else x2 + bend
    return Line(f"M {x1} {y1} C {first} {y1} {second} {y2} {x2} {y2}", title)

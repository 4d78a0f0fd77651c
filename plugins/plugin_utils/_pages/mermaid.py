# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The topology as Mermaid text, for wikis and tickets that draw it."""

from __future__ import annotations

import re

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.flows import Rule
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Choice
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.people import People

#: Mermaid draws up to 500 edges; beyond this many pairs of hosts, an edge stands for two roles.
_LARGEST_EDGES = 200

#: What Mermaid, or the Markdown and HTML around it, would not take as itself.
_SPECIAL = re.compile(r"[^\w .,:/()\-]", re.ASCII)


def mermaid(people: People, rules: Sequence[Rule], zone_of: Mapping[str, str]) -> str:
    """A flowchart. *zone_of*: the zone or network of each host."""
    pairs = _pairs(rules, lambda choice: choice)
    if len(pairs) <= _LARGEST_EDGES:
        lines = [*_by_zone(people, zone_of), *_nodes(people.networks.values())]
    else:
        used = [*people.groups[:-1], *([people.outside] if people.networks else [])]
        counts = Counter(choice.group for choice in people.hosts.values())
        lines = [
            f'  {group.key}["{label(f"{counts[group.key]} {group.name}" if counts[group.key] else group.name)}"]'
            for group in used
        ]
        pairs = _pairs(rules, people.group_of)
    edges = [f'  {source.key} -->|"{count}"| {target.key}' for (source, target), count in pairs.items()]
    return "\n".join(["flowchart LR", *lines, *edges, ""])


def label(text: str) -> str:
    """*text* between quotes in Mermaid: every character that could mean something is written as its number."""
    return _SPECIAL.sub(lambda match: f"#{ord(match[0])};", printable(text, ""))


def _pairs(rules: Iterable[Rule], standing: Callable[[Choice], Choice]) -> Counter[tuple[Choice, Choice]]:
    found: Counter[tuple[Choice, Choice]] = Counter()
    for rule in rules:
        target = standing(rule.listener)
        for source in rule.peers:
            found[standing(source), target] += 1
    return found


def _by_zone(people: People, zone_of: Mapping[str, str]) -> Iterator[str]:
    members: dict[str, list[Choice]] = {}
    for name, choice in people.hosts.items():
        members.setdefault(zone_of[name], []).append(choice)
    for number, (zone, hosts) in enumerate(members.items()):
        yield f'  subgraph z{number}["{label(zone)}"]'
        yield from (f"  {line}" for line in _nodes(hosts))
        yield "  end"


def _nodes(choices: Iterable[Choice]) -> Iterator[str]:
    for choice in choices:
        yield f'  {choice.key}["{label(choice.name)}"]'

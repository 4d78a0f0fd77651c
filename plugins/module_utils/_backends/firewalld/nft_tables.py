# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of nftables as text: taken apart as little as is needed to put them back. Runs on Python 3.6."""

import re

from typing import List, NamedTuple, Tuple

_OPENING = re.compile(r"^table ([a-z0-9]+) ([^ {]+) \{")
_TABLE_FLAGS = re.compile(r"^\tflags ([a-z, ]+);?$")
#: How nft 0.9.8 prints a prefix of firewalld's that has quotes of its own; it does not read that back.
_QUOTED_TWICE = re.compile(r'\blog prefix ""(.+?)""')


class Table(NamedTuple):
    """A table of nftables, as text."""

    family: str
    name: str
    lines: Tuple[str, ...]


def split(text):  # type: (str) -> List[Table]
    """The tables in the output of ``nft list ruleset``, without comments. Raises ValueError where it is something else.

    Only what begins at the left edge is looked at.
    """
    found = []
    lines = []  # type: List[str]
    opening = None
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if opening is None:
            opening, lines = _OPENING.match(line), []
            if opening is None:
                raise ValueError("nft printed %r where a table begins" % line[:80])
        lines.append(line)
        if line.rstrip() == "}":
            found.append(Table(opening.group(1), opening.group(2), tuple(lines)))
            opening = None
    if opening is not None:
        raise ValueError("what nft printed is cut off")
    return found


def readable(table):  # type: (Table) -> Table
    """As nft takes it back, and without an owner: it would belong to the nft that loads it, and go with it."""
    lines = []
    for line in table.lines:
        match = _TABLE_FLAGS.match(line)
        if match:
            kept = [flag.strip() for flag in match.group(1).split(",") if flag.strip() not in ("owner", "persist")]
            if not kept:
                continue
            line = "\tflags " + ",".join(kept)
        lines.append(_QUOTED_TWICE.sub(r'log prefix "\1"', line.partition(" # progname")[0]))
    return table._replace(lines=tuple(lines))


def renamed(table, name):  # type: (Table, str) -> Table
    first = "table %s %s {" % (table.family, name)
    return Table(table.family, name, (first,) + table.lines[1:])

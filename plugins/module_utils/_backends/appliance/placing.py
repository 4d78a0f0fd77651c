# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the rules of the product's files come to stand in the chain INPUT. Runs on Python 3.6.

A line is a command: one that inserts a rule at the top decides before our block, wherever in the files it is.
"""

from typing import Dict, List, NamedTuple, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.files import Files, split
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.parse import Line, read_rules
from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import POST, PRE

_APPEND, _INSERT, _DELETE, _REPLACE, _FLUSH = "-A", "-I", "-D", "-R", "-F"
_COMMANDS = {"--append": _APPEND, "--insert": _INSERT, "--delete": _DELETE, "--replace": _REPLACE, "--flush": _FLUSH}
_CHAIN = "INPUT"


class Placed(NamedTuple):
    """A rule, and the file that its line is in."""

    line: Line
    path: str


def before_ours(rules):  # type: (Sequence[Line]) -> List[Line]
    """Those that stand before the first one of ours; all of them, where there is none."""
    ours = [index for index, line in enumerate(rules) if line.ours]
    return list(rules[: ours[0]]) if ours else list(rules)


def files_rules(files, bodies, family):  # type: (Files, Dict[str, str], str) -> List[Placed]
    """The rules that the site's lines and *bodies*, ours, make of INPUT, in the order that they come to have."""
    rules = []  # type: List[Placed]
    for name in (PRE[family], POST[family]):
        path = files.path(name)
        parts = split(path, files.text(name) or "")
        table = "filter"
        for raw in (parts.before + bodies.get(name, "") + parts.after).splitlines():
            line = raw.strip()
            if line.startswith("*"):
                table = line[1:]
            elif table == "filter":
                _carry_out(rules, line, path)
    return rules


def _carry_out(rules, line, path):  # type: (List[Placed], str, str) -> None
    """One line of iptables-restore. What is none that changes INPUT, or cannot be read, changes nothing."""
    words = line.split(None, 2)
    command = _COMMANDS.get(words[0], words[0]) if words else ""
    if command == _FLUSH and words[1:2] in ([], [_CHAIN]):
        del rules[:]
    if len(words) < 3 or words[1] != _CHAIN:
        return
    rest, number = words[2], 1
    first, _space, more = rest.partition(" ")
    numbered = command in (_INSERT, _DELETE, _REPLACE) and first.isdigit()
    if numbered:
        rest, number = more.strip(), int(first)
    if command == _DELETE and numbered:
        del rules[number - 1 : number]
        return
    made = read_rules("-A %s %s" % (_CHAIN, rest))
    if not made:
        return
    if command == _APPEND:
        rules.append(Placed(made[0], path))
    elif command == _INSERT:
        rules.insert(max(0, number - 1), Placed(made[0], path))
    elif command == _REPLACE and 0 < number <= len(rules):
        rules[number - 1 : number] = [Placed(made[0], path)]
    elif command == _DELETE:
        same = [index for index, one in enumerate(rules) if one.line.form == made[0].form]
        if same:
            del rules[same[0]]

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that somebody has put into the tables of iptables with nft. Runs on Python 3.6.

iptables-save leaves out what it does not know of them: ``ip saddr @bad drop`` comes out as ``-j DROP``, and whoever
loads that has closed the host to everybody. Where it knows still less (``ct state invalid drop``), it prints nothing of
the whole table. nft prints both as they are, but not all that iptables has made (extensions, ``xt``). So each rule is
kept by the program that knows it.
"""

import json

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.foreign_iptables import Place, Tables
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError, Programs

#: Tables of iptables.
_TABLES = ("filter", "nat", "mangle", "raw", "security")
_EXTENSION = "xt"
_PLACE = ("family", "table", "chain", "name", "type", "hook", "prio", "policy")


class Chain(NamedTuple):
    """A chain in which there are rules that iptables-save does not print as they are."""

    #: As nft has it in JSON, without what is of the moment.
    chain: Dict[str, Any]
    #: Lines of iptables-save, and rules in JSON, in their order.
    rules: List[Any]
    #: How many more there are that neither program can keep.
    lost: int


def read_native(programs, family, tables):  # type: (Programs, str, Tables) -> Dict[Place, Chain]
    """Of a *family* in nft's words (``ip``). *tables*: what iptables-save has printed of it. Never raises."""
    found = {}  # type: Dict[Place, Chain]
    for table in _tables_there(programs, family):
        chains, rules = _read_table(programs, family, table)
        lines = _by_chain(tables[table][1]) if table in tables else None
        for name, chain in chains.items():
            ours = rules.get(name, [])
            if lines is None or any(_is_native(rule) for rule in ours):
                found[(table, name)] = _chain(chain, ours, None if lines is None else lines.get(name, []))
    return found


def _chain(chain, rules, lines):  # type: (Dict[str, Any], List[Dict[str, Any]], Optional[List[str]]) -> Chain
    """*lines*: None where iptables-save has printed nothing of the table."""
    kept = []  # type: List[Any]
    for position, rule in enumerate(rules):
        extended = any(_EXTENSION in part for part in rule["expr"])
        if not extended and (lines is None or _is_native(rule)):
            kept.append(rule)
        elif lines is not None and len(lines) == len(rules):
            kept.append(lines[position])
    return Chain(chain, kept, len(rules) - len(kept))


def _is_native(rule):  # type: (Dict[str, Any]) -> bool
    """iptables makes no sets and no maps; its extensions stand for themselves."""
    return any(_looks_up(part.get("match", {}).get("right")) or _has_map(part) for part in rule["expr"])


def _looks_up(right):  # type: (Any) -> bool
    return right.startswith("@") if isinstance(right, str) else isinstance(right, dict) and "set" in right


def _has_map(value):  # type: (Any) -> bool
    if isinstance(value, dict):
        return "map" in value or "vmap" in value or any(_has_map(inner) for inner in value.values())
    return isinstance(value, list) and any(_has_map(inner) for inner in value)


def without(tables, native):  # type: (Tables, Iterable[Place]) -> Tables
    """*tables* with the chains of *native*, but without their rules."""
    places = set(native)
    return {
        table: (chains, [line for line in rules if (table, line.split()[1]) not in places])
        for table, (chains, rules) in tables.items()
    }


def put_back(programs, family, native, direct):
    # type: (Programs, str, Dict[Place, Chain], Set[Place]) -> None
    """Chains that a reload has emptied. Those in *direct* firewalld fills itself. Raises CommandError."""
    gone = []
    for place, kept in sorted(native.items()):
        _chains, rules = _read_table(programs, family, place[0])
        if place not in direct and not rules.get(place[1]):
            gone.append((place[0], kept))
    if not gone:
        return
    # Rules lead from one chain to another.
    tables = [{"table": {"family": family, "name": table}} for table in sorted({table for table, _kept in gone})]
    _feed(programs, tables + [{"chain": kept.chain} for _table, kept in gone])
    for table, kept in gone:
        for rule in kept.rules:
            if isinstance(rule, str):
                words = "*%s\n%s\nCOMMIT\n" % (table, rule)
                programs.run(family + "tables-restore", "--noflush", "--wait", input=words)
            else:
                _feed(programs, [{"rule": rule}])


def true_lines(text, native):  # type: (str, Dict[Place, Chain]) -> str
    """What iptables-save has printed, without the lines that say something else than the rule."""
    left = {place: [rule for rule in kept.rules if isinstance(rule, str)] for place, kept in native.items()}
    lines, table = [], ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:]
        place = (table, line.split()[1]) if line.startswith("-A ") else None
        if place in left:
            if line not in left[place]:
                continue
            left[place].remove(line)
        lines.append(line)
    return "".join(line + "\n" for line in lines)


def words_of_lost(family, native):  # type: (str, Dict[Place, Chain]) -> List[str]
    """What a reload takes away for good, in words."""
    return [
        "table %s %s, chain %s: %d rules that neither nft nor iptables-save can save" % (family, table, name, kept.lost)
        for (table, name), kept in sorted(native.items())
        if kept.lost
    ]


def _feed(programs, objects):  # type: (Programs, List[Dict[str, Any]]) -> None
    text = json.dumps({"nftables": [{"add": one} for one in objects]})
    programs.run("nft", "-j", "-f", "-", input=text)


def _tables_there(programs, family):  # type: (Programs, str) -> List[str]
    try:
        listed = programs.run("nft", "list", "tables", family)
    except CommandError:
        return []
    return [line.split()[2] for line in listed.splitlines() if line.split()[2:] and line.split()[2] in _TABLES]


def _read_table(programs, family, table):
    # type: (Programs, str, str) -> Any
    """Name -> chain, and name -> its rules."""
    try:
        objects = json.loads(programs.run("nft", "-j", "list", "table", family, table))["nftables"]
    except (CommandError, ValueError, KeyError):
        return {}, {}
    chains = {}  # type: Dict[str, Dict[str, Any]]
    rules = {}  # type: Dict[str, List[Dict[str, Any]]]
    for one in objects:
        if "chain" in one:
            chains[one["chain"]["name"]] = _plain(one["chain"], ())
        elif "rule" in one:
            rules.setdefault(one["rule"]["chain"], []).append(_plain(one["rule"], ("expr", "comment")))
    return chains, rules


def _plain(found, more):  # type: (Dict[str, Any], Iterable[str]) -> Dict[str, Any]
    """Without handles."""
    return {key: value for key, value in found.items() if key in _PLACE or key in more}


def _by_chain(lines):  # type: (Iterable[str]) -> Dict[str, List[str]]
    found = {}  # type: Dict[str, List[str]]
    for line in lines:
        found.setdefault(line.split()[1], []).append(line)
    return found

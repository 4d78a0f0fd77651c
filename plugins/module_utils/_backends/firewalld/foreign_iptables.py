# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Others' iptables rules, which a reload of firewalld flushes and nobody else puts back. Runs on Python 3.6.

firewalld that filters with nftables has nothing in iptables but its direct rules, and flushes all of it at each reload
all the same (seen with 1.3.3): container engines lose the address translation of what runs. So what was there before a
reload and is gone behind it is put back, but in chains where firewalld has direct rules, which are its own to keep.
"""

from typing import Any, Dict, Iterable, Iterator, List, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES, PREFIXES
from ansible_collections.jsa.ports.plugins.module_utils._host import saved_rules

#: Prefix of a program's name -> family, as firewalld's direct rules have it.
FAMILY_OF = {prefix: family for family, prefix in PREFIXES.items()}

#: Table and chain.
Place = Tuple[str, str]
#: Table -> chains of others, and rules as iptables-save prints them.
Tables = Dict[str, Tuple[List[str], List[str]]]


def read_tables(text):  # type: (str) -> Tables
    """Of what iptables-save prints."""
    tables = {}  # type: Tables
    chains, rules = [], []  # type: Tuple[List[str], List[str]]
    for line in saved_rules.lines(text):
        if line.startswith("*"):
            chains, rules = [], []
            tables[line[1:]] = (chains, rules)
        elif line.startswith(":"):
            words = line[1:].split()
            # A built-in chain has a policy, and is always there.
            if words[1:2] == ["-"]:
                chains.append(words[0])
        elif line.startswith("-A "):
            rules.append(line)
    return tables


def what_is_gone(before, after, direct):  # type: (Tables, Tables, Set[Place]) -> str
    """Input for ``iptables-restore --noflush`` that puts back what *before* has and *after* has not.

    Empty where that is nothing.
    """
    lines = []  # type: List[str]
    for table, (chains, rules) in before.items():
        chains_now, rules_now = after.get(table, ([], []))
        left = list(rules_now)
        missing = []
        for rule in rules:
            if rule in left:
                left.remove(rule)
            elif (table, (rule.split() + [""])[1]) not in direct:
                missing.append(rule)
        new = [":%s - [0:0]" % chain for chain in chains if chain not in chains_now and (table, chain) not in direct]
        if new or missing:
            lines += ["*" + table] + new + missing + ["COMMIT"]
    return "".join(line + "\n" for line in lines)


def one_by_one(text):  # type: (str) -> Iterator[List[str]]
    """The same as arguments of iptables, chain by chain and rule by rule.

    iptables-restore takes all or nothing, and cannot read a comment with a line break in it.
    """
    for table, (chains, rules) in read_tables(text).items():
        for chain in chains:
            yield ["-t", table, "-N", chain]
        for rule in rules:
            yield ["-t", table] + saved_rules.words(rule)


def direct_places(chains, rules, passthroughs):
    # type: (Iterable[Any], Iterable[Any], Iterable[Any]) -> Dict[str, Set[Place]]
    """Family -> where firewalld has direct rules, from the three parts of its direct configuration.

    They are (family, table, chain), (family, table, chain, priority, words) and (family, words).
    """
    places = {family: set() for family in FAMILIES}  # type: Dict[str, Set[Place]]
    for family, table, chain in chains:
        places.setdefault(family, set()).add((table, chain))
    for family, table, chain, _priority, _words in rules:
        places.setdefault(family, set()).add((table, chain))
    for family, words in passthroughs:
        table = _after(words, ("-t", "--table")) or "filter"
        chain = _after(words, ("-A", "-I", "--append", "--insert"))
        if chain:
            places.setdefault(family, set()).add((table, chain))
    return places


def _after(words, options):  # type: (List[str], Tuple[str, ...]) -> str
    for option, value in zip(words, words[1:]):
        if option in options:
            return value
    return ""

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text that iptables-save prints, in lines, words and options. Runs on Python 3.6.

Others write into it what they like: a comment may be ``-s`` or ``!``, which iptables-save prints without quotes, or
have a line break in it. Nothing here fails for any text.
"""

import ipaddress
import re

from typing import Dict, Iterable, List

#: Options with exactly one value, which somebody chose: it may look like an option.
_FREE = frozenset(
    (
        "--comment",
        "--log-prefix",
        "--nflog-prefix",
        "--prefix",
        "--ulog-prefix",
        "--string",
        "--hex-string",
        "--algo",
        "--name",
        "--hashlimit-name",
        "--helper",
        "--label",
        "--path",
        "--bytecode",
        "--object-pinned",
        "--domain",
        "--genre",
        "--physdev-in",
        "--physdev-out",
        "--in-interface",
        "--out-interface",
        "-i",
        "-o",
        "-j",
        "-g",
    )
)

#: A word in quotes, with what is escaped in it, or one without.
_WORD = re.compile(r'[ \t\n]*(?:"((?:[^"\\]|\\.)*)"(?=[ \t\n]|\Z)|([^ \t\n]+))', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
#: A comment has up to 255 characters.
_LINE_BREAKS = 255

#: Modules of which nothing is left in a rule but their options.
_PLAIN_MODULES = frozenset(
    ("comment", "conntrack", "icmp", "icmp6", "icmpv6", "ipv6-icmp", "multiport", "set", "state", "tcp", "udp")
)


def lines(text):  # type: (str) -> List[str]
    """The lines of *text*; a line break in the quotes of a rule does not end one."""
    found = []  # type: List[str]
    physical = text.split("\n")
    number = 0
    while number < len(physical):
        line = physical[number]
        number += 1
        if line.startswith("-A ") and _is_open(line):
            for end in range(number + 1, min(number + 1 + _LINE_BREAKS, len(physical) + 1)):
                whole = "\n".join(physical[number - 1 : end])
                if not _is_open(whole):
                    line, number = whole, end
                    break
        found.append(line)
    return found


def keeps_away(text):  # type: (str) -> bool
    """Whether anything in what iptables-save prints keeps a packet to the host away."""
    return any(
        line.startswith(":INPUT DROP") or " -j DROP" in line or " -j REJECT" in line for line in text.splitlines()
    )


def _is_open(line):  # type: (str) -> bool
    """Whether *line* ends within quotes. A quote in the middle of a word is none."""
    return any(plain.startswith('"') for _quoted, plain in _WORD.findall(line))


def words(line):  # type: (str) -> List[str]
    """The words of one line, without quotes."""
    return [plain or _ESCAPED.sub(r"\1", quoted) for quoted, plain in _WORD.findall(line)]


def options(found):  # type: (Iterable[str]) -> Dict[str, List[str]]
    """The options in these words with their values. A negated one begins with ``! ``; what belongs to none is at "".

    Modules are at ``-m`` only where they may say something without an option of theirs.
    """
    result = {}  # type: Dict[str, List[str]]
    key, negated, free = "", False, False
    for word in found:
        if free:
            result[key].append(word)
            free = False
        elif word == "!":
            negated = True
        elif word.startswith("-") and len(word) > 1:
            key = ("! " if negated else "") + word
            free = word in _FREE
            negated = False
            result.setdefault(key, [])
        else:
            # The old place of the sign is behind the option.
            result.setdefault(key, []).append("! " + word if negated else word)
            negated = False
    if negated:
        result.setdefault("", []).append("!")
    modules = [name for name in result.pop("-m", []) if name not in _PLAIN_MODULES]
    if modules:
        result["-m"] = modules
    return result


def network(text, strict=True):  # type: (str, bool) -> str
    """An address or network as ipaddress writes it. Raises ValueError for others, such as a mask with holes in it.

    A mask like 0.0.0.255 means what it says, not the network that ipaddress takes it for.
    """
    if "." in text.partition("/")[2]:
        raise ValueError("%s has a mask that is no prefix" % text)
    return str(ipaddress.ip_network(text, strict=strict))

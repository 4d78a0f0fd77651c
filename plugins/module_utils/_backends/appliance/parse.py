# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules as iptables-save prints them, as we write them and as the product includes them: the same values of all three.

iptables-save has an order, aliases and quotes of its own, which differ between versions. Runs on Python 3.6.
"""

import ipaddress
import shlex

from typing import Dict, List, NamedTuple, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import COMMENT

#: Option and values, sorted by option.
Form = Tuple[Tuple[str, Tuple[str, ...]], ...]

_ALIASES = {
    "--state": "--ctstate",
    "--destination-ports": "--dports",
    "--destination-port": "--dport",
    "--source": "-s",
    "--protocol": "-p",
    "--jump": "-j",
    "--in-interface": "-i",
}
_PROTOCOLS = {"icmpv6": "ipv6-icmp", "1": "icmp", "58": "ipv6-icmp", "6": "tcp", "17": "udp"}


class Line(NamedTuple):
    """One rule of the chain INPUT."""

    text: str
    form: Form
    ours: bool


def read_rules(text):  # type: (str) -> List[Line]
    """The rules that are appended to INPUT in the filter table, in their order."""
    found = []
    table = "filter"
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("*"):
            table = line[1:]
        elif table == "filter" and line.startswith("-A INPUT "):
            form = _form(line)
            comment = dict(form).get("--comment", ("",))
            ours = comment[0] == COMMENT or comment[0].startswith(COMMENT + ": ")
            found.append(Line(line, form, ours))
    return found


def policy_of(text):  # type: (str) -> str
    """What happens to a packet at the end of INPUT."""
    for line in text.splitlines():
        if line.startswith(":INPUT "):
            return line.split()[1]
    return "ACCEPT"


def _form(line):  # type: (str) -> Form
    options = {}  # type: Dict[str, List[str]]
    key, negated = "", False
    try:
        words = shlex.split(line)[2:]
    except ValueError:
        return (("unreadable", (line,)),)
    for word in words:
        if word == "!":
            negated = True
        elif word.startswith("-"):
            key = ("! " if negated else "") + _ALIASES.get(word, word)
            negated = False
            options.setdefault(key, [])
        else:
            options[key].append(word)
    # Which module an option belongs to says nothing more.
    options.pop("-m", None)
    return tuple(sorted((name, _values(name, values)) for name, values in options.items()))


def _values(name, values):  # type: (str, List[str]) -> Tuple[str, ...]
    if name == "--ctstate":
        return tuple(sorted(values[0].split(",")))
    if name == "-p":
        return tuple(_PROTOCOLS.get(value, value) for value in values)
    if name == "-s":
        try:
            return (str(ipaddress.ip_network(values[0], strict=False)),)
        except ValueError:
            pass
    return tuple(values)

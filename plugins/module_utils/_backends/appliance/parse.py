# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules as iptables-save prints them, as we write them and as the product includes them: the same values of all three.

iptables-save has an order and aliases of its own, which differ between versions. A rule that others wrote is never
understood further than to tell it from ours. Runs on Python 3.6.
"""

from typing import Dict, Iterable, List, NamedTuple, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import COMMENT
from ansible_collections.jsa.ports.plugins.module_utils._host import saved_rules

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
    """The rules in a file that are appended to INPUT in the filter table, in their order."""
    return _rules(text.split("\n"))


def running_rules(text):  # type: (str) -> List[Line]
    """The same of what iptables-save prints, where a comment may have a line break in it."""
    return _rules(saved_rules.lines(text))


def _rules(lines):  # type: (Iterable[str]) -> List[Line]
    found = []
    table = "filter"
    for raw in lines:
        line = raw.strip(" \t\r\n")
        if line.startswith("*"):
            table = line[1:]
        elif table == "filter" and (line + " ").startswith("-A INPUT "):
            form = _form(line)
            comment = dict(form).get("--comment", ())[:1]
            ours = any(text == COMMENT or text.startswith(COMMENT + ": ") for text in comment)
            found.append(Line(line, form, ours))
    return found


def policy_of(text):  # type: (str) -> str
    """What happens to a packet at the end of INPUT."""
    for line in saved_rules.lines(text):
        if line.startswith(":INPUT "):
            return (line.split()[1:] or [""])[0]
    return "ACCEPT"


def _form(line):  # type: (str) -> Form
    options = {}  # type: Dict[str, Tuple[str, ...]]
    for option, values in saved_rules.options(saved_rules.words(line)[2:]).items():
        sign = "! " if option.startswith("! ") else ""
        name = sign + _ALIASES.get(option[len(sign) :], option[len(sign) :])
        options[name] = options.get(name, ()) + _values(name, values)
    return tuple(sorted(options.items()))


def _values(name, values):  # type: (str, List[str]) -> Tuple[str, ...]
    if name == "--ctstate":
        return tuple(sorted(",".join(values).split(",")))
    if name == "-p":
        return tuple(_PROTOCOLS.get(value, value) for value in values)
    if name == "-s" and len(values) == 1:
        try:
            return (saved_rules.network(values[0], strict=False),)
        except ValueError:
            pass
    return tuple(values)

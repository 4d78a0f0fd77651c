# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parses the table of OpenMQ's port mapper. Runs on Python 3.6.

    101 BROKER VERSION
    SERVICE PROTOCOL TYPE PORT [KEY=VALUE,...]
    .

People paste it out of telnet, out of a PDF in which the bracket stands on a line of its own, or out of a page that
makes one line of all: these are read, too. Anything else is refused, not guessed at.
"""

import re

from typing import Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.portmap.model import GarbageError

#: The only version of the protocol. Any other version is an error.
VERSION = 101

_END = "."
_HEADER = re.compile(r"^(\d{1,9}) (\S+)(?: +(\S.*))?$")
_SERVICE = re.compile(r"^(\S+) +(\S+) +(\S+) +(\S+)(?: +(\[.*))?$")
#: isdigit alone would take digits of other scripts, and superscripts.
_PORT = re.compile(r"^[0-9]{1,5}$")
#: Where one line was made of all, an entry begins before its name.
_FLATTENED = re.compile(r"(?<= )(?=[\w.-]+ [a-z0-9]+ [A-Z][A-Z_]+ \d{1,5}(?:\s|$))")
_FLATTENED_END = re.compile(r" +\.(?: .*)?$")
#: What telnet prints around an answer, and the prompt before it. In one line with it, too.
_AROUND = re.compile(
    r"^[^\n]*?[$#>] ?telnet(?: [\w.:-]+){0,2}|Trying \S+\.\.\.|Connected to \S+\.|Escape character is '\^\]'\."
    r"|Connection closed(?: by foreign host)?\.",
    re.MULTILINE,
)
_SHOWN = 60


class Entry(NamedTuple):
    """One line of the table."""

    service: str
    protocol: str
    type: str
    #: 0 if the service has no port, or publishes it elsewhere.
    port: int
    properties: Dict[str, str]


class Table(NamedTuple):
    """The table of a broker."""

    broker: str
    version: str
    entries: Tuple[Entry, ...]
    #: Whether the final dot is there.
    complete: bool

    @property
    def session(self):  # type: () -> Optional[str]
        """An id that changes with each start of the broker, None if the table has none."""
        for entry in self.entries:
            if "sessionid" in entry.properties:
                return entry.properties["sessionid"]
        return None


def parse_table(text):  # type: (str) -> Table
    """The table in *text*. Raises GarbageError."""
    lines = _lines(text)
    if not lines:
        raise GarbageError("the answer is empty")
    match = _HEADER.match(lines[0])
    if not match:
        raise GarbageError("the answer starts with %s, not with a header (101 ...)" % _quoted(lines[0]))
    if int(match.group(1)) != VERSION:
        raise GarbageError("the port mapper has version %s, only %d is supported" % (match.group(1), VERSION))
    entries = []
    for line in lines[1:]:
        if line == _END:
            return Table(match.group(2), match.group(3) or "", tuple(entries), True)
        entries.append(_entry(line))
    return Table(match.group(2), match.group(3) or "", tuple(entries), False)


def _lines(text):  # type: (str) -> List[str]
    """One line each for the header, each service, and the dot."""
    lines = []  # type: List[str]
    # Not splitlines: it takes characters for ends of lines that are none here.
    for line in _AROUND.sub("\n", text.replace("\r\n", "\n")).split("\n"):
        line = line.strip(" \t")
        whole = _continued(lines[-1], line) if len(lines) > 1 else None
        if whole:
            lines[-1] = whole
        elif line:
            lines.append(line)
    if lines and _FLATTENED.search(lines[0]):
        whole = _FLATTENED_END.sub("\n" + _END, " ".join(lines))
        lines = [line.strip(" ") for line in _FLATTENED.sub("\n", whole).split("\n")]
    return lines


def _continued(line, rest):  # type: (str, str) -> Optional[str]
    """Both as one line if *rest* is the wrapped end of *line*, None if it is a line of its own."""
    if not rest or rest == _END or _SERVICE.match(rest):
        return None
    if "[" in line:
        return None if "]" in line.partition("[")[2] else line + rest
    if rest.startswith("["):
        return line + " " + rest
    if _SERVICE.match(line):
        return None
    for whole in (line + " " + rest, line + rest):
        match = _SERVICE.match(whole)
        if match and _PORT.match(match.group(4)):
            return whole
    return None


def _entry(line):  # type: (str) -> Entry
    match = _SERVICE.match(line)
    if not match:
        raise GarbageError("%s is not a line of a port mapper" % _quoted(line))
    service, protocol, kind, port, bracket = match.groups()
    if not _PORT.match(port) or int(port) > 65535:
        raise GarbageError("%s: %s is not a port" % (_quoted(line), _quoted(port)))
    return Entry(service, protocol, kind, int(port), _properties(bracket, line) if bracket else {})


def _properties(bracket, line):  # type: (str, str) -> Dict[str, str]
    """From the first bracket to the first that closes, as the broker's own reader has it."""
    inside, closed, _rest = bracket[1:].partition("]")
    if not closed:
        raise GarbageError("%s: the closing bracket is missing" % _quoted(line))
    properties = {}  # type: Dict[str, str]
    last = None  # type: Optional[str]
    for part in inside.split(",") if inside else ():
        key, equals, value = part.partition("=")
        if equals:
            last = key.strip()
            properties[last] = value
        elif last is not None:
            # Nothing is escaped, so a comma may be part of a value.
            properties[last] += "," + part
        else:
            raise GarbageError("%s: %s is not a property" % (_quoted(line), _quoted(part)))
    return properties


def _quoted(text):  # type: (str) -> str
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")

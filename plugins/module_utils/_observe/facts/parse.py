# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parses what an appliance prints about itself. Runs on Python 3.6.

The formats are those that users quote. They were not tested on a real appliance. What cannot be parsed is unknown.
"""

import re

from typing import Dict, NamedTuple, Optional

_FIELD = re.compile(r"^\s*([A-Za-z][A-Za-z0-9 _/-]*?)\s*(?:is|:)\s*'([^']*)'\s*$")
_NUMBERS = re.compile(r"^[0-9]+(?:\.[0-9]+)+$")
_RELEASE = re.compile(r"^(?P<release>[0-9]+(?:\.[0-9]+){1,3})(?:\s+(?P<rest>.*))?$")
_UPDATE = re.compile(r"^(?:UP|Update\s*Package)\s*(?P<number>[0-9]+)\b", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b([A-Za-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
#: The name in both files.
_NOTHING = ("", "N/A", "n/a", "none", "null", "unknown")


class Release(NamedTuple):
    """A release, ``7.5.0``, and its update package, each None if it is unknown."""

    release: Optional[str]
    update_package: Optional[int]


def parse_myver(text):  # type: (str) -> Dict[str, str]
    """The values that ``myver -v`` prints, by name in lower case: ``Release name is '7.5.0 UpdatePackage 8'``."""
    found = {}
    for line in text.splitlines():
        match = _FIELD.match(line)
        if match and match.group(2).strip() not in _NOTHING:
            found.setdefault(match.group(1).lower(), match.group(2).strip())
    return found


def parse_internal_version(text):  # type: (str) -> Optional[str]
    """The version in the output of ``myver``, None if there is none."""
    lines = text.split()
    return lines[0] if len(lines) == 1 and _NUMBERS.match(lines[0]) else None


def read_release(name):  # type: (str) -> Release
    """Parses ``7.5.0 UpdatePackage 8`` or ``7.5.0 UP8 IF03``. The update package is None if *name* has none."""
    match = _RELEASE.match(name.strip())
    if not match:
        return Release(None, None)
    update = _UPDATE.match(match.group("rest") or "")
    return Release(match.group("release"), int(update.group("number")) if update else None)


def parse_capabilities(text):  # type: (str) -> Dict[str, str]
    """The attributes in hostcapabilities.xml by name, of any element, as the product's own scripts read them."""
    found = {}  # type: Dict[str, str]
    for name, double, single in _ATTRIBUTE.findall(text):
        value = (double or single).strip()
        if value not in _NOTHING:
            found.setdefault(name, value)
    return found


def parse_ha_state(text):  # type: (str) -> Optional[str]
    """The state in the output of ``ha state`` or ``ha stateshow`` (``active 1.0``), None if there is none."""
    words = text.split()
    return words[0].lower() if words and words[0].isalpha() and words[0] not in _NOTHING else None


def truth(text):  # type: (Optional[str]) -> Optional[bool]
    """The boolean that *text* spells as the product does, None for any other text."""
    return {"true": True, "false": False}.get((text or "").lower())

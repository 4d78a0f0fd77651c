# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs between versions of firewalld and between its two ways into the kernel. Runs on Python 3.6."""

import io
import os
import re

from typing import List, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._firewalld.render import POLICIES

_ZONES = "zones"
_SET = re.compile(r"\bipset\s*=")
_IPTABLES = re.compile(r"^\s*FirewallBackend\s*=\s*iptables\s*$", re.MULTILINE)

#: Since then sets are nftables' own, the program ipset is not needed, and a rule may name a set as its destination.
_OWN_SETS = (1, 0, 0)


def parse_version(text):  # type: (str) -> Tuple[int, ...]
    numbers = []
    for part in text.split(".")[:3]:
        digits = "".join(char for char in part if char.isdigit())
        numbers.append(int(digits or 0))
    return tuple(numbers)


def needs_ipset(etc, version):  # type: (str, str) -> bool
    """Whether sets work with the program ipset only."""
    return parse_version(version) < _OWN_SETS or bool(_IPTABLES.search(_text(os.path.join(etc, "firewalld.conf"))))


def takes_sets_as_destinations(version):  # type: (str) -> bool
    """An older firewalld has to be told each address."""
    return parse_version(version) >= _OWN_SETS


def users_of_sets(etc):  # type: (str) -> List[str]
    """The zones and policies below firewalld's folder that refer to a set. One that nobody refers to does no harm."""
    found = []
    for kind in (_ZONES, POLICIES):
        folder = os.path.join(etc, kind)
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if name.endswith(".xml") and _SET.search(_text(os.path.join(folder, name))):
                found.append("%s/%s" % (kind, name))
    return found


def _text(path):  # type: (str) -> str
    try:
        with io.open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except (IOError, OSError):
        return ""

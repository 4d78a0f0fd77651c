# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs between versions of firewalld and between its two ways into the kernel. Runs on Python 3.6.

All of this was seen on 0.9.3, 1.3.3 and 2.3.1. It matters because a firewalld that fails to load its files may be left
with an empty ruleset, and its own check of the files finds nothing wrong with sets.
"""

import os
import re

from typing import Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.render import IPSETS, POLICIES
from ansible_collections.jsa.ports.plugins.module_utils._host.atomic_write import read_regular

_ZONES = "zones"
_DIRECT = "direct.xml"
_SET = re.compile(r"\bipset\s*=")
_MATCHES_SET = re.compile(r"--match-set\s")
_DIRECT_ENTRY = re.compile(r"<(?:chain|rule|passthrough)\b")
_IPTABLES = re.compile(r"^\s*FirewallBackend\s*=\s*iptables\s*$", re.MULTILINE)
_FLUSHES = re.compile(r"^\s*FlushAllOnReload\s*=\s*(\w+)\s*$", re.MULTILINE)

#: Since then sets are nftables' own, and a rule may name a set as its destination.
_OWN_SETS = (1, 0, 0)
#: 0.9.3 refuses them with all else that leaves; what came between was not seen.
_OUTPUT_STATE = (1, 0, 0)
#: From here on firewalld takes the program ipset for granted (2.3.1 does), and runs it where there are direct rules.
_NEVER_LOOKS = (2, 0, 0)


class SetSupport(NamedTuple):
    """Where a rule may name a set."""

    sources: bool
    destinations: bool


class Programs(NamedTuple):
    """What firewalld has at hand."""

    #: The program ipset, and firewalld runs it.
    ipset: bool
    #: The program iptables, which direct rules need.
    iptables: bool


def parse_version(text):  # type: (str) -> Tuple[int, ...]
    """The first three numbers of a version, ``1.3.3`` as ``(1, 3, 3)``."""
    numbers = []
    for part in text.split(".")[:3]:
        digits = "".join(char for char in part if char.isdigit())
        numbers.append(int(digits or 0))
    return tuple(numbers)


def answers_always_leave(version):  # type: (str) -> bool
    """Whether what belongs to an established connection leaves, whatever a policy says, as far as the version tells."""
    return parse_version(version) >= _OUTPUT_STATE


def looks_for_ipset(version):  # type: (str) -> bool
    """Whether firewalld finds out at its start if the program is there. Then it alone knows what it has found."""
    return parse_version(version) < _NEVER_LOOKS


def set_support(etc, version, programs):  # type: (str, str, Programs) -> SetSupport
    """What a firewalld with the configuration below *etc* can hold, whatever others on the host do with it."""
    own = parse_version(version) >= _OWN_SETS
    if not programs.ipset:
        # Where there are sets of anybody, one that never looks can neither load nor be given a direct rule.
        breaks = not looks_for_ipset(version) and programs.iptables
        if not own or _with_iptables(etc) or breaks:
            return SetSupport(False, False)
    return SetSupport(True, own)


def keeps_entries(etc):  # type: (str) -> Optional[bool]
    """Whether a reload keeps what is in what runs only. None where the file does not say: then its maker decides."""
    found = _FLUSHES.search(_text(os.path.join(etc, "firewalld.conf")))
    return is_off(found.group(1)) if found else None


def is_off(value):  # type: (str) -> bool
    """Whether firewalld takes the value of a setting for no."""
    return value.lower() in ("no", "false")


def traps(etc, lib, version):  # type: (str, str, str) -> List[str]
    """The files because of which a firewalld without the program ipset would load nothing, or not all."""
    direct = _text(os.path.join(etc, _DIRECT))
    users = [
        path for path, file in sorted(_effective(etc, lib, (_ZONES, POLICIES)).items()) if _SET.search(_text(file))
    ]
    sets = sorted(_effective(etc, lib, (IPSETS,)))
    found = []  # type: List[str]
    direct_too = bool(_MATCHES_SET.search(direct))
    if parse_version(version) < _OWN_SETS:
        # It passes over a set that nobody refers to.
        found = users
    elif _with_iptables(etc):
        found = sets + users
    elif not looks_for_ipset(version) and sets and _DIRECT_ENTRY.search(direct):
        found, direct_too = sets, True
    return found + ([_DIRECT] if direct_too else [])


def _with_iptables(etc):  # type: (str) -> bool
    return bool(_IPTABLES.search(_text(os.path.join(etc, "firewalld.conf"))))


def _effective(etc, lib, kinds):  # type: (str, str, Tuple[str, ...]) -> Dict[str, str]
    """Path below firewalld's folder -> file, of objects that it loads: the site's own go before those it came with."""
    found = {}
    for base in (lib, etc):
        for kind in kinds:
            folder = os.path.join(base, kind)
            for name in os.listdir(folder) if os.path.isdir(folder) else ():
                if name.endswith(".xml"):
                    found["%s/%s" % (kind, name)] = os.path.join(folder, name)
    return found


def _text(path):  # type: (str) -> str
    try:
        return read_regular(path).decode("utf-8", "replace")
    except (IOError, OSError):
        return ""

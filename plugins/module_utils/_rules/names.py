# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of sets, from what does not change when peers come and go. Runs on Python 3.6."""

import hashlib
import re

from typing import Any, Dict, Sequence, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4, IPV6
from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import NAME_PREFIX
from ansible_collections.jsa.ports.plugins.module_utils._rules.rows import Accepted

#: In names of sets and as a reason: management addresses, and the address that a run comes from.
MANAGEMENT = "management"
#: The same in what is allowed to leave.
MANAGEMENT_OUT = MANAGEMENT + "_out"
MANAGEMENT_LABEL = "management addresses"
_RESERVED = (MANAGEMENT, MANAGEMENT_OUT)

SUFFIX = {IPV4: "-4", IPV6: "-6"}
#: ipset takes names of up to 31 characters; prefix and suffix need six.
_LABEL_MAX = 31 - len(NAME_PREFIX) - 2
_PLAIN_CLASS = re.compile(r"^[a-z0-9_]+(?: [a-z0-9_]+)*$")


class Names(object):
    def __init__(self, inbound, outbound=()):  # type: (Sequence[Accepted], Sequence[Accepted]) -> None
        sources = {}  # type: Dict[Tuple[str, ...], Set[Tuple[Any, ...]]]
        for row in tuple(inbound) + tuple(outbound):
            key = tuple(sorted(row.sources.entries.items()))
            sources.setdefault(self._parts(row), set()).add(key)
        # A plan written by hand can give one class two meanings: those rules get sets of their own.
        self._ambiguous = {parts for parts, found in sources.items() if len(found) > 1}

    @staticmethod
    def _parts(row):  # type: (Accepted) -> Tuple[str, ...]
        return row.classes or row.why or (_port_label(row),)

    def of(self, row, direction=""):  # type: (Accepted, str) -> Tuple[str, str]
        """(label, name without the family's suffix). *direction* tells two rows apart that are equal otherwise."""
        parts = self._parts(row)
        label = "+".join(parts)
        if parts in self._ambiguous:
            parts = parts + row.why + (_port_label(row),) + ((direction,) if direction else ())
            label = "%s for %s" % (label, _port_label(row))
        return label, NAME_PREFIX + _short_name(parts)


def _port_label(row):  # type: (Accepted) -> str
    return "%s_%s" % (row.protocol, format_ports(row.ports)) if row.ports else row.protocol


def _short_name(parts):  # type: (Tuple[str, ...]) -> str
    plain = "-".join(part.replace(" ", ".") for part in parts)
    if len(plain) <= _LABEL_MAX and plain not in _RESERVED and all(_PLAIN_CLASS.match(part) for part in parts):
        return plain
    digest = hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()[:8]
    readable = re.sub(r"[^a-z0-9_.]+", "-", plain.lower()).strip("-.")[: _LABEL_MAX - 9].rstrip("-.")
    return "%s-%s" % (readable, digest)

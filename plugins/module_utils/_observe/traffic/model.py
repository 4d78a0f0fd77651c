# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who contacted this host, and whom it contacted, as values. Runs on Python 3.6."""

import calendar
import ipaddress
import time

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

RECORDING = "recording"
NOW = "now"
ABSENT = "absent"

#: Peer, protocol, port.
Key = Tuple[str, str, int]

_FORM = "%Y-%m-%dT%H:%M:%SZ"


class Seen(NamedTuple):
    """A peer, and the port that was contacted: the host's own where the peer began, the peer's where the host did."""

    peer: str
    protocol: str
    port: int
    #: How many; None where nobody counted. Of UDP without answers, how many datagrams.
    connections: Optional[int]
    #: Seconds since 1970; None where nobody knows.
    last_seen: Optional[int]
    process: Optional[str] = None

    @property
    def key(self):  # type: () -> Key
        """What makes it another one."""
        return self.peer, self.protocol, self.port

    def as_dict(self):  # type: () -> Dict[str, Any]
        """As the module returns it."""
        return dict(self._asdict(), last_seen=written(self.last_seen))


class Gap(NamedTuple):
    """A time of which there is no record; without a beginning, nobody knows when it began."""

    begin: Optional[int]
    end: int
    reason: str

    def as_dict(self):  # type: () -> Dict[str, Any]
        """As the module returns it."""
        return {"from": written(self.begin), "to": written(self.end), "reason": self.reason}


class Traffic(NamedTuple):
    """Both directions."""

    inbound: Tuple[Seen, ...] = ()
    outbound: Tuple[Seen, ...] = ()


def written(moment):  # type: (Optional[float]) -> Optional[str]
    """Seconds since 1970 as 2026-01-31T12:00:00Z, in UTC."""
    return None if moment is None else time.strftime(_FORM, time.gmtime(moment))


def read_time(text):  # type: (str) -> int
    """The opposite of ``written``. Raises ValueError."""
    return calendar.timegm(time.strptime(text, _FORM))


def merge(*several):  # type: (Iterable[Seen]) -> Tuple[Seen, ...]
    """One item for each key, in an order of its own: counts add up, the latest time and the first process stay."""
    found = {}  # type: Dict[Key, Seen]
    for items in several:
        for item in items:
            known = found.get(item.key)
            found[item.key] = item if known is None else _join(known, item)
    return tuple(sorted(found.values(), key=_order))


def _join(known, item):  # type: (Seen, Seen) -> Seen
    counts = [one.connections for one in (known, item) if one.connections is not None]
    times = [one.last_seen for one in (known, item) if one.last_seen is not None]
    return known._replace(
        connections=sum(counts) if counts else None,
        last_seen=max(times) if times else None,
        process=known.process or item.process,
    )


def _order(item):  # type: (Seen) -> Tuple[Any, ...]
    address = ipaddress.ip_address(item.peer)
    return item.protocol, item.port, address.version, address


def newest(items, entries, since):
    # type: (Iterable[Seen], int, float) -> Tuple[Tuple[Seen, ...], int]
    """At most *entries* of *items*, those seen last and not before *since*; and how many were too many."""
    young = [item for item in items if item.last_seen is None or item.last_seen >= since]  # type: List[Seen]
    young.sort(key=lambda item: -(item.last_seen or 0))
    return tuple(sorted(young[:entries], key=_order)), max(0, len(young) - entries)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What jsa.ports.traffic returns. Runs on Python 3.6."""

from typing import Any, Dict, Iterable, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.established import Listening, Look, joined
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.model import (
    NOW,
    Gap,
    Seen,
    Traffic,
    merge,
    newest,
    written,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.ports import NO_PORTS, Ports, contains
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.record import Record
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.staged import Staged
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.table import DAY, Held


class Answer(NamedTuple):
    """What is told beside the look of this moment."""

    state: str
    capacity: int
    since: Optional[int] = None
    gaps: Tuple[Gap, ...] = ()
    held: Optional[Held] = None
    record: Optional[Record] = None
    days: int = 0
    notes: Tuple[str, ...] = ()
    #: With NOW: inbound, only these count.
    ports: Ports = NO_PORTS
    #: What rules would refuse that are not enforced; None where nothing of it is recorded.
    staged: Optional[Staged] = None


def answer(now, look, found):  # type: (int, Look, Answer) -> Dict[str, Any]
    """The value of ``traffic``. Connections that are there now count as seen, whoever recorded what."""
    inbound, outbound = look.sockets
    not_recorded = 0
    if found.state == NOW:
        # What a scan has left in the kernel's tracking is no traffic.
        known = [item for item in look.tracked.inbound if contains(found.ports, item.protocol, item.port)]
        inbound, outbound = joined(inbound, known), joined(outbound, look.tracked.outbound)
    else:
        recorded, not_recorded = _recorded(found, now)
        inbound, outbound = _used(recorded.inbound, inbound, now), _used(recorded.outbound, outbound, now)
    return {
        "state": found.state,
        "since": written(found.since),
        "gaps": [gap.as_dict() for gap in found.gaps],
        "not_recorded": not_recorded,
        "capacity": found.capacity,
        "inbound": [item.as_dict() for item in _with_processes(inbound, look.listening)],
        "outbound": [item.as_dict() for item in outbound],
        "established": [
            {"peer": item.peer, "protocol": item.protocol, "port": item.port} for item in look.sockets.inbound
        ],
        "staged": None if found.staged is None else _staged(found.staged, look.listening),
        "notes": list(found.notes + look.notes),
    }


def _staged(staged, listening):  # type: (Staged, Listening) -> Dict[str, Any]
    return {
        "since": written(staged.since),
        "not_recorded": staged.not_recorded,
        "inbound": [item.as_dict() for item in _with_processes(merge(staged.traffic.inbound), listening)],
        "outbound": [item.as_dict() for item in merge(staged.traffic.outbound)],
    }


def _recorded(found, now):  # type: (Answer, int) -> Tuple[Traffic, int]
    """What the table and earlier ones have recorded, and how many did not fit."""
    kept, missing = [], 0
    lives = Traffic() if found.held is None else found.held.traffic
    if found.record is not None:
        for items in found.record.kept:
            young, too_many = newest(items, found.capacity, now - found.days * DAY)
            kept.append(young)
            missing += too_many
        missing += found.record.not_recorded
    if found.held is not None:
        missing += found.held.not_recorded
    earlier = Traffic(*kept)
    return Traffic(merge(earlier.inbound, lives.inbound), merge(earlier.outbound, lives.outbound)), missing


def _used(recorded, present, now):  # type: (Sequence[Seen], Sequence[Seen], int) -> Tuple[Seen, ...]
    """A connection that is open is in use now, whenever it began: before the recording, too."""
    known = {item.key for item in recorded}
    used = {item.key: item for item in present}
    seen = [
        item._replace(last_seen=now, process=used[item.key].process) if item.key in used else item for item in recorded
    ]
    return merge(seen, (item for item in present if item.key not in known))


def _with_processes(items, listening):  # type: (Iterable[Seen], Listening) -> Iterable[Seen]
    for item in items:
        yield item._replace(process=item.process or listening.get((item.protocol, item.port)))

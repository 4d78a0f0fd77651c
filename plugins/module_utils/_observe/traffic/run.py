# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The states of jsa.ports.traffic on one host: record, stop, look, read. Runs on Python 3.6."""

import os
import sys
import time

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic import staged, table
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.established import Look
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.established import look as look_at
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.keeper import UNIT, Keeper
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.model import ABSENT, NOW, RECORDING, Gap
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.ports import (
    Ports,
    large_ranges,
    recorded_ports,
    union,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.record import Record, Store, boot_id
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.result import Answer, answer
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.table import Held, Settings, TableError
from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports

_RESTARTED = "The host was restarted"
_REMOVED = "The table was removed by others, for example by nft flush ruleset"
_EMPTIED = "The rules of the table were removed by others, for example by nft flush table"
_REPLACED = "The table was replaced by others, for example by nft -f with a saved ruleset"
_FORGOTTEN = "What this host remembers of its recording was lost"

_NO_NFT = "nft is not on this host, so nothing is recorded. These are the connections of this moment"
_FAILED = "The kernel or nft of this host cannot record, so these are the connections of this moment: %s"
_NO_COUNTS = "nft of this host does not count within sets, so the number of connections is not known: %s"
_NO_SYSTEMD = "There is no systemd on this host, so a restart ends the recording"
_LARGE = "Of the range %s/%s, only ports are recorded on which something listened when the module ran"
_NOT_READ = "The table %s could not be read: %s"
_UNKNOWN_SINCE = "Since when the table records is not known: %s" % _FORGOTTEN.lower()


class Order(NamedTuple):
    """What the module is asked for."""

    cataloged: Ports
    entries: int
    days: int
    persistent: bool
    check: bool = False


class Host(object):
    """What a recording needs of its host."""

    def __init__(self, programs, store, keeper, boot, now, looking=look_at):
        # type: (Programs, Store, Keeper, str, int, Callable[[int], Look]) -> None
        self.programs = programs
        self.store = store
        self.keeper = keeper
        self.boot = boot
        #: Seconds since 1970.
        self.now = now
        self._looking = looking

    @classmethod
    def this(cls):  # type: () -> "Host"
        """The one that this runs on."""
        programs, store = Programs(), Store()
        return cls(programs, store, Keeper(programs, store), boot_id(), int(time.time()))

    def look(self):  # type: () -> Look
        """One look at the connections that are there."""
        return self._looking(self.now)

    def held(self):  # type: () -> Optional[Held]
        """What the kernel records, None where it does not. Raises TableError."""
        return table.read(self.programs, self.now)


def loss(host, held, record):  # type: (Host, Optional[Held], Optional[Record]) -> str
    """Why there is a hole in the record since it was verified last; empty where there is none."""
    if record is None:
        return "" if held is None else _FORGOTTEN
    if record.boot != host.boot:
        return _RESTARTED
    if held is None:
        return _REMOVED
    if held.handle != record.handle:
        return _REPLACED
    return "" if held.whole else _EMPTIED


def told(host, held, record):  # type: (Host, Optional[Held], Optional[Record]) -> Optional[Record]
    """The record, with what was lost in it since it was verified, as a gap. It belongs to the table of this moment."""
    reason = loss(host, held, record)
    if not reason or record is None:
        return record
    if reason == _RESTARTED and not record.persistent:
        gap = Gap(record.since, host.now, reason)
        return Record(host.boot, 0, record.settings, False, host.now, host.now, (gap,))
    if reason == _EMPTIED and held is not None:
        record = record._replace(last=held.traffic, last_not_recorded=held.not_recorded)
    lost = record.after_loss().with_gap(Gap(record.verified, host.now, reason))
    return lost._replace(boot=host.boot, handle=held.handle if held else 0, verified=host.now)


# The states


def now(host, order):  # type: (Host, Order) -> Tuple[bool, Dict[str, Any], List[str]]
    """One look, without any change."""
    return False, _moment(host, host.look(), order), []


def read(host, order):  # type: (Host, Order) -> Tuple[bool, Dict[str, Any], List[str]]
    """What is recorded, without any change. Raises FirewallError."""
    seen = host.look()
    if host.programs.program("nft") is None:
        return False, _moment(host, seen, order, _NO_NFT), []
    held = _held(host)
    record = told(host, held, host.store.load())
    notes = [] if record or held is None else [_UNKNOWN_SINCE]
    return False, answer(host.now, seen, _answer(host, held, record, order, notes)), []


def present(host, order):  # type: (Host, Order) -> Tuple[bool, Dict[str, Any], List[str]]
    """Records. Returns whether anything changed, what is recorded, and the lines of what the kernel is told.

    Raises FirewallError.
    """
    seen = host.look()
    if host.programs.program("nft") is None:
        return False, _moment(host, seen, order, _NO_NFT), []
    held = _held(host)
    known = host.store.load()
    wanted = Settings(order.entries, order.days, recorded_ports(order.cataloged, seen.ports))
    notes = [_LARGE % (format_ports(ports), protocol) for protocol, ports in large_ranges(order.cataloged)]
    if order.persistent and not host.keeper.possible:
        notes.append(_NO_SYSTEMD)
    whole = held if known is not None and not loss(host, held, known) else None
    if whole is not None:
        # A service that ends for a while is still one.
        wanted = wanted._replace(ports=union(whole.ports, wanted.ports))
    changed = whole is None or whole.settings != wanted
    persistence = _persistence_changes(host, order)
    record = told(host, held, known)
    if order.check:
        result = answer(host.now, seen, _answer(host, held, record, order, notes))
        return changed or persistence, result, lines_of(wanted, order.persistent)
    if changed:
        try:
            record = record or _first(host, held, wanted)
            held, record = _record(host, whole, record, wanted, notes)
        except TableError as error:
            return False, _moment(host, seen, order, *(notes + [_FAILED % error])), []
    record = _verified(host, held, record, order)  # type: ignore[arg-type]
    host.store.save(record)
    if persistence:
        _keep(host, order)
    return (
        changed or persistence,
        answer(host.now, seen, _answer(host, held, record, order, notes)),
        lines_of(wanted, order.persistent),
    )


def absent(host, order):  # type: (Host, Order) -> Tuple[bool, Dict[str, Any], List[str]]
    """Removes everything. Raises FirewallError."""
    held = _held(host) if host.programs.program("nft") else None
    changed = held is not None or host.store.exists or host.keeper.there
    if not order.check:
        if host.keeper.there:
            host.keeper.remove()
        if held is not None:
            try:
                table.delete(host.programs)
            except TableError as error:
                raise FirewallError("The table %s could not be removed: %s" % (table.TABLE, error))
        host.store.remove()
    return changed, answer(host.now, host.look(), Answer(ABSENT, order.entries)), []


def keep():  # type: () -> None
    """The unit's program: ``start`` records again, ``stop`` saves what is recorded."""
    os.umask(0o077)
    try:
        keep_on(Host.this(), sys.argv[1])
    except (FirewallError, TableError) as error:
        raise SystemExit(str(error))


def keep_on(host, verb):  # type: (Host, str) -> None
    """The same on *host*. Raises FirewallError and TableError."""
    record = host.store.load()
    if record is None or not record.persistent or host.programs.program("nft") is None:
        return
    held = _held(host)
    lost = loss(host, held, record)
    order = Order(record.settings.ports, record.settings.entries, record.settings.days, True)
    found = told(host, held, record)
    if lost and verb == "start":
        held, found = _record(host, None, found or record, record.settings, [])
    elif lost:
        # Whatever took it away while the host ran: the next start tells of it.
        return
    host.store.save(_verified(host, held, found, order))  # type: ignore[arg-type]


# Their parts


def _moment(host, seen, order, *notes):  # type: (Host, Look, Order, str) -> Dict[str, Any]
    """The connections of this moment."""
    ports = recorded_ports(order.cataloged, seen.ports)
    return answer(host.now, seen, Answer(NOW, order.entries, notes=notes, ports=ports))


def _held(host):  # type: (Host) -> Optional[Held]
    try:
        return host.held()
    except TableError as error:
        raise FirewallError(_NOT_READ % (table.TABLE, error))


def _first(host, held, wanted):  # type: (Host, Optional[Held], Settings) -> Record
    """Where nobody remembers a recording."""
    record = Record(host.boot, 0, wanted, False, host.now, host.now)
    if held is None:
        return record
    # What a table has that nobody remembers is true. Since when it has it is not known.
    record = record._replace(kept=held.traffic, not_recorded=held.not_recorded)
    return record.with_gap(Gap(None, host.now, _FORGOTTEN))


def _record(host, whole, record, wanted, notes):
    # type: (Host, Optional[Held], Record, Settings, List[str]) -> Tuple[Held, Record]
    """Makes the table as it is *wanted*; *whole* is the present one, if nothing is wrong with it.

    Adds to *notes*. Raises TableError.
    """
    if whole is not None:
        if (whole.entries, whole.days) == (wanted.entries, wanted.days):
            table.add_ports(host.programs, wanted.ports)
            return _made(host), record
        record = record._replace(last=whole.traffic, last_not_recorded=whole.not_recorded).after_loss()
    try:
        table.create(host.programs, wanted)
    except TableError as error:
        # An older nft or kernel without counters in sets still knows whom.
        table.create(host.programs, wanted, counting=False)
        notes.append(_NO_COUNTS % error)
    return _made(host), record


def _made(host):  # type: (Host) -> Held
    held = host.held()
    if held is None or not held.whole:
        if held is not None:
            table.delete(host.programs)
        raise TableError("nft has made the table and does not list all of it")
    return held


def _verified(host, held, record, order):  # type: (Host, Held, Record, Order) -> Record
    return record._replace(
        boot=host.boot,
        handle=held.handle,
        settings=held.settings,
        persistent=order.persistent and host.keeper.possible,
        verified=host.now,
        last=held.traffic,
        last_not_recorded=held.not_recorded,
    )


def _persistence_changes(host, order):  # type: (Host, Order) -> bool
    if order.persistent and host.keeper.possible:
        return not host.keeper.installed
    return host.keeper.there and not order.persistent


def _keep(host, order):  # type: (Host, Order) -> None
    if order.persistent:
        host.keeper.install()
    else:
        host.keeper.remove()


def _answer(host, held, record, order, notes):
    # type: (Host, Optional[Held], Optional[Record], Order, List[str]) -> Answer
    """What is recorded, whichever table has it."""
    live = held if held is not None and held.whole else None
    try:
        refused = staged.read(host.programs, host.now)
    except TableError as error:
        refused = None
        notes = notes + [_NOT_READ % (staged.TABLE, error)]
    return Answer(
        RECORDING if live else ABSENT,
        live.entries if live else order.entries,
        None if record is None else record.since,
        () if record is None else record.gaps,
        live,
        record,
        order.days if record is None else record.settings.days,
        tuple(notes),
        staged=refused,
    )


def lines_of(settings, persistent):  # type: (Settings, bool) -> List[str]
    """For the diff: what a recording is made of."""
    lines = ["table inet %s" % table.TABLE, "entries %d" % settings.entries, "days %d" % settings.days]
    for protocol, ranges in sorted(settings.ports.items()):
        lines += ["records %s/%s" % (format_ports(ports), protocol) for ports in ranges]
    return lines + (["unit %s" % UNIT] if persistent else [])


def before_lines(host):  # type: (Host) -> List[str]
    """The same of what is there; empty where nothing records. Raises FirewallError."""
    if host.programs.program("nft") is None:
        return []
    held = _held(host)
    return lines_of(held.settings, host.keeper.there) if held is not None and held.whole else []

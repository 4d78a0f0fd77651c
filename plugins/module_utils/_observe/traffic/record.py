# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this host remembers of its recording, so that a hole in it can be told. Runs on Python 3.6.

The kernel has what is recorded. Whoever flushes its rules takes that away and tells nobody: the table is gone then, or
another one with another number. A file that cannot be understood counts as absent.
"""

import json
import os

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.atomic_write import sync
from ansible_collections.jsa.ports.plugins.module_utils._host.private_folder import make_private
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.model import Gap, Seen, Traffic, merge
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.ports import Ports
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.table import Settings
from ansible_collections.jsa.ports.plugins.module_utils._ports import TRANSPORTS, format_ports, parse_ports

BASE = "/var/lib"
FOLDER = BASE + "/jsa_ports/learn"
BOOT_ID = "/proc/sys/kernel/random/boot_id"

_FILE = "record.json"
_VERSION = 1
#: The oldest are forgotten beyond that.
_MOST_GAPS = 100


class Record(NamedTuple):
    """Of one host. Times are seconds since 1970."""

    #: Of the table that was made last: the boot that it is of, and its number.
    boot: str
    handle: int
    settings: Settings
    persistent: bool
    #: Since when there is a record, but for the gaps.
    since: int
    #: When the table was last seen to be whole.
    verified: int
    gaps: Tuple[Gap, ...] = ()
    #: What earlier tables had recorded, and how many connections had not fit.
    kept: Traffic = Traffic()
    not_recorded: int = 0
    #: The same of the present table when it was verified.
    last: Traffic = Traffic()
    last_not_recorded: int = 0

    def after_loss(self):  # type: () -> Record
        """When the present table is lost: what it had when it was verified is kept."""
        return self._replace(
            kept=Traffic(merge(self.kept.inbound, self.last.inbound), merge(self.kept.outbound, self.last.outbound)),
            not_recorded=self.not_recorded + self.last_not_recorded,
            last=Traffic(),
            last_not_recorded=0,
        )

    def with_gap(self, gap):  # type: (Gap) -> Record
        """With one gap more."""
        return self._replace(gaps=(self.gaps + (gap,))[-_MOST_GAPS:])


def boot_id(path=BOOT_ID):  # type: (str) -> str
    """Id of this boot, as the kernel gives it; empty where it does not."""
    try:
        with open(path) as stream:
            return stream.read().strip()
    except (IOError, OSError):
        return ""


class Store(object):
    """Where the record is kept."""

    def __init__(self, folder=FOLDER, base=BASE):  # type: (str, str) -> None
        self.folder = folder
        self._base = base

    def load(self):  # type: () -> Optional[Record]
        """None where there is none."""
        try:
            with open(os.path.join(self.folder, _FILE), "rb") as stream:
                return _read(json.loads(stream.read().decode("ascii")))
        except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError):
            return None

    def save(self, record):  # type: (Record) -> None
        """Raises FirewallError."""
        self.write(_FILE, json.dumps(_written(record)).encode("ascii"))

    def write(self, name, content):  # type: (str, bytes) -> None
        """A file in the folder. Raises FirewallError."""
        path = os.path.join(self.folder, name)
        # A fixed name: what a killed run has left is overwritten, not collected.
        temporary = path + ".new"
        try:
            make_private(self.folder, self._base)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(temporary, flags, 0o600), "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.rename(temporary, path)
            sync(self.folder)
        except OSError as error:
            raise FirewallError("%s cannot be written: %s" % (path, error))

    @property
    def exists(self):  # type: () -> bool
        """Whether anything is kept."""
        return os.path.lexists(self.folder)

    def remove(self):  # type: () -> None
        """All of it, and the folder above it where nothing else is in there. Raises FirewallError."""
        try:
            if os.path.isdir(self.folder):
                for name in os.listdir(self.folder):
                    os.unlink(os.path.join(self.folder, name))
                os.rmdir(self.folder)
        except OSError as error:
            raise FirewallError("%s cannot be removed: %s" % (self.folder, error))
        try:
            os.rmdir(os.path.dirname(self.folder))
        except OSError:
            # The firewall's own state is in there.
            pass


def _written(record):  # type: (Record) -> Dict[str, Any]
    return {
        "version": _VERSION,
        "boot": record.boot,
        "handle": record.handle,
        "entries": record.settings.entries,
        "days": record.settings.days,
        "ports": {
            protocol: [format_ports(ports) for ports in ranges] for protocol, ranges in record.settings.ports.items()
        },
        "persistent": record.persistent,
        "since": record.since,
        "verified": record.verified,
        "gaps": [list(gap) for gap in record.gaps],
        "kept": _listed(record.kept),
        "not_recorded": record.not_recorded,
        "last": _listed(record.last),
        "last_not_recorded": record.last_not_recorded,
    }


def _listed(traffic):  # type: (Traffic) -> List[List[Any]]
    """Without the processes, which those of another time would be."""
    return [[list(item[:5]) for item in items] for items in traffic]


def _read(content):  # type: (Dict[str, Any]) -> Optional[Record]
    if content["version"] != _VERSION:
        return None
    ports = {protocol: tuple(parse_ports(text) for text in content["ports"][protocol]) for protocol in TRANSPORTS}  # type: Ports
    return Record(
        boot=str(content["boot"]),
        handle=int(content["handle"]),
        settings=Settings(int(content["entries"]), int(content["days"]), ports),
        persistent=bool(content["persistent"]),
        since=int(content["since"]),
        verified=int(content["verified"]),
        gaps=tuple(
            Gap(None if begin is None else int(begin), int(end), str(reason)) for begin, end, reason in content["gaps"]
        ),
        kept=_traffic(*content["kept"]),
        not_recorded=int(content["not_recorded"]),
        last=_traffic(*content["last"]),
        last_not_recorded=int(content["last_not_recorded"]),
    )


def _traffic(inbound, outbound):  # type: (List[List[Any]], List[List[Any]]) -> Traffic
    return Traffic(_seen(inbound), _seen(outbound))


def _seen(items):  # type: (List[List[Any]]) -> Tuple[Seen, ...]
    return tuple(Seen(str(peer), str(protocol), int(port), count, last) for peer, protocol, port, count, last in items)

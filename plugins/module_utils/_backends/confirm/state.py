# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host remembers: the candidate that waits, the last committed states, the last rollback. Runs on Python 3.6.

Each backend has a folder of its own. Each file is replaced whole or not at all. A file that cannot be understood counts
as absent, and a candidate whose file is absent without a record of its end is taken back: what is here never decides on
more than whether to go back to rules that the host has had.
"""

import errno
import hashlib
import json
import os
import time

from typing import Any, Callable, Dict, List, NamedTuple, Optional

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.atomic_write import sync
from ansible_collections.jsa.ports.plugins.module_utils._host.private_folder import make_private

BASE = "/var/lib"
FOLDER = BASE + "/jsa_ports/%s"
#: Says which candidate a timer of this boot watches. It lies in memory, so it also goes where a container starts anew
#: on a machine that goes on: that has a clock and a boot_id in common with all others on it.
ARMED = "/run/jsa_ports_%s.armed"
BOOT_ID = "/proc/sys/kernel/random/boot_id"

KEPT = 5


def timestamp():  # type: () -> str
    """The time now, in UTC, such as 2026-01-31T12:00:00Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Pending(NamedTuple):
    """A candidate that waits for its confirmation."""

    id: str
    boot: str
    #: By the clock of the boot: when it was staged, and until when it may be confirmed.
    since: float
    deadline: float
    #: Address of the controller, as the host sees it.
    controller: Optional[str]
    #: What sshd calls SSH_CONNECTION, of the connection that staged it.
    session: Optional[str]
    #: The candidate is what runs, and the files are the committed ones again.
    loaded: bool
    #: Path, as the backend understands it -> text.
    before: Dict[str, str]
    candidate: Dict[str, str]
    #: Addresses that the candidate lets in as controllers, the one that staged it first.
    controllers: List[str] = []
    #: Why it could not be loaded, where the run itself knew that.
    failed: str = ""


class Commit(NamedTuple):
    """A state that was written to stay."""

    id: str
    time: str
    controller: Optional[str]
    digest: str
    files: Dict[str, str]
    #: Addresses that this state lets in as controllers, the last one first.
    controllers: List[str] = []


class LastResult(NamedTuple):
    """How the last candidate ended that was not confirmed."""

    id: str
    time: str
    controller: Optional[str]
    why: str
    #: What the host has since.
    outcome: str
    #: Somebody has been told.
    reported: bool


def digest(files):  # type: (Dict[str, str]) -> str
    """The same for the same rules."""
    text = json.dumps(sorted(files.items())).encode("ascii")
    return hashlib.sha256(text).hexdigest()


class State(object):
    def __init__(self, folder, armed, boot_id=BOOT_ID, base=None):  # type: (str, str, str, Optional[str]) -> None
        """*base*: a folder above *folder* that is the system's own; its parent where it is not given."""
        self.folder = folder
        self._base = base or os.path.dirname(folder)
        self.program = os.path.join(folder, "timer.pyz")
        self._armed = armed
        self._boot_id = boot_id

    def boot(self):  # type: () -> str
        """Id of this boot, as the kernel gives it."""
        return (_read(self._boot_id) or b"").decode("ascii", "replace").strip()

    def armed(self):  # type: () -> str
        """Id of the candidate that a timer watches, or has watched, since the host started."""
        return (_read(self._armed) or b"").decode("ascii", "replace").strip()

    def arm(self, identity):  # type: (str) -> None
        """Note that a timer watches the candidate *identity*. Raises OSError."""
        _replace(self._armed, identity.encode("ascii"))

    def pending(self):  # type: () -> Optional[Pending]
        """The candidate that waits, None where none does, or its file is damaged."""
        return _typed(Pending, self._load("pending.json"))

    def pending_version(self):  # type: () -> Any
        """Changes with every write, so that a timer need not read it all each second."""
        try:
            status = os.stat(os.path.join(self.folder, "pending.json"))
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def set_pending(self, pending):  # type: (Pending) -> None
        """Write the candidate that waits. Raises FirewallError."""
        self._save("pending.json", pending._asdict())

    def remove_pending(self):  # type: () -> None
        """Remove the candidate: it is confirmed or rolled back. Raises FirewallError."""
        try:
            os.unlink(os.path.join(self.folder, "pending.json"))
            sync(self.folder)
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise FirewallError("cannot write %s: %s" % (self.folder, error))

    def history(self):  # type: () -> List[Commit]
        """Oldest first."""
        content = self._load("history.json")
        entries = content.get("commits") if isinstance(content, dict) else None
        commits = [_typed(Commit, entry) for entry in entries] if isinstance(entries, list) else []
        return [commit for commit in commits if commit is not None]

    def set_history(self, commits):  # type: (List[Commit]) -> None
        """Write the last KEPT of *commits*, oldest first. Raises FirewallError."""
        self._save("history.json", {"commits": [commit._asdict() for commit in commits[-KEPT:]]})

    def last_result(self):  # type: () -> Optional[LastResult]
        """How the last candidate ended that was rolled back, None where there was none, or its file is damaged."""
        return _typed(LastResult, self._load("last_result.json"))

    def set_last_result(self, result):  # type: (LastResult) -> None
        """Write how the last candidate ended that was rolled back. Raises FirewallError."""
        self._save("last_result.json", result._asdict())

    def save_program(self, content):  # type: (bytes) -> None
        """Write the program of the timer, unless it is there already. Raises FirewallError."""
        if _read(self.program) != content:
            self._write("timer.pyz", content)

    def make_folder(self):  # type: () -> None
        """For whoever keeps files of its own in it. Raises OSError where others could write to it."""
        make_private(self.folder, self._base)

    def _load(self, name):  # type: (str) -> Any
        content = _read(os.path.join(self.folder, name))
        try:
            return None if content is None else json.loads(content.decode("ascii"))
        except (ValueError, RecursionError):
            return None

    def _save(self, name, content):  # type: (str, Any) -> None
        self._write(name, json.dumps(content).encode("ascii"))

    def _write(self, name, content):  # type: (str, bytes) -> None
        try:
            self.make_folder()
            _replace(os.path.join(self.folder, name), content)
            sync(self.folder)
        except OSError as error:
            raise FirewallError("cannot write %s: %s" % (os.path.join(self.folder, name), error))


def state_of(backend):  # type: (str) -> State
    """The state of the backend with that name on this host."""
    return State(FOLDER % backend, ARMED % backend, base=BASE)


#: What a field of the files can hold, by its annotation.
_KINDS = {
    str: lambda value: isinstance(value, str),
    bool: lambda value: isinstance(value, bool),
    # No time needs more, and not every integer can be compared with the clock.
    float: lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15,
    Optional[str]: lambda value: value is None or isinstance(value, str),
    List[str]: lambda value: isinstance(value, list) and all(isinstance(text, str) for text in value),
    Dict[str, str]: lambda value: isinstance(value, dict) and all(isinstance(text, str) for text in value.values()),
}  # type: Dict[Any, Callable[[Any], bool]]


def _typed(kind, content):  # type: (Any, Any) -> Any
    """*content* as the NamedTuple *kind*; None where a field is missing, unknown, or of another type."""
    # Python 3.6 calls them _field_types, later ones __annotations__.
    fields = getattr(kind, "__annotations__", None) or kind._field_types
    if not isinstance(content, dict) or set(content) != set(fields):
        return None
    if not all(_KINDS[wanted](content[name]) for name, wanted in fields.items()):
        return None
    return kind(**content)


def _replace(path, content):  # type: (str, bytes) -> None
    # A fixed name: one run at a time writes, and what a killed one has left is overwritten, not collected.
    temporary = path + ".new"
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(temporary, path)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise


def _read(path):  # type: (str) -> Optional[bytes]
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return None

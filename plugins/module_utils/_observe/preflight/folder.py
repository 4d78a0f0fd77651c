# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of the temporary listeners on a host, in memory, and their process. Runs on Python 3.6.

Each deployment has a folder, which belongs to the process of the request in it. A process whose request is gone
ends, even if nobody can tell it to.
"""

import fcntl
import json
import os
import shutil
import time

from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional

from ansible_collections.jsa.ports.plugins.module_utils._host.private_folder import make_private

ROOT = "/run/jsa_ports/preflight"

#: Seconds that a run waits for another one on the same host.
_LOCK_SECONDS = 120


def start_time(pid):  # type: (int) -> Optional[int]
    """The start of the process in clock ticks (proc(5)), which identifies it with its pid. None if it has ended."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as stream:
            # The second field is the program's name in parentheses, and can contain any character.
            fields = stream.read().rpartition(b")")[2].split()
    except (IOError, OSError):
        return None
    # A zombie holds no sockets any more.
    return None if len(fields) < 20 or fields[0] in (b"Z", b"X") else int(fields[19])


@contextmanager
def locked(root=ROOT):  # type: (str) -> Iterator[None]
    """Holds the lock of the host, and then removes empty folders. Raises OSError, also if another run has the lock."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        make_private(root, os.path.dirname(os.path.dirname(root)))
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _take(handle, root, deadline)
            # Another run may have taken the folder away while this one waited for it.
            if _same(handle, root):
                break
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
    try:
        yield
    finally:
        remove_if_empty(root)
        os.close(handle)


def _take(handle, root, deadline):  # type: (int, str, float) -> None
    """Takes the lock, or raises OSError at the *deadline*."""
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise OSError(
                    "another run has locked %s for %d seconds: wait for it, or stop it" % (root, _LOCK_SECONDS)
                )
            time.sleep(0.1)


def remove_if_empty(root):  # type: (str) -> None
    """Removes the folder *root* if it exists and is empty."""
    for path in (root, os.path.dirname(root)):
        try:
            os.rmdir(path)
        except OSError:
            return


def _same(handle, path):  # type: (int, str) -> bool
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except OSError:
        return False


class Folder(object):
    """The folder of one deployment, with the files of its listeners."""

    def __init__(self, path):  # type: (str) -> None
        self.path = path
        self.program = os.path.join(path, "program.pyz")

    def exists(self):  # type: () -> bool
        """Whether the folder is there."""
        return os.path.isdir(self.path)

    def make(self):  # type: () -> None
        """Creates the folder, for its owner only. Raises OSError."""
        os.mkdir(self.path, 0o700)

    def remove(self):  # type: () -> None
        """Removes the folder with everything in it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def request(self, identity=None):  # type: (Optional[str]) -> Optional[Dict[str, Any]]
        """The request in the folder, None if there is none or if it is not the one with *identity*."""
        found = self._load("request.json")
        return None if found is None or identity not in (None, found.get("id")) else found

    def belongs_to(self, identity):  # type: (str) -> bool
        """Whether the request in the folder is the one with *identity*."""
        return self.request(identity) is not None

    def save_request(self, request):  # type: (Dict[str, Any]) -> None
        """Writes the request. Raises OSError."""
        self._save("request.json", request)

    def state(self):  # type: () -> Optional[Dict[str, Any]]
        """The state that the process wrote: its pid, and what it has bound. None if there is none."""
        return self._load("state.json")

    def save_state(self, state):  # type: (Dict[str, Any]) -> None
        """Writes the state of the process. Raises OSError."""
        self._save("state.json", state)

    def ask_for_record(self):  # type: () -> None
        """Writes the mark that a run waits for the record. Raises OSError."""
        self._save("record.wanted", {})

    def record(self):  # type: () -> Optional[Dict[str, Any]]
        """The record that the process wrote, None if there is none."""
        return self._load("record.json")

    def end(self, identity, record):  # type: (str, Dict[str, Any]) -> None
        """Called by the process when it ends. Writes the record if a run waits for it, or removes the folder."""
        if not self.belongs_to(identity):
            return
        if self._load("record.wanted") is not None:
            self._save("record.json", record)
            return
        self.remove()
        remove_if_empty(os.path.dirname(self.path))

    def save_program(self, content):  # type: (bytes) -> None
        """Writes the program of the listeners. Raises OSError."""
        self._write("program.pyz", content)

    def _load(self, name):  # type: (str) -> Optional[Dict[str, Any]]
        try:
            with open(os.path.join(self.path, name), "rb") as stream:
                found = json.loads(stream.read().decode("ascii"))
        except (IOError, OSError, RecursionError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _save(self, name, content):  # type: (str, Dict[str, Any]) -> None
        self._write(name, json.dumps(content).encode("ascii"))

    def _write(self, name, content):  # type: (str, bytes) -> None
        """Writes the whole file, or leaves it as it was."""
        path = os.path.join(self.path, name)
        handle = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.rename(path + ".new", path)

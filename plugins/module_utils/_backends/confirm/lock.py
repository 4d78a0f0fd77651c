# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time on a host: two would interleave their files and reloads. Runs on Python 3.6."""

import contextlib
import errno
import fcntl
import os
import time

from typing import Iterator, Optional

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError

_LOCK_SECONDS = 120


class LockedError(FirewallError):
    """Another process holds the lock."""


def lock_path(backend):  # type: (str) -> str
    """Path of the lock of a backend."""
    return "/run/jsa_ports_%s.lock" % backend


def holder(path):  # type: (str) -> Optional[int]
    """Number of the process that holds the lock, None where nobody does or the kernel does not say (proc(5), locks)."""
    try:
        inode = os.stat(path).st_ino
        with open("/proc/locks") as stream:
            rows = [line.split() for line in stream]
    except (IOError, OSError):
        return None
    for row in rows:
        # "1: FLOCK  ADVISORY  WRITE 1234 fd:00:5678 0 EOF"; one that waits has "->" behind its number.
        if len(row) > 5 and row[1] == "FLOCK" and row[5].rpartition(":")[2] == str(inode) and int(row[4]) > 0:
            return int(row[4])
    return None


def try_lock(handle):  # type: (int) -> bool
    """Whether this process has it now. Raises OSError."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return False
    return True


@contextlib.contextmanager
def lock(path, seconds=_LOCK_SECONDS):  # type: (str, float) -> Iterator[None]
    """Hold the lock *path*, after up to *seconds*. Raises LockedError, or FirewallError if it cannot be created."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FirewallError("cannot take the lock %s: %s" % (path, error))
    try:
        deadline = time.monotonic() + seconds
        while not try_lock(handle):
            if time.monotonic() >= deadline:
                raise LockedError(
                    "another run has held the lock %s for %d seconds: wait for it to end, or end it" % (path, seconds)
                )
            time.sleep(0.1)
        yield
    finally:
        os.close(handle)

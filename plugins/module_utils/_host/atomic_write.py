# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file is replaced by one that is wholly on the disk before. Runs on Python 3.6."""

import os
import stat
import tempfile


def read_regular(path):  # type: (str) -> bytes
    """Content of a file. Raises OSError, also for a folder, or for a pipe that would keep whoever opens it waiting."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("it is not a regular file")
        return stream.read()


def stage(path, text, suffix):  # type: (str, str, str) -> str
    """A file beside *path*, with its attributes: what replaces it, under another name. Raises OSError.

    In the same folder, it gets the SELinux type that the file itself would.
    """
    folder, name = os.path.split(path)
    handle, temporary = tempfile.mkstemp(prefix=".%s." % name, suffix=suffix, dir=folder)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8", "surrogateescape"))
            stream.flush()
            _copy_attributes(stream.fileno(), path)
            os.fsync(stream.fileno())
    except BaseException:
        remove(temporary)
        raise
    return temporary


def _copy_attributes(handle, replaced):  # type: (int, str) -> None
    try:
        status = os.stat(replaced)
    except OSError:
        os.fchmod(handle, 0o644)
        return
    os.fchown(handle, status.st_uid, status.st_gid)
    os.fchmod(handle, status.st_mode & 0o7777)
    # An SELinux label that somebody gave the file, and access lists.
    try:
        names = os.listxattr(replaced)
    except OSError:
        # A file system without any, as NFS.
        names = []
    for name in names:
        try:
            os.setxattr(handle, name, os.getxattr(replaced, name))
        except OSError:
            # The folder's own label, which it has then, is what a new file would get.
            pass


def remove(path):  # type: (str) -> None
    """Where it is. Raises OSError."""
    try:
        os.unlink(path)
    except OSError:
        if os.path.lexists(path):
            raise


def sync(folder):  # type: (str) -> None
    """The names in it are on the disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

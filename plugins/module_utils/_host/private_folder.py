# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders that nobody else can write to. Runs on Python 3.6.

What lies in them is run by root, or decides what root does, so the umask of whoever comes first must not decide who can
change it.
"""

import os
import stat

_MODE = 0o700
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def make_private(path, base):  # type: (str, str) -> None
    """Create *path* and each folder above it up to *base*, which exists, for this user only.

    Raises OSError where one of them is there and is a link, is not this user's, or can be written by others.
    """
    levels = []
    while path != base and len(path) > len(base):
        levels.append(path)
        path = os.path.dirname(path)
    for level in reversed(levels):
        try:
            os.mkdir(level, _MODE)
        except FileExistsError:
            if stat.S_IMODE(require_private(level).st_mode) != _MODE:
                os.chmod(level, _MODE)
        else:
            # A umask may have taken away what the owner needs.
            os.chmod(level, _MODE)


def require_private(path):  # type: (str) -> os.stat_result
    """The status of the folder *path*. Raises OSError where it is not safe to keep a program of root in."""
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        raise OSError("%s is not a folder: remove it" % path)
    if status.st_uid != os.geteuid():
        raise OSError(
            "%s belongs to the user with the number %d and not to the one that runs this: remove it"
            % (path, status.st_uid)
        )
    if status.st_mode & _WRITABLE_BY_OTHERS:
        raise OSError(
            "others can write to %s (mode %04o): look at what is in it, then remove it, or run chmod 0700 on it"
            % (path, stat.S_IMODE(status.st_mode))
        )
    return status

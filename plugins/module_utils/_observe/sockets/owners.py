# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the processes of sockets. Runs on Python 3.6."""

import os

from typing import Dict, Iterable, List, NamedTuple, Optional

_PREFIX = "socket:["


class Process(NamedTuple):
    """A process that holds a socket."""

    pid: int
    #: As the kernel has it, at most 15 characters. None if the process ended meanwhile.
    name: Optional[str]


def find_owners(inodes, proc="/proc"):  # type: (Iterable[int], str) -> Dict[int, List[Process]]
    """The processes that hold each of *inodes*, lowest pid first.

    An inode without a process is not in the result: it belongs to the kernel, to another PID namespace, or to a process
    that this user must not read (hidepid, or not root). A process that ends meanwhile is skipped.
    """
    links = {"%s%d]" % (_PREFIX, inode): inode for inode in inodes if inode}
    owners = {}  # type: Dict[int, List[Process]]
    if not links:
        return owners
    for pid in sorted(int(name) for name in os.listdir(proc) if name.isdigit()):
        folder = os.path.join(proc, str(pid), "fd")
        process = None
        try:
            descriptors = os.listdir(folder)
        except OSError:
            continue
        for descriptor in descriptors:
            try:
                link = os.readlink(folder + "/" + descriptor)
            except OSError:
                continue
            inode = links.get(link)
            if inode is None:
                continue
            if process is None:
                process = Process(pid, _name(proc, pid))
            held = owners.setdefault(inode, [])
            if process not in held:
                held.append(process)
    return owners


def _name(proc, pid):  # type: (str, int) -> Optional[str]
    try:
        with open(os.path.join(proc, str(pid), "comm"), "rb") as stream:
            return stream.read().decode("utf-8", "replace").rstrip("\n") or None
    except (IOError, OSError):
        return None

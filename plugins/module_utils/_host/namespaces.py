# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process with a network of its own, that ends with us. Runs on Python 3.6."""

import ctypes
import os
import signal

from typing import Callable

_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1


def own_network():  # type: () -> Callable[[], None]
    """What a child process calls before it becomes another program: it gets a network without any interface or rule.

    The kernel ends the program when the thread that has started it ends. Raises OSError: without CAP_SYS_ADMIN, as in
    many containers, no process can have a network of its own.
    """
    # Not in the child: looking up a library's functions takes locks.
    library = ctypes.CDLL(None, use_errno=True)
    unshare, prctl = library.unshare, library.prctl
    parent = os.getpid()

    def enter():  # type: () -> None
        if unshare(_CLONE_NEWNET) != 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return enter

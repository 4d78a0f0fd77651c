# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program of the temporary listeners, which ends by itself. Runs on Python 3.6.

It needs neither the module, which has ended by then, nor the connection, nor the controller. Its clock includes the
time that the machine sleeps, and cannot be set.
"""

import os
import resource
import selectors
import signal
import sys

from typing import Any, Dict

from ansible_collections.jsa.ports.plugins.module_utils._host.clock import boot_clock
from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.folder import (
    Folder,
    start_time,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.record import Record
from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.sockets import Sockets
from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.watch import open_watch
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.handshake import QUESTION_START

#: Seconds between two tests whether its request is still there.
_TICK = 0.5
#: Seconds after the deadline at which the kernel ends the program if it hangs.
_GRACE = 5
#: File descriptors beside those of the ports: for connections, and for the interpreter.
_SPARE_DESCRIPTORS = 512


class Ended(Exception):
    """A signal asked the program to end."""


def main():  # type: () -> None
    """The program: arguments are the folder and the identity of the request."""
    os.umask(0o077)
    os.chdir("/")
    folder = Folder(sys.argv[1])
    request = folder.request(sys.argv[2])
    # The folder is gone already, or another run has it.
    if request is None:
        return
    signal.signal(signal.SIGTERM, _end)
    # SIGALRM is left to end the process, whatever it does then.
    signal.setitimer(signal.ITIMER_REAL, max(0.1, request["deadline"] - boot_clock()) + _GRACE)
    try:
        serve(folder, request)
    except Ended:
        pass


def _end(_number, _frame):  # type: (int, Any) -> None
    raise Ended()


def serve(folder, request):  # type: (Folder, Dict[str, Any]) -> None
    """Binds the ports, writes what is bound, and answers until the deadline or a signal."""
    keys = [tuple(key) for key in request["ports"]]
    _make_room(2 * len(keys) + _SPARE_DESCRIPTORS)
    selector = selectors.DefaultSelector()
    sockets = Sockets(request["token"], request["host"], selector)
    record = Record(keys, open_watch(QUESTION_START))
    try:
        sockets.bind(keys, request["addresses"])
        if record.watch is not None:
            selector.register(record.watch, selectors.EVENT_READ, lambda _sock: record.recv())
        folder.save_state(
            {
                "id": request["id"],
                "pid": os.getpid(),
                "start": start_time(os.getpid()),
                "bound": [[protocol, port, families] for (protocol, port), families in sockets.bound.items()],
                "failed": [list(item) for item in sockets.failed],
                "watched": record.watch is not None,
            }
        )
        while boot_clock() < request["deadline"] and folder.belongs_to(request["id"]):
            wait(selector, min(_TICK, max(0.0, request["deadline"] - boot_clock())))
            sockets.tire()
    finally:
        # The ports are free before the record is written.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sockets.close()
        record.recv()
        folder.end(request["id"], record.as_dict())


def wait(selector, seconds):  # type: (selectors.BaseSelector, float) -> None
    """Serves the sockets that become ready within *seconds*."""
    for key, _events in selector.select(seconds):
        # An earlier event of the same round may have closed it.
        if key.fileobj.fileno() >= 0:
            key.data(key.fileobj)


def _make_room(wanted):  # type: (int) -> None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )

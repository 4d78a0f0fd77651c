# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program of the temporary listeners: a process of its own that knows when it ends. Runs on Python 3.6.

Nobody has to be there to end it: not the module, which is over when this begins to serve, nor the connection, nor the
controller. It goes by a clock that counts the machine's sleep and that nobody sets.
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

#: How often it looks whether it is still wanted.
_TICK = 0.5
#: Should this program hang, the kernel ends it so much later.
_GRACE = 5
#: For two families, connections, and what the interpreter opens.
_SPARE_DESCRIPTORS = 512


class Ended(Exception):
    """Somebody asked for the end."""


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
    """Bind, report what is bound, and answer until the time is over or somebody ends it."""
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
        # From here on nobody's question is answered, so the ports are free when the record is there.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sockets.close()
        record.recv()
        folder.end(request["id"], record.as_dict())


def wait(selector, seconds):  # type: (selectors.BaseSelector, float) -> None
    """Serve whatever is ready within *seconds*."""
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

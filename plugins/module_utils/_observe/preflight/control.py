# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts and ends the process of the temporary listeners. Runs on Python 3.6, with the lock held by the caller."""

import os
import signal
import time

from typing import Any, Dict, Optional

from ansible_collections.jsa.ports.plugins.module_utils._host import background, clock, private_folder
from ansible_collections.jsa.ports.plugins.module_utils._host.clock import boot_clock
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs
from ansible_collections.jsa.ports.plugins.module_utils._host.zipapp import pack

# What the program consists of: Ansible brings to a host what its module imports.
from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight import (
    folder,
    record,
    server,
    sockets,
    watch,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.folder import (
    ROOT,
    Folder,
    start_time,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.request import Request
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe import handshake

_STARTING_SECONDS = 30
_ENDING_SECONDS = 5
#: Seconds after the deadline at which systemd ends the process.
_GRACE = 15

_MAIN = "from %s import main\nmain()\n" % server.__name__
_PARTS = (clock, folder, handshake, private_folder, record, server, sockets, watch)
_PROGRAM = [module.__name__.partition(".module_utils.")[2] for module in _PARTS]


class StartError(Exception):
    """The listeners could not be started, and nothing of them remains."""


class Standing(object):
    """The listeners of one deployment that were found on this host."""

    def __init__(self, name, root=ROOT):  # type: (str, str) -> None
        self.folder = Folder(os.path.join(root, name))
        self.request = self.folder.request() or {}
        self.state = self.folder.state() or {}

    @property
    def alive(self):  # type: () -> bool
        """Whether the process of the listeners runs."""
        return is_alive(self.state)

    @property
    def left_over(self):  # type: () -> bool
        """Whether anything remains that must be removed."""
        return self.folder.exists()

    def fits(self, request):  # type: (Request) -> bool
        """Whether the listeners are those of *request*, and at least half of its time is left."""
        return (
            self.alive
            and _essence(request) == {key: self.request.get(key) for key in _essence(request)}
            and self.request.get("deadline", 0) - boot_clock() >= request.seconds / 2.0
        )


def is_alive(state):  # type: (Dict[str, Any]) -> bool
    """Whether the process that *state* names is the same one and still runs."""
    return bool(state) and start_time(state["pid"]) == state["start"]


def _essence(request):  # type: (Request) -> Dict[str, Any]
    return {
        "token": request.token,
        "host": request.host,
        "addresses": request.addresses,
        "ports": [list(key) for key in request.ports],
    }


def start(standing, request):  # type: (Standing, Request) -> Dict[str, Any]
    """Starts the process and returns what it has bound. Raises StartError and OSError."""
    here = standing.folder
    identity = os.urandom(8).hex()
    here.make()
    try:
        here.save_program(pack(_MAIN, _PROGRAM))
        here.save_request(dict(_essence(request), id=identity, deadline=boot_clock() + request.seconds))
        command = background.python(here.program, here.path, identity)
        longest = "RuntimeMaxSec=%d" % (request.seconds + _GRACE)
        background.start(Programs(), command, "jsa-ports-preflight-" + identity, longest)
        until = time.monotonic() + _STARTING_SECONDS
        while True:
            state = here.state()
            if state is not None:
                return state
            if time.monotonic() > until:
                raise StartError("the listeners did not start (%s)" % " ".join(command))
            time.sleep(0.02)
    except BaseException:
        # A process that starts later finds no request, and ends.
        here.remove()
        raise


def stop(standing):  # type: (Standing) -> Optional[Dict[str, Any]]
    """Stops the listeners and removes their files. Returns their record, None if they left none."""
    told = None
    if standing.alive:
        standing.folder.ask_for_record()
        for number in (signal.SIGTERM, signal.SIGKILL):
            _end(standing.state, number)
        told = standing.folder.record()
    standing.folder.remove()
    return told


def _end(state, number):  # type: (Dict[str, Any], int) -> None
    until = time.monotonic() + _ENDING_SECONDS
    if is_alive(state):
        try:
            os.kill(state["pid"], number)
        except OSError:
            # It has just ended by itself.
            return
    while is_alive(state) and time.monotonic() < until:
        time.sleep(0.01)

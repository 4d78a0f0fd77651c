# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that stays on the host while a candidate waits, and that confirms it. Runs on Python 3.6.

Ansible's copy of a module is gone when the module ends. So what is needed afterwards, this package itself, is packed
into one file in the state folder, which the host's Python runs without anything else.
"""

import json
import os
import sys
import time

from typing import List, Optional

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Backend
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import commit as confirming
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.commit import Host
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.lock import lock, lock_path
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import State, state_of
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host import background
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import find_ssh_endpoints
from ansible_collections.jsa.ports.plugins.module_utils._host.zipapp import PACKAGE, pack

_MAIN = "from %s._backends.confirm.timer import main\nfrom %s import backend\nmain(backend())\n"

_ARMING_SECONDS = 15
#: Between two attempts to go back.
_PAUSE = 5


def program(module):  # type: (str) -> bytes
    """This program for the backend that *module* makes, with whatever of module_utils is loaded."""
    loaded = [
        name[len(PACKAGE) + 1 :]
        for name, one in sys.modules.items()
        if name.startswith(PACKAGE + ".") and getattr(one, "__loader__", None) is not None
    ]
    return pack(_MAIN % (PACKAGE, module), loaded)


def command(state, *arguments):  # type: (State, str) -> List[str]
    return background.python(state.program, *arguments)


def arm(programs, host, identity):  # type: (Programs, Host, str) -> None
    """Starts the timer and waits until it watches. Raises FirewallError."""
    state = host.state
    state.save_program(program(host.backend.module))
    wait = command(state, "wait", identity)
    try:
        background.start(programs, wait, "jsa-ports-timer-" + identity)
    except OSError as error:
        raise FirewallError("the timer cannot be started: %s. Nothing was written" % error)
    deadline = time.monotonic() + _ARMING_SECONDS
    while state.armed() != identity:
        if time.monotonic() > deadline:
            raise FirewallError("the timer does not start (%s). Nothing was written" % " ".join(wait))
        time.sleep(0.01)


def wait(host, identity, locked, sleep=time.sleep):
    """Until the candidate is confirmed, given up, or not confirmed in time: then the host goes back."""
    host.state.arm(identity)
    version, pending = None, None
    while True:
        now = host.state.pending_version()
        if now != version:
            version, pending = now, host.state.pending()
        if pending is None or pending.id != identity:
            return
        left = pending.deadline - host.clock()
        if left > 0:
            sleep(min(left, 1.0))
            continue
        try:
            with locked():
                pending = host.state.pending()
                if pending is None or pending.id != identity:
                    return
                # While a run holds the lock, it may have put the deadline off.
                if pending.deadline <= host.clock() and confirming.expire(host, pending).done:
                    return
        except FirewallError:
            # Somebody holds the lock: the candidate still has to go.
            pass
        version = None
        sleep(_PAUSE)


def session():  # type: () -> Optional[str]
    """The SSH connection that we came through, as sshd writes it."""
    endpoints = find_ssh_endpoints()
    if endpoints is None:
        return None
    return "%s %d %s %d" % (endpoints.client, endpoints.client_port, endpoints.server, endpoints.server_port)


def answer(host, arguments):  # type: (Host, List[str]) -> dict
    """``confirm ID`` and ``abort ID WHY``, for the controller."""
    try:
        with lock(lock_path(host.backend.name)):
            if arguments[0] == "confirm":
                confirming.confirm(host, arguments[1], session())
                return {"ok": True}
            outcome = confirming.abort(host, arguments[1], arguments[2])
            return {"ok": outcome.done, "msg": outcome.words}
    except FirewallError as error:
        return {"ok": False, "msg": str(error)}


def main(backend):  # type: (Backend) -> None
    os.umask(0o077)
    host = Host(backend, state_of(backend.name))
    if sys.argv[1] == "wait":
        os.chdir("/")
        wait(host, sys.argv[2], lambda: lock(lock_path(backend.name)))
    else:
        sys.stdout.write(json.dumps(answer(host, sys.argv[1:])) + "\n")

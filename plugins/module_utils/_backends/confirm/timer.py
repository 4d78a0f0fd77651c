# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that stays on the host while a candidate waits, and that confirms it. Runs on Python 3.6.

Ansible's copy of a module is gone when the module ends. So what is needed afterwards, this package itself, is packed
into one file in the state folder, which the host's Python runs without anything else.
"""

import contextlib
import json
import os
import signal
import sys
import time

from typing import Any, Callable, ContextManager, Iterator, List, Optional

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import Backend
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm import commit as confirming
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.commit import Host
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.lock import (
    LockedError,
    holder,
    lock,
    lock_path,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.confirm.state import Pending, State, state_of
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host import background
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import Programs
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import find_ssh_endpoints
from ansible_collections.jsa.ports.plugins.module_utils._host.zipapp import PACKAGE, pack

_MAIN = "from %s._backends.confirm.timer import main\nfrom %s import backend\nmain(backend())\n"

_ARMING_SECONDS = 15
#: Between two attempts to go back.
_PAUSE = 5
#: A second timer watches the same candidate, should the first one be killed. It comes so many seconds later.
_SECOND = 5
#: A run that was stopped keeps the lock for so long beyond the deadline.
_GRACE = 15
#: One that works may need this long, for an appliance's update program or for what a failed firewalld cannot load.
#: Who holds the lock then hangs.
_LONGEST_GRACE = 130
#: Under systemd: one that dies comes back, and memory is taken from others first.
_PROPERTIES = ("Restart=on-failure", "RestartSec=1", "OOMScoreAdjust=-1000")


def program(module):  # type: (str) -> bytes
    """This program for the backend that *module* makes, with whatever of module_utils is loaded."""
    loaded = [
        name[len(PACKAGE) + 1 :]
        for name, one in sys.modules.items()
        if name.startswith(PACKAGE + ".") and getattr(one, "__loader__", None) is not None
    ]
    return pack(_MAIN % (PACKAGE, module), loaded)


def command(state, *arguments):  # type: (State, str) -> List[str]
    """The command that runs the program in the state folder with these *arguments*."""
    return background.python(state.program, *arguments)


def arm(programs, host, identity):  # type: (Programs, Host, str) -> None
    """Starts the timer and waits until it watches. Raises FirewallError."""
    state = host.state
    state.save_program(program(host.backend.module))
    wait = command(state, "wait", identity)
    try:
        background.start(programs, wait, "jsa-ports-timer-" + identity, *_PROPERTIES)
        second = command(state, "wait", identity, str(_SECOND))
        background.start(programs, second, "jsa-ports-timer-%s-second" % identity, *_PROPERTIES)
    except OSError as error:
        raise FirewallError("the timer cannot be started: %s. Nothing was written" % error)
    deadline = time.monotonic() + _ARMING_SECONDS
    while state.armed() != identity:
        if time.monotonic() > deadline:
            raise FirewallError("the timer did not start (%s). Nothing was written" % " ".join(wait))
        time.sleep(0.01)


def wait(host, identity, locked, sleep=time.sleep, later=0.0):
    # type: (Host, str, Callable[[], ContextManager[None]], Callable[[float], None], float) -> None
    """Until the candidate is confirmed, given up, or not confirmed in time: then the host goes back.

    So it does where the state is gone without a record of the candidate's end: this process remembers what the host has
    to go back to. *later*: seconds after the deadline.
    """
    host.state.arm(identity)
    version, known = None, host.state.pending()
    if known is None or known.id != identity:
        return
    while True:
        now = host.state.pending_version()
        if now is None or now != version:
            version, found = now, host.state.pending()
            if found is not None and found.id != identity:
                return
            if found is None and confirming.ended(host, identity):
                return
            known = found or known._replace(deadline=host.clock())
        left = known.deadline + later - host.clock()
        if left > 0:
            sleep(min(left, 1.0))
            continue
        try:
            with locked():
                if _settled(host, known):
                    return
        except Exception:  # pylint: disable=broad-except
            # Somebody holds the lock, or the disk is full: the candidate still has to go.
            pass
        version = None
        sleep(_PAUSE)


def _settled(host, known):  # type: (Host, Pending) -> bool
    """Goes back, with the lock held. Whether nothing is left to do."""
    found = host.state.pending()
    if found is not None and found.id != known.id:
        return True
    if found is None:
        if confirming.ended(host, known.id):
            return True
        return confirming.expire(host, known, lost=True).done
    # While a run held the lock, it may have put the deadline off.
    return found.deadline <= host.clock() and confirming.expire(host, found).done


@contextlib.contextmanager
def insistent_lock(backend, program):  # type: (Backend, str) -> Iterator[None]
    """The lock, from whoever holds it. A run that was stopped must not keep a host from going back.

    Raises FirewallError where the holder is the other timer, or cannot be found.
    """
    with contextlib.ExitStack() as stack:
        _take(stack, lock_path(backend.name), program)
        yield


def _take(stack, path, program):  # type: (contextlib.ExitStack[Any], str, str) -> None
    for seconds in (_GRACE, _LONGEST_GRACE - _GRACE):
        try:
            stack.enter_context(lock(path, seconds))
            return
        except LockedError:
            number = holder(path)
            if number is None or number == os.getpid() or _is_timer(number, program):
                raise
            if _is_stopped(number):
                break
    os.kill(number, signal.SIGKILL)
    stack.enter_context(lock(path, _PAUSE))


def _is_stopped(number):  # type: (int) -> bool
    """Whether a process was stopped by a signal or a debugger (proc(5), stat)."""
    try:
        with open("/proc/%d/stat" % number, "rb") as stream:
            state = stream.read().rpartition(b")")[2].split()[:1]
    except (IOError, OSError):
        return False
    return state in ([b"T"], [b"t"])


def _is_timer(number, program):  # type: (int, str) -> bool
    """Whether the process is a timer, which goes back itself."""
    try:
        with open("/proc/%d/cmdline" % number, "rb") as stream:
            words = stream.read().split(b"\0")
    except (IOError, OSError):
        return False
    return program.encode() in words and b"wait" in words


def _survive():  # type: () -> None
    """Memory is taken from every other process first (proc(5), oom_score_adj)."""
    try:
        with open("/proc/self/oom_score_adj", "w") as stream:
            stream.write("-1000")
    except (IOError, OSError):
        pass


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
            if confirming.confirmed(host, arguments[1]):
                return {"ok": False, "confirmed": True, "msg": "The rules were already confirmed and are kept"}
            outcome = confirming.abort(host, arguments[1], arguments[2])
            return {"ok": outcome.done, "msg": outcome.words}
    except Exception as error:  # pylint: disable=broad-except
        # Whatever it is, the controller gets an answer: without one, it could not tell a host from a broken connection.
        return {"ok": False, "msg": str(error) or repr(error)}


def main(backend):  # type: (Backend) -> None
    """The program: ``wait ID [SECONDS]`` watches a candidate; ``confirm ID`` and ``abort ID WHY`` end it."""
    os.umask(0o077)
    host = Host(backend, state_of(backend.name))
    if sys.argv[1] == "wait":
        os.chdir("/")
        _survive()
        later = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
        wait(host, sys.argv[2], lambda: insistent_lock(backend, host.state.program), later=later)
    else:
        sys.stdout.write(json.dumps(answer(host, sys.argv[1:])) + "\n")

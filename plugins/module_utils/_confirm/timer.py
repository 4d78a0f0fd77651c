# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that stays on the host while a candidate waits, and that confirms it. Runs on Python 3.6.

Ansible's copy of a module is gone when the module ends. So what is needed afterwards, this package itself, is packed
into one file in the state folder, which the host's Python runs without anything else.
"""

import io
import json
import os
import subprocess
import sys
import time
import zipfile

from typing import List, Optional

from ansible_collections.jsa.ports.plugins.module_utils._confirm import commit as confirming
from ansible_collections.jsa.ports.plugins.module_utils._confirm.backend import Backend
from ansible_collections.jsa.ports.plugins.module_utils._confirm.commit import Host
from ansible_collections.jsa.ports.plugins.module_utils._confirm.lock import lock, lock_path
from ansible_collections.jsa.ports.plugins.module_utils._confirm.state import State, state_of
from ansible_collections.jsa.ports.plugins.module_utils._controller import find_ssh_endpoints
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._programs import CommandError, Programs

_PACKAGE = "ansible_collections.jsa.ports.plugins.module_utils"
_MAIN = "from %s._confirm.timer import main\nfrom %s import backend\nmain(backend())\n"
_SYSTEMD = "/run/systemd/system"

_ARMING_SECONDS = 15
#: Between two attempts to go back.
_PAUSE = 5


def pack(module):  # type: (str) -> bytes
    """The loaded modules of module_utils, runnable by themselves, for the backend that *module* makes.

    The same bytes for the same modules.
    """
    sources = {"__main__.py": (_MAIN % (_PACKAGE, module)).encode("utf-8")}
    for name, loaded in sys.modules.items():
        if not name.startswith(_PACKAGE + ".") or getattr(loaded, "__loader__", None) is None:
            continue
        path = name.replace(".", "/") + ("/__init__.py" if hasattr(loaded, "__path__") else ".py")
        source = loaded.__loader__.get_source(name) or b""
        # Ansible's own loader of collections gives bytes.
        sources[path] = source if isinstance(source, bytes) else source.encode("utf-8")
    parts = _PACKAGE.split(".")
    for depth in range(1, len(parts) + 1):
        sources["/".join(parts[:depth]) + "/__init__.py"] = b""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(sources):
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), sources[path])
    return content.getvalue()


def command(state, *arguments):  # type: (State, str) -> List[str]
    interpreter = sys.executable or os.readlink("/proc/self/exe")
    return [interpreter, "-I", "-S", state.program] + list(arguments)


def arm(programs, host, identity):  # type: (Programs, Host, str) -> None
    """Starts the timer and waits until it watches. Raises FirewallError."""
    state = host.state
    state.save_program(pack(host.backend.module))
    wait = command(state, "wait", identity)
    started = False
    if os.path.isdir(_SYSTEMD) and programs.program("systemd-run"):
        # A service of its own: what a session has started, systemd may end with the session.
        try:
            programs.run("systemd-run", "--quiet", "--collect", "--unit=jsa-ports-timer-" + identity, "--", *wait)
            started = True
        except CommandError:
            pass
    if not started:
        try:
            # It has to outlive the module.
            # pylint: disable-next=ansible-bad-function
            subprocess.Popen(wait, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             cwd="/", start_new_session=True)
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

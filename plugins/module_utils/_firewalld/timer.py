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

from ansible_collections.jsa.ports.plugins.module_utils._controller import find_ssh_endpoints
from ansible_collections.jsa.ports.plugins.module_utils._firewalld import apply as verbs
from ansible_collections.jsa.ports.plugins.module_utils._firewalld import confirm as confirming
from ansible_collections.jsa.ports.plugins.module_utils._firewalld.client import Client, CommandError
from ansible_collections.jsa.ports.plugins.module_utils._firewalld.confirm import Host
from ansible_collections.jsa.ports.plugins.module_utils._firewalld.files import PermanentFiles
from ansible_collections.jsa.ports.plugins.module_utils._firewalld.model import FirewalldError
from ansible_collections.jsa.ports.plugins.module_utils._firewalld.state import State

_PACKAGE = "ansible_collections.jsa.ports.plugins.module_utils"
_MAIN = "from %s._firewalld.timer import main\nmain()\n" % _PACKAGE
_SYSTEMD = "/run/systemd/system"

_ARMING_SECONDS = 15
#: Between two attempts to go back.
_PAUSE = 5


def pack():  # type: () -> bytes
    """The modules of this package that are loaded, runnable by themselves. The same bytes for the same modules."""
    sources = {"__main__.py": _MAIN.encode("utf-8")}
    for name, module in sys.modules.items():
        if not name.startswith(_PACKAGE + ".") or getattr(module, "__loader__", None) is None:
            continue
        path = name.replace(".", "/") + ("/__init__.py" if hasattr(module, "__path__") else ".py")
        source = module.__loader__.get_source(name) or b""
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


def arm(client, state, identity):  # type: (Client, State, str) -> None
    """Starts the timer and waits until it watches. Raises FirewalldError."""
    state.save_program(pack())
    wait = command(state, "wait", identity)
    started = False
    if os.path.isdir(_SYSTEMD) and client.program("systemd-run"):
        # A service of its own: what a session has started, systemd may end with the session.
        try:
            client.run("systemd-run", "--quiet", "--collect", "--unit=jsa-ports-timer-" + identity, "--", *wait)
            started = True
        except CommandError:
            pass
    if not started:
        try:
            subprocess.Popen(wait, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             cwd="/", start_new_session=True)
        except OSError as error:
            raise FirewalldError("the timer cannot be started: %s. Nothing was written" % error)
    deadline = time.monotonic() + _ARMING_SECONDS
    while state.armed() != identity:
        if time.monotonic() > deadline:
            raise FirewalldError("the timer does not start (%s). Nothing was written" % " ".join(wait))
        time.sleep(0.01)


def wait(host, identity, sleep=time.sleep, lock=verbs.lock):
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
            with lock():
                pending = host.state.pending()
                if pending is None or pending.id != identity:
                    return
                # While a run holds the lock, it may have put the deadline off.
                if pending.deadline <= host.clock() and confirming.expire(host, pending).done:
                    return
        except FirewalldError:
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
        with verbs.lock():
            if arguments[0] == "confirm":
                confirming.confirm(host, arguments[1], session())
                return {"ok": True}
            outcome = confirming.abort(host, arguments[1], arguments[2])
            return {"ok": outcome.done, "msg": outcome.words}
    except FirewalldError as error:
        return {"ok": False, "msg": str(error)}


def main():  # type: () -> None
    os.umask(0o077)
    host = Host(Client(), PermanentFiles(), State())
    if sys.argv[1] == "wait":
        os.chdir("/")
        wait(host, sys.argv[2])
    else:
        sys.stdout.write(json.dumps(answer(host, sys.argv[1:])) + "\n")

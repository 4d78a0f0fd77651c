# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits for a candidate of ours, writes down what waits with it, and ends every SSH session of the host.

Where systemd runs, it starts itself again as a service, or it would end with the session that has brought it.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

PENDING = "/var/lib/jsa_ports/firewalld/pending.json"
MODULE = "AnsiballZ_firewall"
COPY = "/root/molecule-end-sessions.py"
SEEN = "/root/molecule-seen.json"
SYSTEMD = os.path.isdir("/run/systemd/system")


def told(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout


def command_lines():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid) as stream:
                yield int(pid), stream.read().replace("\0", " ").strip()
        except OSError:
            pass


def watch():
    deadline = time.monotonic() + 60
    # Its end is the moment at which all is loaded, and the controller begins to ask for a confirmation.
    while not os.path.exists(PENDING) or any(MODULE in line for _pid, line in command_lines()):
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    seen = {"waited": os.path.exists(PENDING)}
    if SYSTEMD:
        # The longest that a session's end may take to reach what it has started.
        units = told("systemctl", "list-units", "--plain", "--no-legend", "jsa-ports-timer-*").split()
        seen["timer"] = units[0] if units else ""
        seen["transient"] = told("systemctl", "show", "--value", "-p", "Transient", seen["timer"]).strip()
        told("loginctl", "terminate-user", "root")
    for pid, line in list(command_lines()):
        if line.startswith("sshd: root"):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
    time.sleep(2)
    lines = [line for _pid, line in command_lines()]
    seen["left_by_session"] = "sleep 4711" in lines
    seen["still_waits"] = os.path.exists(PENDING)
    with open(SEEN + ".new", "w") as stream:
        json.dump(seen, stream)
    os.rename(SEEN + ".new", SEEN)


def main():
    if sys.argv[1:] == ["watch"]:
        watch()
        return
    with open(__file__) as stream, open(COPY, "w") as copy:
        copy.write(stream.read())
    if os.path.exists(SEEN):
        os.unlink(SEEN)
    command = [sys.executable, COPY, "watch"]
    if SYSTEMD:
        subprocess.run(["systemd-run", "--quiet", "--collect", "--unit=molecule-watch", "--"] + command, check=True)
        return
    quiet = subprocess.DEVNULL
    subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)


main()

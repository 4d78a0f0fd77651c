# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a Python program on a host and does something to it on its way: NUMBER|STEP=COMMAND PROGRAM [ARGUMENT ...]

With a number it is killed with SIGKILL at the so-maniest step; it ends by itself when there are fewer. With a step's
name the shell's COMMAND is run each time that step begins. A step begins where a function is entered that changes
something.
"""

import os
import runpy
import signal
import subprocess
import sys

#: Of commit confirmed and its backends: everything that writes, starts, loads or removes.
PACKAGES = ("/_backends/", "/_host/atomic_write.py")
STEPS = {
    "set_pending",
    "save_program",
    "arm",
    "write",
    "stage",
    "sync",
    "remove",
    "_replace",
    "check_config",
    "reload",
    "change_entries",
    "prove",
    "update",
    "compare",
    "repair",
    "set_history",
    "remove_pending",
}


def main() -> None:
    step, _equals, command = sys.argv[1].partition("=")
    left = 0 if command else int(step)
    sys.argv = sys.argv[2:]

    def enter(frame, event, argument):  # type: ignore[no-untyped-def]
        nonlocal left
        code = frame.f_code
        if code.co_name not in STEPS or not any(package in code.co_filename for package in PACKAGES):
            return
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if command and code.co_name == step:
            subprocess.run(["sh", "-c", command], check=False)

    sys.settrace(enter)
    runpy.run_path(sys.argv[0], run_name="__main__")


main()

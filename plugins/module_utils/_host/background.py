# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes that stay on a host when the module that has started them is over. Runs on Python 3.6."""

import os
import subprocess
import sys

from typing import List

from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError, Programs

_SYSTEMD = "/run/systemd/system"


def python(program, *arguments):  # type: (str, str) -> List[str]
    """The command that runs the file *program* with the host's Python and nothing else that is installed there."""
    interpreter = sys.executable or os.readlink("/proc/self/exe")
    return [interpreter, "-I", "-S", program] + list(arguments)


def start(programs, command, unit, *properties):  # type: (Programs, List[str], str, str) -> None
    """Runs *command*, as the service *unit* with these *properties* where systemd runs. Raises OSError."""
    if os.path.isdir(_SYSTEMD) and programs.program("systemd-run"):
        # A service of its own: what a session has started, systemd may end with the session.
        options = ["--quiet", "--collect", "--unit=" + unit]
        options += ["--property=" + name for name in properties]
        try:
            programs.run("systemd-run", *(options + ["--"] + command))
            return
        except CommandError:
            pass
    # It has to outlive the module.
    # pylint: disable-next=ansible-bad-function
    subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes that a step starts, and those that it leaves behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time

from collections.abc import Iterator
from pathlib import Path
from types import FrameType

_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


def adopt_orphans() -> None:
    """Become the parent of whatever loses its own below here, so that :func:`end_leftovers` can see a daemon too."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def end_with_parent(parent: int) -> None:
    """Be sent SIGTERM when *parent*, which has started this process, is gone."""
    _prctl(_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        Stop.asked = True


def children() -> Iterator[tuple[int, str]]:
    """Our own processes that still run, with their command lines. Those that have ended are reaped."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name in parentheses may hold anything, also spaces and parentheses.
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if int(parent) == os.getpid():
            if state == "Z":
                os.waitpid(int(entry.name), os.WNOHANG)
            else:
                yield int(entry.name), line or f"process {entry.name}"


def end_leftovers(patience: float = 3) -> list[str]:
    """The command lines of what still runs after *patience* seconds. It is ended, with all that it leaves."""
    deadline = time.monotonic() + patience
    commands = []
    while running := list(children()):
        if time.monotonic() >= deadline:
            commands += [command for _process, command in running]
            for process, _command in running:
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)
    return commands


class Interrupted(Exception):
    """Somebody has asked us to stop."""


class Stop:
    """What SIGTERM asks for. It is heeded where a step can be ended, not between its start and our knowing of it."""

    asked = False


def heed(*numbers: signal.Signals) -> None:
    """From now on one of these signals asks for a stop, and does nothing else."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        Stop.asked = True

    for number in numbers:
        signal.signal(number, interrupt)


def wait(process: subprocess.Popen[bytes], timeout: float, stoppable: bool = False) -> int | None:
    """The code that *process* ends with within *timeout* seconds, or None. Raises Interrupted, if it is *stoppable*.

    Meanwhile the orphans are reaped as they end: a lab that waits for its processes to be gone would wait for ever.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if stoppable and Stop.asked:
            raise Interrupted
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid == process.pid:
                return process.wait()
            os.waitpid(ended.si_pid, 0)
        time.sleep(0.02)
    return None


def end(process: subprocess.Popen[bytes]) -> None:
    """See to it that *process*, the leader of its group, is over."""
    if process.returncode is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    # Long enough for a lab to be taken down.
    if wait(process, 60) is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes, found again by pid and start time, and by the namespace they live in. Never by name."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from lab.errors import LabError

#: The child writes down who it is before it becomes what it is for: however its parent dies, nothing goes unrecorded.
_RECORD_AND_EXEC = 'read -r line </proc/self/stat && echo "$line" >"$0.new" && mv "$0.new" "$0" && exec "$@"'


class Process(NamedTuple):
    """A process that cannot be mistaken for a later one with the same pid."""

    pid: int
    start: int

    @property
    def alive(self) -> bool:
        return _stat(self.pid) == (self.pid, self.start)

    def namespace(self, kind: str) -> str:
        """The path under which ``nsenter`` finds the namespace of this process."""
        return f"/proc/{self.pid}/ns/{kind}"


def _parse(line: str) -> tuple[int, int, str]:
    # The second field is the program's name in parentheses and may hold blanks and parentheses of its own.
    pid, _opening, rest = line.partition(" (")
    fields = rest.rpartition(")")[2].split()
    return int(pid), int(fields[19]), fields[0]


def _stat(pid: int) -> tuple[int, int] | None:
    """Pid and start time of a running process, nothing for one that is gone or only waits to be collected."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        found, start, condition = _parse(Path(f"/proc/{pid}/stat").read_text())
    except (OSError, ValueError, IndexError):
        return None
    return None if condition in "ZX" else (found, start)


def this_process() -> Process:
    return Process(*_parse(Path("/proc/self/stat").read_text())[:2])


def recorded(path: Path) -> Process | None:
    """The process of a record file, if it still runs."""
    try:
        process = Process(*_parse(path.read_text())[:2])
    except (OSError, ValueError, IndexError):
        return None
    return process if process.alive else None


class Spawned:
    """A child that waits for our word. It has to be recorded by then; should we die before, it ends by itself."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child

    def release(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(b"go\n")
        self.drop()

    def drop(self) -> None:
        assert self._child.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()

    def wait(self, timeout: float = 10.0) -> None:
        """Until it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout)


def spawn(record: Path, argv: list[str], log: Path) -> Spawned:
    """Starts *argv* in a session of its own with a record file. It has to read the line ``go`` before it does much."""
    with log.open("ab") as stream:
        child = subprocess.Popen(
            ["sh", "-c", _RECORD_AND_EXEC, str(record), *argv],
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            cwd="/",
            env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        )
    return Spawned(child)


def namespace_id(process: Process, kind: str) -> str | None:
    """``net:[4026532198]``, or nothing if the process is gone."""
    try:
        found = os.readlink(process.namespace(kind))
    except OSError:
        return None
    return found if process.alive else None


def by_namespace(kind: str) -> dict[str, list[Process]]:
    """Every process of this machine by the namespace it lives in."""
    found: dict[str, list[Process]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            namespace = os.readlink(entry / "ns" / kind)
            process = Process(*_parse((entry / "stat").read_text())[:2])
        except (OSError, ValueError, IndexError):
            continue
        found.setdefault(namespace, []).append(process)
    return found


def kill(processes: Iterable[Process], number: signal.Signals = signal.SIGKILL) -> None:
    """Signals exactly these processes: the descriptor pins the process, then the start time says which one it is."""
    for process in processes:
        try:
            descriptor = os.pidfd_open(process.pid)
        except OSError:
            continue
        try:
            if process.alive:
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(descriptor)


def end(processes: Iterable[Process], timeout: float = 15.0) -> None:
    """Kills and waits until they are gone."""
    waiting = [process for process in processes if process.alive]
    kill(waiting)
    deadline = time.monotonic() + timeout
    while waiting := [process for process in waiting if process.alive]:
        if time.monotonic() > deadline:
            raise LabError(f"processes do not end: {', '.join(str(process.pid) for process in waiting)}")
        time.sleep(0.01)

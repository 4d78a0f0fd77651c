# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One step in the care of a process of its own.

The keeper adopts what loses its parent below it. So it is known which step has left something behind, also where
several run side by side.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import time

from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path

from ansible_collections.jsa.ports.tests.run import processes
from ansible_collections.jsa.ports.tests.run import step as steps
from ansible_collections.jsa.ports.tests.run.outcome import Outcome, judge
from ansible_collections.jsa.ports.tests.run.step import COPY, PYTHON, ROOT, Step

_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Ended:
    #: None: the step had to be ended.
    code: int | None = None
    left_running: tuple[str, ...] = ()
    #: Why it could not be started.
    error: str = ""


def environment_of(step: Step) -> dict[str, str]:
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", NO_COLOR="1")
    environment["HYPOTHESIS_STORAGE_DIRECTORY"] = str(ROOT / ".cache" / "hypothesis")
    environment["PATH"] = os.pathsep.join([str(Path(PYTHON).parent), environment.get("PATH", os.defpath)])
    environment.pop("PYTHONPATH", None)
    environment.update(step.environment)
    return environment


def _keep(step: Step, folder: Path, parent: int, channel: Connection) -> None:
    # Handlers, and not "ignore", which the step would inherit. An interrupt of the terminal comes to our parent too.
    processes.heed(signal.SIGTERM)
    signal.signal(signal.SIGINT, lambda number, frame: None)
    processes.adopt_orphans()
    processes.end_with_parent(parent)
    with (folder / "output.txt").open("wb") as output:
        try:
            process = subprocess.Popen(
                [word.replace("{reports}", str(folder)) for word in step.command],
                cwd=COPY if step.in_copy else ROOT,
                env=environment_of(step),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            channel.send(Ended(error=str(error)))
            return
        try:
            code = processes.wait(process, step.timeout, stoppable=True)
        except processes.Interrupted:
            code = None
        finally:
            processes.end(process)
    channel.send(Ended(code, tuple(processes.end_leftovers())))


class Keeper:
    """A step that runs. Its *channel* is ready when it is over."""

    def __init__(self, stage: str, step: Step) -> None:
        self.stage = stage
        self.step = step
        self.started = time.monotonic()
        self.folder = steps.RESULTS / stage / step.name.replace(" ", "-")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.channel, theirs = _FORK.Pipe(duplex=False)
        self._process: ForkProcess = _FORK.Process(target=_keep, args=(step, self.folder, os.getpid(), theirs))
        self._process.start()
        # Else the channel would not tell that the keeper is gone.
        theirs.close()

    def stop(self) -> None:
        self._process.terminate()

    def collect(self) -> Outcome:
        """Waits for the end."""
        try:
            ended = self.channel.recv()
        except EOFError:
            ended = Ended(error="its keeper is gone")
        self.channel.close()
        self._process.join()
        if ended.error:
            outcome = Outcome()
            outcome.fail(f"could not be run: {ended.error}; the programs of the system come with make packages")
            return outcome
        outcome = judge(self.step, ended.code, self.folder)
        for command in ended.left_running:
            outcome.fail(f"left running: {command}")
        return outcome

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def output(self) -> str:
        return (self.folder / "output.txt").read_text(errors="replace").rstrip()

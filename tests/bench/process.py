# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that are timed from their start to their end, and that leave nothing behind when they are cut short."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_GRACE = 5.0


class UnmeasurableError(Exception):
    """What was to be timed did not do what it was timed for."""


@dataclass(frozen=True)
class Timed:
    seconds: float
    output: str


def run(argv: Sequence[str], environment: Mapping[str, str] | None = None, timeout: float = 1200.0) -> Timed:
    """Runs a command to its end. Raises UnmeasurableError if it fails."""
    start = time.perf_counter()
    # A session of its own: Ctrl-C reaches us alone, and what the command has started can be ended as one group.
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=timeout)
    except BaseException as error:
        _end(process)
        if isinstance(error, subprocess.TimeoutExpired):
            raise UnmeasurableError(f"{_shown(argv)}: not done after {timeout:g} seconds") from error
        raise
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        raise UnmeasurableError(f"{_shown(argv)}: exit {process.returncode}\n{(output + errors)[-2000:]}")
    return Timed(seconds, output)


def _end(process: subprocess.Popen[str]) -> None:
    """Ansible's workers have sessions of their own: only Ansible can end them, if it is asked."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GRACE)
            return


def _shown(argv: Sequence[str]) -> str:
    text = " ".join(argv)
    return text if len(text) <= 300 else f"{text[:300]}..."

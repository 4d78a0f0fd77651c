# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Python whose wall clock the test sets: MODULE takes it for its interpreter, -I -S PROGRAM is what it starts.

/run/test/clock says by how many seconds the clock is off. A host of the lab has no wall clock of its own, so what the
kernel counts is left alone, as it is where somebody sets the clock.
"""

import runpy
import sys
import time

INTERPRETER = "/run/test/python"
_REALTIME = 0

_time, _clock_gettime, _gmtime = time.time, time.clock_gettime, time.gmtime


def _offset() -> float:
    with open("/run/test/clock") as stream:
        return float(stream.read())


def main() -> None:
    if sys.argv[1] == "-I":
        time.time = lambda: _time() + _offset()
        time.clock_gettime = lambda clock: _clock_gettime(clock) + (_offset() if clock == _REALTIME else 0)
        time.gmtime = lambda seconds=None: _gmtime(time.time() if seconds is None else seconds)
        sys.argv = sys.argv[3:]
    else:
        sys.executable = INTERPRETER
        sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")


main()

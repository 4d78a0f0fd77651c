# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clock that deadlines go by. Runs on Python 3.6."""

import time

#: time.CLOCK_BOOTTIME, which Python knows by name from 3.7 on.
_CLOCK_BOOTTIME = 7


def boot_clock():  # type: () -> float
    """Seconds since the machine started, those that it slept included. Setting the clock does not move it."""
    return time.clock_gettime(_CLOCK_BOOTTIME)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which ports of a range stand for it. Runs on Python 3.6."""

from typing import List

#: A wider range says where services may be; so many of its ports are looked at.
WIDEST_RANGE = 16


def sample(first, last):  # type: (int, int) -> List[int]
    """All ports of a range, or both ends of a wide one and some between: always the same ones."""
    if last - first < WIDEST_RANGE:
        return list(range(first, last + 1))
    steps = WIDEST_RANGE - 1
    return [first + (last - first) * step // steps for step in range(WIDEST_RANGE)]

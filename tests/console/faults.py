# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong with a console, for one path of the stand-in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """How the requests of a path fail."""

    #: Seconds that the answer takes.
    delay: float = 0.0
    #: Seconds between any two bytes of the answer.
    trickle: float = 0.0
    #: Answer with this HTTP status; code and message are those of the API's error body.
    status: int | None = None
    code: int = 0
    message: str = "The stand-in was told to fail"
    #: Answer with a redirect to this address.
    redirect: str | None = None
    #: Answer with this text instead of JSON.
    text: str | None = None
    #: Close the connection without an answer.
    closes: bool = False
    #: So many requests are answered as usual before this happens, and after so many faults all is well again.
    after: int = 0
    times: int | None = None

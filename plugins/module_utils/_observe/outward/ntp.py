# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks a time server for the time (RFC 5905). Runs on Python 3.6."""

import os
import struct
import time

from typing import Any, Dict

from ansible_collections.jsa.ports.plugins.module_utils._observe.client import Deadline, ask_datagram
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.model import WRONG_ANSWER, FailedError

_SECONDS_FROM_1900_TO_1970 = 2208988800
_SIZE = 48
_SERVER = 4
#: Version 4, client.
_QUESTION = b"\x23" + b"\0" * 39
_NOT_SYNCHRONISED = 3
_LARGEST_STRATUM = 15


def check(address, port, deadline):  # type: (str, int, Deadline) -> Dict[str, Any]
    """The server's stratum, and the offset of this host's clock in seconds. Raises ExchangeError and FailedError."""
    # Only the server that was asked knows this value, and repeats it in the reply.
    cookie = os.urandom(8)
    sent = time.time()
    reply = ask_datagram(
        address,
        port,
        _QUESTION + cookie,
        lambda data: len(data) >= _SIZE and data[0] & 7 == _SERVER and data[24:32] == cookie,
        deadline,
    )
    received = time.time()
    leap, stratum = reply[0] >> 6, reply[1]
    if stratum == 0:
        code = reply[12:16].decode("ascii", "replace").strip("\0 ")
        raise FailedError(WRONG_ANSWER, "the time server rejects this host (%s)" % code)
    if leap == _NOT_SYNCHRONISED or stratum > _LARGEST_STRATUM:
        raise FailedError(WRONG_ANSWER, "the time server is not synchronized", {"stratum": stratum})
    offset = ((_seconds(reply[32:40]) - sent) + (_seconds(reply[40:48]) - received)) / 2.0
    return {"stratum": stratum, "offset_ms": round(offset * 1000.0, 3)}


def _seconds(stamp):  # type: (bytes) -> float
    whole, fraction = struct.unpack("!II", stamp)
    return whole - _SECONDS_FROM_1900_TO_1970 + fraction / 4294967296.0

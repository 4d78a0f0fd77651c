# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the greeting of an SMTP gateway. Sends no mail. Runs on Python 3.6."""

from typing import Any, Dict

from ansible_collections.jsa.ports.plugins.module_utils._observe.client import Deadline, ExchangeError, open_stream
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.model import WRONG_ANSWER, FailedError

_SHOWN = 100


def check(address, port, deadline):  # type: (str, int, Deadline) -> Dict[str, Any]
    """The gateway's greeting. Raises ExchangeError and FailedError."""
    with open_stream(address, port, deadline) as stream:
        while True:
            line = stream.recv_until(b"\n")
            text = line.decode("ascii", "replace").strip()
            # "220-" begins a greeting of several lines.
            if not (line[:3].isdigit() and line[3:4] == b"-" and line.endswith(b"\n")):
                break
        if not line:
            raise FailedError(WRONG_ANSWER, "%s closed the connection without a greeting" % address)
        if line[:3] != b"220":
            raise FailedError(WRONG_ANSWER, "expected an SMTP greeting (220), got %r" % text[:_SHOWN])
        try:
            stream.send(b"QUIT\r\n")
            stream.recv_until(b"\n")
        except ExchangeError:
            # The greeting is enough. The reply to QUIT does not matter.
            pass
        return {"greeting": text[:_SHOWN]}

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks a name server for the address of one name. Runs on Python 3.6."""

import os
import struct

from typing import Any, Dict

from ansible_collections.jsa.ports.plugins.module_utils._observe.client import (
    Deadline,
    ask_datagram,
    open_stream,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.model import (
    NAME_NOT_RESOLVED,
    WRONG_ANSWER,
    FailedError,
)

_RESPONSE = 0x8000
_TRUNCATED = 0x0200
_RECURSION_DESIRED = 0x0100
_ADDRESS, _INTERNET = 1, 1
_NO_SUCH_NAME = 3
_CODES = {
    1: "it could not read the query (FORMERR)",
    2: "it reports a server failure (SERVFAIL)",
    4: "it does not support the query (NOTIMP)",
    5: "it rejects queries of this host (REFUSED)",
}
_LONGEST_LABEL = 63


def question(number, name):  # type: (int, str) -> bytes
    """A query for the IPv4 address of *name* (RFC 1035). Raises FailedError if it is not a valid name."""
    encoded = b""
    for label in name.rstrip(".").split("."):
        part = label.encode("ascii", "replace")
        if not 1 <= len(part) <= _LONGEST_LABEL:
            raise FailedError(WRONG_ANSWER, "%s is not a valid domain name" % name)
        encoded += struct.pack("!B", len(part)) + part
    header = struct.pack("!6H", number, _RECURSION_DESIRED, 1, 0, 0, 0)
    return header + encoded + b"\0" + struct.pack("!2H", _ADDRESS, _INTERNET)


def check(address, port, name, deadline):  # type: (str, int, str, Deadline) -> Dict[str, Any]
    """Whether the server knows *name*. Raises ExchangeError and FailedError."""
    asked = question(struct.unpack("!H", os.urandom(2))[0], name)

    def is_answer(data):  # type: (bytes) -> bool
        # The question is repeated in the answer, but for the letters' case.
        return (
            len(data) >= len(asked)
            and data[:2] == asked[:2]
            and bool(data[2] & 0x80)
            and data[12 : len(asked)].lower() == asked[12:].lower()
        )

    reply = ask_datagram(address, port, asked, is_answer, deadline)
    transport = "udp"
    if _flags(reply) & _TRUNCATED:
        transport = "tcp"
        with open_stream(address, port, deadline) as stream:
            stream.send(struct.pack("!H", len(asked)) + asked)
            reply = stream.recv_exactly(struct.unpack("!H", stream.recv_exactly(2))[0])
        if not is_answer(reply):
            raise FailedError(WRONG_ANSWER, "its answer over TCP does not match the query")
    code = _flags(reply) & 0xF
    answers = struct.unpack("!H", reply[6:8])[0]
    if code == _NO_SUCH_NAME or (code == 0 and not answers):
        raise FailedError(NAME_NOT_RESOLVED, "the name server answers, and has no address for %s" % name)
    if code:
        raise FailedError(WRONG_ANSWER, _CODES.get(code, "it answers with error %d" % code))
    return {"transport": transport, "answers": answers}


def _flags(reply):  # type: (bytes) -> int
    return struct.unpack("!H", reply[2:4])[0]

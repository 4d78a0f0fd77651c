# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls a remote procedure over TCP or UDP. Runs on Python 3.6."""

import os
import struct

from ansible_collections.jsa.ports.plugins.module_utils._observe import client
from ansible_collections.jsa.ports.plugins.module_utils._observe.client import Deadline, ExchangeError
from ansible_collections.jsa.ports.plugins.module_utils._observe.rpc import message

_LIMIT = 65536
_MOST_FRAGMENTS = 64


def call(address, port, program, version, procedure, deadline, transport="tcp"):
    # type: (str, int, int, int, int, Deadline, str) -> bytes
    """The results of one call of a program's procedure, without arguments. *transport*: ``tcp`` or ``udp``.

    Raises ExchangeError without a reply, RpcGarbageError for an invalid one, and RpcRefusedError for an error.
    """
    xid = struct.unpack("!I", os.urandom(4))[0]
    question = message.call(xid, program, version, procedure)
    if transport == "udp":
        reply = client.ask_datagram(address, port, question, lambda data: message.is_reply(data, xid), deadline)
        return message.parse_reply(reply, xid)
    with client.open_stream(address, port, deadline, _LIMIT) as stream:
        stream.send(message.record(question))
        reply = b""
        for _number in range(_MOST_FRAGMENTS):
            length, last = message.fragment(stream.recv_exactly(4))
            reply += stream.recv_exactly(length)
            if last:
                return message.parse_reply(reply, xid)
    raise ExchangeError(client.ENDLESS, "its answer has more than %d fragments" % _MOST_FRAGMENTS)

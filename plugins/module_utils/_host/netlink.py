# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions and requests to the kernel over netlink, with nothing but the standard library. Runs on Python 3.6."""

import errno
import os
import socket
import struct

from typing import Dict, Iterator, Tuple

ROUTE = 0
SOCK_DIAG = 4

REQUEST = 0x1
DUMP = 0x300

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ERROR = struct.Struct("=i")

_NLMSG_NOOP = 1
_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_NLM_F_MULTI = 0x2

#: The two highest bits say how the value is coded, not what it is.
_ATTRIBUTE_TYPE = 0x3FFF

_BUFFER = 1 << 16
#: The kernel answers at once or never, which would be a fault of ours: a check must not hang on it.
_PATIENCE = 5


def ask(protocol, message_type, payload, flags=0):  # type: (int, int, bytes, int) -> Iterator[Tuple[int, bytes]]
    """The kernel's answers as (message type, payload). Raises OSError where it refuses or does not understand."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol) as sock:
        sock.settimeout(_PATIENCE)
        sock.bind((0, 0))
        sock.send(_HEADER.pack(_HEADER.size + len(payload), message_type, REQUEST | flags, 1, 0) + payload)
        while True:
            more = False
            for kind, message_flags, body in split_messages(sock.recv(_BUFFER)):
                if kind == _NLMSG_DONE:
                    return
                if kind == _NLMSG_ERROR:
                    code = -_ERROR.unpack_from(body)[0] if len(body) >= _ERROR.size else errno.EPROTO
                    if code:
                        raise OSError(code, os.strerror(code))
                    return
                if kind != _NLMSG_NOOP:
                    yield kind, body
                more = bool(message_flags & _NLM_F_MULTI)
            if not more:
                return


def split_messages(data):  # type: (bytes) -> Iterator[Tuple[int, int, bytes]]
    """(type, flags, payload) of each whole message in *data*."""
    position = 0
    while position + _HEADER.size <= len(data):
        length, kind, flags, _sequence, _sender = _HEADER.unpack_from(data, position)
        if length < _HEADER.size or position + length > len(data):
            return
        yield kind, flags, data[position + _HEADER.size : position + length]
        position += _aligned(length)


def attributes(data):  # type: (bytes) -> Dict[int, bytes]
    """Type to value of each whole attribute in *data*."""
    found = {}
    position = 0
    while position + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, position)
        if length < _ATTRIBUTE.size or position + length > len(data):
            break
        found[kind & _ATTRIBUTE_TYPE] = data[position + _ATTRIBUTE.size : position + length]
        position += _aligned(length)
    return found


def attribute(kind, value):  # type: (int, bytes) -> bytes
    """One attribute, as :func:`attributes` reads it."""
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + b"\0" * (_aligned(length) - length)


def _aligned(length):  # type: (int) -> int
    return (length + 3) & ~3

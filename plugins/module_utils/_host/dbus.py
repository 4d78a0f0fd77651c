# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls over the system's message bus, with nothing but the standard library. Runs on Python 3.6.

A call takes about a millisecond; the programs that could make it (busctl, dbus-send, firewall-cmd) take seven to two
hundred for their own start, and print for people. Only what calls need is here: no signals, no file descriptors.
"""

import os
import socket
import struct
import time

from typing import Any, Dict, Iterator, List, Sequence, Tuple

SOCKETS = ("/run/dbus/system_bus_socket", "/var/run/dbus/system_bus_socket")

CALL, RETURN, ERROR = 1, 2, 3
#: A look at a service must not start it.
_NO_AUTO_START = 0x2

#: The fields of a message's header.
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SENDER, SIGNATURE = 1, 2, 3, 4, 5, 6, 7, 8

_HELLO = "Hello"
#: What the bus itself says when whoever was asked is gone.
NO_REPLY = "org.freedesktop.DBus.Error.NoReply"
#: What a client says where no bus listens.
NO_SERVER = "org.freedesktop.DBus.Error.NoServer"
#: Where a site has moved the bus.
_ELSEWHERE = "DBUS_SYSTEM_BUS_ADDRESS"

#: The bytes that tell how long a message is.
START = 16
#: Where in a message the array of the header's fields begins.
_FIELDS_AT = 12

#: The specification's limit for one message.
_LARGEST = 1 << 27

#: Type -> (alignment, how struct writes it). Booleans are 32 bits wide.
_NUMBERS = {
    "y": (1, "B"),
    "b": (4, "I"),
    "n": (2, "h"),
    "q": (2, "H"),
    "i": (4, "i"),
    "u": (4, "I"),
    "x": (8, "q"),
    "t": (8, "Q"),
    "d": (8, "d"),
    "h": (4, "I"),
}
_ALIGNMENT = {"s": 4, "o": 4, "g": 1, "v": 1, "a": 4, "(": 8, "{": 8}
#: Deeper than anything that firewalld says.
_DEEPEST = 32


class BusError(Exception):
    """No bus, no answer in time, or an answer that is an error.

    ``name`` is the error's name on the bus. It is empty where nobody was asked, and NO_SERVER where no program of this
    host can be asked, because there is no bus.
    """

    def __init__(self, message, name=""):  # type: (str, str) -> None
        super(BusError, self).__init__(message)
        self.name = name


class _NoServer(OSError):
    """No bus listens at any of the places."""


_NOBODY_LISTENS = (FileNotFoundError, ConnectionRefusedError)


class Bus(object):
    """One connection, made at the first call and made anew after it broke."""

    def __init__(self, paths=SOCKETS):  # type: (Sequence[str]) -> None
        self._paths = paths
        self._socket = None  # type: Any
        self._serial = 0
        #: The question of this call is on its way.
        self._sent = False

    def call(self, destination, path, interface, member, signature="", arguments=(), timeout=30.0):
        # type: (str, str, str, str, str, Sequence[Any], float) -> Tuple[Any, ...]
        """The values of the answer. *signature* is made of the types that :func:`encode` knows. Raises BusError."""
        deadline = time.monotonic() + timeout
        self._sent = False
        try:
            if self._socket is None:
                self._connect(deadline)
            fields = {
                PATH: ("o", path),
                INTERFACE: ("s", interface),
                MEMBER: ("s", member),
                DESTINATION: ("s", destination),
            }
            return self._ask(fields, signature, arguments, deadline)
        except (OSError, struct.error, ValueError, IndexError) as error:
            self.close()
            words = "no answer after %d s" % timeout if isinstance(error, socket.timeout) else str(error)
            name = NO_REPLY if self._sent else NO_SERVER if isinstance(error, _NoServer) else ""
            raise BusError("the system's message bus: %s" % words, name)

    def close(self):  # type: () -> None
        """Close the connection; a second call does nothing."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self, deadline):  # type: (float) -> None
        error = OSError("there is none")
        absent = _ELSEWHERE not in os.environ
        for path in self._paths:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            try:
                sock.settimeout(_left(deadline))
                sock.connect(path)
                self._socket = sock
                self._introduce(deadline)
                return
            except (OSError, ValueError) as found:
                absent = absent and self._socket is None and isinstance(found, _NOBODY_LISTENS)
                sock.close()
                self._socket = None
                error = found if isinstance(found, OSError) else OSError(str(found))
        raise _NoServer(str(error)) if absent else error

    def _introduce(self, deadline):  # type: (float) -> None
        """The kernel tells the bus who we are; the name in the text only has to be the same."""
        self._send(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode("ascii").hex().encode("ascii") + b"\r\n", deadline)
        answer = b""
        while not answer.endswith(b"\r\n"):
            answer += self._receive(1, deadline)
            if len(answer) > 4096:
                raise ValueError("it uses an unknown protocol")
        if not answer.startswith(b"OK "):
            raise ValueError("it rejected the authentication: %s" % answer.decode("ascii", "replace").strip())
        self._send(b"BEGIN\r\n", deadline)
        fields = {
            PATH: ("o", "/org/freedesktop/DBus"),
            INTERFACE: ("s", "org.freedesktop.DBus"),
            MEMBER: ("s", _HELLO),
            DESTINATION: ("s", "org.freedesktop.DBus"),
        }
        self._ask(fields, "", (), deadline)

    def _ask(self, fields, signature, arguments, deadline):
        # type: (Dict[int, Tuple[str, str]], str, Sequence[Any], float) -> Tuple[Any, ...]
        self._serial += 1
        serial = self._serial
        body = encode(signature, arguments)
        self._send(message(serial, fields, signature, body), deadline)
        self._sent = fields[MEMBER][1] != _HELLO
        while True:
            kind, found, body = self._read(deadline)
            if found.get(REPLY_SERIAL) != serial:
                continue
            values = tuple(decode(found.get(SIGNATURE, ""), body))
            if kind == RETURN:
                return values
            if kind == ERROR:
                words = values[0] if values and isinstance(values[0], str) else ""
                name = str(found.get(ERROR_NAME, ""))
                raise BusError(words or name, name)

    def _read(self, deadline):  # type: (float) -> Tuple[int, Dict[int, Any], bytes]
        start = self._receive(START, deadline)
        return parse(start, self._receive(rest_of(start), deadline))[1:]

    def _send(self, data, deadline):  # type: (bytes, float) -> None
        self._socket.settimeout(_left(deadline))
        self._socket.sendall(data)

    def _receive(self, size, deadline):  # type: (int, float) -> bytes
        parts = []
        while size:
            self._socket.settimeout(_left(deadline))
            part = self._socket.recv(min(size, 1 << 16))
            if not part:
                raise OSError("it has closed the connection")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _left(deadline):  # type: (float) -> float
    left = deadline - time.monotonic()
    if left <= 0:
        raise socket.timeout()
    return left


def _padded(size, alignment):  # type: (int, int) -> int
    return -(-size // alignment) * alignment


def rest_of(start):  # type: (bytes) -> int
    """How many bytes of a message follow its first ``START``. Raises ValueError."""
    order, _kind, _flags, _version, body_size, _serial, fields_size = struct.unpack("<cBBBIII", start)
    if order != b"l":
        # The other byte order: nobody on this machine speaks to us in it.
        raise ValueError("a message in a foreign byte order")
    if body_size + fields_size > _LARGEST:
        raise ValueError("a message that is too long")
    return int(_padded(fields_size, 8) + body_size)


def parse(start, rest):  # type: (bytes, bytes) -> Tuple[int, int, Dict[int, Any], bytes]
    """Serial number, kind, header's fields and body of a message. Raises ValueError."""
    kind, serial, fields_size = struct.unpack("<xB6xII", start)
    fields = dict(next(decode("a(yv)", start + rest[:fields_size], _FIELDS_AT)))
    return serial, kind, fields, rest[_padded(fields_size, 8) :]


def message(serial, fields, signature, body, kind=CALL):
    # type: (int, Dict[int, Tuple[str, Any]], str, bytes, int) -> bytes
    """A method call, or another *kind*. *fields*: the header's, number -> (type, value)."""
    header = b""
    for number, (sort, value) in sorted(fields.items()):
        header += b"\0" * (_padded(len(header), 8) - len(header))
        header += struct.pack("<B", number) + encode("g", [sort])
        header += b"\0" * (_padded(len(header), 4) - len(header)) + encode(sort, [value])
    if signature:
        header += b"\0" * (_padded(len(header), 8) - len(header))
        header += struct.pack("<B", SIGNATURE) + encode("g", ["g"]) + encode("g", [signature])
    start = struct.pack("<cBBBIII", b"l", kind, _NO_AUTO_START, 1, len(body), serial, len(header))
    return start + header + b"\0" * (_padded(len(header), 8) - len(header)) + body


def encode(signature, values):  # type: (str, Sequence[Any]) -> bytes
    """*values* as D-Bus writes them: strings (``s``, ``o``), signatures (``g``), numbers (``u``), lists of strings."""
    data = b""
    kinds = signature.replace("as", "A")
    if len(kinds) != len(values):
        raise ValueError("%d values for the signature %s" % (len(values), signature))
    for kind, value in zip(kinds, values):
        if kind == "g":
            data += struct.pack("<B", len(value)) + value.encode("ascii") + b"\0"
            continue
        data += b"\0" * (_padded(len(data), 4) - len(data))
        if kind == "u":
            data += struct.pack("<I", value)
        elif kind == "A":
            content = b""
            for text in value:
                content += b"\0" * (_padded(len(content), 4) - len(content)) + encode("s", [text])
            data += struct.pack("<I", len(content)) + content
        elif kind in "so":
            text = value.encode("utf-8")
            data += struct.pack("<I", len(text)) + text + b"\0"
        else:
            raise ValueError("no way to write the type %s" % kind)
    return data


def decode(signature, data, position=0):  # type: (str, bytes, int) -> Iterator[Any]
    """The values in *data* from *position* on. Structs are tuples, arrays lists, arrays of entries dictionaries.

    Raises ValueError or struct.error for what is no such data.
    """
    for kind in split_signature(signature):
        value, position = _decode_one(kind, data, position, 0)
        yield value


def split_signature(signature):  # type: (str) -> List[str]
    """The complete types that a signature is made of. Raises ValueError."""
    found = []
    position = 0
    while position < len(signature):
        end = _type_end(signature, position, 0)
        found.append(signature[position:end])
        position = end
    return found


def _type_end(signature, position, depth):  # type: (str, int, int) -> int
    if depth > _DEEPEST or position >= len(signature):
        raise ValueError("no signature: %s" % signature)
    kind = signature[position]
    if kind == "a":
        return _type_end(signature, position + 1, depth + 1)
    if kind in "({":
        position += 1
        while position < len(signature) and signature[position] not in ")}":
            position = _type_end(signature, position, depth + 1)
        if position >= len(signature):
            raise ValueError("no signature: %s" % signature)
        return position + 1
    if kind not in _NUMBERS and kind not in "sogv":
        raise ValueError("no type: %s" % kind)
    return position + 1


def _alignment(kind):  # type: (str) -> int
    return _NUMBERS[kind][0] if kind in _NUMBERS else _ALIGNMENT[kind[0]]


def _decode_one(kind, data, position, depth):  # type: (str, bytes, int, int, int) -> Tuple[Any, int]
    if depth > _DEEPEST:
        raise ValueError("a value that is nested too deeply")
    position = _padded(position, _alignment(kind))
    if kind in _NUMBERS:
        code = "<" + _NUMBERS[kind][1]
        (number,) = struct.unpack_from(code, data, position)
        return bool(number) if kind == "b" else number, position + struct.calcsize(code)
    if kind in "so":
        (size,) = struct.unpack_from("<I", data, position)
        return _text(data, position + 4, size), position + 5 + size
    if kind == "g":
        (size,) = struct.unpack_from("<B", data, position)
        return _text(data, position + 1, size), position + 2 + size
    if kind == "v":
        inner, position = _decode_one("g", data, position, depth + 1)
        (one,) = split_signature(inner)
        return _decode_one(one, data, position, depth + 1)
    if kind[0] in "({":
        values = []
        for part in split_signature(kind[1:-1]):
            value, position = _decode_one(part, data, position, depth + 1)
            values.append(value)
        return tuple(values), position
    return _decode_array(kind[1:], data, position, depth)


def _decode_array(inner, data, position, depth):  # type: (str, bytes, int, int, int) -> Tuple[Any, int]
    (size,) = struct.unpack_from("<I", data, position)
    position = _padded(position + 4, _alignment(inner))
    end = position + size
    if end > len(data):
        raise ValueError("a truncated array")
    values = []
    while position < end:
        value, following = _decode_one(inner, data, position, depth + 1)
        if following <= position:
            raise ValueError("an array of nothing")
        values.append(value)
        position = following
    return (dict(values) if inner.startswith("{") else values), position


def _text(data, start, size):  # type: (bytes, int, int) -> str
    if start + size >= len(data):
        raise ValueError("a truncated text")
    return data[start : start + size].decode("utf-8", "replace")

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A message bus for one service that we start ourselves, away from the system's bus. Runs on Python 3.6.

A service that insists on a bus gets this one: it can take its name, watch for others, who never come, and answer one
question. A real bus would need a program (dbus-daemon is not on every host that has dbus-broker), a configuration and
a policy.
"""

import os
import select
import socket
import struct
import time

from typing import Any, Callable, Dict, List, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._host import dbus

_BUS = "org.freedesktop.DBus"
_US = ":1.0"
_NOBODY = _BUS + ".Error.NameHasNoOwner"
#: The serial number of the one question that we ask.
_QUESTION = 1 << 20


class _Guest(object):
    """A connection to the bus."""

    def __init__(self, connection, name):  # type: (socket.socket, str) -> None
        self.connection = connection
        self.name = name
        self.speaks = False
        self._received = b""

    def fileno(self):  # type: () -> int
        return self.connection.fileno()

    def read(self):  # type: () -> Optional[List[Tuple[int, int, Dict[int, Any], bytes]]]
        """What it has said since: serial number, kind, fields and body of each message. None where it is gone."""
        part = self.connection.recv(1 << 16)
        if not part:
            return None
        self._received += part
        while not self.speaks and b"\r\n" in self._received:
            line, _end, self._received = self._received.partition(b"\r\n")
            self._greet(line.lstrip(b"\0"))
        found = []
        while self.speaks and len(self._received) >= dbus.START:
            start = self._received[: dbus.START]
            size = dbus.START + dbus.rest_of(start)
            if len(self._received) < size:
                break
            found.append(dbus.parse(start, self._received[dbus.START : size]))
            self._received = self._received[size:]
        return found

    def _greet(self, line):  # type: (bytes) -> None
        if line == b"BEGIN":
            self.speaks = True
        elif line.startswith(b"AUTH EXTERNAL"):
            self.connection.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")
        elif line.startswith(b"AUTH"):
            self.connection.sendall(b"REJECTED EXTERNAL\r\n")
        else:
            self.connection.sendall(b"ERROR\r\n")


class PrivateBus(object):
    """Listens at *path*, which nobody else may reach. Raises OSError."""

    def __init__(self, path):  # type: (str) -> None
        self.address = "unix:path=" + path
        self._guests = []  # type: List[_Guest]
        self._serial = 0
        self._names = 0
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            self._listener.bind(path)
            self._listener.listen(8)
        except BaseException:
            self._listener.close()
            raise

    def close(self):  # type: () -> None
        for one in [guest.connection for guest in self._guests] + [self._listener]:
            one.close()
        self._guests = []

    def ask(self, service, path, interface, member, arguments, alive, timeout):
        # type: (str, str, str, str, List[str], Callable[[], bool], float) -> Optional[Tuple[Any, ...]]
        """What *service* answers once it has taken its name and gets to its work.

        None where it is over before, by its end (*alive*) or by the time.
        """
        question = {
            dbus.PATH: ("o", path),
            dbus.INTERFACE: ("s", interface),
            dbus.MEMBER: ("s", member),
            dbus.SENDER: ("s", _US),
        }
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            ready = select.select([self._listener] + self._guests, [], [], 0.1)[0]
            if not ready and not alive():
                return None
            if self._listener in ready:
                self._names += 1
                self._guests.append(_Guest(self._listener.accept()[0], ":1.%d" % self._names))
            for guest in [one for one in self._guests if one in ready]:
                try:
                    answer = self._serve(guest, service, question, arguments)
                except (OSError, ValueError, IndexError, struct.error):
                    answer = None
                    self._leave(guest)
                if answer is not None:
                    return answer
        return None

    def _leave(self, guest):  # type: (_Guest) -> None
        guest.connection.close()
        self._guests.remove(guest)

    def _serve(self, guest, service, question, arguments):
        # type: (_Guest, str, Dict[int, Tuple[str, Any]], List[str]) -> Optional[Tuple[Any, ...]]
        messages = guest.read()
        if messages is None:
            self._leave(guest)
            return None
        for serial, kind, fields, body in messages:
            if fields.get(dbus.REPLY_SERIAL) == _QUESTION:
                # An error is an answer without a value.
                return tuple(dbus.decode(fields.get(dbus.SIGNATURE, ""), body)) if kind == dbus.RETURN else ()
            if kind != dbus.CALL:
                continue
            values = tuple(dbus.decode(fields.get(dbus.SIGNATURE, ""), body))
            member = fields.get(dbus.MEMBER, "") if fields.get(dbus.DESTINATION) == _BUS else ""
            self._reply(guest, serial, *_answer(guest, member, values))
            if member == "RequestName" and values[0] == service:
                signature = "s" * len(arguments)
                body = dbus.encode(signature, arguments)
                guest.connection.sendall(dbus.message(_QUESTION, question, signature, body))
        return None

    def _reply(self, guest, serial, kind, signature, value):  # type: (_Guest, int, int, str, Any) -> None
        self._serial += 1
        fields = {
            dbus.REPLY_SERIAL: ("u", serial),
            dbus.DESTINATION: ("s", guest.name),
            dbus.SENDER: ("s", _BUS),
        }  # type: Dict[int, Tuple[str, Any]]
        if kind == dbus.ERROR:
            fields[dbus.ERROR_NAME] = ("s", value)
        values = [value] if signature else []
        # A Boolean is written as a number.
        body = dbus.encode(signature.replace("b", "u"), values)
        guest.connection.sendall(dbus.message(self._serial, fields, signature, body, kind))


def _answer(guest, member, values):  # type: (_Guest, str, Tuple[Any, ...]) -> Tuple[int, str, Any]
    """Kind, signature and value of what the bus says to a call of one of its own methods, or of nobody's."""
    if member == "Hello":
        return dbus.RETURN, "s", guest.name
    if member in ("AddMatch", "RemoveMatch"):
        return dbus.RETURN, "", None
    if member in ("RequestName", "ReleaseName"):
        return dbus.RETURN, "u", 1
    if member == "NameHasOwner":
        return dbus.RETURN, "b", int(values[0] in (_BUS, guest.name))
    if member in ("ListNames", "ListActivatableNames"):
        return dbus.RETURN, "as", [_BUS]
    if member in ("GetConnectionUnixUser", "GetConnectionUnixProcessID"):
        return dbus.RETURN, "u", os.getuid() if member.endswith("User") else os.getpid()
    if member == "GetNameOwner" and values[0] in (_BUS, guest.name):
        return dbus.RETURN, "s", values[0]
    if member == "Introspect":
        return dbus.RETURN, "s", "<node/>"
    return dbus.ERROR, "s", _NOBODY

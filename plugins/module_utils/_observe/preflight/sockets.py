# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sockets of the temporary listeners. Runs on Python 3.6, with the standard library only."""

import errno
import socket
import struct
import time

from collections import OrderedDict
from typing import Any, List, NamedTuple, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.handshake import Answer, deserves, write_answer

FAMILIES = ((socket.AF_INET, "ipv4", "0.0.0.0"), (socket.AF_INET6, "ipv6", "::"))

#: Python names it from 3.10 on only.
_IP_PKTINFO = 8
_CONTROL_BYTES = 256
_LONGEST_QUESTION = 2048
#: Connections that are accepted and wait for the other side to close.
_MOST_CONNECTIONS = 256
_PATIENCE = 5.0
_BACKLOG = 128
_BATCH = 64
#: Closing then sends a reset, and leaves nothing behind that keeps the port busy.
_RESET = struct.pack("ii", 1, 0)

#: This host does not speak the family.
_NO_FAMILY = frozenset((errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT))

Key = Tuple[str, int]


class NotBound(NamedTuple):
    """A port that could not be bound in one family, and the error number."""

    protocol: str
    port: int
    family: str
    code: int


class Sockets(object):
    """Binds the ports, and keeps those that failed. The selector's data is the function to call for a ready socket."""

    def __init__(self, token, host, selector):  # type: (str, str, Any) -> None
        self._token = token
        self._host = host
        self._selector = selector
        self._sockets = []  # type: List[socket.socket]
        self._connections = OrderedDict()  # type: OrderedDict[socket.socket, float]
        self.bound = OrderedDict()  # type: OrderedDict[Key, List[str]]
        self.failed = []  # type: List[NotBound]

    def bind(self, keys, addresses):  # type: (List[Key], List[str]) -> None
        """Binds *keys* on all addresses, or on *addresses* if a port is in use on another one, such as loopback."""
        for protocol, port in keys:
            for family, name, everywhere in FAMILIES:
                code = self._bind(protocol, family, everywhere, port)
                if code == errno.EADDRINUSE:
                    own = [address for address in addresses if (":" in address) == (family == socket.AF_INET6)]
                    codes = [self._bind(protocol, family, address, port) for address in own]
                    code = 0 if own and not any(codes) else code
                if not code:
                    self.bound.setdefault((protocol, port), []).append(name)
                elif family == socket.AF_INET or code not in _NO_FAMILY:
                    self.failed.append(NotBound(protocol, port, name, code))

    def _bind(self, protocol, family, address, port):  # type: (str, int, str, int) -> int
        """0, or the error number."""
        kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
        try:
            sock = socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        except OSError as error:
            return error.errno
        try:
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if protocol == "tcp":
                # This allows a port with old connections in TIME_WAIT, never one with another listener.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            elif family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            else:
                sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
            sock.bind((address, port))
            if protocol == "tcp":
                sock.listen(_BACKLOG)
        except OSError as error:
            sock.close()
            return error.errno
        self._sockets.append(sock)
        self._selector.register(sock, _READ, self._accept if protocol == "tcp" else self._answer)
        return 0

    def _accept(self, sock):  # type: (socket.socket) -> None
        for _number in range(_BATCH):
            try:
                connection, peer = sock.accept()
            except OSError:
                return
            try:
                connection.setblocking(False)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                connection.send(self._line(peer))
            except OSError:
                connection.close()
                continue
            # The side that closes first keeps the port for a minute: that has to be the one that asked.
            self._connections[connection] = time.monotonic() + _PATIENCE
            self._selector.register(connection, _READ, self._hang_up)
            if len(self._connections) > _MOST_CONNECTIONS:
                self._close(next(iter(self._connections)))

    def _hang_up(self, connection):  # type: (socket.socket) -> None
        try:
            if connection.recv(4096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._close(connection)

    def _close(self, connection):  # type: (socket.socket) -> None
        del self._connections[connection]
        self._selector.unregister(connection)
        connection.close()

    def _answer(self, sock):  # type: (socket.socket) -> None
        for _number in range(_BATCH):
            try:
                question, control, _flags, peer = sock.recvmsg(_LONGEST_QUESTION, _CONTROL_BYTES)
            except BlockingIOError:
                return
            except OSError:
                # An ICMP error about an earlier answer.
                continue
            line = self._line(peer)
            if deserves(question, line):
                try:
                    sock.sendmsg([line], _from_where_it_was_asked(control), 0, peer)
                except OSError:
                    pass

    def _line(self, peer):  # type: (Tuple[Any, ...]) -> bytes
        return write_answer(Answer(self._token, self._host, peer[0], peer[1]))

    def tire(self):  # type: () -> None
        """Closes connections that the other side keeps open too long."""
        now = time.monotonic()
        while self._connections:
            connection, until = next(iter(self._connections.items()))
            if until > now:
                return
            self._close(connection)

    def close(self):  # type: () -> None
        """Closes all listeners and connections."""
        for sock in list(self._connections) + self._sockets:
            sock.close()


#: selectors.EVENT_READ
_READ = 1


def _from_where_it_was_asked(control):  # type: (List[Tuple[int, int, bytes]]) -> List[Tuple[int, int, bytes]]
    """The control data that makes the reply come from the address that was asked: a host can have several."""
    back = []
    for level, kind, data in control:
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            back.append((level, kind, data[:20]))
        elif (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
            back.append((level, kind, struct.pack("=I", 0) + data[4:8] + b"\0" * 4))
    return back

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One probe on the wire: its socket, and the meaning of its answer. Runs on Python 3.6."""

import errno
import os
import select
import socket
import struct

from typing import Dict, Optional

from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.icmp import (
    ICMP6_ECHO,
    ICMP6_ECHO_REPLY,
    ICMP_ECHO,
    ICMP_ECHO_REPLY,
    ask_for_errors,
    judge,
    read_error,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.icmp_watch import IcmpWatch
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import (
    ICMP,
    NO_ANSWER,
    OPEN,
    PROHIBITED,
    REFUSED,
    TCP,
    UDP,
    UNAVAILABLE,
    UNREACHABLE,
    Outcome,
    Probe,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.neighbors import Neighbors

#: The kernel chooses the port at connect(), so that one port serves many peers (ip(7)).
_IP_BIND_ADDRESS_NO_PORT = 24

_SOL_RAW = 255
_ICMP_FILTER = 1
_ICMPV6_FILTER = 1

_TROUBLE = select.EPOLLERR | select.EPOLLHUP

#: A resource is exhausted until earlier probes end.
_BUSY = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN))

#: The connection was open, if only for a moment.
_CLOSED_BY_PEER = frozenset((errno.ECONNRESET, errno.EPIPE))

_NTP = 123


class BusyError(Exception):
    """Too many probes are running. The argument is the reason."""


class Attempt(object):
    """A running probe. :meth:`start` sends it, :meth:`read` reads the answer."""

    __slots__ = ("probe", "repeated", "sock", "started", "watch")

    kind = 0
    events = select.EPOLLIN
    #: Whether this program repeats the probe. The kernel repeats the SYN of TCP.
    repeats = True

    def __init__(self, probe, watch):  # type: (Probe, Optional[IcmpWatch]) -> None
        self.probe = probe
        self.watch = watch
        self.sock = None  # type: Optional[socket.socket]
        self.started = 0.0
        #: Whether it was sent more than once.
        self.repeated = False

    def start(self):  # type: () -> Optional[Outcome]
        """Sends the probe. Returns its outcome, None if it was sent. Raises BusyError."""
        try:
            self._open()
        except OSError as error:
            self.close()
            if error.errno in _BUSY:
                raise BusyError(error.strerror)
            return Outcome(UNAVAILABLE, None, error.strerror)
        if self.probe.source:
            try:
                self._bind(self.probe.source)
            except OSError as error:
                self.close()
                return Outcome(UNAVAILABLE, None, "source %s: %s" % (self.probe.source, error.strerror))
        try:
            self._send()
        except OSError as error:
            self.close()
            # EADDRNOTAVAIL: every local port is taken for this peer.
            if error.errno in _BUSY or error.errno == errno.EADDRNOTAVAIL:
                raise BusyError(error.strerror)
            return _not_sent(error)
        return None

    def _open(self):  # type: () -> None
        self.sock = socket.socket(self.probe.family, self.kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        ask_for_errors(self.sock, self.probe.family)

    def _bind(self, source):  # type: (str) -> None
        try:
            self.sock.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        except OSError:
            # A kernel before 4.2: then the port is chosen here.
            pass
        self.sock.bind((source.partition("%")[0], 0) + self.probe.sockaddr[2:])

    def _send(self):  # type: () -> None
        raise NotImplementedError

    def repeat(self):  # type: () -> None
        """Sends the probe again."""
        raise NotImplementedError

    def read(self, events):  # type: (int) -> Optional[Outcome]
        """The outcome, None if there was no answer. *events* are those of epoll."""
        raise NotImplementedError

    def unfinished(self):  # type: () -> Optional[Outcome]
        """The outcome at the timeout, None without any answer."""
        return None

    def close(self):  # type: () -> None
        """Closes the socket, if there is one."""
        if self.sock is not None:
            self.sock.close()


class TcpAttempt(Attempt):
    """Opens a connection and closes it."""

    __slots__ = ()

    kind = socket.SOCK_STREAM
    events = select.EPOLLOUT
    repeats = False

    def _send(self):  # type: () -> None
        code = self.sock.connect_ex(self.probe.sockaddr)
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, os.strerror(code))

    def read(self, events):  # type: (int) -> Optional[Outcome]
        """The outcome of the connection. *events* are those of epoll."""
        code = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not code and not events & _TROUBLE:
            # A port of this host out of which the kernel also takes client ports: the connection may have met itself.
            return Outcome(REFUSED if self.sock.getsockname()[:2] == self.probe.sockaddr[:2] else OPEN)
        error = read_error(self.sock)
        if error is None and self.watch is not None and code:
            error = self.watch.error_for(self.probe)
        outcome = judge(self.probe, error) if error else None
        if outcome:
            return outcome
        if not code or code in _CLOSED_BY_PEER:
            return Outcome(OPEN)
        return _failed(self.probe, code)


class UdpAttempt(Attempt):
    """Sends a datagram: an empty one, or a request of the service's protocol if it answers only those."""

    __slots__ = ()

    kind = socket.SOCK_DGRAM
    #: Bytes of an answer that are read.
    largest = 2048

    def _send(self):  # type: () -> None
        self.sock.connect(self.probe.sockaddr)
        self.sock.send(self._question())

    def _question(self):  # type: () -> bytes
        if self.probe.port == _NTP:
            # Version 4, client; the time of sending is any number that the server repeats.
            return b"\x23" + b"\0" * 39 + os.urandom(8)
        return b""

    def repeat(self):  # type: () -> None
        """Sends the probe again."""
        try:
            self.sock.send(self._question())
        except OSError:
            # An error that came in meanwhile: it is in the queue, and will be read from there.
            pass

    def read(self, events):  # type: (int) -> Optional[Outcome]
        """The outcome, None if there was no answer. *events* are those of epoll."""
        error = read_error(self.sock)
        while error:
            outcome = judge(self.probe, error)
            if outcome:
                return outcome
            error = read_error(self.sock)
        try:
            while not self._is_answer(self.sock.recv(self.largest)):
                pass
        except OSError as failure:
            return None if failure.errno == errno.EAGAIN else _failed(self.probe, failure.errno)
        return Outcome(OPEN)

    def _is_answer(self, data):  # type: (bytes) -> bool
        return True


class EchoAttempt(UdpAttempt):
    """Sends an ICMP echo request, from a ping socket if this user may open one (icmp(7)), or from a raw socket."""

    __slots__ = ("_token",)

    def _open(self):  # type: () -> None
        v4 = self.probe.family == socket.AF_INET
        protocol = socket.IPPROTO_ICMP if v4 else socket.IPPROTO_ICMPV6
        flags = socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        self._token = os.urandom(16)
        try:
            self.sock = socket.socket(self.probe.family, socket.SOCK_DGRAM | flags, protocol)
        except OSError as error:
            if error.errno in _BUSY:
                raise
            self.sock = self._open_raw(flags, protocol)
        ask_for_errors(self.sock, self.probe.family)

    def _open_raw(self, flags, protocol):  # type: (int, int) -> socket.socket
        try:
            sock = socket.socket(self.probe.family, socket.SOCK_RAW | flags, protocol)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EACCES):
                raise
            raise OSError(error.errno, "ICMP echo requires root, or this user's group in net.ipv4.ping_group_range")
        # A bit stands for a type that is kept away: everything but the replies.
        if self.probe.family == socket.AF_INET:
            sock.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", ~(1 << ICMP_ECHO_REPLY) & 0xFFFFFFFF))
        else:
            word, bit = divmod(ICMP6_ECHO_REPLY, 32)
            masks = [0xFFFFFFFF & ~(1 << bit) if index == word else 0xFFFFFFFF for index in range(8)]
            sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMPV6_FILTER, struct.pack("=8I", *masks))
        return sock

    def _question(self):  # type: () -> bytes
        kind = ICMP_ECHO if self.probe.family == socket.AF_INET else ICMP6_ECHO
        body = os.urandom(2) + struct.pack("!H", 1) + self._token
        return struct.pack("!BBH", kind, 0, checksum(struct.pack("!BBH", kind, 0, 0) + body)) + body

    def _is_answer(self, data):  # type: (bytes) -> bool
        # A raw socket sees the replies to everybody's questions.
        return data.endswith(self._token)


ATTEMPTS = {TCP: TcpAttempt, UDP: UdpAttempt, ICMP: EchoAttempt}  # type: Dict[str, type]


def checksum(data):  # type: (bytes) -> int
    """The checksum of IPv4 and ICMP (RFC 1071). The kernel computes that of ICMPv6."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _not_sent(error):  # type: (OSError) -> Outcome
    """The outcome if this host did not send the probe."""
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN):
        return Outcome(UNREACHABLE, None, "this host has no route to the address: %s" % error.strerror)
    if error.errno in (errno.EPERM, errno.EACCES):
        return Outcome(PROHIBITED, None, "the firewall or a route of this host rejects it: %s" % error.strerror)
    if error.errno == errno.ECONNREFUSED:
        return Outcome(REFUSED)
    return Outcome(UNAVAILABLE, None, error.strerror)


def _failed(probe, code):  # type: (Probe, int) -> Outcome
    """The outcome if only an error number is known: a reset, or an ICMP error that this user must not read."""
    said = os.strerror(code)
    if code == errno.ECONNREFUSED:
        return Outcome(REFUSED)
    if code == errno.ETIMEDOUT:
        return Outcome(NO_ANSWER)
    if code == errno.EACCES:
        return Outcome(PROHIBITED, None, said)
    if code == errno.EHOSTUNREACH and probe.family == socket.AF_INET:
        if Neighbors().is_absent(probe):
            return Outcome(UNREACHABLE, None, said)
        return Outcome(PROHIBITED, None, "%s, and only root can read who sent it" % said)
    if code in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return Outcome(UNREACHABLE, None, said)
    return Outcome(UNAVAILABLE, None, said)

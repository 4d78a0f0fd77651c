# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One exchange with one peer, with a deadline and a size limit that the peer cannot exceed. Runs on Python 3.6."""

import errno
import select
import socket
import time

from typing import Any, Callable, Optional

from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.attempts import BusyError, TcpAttempt, UdpAttempt
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import (
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
    parse_peer,
)

#: Results beside those of a probe: the peer accepted the connection, and then closed it without a complete answer,
#: reset it, was too slow, or sent too much.
CLOSED = "closed"
RESET = "reset"
UNFINISHED = "unfinished"
ENDLESS = "endless"

#: UDP can lose a request or a reply, so the request is repeated.
_REPEAT_AFTER = 1.0
_CHUNK = 65536


class ExchangeError(Exception):
    """A failed exchange: the result, one word of the module's documentation, and the reason, a sentence."""

    def __init__(self, result, reason):  # type: (str, str) -> None
        super(ExchangeError, self).__init__(reason)
        self.result = result
        self.reason = reason


class Deadline(object):
    """The time at which an exchange ends, shared by all its steps."""

    def __init__(self, seconds):  # type: (float) -> None
        self.seconds = seconds
        self._at = time.monotonic() + seconds

    def left(self):  # type: () -> float
        """The seconds that are left, 0 if the deadline has passed."""
        return max(0.0, self._at - time.monotonic())

    def part(self, share):  # type: (float) -> Deadline
        """A deadline at the given *share*, from 0 to 1, of the time that is left."""
        return Deadline(self.left() * share)


class Stream(object):
    """A TCP connection with a deadline and a maximum number of received bytes."""

    def __init__(self, sock, deadline, limit=_CHUNK):  # type: (socket.socket, Deadline, int) -> None
        self.sock = sock
        self._deadline = deadline
        self._limit = limit
        self._waiting = b""
        self.heard = 0

    def __enter__(self):  # type: () -> Stream
        return self

    def __exit__(self, *exception):  # type: (*Any) -> None
        self.sock.close()

    def send(self, data):  # type: (bytes) -> None
        """Sends all of *data*. Raises ExchangeError."""
        self._patience()
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise self._broken(error)

    def recv(self):  # type: () -> bytes
        """The next bytes from the peer, empty at the end of the stream. Raises ExchangeError."""
        if self._waiting:
            data, self._waiting = self._waiting, b""
            return data
        self._patience()
        try:
            data = self.sock.recv(_CHUNK)
        except OSError as error:
            raise self._broken(error)
        self.heard += len(data)
        if self.heard > self._limit:
            raise ExchangeError(ENDLESS, "its answer is longer than %d bytes" % self._limit)
        return data

    def recv_until(self, mark):  # type: (bytes) -> bytes
        """The bytes up to and including *mark*, without it if the peer ends earlier. Raises ExchangeError."""
        data = b""
        while mark not in data:
            more = self.recv()
            if not more:
                return data
            data += more
        end = data.index(mark) + len(mark)
        self._waiting = data[end:]
        return data[:end]

    def recv_exactly(self, size):  # type: (int) -> bytes
        """Exactly *size* bytes. Raises ExchangeError, also if *size* exceeds the limit."""
        if size > self._limit:
            raise ExchangeError(ENDLESS, "it announced an answer of %d bytes, the maximum is %d" % (size, self._limit))
        data = b""
        while len(data) < size:
            more = self.recv()
            if not more:
                raise ExchangeError(
                    CLOSED,
                    "it closed the connection in the middle of its answer"
                    if self.heard
                    else "it closed the connection without an answer",
                )
            data += more
        self._waiting = data[size:]
        return data[:size]

    def _patience(self):  # type: () -> None
        left = self._deadline.left()
        if not left:
            raise self._late()
        self.sock.settimeout(left)

    def _late(self):  # type: () -> ExchangeError
        if self.heard:
            sentence = "its answer was not complete within %.3g s" % self._deadline.seconds
            return ExchangeError(UNFINISHED, sentence)
        sentence = "it accepted the connection and sent no data within %.3g s" % self._deadline.seconds
        return ExchangeError(NO_ANSWER, sentence)

    def _broken(self, error):  # type: (OSError) -> ExchangeError
        # In this order: the exception for a timeout is an OSError of its own kind, without a number.
        if isinstance(error, socket.timeout) or error.errno == errno.ETIMEDOUT:
            return self._late()
        if error.errno in (errno.ECONNRESET, errno.EPIPE):
            return ExchangeError(RESET, "the connection was ended by a TCP reset")
        return ExchangeError(UNAVAILABLE, error.strerror or str(error))


def open_stream(address, port, deadline, limit=_CHUNK):  # type: (str, int, Deadline, int) -> Stream
    """A connection to *address*, which must not be a name. Raises ExchangeError."""
    attempt = TcpAttempt(_probe(address, port, TCP), None)
    outcome = _run(attempt, deadline)
    if outcome is None:
        attempt.close()
        raise ExchangeError(
            NO_ANSWER, "%s does not answer on port %d within %.3g s" % (address, port, deadline.seconds)
        )
    if outcome.result != OPEN:
        attempt.close()
        raise ExchangeError(outcome.result, _sentence(outcome, address, port, TCP))
    return Stream(attempt.sock, deadline, limit)


def ask_datagram(address, port, question, is_answer, deadline):
    # type: (str, int, bytes, Callable[[bytes], bool], Deadline) -> bytes
    """The first datagram that *is_answer* accepts. Repeats the request until then. Raises ExchangeError."""
    attempt = _Question(_probe(address, port, UDP), None)
    attempt.question = question
    attempt.is_answer = is_answer
    attempt.answer = b""
    try:
        outcome = _run(attempt, deadline)
    finally:
        attempt.close()
    if outcome is None:
        reason = "%s does not answer on port %d/udp within %.3g s" % (address, port, deadline.seconds)
        raise ExchangeError(NO_ANSWER, reason)
    if outcome.result != OPEN:
        raise ExchangeError(outcome.result, _sentence(outcome, address, port, UDP))
    return attempt.answer


class _Question(UdpAttempt):
    """A datagram that expects a reply."""

    __slots__ = ("answer", "is_answer", "question")

    largest = 65535

    def _question(self):  # type: () -> bytes
        return self.question

    def _is_answer(self, data):  # type: (bytes) -> bool
        if self.is_answer(data):
            self.answer = data
            return True
        return False


def _probe(address, port, protocol):  # type: (str, int, str) -> Probe
    family, sockaddr = parse_peer(address)
    return Probe(0, {}, family, (sockaddr[0], port) + sockaddr[2:], port, protocol)


def _run(attempt, deadline):  # type: (Any, Deadline) -> Optional[Outcome]
    """The outcome of *attempt*, None if there is none before the deadline."""
    try:
        outcome = attempt.start()
    except BusyError as error:
        return Outcome(UNAVAILABLE, None, str(error))
    if outcome is not None:
        return outcome
    poll = select.poll()
    poll.register(attempt.sock, select.POLLOUT if attempt.events == select.EPOLLOUT else select.POLLIN)
    while True:
        left = deadline.left()
        if not left:
            return None
        # The bits of poll and epoll are the same.
        for _number, events in poll.poll(1000 * (min(left, _REPEAT_AFTER) if attempt.repeats else left)):
            outcome = attempt.read(events)
            if outcome is not None:
                return outcome
            break
        else:
            if attempt.repeats and deadline.left():
                attempt.repeat()


def _sentence(outcome, address, port, protocol):  # type: (Outcome, str, int, str) -> str
    what = "port %d" % port if protocol == TCP else "port %d/udp" % port
    if outcome.result == REFUSED:
        return "%s refuses %s: nothing listens, or a firewall rejects it" % (address, what)
    if outcome.result == PROHIBITED:
        return "%s rejects %s of %s: %s" % (outcome.by or "a firewall", what, address, outcome.error)
    if outcome.result == UNREACHABLE:
        return "%s cannot be reached: %s" % (address, outcome.error)
    if outcome.result == NO_ANSWER:
        return "%s does not answer on %s" % (address, what)
    return "%s, %s: %s" % (address, what, outcome.error)

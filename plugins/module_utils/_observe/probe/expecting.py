# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes that expect a temporary listener of one run on one host. Runs on Python 3.6."""

import select
import socket

from typing import Dict, Optional

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.handshake import LONGEST, QUESTION, read_answer
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.attempts import TcpAttempt, UdpAttempt
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.icmp_watch import IcmpWatch
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import (
    OPEN,
    TCP,
    UDP,
    Identity,
    Outcome,
    Probe,
)

MATCH = "match"
MISMATCH = "mismatch"
NONE = "none"


def identify(probe, data, sent_from):  # type: (Probe, bytes, Optional[str]) -> Identity
    """The identity of the listener that answered *probe* with *data*."""
    answer = read_answer(data)
    if answer is None:
        return Identity(NONE, sent_from=sent_from)
    said = "%s %s" % (answer.token, answer.host)
    return Identity(
        MATCH if said == probe.expect else MISMATCH,
        answered_by=answer.host,
        same_run=answer.token == probe.expect.partition(" ")[0],
        seen_as=answer.address,
        sent_from=sent_from,
    )


def own_address(sock):  # type: (socket.socket) -> str
    """The address that a connected socket sends from, without its zone."""
    return str(sock.getsockname()[0]).partition("%")[0]


class ExpectingTcp(TcpAttempt):
    """A connection that is closed when the listener has identified itself."""

    __slots__ = ("_heard", "_sent_from", "events")

    def __init__(self, probe, watch):  # type: (Probe, Optional[IcmpWatch]) -> None
        super(ExpectingTcp, self).__init__(probe, watch)
        self.events = select.EPOLLOUT
        self._heard = b""
        self._sent_from = None  # type: Optional[str]

    def read(self, events):  # type: (int) -> Optional[Outcome]
        """The outcome of the connection, with the identity of the listener once its line is complete."""
        if self.events == select.EPOLLOUT:
            outcome = super(ExpectingTcp, self).read(events)
            if outcome is None or outcome.result != OPEN or events & (select.EPOLLERR | select.EPOLLHUP):
                return outcome
            self.events = select.EPOLLIN
            self._sent_from = own_address(self.sock)
            return None
        try:
            data = self.sock.recv(LONGEST)
        except OSError:
            # The connection was open, and was reset.
            data = b""
        self._heard += data
        if data and b"\n" not in self._heard and len(self._heard) < LONGEST:
            return None
        return self.unfinished()

    def unfinished(self):  # type: () -> Optional[Outcome]
        """The outcome at the timeout of an open connection without a complete line."""
        if self.events == select.EPOLLOUT:
            return None
        line, end, _rest = self._heard.partition(b"\n")
        return Outcome(OPEN, identity=identify(self.probe, line + end, self._sent_from))


class ExpectingUdp(UdpAttempt):
    """Sends a datagram that only a temporary listener answers."""

    __slots__ = ("_identity",)

    def __init__(self, probe, watch):  # type: (Probe, Optional[IcmpWatch]) -> None
        super(ExpectingUdp, self).__init__(probe, watch)
        self._identity = None  # type: Optional[Identity]

    def _question(self):  # type: () -> bytes
        return QUESTION

    def _is_answer(self, data):  # type: (bytes) -> bool
        self._identity = identify(self.probe, data, own_address(self.sock))
        return True

    def read(self, events):  # type: (int) -> Optional[Outcome]
        """The outcome of the probe, with the identity of the listener."""
        outcome = super(ExpectingUdp, self).read(events)
        return outcome if outcome is None else outcome._replace(identity=self._identity)


EXPECTING = {TCP: ExpectingTcp, UDP: ExpectingUdp}  # type: Dict[str, type]

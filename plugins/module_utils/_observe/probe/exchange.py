# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends probes and reads their answers, many at the same time. Runs on Python 3.6."""

import select
import time

from collections import OrderedDict, deque
from typing import Callable, Deque, Dict, List, Optional, Tuple, Union

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.expecting import EXPECTING
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.pacing import Queue, Rate, RationedQueue
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.attempts import ATTEMPTS, Attempt, BusyError
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.icmp_watch import IcmpWatch
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import (
    OPEN,
    REFUSED,
    TCP,
    UNAVAILABLE,
    Outcome,
    Probe,
)

#: Probes that are sent before answers are read. More make the times less precise, fewer cost time.
_BATCH = 32

#: A peer has to answer so many times faster than silence is taken for silence.
_MARGIN = 4

#: Where a peer answers at once, so many seconds are enough for a datagram.
_AT_ONCE = 0.5

#: Seconds after which the kernel sends a SYN again (RFC 6298).
_SYN_AGAIN = 1.0


#: What is called with each probe: its outcome, whether that came from another host, and when the packet was sent that
#: the outcome is about, in seconds of the monotonic clock. None if it is about one of several.
Note = Callable[[Probe, Outcome, bool, Optional[float]], None]


class Exchange(object):
    """Sends the probes of a queue at its rate, and waits the same time for each answer.

    With *settle*, it waits that many seconds only for the answer to a UDP or ICMP probe, or half a second, if the peer
    has answered others much faster: what still could come is late by far.
    """

    def __init__(self, timeout, retries, rate, most, watch, settle=None):
        # type: (float, int, Rate, int, Optional[IcmpWatch], Optional[float]) -> None
        """*most*: maximum number of open sockets."""
        self._timeout = timeout
        self._settle = settle if settle is not None and settle < timeout else None
        #: The ages at which the silence of a datagram is judged.
        self._ages = () if self._settle is None else tuple(sorted({min(_AT_ONCE, self._settle), self._settle}))
        self._retries = retries
        self._repeat_after = (self._ages[0] if self._ages else timeout) / (retries + 1)
        self._rate = rate
        self._most = most
        self._watch = watch
        self._active = {}  # type: Dict[int, Attempt]
        # All have the same timeout, so both stay sorted.
        self._deadlines = deque()  # type: Deque[Tuple[float, int, Attempt]]
        self._repeats = deque()  # type: Deque[Tuple[float, int, int, Attempt]]
        self._settling = OrderedDict((age, deque()) for age in self._ages)  # type: OrderedDict[float, Deque[Tuple[float, int, Attempt]]]
        #: Address to the slowest of its answers, in seconds.
        self._answered = {}  # type: Dict[str, float]

    def run(self, queue, note):
        # type: (Union[Queue, RationedQueue], Note) -> List[Probe]
        """Calls *note* with each probe. Returns the probes without an answer."""
        silent = []  # type: List[Probe]
        epoll = select.epoll()
        try:
            while queue or self._active:
                full = self._send(queue, epoll, note)
                now = time.monotonic()
                self._repeat(now)
                # Read all answers before a probe is given up: this process may have been suspended.
                for number, events in epoll.poll(0.0 if full else self._idle(queue, now), len(self._active) or 1):
                    attempt = self._active[number]
                    waiting_for = attempt.events
                    outcome = attempt.read(events)
                    if outcome is None and attempt.events != waiting_for:
                        epoll.modify(number, attempt.events)
                    if outcome is not None:
                        self._end(number, attempt)
                        outcome = outcome._replace(elapsed=time.monotonic() - attempt.started)
                        first = _answers_first(attempt, outcome)
                        if first:
                            self._remember(attempt.probe, outcome)
                        note(attempt.probe, outcome, True, attempt.started if first else None)
                for attempt in self._give_up(now):
                    outcome = attempt.unfinished()
                    known = outcome is not None
                    note(
                        attempt.probe,
                        (outcome or Outcome(attempt.probe.silence))._replace(elapsed=now - attempt.started),
                        known,
                        attempt.started,
                    )
                    if not known:
                        silent.append(attempt.probe)
        finally:
            epoll.close()
            for attempt in self._active.values():
                attempt.close()
        return silent

    def _send(self, queue, epoll, note):
        # type: (Union[Queue, RationedQueue], select.epoll, Note) -> bool
        """Sends some probes. Returns whether more can be sent immediately."""
        for _number in range(_BATCH):
            now = time.monotonic()
            if not queue or len(self._active) >= self._most or self._rate.next_at > now:
                return False
            probe = queue.take(now)
            if probe is None:
                return False
            kinds = ATTEMPTS if probe.expect is None else EXPECTING
            attempt = kinds[probe.protocol](probe, self._watch)
            attempt.started = now
            try:
                outcome = attempt.start()
            except BusyError as error:
                if self._active:
                    queue.put_back(probe)
                    self._most = len(self._active)
                    return False
                outcome = Outcome(UNAVAILABLE, None, str(error))
            self._rate.spend(now)
            if outcome is not None:
                note(probe, outcome, False, now)
                continue
            number = attempt.sock.fileno()
            epoll.register(number, attempt.events)
            self._active[number] = attempt
            self._deadlines.append((now + self._timeout, number, attempt))
            for age in self._ages_of(attempt):
                self._settling[age].append((now + age, number, attempt))
            if self._retries and attempt.repeats:
                self._repeats.append((now + self._repeat_after, self._retries, number, attempt))
        return True

    def _ages_of(self, attempt):  # type: (Attempt) -> Tuple[float, ...]
        """The ages at which less than the timeout can be enough to take its silence for silence.

        The kernel sends a SYN again, too, but late: that is waited for. A port whose rejections are not worth another
        probe is not worth the whole timeout either.
        """
        if attempt.probe.expect is not None:
            return ()
        if attempt.repeats:
            return self._ages
        return () if attempt.probe.recheck else tuple(age for age in self._ages if age > _SYN_AGAIN)

    def _remember(self, probe, outcome):  # type: (Probe, Outcome) -> None
        """Records how fast the peer itself answers."""
        if outcome.result in (OPEN, REFUSED) or outcome.by == probe.address:
            self._answered[probe.address] = max(outcome.elapsed, self._answered.get(probe.address, 0.0))

    def _repeat(self, now):  # type: (float) -> None
        while self._repeats:
            at, left, number, attempt = self._repeats[0]
            over = self._active.get(number) is not attempt
            if at > now and not over:
                return
            self._repeats.popleft()
            if not over:
                self._ask_again(attempt)
                if left > 1:
                    self._repeats.append((now + self._repeat_after, left - 1, number, attempt))

    def _ask_again(self, attempt):  # type: (Attempt) -> None
        if attempt.repeats:
            attempt.repeated = True
            attempt.repeat()

    def _give_up(self, now):  # type: (float) -> List[Attempt]
        late = []
        for age, waiting in [*self._settling.items(), (None, self._deadlines)]:
            while waiting:
                at, number, attempt = waiting[0]
                over = self._active.get(number) is not attempt
                if at > now and not over:
                    break
                waiting.popleft()
                if over:
                    continue
                if age is not None and not self._is_settled(attempt.probe, age):
                    # It may be slow, or ration its ICMP errors.
                    self._ask_again(attempt)
                    continue
                self._end(number, attempt)
                late.append(attempt)
        return late

    def _is_settled(self, probe, age):  # type: (Probe, float) -> bool
        slowest = self._answered.get(probe.address)
        return slowest is not None and slowest * _MARGIN <= age

    def _end(self, number, attempt):  # type: (int, Attempt) -> None
        del self._active[number]
        # Closing also removes it from epoll.
        attempt.close()

    def _idle(self, queue, now):  # type: (Union[Queue, RationedQueue], float) -> float
        """The seconds until the next timeout or the next probe."""
        times = [waiting[0][0] for waiting in (self._deadlines, self._repeats, *self._settling.values()) if waiting]
        if queue and len(self._active) < self._most:
            times.append(max(queue.next_at(), self._rate.next_at))
        return max(0.0, min(times) - now) if times else 0.0


def _answers_first(attempt, outcome):  # type: (Attempt, Outcome) -> bool
    """Whether *outcome* is about the first packet. If another one was sent, it is not known which of them.

    See Karn's algorithm (RFC 6298).
    """
    return outcome.elapsed < _SYN_AGAIN if attempt.probe.protocol == TCP else not attempt.repeated

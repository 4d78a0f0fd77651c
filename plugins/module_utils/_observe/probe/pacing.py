# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides when each probe is sent. Runs on Python 3.6.

Linux sends one ICMP error per second to each peer after a burst of six (icmp(7), icmp_ratelimit), and other systems
have their own limits. Faster probes get no answer, even if a firewall rejects them.
"""

import heapq
import socket

from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict, deque
from typing import Deque, Dict, Iterable, List, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.icmp import is_own_address
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import PROHIBITED, UDP, Outcome, Probe

#: Seconds between two probes that one machine can reject, a little more than the default of Linux
#: (net.ipv4.icmp_ratelimit, net.ipv6.icmp.ratelimit).
ICMP_INTERVALS = {socket.AF_INET: 1.05, socket.AF_INET6: 0.105}

#: Seconds that a run can be behind its rate and catch up: the timeout of epoll is in milliseconds.
_SLACK = 0.01


class Rate(object):
    """Limits the probes per second. 0 means no limit."""

    def __init__(self, rate):  # type: (float) -> None
        self._interval = 1.0 / rate if rate else 0.0
        self.next_at = 0.0

    def spend(self, now):  # type: (float) -> None
        """Records a probe that was sent at *now*, in seconds of the monotonic clock."""
        self.next_at = max(self.next_at, now - _SLACK) + self._interval


def interleave(probes):  # type: (Iterable[Probe]) -> List[Probe]
    """The probes in an order that spreads those of each peer evenly.

    The first probes of the peers are in the given order. Each peer gets those first whose answer can be silence, which
    takes a timeout: the others are sent meanwhile.
    """
    peers = OrderedDict()  # type: OrderedDict[str, List[Probe]]
    for probe in probes:
        peers.setdefault(probe.address, []).append(probe)
    placed = [
        ((turn + float(number) / len(peers)) / len(own), number, turn, probe)
        for number, own in enumerate(peers.values())
        for turn, probe in enumerate(sorted(own, key=_turn))
    ]
    return [item[-1] for item in sorted(placed, key=lambda item: item[:3])]


def _turn(probe):  # type: (Probe) -> int
    """Probes that a peer that is well answers are last, be it with a rejection.

    UDP is first. The rejections of the others then prove that the peer had one left for it, see :class:`Rations`.
    """
    return 0 if probe.protocol == UDP else 2 if probe.recheck else 1


class Queue(object):
    """Probes that can be sent immediately."""

    def __init__(self, probes):  # type: (Iterable[Probe]) -> None
        self._probes = deque(probes)  # type: Deque[Probe]

    def __bool__(self):  # type: () -> bool
        return bool(self._probes)

    def next_at(self):  # type: () -> float
        """The time of the next probe, in seconds of the monotonic clock."""
        return 0.0

    def take(self, now):  # type: (float) -> Optional[Probe]
        """The next probe, None if none is left."""
        return self._probes.popleft() if self._probes else None

    def put_back(self, probe):  # type: (Probe) -> None
        """Makes *probe*, which could not be sent, the next one again."""
        self._probes.appendleft(probe)


class RationedQueue(object):
    """Probes at a rate at which the machines that reject them can send ICMP errors, until a deadline."""

    def __init__(self, groups, start, seconds):
        # type: (Dict[Tuple[str, float], List[Probe]], float, float) -> None
        self._groups = {key: deque(interleave(probes)) for key, probes in groups.items()}
        self._end = start + seconds
        # No probe is sent immediately: earlier probes have used up the rate limit of the peer.
        self._turns = [(start + interval, sender, interval) for sender, interval in groups]
        heapq.heapify(self._turns)
        self._first = []  # type: List[Probe]

    def __bool__(self):  # type: () -> bool
        """Whether another probe will be sent."""
        return bool(self._first or (self._turns and self._turns[0][0] < self._end))

    def next_at(self):  # type: () -> float
        """The time of the next probe, in seconds of the monotonic clock."""
        return 0.0 if self._first else self._turns[0][0]

    def take(self, now):  # type: (float) -> Optional[Probe]
        """The probe that is due at *now*, None if there is none."""
        if self._first:
            return self._first.pop()
        if self._turns[0][0] > now:
            return None
        _at, sender, interval = heapq.heappop(self._turns)
        probes = self._groups[(sender, interval)]
        probe = probes.popleft()
        if probes:
            heapq.heappush(self._turns, (now + interval, sender, interval))
        return probe

    def put_back(self, probe):  # type: (Probe) -> None
        """Makes *probe*, which could not be sent, the next one again."""
        self._first.append(probe)

    def rest(self):  # type: () -> List[Probe]
        """The probes that were not sent before the deadline."""
        return [probe for probes in self._groups.values() for probe in probes]


class Rations(object):
    """The machines that reject by ICMP, and can be silent because of their rate limit."""

    def __init__(self):  # type: () -> None
        self._sender_for = {}  # type: Dict[str, str]
        self._on_the_way = {}  # type: Dict[int, str]
        #: Machine to the times of the packets that it rejected, in their order.
        self._rejected = {}  # type: Dict[str, List[float]]

    def note(self, probe, outcome, sent):  # type: (Probe, Outcome, Optional[float]) -> None
        """Records from *outcome* which machine rejects packets to the peer of *probe*.

        *sent*: when the rejected packet was sent, in seconds of the monotonic clock. None if that is not known.
        """
        if outcome.by is None and outcome.result != PROHIBITED:
            return
        sender = outcome.by or probe.address
        if sent is not None:
            insort(self._rejected.setdefault(sender, []), sent)
        if self._sender_for.get(probe.address) == sender:
            return
        self._sender_for[probe.address] = sender
        if sender != probe.address and not is_own_address(sender):
            self._on_the_way[probe.family] = sender

    def cause(self, probe, sent):  # type: (Probe, Optional[float]) -> Optional[str]
        """The machine whose rate limit can be the cause of the silence of *probe*, None if none is known.

        A router that rejects packets to one peer can be silent about another. But who rejects two more packets within
        half the time in which the limit permits one more would have rejected this one, too: the limit had not been
        reached.

        *sent*: when the probe was sent, in seconds of the monotonic clock.
        """
        sender = self._sender_for.get(probe.address) or self._on_the_way.get(probe.family)
        if sender is None or sent is None:
            return sender
        times = self._rejected.get(sender, [])
        end = sent + ICMP_INTERVALS[probe.family] / 2
        return sender if bisect_left(times, end) - bisect_right(times, sent) < 2 else None

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is sent when. Runs on Python 3.6.

Linux sends one ICMP error a second to each peer (after a burst of six), other systems have limits of their own. What
is probed faster than that is met by silence, whatever a firewall would have said.
"""

import heapq
import socket

from collections import OrderedDict, deque
from typing import Deque, Dict, Iterable, List, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.icmp import is_own_address
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import PROHIBITED, Outcome, Probe

#: Seconds between two questions that one machine can refuse, a little more than Linux asks for by default
#: (net.ipv4.icmp_ratelimit, net.ipv6.icmp.ratelimit).
ICMP_INTERVALS = {socket.AF_INET: 1.05, socket.AF_INET6: 0.105}

#: So far behind its rate a run may fall and catch up again: the clock of epoll ticks in milliseconds.
_SLACK = 0.01


class Rate(object):
    """At most so many probes a second; 0 is no limit."""

    def __init__(self, rate):  # type: (float) -> None
        self._interval = 1.0 / rate if rate else 0.0
        self.next_at = 0.0

    def spend(self, now):  # type: (float) -> None
        """Notes a probe that was sent at *now*, in seconds of the monotonic clock."""
        self.next_at = max(self.next_at, now - _SLACK) + self._interval


def interleave(probes):  # type: (Iterable[Probe]) -> List[Probe]
    """Each peer's probes spread evenly over all: none gets its own in a row, not even the one that has the most.

    Peers begin in the order in which they are given.
    """
    peers = OrderedDict()  # type: OrderedDict[str, List[Probe]]
    for probe in probes:
        peers.setdefault(probe.address, []).append(probe)
    placed = [
        ((turn + float(number) / len(peers)) / len(own), number, turn, probe)
        for number, own in enumerate(peers.values())
        for turn, probe in enumerate(own)
    ]
    return [item[-1] for item in sorted(placed, key=lambda item: item[:3])]


class Queue(object):
    """Probes that are due as soon as there is room for them."""

    def __init__(self, probes):  # type: (Iterable[Probe]) -> None
        self._probes = deque(probes)  # type: Deque[Probe]

    def __bool__(self):  # type: () -> bool
        return bool(self._probes)

    def next_at(self):  # type: () -> float
        """When the next probe is due, in seconds of the monotonic clock."""
        return 0.0

    def take(self, now):  # type: (float) -> Optional[Probe]
        """The next probe; None where none is left."""
        return self._probes.popleft() if self._probes else None

    def put_back(self, probe):  # type: (Probe) -> None
        """For a probe that could not be sent now: it is the next one again."""
        self._probes.appendleft(probe)


class RationedQueue(object):
    """Probes at the times at which those who refuse them can say so, until the time is up."""

    def __init__(self, groups, start, seconds):
        # type: (Dict[Tuple[str, float], List[Probe]], float, float) -> None
        self._groups = {key: deque(interleave(probes)) for key, probes in groups.items()}
        self._end = start + seconds
        # Nothing is due at once: the silence that led here has used up what the peer had left.
        self._turns = [(start + interval, sender, interval) for sender, interval in groups]
        heapq.heapify(self._turns)
        self._first = []  # type: List[Probe]

    def __bool__(self):  # type: () -> bool
        """Whether anything will still be sent."""
        return bool(self._first or (self._turns and self._turns[0][0] < self._end))

    def next_at(self):  # type: () -> float
        """When the next probe is due, in seconds of the monotonic clock."""
        return 0.0 if self._first else self._turns[0][0]

    def take(self, now):  # type: (float) -> Optional[Probe]
        """The probe that is due at *now*; None where none is."""
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
        """For a probe that could not be sent now: it is the next one again."""
        self._first.append(probe)

    def rest(self):  # type: () -> List[Probe]
        """What the time was not enough for."""
        return [probe for probes in self._groups.values() for probe in probes]


class Rations(object):
    """Who refuses by ICMP, and so may be silent for want of its ration."""

    def __init__(self):  # type: () -> None
        self._sender_for = {}  # type: Dict[str, str]
        self._on_the_way = {}  # type: Dict[int, str]

    def note(self, probe, outcome):  # type: (Probe, Outcome) -> None
        """Learns from *outcome* who refuses what goes to the peer of *probe*."""
        if outcome.by is None and outcome.result != PROHIBITED:
            return
        sender = outcome.by or probe.address
        if self._sender_for.get(probe.address) == sender:
            return
        self._sender_for[probe.address] = sender
        if sender != probe.address and not is_own_address(sender):
            self._on_the_way[probe.family] = sender

    def sender(self, probe):  # type: (Probe) -> Optional[str]
        """Whose refusal the silence of *probe* may hide; None where nobody is known to refuse by ICMP.

        A router that refuses for one peer may be the one that is silent for another.
        """
        return self._sender_for.get(probe.address) or self._on_the_way.get(probe.family)

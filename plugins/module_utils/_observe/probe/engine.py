# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes many ports of many peers, and repeats probes whose silence can have another cause. Runs on Python 3.6."""

import os
import resource
import time

from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.exchange import Exchange
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.pacing import (
    ICMP_INTERVALS,
    Queue,
    Rate,
    RationedQueue,
    Rations,
    interleave,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.icmp import has_tcp_error_queue
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.icmp_watch import IcmpWatch
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import (
    TCP,
    UNREACHABLE,
    Identity,
    Outcome,
    Probe,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.neighbors import Neighbors

#: File descriptors that are left for netlink and the interpreter.
_SPARE_DESCRIPTORS = 16
_MOST_AT_ONCE = 8192


class Engine(object):
    """Runs all probes of a task."""

    def __init__(self, timeout=3.0, rate=200.0, retries=1, recheck_seconds=20.0, watch=None, settle=None):
        # type: (float, float, int, float, Optional[bool], Optional[float]) -> None
        """*watch*: look for ICMP errors about TCP in raw sockets; None where the kernel makes that necessary.

        *settle*: as :class:`Exchange` takes it.
        """
        self._timeout = timeout
        self._settle = settle
        self._rate = Rate(rate)
        self._retries = retries
        self._recheck_seconds = recheck_seconds
        self._wants_watch = not has_tcp_error_queue() if watch is None else watch
        self._outcomes = {}  # type: Dict[int, Outcome]
        self._sent = {}  # type: Dict[int, Optional[float]]
        self._rations = Rations()

    def run(self, probes):  # type: (List[Probe]) -> List[Outcome]
        """The outcome of each of *probes*, in their order."""
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        watch = IcmpWatch() if self._wants_watch and any(probe.protocol == TCP for probe in probes) else None
        try:
            exchange = Exchange(self._timeout, self._retries, self._rate, make_room(len(probes)), watch, self._settle)
            silent = exchange.run(Queue(interleave(probes)), self._note)
            doubtful = self._explain(silent)
            if doubtful:
                queue = RationedQueue(doubtful, time.monotonic(), self._recheck_seconds)
                exchange.run(queue, self._note)
                for probe in queue.rest():
                    self._doubt(probe)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            if watch is not None:
                watch.close()
        return [self._outcomes[probe.index] for probe in probes]

    def _note(self, probe, outcome, answered, sent):  # type: (Probe, Outcome, bool, Optional[float]) -> None
        self._outcomes[probe.index] = outcome
        self._sent[probe.index] = sent
        if answered:
            self._rations.note(probe, outcome, sent)

    def _explain(self, silent):  # type: (List[Probe]) -> Dict[Tuple[str, float], List[Probe]]
        """Finds the known reasons of silence. Returns the probes to repeat, by who may have limited its ICMP errors."""
        neighbors = Neighbors()
        absent = {}  # type: Dict[Tuple[Any, ...], bool]
        doubtful = {}  # type: Dict[Tuple[str, float], List[Probe]]
        for probe in silent:
            peer = (probe.address,) + probe.sockaddr[2:]
            if peer not in absent:
                absent[peer] = neighbors.is_absent(probe)
            sender = self._rations.cause(probe, self._sent[probe.index])
            if absent[peer]:
                self._outcomes[probe.index] = self._outcomes[probe.index]._replace(
                    result=UNREACHABLE, error="no host answers at that address, or the gateway to it is down"
                )
            elif sender and probe.recheck:
                doubtful.setdefault((sender, ICMP_INTERVALS[probe.family]), []).append(probe)
            elif sender:
                self._doubt(probe)
        return doubtful

    def _doubt(self, probe):  # type: (Probe) -> None
        self._outcomes[probe.index] = self._outcomes[probe.index]._replace(rate_limited=True)


def make_room(wanted):  # type: (int) -> int
    """The number of sockets that can be open for *wanted* probes. Raises this process's limit as far as allowed."""
    wanted = min(wanted, _MOST_AT_ONCE)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    used = len(os.listdir("/proc/self/fd")) + _SPARE_DESCRIPTORS
    if soft < wanted + used:
        soft = wanted + used if hard == resource.RLIM_INFINITY else min(wanted + used, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(wanted, soft - used))


def describe(probe, outcome):  # type: (Probe, Outcome) -> Dict[str, Any]
    """The item of the module's result: the probe as given, and its outcome."""
    result = dict(probe.given)
    result.update(
        protocol=probe.protocol,
        port=probe.port or None,
        result=outcome.result,
        by=outcome.by,
        error=outcome.error,
        rate_limited=outcome.rate_limited,
        elapsed_ms=round(outcome.elapsed * 1000, 3),
    )
    if probe.expect is not None:
        result.update((outcome.identity or Identity("none"))._asdict())
    return result

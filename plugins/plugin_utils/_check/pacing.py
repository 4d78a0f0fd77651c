# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order and rate of each host's probes, so that no listener receives more than one host may send."""

from __future__ import annotations

import heapq
import random

from collections import Counter
from collections.abc import Mapping, Sequence

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import Probe

#: Slower than this nobody probes, however many do so at a time.
_SLOWEST = 1.0


def shuffled(probes: Sequence[Probe], seed: str) -> list[Probe]:
    """The probes of one host, its listeners in an order of its own: not everybody begins with the same one.

    The module that probes begins with the listeners in this order, and spreads what each of them gets evenly.
    """
    by_address: dict[str, list[Probe]] = {}
    for probe in probes:
        by_address.setdefault(probe.address, []).append(probe)
    addresses = list(by_address)
    random.Random(seed).shuffle(addresses)
    return [probe for address in addresses for probe in by_address[address]]


def rates(probes: Mapping[str, Sequence[Probe]], rate: float, at_once: int) -> dict[str, float]:
    """New probes per second for each host, where *at_once* hosts probe at the same time.

    An address gets from a host the part of its rate that its probes have in all of the host's. For each address, the
    busiest of those who may probe at once together stay within *rate*. 0 is no limit.
    """
    if not rate:
        return dict.fromkeys(probes, 0.0)
    shares: dict[str, list[float]] = {}
    of_host = {host: Counter(probe.address for probe in own) for host, own in probes.items()}
    for host, sizes in of_host.items():
        for address, size in sizes.items():
            shares.setdefault(address, []).append(size / len(probes[host]))
    loads = {address: sum(heapq.nlargest(at_once, parts)) for address, parts in shares.items()}
    found = {}
    for host, sizes in of_host.items():
        load = max((loads[address] for address in sizes), default=1.0)
        found[host] = max(min(_SLOWEST, rate), rate / max(1.0, load))
    return found


def expected_seconds(probes: Mapping[str, Sequence[Probe]], rates_of: Mapping[str, float], at_once: int) -> float:
    """The duration of all probes in seconds if every probe is answered; missing answers add timeouts."""
    each = [len(own) / rates_of[host] if rates_of[host] else 0.0 for host, own in probes.items()]
    return max([sum(each) / at_once, *each])

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order and the times of sending."""

from __future__ import annotations

import socket

from collections import Counter

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.model import read_probes
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.pacing import (
    ICMP_INTERVALS,
    Queue,
    Rate,
    RationedQueue,
    Rations,
    interleave,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import Outcome, Probe


def probes(*peers: str) -> list[Probe]:
    return read_probes([{"address": f"10.0.0.{ord(peer)}", "port": number + 1} for number, peer in enumerate(peers)])


def names(items: list[Probe]) -> str:
    return "".join(chr(int(item.address.rpartition(".")[2])) for item in items)


@pytest.mark.parametrize(
    ("given_order", "sent_order"),
    [("", ""), ("a", "a"), ("aaabbb", "ababab"), ("aaaab", "aaaba"), ("abcab", "ababc"), ("aabbcc", "abcabc")],
)
def test_peers_take_turns(given_order: str, sent_order: str) -> None:
    assert names(interleave(probes(*given_order))) == sent_order


@given(st.text(alphabet="abcd", max_size=30))
def test_nothing_is_lost_and_each_peer_keeps_its_order(order: str) -> None:
    items = probes(*order)
    mixed = interleave(items)
    assert Counter(names(mixed)) == Counter(order)
    for peer in set(order):
        own = [item.index for item in mixed if names([item]) == peer]
        assert own == sorted(own)


def test_what_can_be_silent_is_sent_first() -> None:
    """To its own peer: who else gets a probe at which time stays as it is."""
    items = read_probes(
        [
            {"address": "10.0.0.1", "port": 1},
            {"address": "10.0.0.2", "port": 2},
            {"address": "10.0.0.1", "port": 3, "recheck": False},
            {"address": "10.0.0.2", "port": 4},
            {"address": "10.0.0.1", "port": 5, "protocol": "udp"},
            {"address": "10.0.0.2", "protocol": "icmp"},
        ]
    )
    assert [item.index for item in interleave(items)] == [4, 1, 2, 3, 0, 5]


def sent_at(rate: Rate, count: int) -> list[float]:
    """When probes leave, if every clock tick of a millisecond is used."""
    now, times = 100.0, []
    while len(times) < count:
        if rate.next_at <= now:
            rate.spend(now)
            times.append(now)
        else:
            now += 0.001
    return times


@pytest.mark.parametrize("rate", [50, 200, 5000])
def test_no_more_than_so_many_a_second(rate: float) -> None:
    times = sent_at(Rate(rate), 100)
    assert times[-1] - times[0] == pytest.approx(99 / rate, abs=0.02)


def test_no_limit() -> None:
    assert set(sent_at(Rate(0), 1000)) == {100.0}


def test_what_was_not_sent_while_idle_is_not_made_up_for() -> None:
    rate = Rate(100)
    rate.spend(100.0)
    burst = 0
    while rate.next_at <= 200.0:
        rate.spend(200.0)
        burst += 1
    assert burst <= 2


def test_a_queue_gives_back_first_what_was_put_back() -> None:
    items = probes("a", "b")
    queue = Queue(items)
    first = queue.take(0.0)
    queue.put_back(first)
    assert [queue.take(0.0), queue.take(0.0), queue.take(0.0)] == [items[0], items[1], None]
    assert not queue


def drain(queue: RationedQueue) -> list[tuple[float, Probe]]:
    sent = []
    while queue:
        now = queue.next_at()
        assert queue.take(now - 0.001) is None
        sent.append((now, queue.take(now)))
    return sent


def test_each_sender_answers_in_its_own_time() -> None:
    slow, quick = probes(*"aaa"), probes(*"bbbb")
    queue = RationedQueue({("r", 1.0): slow, ("q", 0.5): quick}, 100.0, 10.0)
    sent = drain(queue)
    assert [now for now, item in sent if item in slow] == [101.0, 102.0, 103.0]
    assert [now for now, item in sent if item in quick] == [100.5, 101.0, 101.5, 102.0]
    assert queue.rest() == []


def test_a_late_turn_does_not_shorten_the_next_interval() -> None:
    queue = RationedQueue({("r", 1.0): probes(*"aa")}, 100.0, 10.0)
    assert queue.take(101.7)
    assert queue.next_at() == pytest.approx(102.7)


def test_when_the_time_is_up_the_rest_is_told() -> None:
    items = probes(*"aaaaa")
    queue = RationedQueue({("r", 1.0): items}, 100.0, 2.5)
    assert [item for _now, item in drain(queue)] == items[:2]
    assert queue.rest() == items[2:]


def test_no_time_at_all() -> None:
    items = probes("a")
    queue = RationedQueue({("r", 1.0): items}, 100.0, 0.0)
    assert not queue and queue.rest() == items


def test_a_probe_that_was_put_back_is_due_at_once_even_when_the_time_is_up() -> None:
    queue = RationedQueue({("r", 1.0): probes("a")}, 100.0, 5.0)
    item = queue.take(101.0)
    assert not queue
    queue.put_back(item)
    assert queue and queue.next_at() <= 101.0 and queue.take(200.0) is item and not queue


def test_peers_behind_one_router_take_turns() -> None:
    queue = RationedQueue({("r", 1.0): probes(*"aabb")}, 100.0, 9.0)
    assert names([item for _now, item in drain(queue)]) == "abab"


PEER = "10.0.0.97"
ROUTER = "192.0.2.1"


@pytest.mark.parametrize(
    ("outcome", "sender"),
    [
        (Outcome("prohibited", PEER), PEER),
        (Outcome("prohibited", ROUTER), ROUTER),
        # A kernel that does not say who: the peer is the best guess.
        (Outcome("prohibited", None), PEER),
        (Outcome("refused", PEER), PEER),
        (Outcome("unreachable", ROUTER), ROUTER),
        # Refused by TCP itself, which has no ration.
        (Outcome("refused", None), None),
        (Outcome("open"), None),
        (Outcome("no_answer"), None),
        (Outcome("unreachable", None), None),
    ],
)
def test_who_has_a_ration(outcome: Outcome, sender: str | None) -> None:
    rations = Rations()
    first, second = probes("a", "a")
    rations.note(first, outcome, None)
    assert rations.cause(second, None) == sender


def test_a_router_may_be_silent_for_other_peers_too_but_a_peer_is_not() -> None:
    rations = Rations()
    first, second = probes("a", "b")
    rations.note(first, Outcome("prohibited", PEER), None)
    assert rations.cause(second, None) is None
    rations.note(first, Outcome("prohibited", ROUTER), None)
    assert rations.cause(second, None) == ROUTER
    (other_family,) = read_probes([{"address": "2001:db8::1", "port": 1}])
    assert rations.cause(other_family, None) is None


@pytest.mark.parametrize(
    ("rejected", "explains"),
    [
        # The limit permits six at once, and then one a second.
        ([], True),
        ([10.5], True),
        ([10.1, 10.2], False),
        ([10.2, 10.1], False),
        ([10.0, 10.2], True),
        ([9.8, 9.9, 10.2], True),
        ([10.2, 10.5], False),
        ([10.2, 10.6], True),
        ([None, None, 10.2], True),
    ],
)
def test_who_rejects_two_more_had_one_left(rejected: list[float | None], explains: bool) -> None:
    rations = Rations()
    first, second, silent = probes("a", "a", "a")
    rations.note(first, Outcome("prohibited", PEER), None)
    for sent in rejected:
        rations.note(second, Outcome("prohibited", PEER), sent)
    assert rations.cause(silent, 10.0) == (PEER if explains else None)
    assert rations.cause(silent, None) == PEER, "it may be about any of its packets"


def test_the_limit_of_ipv6_is_another() -> None:
    rations = Rations()
    first, silent = read_probes([{"address": "2001:db8::1", "port": port} for port in (1, 2)])
    for sent in (10.04, 10.06):
        rations.note(first, Outcome("prohibited", "2001:db8::1"), sent)
    assert rations.cause(silent, 10.0) == "2001:db8::1"


def test_this_hosts_own_firewall_is_no_router() -> None:
    rations = Rations()
    first, second = probes("a", "b")
    rations.note(first, Outcome("prohibited", "127.0.0.1"), None)
    assert (rations.cause(first, None), rations.cause(second, None)) == ("127.0.0.1", None)


def test_the_intervals_leave_what_linux_asks_for() -> None:
    assert ICMP_INTERVALS[socket.AF_INET] > 1.0 and ICMP_INTERVALS[socket.AF_INET6] > 0.1

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes against real sockets on loopback, and against peers that the test makes up."""

from __future__ import annotations

import errno
import os
import resource
import select
import socket
import threading
import time

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe import engine, exchange
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.engine import Engine, describe, make_room
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.model import read_probes
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire import attempts
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.attempts import EchoAttempt, TcpAttempt, checksum
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import Outcome, Probe

FAMILIES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def bound(stack: ExitStack, address: str, kind: int = socket.SOCK_STREAM) -> socket.socket:
    sock = stack.enter_context(socket.socket(FAMILIES[address], kind))
    sock.bind((address, 0))
    return sock


def listening(stack: ExitStack, address: str) -> int:
    sock = bound(stack, address)
    sock.listen(100)
    return sock.getsockname()[1]


def closed(stack: ExitStack, address: str, kind: int = socket.SOCK_STREAM) -> int:
    """A port that nobody listens on: bound, so that nobody else takes it, but without a listener."""
    if kind == socket.SOCK_STREAM:
        return bound(stack, address).getsockname()[1]
    with socket.socket(FAMILIES[address], kind) as sock:
        sock.bind((address, 0))
        return sock.getsockname()[1]


def silent(stack: ExitStack, address: str = "127.0.0.1") -> int:
    """A port whose queue is full: the kernel drops whatever else comes."""
    sock = bound(stack, address)
    sock.listen(0)
    for _number in range(2):
        client = stack.enter_context(socket.socket(FAMILIES[address]))
        client.setblocking(False)
        client.connect_ex(sock.getsockname())
    return sock.getsockname()[1]


def answering(stack: ExitStack, address: str, after: int = 1, seconds: float = 0) -> tuple[int, list[bytes]]:
    """A UDP service that answers the datagram number *after* and later ones, and what it has received.

    *seconds*: how long it takes for an answer.
    """
    sock = bound(stack, address, socket.SOCK_DGRAM)
    received: list[bytes] = []

    def serve() -> None:
        while True:
            data, peer = sock.recvfrom(100)
            if data == b"stop":
                return
            received.append(data)
            if len(received) >= after:
                time.sleep(seconds)
                sock.sendto(b"", peer)

    thread = threading.Thread(target=serve)
    thread.start()

    def stop() -> None:
        with socket.socket(FAMILIES[address], socket.SOCK_DGRAM) as stopper:
            stopper.sendto(b"stop", sock.getsockname())
        thread.join()

    stack.callback(stop)
    return sock.getsockname()[1], received


def run(items: list[dict[str, Any]], source: tuple[str, ...] = (), **options: Any) -> list[dict[str, Any]]:
    options = {"timeout": 0.3, "rate": 0, **options}
    probes = read_probes(items, source)
    return [describe(probe, outcome) for probe, outcome in zip(probes, Engine(**options).run(probes), strict=True)]


def results(items: list[dict[str, Any]], **options: Any) -> list[str]:
    return [result["result"] for result in run(items, **options)]


@pytest.mark.parametrize("address", FAMILIES)
def test_tcp(stack: ExitStack, address: str) -> None:
    ports = [listening(stack, address), closed(stack, address), silent(stack, address)]
    assert results([{"address": address, "port": port} for port in ports]) == ["open", "refused", "no_answer"]


@pytest.mark.parametrize("address", FAMILIES)
def test_udp(stack: ExitStack, address: str) -> None:
    answers, _received = answering(stack, address)
    deaf = bound(stack, address, socket.SOCK_DGRAM).getsockname()[1]
    ports = [answers, deaf, closed(stack, address, socket.SOCK_DGRAM)]
    found = run([{"address": address, "port": port, "protocol": "udp"} for port in ports], recheck_seconds=0)
    assert [item["result"] for item in found] == ["open", "open_or_filtered", "refused"]
    assert found[2]["by"] == address


def test_what_a_result_holds(stack: ExitStack) -> None:
    port = listening(stack, "127.0.0.1")
    (result,) = run([{"address": "::ffff:127.0.0.1", "port": str(port), "id": "mine", "tag": [1]}])
    assert 0 < result.pop("elapsed_ms") < 300
    assert result == {
        "address": "::ffff:127.0.0.1",
        "port": port,
        "protocol": "tcp",
        "id": "mine",
        "tag": [1],
        "result": "open",
        "by": None,
        "error": None,
        "rate_limited": False,
    }


def test_results_come_in_the_order_of_the_probes(stack: ExitStack) -> None:
    kinds = [listening(stack, "127.0.0.1"), closed(stack, "127.0.0.1"), silent(stack)]
    order = [kinds[number % 3] for number in range(150)]
    found = run([{"address": "127.0.0.1", "port": port, "id": number} for number, port in enumerate(order)])
    assert [item["id"] for item in found] == list(range(150))
    assert [item["port"] for item in found] == order


def test_nothing_to_do() -> None:
    assert run([]) == []


def test_silence_is_waited_for_together_and_counted_from_sending(stack: ExitStack) -> None:
    port = silent(stack)
    start = time.monotonic()
    found = run([{"address": "127.0.0.1", "port": port}] * 20, rate=50)
    # The last is sent after 0.38 s and waited for another 0.3 s; one after the other would take 6 s.
    assert 0.6 < time.monotonic() - start < 4
    assert all(item["elapsed_ms"] >= 300 for item in found)


def test_an_answer_that_came_while_this_process_slept_counts(stack: ExitStack, monkeypatch) -> None:
    port = listening(stack, "127.0.0.1")
    start_attempt = TcpAttempt.start

    def sleep_afterwards(attempt: TcpAttempt) -> Outcome | None:
        outcome = start_attempt(attempt)
        time.sleep(0.1)
        return outcome

    monkeypatch.setattr(TcpAttempt, "start", sleep_afterwards)
    assert results([{"address": "127.0.0.1", "port": port}], timeout=0.05) == ["open"]


def test_the_rate_is_kept(stack: ExitStack) -> None:
    port = closed(stack, "127.0.0.1")
    start = time.monotonic()
    run([{"address": "127.0.0.1", "port": port}] * 40, rate=100)
    assert time.monotonic() - start > 0.36


@pytest.mark.parametrize(("retries", "datagrams"), [(0, 1), (1, 2), (3, 4)])
def test_a_datagram_without_an_answer_is_sent_again(stack: ExitStack, retries: int, datagrams: int) -> None:
    port, received = answering(stack, "127.0.0.1", after=100)
    assert results([{"address": "127.0.0.1", "port": port, "protocol": "udp"}], retries=retries) == ["open_or_filtered"]
    assert received == [b""] * datagrams


def test_an_answer_to_the_repetition_counts(stack: ExitStack) -> None:
    port, received = answering(stack, "127.0.0.1", after=2)
    assert results([{"address": "127.0.0.1", "port": port, "protocol": "udp"}]) == ["open"]
    assert len(received) == 2


def test_a_time_server_is_asked_for_the_time(stack: ExitStack, monkeypatch) -> None:
    port, received = answering(stack, "127.0.0.1")
    monkeypatch.setattr(attempts, "_NTP", port)
    assert results([{"address": "127.0.0.1", "port": port, "protocol": "udp"}]) == ["open"]
    (question,) = received
    assert len(question) == 48 and question[0] == 0x23


def test_a_service_that_hangs_up_at_once_is_open(stack: ExitStack) -> None:
    server = bound(stack, "127.0.0.1")
    server.listen(10)
    attempt = TcpAttempt(read_probes([{"address": "127.0.0.1", "port": server.getsockname()[1]}])[0], None)
    assert attempt.start() is None
    stack.callback(attempt.close)
    accepted, _peer = server.accept()
    # Closes with a reset.
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    accepted.close()
    time.sleep(0.05)
    assert attempt.read(select.EPOLLOUT | select.EPOLLERR | select.EPOLLHUP).result == "open"


def test_a_connection_that_met_itself_is_no_service(stack: ExitStack) -> None:
    sock = bound(stack, "127.0.0.1")
    sock.connect(sock.getsockname())
    attempt = TcpAttempt(read_probes([{"address": "127.0.0.1", "port": sock.getsockname()[1]}])[0], None)
    attempt.sock = sock
    assert attempt.read(select.EPOLLOUT).result == "refused"


def test_the_source_address(stack: ExitStack) -> None:
    server = bound(stack, "127.0.0.1")
    server.listen(10)
    item = {"address": "127.0.0.1", "port": server.getsockname()[1]}
    assert [result["result"] for result in run([item], source=("127.0.0.77",))] == ["open"]
    assert server.accept()[1][0] == "127.0.0.77"


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_source_that_is_not_ours(protocol: str) -> None:
    (result,) = run([{"address": "127.0.0.1", "port": 9, "protocol": protocol}], source=("192.0.2.1",))
    assert (result["result"], result["error"]) == ("unavailable", "source 192.0.2.1: Cannot assign requested address")


@pytest.mark.parametrize(
    ("code", "result"),
    [
        (errno.ENETUNREACH, "unreachable"),
        (errno.EHOSTUNREACH, "unreachable"),
        (errno.EPERM, "prohibited"),
        (errno.EACCES, "prohibited"),
        (errno.EINVAL, "unavailable"),
        (errno.EADDRNOTAVAIL, "unavailable"),
    ],
)
def test_what_this_host_does_not_send(monkeypatch, code: int, result: str) -> None:
    def refuse(_attempt):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(TcpAttempt, "_send", refuse)
    (found,) = run([{"address": "127.0.0.1", "port": 9}])
    assert (found["result"], found["by"]) == (result, None)
    assert os.strerror(code) in found["error"]


@pytest.mark.parametrize(
    ("code", "address", "result"),
    [
        (errno.ECONNREFUSED, "127.0.0.1", "refused"),
        (errno.EHOSTUNREACH, "127.0.0.1", "prohibited"),
        (errno.ENETUNREACH, "127.0.0.1", "unreachable"),
        (errno.EACCES, "::1", "prohibited"),
        (errno.EHOSTUNREACH, "::1", "unreachable"),
        (errno.ETIMEDOUT, "127.0.0.1", "no_answer"),
        (errno.EIO, "127.0.0.1", "unavailable"),
    ],
)
def test_an_error_number_alone(code: int, address: str, result: str) -> None:
    (probe,) = read_probes([{"address": address, "port": 9}])
    assert attempts._failed(probe, code).result == result


def test_without_a_free_descriptor_probes_wait_for_their_turn(stack: ExitStack, monkeypatch) -> None:
    port = silent(stack)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, limits)

    def promise_too_much(_wanted: int) -> int:
        used = {int(name) for name in os.listdir("/proc/self/fd")}
        free = [number for number in range(limits[0]) if number not in used]
        resource.setrlimit(resource.RLIMIT_NOFILE, (free[12], limits[1]))
        return 10000

    monkeypatch.setattr(engine, "make_room", promise_too_much)
    start = time.monotonic()
    found = results([{"address": "127.0.0.1", "port": port}] * 30, timeout=0.1)
    assert found == ["no_answer"] * 30
    assert time.monotonic() - start > 0.25
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == limits


def test_without_any_descriptor_the_probe_says_so(monkeypatch) -> None:
    def refuse(*_arguments):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(TcpAttempt, "_open", refuse)
    (found,) = run([{"address": "127.0.0.1", "port": 9}])
    assert (found["result"], found["error"]) == ("unavailable", "Too many open files")


def test_the_limit_is_raised_as_far_as_it_may_be(monkeypatch) -> None:
    calls = []
    monkeypatch.setattr(engine.resource, "getrlimit", lambda _which: (256, 4096))
    monkeypatch.setattr(engine.resource, "setrlimit", lambda _which, limits: calls.append(limits))
    assert make_room(10) == 10 and calls == []
    used = len(os.listdir("/proc/self/fd")) + 16
    assert make_room(1000) == 1000 and calls.pop()[0] == pytest.approx(1000 + used, abs=5)
    assert make_room(100000) == pytest.approx(4096 - used, abs=5) and calls.pop() == (4096, 4096)


def test_probes_in_flight_stay_within_what_there_is_room_for(stack: ExitStack, monkeypatch) -> None:
    port = silent(stack)
    monkeypatch.setattr(engine, "make_room", lambda _wanted: 10)
    start = time.monotonic()
    assert results([{"address": "127.0.0.1", "port": port}] * 30, timeout=0.1) == ["no_answer"] * 30
    # One after the other would take 3 s.
    assert 0.3 <= time.monotonic() - start < 2


def test_no_descriptor_is_left_open(stack: ExitStack) -> None:
    ports = [listening(stack, "127.0.0.1"), closed(stack, "127.0.0.1"), silent(stack)]
    before = sorted(os.listdir("/proc/self/fd"))
    items = [{"address": "127.0.0.1", "port": port, "protocol": name} for port in ports for name in ("tcp", "udp")]
    run(items, recheck_seconds=0, watch=True)
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_an_echo_request_without_the_privilege(monkeypatch) -> None:
    def refuse(*_arguments):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(attempts.socket, "socket", refuse)
    (found,) = run([{"address": "127.0.0.1", "protocol": "icmp"}])
    assert found["result"] == "unavailable"
    assert found["error"] == "ICMP echo requires root, or this user's group in net.ipv4.ping_group_range"


@pytest.mark.parametrize(("address", "kind"), [("127.0.0.1", 8), ("::1", 128)])
def test_an_echo_request(address: str, kind: int) -> None:
    attempt = EchoAttempt(read_probes([{"address": address, "protocol": "icmp"}])[0], None)
    attempt._token = b"0123456789abcdef"
    question = attempt._question()
    assert question[:2] == bytes([kind, 0]) and checksum(question) == 0
    assert attempt._is_answer(b"\0" + question[1:]) and not attempt._is_answer(b"\0" * len(question))


@pytest.mark.parametrize(
    ("data", "value"), [(b"", 0xFFFF), (b"\0\1", 0xFFFE), (b"\xff\xff\0\2", 0xFFFD), (b"\1", 0xFEFF)]
)
def test_checksum(data: bytes, value: int) -> None:
    assert checksum(data) == value


class MadeUpExchange:
    """Peers that answer by a table: each probe takes the next of its outcomes."""

    table: dict[int, list[Outcome]] = {}
    rounds: list[list[int]] = []
    #: Port to the time of its packet.
    sent: dict[int, float] = {}

    def __init__(self, *_arguments: Any) -> None:
        pass

    def run(self, queue: Any, note: Any) -> list[Probe]:
        silence = []
        asked = []
        while queue:
            probe = queue.take(queue.next_at())
            asked.append(probe.port)
            outcome = self.table[probe.port].pop(0)
            quiet = outcome.result in ("no_answer", "open_or_filtered")
            note(probe, outcome, not quiet, self.sent.get(probe.port))
            if quiet:
                silence.append(probe)
        self.rounds.append(asked)
        return silence


PEER = "192.0.2.1"
PROHIBITED = Outcome("prohibited", PEER, "ICMP: administratively prohibited")
SILENCE = Outcome("no_answer")


@pytest.fixture
def made_up(monkeypatch) -> type[MadeUpExchange]:
    monkeypatch.setattr(MadeUpExchange, "table", {})
    monkeypatch.setattr(MadeUpExchange, "rounds", [])
    monkeypatch.setattr(MadeUpExchange, "sent", {})
    monkeypatch.setattr(engine, "Exchange", MadeUpExchange)
    monkeypatch.setattr(engine.Neighbors, "is_absent", lambda _self, probe: probe.address == "192.0.2.99")
    return MadeUpExchange


def asked(items: list[dict[str, Any]], **options: Any) -> list[tuple[str, bool]]:
    found = run([{"address": PEER, **item} for item in items], **options)
    return [(item["result"], item["rate_limited"]) for item in found]


def test_silence_beside_refusals_is_asked_again(made_up: type[MadeUpExchange]) -> None:
    made_up.table = {1: [PROHIBITED], 2: [SILENCE, PROHIBITED], 3: [SILENCE, SILENCE], 4: [Outcome("open")]}
    assert asked([{"port": port} for port in (1, 2, 3, 4)]) == [
        ("prohibited", False),
        ("prohibited", False),
        ("no_answer", False),
        ("open", False),
    ]
    assert made_up.rounds == [[1, 2, 3, 4], [2, 3]]


def test_what_the_time_was_not_enough_for_is_marked(made_up: type[MadeUpExchange]) -> None:
    made_up.table = {1: [PROHIBITED], 2: [SILENCE, PROHIBITED], 3: [SILENCE, PROHIBITED], 4: [SILENCE]}
    assert asked([{"port": port} for port in (1, 2, 3, 4)], recheck_seconds=2.5) == [
        ("prohibited", False),
        ("prohibited", False),
        ("prohibited", False),
        ("no_answer", True),
    ]


def test_no_time_to_ask_again(made_up: type[MadeUpExchange]) -> None:
    made_up.table = {1: [PROHIBITED], 2: [SILENCE], 3: [Outcome("open_or_filtered")]}
    assert asked([{"port": 1}, {"port": 2}, {"port": 3, "protocol": "udp"}], recheck_seconds=0) == [
        ("prohibited", False),
        ("no_answer", True),
        ("open_or_filtered", True),
    ]


def test_a_probe_that_is_not_worth_asking_again(made_up: type[MadeUpExchange]) -> None:
    made_up.table = {1: [PROHIBITED], 2: [SILENCE], 3: [SILENCE, SILENCE]}
    assert asked([{"port": 1}, {"port": 2, "recheck": False}, {"port": 3}]) == [
        ("prohibited", False),
        ("no_answer", True),
        ("no_answer", False),
    ]
    assert made_up.rounds == [[2, 1, 3], [3]]


def test_silence_before_refusals_is_believed(made_up: type[MadeUpExchange]) -> None:
    """A peer that still rejects others afterwards has not reached its limit: nothing is asked again."""
    made_up.table = {1: [Outcome("open_or_filtered")], 2: [PROHIBITED], 3: [PROHIBITED], 4: [SILENCE, SILENCE]}
    made_up.sent = {1: 10.0, 2: 10.01, 3: 10.02, 4: 10.03}
    assert asked([{"port": 1, "protocol": "udp"}, {"port": 2}, {"port": 3}, {"port": 4}]) == [
        ("open_or_filtered", False),
        ("prohibited", False),
        ("prohibited", False),
        ("no_answer", False),
    ]
    assert made_up.rounds == [[1, 2, 3, 4], [4]]


@pytest.mark.parametrize("other", [Outcome("open"), Outcome("refused"), SILENCE, Outcome("unreachable")])
def test_silence_without_refusals_is_believed(made_up: type[MadeUpExchange], other: Outcome) -> None:
    made_up.table = {1: [other], 2: [SILENCE]}
    assert asked([{"port": 1}, {"port": 2}])[1] == ("no_answer", False)
    assert len(made_up.rounds) == 1


def test_a_peer_that_is_not_there_is_not_asked_again(made_up: type[MadeUpExchange]) -> None:
    made_up.table = {1: [Outcome("prohibited", "192.0.2.254")], 2: [SILENCE], 3: [Outcome("open_or_filtered")]}
    absent = {"address": "192.0.2.99"}
    found = asked([{"port": 1}, {"port": 2, **absent}, {"port": 3, "protocol": "udp", **absent}])
    assert found == [("prohibited", False), ("unreachable", False), ("unreachable", False)]
    assert len(made_up.rounds) == 1


@pytest.mark.parametrize(("others", "least", "most"), [(True, 0.2, 1.5), (False, 1.8, 30)])
def test_silence_is_waited_for_less_long_where_the_peer_answers_others(
    stack: ExitStack, others: bool, least: float, most: float
) -> None:
    probes: list[dict[str, Any]] = [{"address": "127.0.0.1", "port": silent_udp(stack), "protocol": "udp"}]
    if others:
        probes.append({"address": "127.0.0.1", "port": listening(stack, "127.0.0.1")})
    start = time.monotonic()
    outcomes = Engine(timeout=1.9, settle=0.3).run(read_probes(probes))
    took = time.monotonic() - start
    assert outcomes[0].result == "open_or_filtered" and least <= outcomes[0].elapsed and least <= took <= most


@pytest.mark.parametrize(("seconds", "least", "most"), [(0.0, 0.2, 0.8), (0.1, 0.8, 1.9)])
def test_silence_of_a_peer_that_answers_at_once_is_waited_for_still_less(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch, seconds: float, least: float, most: float
) -> None:
    monkeypatch.setattr(exchange, "_AT_ONCE", 0.2)
    answers, _received = answering(stack, "127.0.0.1", seconds=seconds)
    probes = [{"address": "127.0.0.1", "port": port, "protocol": "udp"} for port in (silent_udp(stack), answers)]
    outcomes = Engine(timeout=1.9, settle=0.8, retries=0).run(read_probes(probes))
    assert [one.result for one in outcomes] == ["open_or_filtered", "open"]
    assert least <= outcomes[0].elapsed < most


def test_a_datagram_is_repeated_before_silence_is_taken_for_silence(stack: ExitStack) -> None:
    port, received = answering(stack, "127.0.0.1", after=100)
    probes = [
        {"address": "127.0.0.1", "port": port, "protocol": "udp"},
        {"address": "127.0.0.1", "port": listening(stack, "127.0.0.1")},
    ]
    Engine(timeout=20, settle=0.4).run(read_probes(probes))
    assert received == [b"", b""]


def test_an_answer_that_takes_as_long_as_others_of_the_peer_is_waited_for(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_MARGIN", 1e9)
    probes: list[dict[str, Any]] = [
        {"address": "127.0.0.1", "port": silent_udp(stack), "protocol": "udp"},
        {"address": "127.0.0.1", "port": listening(stack, "127.0.0.1")},
    ]
    assert Engine(timeout=0.8, settle=0.1).run(read_probes(probes))[0].elapsed >= 0.8


@pytest.mark.parametrize(("others", "whole"), [(True, False), (False, True)])
def test_an_answer_to_one_of_two_datagrams_does_not_say_how_fast_the_peer_is(
    stack: ExitStack, others: bool, whole: bool
) -> None:
    port, _received = answering(stack, "127.0.0.1", after=2)
    probes: list[dict[str, Any]] = [
        {"address": "127.0.0.1", "port": silent_udp(stack), "protocol": "udp"},
        {"address": "127.0.0.1", "port": port, "protocol": "udp"},
    ]
    if others:
        probes.append({"address": "127.0.0.1", "port": listening(stack, "127.0.0.1")})
    outcomes = Engine(timeout=1.9, settle=0.4).run(read_probes(probes))
    assert [one.result for one in outcomes[:2]] == ["open_or_filtered", "open"]
    # By the clock of the other one, the peer would be too slow to be given up early.
    assert outcomes[1].elapsed >= 0.2
    assert (outcomes[0].elapsed >= 1.9) == whole


@pytest.mark.parametrize(("recheck", "again", "whole"), [(False, 0.2, False), (True, 0.2, True), (False, 0.5, True)])
def test_a_closed_tcp_port_is_waited_for_until_the_kernel_has_asked_again(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch, recheck: bool, again: float, whole: bool
) -> None:
    monkeypatch.setattr(exchange, "_SYN_AGAIN", again)
    probes: list[dict[str, Any]] = [
        {"address": "127.0.0.1", "port": silent(stack), "recheck": recheck},
        {"address": "127.0.0.1", "port": listening(stack, "127.0.0.1")},
    ]
    outcome = Engine(timeout=0.9, settle=0.3).run(read_probes(probes))[0]
    assert outcome.result == "no_answer" and outcome.elapsed >= 0.3
    assert (outcome.elapsed >= 0.9) == whole


def test_a_connection_for_which_the_kernel_may_have_asked_twice_does_not_say_how_fast_the_peer_is(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_SYN_AGAIN", 0.0)
    probes: list[dict[str, Any]] = [
        {"address": "127.0.0.1", "port": silent_udp(stack), "protocol": "udp"},
        {"address": "127.0.0.1", "port": listening(stack, "127.0.0.1")},
    ]
    assert Engine(timeout=0.8, settle=0.3).run(read_probes(probes))[0].elapsed >= 0.8


def silent_udp(stack: ExitStack) -> int:
    return bound(stack, "127.0.0.1", socket.SOCK_DGRAM).getsockname()[1]

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking port mappers on loopback that answer well, badly, or never."""

from __future__ import annotations

import socket
import struct
import threading
import time

from collections.abc import Callable, Iterator

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._observe.portmap.asking import ask_broker, ask_rpcbind
from ansible_collections.jsa.ports.plugins.module_utils._observe.rpc import message as rpc

TABLE = (
    b"101 imqbroker 4.4 Update 1\nportmapper tcp PORTMAPPER 7676 [sessionid=42]\njmxrmi rmi JMX 0 [url=a=b]\n"
    b"cluster tcp CLUSTER 36615\n.\n"
)

Serve = Callable[[Callable[[socket.socket], None]], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Hands each connection to a function, and says on which port."""
    listeners = []
    threads = []

    def start(talk: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                with connection:
                    try:
                        talk(connection)
                    except OSError:
                        continue

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(30)


def send(*pieces: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.recv(100)
        for piece in pieces:
            connection.sendall(piece)

    return talk


def silence(connection: socket.socket) -> None:
    time.sleep(2)


def dribble(connection: socket.socket) -> None:
    for index in range(len(TABLE)):
        connection.sendall(TABLE[index : index + 1])
        time.sleep(0.1)


def flood(connection: socket.socket) -> None:
    connection.sendall(TABLE[:-2])
    while True:
        connection.sendall(b"more tcp NORMAL 40000\n" * 1000)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    ("talk", "state", "says"),
    [
        (send(TABLE), "ok", ""),
        (send(TABLE[:40], TABLE[40:]), "ok", ""),
        (send(TABLE[:-2]), "ok", "the final dot is missing"),
        (send(TABLE[:-5]), "ok", "was truncated"),
        (send(b"102" + TABLE[3:]), "garbage", "version 102"),
        (send(b"\x16\x03\x01\xff\n"), "garbage", "not text"),
        (send(b"\x16"), "garbage", "not a complete line"),
        (send(), "closed", "without an answer"),
        (reset, "closed", ""),
        (silence, "silent", "sent no data within"),
        (dribble, "slow", "was not complete within"),
        (flood, "endless", "is longer than"),
    ],
)
def test_a_broker(serve: Serve, talk: Callable[[socket.socket], None], state: str, says: str) -> None:
    answer = ask_broker("127.0.0.1", serve(talk), 1.0)
    assert (answer.state, says in answer.reason) == (state, True), answer
    # A port that is not whole is none.
    assert {service.port for service in answer.services} <= {7676, 36615}
    assert bool(answer.services) is (state == "ok")


def test_a_broker_that_is_down(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = ask_broker("127.0.0.1", port, 5.0)
    assert (answer.state, answer.services) == ("down", ())
    assert "it is starting" in answer.reason


@pytest.mark.parametrize(("previous", "restarted"), [(None, None), ("42", False), ("41", True)])
def test_a_broker_that_was_restarted(serve: Serve, previous: str | None, restarted: bool | None) -> None:
    answer = ask_broker("127.0.0.1", serve(send(TABLE)), 5.0, previous)
    assert answer.details is not None
    assert (answer.details["session"], answer.details["restarted"]) == ("42", restarted)
    assert answer.details["without_port"] == ["jmxrmi"]


DUMP = struct.pack("!11I", 1, rpc.PORTMAP, 2, 6, 111, 1, rpc.MOUNTD, 3, 17, 20048, 0)


def reply(call: bytes) -> bytes:
    return call[:4] + struct.pack("!5I", 1, 0, 0, 0, 0) + DUMP


def fragments(connection: socket.socket) -> None:
    answer = reply(connection.recv(1000)[4:])
    connection.sendall(struct.pack("!I", 10) + answer[:10])
    connection.sendall(struct.pack("!I", 0x80000000 | len(answer) - 10) + answer[10:])


def empty_fragments(connection: socket.socket) -> None:
    connection.recv(1000)
    while True:
        connection.sendall(b"\0\0\0\0")


@pytest.mark.parametrize(
    ("talk", "state"),
    [
        (fragments, "ok"),
        (empty_fragments, "endless"),
        (send(b"\xff\xff\xff\xff"), "endless"),
        (send(b"\x80\0\0\x04abcd"), "garbage"),
        (send(b"\x80\0\0\x0f1"), "closed"),
        (send(), "closed"),
        (silence, "silent"),
    ],
)
def test_rpcbind_over_tcp(serve: Serve, talk: Callable[[socket.socket], None], state: str) -> None:
    answer = ask_rpcbind("127.0.0.1", serve(talk), 2.0)
    assert answer.state == state, answer
    if state == "ok":
        assert [(service.service, service.protocol, service.port) for service in answer.services] == [
            ("portmapper", "tcp", 111),
            ("mountd", "udp", 20048),
        ]


def test_rpcbind_over_udp_where_tcp_fails() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def run() -> None:
            call, sender = sock.recvfrom(1000)
            # Somebody else's answer first: it must not be taken for ours.
            sock.sendto(b"\0\0\0\0" + reply(call)[4:], sender)
            sock.sendto(reply(call), sender)

        threading.Thread(target=run, daemon=True).start()
        answer = ask_rpcbind("127.0.0.1", sock.getsockname()[1], 10.0)
    assert (answer.state, answer.details, len(answer.services)) == ("ok", {"transport": "udp"}, 2)
    assert answer.reason.startswith("only over UDP; over TCP nothing listens")

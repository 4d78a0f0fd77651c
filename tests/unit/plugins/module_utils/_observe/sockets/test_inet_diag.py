# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does an IPv6 socket keep to IPv6, and who waits to be accepted? Asked of the real kernel, and of one that is mute."""

from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets import inet_diag
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.inet_diag import (
    Backlog,
    read_backlogs,
    read_v6only,
)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
@pytest.mark.parametrize("v6only", [False, True])
def test_the_kernel_tells(kind: int, v6only: bool) -> None:
    with socket.socket(socket.AF_INET6, kind) as sock:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(v6only))
        sock.bind(("::", 0))
        if kind == socket.SOCK_STREAM:
            sock.listen(1)
        assert read_v6only()[os.fstat(sock.fileno()).st_ino] is v6only


def test_ipv4_sockets_are_not_asked_about() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(1)
        assert os.fstat(sock.fileno()).st_ino not in read_v6only()


def test_a_kernel_without_socket_diagnosis(monkeypatch) -> None:
    def refuse(*_arguments):
        raise OSError(93, "Protocol not supported")

    monkeypatch.setattr(inet_diag.netlink, "ask", refuse)
    assert read_v6only() == {}


def test_answers_that_are_too_short_or_say_nothing(monkeypatch) -> None:
    answers = [(20, b""), (20, b"\0" * 10), (20, b"\0" * 72)]
    monkeypatch.setattr(inet_diag.netlink, "ask", lambda *_arguments: iter(answers))
    assert read_v6only() == {}


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_who_waits_to_be_accepted(family: int, address: str) -> None:
    with socket.socket(family) as sock:
        sock.bind((address, 0))
        sock.listen(3)
        port = sock.getsockname()[1]
        assert read_backlogs()[port] == [Backlog(0, 3)]
        with socket.create_connection((address, port)), socket.create_connection((address, port)):
            assert read_backlogs()[port] == [Backlog(2, 3)]
            sock.accept()[0].close()
            assert read_backlogs()[port] == [Backlog(1, 3)]


def test_queues_are_not_known_where_the_kernel_does_not_tell(monkeypatch) -> None:
    def refuse(*_arguments):
        raise OSError(93, "Protocol not supported")

    monkeypatch.setattr(inet_diag.netlink, "ask", refuse)
    assert read_backlogs() == {}
    monkeypatch.setattr(inet_diag.netlink, "ask", lambda *_arguments: iter([(20, b""), (20, b"\0" * 20)]))
    assert read_backlogs() == {}

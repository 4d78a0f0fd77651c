# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does an IPv6 socket keep to IPv6? Asked of the real kernel, and of one that does not answer."""

from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._sockets import inet_diag
from ansible_collections.jsa.ports.plugins.module_utils._sockets.inet_diag import read_v6only


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

    monkeypatch.setattr(inet_diag._netlink, "ask", refuse)
    assert read_v6only() == {}


def test_answers_that_are_too_short_or_say_nothing(monkeypatch) -> None:
    answers = [(20, b""), (20, b"\0" * 10), (20, b"\0" * 72)]
    monkeypatch.setattr(inet_diag._netlink, "ask", lambda *_arguments: iter(answers))
    assert read_v6only() == {}

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at this very host, held against sockets that the test opened itself."""

from __future__ import annotations

import os
import socket

from contextlib import ExitStack

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets import observe
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.compare import compare
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.expected import Expected
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.observe import read_listeners


def opened(stack: ExitStack, family: int, kind: int, address: str, v6only: bool | None = None) -> int:
    sock = stack.enter_context(socket.socket(family, kind))
    if v6only is not None:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(v6only))
    sock.bind((address, 0))
    if kind == socket.SOCK_STREAM:
        sock.listen(1)
    return sock.getsockname()[1]


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
@pytest.mark.parametrize(
    ("family", "address", "v6only", "bind", "shown", "families"),
    [
        (socket.AF_INET, "127.0.0.1", None, "loopback", "127.0.0.1", ["ipv4"]),
        (socket.AF_INET, "0.0.0.0", None, "network", "0.0.0.0", ["ipv4"]),
        (socket.AF_INET6, "::1", True, "loopback", "::1", ["ipv6"]),
        (socket.AF_INET6, "::", False, "network", "::", ["ipv4", "ipv6"]),
        (socket.AF_INET6, "::", True, "network", "::", ["ipv6"]),
        (socket.AF_INET6, "::ffff:127.0.0.1", False, "loopback", "127.0.0.1", ["ipv4"]),
    ],
)
def test_a_socket_of_ours(
    kind: int, family: int, address: str, v6only: bool | None, bind: str, shown: str, families: list[str]
) -> None:
    protocol = "tcp" if kind == socket.SOCK_STREAM else "udp"
    with ExitStack() as stack:
        port = opened(stack, family, kind, address, v6only)
        listeners = read_listeners()
    (result,) = compare(listeners, [Expected("it", "", protocol, (port, port), "any", True)], [], unlisted=False)
    assert (result["status"], result["bind"], result["addresses"], result["families"]) == (
        "listening",
        bind,
        [shown],
        families,
    )
    assert os.getpid() in [process["pid"] for process in result["processes"]]


def test_a_connection_is_no_listener() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        client.connect(server.getsockname())
        ports = [row.port for row in read_listeners().rows if row.protocol == "tcp"]
        assert server.getsockname()[1] in ports
        assert client.getsockname()[1] not in ports


def test_the_kernel_is_asked_about_dual_stack_only_where_that_matters(monkeypatch) -> None:
    monkeypatch.setattr(observe, "read_sockets", lambda _proc: [])
    monkeypatch.setattr(observe, "read_v6only", lambda: pytest.fail("asked without a socket on ::"))
    assert read_listeners().rows == []

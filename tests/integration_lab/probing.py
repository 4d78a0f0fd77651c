# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests run inside a namespace: the engine, or services for it to find.

``probe`` reads probes and options as JSON and writes the results. ``serve PORT...`` says "ready" and serves until it is
killed.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys


def probe() -> None:
    from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.engine import Engine, describe
    from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.model import read_probes
    from ansible_collections.jsa.ports.plugins.module_utils._observe.wire import attempts

    question = json.load(sys.stdin)
    options = question["options"]
    if question["kernel"] != "as it is":
        # Kernels before 5.8 have the error queue, but nothing in it, for TCP.
        everywhere = attempts.read_error
        attempts.read_error = lambda sock: None if sock.type == socket.SOCK_STREAM else everywhere(sock)
        options["watch"] = question["kernel"] == "old, root"
    probes = read_probes(question["probes"], options.pop("source", ()))
    outcomes = Engine(**options).run(probes)
    json.dump([describe(item, outcome) for item, outcome in zip(probes, outcomes, strict=True)], sys.stdout)


def serve(ports: list[int]) -> None:
    waiting = selectors.DefaultSelector()
    for port in ports:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            sock = socket.socket(socket.AF_INET6, kind)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            sock.bind(("::", port))
            if kind == socket.SOCK_STREAM:
                sock.listen(100)
            waiting.register(sock, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _events in waiting.select():
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            if sock.type == socket.SOCK_STREAM:
                sock.accept()[0].close()
            else:
                sock.sendto(b"here", sock.recvfrom(1000)[1])


if __name__ == "__main__":
    if sys.argv[1] == "probe":
        probe()
    else:
        serve([int(port) for port in sys.argv[2:]])

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks ports what they say to a packet, independently of what the collection does for the same purpose.

Runs in the network of one host: reads ``[[address, port, protocol], ...]`` and the seconds to wait, writes one word
for each: open, refused, prohibited, no_answer, or ``error: ...`` when nothing could be sent.
"""

from __future__ import annotations

import errno
import json
import select
import socket
import struct
import sys
import time

IP_RECVERR = 11
IPV6_RECVERR = 25
#: Type and codes of the answers that only a firewall gives, and those that say "nobody at this port".
PROHIBITED = {2: (3, (9, 10, 13)), 3: (1, (1, 5, 6))}
REFUSED = {2: (3, (2, 3)), 3: (1, (4,))}
NTP_QUESTION = b"\x23" + 47 * b"\0"


def complaint(sock: socket.socket) -> str | None:
    """What an ICMP message said, which errno alone does not tell."""
    try:
        control = sock.recvmsg(1, 512, socket.MSG_ERRQUEUE)[1]
    except OSError:
        return None
    for level, kind, data in control:
        if (level, kind) not in ((socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR)):
            continue
        origin, type_, code = struct.unpack_from("=4xBBB", data)
        for word, table in (("prohibited", PROHIBITED), ("refused", REFUSED)):
            if origin in table and type_ == table[origin][0] and code in table[origin][1]:
                return word
        if origin in PROHIBITED:
            return "no_answer"
    return None


def begin(address: str, port: int, protocol: str) -> socket.socket | str:
    """A socket that has sent its question, or the answer if there is one already."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
    sock.setblocking(False)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    try:
        sock.connect((address, port))
        if protocol == "udp":
            sock.send(NTP_QUESTION if port == 123 else b"probe\n")
    except BlockingIOError:
        return sock
    except OSError as error:
        return refusal(sock, error.errno or 0)
    return sock if protocol == "udp" else "open"


def refusal(sock: socket.socket, number: int) -> str:
    said = complaint(sock)
    if said:
        return said
    if number == errno.ECONNREFUSED:
        return "refused"
    if number in (errno.EHOSTUNREACH, errno.ETIMEDOUT):
        return "no_answer"
    return "error: " + (errno.errorcode.get(number) or str(number))


def answer(sock: socket.socket, protocol: str) -> str:
    number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number:
        return refusal(sock, number)
    if protocol == "tcp":
        return "open"
    try:
        sock.recv(512)
    except OSError as error:
        return refusal(sock, error.errno or 0)
    return "open"


def probe(targets: list[tuple[str, int, str]], patience: float) -> list[str]:
    answers: list[str] = ["no_answer"] * len(targets)
    poll = select.poll()
    waiting: dict[int, tuple[int, socket.socket]] = {}
    for index, (address, port, protocol) in enumerate(targets):
        begun = begin(address, port, protocol)
        if isinstance(begun, str):
            answers[index] = begun
            continue
        waiting[begun.fileno()] = (index, begun)
        poll.register(begun, select.POLLOUT if protocol == "tcp" else select.POLLIN)
    deadline = time.monotonic() + patience
    while waiting and (rest := deadline - time.monotonic()) > 0:
        for number, _events in poll.poll(rest * 1000):
            index, sock = waiting.pop(number)
            poll.unregister(number)
            answers[index] = answer(sock, targets[index][2])
            sock.close()
    return answers


if __name__ == "__main__":
    question = json.load(sys.stdin)
    json.dump(probe([tuple(target) for target in question["targets"]], question["timeout"]), sys.stdout)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The world outside of a deployment, on a lab host: SMTP, DNS, NFS, TLS and an HTTP proxy, good and bad ones.

``outward_servers.py FOLDER`` serves with the certificates in FOLDER, says "ready", and goes on until it is killed.
NTP is the stand-in's. Standard library only.
"""

from __future__ import annotations

import base64
import os
import socket
import ssl
import struct
import sys
import threading
import time

from collections.abc import Callable

Talk = Callable[[socket.socket], None]

GOOD = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
EXPIRED = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def say(data: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.recv(100)

    return talk


def silence(connection: socket.socket) -> None:
    time.sleep(60)


def reset_it(connection: socket.socket) -> None:
    connection.recv(100)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def tls(context: ssl.SSLContext) -> Talk:
    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as sock:
            sock.recv(1)

    return talk


def rpc(low: int, high: int, program: int) -> Talk:
    """A program of some versions, called for nothing."""

    def talk(connection: socket.socket) -> None:
        while True:
            length = struct.unpack("!I", connection.recv(4))[0] & 0x7FFFFFFF
            call = struct.unpack("!10I", connection.recv(length)[:40])
            if call[3] != program:
                body = struct.pack("!I", 1)
            elif low <= call[4] <= high:
                body = struct.pack("!I", 0)
            else:
                body = struct.pack("!III", 2, low, high)
            reply = struct.pack("!5I", call[0], 1, 0, 0, 0) + body
            connection.sendall(struct.pack("!I", 0x80000000 | len(reply)) + reply)

    return talk


def read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    return head


def pump(source: socket.socket, drain: socket.socket) -> None:
    try:
        while data := source.recv(4096):
            drain.sendall(data)
        drain.shutdown(socket.SHUT_WR)
    except OSError:
        return


def proxy(user: str | None) -> Talk:
    """CONNECT, with a password where *user* is one, and to everybody but ``forbidden.test``."""

    def talk(connection: socket.socket) -> None:
        head = read_head(connection)
        host, _colon, port = head.split()[1].decode().rpartition(":")
        wanted = f"Basic {base64.b64encode(user.encode()).decode()}".encode() if user else b""
        if wanted not in head:
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        if host == "forbidden.test":
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        try:
            far = socket.create_connection((host, int(port)), 5)
        except OSError:
            connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        with far:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=pump, args=(connection, far), daemon=True).start()
            pump(far, connection)

    return talk


def dns_answer(question: bytes, transport: str) -> bytes:
    """By the first label of the name: an address, none, a refusal, or an answer that is too long for UDP."""
    label = question[13 : 13 + question[12]]
    end = question.index(b"\0", 12) + 5
    flags, answers = {
        b"nowhere": (0x8183, 0),
        b"refuse": (0x8185, 0),
        b"long": (0x8380 if transport == "udp" else 0x8180, 0 if transport == "udp" else 1),
    }.get(label, (0x8180, 1))
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 1])
    return question[:2] + struct.pack("!5H", flags, 1, answers, 0, 0) + question[12:end] + record * answers


def dns_stream(connection: socket.socket) -> None:
    question = connection.recv(4096)[2:]
    answer = dns_answer(question, "tcp")
    connection.sendall(struct.pack("!H", len(answer)) + answer)


def dns_datagrams() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("0.0.0.0", 53))
        while True:
            question, sender = sock.recvfrom(4096)
            # An answer to somebody else first, as a liar would send one.
            sock.sendto(bytes([question[0] ^ 1]) + dns_answer(question, "udp")[1:], sender)
            sock.sendto(dns_answer(question, "udp"), sender)


def kiss_of_death() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("0.0.0.0", 1123))
        while True:
            question, sender = sock.recvfrom(4096)
            sock.sendto(b"\xe4\0\0\0" + b"\0" * 8 + b"DENY" + b"\0" * 8 + question[40:48] + b"\0" * 16, sender)


SERVICES: dict[int, Talk] = {
    25: say(b"220-mail.test ESMTP\r\n220 welcome\r\n"),
    1025: say(b"554 go away\r\n"),
    53: dns_stream,
    443: tls(GOOD),
    1443: tls(EXPIRED),
    2443: silence,
    3443: reset_it,
    4443: say(b"220 this is no TLS server\r\n"),
    762: rpc(1, 3, 100005),
    2049: rpc(4, 4, 100003),
    3128: proxy(None),
    3129: proxy("jsa:s3cret/word"),
}


def serve(port: int, talk: Talk) -> None:
    listener = socket.create_server(("0.0.0.0", port))

    def handle(connection: socket.socket) -> None:
        with connection:
            try:
                talk(connection)
            except (OSError, struct.error):
                return

    def run() -> None:
        while True:
            connection = listener.accept()[0]
            threading.Thread(target=handle, args=(connection,), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()


def main() -> None:
    folder = sys.argv[1]
    GOOD.load_cert_chain(f"{folder}/good.pem")
    EXPIRED.load_cert_chain(f"{folder}/expired.pem")
    for port, talk in SERVICES.items():
        serve(port, talk)
    for target in (dns_datagrams, kiss_of_death):
        threading.Thread(target=target, daemon=True).start()
    print(f"ready {os.getpid()}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()

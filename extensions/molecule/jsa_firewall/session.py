# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``start ADDRESS PORT`` opens a connection that stays open; ``say`` proves that it still carries words; ``stop``."""

import os
import socket
import sys

CONTROL = "/root/molecule-session.sock"


def start(address, port):
    connection = socket.create_connection((address, int(port)), 10)
    connection.settimeout(10)
    if os.path.exists(CONTROL):
        os.unlink(CONTROL)
    control = socket.socket(socket.AF_UNIX)
    control.bind(CONTROL)
    control.listen(1)
    if os.fork():
        return
    os.setsid()
    silence = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    while True:
        asker = control.accept()[0]
        words = asker.recv(100)
        if words == b"stop":
            return
        try:
            connection.sendall(words)
            answer = connection.recv(100)
        except OSError as error:
            answer = str(error).encode()
        asker.sendall(answer)
        asker.close()


def ask(words):
    with socket.socket(socket.AF_UNIX) as asker:
        asker.settimeout(20)
        asker.connect(CONTROL)
        asker.sendall(words)
        return asker.recv(100)


def say():
    answer = ask(b"still there")
    if answer != b"still there":
        sys.exit("the connection is gone: %r" % answer)


def stop():
    ask(b"stop")


{"start": start, "say": say, "stop": stop}[sys.argv[1]](*sys.argv[2:])

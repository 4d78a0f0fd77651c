# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``service.py PORT``: greets whoever connects to TCP PORT and echoes what it is told. Outlives what has started it."""

import os
import socketserver
import sys


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while True:
            received = self.request.recv(4096)
            if not received:
                return
            self.request.sendall(received)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    try:
        server = Server(("", int(sys.argv[1])), Echo)
    except OSError:
        # An earlier scenario has started it.
        return
    if os.fork():
        return
    os.setsid()
    silence = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    server.serve_forever()


main()

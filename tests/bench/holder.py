# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on a host: PROCESSES PORT...: listens on all ports, dealt out to the processes, until standard input ends."""

import os
import socket
import sys

processes, ports = int(sys.argv[1]), [int(word) for word in sys.argv[2:]]
sockets = [socket.create_server(("0.0.0.0", port), backlog=64) for port in ports]
release, held = os.pipe()
for number in range(processes):
    if os.fork() == 0:
        # As long as the parent has the other end, there is nothing to read.
        os.close(held)
        for index, one in enumerate(sockets):
            if index % processes != number:
                one.close()
        os.read(release, 1)
        os._exit(0)
for one in sockets:
    one.close()
print("ready", flush=True)
sys.stdin.read()

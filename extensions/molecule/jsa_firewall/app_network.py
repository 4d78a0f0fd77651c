# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``up``, ``down`` or ``out``: what podman does for a container, by hand, on an app host with a firewall.

A bridge with a network behind it whose addresses are translated, the network among the trusted ones, and one published
port. In the network runs a service. ``out`` connects from there to ADDRESS PORT.
"""

import os
import signal
import subprocess
import sys

SERVICE = "/root/molecule-service.py"
RECORD = "/root/molecule-app.pid"
ECHO = """
import socketserver
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
Server(("", 80), Echo).serve_forever()
"""
NAT = """
table ip molecule_apps {
  chain out { type nat hook postrouting priority srcnat; ip saddr 10.88.0.0/24 oifname != "apps0" masquerade; }
  chain published { type nat hook prerouting priority dstnat; iifname "eth0" tcp dport 8080 dnat to 10.88.0.2:80; }
}
"""


def run(line):
    subprocess.run(line.split(), check=True)


def up():
    with open(SERVICE, "w") as stream:
        stream.write(ECHO)
    process = subprocess.Popen(
        ["unshare", "--net", sys.executable, SERVICE],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    while os.readlink("/proc/%d/ns/net" % process.pid) == os.readlink("/proc/self/ns/net"):
        pass
    with open(RECORD, "w") as stream:
        stream.write(str(process.pid))
    inside = "nsenter --net=/proc/%d/ns/net " % process.pid
    run("ip link add apps0 type bridge")
    run("ip addr add 10.88.0.1/24 dev apps0")
    run("ip link set apps0 up")
    run("ip link add apps1 type veth peer name eth0 netns %d" % process.pid)
    run("ip link set apps1 master apps0 up")
    run(inside + "ip link set lo up")
    run(inside + "ip addr add 10.88.0.2/24 dev eth0")
    run(inside + "ip link set eth0 up")
    run(inside + "ip route add default via 10.88.0.1")
    subprocess.run(["nft", "-f", "-"], input=NAT, text=True, check=True)
    run("firewall-cmd --quiet --permanent --zone=trusted --add-source=10.88.0.0/24")
    run("firewall-cmd --quiet --reload")


def down():
    with open(RECORD) as stream:
        os.kill(int(stream.read()), signal.SIGKILL)
    run("ip link delete apps0")
    run("nft delete table ip molecule_apps")


def out(address, port):
    with open(RECORD) as stream:
        inside = "/proc/%s/ns/net" % stream.read()
    code = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)"
    subprocess.run(["nsenter", "--net=" + inside, sys.executable, "-c", code, address, port], check=True)


{"up": up, "down": down, "out": out}[sys.argv[1]](*sys.argv[2:])

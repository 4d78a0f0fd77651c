# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for JSA on a lab host: binds the sockets that the plan's ``listeners`` name and says what must be said.

Runs within the host, Python 3.6 and later, standard library only. What it binds is in /run/jsa-lab/listeners.json,
what it is told while it runs comes through /run/jsa-lab/standin.sock, one JSON object a line.
"""

import contextlib
import ipaddress
import json
import os
import selectors
import socket
import struct
import sys
import time

HERE = "/run/jsa-lab"
sys.path.insert(0, HERE)

from standin_protocols import MANNERS, ntp_answer, port_map  # noqa: E402

CONTROL = HERE + "/standin.sock"
LISTENERS = HERE + "/listeners.json"

#: A wider range says where services may be, not that all of its ports are in use.
WIDEST_RANGE = 16
PORT_MAPPER = ("tcp", 7676)
#: Where the tunnels of an encrypted host begin; of the range, one is bound.
TUNNEL_ENDS = "ssh_tunnel_local"
NTP = ("udp", 123)
#: A broker waits this long for the client to speak first, then it answers anyway.
PORT_MAPPER_PATIENCE = 0.1
CLIENT_PATIENCE = 2.0
#: For so long a port mapper that is told to be silent holds a connection.
SILENCE = 60.0
#: Python names it from 3.10 on only.
IP_PKTINFO = 8
#: The services whose ports are chosen at each start of the broker.
BROKER_SERVICES = ("cluster_discovery", "admin", "cluster", "jmxrmi")
#: The kernel chooses from these ports, too, and a check finds what listens there: in a test, only what is meant to.
DATA_RANGE = range(32000, 34000)


class StandInError(Exception):
    """A request that cannot be fulfilled."""


def where(bind):
    """Family and address for a bind word of the plan, or for an address of the host."""
    if bind in ("network", "any", None):
        return socket.AF_INET6, "::"
    if bind in ("network4", "loopback", "loopback6"):
        address = {"network4": "0.0.0.0", "loopback": "127.0.0.1", "loopback6": "::1"}[bind]
    else:
        try:
            address = str(ipaddress.ip_address(bind))
        except ValueError as error:
            words = "network, network4, loopback, loopback6, any or an address"
            raise StandInError("%r is no bind: %s" % (bind, words)) from error
    return (socket.AF_INET6 if ":" in address else socket.AF_INET), address


def open_socket(protocol, port, bind):
    family, address = where(bind)
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    sock = socket.socket(family, kind)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if address == "::" else 1)
        if protocol == "tcp":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        elif family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        sock.bind((address, port))
        if protocol == "tcp":
            sock.listen(128)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def open_chosen(bind):
    """A socket at a port that the kernel chooses."""
    while True:
        sock = open_socket("tcp", 0, bind)
        if sock.getsockname()[1] not in DATA_RANGE:
            return sock
        sock.close()


def parse_port(text):
    """``tcp/32006``"""
    protocol, _slash, number = str(text).partition("/")
    if protocol not in ("tcp", "udp") or not number.isdigit() or not 1 <= int(number) <= 65535:
        raise StandInError("%r is no port: write it as tcp/32006" % (text,))
    return protocol, int(number)


def cataloged(listeners, taken):
    """The sockets that must exist, with the word that says where: loopback only if nothing asks for the network."""
    found = {}
    for entry in listeners:
        first, _dash, last = str(entry["ports"]).partition("-")
        ports = range(int(first), int(last or first) + 1)
        if entry.get("id") == TUNNEL_ENDS:
            found[(entry["protocol"], ports[0])] = "loopback"
        if not entry.get("required") or len(ports) > WIDEST_RANGE or entry["protocol"] not in ("tcp", "udp"):
            continue
        for port in ports:
            key = (entry["protocol"], port)
            if key in taken:
                continue
            bind = "loopback" if entry.get("bind") == "loopback" else "network"
            if bind == "network" or key not in found:
                found[key] = bind
    return found


class StandIn:
    def __init__(self, taken):
        self.selector = selectors.DefaultSelector()
        self.taken = taken
        self.sockets = {}
        self.binds = {}
        self.failed = {}
        self.broker = {}
        self.session = 0
        self.clients = {}
        #: Name of one of MANNERS, and clients with what the port mapper has still to say to them.
        self.manner = "normal"
        self.pouring = {}

    def start(self, key, bind):
        if key in self.sockets:
            return
        try:
            sock = open_socket(key[0], key[1], bind)
        except OSError as error:
            self.failed[key] = error.strerror or str(error)
            raise StandInError("%s/%d cannot be bound to %s: %s" % (*key, bind, self.failed[key])) from error
        self.failed.pop(key, None)
        self.sockets[key] = sock
        self.binds[key] = bind
        self.selector.register(sock, selectors.EVENT_READ, self.accept if key[0] == "tcp" else self.absorb)
        if key == PORT_MAPPER:
            self.start_broker()

    def stop(self, key):
        if key not in self.sockets:
            raise StandInError("%s/%d is not bound here" % key)
        sock = self.sockets.pop(key)
        self.selector.unregister(sock)
        sock.close()
        if key == PORT_MAPPER:
            self.stop_broker()

    def start_broker(self):
        """New ports at each start, as a real broker has them."""
        self.session = int(time.time() * 1000) * 1024
        for service in BROKER_SERVICES:
            sock = open_chosen(self.binds[PORT_MAPPER])
            self.broker[service] = sock
            self.selector.register(sock, selectors.EVENT_READ, self.accept)

    def stop_broker(self):
        for sock in self.broker.values():
            self.selector.unregister(sock)
            sock.close()
        self.broker = {}

    def broker_ports(self):
        return {service: sock.getsockname()[1] for service, sock in self.broker.items()}

    def accept(self, sock):
        try:
            client = sock.accept()[0]
        except OSError:
            return
        client.setblocking(False)
        mapper = sock is self.sockets.get(PORT_MAPPER)
        patience = CLIENT_PATIENCE
        if mapper:
            patience = PORT_MAPPER_PATIENCE if MANNERS[self.manner] else SILENCE
        self.clients[client] = (time.monotonic() + patience, mapper)
        self.selector.register(client, selectors.EVENT_READ, self.recv)

    def recv(self, client):
        said = b""
        with contextlib.suppress(OSError):
            said = client.recv(4096)
        if said and self.clients[client][1] and MANNERS[self.manner] is None:
            return
        self.dismiss(client)

    def dismiss(self, client):
        mapper = self.clients.pop(client)[1]
        self.selector.unregister(client)
        speak = MANNERS[self.manner]
        if mapper and self.broker and speak:
            table = port_map(self.broker_ports(), self.session, socket.gethostname())
            self.pouring[client] = iter(speak(table))
            self.pour(client)
        else:
            self.hang_up(client)

    def hang_up(self, client):
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        client.close()

    def pour(self, client):
        """The next piece for a client of the port mapper; behind the last one the connection ends."""
        try:
            piece = next(self.pouring[client], None)
            if piece is not None:
                client.sendall(piece)
                if self.manner != "normal":
                    return
        except BlockingIOError:
            # Nobody reads: what was lost of an endless answer is not missed.
            return
        except OSError:
            pass
        del self.pouring[client]
        self.hang_up(client)

    def absorb(self, sock):
        try:
            question, control, _flags, sender = sock.recvmsg(2048, 256)
        except OSError:
            return
        answer = ntp_answer(question, time.time()) if sock is self.sockets.get(NTP) else None
        if answer is None:
            return
        # A host may have several addresses: the answer has to come from the one that was asked.
        back = []
        for level, kind, data in control:
            if level == socket.IPPROTO_IPV6:
                back.append((level, kind, data[:16] + struct.pack("=I", 0)))
            else:
                back.append((level, kind, struct.pack("=I", 0) + data[4:]))
        try:
            sock.sendmsg([answer], back, 0, sender)
        except OSError:
            return

    def load(self, listeners):
        """Becomes exactly what the list asks for; what cannot be bound is told and does not keep the rest away."""
        wanted = cataloged(listeners, self.taken)
        self.failed = {}
        for key in [key for key in self.sockets if self.binds[key] != wanted.get(key)]:
            self.stop(key)
        for key in sorted(wanted):
            try:
                self.start(key, wanted[key])
            except StandInError:
                continue
        if self.failed:
            raise StandInError("; ".join("%s/%d: %s" % (*key, text) for key, text in sorted(self.failed.items())))

    def status(self):
        found = {"%s/%d" % key: {"bound": key in self.sockets, "bind": bind} for key, bind in self.binds.items()}
        for key, text in self.failed.items():
            found["%s/%d" % key] = {"bound": False, "error": text}
        return found

    def obey(self, request):
        verb = request.get("verb")
        if verb == "load":
            self.load(request["listeners"])
        elif verb == "start":
            key = parse_port(request.get("port"))
            self.start(key, request.get("bind") or self.binds.get(key, "network"))
        elif verb == "stop":
            self.stop(parse_port(request.get("port")))
        elif verb == "rebind":
            key = parse_port(request.get("port"))
            where(request.get("bind"))
            if key in self.sockets:
                self.stop(key)
            self.start(key, request["bind"])
        elif verb == "mapper":
            if request.get("manner") not in MANNERS:
                raise StandInError("no manner %r, there are: %s" % (request.get("manner"), ", ".join(MANNERS)))
            self.manner = request["manner"]
        elif verb != "status":
            raise StandInError("no verb %r, there are: load, start, stop, rebind, mapper, status" % (verb,))
        return {"ok": True, "sockets": self.status(), "broker": self.broker_ports()}

    def control(self, listener):
        connection = listener.accept()[0]
        with connection:
            connection.settimeout(5)
            try:
                request = json.loads(connection.makefile().readline())
                try:
                    answer = self.obey(request)
                except StandInError as error:
                    answer = {"ok": False, "error": str(error)}
                connection.sendall((json.dumps(answer) + "\n").encode())
            except (OSError, ValueError, KeyError, TypeError) as error:
                print("request: %r" % error, file=sys.stderr, flush=True)

    def serve(self):
        while True:
            timeout = 0.05 if self.clients or self.pouring else None
            for key, _events in self.selector.select(timeout):
                # An earlier event of the same round may have closed this socket.
                if key.fileobj.fileno() >= 0:
                    key.data(key.fileobj)
            now = time.monotonic()
            for client in [client for client, (deadline, _mapper) in self.clients.items() if deadline < now]:
                self.dismiss(client)
            for client in list(self.pouring):
                self.pour(client)


def main():
    with open(HERE + "/config.json") as stream:
        config = json.load(stream)
    taken = {("tcp", config["ssh_port"])} if config["sshd"] else set()
    stand_in = StandIn(taken)
    try:
        with open(LISTENERS) as stream:
            stand_in.load(json.load(stream))
    except FileNotFoundError:
        pass
    except StandInError as error:
        print(error, file=sys.stderr, flush=True)
    for path in (CONTROL, CONTROL + ".new"):
        if os.path.exists(path):
            os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Whoever sees the name may ask: between binding and listening nobody would answer.
    listener.bind(CONTROL + ".new")
    listener.listen(8)
    os.rename(CONTROL + ".new", CONTROL)
    stand_in.selector.register(listener, selectors.EVENT_READ, stand_in.control)
    stand_in.serve()


if __name__ == "__main__":
    main()

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""(f) What it costs a host to record who contacts it: the same packets with and without the table."""

from __future__ import annotations

from typing import Any

from ansible_collections.jsa.ports.tests.bench.hosts import ADDRESSES, CONSOLE, NEAR, Hosts
from ansible_collections.jsa.ports.tests.bench.measure import AT_MOST, Part, Ratio, Samples
from ansible_collections.jsa.ports.tests.bench.process import UnmeasurableError

_PORT = 5140
_CONNECTIONS = 20_000
_DATAGRAMS = 200_000

#: Whatever it does ends when the other host's kernel has had the last packet. Prints the seconds of each.
_SEND = """
import socket, sys, time
address, port, connections, datagrams = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
begun = time.monotonic()
for _number in range(connections):
    with socket.socket() as sock:
        sock.connect_ex((address, port))
connected = time.monotonic()
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    for _number in range(datagrams):
        sock.sendto(b"<13>a line of a log", (address, port))
print(connected - begun, time.monotonic() - connected)
"""

_WITH, _WITHOUT = "recorded", "not recorded"


def measure(hosts: Hosts, rounds: int) -> Part:
    hosts.warm_up(CONSOLE)
    # Nobody listens there, so each connection ends at once, after it has passed every rule.
    for protocol in ("tcp", "udp"):
        hosts.run(CONSOLE, "firewall-cmd", f"--add-port={_PORT}/{protocol}")
    samples = Samples()
    _sent(hosts)
    for _round in range(rounds):
        for case, state in ((_WITHOUT, "absent"), (_WITH, "present")):
            _traffic(hosts, {"state": state, "rules": _RULES} if state == "present" else {"state": state})
            connecting, sending = _sent(hosts)
            samples.add(f"{_CONNECTIONS:,} connections, {case}", connecting)
            samples.add(f"{_DATAGRAMS:,} datagrams, {case}", sending)
    _require_recorded(hosts)
    _traffic(hosts, {"state": "absent"})
    return Part(
        "(f) The packets of one host to another, which records them or not",
        f"A host opens {_CONNECTIONS:,} TCP connections to a port of the console, one after another, and sends "
        f"{_DATAGRAMS:,} datagrams to it. firewalld on the console lets the port in, and nothing listens there. The "
        "same with and without `jsa.ports.traffic`, in turns. A ratio of 1.05 is 5 % fewer packets per second while "
        "they are recorded.",
        samples,
        [
            _ratio(samples, f"{_CONNECTIONS:,} connections"),
            _ratio(samples, f"{_DATAGRAMS:,} datagrams"),
        ],
    )


_RULES: dict[str, Any] = {
    "inbound": [
        {"protocol": protocol, "ports": str(_PORT), "sources": ["0.0.0.0/0"], "why": ["bench"]}
        for protocol in ("tcp", "udp")
    ],
    "refused": [],
}


def _ratio(samples: Samples, what: str) -> Ratio:
    return samples.ratio(f"{what}: {_WITH} / {_WITHOUT}", [f"{what}, {_WITH}"], [f"{what}, {_WITHOUT}"], AT_MOST, 1.1)


def _traffic(hosts: Hosts, arguments: dict[str, Any]) -> str:
    return hosts.module(CONSOLE, "jsa.ports.traffic", arguments).output


def _sent(hosts: Hosts) -> tuple[float, float]:
    words = [ADDRESSES[CONSOLE], str(_PORT), str(_CONNECTIONS), str(_DATAGRAMS)]
    told = hosts.run(NEAR, "/usr/bin/python3", "-c", _SEND, *words).output.split()
    return float(told[0]), float(told[1])


def _require_recorded(hosts: Hosts) -> None:
    """A table that sees no packet would cost nothing."""
    told = hosts.run(CONSOLE, "nft", "list", "set", "inet", "jsa_ports_learn", "inbound_ipv4").output
    if told.count(ADDRESSES[NEAR]) < 2:
        raise UnmeasurableError(f"The packets were not recorded:\n{told}")

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which sockets are in use, by port, by process, by state. Runs on Python 3.6."""

from typing import Any, Dict, Iterable, List, NamedTuple, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.expected import ExpectationError
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.owners import Process
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import SocketRow
from ansible_collections.jsa.ports.plugins.module_utils._ports import TRANSPORTS, PortRange, parse_ports, split_protocol

LISTENING = "listening"
ESTABLISHED = "established"
#: Of UDP: it waits for datagrams, at a port that the kernel chose for it, so most likely for answers.
WAITING = "waiting"
OTHER = "other"

#: As the kernel numbers them.
_TCP_STATES = {
    1: ESTABLISHED,
    2: "syn_sent",
    3: "syn_received",
    4: "fin_wait1",
    5: "fin_wait2",
    6: "time_wait",
    7: "close",
    8: "close_wait",
    9: "last_ack",
    10: LISTENING,
    11: "closing",
    12: "syn_received",
}
STATES = tuple(sorted(set(_TCP_STATES.values()) | {WAITING, OTHER}))


class Filter(NamedTuple):
    """What a socket must match: one of each that is not empty."""

    ports: List[Tuple[Tuple[str, ...], PortRange]]
    processes: List[str]
    states: List[str]

    def wants_row(self, row, state):  # type: (SocketRow, str) -> bool
        """Whichever end has the port: a client of it counts as much as the service."""
        if self.states and state not in self.states:
            return False
        return not self.ports or any(
            row.protocol in protocols and any(first <= port <= last for port in (row.port, row.peer_port))
            for protocols, (first, last) in self.ports
        )

    def wants_owners(self, owners):  # type: (Iterable[Process]) -> bool
        """Whether one of the processes is named, by name or number."""
        return not self.processes or any(
            wanted == owner.name or wanted == str(owner.pid) for wanted in self.processes for owner in owners
        )


def read_filter(ports, processes, states):  # type: (Iterable[Any], Iterable[Any], Iterable[str]) -> Filter
    """Raises ExpectationError with every problem."""
    problems = []
    read = []
    for number, text in enumerate(ports):
        try:
            numbers, protocol = split_protocol(text)
            read.append(((protocol,) if protocol else TRANSPORTS, parse_ports(numbers)))
        except ValueError as error:
            problems.append("port[%d]: %s" % (number, error))
    problems += ["state: %r is none of %s" % (state, ", ".join(STATES)) for state in states if state not in STATES]
    if problems:
        raise ExpectationError("; ".join(problems))
    return Filter(read, [str(process) for process in processes], list(states))


def state_of(row, ephemeral):  # type: (SocketRow, PortRange) -> str
    """The state of a socket, one of STATES. *ephemeral*: the ports that the kernel gives to clients."""
    if row.protocol == "tcp":
        return _TCP_STATES.get(row.state, OTHER)
    if not row.listens:
        # Connected to one peer, as far as that means anything.
        return ESTABLISHED if row.state == 1 else OTHER
    return WAITING if ephemeral[0] <= row.port <= ephemeral[1] else LISTENING


def select(rows, chosen, ephemeral):  # type: (Iterable[SocketRow], Filter, PortRange) -> List[SocketRow]
    """Those that the filter wants, whoever holds them, sorted."""
    found = [row for row in rows if chosen.wants_row(row, state_of(row, ephemeral))]
    return sorted(
        found, key=lambda row: (row.protocol, row.port, row.address, row.peer_address, row.peer_port, row.inode)
    )


def describe(rows, chosen, owners, ephemeral):
    # type: (Iterable[SocketRow], Filter, Dict[int, List[Process]], PortRange) -> List[Dict[str, Any]]
    """One item per socket, and per process that holds it where several do."""
    found = []
    for row in rows:
        mine = owners.get(row.inode, []) if row.inode else []
        if not chosen.wants_owners(mine):
            continue
        state = state_of(row, ephemeral)
        for owner in [owner for owner in mine if chosen.wants_owners([owner])] or [Process(0, None)]:
            found.append(
                {
                    "protocol": row.protocol,
                    "local_address": row.address,
                    "local_port": row.port,
                    # Of a socket without a peer, the table has zeros.
                    "remote_address": row.peer_address if row.peer_port else None,
                    "remote_port": row.peer_port or None,
                    "state": state,
                    "pid": owner.pid or None,
                    "process": owner.name,
                    "uid": row.uid,
                }
            )
    return found

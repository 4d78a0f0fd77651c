# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Selects sockets by port, process, and state. Runs on Python 3.6."""

from typing import Any, Dict, Iterable, List, NamedTuple, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.expected import ExpectationError
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.owners import Process
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import SocketRow
from ansible_collections.jsa.ports.plugins.module_utils._ports import TRANSPORTS, PortRange, parse_ports, split_protocol

LISTENING = "listening"
ESTABLISHED = "established"
#: A UDP socket on an ephemeral port, most likely of a client.
WAITING = "waiting"
OTHER = "other"

#: The states by the kernel's numbers (include/net/tcp_states.h).
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
    """Conditions for a socket. It must match one value of each that is not empty."""

    ports: List[Tuple[Tuple[str, ...], PortRange]]
    processes: List[str]
    states: List[str]

    def wants_row(self, row, state):  # type: (SocketRow, str) -> bool
        """Whether one end of the socket has the port, and its state matches: clients of the port count, too."""
        if self.states and state not in self.states:
            return False
        return not self.ports or any(
            row.protocol in protocols and any(first <= port <= last for port in (row.port, row.peer_port))
            for protocols, (first, last) in self.ports
        )

    def wants_owners(self, owners):  # type: (Iterable[Process]) -> bool
        """Whether one of the processes matches by name or pid."""
        return not self.processes or any(
            wanted == owner.name or wanted == str(owner.pid) for wanted in self.processes for owner in owners
        )


def read_filter(ports, processes, states):  # type: (Iterable[Any], Iterable[Any], Iterable[str]) -> Filter
    """The filter of the module's options. Raises ExpectationError with all problems."""
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
    """The state of a socket, one of STATES. *ephemeral*: first and last ephemeral port."""
    if row.protocol == "tcp":
        return _TCP_STATES.get(row.state, OTHER)
    if not row.listens:
        # A UDP socket that is connected to one peer.
        return ESTABLISHED if row.state == 1 else OTHER
    return WAITING if ephemeral[0] <= row.port <= ephemeral[1] else LISTENING


def select(rows, chosen, ephemeral):  # type: (Iterable[SocketRow], Filter, PortRange) -> List[SocketRow]
    """The sockets that match the ports and states of the filter, sorted."""
    found = [row for row in rows if chosen.wants_row(row, state_of(row, ephemeral))]
    return sorted(
        found, key=lambda row: (row.protocol, row.port, row.address, row.peer_address, row.peer_port, row.inode)
    )


def describe(rows, chosen, owners, ephemeral):
    # type: (Iterable[SocketRow], Filter, Dict[int, List[Process]], PortRange) -> List[Dict[str, Any]]
    """The items of the module's result: one per socket and process."""
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
                    # A socket without a peer has zeros in the table.
                    "remote_address": row.peer_address if row.peer_port else None,
                    "remote_port": row.peer_port or None,
                    "state": state,
                    "pid": owner.pid or None,
                    "process": owner.name,
                    "uid": row.uid,
                }
            )
    return found

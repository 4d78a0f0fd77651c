# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares the sockets of a host with those that the plan expects. Runs on Python 3.6."""

from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4, family_of_address
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.expected import (
    ANY,
    LOOPBACK,
    NETWORK,
    Expected,
    Known,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.owners import Process
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import SocketRow
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports

LISTENING = "listening"
NOT_LISTENING = "not_listening"
EXPOSED = "exposed"
UNLISTED = "unlisted"
STATUSES = (LISTENING, NOT_LISTENING, EXPOSED, UNLISTED)

Key = Tuple[str, int]


class Listeners(object):
    """The listening sockets of a host, with their families and processes."""

    def __init__(self, rows, v6only, owners, ephemeral):
        # type: (Iterable[SocketRow], Dict[int, bool], Dict[int, List[Process]], PortRange) -> None
        self.rows = [row for row in rows if row.listens]
        self._v6only = v6only
        self._owners = owners
        self._ephemeral = ephemeral

    def by_port(self, expected):  # type: (Iterable[Expected]) -> Dict[Key, List[SocketRow]]
        """The sockets of each port, without UDP sockets of clients.

        The socket of a UDP client looks like that of a server, but has an ephemeral port. It is only included if
        *expected* requires a service there or names exactly this port.
        """
        named = [item.ports for item in expected if item.protocol == "udp" and (item.required or item.is_single)]
        found = {}  # type: Dict[Key, List[SocketRow]]
        for row in self.rows:
            if row.protocol == "udp" and _inside(row.port, self._ephemeral):
                if not any(_inside(row.port, ports) for ports in named):
                    continue
            found.setdefault((row.protocol, row.port), []).append(row)
        return found

    def processes(self, rows):  # type: (Iterable[SocketRow]) -> Optional[List[Dict[str, Any]]]
        """The processes of *rows*, None if they cannot be read."""
        found = sorted(
            {process for row in rows for process in self._owners.get(row.inode, ())}, key=lambda process: process.pid
        )
        return [{"pid": process.pid, "name": process.name} for process in found] or None

    def families(self, rows):  # type: (Iterable[SocketRow]) -> List[str]
        """The families in which *rows* can be reached.

        A socket on :: counts for IPv4 too if the kernel does not return IPV6_V6ONLY: that is the default.
        """
        found = set()
        for row in rows:
            found.add(family_of_address(row.address))
            if row.address == "::" and not self._v6only.get(row.inode):
                found.add(IPV4)
        return sorted(found)

    def table(self):  # type: () -> List[Dict[str, Any]]
        """All listening sockets, sorted."""
        return [
            {
                "protocol": row.protocol,
                "address": row.address,
                "port": row.port,
                "v6only": self._v6only.get(row.inode) if row.address == "::" else None,
                "uid": row.uid,
                "processes": self.processes([row]),
            }
            for row in sorted(self.rows, key=lambda row: (row.protocol, row.port, row.address, row.inode))
        ]


def compare(listeners, expected, known, unlisted=True):
    # type: (Listeners, Sequence[Expected], Sequence[Known], bool) -> List[Dict[str, Any]]
    """The results of the module, one per port, sorted by protocol and port."""
    rows = listeners.by_port(expected)
    single = {}  # type: Dict[Key, List[Expected]]
    for item in expected:
        if item.is_single:
            single.setdefault((item.protocol, item.ports[0]), []).append(item)
    ranges = [item for item in expected if not item.is_single]
    results = []
    for key, items in single.items():
        status = _status(items, rows.get(key, []))
        if status:
            results.append(_result(listeners, key[0], (key[1], key[1]), status, items, rows.get(key, [])))
    for key in set(rows) - set(single):
        protocol, port = key
        items = [item for item in ranges if item.protocol == protocol and _inside(port, item.ports)]
        if items:
            status = _status(items, rows[key])
            # A port that is not required may be on loopback.
            if status == NOT_LISTENING:
                continue
        elif unlisted and _bind(rows[key]) == NETWORK and not _is_known(key, known):
            status = UNLISTED
        else:
            continue
        results.append(_result(listeners, protocol, (port, port), status, items, rows[key]))
    for item in ranges:
        inside = [
            row
            for (protocol, port), found in rows.items()
            for row in found
            if protocol == item.protocol and _inside(port, item.ports)
        ]
        if _status([item], inside) == NOT_LISTENING and item.required:
            results.append(_result(listeners, item.protocol, item.ports, NOT_LISTENING, [item], inside))
    return sorted(results, key=lambda result: (result["protocol"], int(result["ports"].split("-")[0]), result["ids"]))


def summarize(results):  # type: (Iterable[Dict[str, Any]]) -> Dict[str, int]
    """The number of results by status."""
    counts = dict.fromkeys(STATUSES, 0)
    for result in results:
        counts[result["status"]] += 1
    return counts


def _status(items, rows):  # type: (Sequence[Expected], Sequence[SocketRow]) -> Optional[str]
    """The status of a port that all of *items* expect, None if it is not reported.

    If a port has several purposes, the one that more hosts contact decides where it may listen.
    """
    bind = _bind(rows)
    if bind is None:
        return NOT_LISTENING if any(item.required for item in items) else None
    wanted = {item.bind for item in items}
    if NETWORK in wanted:
        return LISTENING if bind == NETWORK else NOT_LISTENING
    if ANY in wanted:
        return LISTENING
    return EXPOSED if bind == NETWORK else LISTENING


def _bind(rows):  # type: (Sequence[SocketRow]) -> Optional[str]
    if not rows:
        return None
    return LOOPBACK if all(row.is_loopback for row in rows) else NETWORK


def _result(listeners, protocol, ports, status, items, rows):
    # type: (Listeners, str, PortRange, str, Sequence[Expected], Sequence[SocketRow]) -> Dict[str, Any]
    bind = _bind(rows)
    reachable = [row for row in rows if bind == LOOPBACK or not row.is_loopback]
    return {
        "ids": sorted({item.id for item in items}),
        "services": sorted({item.service for item in items if item.service}),
        "protocol": protocol,
        "ports": format_ports(ports),
        "status": status,
        "required": any(item.required for item in items),
        "bind": bind,
        "addresses": sorted({row.address for row in rows}),
        "families": listeners.families(reachable),
        "processes": listeners.processes(rows) if rows else [],
    }


def _is_known(key, known):  # type: (Key, Iterable[Known]) -> bool
    return any(item.protocol == key[0] and _inside(key[1], item.ports) for item in known)


def _inside(port, ports):  # type: (int, PortRange) -> bool
    return ports[0] <= port <= ports[1]

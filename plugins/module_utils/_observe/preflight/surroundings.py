# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The surroundings of the listeners: processes with the other ports, and the host's networks. Runs on Python 3.6."""

import errno
import ipaddress
import os
import struct

from collections import OrderedDict
from typing import Any, Dict, Iterable, List, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES, family_of_address
from ansible_collections.jsa.ports.plugins.module_utils._host.routing import read_addresses
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.owners import find_owners
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import SocketRow, read_sockets

Key = Tuple[str, int]


def used_ports(keys, proc="/proc"):  # type: (Iterable[Key], str) -> Dict[Key, Dict[str, Any]]
    """Those of *keys* that are in use, each with its sockets and processes. Raises TableError."""
    wanted = frozenset(keys)
    by_key = OrderedDict()  # type: OrderedDict[Key, List[SocketRow]]
    for row in sorted(read_sockets(proc), key=lambda row: (row.protocol, row.port, row.address)):
        if (row.protocol, row.port) in wanted:
            by_key.setdefault((row.protocol, row.port), []).append(row)
    owners = find_owners((row.inode for rows in by_key.values() for row in rows), proc)
    return {key: _describe(key, rows, owners) for key, rows in by_key.items()}


def _describe(key, rows, owners):  # type: (Key, List[SocketRow], Dict[int, Any]) -> Dict[str, Any]
    processes = sorted(
        {process for row in rows for process in owners.get(row.inode, ())}, key=lambda process: process.pid
    )
    listening = [row for row in rows if row.listens]
    return {
        "protocol": key[0],
        "port": key[1],
        # A connection of the host's own can have the port too.
        "listens": bool(listening),
        "bind": None if not listening else "loopback" if all(row.is_loopback for row in listening) else "network",
        "addresses": sorted({row.address for row in listening or rows}),
        "processes": [{"pid": process.pid, "name": process.name} for process in processes],
    }


def sort_failures(failed, used):
    # type: (Iterable[List[Any]], Dict[Key, Dict[str, Any]]) -> Tuple[List[Dict[str, Any]], List[Dict[str, Any]]]
    """Ports in use, and ports that could not be bound for another reason; each item says in which families."""
    in_use = OrderedDict()  # type: OrderedDict[Key, Dict[str, Any]]
    others = OrderedDict()  # type: OrderedDict[Tuple[str, int, int], Dict[str, Any]]
    for protocol, port, family, code in failed:
        if code == errno.EADDRINUSE:
            unknown = {
                "protocol": protocol,
                "port": port,
                "listens": False,
                "bind": None,
                "addresses": [],
                "processes": [],
            }
            item = in_use.setdefault((protocol, port), dict(used.get((protocol, port), unknown), families=[]))
        else:
            why = "needs root" if code == errno.EACCES else os.strerror(code)
            item = others.setdefault(
                (protocol, port, code), {"protocol": protocol, "port": port, "families": [], "why": why}
            )
        item["families"].append(family)
    return list(in_use.values()), list(others.values())


def read_networks():  # type: () -> List[str]
    """The networks of this host's addresses, in CIDR notation. Empty if they cannot be read."""
    try:
        own = read_addresses()
    except (OSError, struct.error, ValueError):
        return []
    found = {ipaddress.ip_network("%s/%d" % (one.address, one.prefix), strict=False) for one in own}
    return [str(network) for network in sorted(found, key=lambda network: (network.version, network))]


def predict(keys, used, own):
    # type: (Iterable[Key], Dict[Key, Dict[str, Any]], Optional[int]) -> Tuple[List[Dict[str, Any]], List[Dict[str, Any]]]
    """The ports that can be bound and those in use, without binding them. Ports of the process *own* count as free."""
    free, taken = [], []
    for key in keys:
        item = used.get(key)
        if item is None or not item["listens"] or [process["pid"] for process in item["processes"]] == [own]:
            free.append({"protocol": key[0], "port": key[1], "families": list(FAMILIES)})
        else:
            versions = sorted({family_of_address(address) for address in item["addresses"]})
            taken.append(dict(item, families=versions))
    return free, taken

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which ports of this host are recorded: a scan of all ports must not fill the record. Runs on Python 3.6."""

from typing import Any, Dict, Iterable, List, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.connections import LISTENING, state_of
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import SocketRow
from ansible_collections.jsa.ports.plugins.module_utils._ports import (
    TRANSPORTS,
    PortRange,
    merge_ranges,
    parse_ports,
    split_protocol,
)

#: A larger range is room that services take ports from. Of it, only the ports count on which something listens.
LARGEST_RANGE = 16

#: Protocol -> ranges, sorted.
Ports = Dict[str, Tuple[PortRange, ...]]

NO_PORTS = dict.fromkeys(TRANSPORTS, ())  # type: Ports

_LOOPBACK = "loopback"


def ports_of_rules(rules):  # type: (Any) -> Ports
    """The ports that a host's plan names, open or refused. Raises FirewallError with the path of what is wrong."""
    found = []  # type: List[Tuple[str, PortRange]]
    problems = []  # type: List[str]
    for name in ("inbound", "refused", "listeners"):
        rows = rules.get(name) or ()
        if not isinstance(rows, (list, tuple)):
            problems.append("rules.%s: expected a list, got %r" % (name, rows))
            continue
        for number, row in enumerate(rows):
            where = "rules.%s[%d]" % (name, number)
            if not isinstance(row, dict):
                problems.append("%s: expected a mapping with protocol and ports, got %r" % (where, row))
            elif row.get("protocol") in TRANSPORTS and row.get("bind") != _LOOPBACK:
                try:
                    found.append((row["protocol"], parse_ports(row.get("ports"))))
                except ValueError as error:
                    problems.append("%s.ports: %s" % (where, error))
    if problems:
        raise FirewallError("The rules cannot be used; nothing was changed: " + "; ".join(problems))
    return gathered(found)


def ports_of_texts(texts):  # type: (Iterable[Any]) -> Ports
    """The ports in the form ``514/udp``. Raises FirewallError."""
    found = []  # type: List[Tuple[str, PortRange]]
    problems = []
    for number, text in enumerate(texts):
        try:
            ports, protocol = split_protocol(text)
            found += [(one, parse_ports(ports)) for one in ((protocol,) if protocol else TRANSPORTS)]
        except ValueError as error:
            problems.append("ports[%d]: %s" % (number, error))
    if problems:
        raise FirewallError("; ".join(problems))
    return gathered(found)


def listening_ports(rows, ephemeral):  # type: (Iterable[SocketRow], PortRange) -> Ports
    """The ports on which something waits for peers, not only on loopback."""
    return union(
        gathered(
            (row.protocol, (row.port, row.port))
            for row in rows
            if row.listens and not row.is_loopback and state_of(row, ephemeral) == LISTENING
        )
    )


def recorded_ports(cataloged, listening):  # type: (Ports, Ports) -> Ports
    """Those of both, without the large ranges of *cataloged*: merged, as the kernel takes them."""
    small = [
        (protocol, ports)
        for protocol, ranges in cataloged.items()
        for ports in ranges
        if ports[1] - ports[0] < LARGEST_RANGE
    ]
    return union(gathered(small), listening)


def large_ranges(cataloged):  # type: (Ports) -> List[Tuple[str, PortRange]]
    """The ranges of which only listening ports are recorded."""
    return [
        (protocol, ports)
        for protocol, ranges in sorted(cataloged.items())
        for ports in ranges
        if ports[1] - ports[0] >= LARGEST_RANGE
    ]


def union(*several):  # type: (Ports) -> Ports
    """The ports of all of them, merged."""
    return {
        protocol: tuple(merge_ranges(ports for one in several for ports in one[protocol])) for protocol in TRANSPORTS
    }


def joined_ports(*several):  # type: (Ports) -> Ports
    """The ports of all of them, none of them merged."""
    return gathered((protocol, ports) for one in several for protocol in TRANSPORTS for ports in one[protocol])


def contains(ports, protocol, port):  # type: (Ports, str, int) -> bool
    """Whether it is one of them."""
    return any(first <= port <= last for first, last in ports[protocol])


def gathered(pairs):  # type: (Iterable[Tuple[str, PortRange]]) -> Ports
    """Protocol and range of each -> the ranges of each protocol, none of them merged: a small one counts as itself."""
    found = {protocol: set() for protocol in TRANSPORTS}  # type: Dict[str, Set[PortRange]]
    for protocol, ports in pairs:
        found[protocol].add(ports)
    return {protocol: tuple(sorted(ranges)) for protocol, ranges in found.items()}

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flows whose packets a host evaluates. Runs on Python 3.6."""

import ipaddress

from typing import Any, Dict, Iterable, List, NamedTuple

LISTENER = "listener"
INITIATOR = "initiator"
ROLES = (LISTENER, INITIATOR)
PROTOCOLS = ("tcp", "udp", "icmp")


class Flow(NamedTuple):
    """A flow as this host sees it."""

    given: Dict[str, Any]
    role: str
    #: This host's address, and the other one's.
    own: Any
    peer: Any
    protocol: str
    #: The listener's; 0 for ICMP.
    port: int


class FlowError(ValueError):
    """Invalid options."""


def read_flows(items, option="flows"):  # type: (Iterable[Dict[str, Any]], str) -> List[Flow]
    """The flows of the module's *option*. Raises FlowError with all problems."""
    flows = []
    problems = []
    for number, item in enumerate(items):
        mine = []  # type: List[str]
        ends = []
        for key in ("own", "peer"):
            try:
                ends.append(ipaddress.ip_address(str(item.get(key))))
            except ValueError as error:
                mine.append("%s: %s" % (key, error))
        if len({end.version for end in ends}) == 2:
            mine.append("own and peer are of different address families")
        for key, choices in (("role", ROLES), ("protocol", PROTOCOLS)):
            if item.get(key) not in choices:
                mine.append("%s: %r is none of %s" % (key, item.get(key), ", ".join(choices)))
        try:
            port = int(item.get("port") or 0)
        except (TypeError, ValueError):
            port = -1
        if not 0 <= port <= 65535 or bool(port) == (item.get("protocol") == "icmp"):
            mine.append("port: %r: expected a number from 1 to 65535, or no port for ICMP" % (item.get("port"),))
        problems += ["%s[%d]: %s" % (option, number, problem) for problem in mine]
        if not mine:
            flows.append(Flow(item, item["role"], ends[0], ends[1], item["protocol"], port))
    if problems:
        raise FlowError("; ".join(problems[:20]))
    return flows

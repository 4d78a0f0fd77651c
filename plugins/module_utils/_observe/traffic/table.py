# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of nftables that records: what nft is told, and what it tells. Runs on Python 3.6.

Both hooks come before every filter, so what a firewall refuses is recorded, too: at the input before the place of raw,
since the state of a connection is known there from the prerouting on; at the output right behind the connection
tracking (-200), which gives that state, and before mangle (-150) and every translation of addresses (-100).

Nothing in it decides on a packet. Each path ends in ``return`` or at the end of a base chain, whose policy is accept.
A rule whose set is full is left at the update, so that what stands behind it counts what did not fit.
"""

import ipaddress
import json

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES, PREFIXES
from ansible_collections.jsa.ports.plugins.module_utils._host.nftables import RECORD, tables
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError, Programs
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.model import Seen, Traffic
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.ports import Ports, union
from ansible_collections.jsa.ports.plugins.module_utils._ports import TRANSPORTS, format_ports

FAMILY, TABLE = RECORD
DAY = 86400

SECONDS = 120
#: How often the kernel removes what is too old; its default, each second, is much for a large set.
_REMOVAL = "1m"
DIRECTIONS = ("inbound", "outbound")
PEER = {"inbound": "saddr", "outbound": "daddr"}
_BASE = {"inbound": ("input", -400), "outbound": ("output", -199)}
_ADDRESS = {"ipv4": "ipv4_addr", "ipv6": "ipv6_addr"}
#: Numbers of protocols; nft 0.9.8 gives these, later ones names.
_PROTOCOLS = {6: "tcp", 17: "udp"}

#: A connection begins with this packet. One that began before its states were tracked looks new in the middle, too.
OPENING = "tcp flags & (fin|syn|rst|ack) == syn"


class Settings(NamedTuple):
    """What the kernel is told."""

    #: Of each of the four sets.
    entries: int
    #: How long a peer stays after its last connection.
    days: int
    #: Merged.
    ports: Ports


class Held(NamedTuple):
    """What the kernel has."""

    #: The kernel's number of the table. Another table of the same name has another one.
    handle: int
    #: Everything that records is there.
    whole: bool
    entries: int
    days: int
    ports: Ports
    traffic: Traffic
    #: Connections that did not fit.
    not_recorded: int
    #: Each set counts connections.
    counts: bool

    @property
    def settings(self):  # type: () -> Settings
        """What the kernel was told."""
        return Settings(self.entries, self.days, self.ports)


class TableError(Exception):
    """The table cannot be made or read."""


def create(programs, settings, counting=True):  # type: (Programs, Settings, bool) -> None
    """Makes the table anew in one transaction. Raises TableError; then nothing has changed.

    Without *counting*, the sets know whom, and not how often.
    """
    feed(programs, ["add table %s %s" % (FAMILY, TABLE), _DELETE] + _lines(settings, counting))


def add_ports(programs, ports):  # type: (Programs, Ports) -> None
    """Records these ports, which are merged, from now on; what is recorded stays. Raises TableError."""
    lines = []
    for protocol in TRANSPORTS:
        lines.append("flush set %s %s %s_ports" % (FAMILY, TABLE, protocol))
        if ports[protocol]:
            lines.append("add element %s %s %s_ports { %s }" % (FAMILY, TABLE, protocol, _listed(ports[protocol])))
    feed(programs, lines)


def delete(programs):  # type: (Programs) -> None
    """Removes the table. Raises TableError."""
    feed(programs, [_DELETE])


_DELETE = "delete table %s %s" % (FAMILY, TABLE)


def feed(programs, lines):  # type: (Programs, List[str]) -> None
    """Hands nft one transaction. Raises TableError; then nothing has changed."""
    try:
        programs.run("nft", "-f", "-", input="\n".join(lines) + "\n", timeout=SECONDS)
    except CommandError as error:
        raise TableError(str(error))


def _lines(settings, counting):  # type: (Settings, bool) -> List[str]
    lines = ["table %s %s {" % (FAMILY, TABLE)]
    for protocol in TRANSPORTS:
        lines += ["set %s_ports {" % protocol, "type inet_service", "flags interval"]
        if settings.ports[protocol]:
            lines.append("elements = { %s }" % _listed(settings.ports[protocol]))
        lines.append("}")
    for direction in DIRECTIONS:
        for family in FAMILIES:
            lines += ["set %s_%s {" % (direction, family), *set_lines(family, settings.entries, settings.days), "}"]
        lines += ["chain record_%s {" % direction, *recording(direction, counting), "}"]
        lines += ["chain %s {" % direction, *_choosing(direction), "}"]
    return lines + ["}"]


def set_lines(family, entries, days):  # type: (str, int, int) -> List[str]
    """What a set is that records peers of one family."""
    return [
        "type %s . inet_proto . inet_service" % _ADDRESS[family],
        "size %d" % entries,
        "flags dynamic,timeout",
        "timeout %dd" % days,
        "gc-interval %s" % _REMOVAL,
    ]


def recording(direction, counting):  # type: (str, bool) -> List[str]
    """The rules of a chain that records each packet, and counts what does not fit."""
    what = "meta nfproto %s update @%s_%s { %s %s . meta l4proto . th dport%s } return"
    counter = " counter" if counting else ""
    lines = [what % (family, direction, family, PREFIXES[family], PEER[direction], counter) for family in FAMILIES]  # type: List[str]
    return lines + ["counter"]


def _choosing(direction):  # type: (str) -> List[str]
    hook, priority = _BASE[direction]
    base = "type filter hook %s priority %d; policy accept;" % (hook, priority)
    goto = " goto record_" + direction
    if direction == "inbound":
        # What somebody has excluded from tracking is of no state.
        return [
            base,
            'iifname "lo" return',
            "ct state new,untracked %s tcp dport @tcp_ports%s" % (OPENING, goto),
            "ct state new,untracked udp dport @udp_ports" + goto,
        ]
    return [
        base,
        'oifname "lo" return',
        "ct state new %s%s" % (OPENING, goto),
        "ct state new meta l4proto udp" + goto,
    ]


#: How many rules each chain has.
_RULES = {"inbound": 3, "outbound": 3, "record_inbound": len(FAMILIES) + 1, "record_outbound": len(FAMILIES) + 1}


def _listed(ports):  # type: (Any) -> str
    return ", ".join(format_ports(one) for one in ports)


# What nft tells


def read(programs, now):  # type: (Programs, float) -> Optional[Held]
    """The table, None where there is none. *now*: seconds since 1970. Raises TableError."""
    try:
        if RECORD not in tables(programs, timeout=SECONDS):
            return None
        answer = programs.run("nft", "-j", "list", "table", FAMILY, TABLE, timeout=SECONDS)
    except CommandError as error:
        raise TableError(str(error))
    return parse(answer, now)


def parse(answer, now):  # type: (str, float) -> Held
    """What ``nft -j list table`` has printed. Raises TableError."""
    try:
        return _parsed(json.loads(answer)["nftables"], int(now))
    # Whatever else it is than what some version of nft prints.
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise TableError("the answer of nft cannot be read: %s %s" % (type(error).__name__, error))


def _parsed(objects, now):  # type: (List[Dict[str, Any]], int) -> Held
    handle = 0
    sets = {}  # type: Dict[str, Dict[str, Any]]
    hooks = {}  # type: Dict[str, Any]
    rules = {}  # type: Dict[str, List[List[Dict[str, Any]]]]
    for one in objects:
        if "table" in one:
            handle = int(one["table"]["handle"])
        elif "set" in one:
            sets[one["set"]["name"]] = one["set"]
        elif "chain" in one:
            hooks[one["chain"]["name"]] = one["chain"].get("hook")
        elif "rule" in one:
            rules.setdefault(one["rule"]["chain"], []).append(one["rule"]["expr"])
    names = ["%s_%s" % (direction, family) for direction in DIRECTIONS for family in FAMILIES]
    whole = (
        {name: len(found) for name, found in rules.items()} == _RULES
        and all(hooks.get(direction) == _BASE[direction][0] for direction in DIRECTIONS)
        and all(name in sets for name in names)
    )
    first = sets.get(names[0], {})
    lifetime = int(first.get("timeout", 0))
    traffic = traffic_of(sets, lifetime, now)
    return Held(
        handle=handle,
        whole=whole,
        entries=int(first.get("size", 0)),
        days=lifetime // DAY,
        ports=union({protocol: _ports(sets.get(protocol + "_ports", {})) for protocol in TRANSPORTS}),
        traffic=traffic,
        not_recorded=sum(last_counter(rules.get("record_" + direction, [])) for direction in DIRECTIONS),
        counts=all(item.connections is not None for items in traffic for item in items),
    )


def traffic_of(sets, lifetime, now):  # type: (Dict[str, Dict[str, Any]], int, int) -> Traffic
    """What the four sets have, by their names. *lifetime*: of an entry, in seconds."""
    inbound, outbound = (
        tuple(
            item
            for family in FAMILIES
            for item in _elements(sets.get("%s_%s" % (direction, family), {}), lifetime, now)
        )
        for direction in DIRECTIONS
    )
    return Traffic(inbound, outbound)


def _elements(found, lifetime, now):  # type: (Dict[str, Any], int, int) -> List[Seen]
    seen = []
    for one in found.get("elem", ()):
        element = one["elem"]
        peer, protocol, port = element["val"]["concat"]
        protocol = _PROTOCOLS.get(protocol, protocol)
        if protocol not in TRANSPORTS:
            raise ValueError("%r is no protocol" % (protocol,))
        counter = element.get("counter")
        expires = element.get("expires")
        seen.append(
            Seen(
                str(ipaddress.ip_address(peer)),
                protocol,
                int(port),
                int(counter["packets"]) if counter else None,
                # A time ahead of ours would be none of the past.
                None if expires is None else now - max(0, int(element.get("timeout", lifetime)) - int(expires)),
            )
        )
    return seen


def _ports(found):  # type: (Dict[str, Any]) -> Tuple[Tuple[int, int], ...]
    ports = []
    for one in found.get("elem", ()):
        first, last = one["range"] if isinstance(one, dict) else (one, one)
        ports.append((int(first), int(last)))
    return tuple(ports)


def last_counter(rules):  # type: (List[List[Dict[str, Any]]]) -> int
    """How many packets came to the last of *rules*."""
    counters = [part["counter"] for rule in rules[-1:] for part in rule if "counter" in part]
    return int(counters[0]["packets"]) if counters else 0

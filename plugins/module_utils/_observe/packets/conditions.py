# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluates the conditions of nftables rules for a packet: true, false, or unknown. Runs on Python 3.6."""

import ipaddress

from typing import Any, Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4, IPV6
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.members import Sets

#: By number, where nft gives one.
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", "ipv6-icmp": "icmpv6"}  # type: Dict[Any, str]

#: Family, table and chain: sets have names within a table.
Key = Tuple[str, str, str]


class Packet(NamedTuple):
    """A packet at a hook. A value of None is unknown."""

    protocol: str
    source: Any
    destination: Any
    #: A number, or the range in which the kernel will choose one.
    source_port: Any
    destination_port: Any
    #: ``new`` or ``established``, as conntrack calls it.
    state: str
    flags: FrozenSet[str]
    iif: Optional[str]
    oif: Optional[str]

    @property
    def version(self):  # type: () -> int
        """4 or 6."""
        return int(self.destination.version)


class NoMatch(Exception):
    """A rule tests a header that the packet does not have, so it does not match."""


class Conditions(object):
    """Evaluates conditions for one packet."""

    def __init__(self, sets, packet):  # type: (Sets, Packet) -> None
        self._sets = sets
        self._packet = packet

    def holds(self, match, key):  # type: (Any, Key) -> Optional[bool]
        """Whether *match* of a rule in the chain *key* is true for the packet, None if that is unknown."""
        try:
            return self._understood(match, key)
        except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError):
            # A condition of an unknown form.
            return None

    def _understood(self, match, key):  # type: (Dict[str, Any], Key) -> Optional[bool]
        try:
            value = self.value(match.get("left"))
        except NoMatch:
            return False
        operation, right = match.get("op"), match.get("right")
        if operation in ("==", "in", "!="):
            if isinstance(value, frozenset) and operation != "in":
                same = value == _words(right)  # type: Optional[bool]
            else:
                same = self.equals(value, right, key)
            return same if same is None or operation != "!=" else not same
        if isinstance(value, int) and isinstance(right, int):
            return {"<": value < right, ">": value > right, "<=": value <= right, ">=": value >= right}.get(operation)
        return None

    def value(self, left):  # type: (Any) -> Any
        """The packet's value for *left*, None if it is unknown. Raises NoMatch if the packet has no such header."""
        if not isinstance(left, dict) or len(left) != 1:
            return None
        word, value = next(iter(left.items()))
        if word == "payload":
            return self._payload(value)
        if word == "meta":
            return self._meta(value.get("key"))
        if word == "ct":
            return {"state": self._packet.state, "status": frozenset()}.get(value.get("key"))
        if word == "concat":
            values = tuple(self.value(part) for part in value)
            return None if None in values else values
        if word == "&" and isinstance(value, list) and len(value) == 2:
            flags = self.value(value[0])
            return flags & _words(value[1]) if isinstance(flags, frozenset) else None
        if word == "fib" and value.get("result") in ("oif", "oifname") and "saddr" in value.get("flags", ()):
            # The packet is taken to come in where the answer goes out.
            return True if self._packet.iif else None
        if word == "fib" and value.get("result") == "type":
            local = "daddr" if self._packet.iif else "saddr"
            return "local" if local in value.get("flags", ()) else "unicast"
        return None

    def _payload(self, payload):  # type: (Dict[str, Any]) -> Any
        packet = self._packet
        protocol, name = payload.get("protocol"), payload.get("field")
        if protocol in ("ip", "ip6"):
            if protocol != ("ip" if packet.version == 4 else "ip6"):
                raise NoMatch()
            return {
                "saddr": packet.source,
                "daddr": packet.destination,
                "protocol": packet.protocol,
                "nexthdr": packet.protocol,
                "version": packet.version,
            }.get(str(name))
        if protocol in ("tcp", "udp", "th"):
            if protocol == "th" and packet.protocol not in ("tcp", "udp") or protocol not in ("th", packet.protocol):
                raise NoMatch()
            return {"sport": packet.source_port, "dport": packet.destination_port, "flags": packet.flags}.get(str(name))
        if protocol in ("icmp", "icmpv6"):
            if protocol != packet.protocol:
                raise NoMatch()
            return ("echo-request" if packet.state == "new" else "echo-reply") if name == "type" else 0
        if protocol in ("ether", "vlan", "arp", None):
            return None
        raise NoMatch()

    def _meta(self, name):  # type: (Any) -> Any
        packet = self._packet
        four = packet.version == 4
        return {
            "l4proto": packet.protocol,
            "nfproto": IPV4 if four else IPV6,
            "protocol": "ip" if four else "ip6",
            "iif": packet.iif,
            "iifname": packet.iif,
            "oif": packet.oif,
            "oifname": packet.oif,
        }.get(name)

    def elements(self, right, key):  # type: (Any, Key) -> Optional[List[Any]]
        """The elements of a named or anonymous set, None if the set is unknown."""
        if isinstance(right, str) and right.startswith("@"):
            return self._sets.elements((key[0], key[1], right[1:]))
        if isinstance(right, dict) and "set" in right:
            return listed(right["set"])
        return None

    def equals(self, value, right, key):  # type: (Any, Any, Key) -> Optional[bool]
        """Whether *value* of a packet matches *right*, in the form of ``nft -j``. None if that is unknown."""
        if value is None:
            return None
        if isinstance(right, list):
            return _any(self.equals(value, one, key) for one in right)
        if isinstance(right, dict):
            if "elem" in right:
                return self.equals(value, right["elem"].get("val"), key)
            if "concat" in right:
                return self._concat(value, right["concat"], key)
            if "range" in right or "prefix" in right:
                return _inside(value, right)
        if _is_address(value) and isinstance(right, str) and right.startswith("@"):
            members = self._sets.members((key[0], key[1], right[1:]))
            if members is not None:
                return True if value in members else _any(self.equals(value, one, key) for one in members.others)
        elements = self.elements(right, key)
        if elements is not None:
            return _any(self.equals(value, one, key) for one in elements)
        if isinstance(right, (dict, tuple)) or (isinstance(right, str) and right.startswith("@")):
            return None
        return _same(value, right)

    def _concat(self, value, parts, key):  # type: (Any, List[Any], Key) -> Optional[bool]
        if not isinstance(value, tuple) or len(value) != len(parts):
            return None
        found = [self.equals(one, part, key) for one, part in zip(value, parts)]
        if False in found:
            return False
        return None if None in found else True


def _any(answers):  # type: (Iterable[Optional[bool]]) -> Optional[bool]
    found = list(answers)
    if True in found:
        return True
    return None if None in found else False


def listed(value):  # type: (Any) -> List[Any]
    """*value* as a list: ``nft -j`` prints a single value without one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _words(value):  # type: (Any) -> FrozenSet[str]
    """The flags in ``syn``, ``[syn, ack]`` or ``{"|": [syn, ack]}``."""
    if isinstance(value, dict):
        value = value.get("|", [])
    if isinstance(value, list):
        return frozenset(word for part in value for word in _words(part))
    return frozenset((str(value),)) if isinstance(value, str) else frozenset()


def _is_address(value):  # type: (Any) -> bool
    return isinstance(value, (ipaddress.IPv4Address, ipaddress.IPv6Address))


def _inside(value, right):  # type: (Any, Dict[str, Any]) -> Optional[bool]
    try:
        if "prefix" in right:
            network = ipaddress.ip_network("%s/%s" % (right["prefix"]["addr"], right["prefix"]["len"]), strict=False)
            return value in network if _is_address(value) else None
        first, last = right["range"]
        if isinstance(value, range):
            if last < value[0] or first > value[-1]:
                return False
            return True if first <= value[0] and value[-1] <= last else None
        if _is_address(value):
            return bool(ipaddress.ip_address(first) <= value <= ipaddress.ip_address(last))
        return int(first) <= value <= int(last) if isinstance(value, int) else None
    except (KeyError, TypeError, ValueError):
        return None


def _same(value, right):  # type: (Any, Any) -> Optional[bool]
    if isinstance(value, bool) or isinstance(right, bool):
        return value is right
    if isinstance(value, frozenset):
        return bool(value & _words(right))
    if _is_address(value):
        try:
            return bool(value == ipaddress.ip_address(right))
        except ValueError:
            return None
    if isinstance(value, range):
        return None if right in value else False
    if isinstance(value, int):
        return value == right if isinstance(right, int) else None
    right = _PROTOCOLS.get(right, right)
    if isinstance(right, str) and right.endswith("*"):
        return bool(value.startswith(right[:-1]))
    return bool(value == right)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a ruleset of nftables does to one packet, as far as that can be known. Runs on Python 3.6.

Reads what ``nft -j list ruleset`` says. Where a rule asks for what is not known of a packet, such as a mark or a rate,
both ways are followed: the answer is then that nobody knows, and names the rule.
"""

import ipaddress

from typing import Any, Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._packets.members import Members

ACCEPT = "accept"
DROP = "drop"
REJECT = "reject"
UNKNOWN = "unknown"
DECISIONS = (ACCEPT, DROP, REJECT, UNKNOWN)

#: Statements that neither decide nor keep a rule from deciding.
_HARMLESS = frozenset(
    ("counter", "log", "comment", "mangle", "notrack", "ct helper", "ct timeout", "snat", "masquerade")
)
_ELSEWHERE = frozenset(("dnat", "redirect", "tproxy", "queue", "synproxy", "fwd", "dup"))

#: By number, where nft gives one.
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6", "ipv6-icmp": "icmpv6"}  # type: Dict[Any, str]


class Packet(NamedTuple):
    """As it stands at a hook. What is None is not known."""

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
        return int(self.destination.version)


class Place(NamedTuple):
    """A rule: where it stands; without a handle, the policy of its chain."""

    family: str
    table: str
    chain: str
    handle: Optional[int] = None


class Decision(NamedTuple):
    decision: str
    #: What refuses, or may refuse.
    place: Optional[Place] = None


class _NoMatch(Exception):
    """A rule asks for a header that the packet does not have."""


class _Chain(object):
    def __init__(self, properties):  # type: (Dict[str, Any]) -> None
        self.hook = properties.get("hook")
        self.policy = properties.get("policy", ACCEPT)
        self.device = properties.get("dev")
        self.rules = []  # type: List[Dict[str, Any]]


_Key = Tuple[str, str, str]


class Ruleset(object):
    def __init__(self, objects):  # type: (Iterable[Dict[str, Any]]) -> None
        """*objects*: the list in nft's answer."""
        self._chains = {}  # type: Dict[_Key, _Chain]
        self._sets = {}  # type: Dict[_Key, List[Any]]
        self._members = {}  # type: Dict[_Key, Members]
        for one in objects:
            if "chain" in one:
                chain = one["chain"]
                self._chains[(chain["family"], chain["table"], chain["name"])] = _Chain(chain)
            elif "rule" in one:
                rule = one["rule"]
                key = (rule["family"], rule["table"], rule["chain"])
                if key in self._chains:
                    self._chains[key].rules.append(rule)
            elif "set" in one or "map" in one:
                found = one.get("set") or one["map"]
                self._sets[(found["family"], found["table"], found["name"])] = found.get("elem", [])

    def decide(self, packet, hooks):  # type: (Packet, Iterable[str]) -> Decision
        """What becomes of *packet* in the base chains of *hooks*: the one that refuses decides."""
        families = ("inet", "ip" if packet.version == 4 else "ip6")
        doubt = None
        for key, chain in sorted(self._chains.items()):
            if chain.hook not in hooks or (key[0] not in families and not _on_device(key[0], chain, packet)):
                continue
            found = _Walk(self, packet).base(key)
            if found.decision in (DROP, REJECT):
                return found
            if found.decision == UNKNOWN:
                doubt = doubt or found
        return doubt or Decision(ACCEPT)

    @property
    def chains(self):  # type: () -> Dict[_Key, _Chain]
        return self._chains

    def elements(self, key):  # type: (_Key) -> Optional[List[Any]]
        """Of a set with a name, as nft lists them; None where there is none."""
        return self._sets.get(key)

    def members(self, key):  # type: (_Key) -> Optional[Members]
        """The same for questions about addresses."""
        if key in self._sets and key not in self._members:
            self._members[key] = Members(self._sets[key])
        return self._members.get(key)


def _on_device(family, chain, packet):  # type: (str, _Chain, Packet) -> bool
    return family == "netdev" and chain.hook == "ingress" and packet.iif in _listed(chain.device)


class _Walk(object):
    """One packet's way through the chains. Each chain is walked once."""

    def __init__(self, ruleset, packet):  # type: (Ruleset, Packet) -> None
        self._ruleset = ruleset
        self._chains = ruleset.chains
        self._packet = packet
        self._done = {}  # type: Dict[_Key, Tuple[List[Decision], bool]]

    def base(self, key):  # type: (_Key) -> Decision
        possible, through = self._chain(key)
        if through:
            possible = possible + [Decision(self._chains[key].policy, Place(*key))]
        refusals = [one for one in possible if one.decision != ACCEPT]
        if not refusals:
            return Decision(ACCEPT)
        if len(refusals) == len(possible) and all(one.decision != UNKNOWN for one in refusals):
            return refusals[0]
        return Decision(UNKNOWN, refusals[0].place)

    def _chain(self, key):  # type: (_Key) -> Tuple[List[Decision], bool]
        """What may be decided in a chain, and whether it may end without a decision."""
        if key not in self._done:
            # nft lets no chain call itself; should one, it decides nothing.
            self._done[key] = ([], True)
            self._done[key] = self._walk(key)
        return self._done[key]

    def _walk(self, key):  # type: (_Key) -> Tuple[List[Decision], bool]
        if key not in self._chains:
            return [Decision(UNKNOWN, Place(*key))], True
        possible = []  # type: List[Decision]
        may_return = False
        for rule in self._chains[key].rules:
            place = Place(*key, handle=rule.get("handle"))
            matches, ends = self._rule(rule.get("expr", []), key, place)
            if matches is False:
                continue
            through = not ends
            for word, target in ends:
                if word == "return":
                    may_return = True
                elif word in ("jump", "goto"):
                    found, falls = self._chain((key[0], key[1], target))
                    possible += found
                    if falls and word == "jump":
                        through = True
                    elif falls:
                        may_return = True
                elif word == "continue":
                    through = True
                else:
                    possible.append(Decision(word, place))
            if matches and not through:
                return possible, may_return
        return possible, True

    def _rule(self, expressions, key, place):
        # type: (List[Any], _Key, Place) -> Tuple[Optional[bool], List[Tuple[str, str]]]
        """Whether a rule matches, None where nobody knows, and what it then may do."""
        matches = True  # type: Optional[bool]
        ends = []  # type: List[Tuple[str, str]]
        for expression in expressions:
            word, value = next(iter(expression.items())) if isinstance(expression, dict) and expression else ("", None)
            if word in (ACCEPT, DROP, REJECT, "return", "continue"):
                ends.append((word, ""))
            elif word in ("jump", "goto"):
                ends.append((word, value["target"]))
            elif word in _ELSEWHERE:
                ends.append((UNKNOWN, ""))
            elif word == "vmap":
                known, found = self._lookup(value, key)
                ends += found
                matches = matches if known else None
                if known and not found:
                    return False, []
            elif word == "match":
                one = self._match(value, key)
                if one is False:
                    return False, []
                matches = None if one is None else matches
            elif word not in _HARMLESS:
                matches = None
        return matches, ends

    def _lookup(self, vmap, key):  # type: (Dict[str, Any], _Key) -> Tuple[bool, List[Tuple[str, str]]]
        """Whether it is known which verdicts of a map apply, and those."""
        data = vmap.get("data")
        pairs = self._elements(data, key)
        try:
            value = self._value(vmap.get("key"))
        except _NoMatch:
            return True, []
        found = []
        known = pairs is not None
        for pair in pairs or ():
            if not isinstance(pair, list) or len(pair) != 2:
                known = False
                continue
            matches = self._equals(value, pair[0], key)
            if matches is False:
                continue
            word, target = next(iter(pair[1].items()))
            end = (word, target["target"] if target else "")
            if matches:
                return True, [end]
            found.append(end)
            known = False
        return known, found

    def _match(self, match, key):  # type: (Any, _Key) -> Optional[bool]
        try:
            return self._understood(match, key)
        except (AttributeError, KeyError, TypeError, ValueError):
            # Of another form than any that is known.
            return None

    def _understood(self, match, key):  # type: (Dict[str, Any], _Key) -> Optional[bool]
        try:
            value = self._value(match.get("left"))
        except _NoMatch:
            return False
        operation, right = match.get("op"), match.get("right")
        if operation in ("==", "in", "!="):
            if isinstance(value, frozenset) and operation != "in":
                same = value == _words(right)  # type: Optional[bool]
            else:
                same = self._equals(value, right, key)
            return same if same is None or operation != "!=" else not same
        if isinstance(value, int) and isinstance(right, int):
            return {"<": value < right, ">": value > right, "<=": value <= right, ">=": value >= right}.get(operation)
        return None

    def _value(self, left):  # type: (Any) -> Any
        """What the packet has there; None where that is not known. Raises _NoMatch where it has no such thing."""
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
            values = tuple(self._value(part) for part in value)
            return None if None in values else values
        if word == "&" and isinstance(value, list) and len(value) == 2:
            flags = self._value(value[0])
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
                raise _NoMatch()
            return {
                "saddr": packet.source,
                "daddr": packet.destination,
                "protocol": packet.protocol,
                "nexthdr": packet.protocol,
                "version": packet.version,
            }.get(str(name))
        if protocol in ("tcp", "udp", "th"):
            if protocol == "th" and packet.protocol not in ("tcp", "udp") or protocol not in ("th", packet.protocol):
                raise _NoMatch()
            return {"sport": packet.source_port, "dport": packet.destination_port, "flags": packet.flags}.get(str(name))
        if protocol in ("icmp", "icmpv6"):
            if protocol != packet.protocol:
                raise _NoMatch()
            return ("echo-request" if packet.state == "new" else "echo-reply") if name == "type" else 0
        if protocol in ("ether", "vlan", "arp", None):
            return None
        raise _NoMatch()

    def _meta(self, name):  # type: (Any) -> Any
        packet = self._packet
        four = packet.version == 4
        return {
            "l4proto": packet.protocol,
            "nfproto": "ipv4" if four else "ipv6",
            "protocol": "ip" if four else "ip6",
            "iif": packet.iif,
            "iifname": packet.iif,
            "oif": packet.oif,
            "oifname": packet.oif,
        }.get(name)

    def _elements(self, right, key):  # type: (Any, _Key) -> Optional[List[Any]]
        """The members of a set, named or not; None where it is none that is known."""
        if isinstance(right, str) and right.startswith("@"):
            return self._ruleset.elements((key[0], key[1], right[1:]))
        if isinstance(right, dict) and "set" in right:
            return _listed(right["set"])
        return None

    def _equals(self, value, right, key):  # type: (Any, Any, _Key) -> Optional[bool]
        if value is None:
            return None
        if isinstance(right, list):
            return _any(self._equals(value, one, key) for one in right)
        if isinstance(right, dict):
            if "elem" in right:
                return self._equals(value, right["elem"].get("val"), key)
            if "concat" in right:
                return self._concat(value, right["concat"], key)
            if "range" in right or "prefix" in right:
                return _inside(value, right)
        if _is_address(value) and isinstance(right, str) and right.startswith("@"):
            members = self._ruleset.members((key[0], key[1], right[1:]))
            if members is not None:
                return True if value in members else _any(self._equals(value, one, key) for one in members.others)
        elements = self._elements(right, key)
        if elements is not None:
            return _any(self._equals(value, one, key) for one in elements)
        if isinstance(right, (dict, tuple)) or (isinstance(right, str) and right.startswith("@")):
            return None
        return _same(value, right)

    def _concat(self, value, parts, key):  # type: (Any, List[Any], _Key) -> Optional[bool]
        if not isinstance(value, tuple) or len(value) != len(parts):
            return None
        found = [self._equals(one, part, key) for one, part in zip(value, parts)]
        if False in found:
            return False
        return None if None in found else True


def _any(answers):  # type: (Iterable[Optional[bool]]) -> Optional[bool]
    found = list(answers)
    if True in found:
        return True
    return None if None in found else False


def _listed(value):  # type: (Any) -> List[Any]
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

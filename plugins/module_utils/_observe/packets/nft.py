# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluates a ruleset of nftables for one packet, as far as possible. Runs on Python 3.6.

Takes the output of ``nft -j list ruleset``. If a rule tests what is unknown of a packet, such as a mark or a rate,
both branches are evaluated: the decision can then be unknown, and names the rule.
"""

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.conditions import (
    Conditions,
    Key,
    NoMatch,
    Packet,
    listed,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.members import Sets

ACCEPT = "accept"
DROP = "drop"
REJECT = "reject"
UNKNOWN = "unknown"
DECISIONS = (ACCEPT, DROP, REJECT, UNKNOWN)

#: Statements that neither decide nor keep a rule from deciding.
_HARMLESS = frozenset(
    ("counter", "log", "comment", "mangle", "notrack", "ct helper", "ct timeout", "snat", "masquerade")
)
#: Statements that may keep a rule from deciding, and decide nothing themselves.
_CONDITIONS = frozenset(("limit", "quota", "ct count", "meter", "set", "map", "last", "secmark", "flow", "reset"))
_ELSEWHERE = frozenset(("dnat", "redirect", "tproxy", "queue", "synproxy", "fwd", "dup"))


class Place(NamedTuple):
    """The place of a rule, or of the policy of a chain, which has no handle."""

    family: str
    table: str
    chain: str
    handle: Optional[int] = None


class Decision(NamedTuple):
    """``accept``, ``drop``, ``reject``, or ``unknown``, and the rule for it."""

    decision: str
    #: The rule that rejects or may reject the packet.
    place: Optional[Place] = None


#: The exceptions that an output of an unknown form can cause.
ODD = (AttributeError, IndexError, KeyError, RecursionError, StopIteration, TypeError, ValueError)


class _Chain(object):
    def __init__(self, properties):  # type: (Dict[str, Any]) -> None
        self.hook = properties.get("hook")
        policy = properties.get("policy", ACCEPT)
        self.policy = policy if policy in (ACCEPT, DROP) else UNKNOWN
        self.device = properties.get("dev")
        self.rules = []  # type: List[Dict[str, Any]]


class Ruleset(object):
    """A ruleset, to evaluate for packets. Raises ValueError for an output of an unknown form."""

    def __init__(self, objects):  # type: (Iterable[Dict[str, Any]]) -> None
        """*objects*: the list in the output of ``nft -j``."""
        self._chains = {}  # type: Dict[Key, _Chain]
        self._sets = Sets()
        for one in objects:
            try:
                self._add(one)
            except ODD as error:
                raise ValueError("nft lists an object of unknown form: %s (%s)" % (str(one)[:200], error))

    def _add(self, one):  # type: (Dict[str, Any]) -> None
        if "chain" in one:
            chain = one["chain"]
            self._chains[_key(chain, "name")] = _Chain(chain)
        elif "rule" in one:
            rule = one["rule"]
            key = _key(rule, "chain")
            if key in self._chains:
                self._chains[key].rules.append(rule)
        elif "set" in one or "map" in one:
            found = one.get("set") or one["map"]
            elements = found.get("elem", [])
            self._sets.add(_key(found, "name"), elements if isinstance(elements, list) else [elements])

    def decide(self, packet, hooks):  # type: (Packet, Iterable[str]) -> Decision
        """The decision for *packet* in the base chains of *hooks*. A chain that rejects it decides."""
        families = ("inet", "ip" if packet.version == 4 else "ip6")
        doubt = None
        for key, chain in sorted(self._chains.items()):
            if chain.hook not in hooks or (key[0] not in families and not _on_device(key[0], chain, packet)):
                continue
            found = _Walk(self._chains, self._sets, packet).base(key)
            if found.decision in (DROP, REJECT):
                return found
            if found.decision == UNKNOWN:
                doubt = doubt or found
        return doubt or Decision(ACCEPT)


def _key(content, name):  # type: (Dict[str, Any], str) -> Key
    return _text(content["family"]), _text(content["table"]), _text(content[name])


def _text(value):  # type: (Any) -> str
    if not isinstance(value, str):
        raise ValueError("a name that is no text")
    return value


def _on_device(family, chain, packet):  # type: (str, _Chain, Packet) -> bool
    return family == "netdev" and chain.hook == "ingress" and packet.iif in listed(chain.device)


class _Walk(object):
    """Evaluates the chains for one packet, each once."""

    def __init__(self, chains, sets, packet):  # type: (Dict[Key, _Chain], Sets, Packet) -> None
        self._chains = chains
        self._conditions = Conditions(sets, packet)
        self._done = {}  # type: Dict[Key, Tuple[List[Decision], bool]]

    def base(self, key):  # type: (Key) -> Decision
        """The decision of the base chain *key*."""
        possible, through = self._chain(key)
        if through:
            possible = possible + [Decision(self._chains[key].policy, Place(*key))]
        refusals = [one for one in possible if one.decision != ACCEPT]
        if not refusals:
            return Decision(ACCEPT)
        if len(refusals) == len(possible) and all(one.decision != UNKNOWN for one in refusals):
            return refusals[0]
        return Decision(UNKNOWN, refusals[0].place)

    def _chain(self, key):  # type: (Key) -> Tuple[List[Decision], bool]
        """The possible decisions of a chain, and whether the packet may reach its end."""
        if key not in self._done:
            # nft lets no chain call itself; should one, it decides nothing.
            self._done[key] = ([], True)
            self._done[key] = self._walk(key)
        return self._done[key]

    def _walk(self, key):  # type: (Key) -> Tuple[List[Decision], bool]
        if key not in self._chains:
            return [Decision(UNKNOWN, Place(*key))], True
        possible = []  # type: List[Decision]
        may_return = False
        for rule in self._chains[key].rules:
            place = Place(*key, handle=rule.get("handle"))
            try:
                matches, ends = self._rule(rule.get("expr", []), key)
            except ODD:
                # A rule of an unknown form may do anything.
                matches, ends = None, [(UNKNOWN, "")]
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

    def _rule(self, expressions, key):  # type: (List[Any], Key) -> Tuple[Optional[bool], List[Tuple[str, str]]]
        """Whether a rule matches, None if that is unknown, and what it can do then."""
        matches = True  # type: Optional[bool]
        ends = []  # type: List[Tuple[str, str]]
        strange = False
        for expression in expressions:
            word, value = next(iter(expression.items())) if isinstance(expression, dict) and expression else ("", None)
            if word in (ACCEPT, DROP, REJECT, "return", "continue"):
                ends.append((word, ""))
            elif word in ("jump", "goto"):
                ends.append((word, _text(value["target"])))
            elif word in _ELSEWHERE:
                ends.append((UNKNOWN, ""))
            elif word == "vmap":
                known, found = self._lookup(value, key)
                ends += found
                matches = matches if known else None
                if known and not found:
                    return False, []
            elif word == "match":
                one = self._conditions.holds(value, key)
                if one is False:
                    return False, []
                matches = None if one is None else matches
            elif word not in _HARMLESS:
                matches = None
                strange = strange or word not in _CONDITIONS
        if strange and not ends:
            # Such as a target of iptables that nft does not know.
            ends.append((UNKNOWN, ""))
        return matches, ends

    def _lookup(self, vmap, key):  # type: (Dict[str, Any], Key) -> Tuple[bool, List[Tuple[str, str]]]
        """Whether it is known which verdicts of a map apply, and those."""
        data = vmap.get("data")
        pairs = self._conditions.elements(data, key)
        try:
            value = self._conditions.value(vmap.get("key"))
        except NoMatch:
            return True, []
        found = []
        known = pairs is not None
        for pair in pairs or ():
            if not isinstance(pair, list) or len(pair) != 2:
                known = False
                continue
            matches = self._conditions.equals(value, pair[0], key)
            if matches is False:
                continue
            word, target = next(iter(pair[1].items()))
            end = (word, _text(target["target"]) if target else "")
            if matches:
                return True, [end]
            found.append(end)
            known = False
        return known, found

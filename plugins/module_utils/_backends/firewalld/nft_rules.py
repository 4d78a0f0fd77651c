# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our rules in what ``nft -j`` lists. Runs on Python 3.6.

Anybody can add to firewalld's table what nft has, now and in later versions. What is of another form than ours is text;
nothing here fails for any answer.
"""

import ipaddress
import json
import re

from typing import Any, Dict, Iterator, List, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.chains import (
    Chains,
    Goto,
    Jump,
    Runtime,
    Verdict,
    rule_of,
)
from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES, IPV4, IPV6, PREFIXES
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    DROP,
    ICMP,
    NAME_PREFIX,
    REFUSE,
    Rule,
)

POLICY = re.compile(r"^filter_(?:IN|OUT)_(?:policy_)?(%s[^ ]*)$" % re.escape(NAME_PREFIX))
PARTS = re.compile(r"_(?:pre|log|deny|allow|post)$")
_REFUSALS = {"icmp": IPV4, "icmpv6": IPV6}
_ADDRESSES = {prefix: family for family, prefix in PREFIXES.items()}
_ENDS = {"saddr": "source", "daddr": "destination"}
_ICMP_NAMES = {"icmp": ICMP[IPV4], "icmpv6": ICMP[IPV6], "ipv6-icmp": ICMP[IPV6]}
#: Statements that decide nothing.
_COUNTS = frozenset(("counter",))
_LOGS = frozenset(("log", "limit"))
#: What an answer of another form than any that is known leads to.
_ODD = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)


def listed(objects, kind):  # type: (Any, str) -> Iterator[Dict[str, Any]]
    """The objects of one *kind*, such as ``chain``, in the list of an answer; those with a name of text."""
    for one in objects if isinstance(objects, list) else ():
        content = one.get(kind) if isinstance(one, dict) else None
        if isinstance(content, dict) and isinstance(content.get("chain" if kind == "rule" else "name"), str):
            yield content


def parse_nft(objects):  # type: (Any) -> Runtime
    """*objects* is the list in the answer of ``nft -j list table inet firewalld``."""
    chains = Chains()
    answers = False
    for chain in listed(objects, "chain"):
        chains.add(chain["name"])
    for rule in listed(objects, "rule"):
        if rule["chain"].startswith("filter_"):
            chains.add(rule["chain"], _step(rule.get("expr")))
        if rule["chain"] == "filter_OUTPUT":
            answers = answers or _lets_answers_out(rule.get("expr"))
    sets = {}
    for one in listed(objects, "set"):
        if one["name"].startswith(NAME_PREFIX):
            elements = one.get("elem", [])
            found = elements if isinstance(elements, list) else [elements]
            sets[one["name"]] = tuple(_element(element) for element in found)
    linked = chains.reachable("filter_INPUT") | chains.reachable("filter_OUTPUT")
    policies = {}
    for name in chains.rules:
        match = POLICY.match(name)
        if match and not PARTS.search(name):
            policies[match.group(1)] = chains.policy(name, name in linked)
    return Runtime("nftables", len(chains.reachable("filter_INPUT")) > 1, FAMILIES, policies, sets, answers)


def _lets_answers_out(expression):  # type: (Any) -> bool
    try:
        if not any("accept" in part for part in expression):
            return False
        matches = [part["match"] for part in expression if "match" in part]
        return any(
            match["left"].get("ct", {}).get("key") == "state" and "established" in str(match["right"])
            for match in matches
        )
    except _ODD:
        return False


def _element(element):  # type: (Any) -> str
    """A CIDR or a range "first-last"; for what is neither, text that is no address."""
    try:
        if isinstance(element, dict) and "elem" in element:
            element = element["elem"]["val"]
        if isinstance(element, dict) and "prefix" in element:
            return "%s/%d" % (element["prefix"]["addr"], element["prefix"]["len"])
        if isinstance(element, dict) and "range" in element:
            return "-".join(element["range"])
    except _ODD:
        pass
    if not isinstance(element, str):
        return _text(element)
    return "%s/%d" % (element, 128 if ":" in element else 32)


def _step(expression):  # type: (Any) -> Any
    """A Rule, Jump, Goto, Verdict, or text; None for what only logs or counts."""
    try:
        return _understood(expression)
    except _ODD:
        return _text(expression)


def _understood(expression):  # type: (List[Dict[str, Any]]) -> Any
    matches = [part["match"] for part in expression if "match" in part]
    rest = [part for part in expression if "match" not in part and not _COUNTS.issuperset(part)]
    words = {word for part in rest for word in part}
    if not rest and not matches or "log" in words and _LOGS.issuperset(words):
        return None
    if len(rest) == 1 and len(words) == 1 and not matches:
        verdict = rest[0]
        if "jump" in verdict:
            return Jump(_name(verdict["jump"]["target"]))
        if "goto" in verdict:
            return Goto(_name(verdict["goto"]["target"]))
        for word in ("accept", "drop", "reject"):
            if word in verdict:
                return Verdict(word.upper())
    rule = _rule(matches, rest)
    return _text(expression) if rule is None else rule


def _name(value):  # type: (Any) -> str
    if not isinstance(value, str):
        raise ValueError("no name: %r" % (value,))
    return value


def _rule(matches, rest):  # type: (List[Dict[str, Any]], List[Dict[str, Any]]) -> Optional[Rule]
    found = {}  # type: Dict[str, Any]
    for match in matches:
        for key, value in _match(match):
            if found.setdefault(key, value) != value:
                return None
    if len(rest) != 1 or len(rest[0]) != 1 or "unknown" in found:
        return None
    if "accept" in rest[0]:
        return rule_of(ACCEPT, found)
    if "drop" in rest[0]:
        return rule_of(DROP, found)
    reject = rest[0].get("reject") or {}
    if reject.get("expr") != "admin-prohibited" or reject.get("type") not in _REFUSALS:
        return None
    family = _REFUSALS[reject["type"]]
    if found.setdefault("family", family) != family:
        return None
    return rule_of(REFUSE, found)


def _match(match):  # type: (Dict[str, Any]) -> List[Tuple[str, Any]]
    """What the match says about a rule: pairs of field and value."""
    left, right = match["left"], match["right"]
    if len(left) != 1:
        return [("unknown", match)]
    key = left["meta"].get("key") if "meta" in left else left.get("ct", {}).get("key")
    payload = left.get("payload", {})
    if "ct" in left:
        # firewalld 0.9 asks for new connections; established ones never get here.
        if key == "state" and match.get("op") in ("==", "in"):
            states = right.get("set", ()) if isinstance(right, dict) else right
            if set([states] if isinstance(states, str) else states) == {"new", "untracked"}:
                return []
    elif match.get("op") == "==":
        if key == "nfproto" and right in FAMILIES:
            return [("family", right)]
        if key == "l4proto" and isinstance(right, str) and right in _ICMP_NAMES:
            return [("protocol", _ICMP_NAMES[right])]
        if payload.get("field") in _ENDS and payload.get("protocol") in _ADDRESSES:
            return [
                ("family", _ADDRESSES[payload["protocol"]]),
                (_ENDS[payload["field"]], _peer(right)),
            ]
        if payload.get("field") == "dport" and payload.get("protocol") in ("tcp", "udp"):
            # Any other form, such as a set of ports, is somebody else's.
            return [("protocol", payload["protocol"]), ("ports", _ports(right))]
    return [("unknown", match)]


def _peer(value):  # type: (Any) -> str
    if isinstance(value, str) and value.startswith("@"):
        return value
    text = _element(value)
    # Raises ValueError for all other forms.
    ipaddress.ip_network(text)
    return text


def _ports(value):  # type: (Any) -> Tuple[int, int]
    first, last = value["range"] if isinstance(value, dict) else (value, value)
    if not all(isinstance(port, int) and not isinstance(port, bool) for port in (first, last)):
        raise ValueError("no port: %r" % (value,))
    return first, last


def _text(value):  # type: (Any) -> str
    """Roughly as nft would print it: for people, and to be compared, never parsed again."""
    try:
        return _words(value)
    except _ODD:
        pass
    try:
        return json.dumps(value, sort_keys=True)
    except (RecursionError, TypeError, ValueError):
        return "a rule of unknown form"


def _words(value):  # type: (Any) -> str
    if isinstance(value, dict):
        if "match" in value:
            match = value["match"]
            sign = [] if match.get("op") in ("==", "in") else [match.get("op", "")]
            return " ".join([_words(match["left"])] + sign + [_words(match["right"])])
        if "payload" in value:
            return "%s %s" % (value["payload"].get("protocol", "raw"), value["payload"].get("field", "bits"))
        return " ".join((key + " " + _words(inner)).strip() for key, inner in sorted(value.items()))
    if isinstance(value, (list, tuple)):
        return " ".join(_words(inner) for inner in value)
    return "" if value is None else str(value)

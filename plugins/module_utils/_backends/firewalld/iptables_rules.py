# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our rules in what iptables-save, ip6tables-save and ipset save print. Runs on Python 3.6.

Anybody can add to firewalld's chains what iptables has. What is of another form than ours is text; nothing here fails
for any text.
"""

import re

from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.chains import (
    Chains,
    Goto,
    Jump,
    RunningPolicy,
    Runtime,
    Verdict,
    rule_of,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.nft_rules import PARTS
from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4, IPV6
from ansible_collections.jsa.ports.plugins.module_utils._host import saved_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    DROP,
    ICMP,
    NAME_PREFIX,
    REFUSE,
    REJECT_TYPES,
    Rule,
)

#: Where firewalld's INPUT leads to: before 2.0, and since.
_ROOTS = frozenset(("INPUT_ZONES", "INPUT_POLICIES"))
_POLICY = re.compile(r"^(?:IN|OUT)_(?:policy_)?(%s[^ ]*)$" % re.escape(NAME_PREFIX))
_ANSWERS = re.compile(r"^-A OUTPUT -m conntrack --ctstate (?:[A-Z]+,)*ESTABLISHED(?:,[A-Z]+)* -j ACCEPT$")
_ICMP_NAMES = {"icmp": ICMP[IPV4], "icmpv6": ICMP[IPV6], "ipv6-icmp": ICMP[IPV6]}


def parse_iptables(ipv4, ipv6, ipsets):  # type: (str, Optional[str], str) -> Runtime
    """Output of iptables-save, ip6tables-save (filter tables) and ipset save."""
    policies = {}  # type: Dict[str, RunningPolicy]
    families = []
    answers = True
    for family, text in ((IPV4, ipv4), (IPV6, ipv6)):
        chains = _chains(text or "", family)
        # Without IPv6 in the kernel firewalld loads no rules for it.
        if not _ROOTS.intersection(chains.rules):
            continue
        families.append(family)
        answers = answers and any(_ANSWERS.match(line) for line in saved_rules.lines(text or ""))
        linked = chains.reachable("INPUT") | chains.reachable("OUTPUT")
        for chain in chains.rules:
            match = _POLICY.match(chain)
            if not match or PARTS.search(chain):
                continue
            found = chains.policy(chain, chain in linked)
            other = policies.get(match.group(1))
            if other is not None:
                target = found.target if found.target == other.target else "%s/%s" % (other.target, found.target)
                found = RunningPolicy(
                    target,
                    other.rules + found.rules,
                    other.other + tuple(text for text in found.other if text not in other.other),
                    other.linked and found.linked,
                )
            policies[match.group(1)] = found
    return Runtime("iptables", bool(families), tuple(families), policies, _sets(ipsets), answers)


def _sets(text):  # type: (str) -> Dict[str, Tuple[str, ...]]
    sets = {}  # type: Dict[str, List[str]]
    for line in saved_rules.lines(text):
        words = saved_rules.words(line)
        if words[:1] == ["create"] and len(words) > 1 and words[1].startswith(NAME_PREFIX):
            sets[words[1]] = []
        elif words[:1] == ["add"] and len(words) > 2 and words[1] in sets:
            sets[words[1]].append(_entry(words[2:]))
    return {name: tuple(entries) for name, entries in sets.items()}


def _entry(words):  # type: (List[str]) -> str
    """A CIDR; for what is none, text that is no address, such as an exception from a network."""
    if "nomatch" in words:
        return " ".join(words)
    if "/" in words[0]:
        return words[0]
    try:
        return saved_rules.network(words[0])
    except ValueError:
        return words[0]


def _chains(text, family):  # type: (str, str) -> Chains
    chains = Chains()
    for line in saved_rules.lines(text):
        words = saved_rules.words(line)
        if line.startswith(":") and words[0] != ":":
            chains.add(words[0][1:])
        elif words[:1] == ["-A"] and len(words) > 1:
            chains.add(words[1], _step(words[2:], family))
    return chains


def _step(words, family):  # type: (List[str], str) -> Any
    """A Rule, Jump, Goto, Verdict, or text; None for what only logs."""
    options = saved_rules.options(words)
    text = " ".join(words)
    try:
        step = _understood(options, family)
    except ValueError:
        step = text
    return text if step is _UNKNOWN else step


_UNKNOWN = object()


def _understood(options, family):  # type: (Dict[str, List[str]], str) -> Any
    """Takes what it understands out of *options*. Raises ValueError for a value that none of our rules has."""
    if "-g" in options:
        chain = _value(options, "-g")
        return _UNKNOWN if options else Goto(chain)
    if "-j" not in options:
        return _UNKNOWN if options else None
    target = _value(options, "-j")
    if target == "LOG":
        return None
    reject = _value(options, "--reject-with") if "--reject-with" in options else ""
    if not options:
        if target in ("ACCEPT", "DROP", "REJECT"):
            return Verdict(target)
        # Whether there is such a chain, or it is a target such as NFQUEUE, the chains say.
        return _UNKNOWN if reject or target == "RETURN" else Jump(target)
    rule = None  # type: Optional[Rule]
    if target == "ACCEPT" and not reject:
        rule = rule_of(ACCEPT, _found(options, family))
    elif target == "DROP" and not reject:
        rule = rule_of(DROP, _found(options, family))
    elif target == "REJECT" and reject == REJECT_TYPES[family]:
        rule = rule_of(REFUSE, _found(options, family))
    return _UNKNOWN if rule is None or options else rule


def _found(options, family):  # type: (Dict[str, List[str]], str) -> Dict[str, Any]
    found = {"family": family}  # type: Dict[str, Any]
    # firewalld before 1.0 asks for new connections; established ones never get here.
    if "--ctstate" in options and set(_value(options, "--ctstate").split(",")) != {"NEW", "UNTRACKED"}:
        raise ValueError("another state")
    if "-p" in options:
        protocol = _value(options, "-p")
        found["protocol"] = _ICMP_NAMES.get(protocol, protocol)
    if "--dport" in options:
        first, _colon, last = _value(options, "--dport").partition(":")
        found["ports"] = (int(first), int(last or first))
    if "--match-set" in options:
        name, way = _values(options, "--match-set", 2)
        found[{"src": "source", "dst": "destination"}.get(way, "unknown")] = "@" + name
    for end, option in (("source", "-s"), ("destination", "-d")):
        if option in options:
            if end in found:
                raise ValueError("two peers")
            found[end] = saved_rules.network(_value(options, option))
    if "unknown" in found:
        raise ValueError("a set of something else")
    return found


def _value(options, name):  # type: (Dict[str, List[str]], str) -> str
    return _values(options, name, 1)[0]


def _values(options, name, count):  # type: (Dict[str, List[str]], str, int) -> List[str]
    values = options.pop(name)
    if len(values) != count:
        raise ValueError("%s has %d values" % (name, len(values)))
    return values

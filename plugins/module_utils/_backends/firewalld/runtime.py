# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel enforces of ours, read from nftables or, where firewalld uses it, from iptables and ipset.

firewalld's own account of the runtime is what it meant to load; the kernel's is what holds. Both readers give the same
values. A rule that is none of the few kinds that we write is kept as text, so that nothing in our chains goes unseen.
Runs on Python 3.6.
"""

import ipaddress
import re
import shlex

from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError
from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES, IPV4, IPV6, PREFIXES
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    DROP,
    ICMP,
    NAME_PREFIX,
    REFUSE,
    REJECT,
    REJECT_TYPES,
    FirewalldError,
    Rule,
)


class RunningPolicy(NamedTuple):
    #: CONTINUE, REJECT or DROP.
    target: str
    #: In the order of evaluation, each with one family.
    rules: Tuple[Rule, ...]
    #: Rules that are not of ours.
    other: Tuple[str, ...]
    #: Packets get to it: its chain can be reached from the kernel's hook.
    linked: bool


class Runtime(NamedTuple):
    #: "nftables" or "iptables"
    backend: str
    #: firewalld's own chains are there: not the empty ruleset of a failed reload.
    alive: bool
    families: Tuple[str, ...]
    policies: Dict[str, RunningPolicy]
    #: Name -> entries: CIDRs, or ranges "first-last" as the kernel may show neighbors.
    sets: Dict[str, Tuple[str, ...]]
    #: What belongs to an established connection leaves the host whatever a policy says of it.
    answers_leave: bool = True


class _Chains(object):
    """The chains of one filter table, each a list of (rule or verdict or text)."""

    def __init__(self):  # type: () -> None
        self.rules = {}  # type: Dict[str, List[Any]]

    def reachable(self, start):  # type: (str) -> Set[str]
        seen = set()  # type: Set[str]
        waiting = [start]
        while waiting:
            chain = waiting.pop()
            if chain in seen or chain not in self.rules:
                continue
            seen.add(chain)
            waiting += [step.chain for step in self.rules[chain] if isinstance(step, _Jump)]
        return seen

    def policy(self, chain, linked):  # type: (str, bool) -> RunningPolicy
        flat = self._flatten(chain, 0)
        target = "CONTINUE"
        if flat and isinstance(flat[-1], _Verdict):
            target = flat.pop().target
        other = [str(step) for step in flat if not isinstance(step, Rule)]
        return RunningPolicy(target, tuple(step for step in flat if isinstance(step, Rule)), tuple(other), linked)

    def _flatten(self, chain, depth):  # type: (str, int) -> List[Any]
        flat = []  # type: List[Any]
        for step in self.rules.get(chain, ()):
            if isinstance(step, _Jump) and depth < 5:
                flat += self._flatten(step.chain, depth + 1)
            else:
                flat.append(step)
        return flat


class _Jump(NamedTuple):
    chain: str


class _Verdict(NamedTuple):
    """What happens to every packet that gets so far."""

    target: str


def read_runtime(client):  # type: (Client) -> Runtime
    """Raises FirewalldError where neither nft nor iptables-save can be asked."""
    table = client.nft_table()
    if table is not None:
        return parse_nft(table)
    ipv4 = client.iptables(IPV4)
    if ipv4 is None:
        raise FirewalldError(
            "the running rules could not be verified: neither nft nor iptables-save is on this host. Install the "
            "package nftables"
        )
    ipv6 = client.iptables(IPV6)
    sets = ""
    if client.program("ipset"):
        try:
            sets = client.ipsets()
        except CommandError:
            # No kernel module for sets: then there are none.
            sets = ""
    return parse_iptables(ipv4, ipv6, sets)


# nftables

_NFT_POLICY = re.compile(r"^filter_(?:IN|OUT)_(?:policy_)?(%s[^ ]*)$" % re.escape(NAME_PREFIX))
_PARTS = re.compile(r"_(?:pre|log|deny|allow|post)$")
_NFT_VERDICTS = frozenset(("accept", "drop", "reject", "jump", "goto", "return"))
_NFT_REFUSALS = {"icmp": IPV4, "icmpv6": IPV6}
_NFT_ADDRESSES = {prefix: family for family, prefix in PREFIXES.items()}
_NFT_ENDS = {"saddr": "source", "daddr": "destination"}
_ICMP_NAMES = {"icmp": ICMP[IPV4], "icmpv6": ICMP[IPV6], "ipv6-icmp": ICMP[IPV6]}


def parse_nft(objects):  # type: (List[Dict[str, Any]]) -> Runtime
    """*objects* is the list in the answer of ``nft -j list table inet firewalld``."""
    chains = _Chains()
    sets = {}  # type: Dict[str, Tuple[str, ...]]
    for one in objects:
        if "chain" in one:
            chains.rules.setdefault(one["chain"]["name"], [])
        elif "rule" in one and one["rule"]["chain"].startswith("filter_"):
            step = _nft_step(one["rule"].get("expr", []))
            if step is not None:
                chains.rules.setdefault(one["rule"]["chain"], []).append(step)
        elif "set" in one and one["set"]["name"].startswith(NAME_PREFIX):
            sets[one["set"]["name"]] = tuple(_nft_element(element) for element in one["set"].get("elem", ()))
    linked = chains.reachable("filter_INPUT") | chains.reachable("filter_OUTPUT")
    answers = any(_lets_answers_out(one["rule"]) for one in objects if "rule" in one)
    policies = {}
    for chain in chains.rules:
        match = _NFT_POLICY.match(chain)
        if match and not _PARTS.search(chain):
            policies[match.group(1)] = chains.policy(chain, chain in linked)
    return Runtime("nftables", len(chains.reachable("filter_INPUT")) > 1, FAMILIES, policies, sets, answers)


def _lets_answers_out(rule):  # type: (Dict[str, Any]) -> bool
    expression = rule.get("expr", [])
    if rule["chain"] != "filter_OUTPUT" or not any("accept" in part for part in expression):
        return False
    matches = [part["match"] for part in expression if "match" in part]
    return any(
        match["left"].get("ct", {}).get("key") == "state" and "established" in str(match["right"]) for match in matches
    )


def _nft_element(element):  # type: (Any) -> str
    if isinstance(element, dict) and "elem" in element:
        element = element["elem"]["val"]
    if isinstance(element, dict) and "prefix" in element:
        return "%s/%d" % (element["prefix"]["addr"], element["prefix"]["len"])
    if isinstance(element, dict) and "range" in element:
        return "-".join(element["range"])
    return "%s/%d" % (element, 128 if ":" in element else 32)


def _nft_step(expression):  # type: (List[Dict[str, Any]]) -> Any
    """A Rule, _Jump, _Verdict, or text; None for what only logs or counts."""
    matches = [part["match"] for part in expression if "match" in part]
    rest = [part for part in expression if "match" not in part and "counter" not in part]
    if any("log" in part for part in rest) and not any(set(part) & _NFT_VERDICTS for part in rest):
        return None
    if len(rest) == 1 and not matches:
        verdict = rest[0]
        for word in ("jump", "goto"):
            if word in verdict:
                return _Jump(verdict[word]["target"])
        if "reject" in verdict:
            return _Verdict("REJECT")
        for word in ("drop", "accept"):
            if word in verdict:
                return _Verdict(word.upper())
    rule = _nft_rule(matches, rest)
    return _nft_text(expression) if rule is None else rule


def _nft_text(value):  # type: (Any) -> str
    """Roughly as nft would print it: for people, never parsed again."""
    if isinstance(value, dict):
        if "match" in value:
            match = value["match"]
            sign = [] if match.get("op") in ("==", "in") else [match.get("op", "")]
            return " ".join([_nft_text(match["left"])] + sign + [_nft_text(match["right"])])
        if "payload" in value:
            return "%s %s" % (value["payload"].get("protocol", "raw"), value["payload"].get("field", "bits"))
        return " ".join((key + " " + _nft_text(inner)).strip() for key, inner in sorted(value.items()))
    if isinstance(value, (list, tuple)):
        return " ".join(_nft_text(inner) for inner in value)
    return "" if value is None else str(value)


def _nft_rule(matches, rest):  # type: (List[Dict[str, Any]], List[Dict[str, Any]]) -> Optional[Rule]
    found = {}  # type: Dict[str, Any]
    for match in matches:
        for key, value in _nft_match(match):
            if found.setdefault(key, value) != value:
                return None
    if len(rest) != 1 or "unknown" in found:
        return None
    if "accept" in rest[0]:
        return _rule_of(ACCEPT, found)
    if "drop" in rest[0]:
        return _rule_of(DROP, found)
    reject = rest[0].get("reject") or {}
    if reject.get("expr") != "admin-prohibited" or reject.get("type") not in _NFT_REFUSALS:
        return None
    family = _NFT_REFUSALS[reject["type"]]
    if found.setdefault("family", family) != family:
        return None
    return _rule_of(REFUSE, found)


def _rule_of(action, found):  # type: (str, Dict[str, Any]) -> Optional[Rule]
    """The rule that matches what was *found*; without a family it holds for both."""
    protocol = found.get("protocol")
    # We name one end of a packet's way, never both.
    if protocol is None or ("source" in found and "destination" in found):
        return None
    if action == REFUSE and "source" in found:
        action = REJECT
    if action == DROP and "source" not in found:
        return None
    for family in FAMILIES:
        if protocol == ICMP[family]:
            found.setdefault("family", family)
    return Rule(
        action, found.get("family"), protocol, found.get("ports"), found.get("source"), found.get("destination")
    )


def _nft_match(match):  # type: (Dict[str, Any]) -> List[Tuple[str, Any]]
    """What the match says about a rule: pairs of field and value."""
    left, right = match["left"], match["right"]
    key = left["meta"].get("key") if "meta" in left else left.get("ct", {}).get("key")
    payload = left.get("payload", {})
    if key == "state":
        # firewalld 0.9 asks for new connections; established ones never get here.
        states = right.get("set", right) if isinstance(right, dict) else right
        if set([states] if isinstance(states, str) else states) == {"new", "untracked"}:
            return []
    elif match.get("op") == "==":
        if key == "nfproto" and right in FAMILIES:
            return [("family", right)]
        if key == "l4proto" and isinstance(right, str) and right in _ICMP_NAMES:
            return [("protocol", _ICMP_NAMES[right])]
        if payload.get("field") in _NFT_ENDS and payload.get("protocol") in _NFT_ADDRESSES:
            address = right if isinstance(right, str) and right.startswith("@") else _nft_element(right)
            return [("family", _NFT_ADDRESSES[payload["protocol"]]), (_NFT_ENDS[payload["field"]], address)]
        if payload.get("field") == "dport" and payload.get("protocol") in ("tcp", "udp"):
            # Any other form, such as a set of ports, is somebody else's.
            ports = right.get("range") if isinstance(right, dict) else (right, right)
            if ports is not None:
                return [("protocol", payload["protocol"]), ("ports", tuple(ports))]
    return [("unknown", match)]


# iptables

#: Where firewalld's INPUT leads to: before 2.0, and since.
_IPT_ROOTS = frozenset(("INPUT_ZONES", "INPUT_POLICIES"))
_IPT_POLICY = re.compile(r"^(?:IN|OUT)_(?:policy_)?(%s[^ ]*)$" % re.escape(NAME_PREFIX))


_IPT_ANSWERS = re.compile(
    r"^-A OUTPUT -m conntrack --ctstate (?:[A-Z]+,)*ESTABLISHED(?:,[A-Z]+)* -j ACCEPT$", re.MULTILINE
)


def parse_iptables(ipv4, ipv6, ipsets):  # type: (str, Optional[str], str) -> Runtime
    """Output of iptables-save, ip6tables-save (filter tables) and ipset save."""
    policies = {}  # type: Dict[str, RunningPolicy]
    families = []
    answers = True
    for family, text in ((IPV4, ipv4), (IPV6, ipv6)):
        chains = _ipt_chains(text or "", family)
        # Without IPv6 in the kernel firewalld loads no rules for it.
        if not _IPT_ROOTS.intersection(chains.rules):
            continue
        families.append(family)
        answers = answers and bool(_IPT_ANSWERS.search(text or ""))
        linked = chains.reachable("INPUT") | chains.reachable("OUTPUT")
        for chain in chains.rules:
            match = _IPT_POLICY.match(chain)
            if not match or _PARTS.search(chain):
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
    sets = {}  # type: Dict[str, List[str]]
    for line in ipsets.splitlines():
        words = line.split()
        if words[:1] == ["create"] and words[1].startswith(NAME_PREFIX):
            sets[words[1]] = []
        elif words[:1] == ["add"] and words[1] in sets:
            entry = words[2]
            sets[words[1]].append(entry if "/" in entry else str(ipaddress.ip_network(entry)))
    return Runtime(
        "iptables",
        bool(families),
        tuple(families),
        policies,
        {name: tuple(entries) for name, entries in sets.items()},
        answers,
    )


def _ipt_chains(text, family):  # type: (str, str) -> _Chains
    chains = _Chains()
    for line in text.splitlines():
        if line.startswith(":"):
            chains.rules.setdefault(line[1:].split()[0], [])
        elif line.startswith("-A "):
            words = shlex.split(line)
            step = _ipt_step(words[2:], family)
            if step is not None:
                chains.rules.setdefault(words[1], []).append(step)
    return chains


def _ipt_step(words, family):  # type: (List[str], str) -> Any
    options = {}  # type: Dict[str, List[str]]
    key = ""
    for word in words:
        if word.startswith("-"):
            key = word
            options.setdefault(key, [])
        elif key:
            options[key].append(word)
    target = options.pop("-j", options.pop("-g", [""]))[0]
    if not options and target.isupper() and target in ("ACCEPT", "DROP"):
        return _Verdict(target)
    if not options and target and target not in ("REJECT", "RETURN", "LOG"):
        return _Jump(target)
    reject = options.pop("--reject-with", [""])[0]
    if not options and target == "REJECT":
        return _Verdict("REJECT")
    if target == "LOG":
        return None
    options.pop("-m", None)
    found = {"family": family}  # type: Dict[str, Any]
    if options.get("--ctstate", [""])[0].split(",") in (["NEW", "UNTRACKED"], ["UNTRACKED", "NEW"]):
        options.pop("--ctstate")
    protocol = options.pop("-p", [""])[0]
    if "--dport" in options:
        first, _colon, last = options.pop("--dport")[0].partition(":")
        found["ports"] = (int(first), int(last or first))
    matched = options.get("--match-set", ["", ""])[1]
    for end, option, word in (("source", "-s", "src"), ("destination", "-d", "dst")):
        if matched == word:
            found[end] = "@" + options.pop("--match-set")[0]
        elif option in options:
            found[end] = str(ipaddress.ip_network(options.pop(option)[0]))
    found["protocol"] = _ICMP_NAMES.get(protocol, protocol) or None
    text = " ".join(words)
    if options or "!" in words:
        return text
    if target == "ACCEPT":
        return _rule_of(ACCEPT, found) or text
    if target == "DROP":
        return _rule_of(DROP, found) or text
    if target == "REJECT" and reject == REJECT_TYPES[family]:
        return _rule_of(REFUSE, found) or text
    return text

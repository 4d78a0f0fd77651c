# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table that records what rules would refuse which are not enforced. Runs on Python 3.6.

It has the rules of a host once more, as far as to tell whom they accept, and decides on no packet. Its chains come
behind every filter: what gets so far was accepted, so it is what enforcing the rules would end. Whom the site's own
rules refuse never gets here, and neither does a scan that they stop.

When the rules change, the chains are replaced in one transaction, and what the sets have recorded stays. The comment
of the first rule has the rules' digest and the time since when there is a record.
"""

import hashlib
import json

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES, PREFIXES
from ansible_collections.jsa.ports.plugins.module_utils._host.nftables import STAGED, tables
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError, Programs
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.model import Traffic
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.table import (
    DAY,
    DIRECTIONS,
    OPENING,
    PEER,
    SECONDS,
    TableError,
    feed,
    last_counter,
    recording,
    set_lines,
    traffic_of,
)
from ansible_collections.jsa.ports.plugins.module_utils._ports import (
    TRANSPORTS,
    PortRange,
    format_ports,
    merge_ranges,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import spans
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    CONTINUE,
    POLICY_IN,
    POLICY_OUT,
    REFUSE,
    Policy,
    Rule,
    Ruleset,
    by_family,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.spans import networks

FAMILY, TABLE = STAGED

#: Of each of the four sets, and how long a peer stays after its last connection.
ENTRIES, DAYS = 65535, 30

#: Behind every filter (0, of firewalld 10, and 50), and before addresses are translated (100).
_PRIORITY = 90
_HOOKS = {"inbound": ("input", "iifname"), "outbound": ("output", "oifname")}
_POLICIES = {"inbound": POLICY_IN, "outbound": POLICY_OUT}
_MARK = "jsa.ports"


class Staged(NamedTuple):
    """What the kernel has."""

    #: Since when there is a record, in seconds since 1970; None where somebody has taken the rules away.
    since: Optional[int]
    #: Which rules it records by; empty where something is missing.
    digest: str
    traffic: Traffic
    #: Connections that did not fit.
    not_recorded: int


class _Lines(NamedTuple):
    """Chain -> its rules, but for the first one of the chains at the hooks."""

    chains: Dict[str, List[str]]

    @property
    def digest(self):  # type: () -> str
        """Of another form or of other rules, it is another one. It ends in the number of rules."""
        text = json.dumps(self.chains, sort_keys=True)
        number = sum(len(rules) for rules in self.chains.values())
        return "%s-%d" % (hashlib.sha256(text.encode("ascii")).hexdigest()[:16], number)


def digest_of(ruleset):  # type: (Ruleset) -> str
    """What the table has whose rules are made of *ruleset*."""
    return _lines(ruleset, True).digest


def write(programs, ruleset, since, missed=0):  # type: (Programs, Ruleset, int, int) -> None
    """Records from now on what *ruleset* would refuse. What is recorded stays. Raises TableError.

    *since*: since when there is a record, in seconds since 1970. *missed*: how many connections have not fit.
    """
    try:
        feed(programs, _commands(ruleset, since, missed, True))
    except TableError:
        # Somebody else's table of this name, or an older nft or kernel, without counters in sets.
        delete(programs)
        try:
            feed(programs, _commands(ruleset, since, missed, True))
        except TableError:
            feed(programs, _commands(ruleset, since, missed, False))


def delete(programs):  # type: (Programs) -> bool
    """Removes the table. Whether there was one. Raises TableError."""
    try:
        if STAGED not in tables(programs, timeout=SECONDS):
            return False
        feed(programs, ["delete table %s %s" % STAGED])
    except CommandError as error:
        raise TableError(str(error))
    return True


def _commands(ruleset, since, missed, counting):  # type: (Ruleset, int, int, bool) -> List[str]
    """One transaction, whatever is there before."""
    place = "%s %s" % STAGED
    # The digest is that of the rules as they should be: where the kernel cannot count, that is no other rule.
    digest, lines = digest_of(ruleset), _lines(ruleset, counting)
    found = ["add table %s" % place]
    for direction in DIRECTIONS:
        for family in FAMILIES:
            body = " ".join(line + ";" for line in set_lines(family, ENTRIES, DAYS))
            found.append("add set %s %s_%s { %s }" % (place, direction, family, body))
    for chain in lines.chains:
        base = ""
        if chain in _HOOKS:
            base = " { type filter hook %s priority %d; policy accept; }" % (_HOOKS[chain][0], _PRIORITY)
        found += ["add chain %s %s%s" % (place, chain, base), "flush chain %s %s" % (place, chain)]
    for chain, rules in lines.chains.items():
        for number, rule in enumerate(rules):
            more = ""
            if chain == DIRECTIONS[0] and number == 0:
                more = ' comment "%s %d %s"' % (_MARK, since, digest)
            elif missed and chain == "record_" + DIRECTIONS[0] and number == len(rules) - 1:
                more = " packets %d bytes 0" % missed
            found.append("add rule %s %s %s%s" % (place, chain, rule, more))
    return found


def _lines(ruleset, counting):  # type: (Ruleset, bool) -> _Lines
    chains = {}  # type: Dict[str, List[str]]
    # A chain has to be there before a rule names it.
    for direction in DIRECTIONS:
        chains["record_" + direction] = recording(direction, counting)
        chains["decide_" + direction] = _deciding(ruleset, direction)
    for direction in DIRECTIONS:
        # What somebody has excluded from tracking is of no state; of what leaves the host, most of that are answers.
        state = "ct state new,untracked" if direction == "inbound" else "ct state new"
        goto = " goto decide_" + direction
        chains[direction] = [
            '%s "lo" return' % _HOOKS[direction][1],
            "%s %s%s" % (state, OPENING, goto),
            "%s meta l4proto udp%s" % (state, goto),
        ]
    return _Lines(chains)


def _deciding(ruleset, direction):  # type: (Ruleset, str) -> List[str]
    """A packet that *ruleset* accepts, or does not decide on, comes back; one that it refuses is recorded."""
    policy = ruleset.policies.get(_POLICIES[direction])
    if policy is None:
        return []
    record = "goto record_" + direction
    found = _matching(ruleset, policy, ACCEPT, direction, "return")
    if policy.target != CONTINUE:
        return found + [record]
    return found + _matching(ruleset, policy, REFUSE, direction, record)


def _matching(ruleset, policy, action, direction, verdict):  # type: (Ruleset, Policy, str, str, str) -> List[str]
    """As few rules as match what those of *policy* with the *action* match."""
    groups = {}  # type: Dict[Tuple[str, str, str], List[PortRange]]
    for whole in policy.rules:
        for rule in by_family([whole]) if whole.action == action and whole.protocol in TRANSPORTS else ():
            peer = _peer(ruleset, rule, direction)
            if peer is not None and rule.ports is not None:
                groups.setdefault((str(rule.family), rule.protocol, peer), []).append(rule.ports)
    return [
        "meta nfproto %s %s%s dport { %s } %s"
        % (family, peer, protocol, ", ".join(format_ports(one) for one in merge_ranges(ports)), verdict)
        for (family, protocol, peer), ports in sorted(groups.items())
    ]


def _peer(ruleset, rule, direction):  # type: (Ruleset, Rule, str) -> Optional[str]
    """What is asked of the other end, empty where it may be anyone, None where it is nobody."""
    name = rule.source if direction == "inbound" else rule.destination
    if name is None:
        return ""
    entries = (name,)  # type: Tuple[str, ...]
    if name.startswith("@"):
        known = ruleset.sets.get(name[1:])
        entries = () if known is None else known.entries
    if not entries:
        return None
    family = str(rule.family)
    # Without neighbors and what lies in another one: a set of ranges takes none that overlap.
    return "%s %s { %s } " % (PREFIXES[family], PEER[direction], ", ".join(networks(family, spans(entries))))


def read(programs, now):  # type: (Programs, float) -> Optional[Staged]
    """The table, None where there is none. *now*: seconds since 1970. Raises TableError."""
    try:
        if STAGED not in tables(programs, timeout=SECONDS):
            return None
        answer = programs.run("nft", "-j", "list", "table", FAMILY, TABLE, timeout=SECONDS)
    except CommandError as error:
        raise TableError(str(error))
    return parse(answer, now)


def parse(answer, now):  # type: (str, float) -> Staged
    """What ``nft -j list table`` has printed. Raises TableError."""
    try:
        return _parsed(json.loads(answer)["nftables"], int(now))
    # Whatever else it is than what some version of nft prints.
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise TableError("the answer of nft cannot be read: %s %s" % (type(error).__name__, error))


def _parsed(objects, now):  # type: (List[Dict[str, Any]], int) -> Staged
    sets = {}  # type: Dict[str, Dict[str, Any]]
    hooks = {}  # type: Dict[str, Any]
    rules = {}  # type: Dict[str, List[Dict[str, Any]]]
    for one in objects:
        if "set" in one:
            sets[one["set"]["name"]] = one["set"]
        elif "chain" in one:
            hooks[one["chain"]["name"]] = one["chain"].get("hook")
        elif "rule" in one:
            rules.setdefault(one["rule"]["chain"], []).append(one["rule"])
    since, digest = _told(rules.get(DIRECTIONS[0], []))
    number = sum(len(found) for found in rules.values())
    whole = digest.endswith("-%d" % number) and all(
        hooks.get(direction) == _HOOKS[direction][0] for direction in DIRECTIONS
    )
    return Staged(
        since,
        digest if whole else "",
        traffic_of(sets, DAYS * DAY, now),
        sum(last_counter([one["expr"] for one in rules.get("record_" + name, ())]) for name in DIRECTIONS),
    )


def _told(rules):  # type: (List[Dict[str, Any]]) -> Tuple[Optional[int], str]
    words = rules[0].get("comment", "").split() if rules else []
    if len(words) != 3 or words[0] != _MARK or not words[1].isdigit():
        return None, ""
    return int(words[1]), words[2]

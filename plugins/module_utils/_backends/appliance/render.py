# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the rules of one host to the lines that the product's files get. Runs on Python 3.6.

The rules are those of the firewalld backend, so both mean the same. The product rebuilds its rules whenever it likes,
so there is no set and no chain of ours: few lines for INPUT, in the form that the product's own documents show.
"""

from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4, IPV6
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, merge_ranges
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    POLICY_IN,
    REJECT_TYPES,
    Ruleset,
    by_family,
)

#: Ours are known by their comment, whatever else the product or the kernel makes of them.
COMMENT = "jsa.ports"

#: Ports in one rule; a range takes two places.
_PLACES = 15
#: iptables takes 255 characters.
_COMMENT_MAX = 200

_REFUSAL = {family: "REJECT --reject-with " + name for family, name in REJECT_TYPES.items()}

#: Name of the file that comes before and of the one that comes behind the product's own rules.
PRE = {IPV4: "iptables.pre", IPV6: "ip6tables.pre"}
POST = {IPV4: "iptables.post", IPV6: "ip6tables.post"}

_Ports = List[Tuple[PortRange, Tuple[str, ...]]]


class _Group(NamedTuple):
    """Rules that differ in their ports only."""

    protocol: str
    source: Optional[str]


def render(ruleset, families):  # type: (Ruleset, Sequence[str]) -> Dict[str, str]
    """Name of a file -> the lines of ours in it."""
    if POLICY_IN not in ruleset.policies:
        return {}
    bodies = {}
    for family in families:
        bodies[PRE[family]] = _text(_before(ruleset, family))
        last = _last(ruleset.policies[POLICY_IN].target, family)
        if last:
            bodies[POST[family]] = _text(last)
    return bodies


def _text(lines):  # type: (List[str]) -> str
    return "".join(line + "\n" for line in lines)


def _before(ruleset, family):  # type: (Ruleset, str) -> List[str]
    """What the product's own rules must not decide on first. Our refusals spare sessions, so these come first."""
    lines = [
        _line("-i lo", "ACCEPT", ["loopback"]),
        _line("-m conntrack --ctstate RELATED,ESTABLISHED", "ACCEPT", ["established"]),
    ]
    accepted = {}  # type: Dict[_Group, _Ports]
    refused = {}  # type: Dict[_Group, _Ports]
    policy = ruleset.policies[POLICY_IN]
    for whole in policy.rules:
        for rule in by_family([whole]):
            if rule.family != family:
                continue
            groups = accepted if rule.action == ACCEPT else refused
            for source in _sources(rule.source, ruleset):
                ports = groups.setdefault(_Group(rule.protocol, source), [])
                if rule.ports is None:
                    lines.append(_line(_match(rule.protocol, source), "ACCEPT", policy.why.get(whole, ())))
                else:
                    ports.append((rule.ports, policy.why.get(whole, ())))
    for groups, target in ((accepted, "ACCEPT"), (refused, _REFUSAL[family])):
        for group in sorted(groups, key=lambda one: (one.protocol, one.source is not None, _sortable(one.source))):
            lines += _chunks(group, groups[group], target)
    return lines


def _sortable(source):  # type: (Optional[str]) -> Tuple[int, str]
    # Numbers would be nicer to read; the order only has to be the same each time.
    return len(source or ""), source or ""


def _last(target, family):  # type: (str, str) -> List[str]
    if target == "CONTINUE":
        return []
    return [_line("", _REFUSAL[family] if target == "REJECT" else "DROP", ["unlisted"])]


def _sources(source, ruleset):  # type: (Optional[str], Ruleset) -> Sequence[Optional[str]]
    if source is None or not source.startswith("@"):
        return (source,)
    return ruleset.sets[source[1:]].entries


def _chunks(group, ports, target):  # type: (_Group, _Ports, str) -> List[str]
    lines = []
    chunk = []  # type: List[PortRange]
    places = 0
    for one in merge_ranges((ports_ for ports_, _why in ports), adjacent=False):
        needs = 1 if one[0] == one[1] else 2
        if places + needs > _PLACES:
            lines.append(_chunk(group, chunk, ports, target))
            chunk, places = [], 0
        chunk.append(one)
        places += needs
    if chunk:
        lines.append(_chunk(group, chunk, ports, target))
    return lines


def _chunk(group, chunk, ports, target):  # type: (_Group, List[PortRange], _Ports, str) -> str
    texts = ["%d" % first if first == last else "%d:%d" % (first, last) for first, last in chunk]
    if len(texts) == 1:
        match = "--dport " + texts[0]
    else:
        match = "-m multiport --dports " + ",".join(texts)
    why = {
        name
        for (low, high), names in ports
        for name in names
        if any(low <= last and first <= high for first, last in chunk)
    }
    return _line("%s %s" % (_match(group.protocol, group.source), match), target, sorted(why))


def _match(protocol, source):  # type: (str, Optional[str]) -> str
    return "-s %s -p %s" % (source, protocol) if source else "-p %s" % protocol


def _line(match, target, why):  # type: (str, str, Sequence[str]) -> str
    words = ["-A INPUT"]
    if match:
        words.append(match)
    words.append('-m comment --comment "%s" -j %s' % (_comment(why), target))
    return " ".join(words)


def _comment(why):  # type: (Sequence[str]) -> str
    """As many of the names as there is room for."""
    shown = list(why)
    while len(", ".join(shown)) > _COMMENT_MAX:
        shown.pop()
    text = ", ".join(shown)
    if len(shown) < len(why):
        text += ", %d more" % (len(why) - len(shown))
    return "%s: %s" % (COMMENT, text) if text else COMMENT

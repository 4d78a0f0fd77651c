# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our accepts beside the site's denials: which of those they override, and how they leave them out.

What is left out is denied by rules of our own, before our accepts: firewalld evaluates the denials of a policy first.
Each names the addresses as the site's files have them, in a set of ours, so that our files never need anything of the
site's, which it may remove. Runs on Python 3.6.
"""

import hashlib

from typing import Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.denials import Denial, addresses_of
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports, merge_ranges, subtract
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import Guard
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    DROP,
    NAME_PREFIX,
    POLICY_IN,
    REJECT,
    AddressSet,
    Rule,
    Ruleset,
    by_family,
    rule_order,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.names import MANAGEMENT, SUFFIX
from ansible_collections.jsa.ports.plugins.module_utils._rules.spans import (
    Spans,
    common,
    everyone,
    networks,
    union,
    without,
)

#: The reason of our rules that leave something out.
DENIED = "denied_by_site"
_LABEL = "denied by %s"
_STEM = NAME_PREFIX + "deny-"
#: So much of a digest is in the name of a set: a set has 31 characters.
_DIGITS = 12


class Overridden(NamedTuple):
    """A denial that our rules override."""

    denial: Denial
    #: ``udp 514``, of what we accept although it is denied.
    what: Tuple[str, ...]


class _Region(NamedTuple):
    """Packets of one family, protocol and range of ports."""

    family: str
    protocol: str
    ports: Optional[PortRange]
    sources: Spans


def overridden(denials, ruleset):  # type: (Sequence[Denial], Ruleset) -> List[Overridden]
    """Those of *denials* that *ruleset* accepts something of, in spite of them."""
    if not denials:
        # Thousands of peers take a while to read.
        return []
    accepted = _regions(ruleset, (ACCEPT,))
    left_out = _regions(ruleset, (DROP, REJECT))
    found = []
    cuts = [(region.protocol, region.ports) for region in left_out if region.ports]
    for denial in denials:
        words = []  # type: List[str]
        for region in accepted:
            for ports in _segments(denial, region, cuts):
                denied = common(_denied(denial, region, ports), region.sources)
                for other in left_out if denied else ():
                    if other.family == region.family and _covers(other.protocol, other.ports, region.protocol, ports):
                        denied = without(denied, other.sources)
                if denied:
                    words.append(_words(region.protocol, ports))
        if words:
            found.append(Overridden(denial, tuple(sorted(set(words), key=lambda text: (len(text), text)))))
    return found


def leave_out(ruleset, denials, guard):  # type: (Ruleset, Sequence[Denial], Optional[Guard]) -> Ruleset
    """*ruleset* without what the site denies. Whom *guard* names still reaches its port."""
    policy = ruleset.policies.get(POLICY_IN)
    if policy is None or not denials:
        return ruleset
    cells = {}  # type: Dict[_Cell, List[Spans]]
    origins = {}  # type: Dict[_Cell, Set[Tuple[str, str]]]
    cut = set()  # type: Set[_Cell]
    cuts = [] if guard is None else [("tcp", (guard.port, guard.port))]
    accepted = _regions(ruleset, (ACCEPT,))
    for denial in denials:
        for region in () if denial.hindrance else accepted:
            for ports in _segments(denial, region, cuts):
                whole = denial.sources.get(region.family, [])
                denied = without(_denied(denial, region, ports), _guarded(guard, region, ports))
                if not common(denied, region.sources):
                    continue
                cell = _Cell(denial.action, region.family, region.protocol, ports)
                cells.setdefault(cell, []).append(denied)
                origins.setdefault(cell, set()).add((denial.object, denial.setting))
                if denied != whole:
                    cut.add(cell)
    rules, sets = [], dict(ruleset.sets)
    for cell, denied in cells.items():
        one = _set_of(cell, union(*denied), sorted(origins[cell]), cell in cut)
        sets[one.name] = one
        rules.append(Rule(cell.action, cell.family, cell.protocol, cell.ports, "@" + one.name))
    why = dict(policy.why)
    why.update((rule, (DENIED,)) for rule in rules)
    policy = policy._replace(rules=tuple(sorted(list(policy.rules) + rules, key=rule_order)), why=why)
    return Ruleset(dict(ruleset.policies, **{POLICY_IN: policy}), sets)


class _Cell(NamedTuple):
    action: str
    family: str
    protocol: str
    ports: Optional[PortRange]


def _set_of(cell, denied, origins, cut):  # type: (_Cell, Spans, List[Tuple[str, str]], bool) -> AddressSet
    """Ports that the same denials are about share a set. Its name outlives its entries: a reload is for new names."""
    key = (cell.action, origins, (cell.protocol, cell.ports) if cut else None)
    digest = hashlib.sha256(repr(key).encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]
    label = _LABEL % ", ".join(sorted({name for name, _setting in origins}))
    return AddressSet(_STEM + digest + SUFFIX[cell.family], cell.family, label, networks(cell.family, denied))


def _regions(ruleset, actions):  # type: (Ruleset, Tuple[str, ...]) -> List[_Region]
    """What our rules with one of *actions* are about, but for those that keep the way in open."""
    policy = ruleset.policies.get(POLICY_IN)
    found = []
    cache = {}  # type: Dict[Tuple[str, str], Spans]
    for whole in policy.rules if policy is not None else ():
        if whole.action not in actions or policy.why.get(whole) == (MANAGEMENT,):  # type: ignore[union-attr]
            continue
        for rule in by_family([whole]):
            family, source = str(rule.family), rule.source or ""
            if (family, source) not in cache:
                cache[family, source] = _sources_of(ruleset, family, source)
            if cache[family, source]:
                found.append(_Region(family, rule.protocol, rule.ports, cache[family, source]))
    return found


def _sources_of(ruleset, family, source):  # type: (Ruleset, str, str) -> Spans
    if not source:
        return everyone(family)
    known = ruleset.sets.get(source[1:]) if source.startswith("@") else None
    entries = known.entries if known is not None else [source]
    return addresses_of(entries).get(family, [])


def _segments(denial, region, cuts):
    # type: (Denial, _Region, Sequence[Tuple[str, PortRange]]) -> List[Optional[PortRange]]
    """The ports that a denial and a region share, cut where *cuts* and what is exempted begin and end."""
    if not denial.sources.get(region.family):
        return []
    if region.ports is None:
        shared = any(_covers(protocol, None, region.protocol, None) for protocol, ports in denial.what if ports is None)
        return [None] if shared else []
    ranges = []  # type: List[PortRange]
    for protocol, ports in denial.what:
        if protocol in (None, region.protocol):
            low, high = ports or region.ports
            low, high = max(low, region.ports[0]), min(high, region.ports[1])
            if low <= high:
                ranges.append((low, high))
    borders = {ports for protocol, ports in cuts if protocol == region.protocol}
    borders.update(ports for exempted in denial.exempted for _protocol, ports in exempted.what if ports)
    found = merge_ranges(ranges, adjacent=False)
    for one in sorted(borders):
        inside = [(max(low, one[0]), min(high, one[1])) for low, high in found if low <= one[1] and one[0] <= high]
        found = sorted(subtract(found, inside) + inside) if inside else found
    return list(found)


def _covers(protocol, ports, wanted_protocol, wanted_ports):
    # type: (Optional[str], Optional[PortRange], str, Optional[PortRange]) -> bool
    if protocol not in (None, wanted_protocol):
        return False
    if ports is None or wanted_ports is None:
        return ports is None
    return ports[0] <= wanted_ports[0] and wanted_ports[1] <= ports[1]


def _denied(denial, region, ports):  # type: (Denial, _Region, Optional[PortRange]) -> Spans
    """Whom the site denies these packets: not those whom it accepts first."""
    denied = denial.sources.get(region.family, [])
    for exempted in denial.exempted:
        if any(_covers(what[0], what[1], region.protocol, ports) for what in exempted.what):
            denied = without(denied, exempted.sources.get(region.family, []))
    return denied


def _guarded(guard, region, ports):  # type: (Optional[Guard], _Region, Optional[PortRange]) -> Spans
    if guard is None or region.protocol != "tcp" or ports != (guard.port, guard.port):
        return []
    return addresses_of(str(network) for network in guard.networks).get(region.family, [])


def _words(protocol, ports):  # type: (str, Optional[PortRange]) -> str
    return "icmp" if ports is None else "%s %s" % (protocol, format_ports(ports))

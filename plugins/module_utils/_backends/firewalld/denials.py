# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom the site denies what: by rich rules, by zones that drop or reject, by policies, by blocks of ICMP types.

Our policy decides before all of them but the policies of a lower priority. Direct rules and whatever else is in the
kernel beside firewalld's zones drop a packet whatever we accept, so they are not looked at. Only read, never changed.
Runs on Python 3.6.
"""

import ipaddress

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.configuration import (
    POLICY,
    ZONE,
    Configuration,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.rich import Rich, parse_rich
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.site import SiteObject
from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES, IPV4, family_of
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, parse_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import DROP, ICMP, PRIORITY, REJECT
from ansible_collections.jsa.ports.plugins.module_utils._rules.spans import Spans, common, everyone, union, without

#: Protocol and ports; None: all of them.
What = Tuple[Optional[str], Optional[PortRange]]
#: Family -> addresses.
Addresses = Dict[str, Spans]

_ALL = ((None, None),)  # type: Tuple[What, ...]
_ICMP = tuple((protocol, None) for protocol in ICMP.values())  # type: Tuple[What, ...]
_TARGETS = {"DROP": DROP, "REJECT": REJECT, "%%REJECT%%": REJECT}
_EVERYBODY = "it denies everyone"
_ICMP_TYPES = "it names ICMP types"
#: Sets of addresses alone.
_PLAIN_SETS = ("hash:ip", "hash:net")


class Exempted(NamedTuple):
    """What the site accepts before it denies."""

    what: Tuple[What, ...]
    sources: Addresses


class Denial(NamedTuple):
    """One way in which the site denies somebody something."""

    #: ``zone public``
    object: str
    #: As its user would write it.
    setting: str
    #: DROP or REJECT.
    action: str
    what: Tuple[What, ...]
    #: All that are denied, or more where ``hindrance`` says that they cannot be told by their addresses.
    sources: Addresses
    exempted: Tuple[Exempted, ...]
    #: Why our rules cannot leave it out, as a clause; empty where they can.
    hindrance: str


class _Scope(NamedTuple):
    """Whose packets get to a zone or policy."""

    sources: Addresses
    #: Why that cannot be said by addresses.
    hindrance: str
    #: Everyone gets there who is not somewhere else: what it does in the end is how the site treats strangers.
    general: bool


_EVERYONE = {family: everyone(family) for family in FAMILIES}  # type: Addresses


def find_denials(site, priority=PRIORITY):  # type: (Configuration, int) -> List[Denial]
    """All that come after a policy with *priority*."""
    found = []  # type: List[Denial]
    for one in site.objects:
        if one.name.startswith(POLICY) and one.settings.get("priority", 0) < priority:
            continue
        scope = _scope(site, one)
        if scope is not None:
            found += _denials_of(site, one, scope)
    return found


def _denials_of(site, one, scope):  # type: (Configuration, SiteObject, _Scope) -> List[Denial]
    settings = one.settings
    rules = [rule for rule in map(parse_rich, settings.get("rules_str", settings.get("rich_rules", ()))) if rule]
    accepts = [
        (rule.priority, Exempted(_what(site, rule), _common(scope.sources, _sources(site, rule)[0])))
        for rule in rules
        if rule.action == "accept" and not rule.destination and not rule.limited
    ]
    plain = Exempted(tuple(_opened(site, settings)), scope.sources)
    if plain.what:
        accepts.append((0, plain))
    found = []
    for rule in rules:
        action = _action(rule)
        if action is None:
            continue
        sources, hindrance = _sources(site, rule)
        what = _what(site, rule)
        strangers = scope.general and any(sources.get(family) == everyone(family) for family in FAMILIES)
        if strangers and what == _ALL and not rule.element and not hindrance:
            # How the site treats everyone in the end, as a zone's target is.
            continue
        hindrance = hindrance or _hindrance(rule) or scope.hindrance or (_EVERYBODY if strangers else "")
        earlier = tuple(exempted for number, exempted in accepts if number < rule.priority)
        found.append(Denial(one.name, rule.text, action, what, _common(scope.sources, sources), earlier, hindrance))
    target = _TARGETS.get(str(settings.get("target", "")))
    if target is not None and (not scope.general or one.name.startswith(POLICY)):
        setting = "target %s" % settings["target"]
        every = tuple(exempted for _number, exempted in accepts)
        hindrance = scope.hindrance or (_EVERYBODY if scope.general else "")
        found.append(Denial(one.name, setting, target, _ALL, scope.sources, every, hindrance))
    blocks = ["icmp-block " + name for name in settings.get("icmp_blocks", ())]
    if settings.get("icmp_block_inversion"):
        blocks = ["icmp-block-inversion"]
    found += [Denial(one.name, block, REJECT, _ICMP, scope.sources, (), _ICMP_TYPES) for block in blocks]
    return [denial for denial in found if denial.what and any(denial.sources.values())]


def _action(rule):  # type: (Rich) -> Optional[str]
    if rule.element == "icmp-block":
        return REJECT
    return {"drop": DROP, "reject": REJECT}.get(rule.action)


def _hindrance(rule):  # type: (Rich) -> str
    if rule.element in ("icmp-block", "icmp-type"):
        return _ICMP_TYPES
    if rule.element == "source-port":
        return "it names source ports"
    if rule.destination:
        return "it names destination addresses"
    return "it has a limit" if rule.limited else ""


def _what(site, rule):  # type: (Configuration, Rich) -> Tuple[What, ...]
    """Protocols and ports that a rule is about. Empty for what is none of our ports."""
    values = rule.values
    if rule.element in ("", "source-port"):
        return ((values.get("protocol"), None),)
    if rule.element in ("icmp-block", "icmp-type"):
        return _ICMP
    if rule.element == "port":
        return tuple(_ports([(values.get("port", ""), values.get("protocol", ""))]))
    if rule.element == "service":
        return tuple(_ports(site.service(values.get("name", ""))))
    if rule.element == "protocol":
        return ((_protocol(values.get("value", "")), None),)
    return ()


def _protocol(name):  # type: (str) -> str
    return {"icmpv6": "ipv6-icmp", "1": "icmp", "58": "ipv6-icmp", "6": "tcp", "17": "udp"}.get(name, name)


def _ports(pairs):  # type: (Iterable[Tuple[str, str]]) -> List[What]
    found = []  # type: List[What]
    for ports, protocol in pairs:
        try:
            found.append((protocol, parse_ports(ports)))
        except ValueError:
            # "any port" of a service: its protocols say it.
            continue
    return found


def _opened(site, settings):  # type: (Configuration, Dict[str, Any]) -> List[What]
    """What a zone or policy accepts from everyone who gets there."""
    found = _ports(settings.get("ports", ()))
    for name in settings.get("services", ()):
        found += _ports(site.service(name))
    return found + [(_protocol(name), None) for name in settings.get("protocols", ())]


# Addresses


def _sources(site, rule):  # type: (Configuration, Rich) -> Tuple[Addresses, str]
    """Whom a rule is about, and why that cannot be said by addresses."""
    hindrance = ""
    if rule.source is None:
        found = dict(_EVERYONE)
    elif rule.source[0] == "address":
        found = addresses_of([rule.source[1]])
    elif rule.source[0] == "ipset":
        found, hindrance = _set_addresses(site, rule.source[1])
    else:
        found, hindrance = dict(_EVERYONE), "it names a MAC address"
    if rule.inverted and not hindrance:
        found = {family: without(everyone(family), spans) for family, spans in found.items()}
    if rule.family in FAMILIES:
        found = {family: spans for family, spans in found.items() if family == rule.family}
    return found, hindrance


def _set_addresses(site, name):  # type: (Configuration, str) -> Tuple[Addresses, str]
    known = site.set(name)
    if known is None:
        return {}, "its set is not known"
    family = "ipv6" if known.options.get("family") == "inet6" else IPV4
    if known.type not in _PLAIN_SETS:
        return {family: everyone(family)}, "its set is of the type %s" % known.type
    if known.options.get("timeout", "0") != "0":
        return {family: everyone(family)}, "the entries of its set time out"
    found = addresses_of(known.entries)
    # An empty set has a family, too: whoever is not in it is everyone of that family.
    return {family: found.get(family, [])}, ""


def addresses_of(texts):  # type: (Iterable[str]) -> Addresses
    """Of addresses, networks and ranges; what is none of them is left out."""
    found = {}  # type: Dict[str, List[Tuple[int, int]]]
    for text in texts:
        first, dash, last = text.partition("-")
        try:
            if dash:
                low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
                family, span = ("ipv6" if low.version == 6 else IPV4), (int(low), int(high))
            else:
                network = ipaddress.ip_network(text, strict=False)
                family = family_of(network)
                span = (int(network.network_address), int(network.broadcast_address))
        except ValueError:
            continue
        if span[0] > span[1] or (dash and low.version != high.version):
            continue
        found.setdefault(family, []).append(span)
    return {family: union(spans) for family, spans in found.items()}


def _common(one, other):  # type: (Addresses, Addresses) -> Addresses
    return {family: common(spans, other[family]) for family, spans in one.items() if family in other}


def _scope(site, one):  # type: (Configuration, SiteObject) -> Optional[_Scope]
    """None where no packet to the host gets there."""
    if one.name.startswith(ZONE):
        return _scope_of_zones(site, [one.name[len(ZONE) :]])
    ingress = one.settings.get("ingress_zones", ())
    if "ANY" in ingress:
        return _Scope(dict(_EVERYONE), "", True)
    return _scope_of_zones(site, [name for name in ingress if name != "HOST"])


def _scope_of_zones(site, names):  # type: (Configuration, Sequence[str]) -> Optional[_Scope]
    zones = {one.name[len(ZONE) :]: one.settings for one in site.objects if one.name.startswith(ZONE)}
    own = [name for name in names if name in zones]
    if not own:
        return None
    general = [name for name in own if _is_general(site, name, zones)]
    if not general:
        bound = [source for name in own for source in zones[name].get("sources", ())]
        return _Scope(*_bound(site, bound), general=False) if bound else None
    # What is bound to another zone does not get here.
    others = [source for name in zones if name not in own for source in zones[name].get("sources", ())]
    elsewhere = _bound(site, others)[0]
    sources = {family: without(spans, elsewhere.get(family, [])) for family, spans in _EVERYONE.items()}
    beside = [
        name
        for name in sorted(zones)
        if name not in own and _is_general(site, name, zones) and zones[name].get("target") != "ACCEPT"
    ]
    hindrance = "packets also come in by zone %s" % ", ".join(beside) if beside else ""
    return _Scope(sources, hindrance, True)


def _is_general(site, name, zones):  # type: (Configuration, str, Dict[str, Dict[str, Any]]) -> bool
    """Whether packets get to a zone by the interface that they came in through."""
    if zones[name].get("interfaces"):
        return True
    bound = [one for settings in zones.values() for one in settings.get("interfaces", ())]
    patterns = tuple(one[:-1] for one in bound if one.endswith("+"))
    left = [one for one in site.interfaces if one not in bound and not (patterns and one.startswith(patterns))]
    return name == site.default_zone and (bool(left) or not bound)


def _bound(site, sources):  # type: (Configuration, Iterable[str]) -> Tuple[Addresses, str]
    """Addresses that are bound to a zone."""
    found = {family: [] for family in FAMILIES}  # type: Addresses
    hindrances = set()  # type: Set[str]
    for source in sources:
        hindrance = ""
        if source.startswith("ipset:"):
            one, hindrance = _set_addresses(site, source[len("ipset:") :])
        else:
            one = addresses_of([source])
            hindrance = "" if one else "a MAC address is bound to it"
        if hindrance:
            hindrances.add(hindrance)
            continue
        found = {family: union(spans, one.get(family, [])) for family, spans in found.items()}
    if hindrances and not any(found.values()):
        # Somebody is denied, and nobody can tell by the address who.
        return dict(_EVERYONE), "; ".join(sorted(hindrances))
    return found, "; ".join(sorted(hindrances))

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all backends talk about: rules, policies, address sets. Plain values. Runs on Python 3.6.

A policy and the sets that its rules name are *ours* when their name begins with ``jsa-`` and their short text carries
our mark. Everything else on the host is the site's own.
"""

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES, IPV4, IPV6
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange

NAME_PREFIX = "jsa-"
MARK = "jsa.ports"

POLICY_IN = "jsa-in"
POLICY_OUT = "jsa-out"
#: Before any zone (their policies are at 0) and behind firewalld's own allow-host-ipv6 (-15000: neighbor discovery).
PRIORITY = -100

ACCEPT = "accept"
#: Refused with an ICMP message that says "by the administrator".
REFUSE = "refuse"
#: What the site denies somebody, and we leave out of what we accept: with a source, before the accepts.
DROP = "drop"
REJECT = "reject"

#: In this order the rules of a policy are evaluated.
_ACTION_ORDER = {DROP: 0, REJECT: 0, ACCEPT: 1, REFUSE: 2}

#: What firewalld calls ICMP in each family.
ICMP = {IPV4: "icmp", IPV6: "ipv6-icmp"}
#: The ICMP message of a refusal, as firewalld and iptables name it.
REJECT_TYPES = {IPV4: "icmp-admin-prohibited", IPV6: "icmp6-adm-prohibited"}

#: The target of a policy that leaves to the site's own rules what none of its rules decides.
CONTINUE = "CONTINUE"
#: unlisted -> target of the policy
TARGETS = {"zone": CONTINUE, "reject": "REJECT", "drop": "DROP"}


#: Commands and commit confirmed raise the same: whoever undoes something must not miss one of them.
FirewalldError = FirewallError


class Rule(NamedTuple):
    action: str
    #: None: both families.
    family: Optional[str]
    #: tcp, udp, icmp or ipv6-icmp.
    protocol: str
    ports: Optional[PortRange]
    #: None: from anyone. "@name": from the addresses of that set. Else a CIDR.
    source: Optional[str]
    #: The same for where a packet goes, in what leaves the host.
    destination: Optional[str] = None


class AddressSet(NamedTuple):
    name: str
    family: str
    #: How people read it in a diff: the source classes.
    label: str
    #: CIDRs, canonical, sorted, none within another.
    entries: Tuple[str, ...]


class Policy(NamedTuple):
    name: str
    ingress: str
    egress: str
    target: str
    priority: int
    rules: Tuple[Rule, ...]
    #: Rule -> catalog ids behind it.
    why: Dict[Rule, Tuple[str, ...]]
    #: What somebody else put into a policy of ours, as text.
    other: Tuple[str, ...] = ()


class Ruleset(NamedTuple):
    policies: Dict[str, Policy]
    sets: Dict[str, AddressSet]


EMPTY = Ruleset({}, {})


def by_family(rules):  # type: (Iterable[Rule]) -> List[Rule]
    """The same rules, each with one family: the form in which the kernel's view and ours can be compared."""
    expanded = []
    for rule in rules:
        for family in FAMILIES if rule.family is None else (rule.family,):
            expanded.append(rule._replace(family=family))
    return expanded


def action_order(action):  # type: (str) -> int
    """Rules with a lower number are evaluated first."""
    return _ACTION_ORDER[action]


def rule_order(rule):  # type: (Rule) -> Tuple[Any, ...]
    """Where a rule stands in its policy."""
    return (
        action_order(rule.action),
        rule.protocol,
        rule.ports or (),
        rule.source or rule.destination or "",
        rule.family or "",
    )

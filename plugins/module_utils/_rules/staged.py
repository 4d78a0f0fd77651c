# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that are not enforced yet: what they accept, without what they refuse. Runs on Python 3.6.

What they would refuse is left to the site's own rules, and is not accepted: a port that the site keeps closed stays so.
"""

from typing import Dict, List, Optional

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports, merge_ranges
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    CONTINUE,
    POLICY_IN,
    POLICY_OUT,
    REFUSE,
    Policy,
    Ruleset,
)

#: Whether rules refuse, or whether it is only recorded what they would refuse.
ENFORCE, LOG = "enforce", "log"

#: How many ports and ranges of one protocol a sentence names.
_SHOWN = 20


def without_refusals(ruleset):  # type: (Ruleset) -> Ruleset
    """*ruleset* as far as it accepts, and as far as it copies what the site itself denies."""
    policies = {name: _open(policy) for name, policy in ruleset.policies.items()}
    return Ruleset(policies, ruleset.sets)


def _open(policy):  # type: (Policy) -> Policy
    kept = tuple(rule for rule in policy.rules if rule.action != REFUSE)
    why = {rule: policy.why[rule] for rule in kept if rule in policy.why}
    return policy._replace(target=CONTINUE, rules=kept, why=why)


def refuses_anyone(ruleset):  # type: (Ruleset) -> bool
    """Whether the rules refuse anything to those whom they do not accept."""
    return any(
        policy.target != CONTINUE or any(rule.action == REFUSE for rule in policy.rules)
        for policy in ruleset.policies.values()
    )


def refuse_of(ruleset):  # type: (Ruleset) -> Optional[str]
    """ENFORCE, or LOG where the rules of a host refuse nothing. None without rules."""
    if not ruleset.policies:
        return None
    return ENFORCE if refuses_anyone(ruleset) else LOG


def words_of_refusals(ruleset):  # type: (Ruleset) -> str
    """What the rules refuse to those whom they do not accept, such as ``tcp 22, 5432; udp 514``. Empty for nothing."""
    found = []
    policy = ruleset.policies.get(POLICY_IN)
    if policy is not None and policy.target != CONTINUE:
        found.append("all ports")
    elif policy is not None:
        ports = {}  # type: Dict[str, List[PortRange]]
        for rule in policy.rules:
            if rule.action == REFUSE and rule.ports is not None:
                ports.setdefault(rule.protocol, []).append(rule.ports)
        found += ["%s %s" % (protocol, _shown(ports[protocol])) for protocol in sorted(ports)]
    out = ruleset.policies.get(POLICY_OUT)
    if out is not None and out.target != CONTINUE:
        found.append("what the host contacts")
    return "; ".join(found)


def _shown(ports):  # type: (List[PortRange]) -> str
    merged = [format_ports(one) for one in merge_ranges(ports)]
    more = len(merged) - _SHOWN
    return ", ".join(merged) if more <= 0 else "%s and %d more" % (", ".join(merged[:_SHOWN]), more)

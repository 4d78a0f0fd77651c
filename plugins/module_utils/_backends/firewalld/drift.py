# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs from what is wanted, object by object, in the files and in the running rules. Runs on Python 3.6."""

from typing import List, Optional, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import FILES, RUNTIME, Difference
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.chains import Runtime
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.diff import (
    as_ruleset,
    rule_lines,
    without_foreign_sets,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import same_addresses
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import Policy, Ruleset, by_family


def differences(files, runtime, wanted):  # type: (Ruleset, Optional[Runtime], Ruleset) -> List[Difference]
    """One item per object and place that is not as wanted."""
    found = _compare(FILES, files, wanted, None)
    if runtime is None:
        return found
    if not runtime.alive:
        return found + [Difference("firewalld", RUNTIME, ["its rules: the ruleset is empty"], [])]
    running = as_ruleset(without_foreign_sets(runtime, files, wanted), (wanted, files))
    found += _compare(RUNTIME, running, wanted, runtime.families)
    for name, policy in sorted(runtime.policies.items()):
        if not policy.linked:
            found.append(Difference("policy " + name, RUNTIME, ["a jump to it: it receives no packets"], []))
    return found


def _compare(place, ruleset, wanted, families):
    # type: (str, Ruleset, Ruleset, Optional[Tuple[str, ...]]) -> List[Difference]
    found = []
    for name in sorted(set(ruleset.policies) | set(wanted.policies)):
        have, need = _lines(ruleset, wanted, name, families), _lines(wanted, ruleset, name, families)
        if have or need:
            found.append(Difference("policy " + name, place, need, have))
    for name in sorted(set(ruleset.sets) | set(wanted.sets)):
        have_entries = set(ruleset.sets[name].entries) if name in ruleset.sets else set()
        need_entries = set(wanted.sets[name].entries) if name in wanted.sets else set()
        exists = (name in ruleset.sets) == (name in wanted.sets)
        if exists and same_addresses(have_entries, need_entries):
            continue
        if place == RUNTIME and not exists and families is not None and len(families) < 2:
            # firewalld loads no set of a family that the kernel does not have.
            continue
        lacks = sorted(need_entries - have_entries) or ([] if exists or name not in wanted.sets else ["the set itself"])
        has = sorted(have_entries - need_entries) or ([] if exists or name in wanted.sets else ["the set itself"])
        found.append(Difference("set " + name, place, lacks, has))
    return found


def _lines(one, other, name, families):
    # type: (Ruleset, Ruleset, str, Optional[Tuple[str, ...]]) -> List[str]
    """What the policy *name* of *one* has and that of *other* has not."""
    policy = one.policies.get(name)
    if policy is None:
        return []
    counterpart = other.policies.get(name) or Policy(name, policy.ingress, policy.egress, "", policy.priority, (), {})
    known = set(by_family(counterpart.rules))
    rules = [
        rule for rule in by_family(policy.rules) if rule not in known and (families is None or rule.family in families)
    ]
    lines = rule_lines(policy._replace(rules=tuple(rules)), one.sets)
    lines += ["other: " + text for text in policy.other if text not in counterpart.other]
    if policy.target != counterpart.target and counterpart.target:
        lines.append("target %s" % policy.target)
    return lines

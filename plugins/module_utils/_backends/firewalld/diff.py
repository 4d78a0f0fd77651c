# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs: between what runs and what is wanted, and for people between before and after. Runs on Python 3.6."""

import ipaddress

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.chains import Runtime
from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES, IPV4, IPV6
from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import ends, is_address, same_addresses
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    AddressSet,
    Policy,
    Rule,
    Ruleset,
    action_order,
    by_family,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.names import MANAGEMENT_LABEL

#: Up to so many addresses stand in the line of a rule; more stand below, one to a line.
_ADDRESSES_IN_LINE = 8

_UNLISTED = {
    "CONTINUE": "is left to the zones",
    "REJECT": "is rejected",
    "DROP": "is dropped",
}


class EntryChange(NamedTuple):
    add: Tuple[str, ...]
    remove: Tuple[str, ...]


class RuntimeDifference(NamedTuple):
    #: What only a reload can put right, in words.
    structure: Tuple[str, ...]
    #: Set -> what to change in it.
    entries: Dict[str, EntryChange]

    def any(self):  # type: () -> bool
        """Whether the running rules differ."""
        return bool(self.structure or self.entries)

    def words(self):  # type: () -> List[str]
        """The differences, one sentence each."""
        found = list(self.structure)
        for name, change in sorted(self.entries.items()):
            found.append(
                "set %s: %d addresses are missing, %d are unexpected" % (name, len(change.add), len(change.remove))
            )
        return found


def compare_runtime(wanted, runtime):  # type: (Ruleset, Runtime) -> RuntimeDifference
    """What stands between what runs and what is *wanted*. Nothing found is the proof that it holds."""
    if not runtime.alive:
        return RuntimeDifference(("firewalld has no rules loaded: the ruleset is empty",), {})
    structure = []  # type: List[str]
    for name in sorted(set(runtime.policies) - set(wanted.policies)):
        structure.append("policy %s is unexpected" % name)
    for _name, policy in sorted(wanted.policies.items()):
        structure += _compare_policy(policy, wanted, runtime)
    # A policy that is not loaded explains its sets.
    missing = set(wanted.policies) - set(runtime.policies)
    entries = {}
    for name, address_set in sorted(wanted.sets.items()):
        if name not in runtime.sets:
            # firewalld loads no set of a family that the kernel does not have.
            if address_set.family in runtime.families and not missing:
                structure.append("set %s is not loaded" % name)
            continue
        odd = [entry for entry in runtime.sets[name] if not is_address(entry)]
        if odd:
            # firewalld does not know of it, and so cannot take it out one by one.
            structure.append("set %s has an entry that is not from jsa.ports: %s" % (name, ", ".join(odd[:5])))
            continue
        change = _compare_entries(address_set.entries, runtime.sets[name])
        if change is not None:
            entries[name] = change
    return RuntimeDifference(tuple(structure), entries)


def _compare_policy(policy, wanted, runtime):  # type: (Policy, Ruleset, Runtime) -> List[str]
    running = runtime.policies.get(policy.name)
    if running is None:
        return ["policy %s is not loaded" % policy.name]
    found = []
    if not running.linked:
        found.append("policy %s is loaded, but receives no packets" % policy.name)
    if running.target != policy.target:
        found.append(
            "policy %s: what is not listed %s, wanted: %s"
            % (policy.name, _UNLISTED.get(running.target, running.target), _UNLISTED[policy.target])
        )
    # What somebody else has put into the files of ours is loaded from them, and is not for us to judge.
    foreign = bool(policy.other)
    have = set(by_family(running.rules))
    need = {rule for rule in by_family(policy.rules) if rule.family in runtime.families}
    for text, rules in (("is missing", need - have), ("is unexpected", set() if foreign else have - need)):
        lines = rule_lines(policy._replace(rules=tuple(rules)), wanted.sets)
        found += ["%s: %s" % (line.partition("  #")[0], text) for line in lines]
    if not foreign:
        found += ["policy %s has a rule that is not from jsa.ports: %s" % (policy.name, text) for text in running.other]
    # iptables lists one family after the other
    for family in runtime.families:
        actions = [rule.action for rule in by_family(running.rules) if rule.family == family]
        if actions != sorted(actions, key=action_order):
            found.append("policy %s: its rules are evaluated in another order" % policy.name)
            break
    return found


def _compare_entries(wanted, running):  # type: (Sequence[str], Sequence[str]) -> Optional[EntryChange]
    if same_addresses(wanted, running):
        return None
    need = set(wanted)
    plain = set()  # type: Set[str]
    for entry in running:
        if is_address(entry):
            plain.update(str(network) for network in ipaddress.summarize_address_range(*ends(entry)))
        else:
            plain.add(entry)
    return EntryChange(tuple(entry for entry in wanted if entry not in plain), tuple(sorted(plain - need)))


def as_ruleset(runtime, references):  # type: (Runtime, Sequence[Ruleset]) -> Ruleset
    """What runs, with the labels and reasons of the first of *references* that knows them."""
    policies = {}
    for name, running in runtime.policies.items():
        known = [reference.policies[name] for reference in references if name in reference.policies]
        why = {}  # type: Dict[Rule, Tuple[str, ...]]
        for policy in reversed(known):
            for rule, reasons in policy.why.items():
                why.update((one, reasons) for one in by_family([rule]))
        first = known[0] if known else Policy(name, "?", "?", "", 0, (), {})
        policies[name] = first._replace(
            target=running.target, rules=tuple(by_family(running.rules)), why=why, other=running.other
        )
    sets = {}
    for name, entries in runtime.sets.items():
        known_sets = [reference.sets[name] for reference in references if name in reference.sets]
        family = IPV6 if any(":" in entry for entry in entries) else IPV4
        sets[name] = AddressSet(name, family, known_sets[0].label if known_sets else name, tuple(sorted(entries)))
        for one in known_sets:
            # The kernel has an order of its own.
            if _compare_entries(one.entries, entries) is None:
                sets[name] = one
    return Ruleset(policies, sets)


def describe(ruleset):  # type: (Ruleset) -> str
    """The rules as people read them, one to a line, the same for the same rules."""
    lines = []  # type: List[str]
    for _name, policy in sorted(ruleset.policies.items()):
        lines.append(
            "policy %s: from %s to %s, priority %d, what is not listed %s"
            % (policy.name, policy.ingress, policy.egress, policy.priority, _UNLISTED.get(policy.target, policy.target))
        )
        lines += ["  " + line for line in rule_lines(policy, ruleset.sets)]
        lines += ["  other: " + text for text in policy.other]
    for label, addresses in _long_sets(ruleset).items():
        lines.append("addresses of %s:" % label)
        lines += ["  " + address for address in addresses]
    return "".join(line + "\n" for line in lines)


def _long_sets(ruleset):  # type: (Ruleset) -> Dict[str, List[str]]
    addresses = {}  # type: Dict[str, List[str]]
    for _name, address_set in sorted(ruleset.sets.items()):
        addresses.setdefault(address_set.label, []).extend(address_set.entries)
    return {label: found for label, found in sorted(addresses.items()) if len(found) > _ADDRESSES_IN_LINE}


def rule_lines(policy, sets):  # type: (Policy, Dict[str, AddressSet]) -> List[str]
    """One line for what differs in the family only."""
    groups = {}  # type: Dict[Tuple[Any, ...], _Group]
    for whole in policy.rules:
        for rule in by_family([whole]):
            label, address_set = rule.source or rule.destination or "", None
            if label.startswith("@"):
                address_set = sets.get(label[1:])
                label = address_set.label if address_set else label
            protocol = "icmp" if rule.ports is None else rule.protocol
            place = (action_order(rule.action), rule.action)
            key = (place, protocol, rule.ports or (), label, rule.destination is not None)
            group = groups.setdefault(key, _Group(rule))
            group.families.add(str(rule.family))
            group.why.update(policy.why.get(whole, policy.why.get(rule, ())))
            if address_set is not None:
                group.addresses[str(rule.family)] = address_set.entries
    lines = []
    for (_place, protocol, _ports, label, _destination), group in sorted(groups.items(), key=lambda item: item[0]):
        words = [group.rule.action, protocol]
        if group.rule.ports:
            words.append(format_ports(group.rule.ports))
        leaves = _leaves(group.rule, policy)
        words += ["to" if leaves else "from", group.peer_words(label)]
        line = " ".join(words)
        if group.why:
            line += "  # " + ", ".join(sorted(group.why))
        lines.append(line)
    return lines


def _leaves(rule, policy):  # type: (Rule, Policy) -> bool
    """Whether the peer of a rule is where packets go."""
    return rule.destination is not None or (rule.source is None and policy.egress != "HOST")


#: What stands for no address. That of the controller is no lockout: most likely another rule lets it in.
_NOBODY = {
    MANAGEMENT_LABEL: "none yet: each run that applies the rules adds the address that it comes from, if no other rule "
    "accepts it"
}


class _Group(object):
    """Rules that share a line."""

    def __init__(self, rule):  # type: (Rule) -> None
        self.rule = rule
        self.families = set()  # type: Set[str]
        self.why = set()  # type: Set[str]
        #: Family -> addresses; empty where the peer is no set.
        self.addresses = {}  # type: Dict[str, Tuple[str, ...]]

    def peer_words(self, label):  # type: (str) -> str
        if not label:
            everyone = "anyone" if self.rule.action == ACCEPT else "everyone else"
            if len(self.families) == 2:
                return everyone
            return everyone + (" (IPv4)" if IPV4 in self.families else " (IPv6)")
        if not self.addresses:
            return label
        found = [address for family in FAMILIES for address in self.addresses.get(family, ())]
        if len(found) > _ADDRESSES_IN_LINE:
            return "%s (%d addresses, below)" % (label, len(found))
        return "%s (%s)" % (label, ", ".join(found) or _NOBODY.get(label, "nobody"))


def before_and_after(files, runtime, wanted):
    # type: (Ruleset, Optional[Runtime], Ruleset) -> List[Dict[str, Any]]
    """Ansible's diff: of the permanent files, and of what runs where that was something else."""
    after = describe(wanted)
    permanent = describe(files)
    found = []
    if permanent != after:
        found.append(_entry("permanent configuration", permanent, after))
    if runtime is not None:
        running = describe(as_ruleset(without_foreign_sets(runtime, files, wanted), (wanted, files)))
        if running not in (permanent, after):
            found.append(_entry("running configuration", running, after))
    return found or [_entry("permanent configuration", permanent, after)]


def without_foreign_sets(runtime, files, wanted):  # type: (Runtime, Ruleset, Ruleset) -> Runtime
    """*runtime* without sets that are in neither *files* nor *wanted*."""
    kept = {name: entries for name, entries in runtime.sets.items() if name in files.sets or name in wanted.sets}
    return runtime._replace(sets=kept)


def _entry(title, before, after):  # type: (str, str, str) -> Dict[str, Any]
    return {
        "before_header": "firewalld, %s" % title,
        "after_header": "firewalld, wanted",
        "before": before,
        "after": after,
    }


def entry_actions(files, wanted, running):
    # type: (Ruleset, Ruleset, Iterable[Tuple[str, EntryChange]]) -> Dict[str, Dict[str, List[str]]]
    """Set -> addresses added and removed, in the files or in the running rules."""
    found = {}  # type: Dict[str, Dict[str, List[str]]]
    for name in sorted(set(files.sets) | set(wanted.sets)):
        before = files.sets[name].entries if name in files.sets else ()
        after = wanted.sets[name].entries if name in wanted.sets else ()
        added = [entry for entry in after if entry not in set(before)]
        removed = [entry for entry in before if entry not in set(after)]
        if added or removed:
            found[name] = {"added": added, "removed": removed}
    for name, change in running:
        if name not in found:
            found[name] = {"added": list(change.add), "removed": list(change.remove)}
    return found

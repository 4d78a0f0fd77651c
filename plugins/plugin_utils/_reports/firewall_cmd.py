# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands for firewalld on a host that is not a JSA appliance."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.jsa.ports.plugins.module_utils._families import IPV6
from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    REJECT_TYPES,
    AddressSet,
    Policy,
    Rule,
    Ruleset,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.model import Report
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.ruleset import common_notes, ruleset_of

_COMMAND = "firewall-cmd --permanent"
#: Behind every accept: firewalld puts positive priorities last.
_REFUSE_PRIORITY = 100
#: firewalld's own default for the size of a set; only a larger one needs the option.
_DEFAULT_MAXELEM = 65536


def render_firewall_cmd(plan: Plan, name: str) -> Report:
    """Commands for firewalld 0.9.0 or later, to be run in this order. Raises InputError."""
    host = plan.hosts[name]
    ruleset = ruleset_of(host, name)
    sources = {
        rule.source[1:]
        for policy in ruleset.policies.values()
        for rule in policy.rules
        if rule.source and rule.source.startswith("@")
    }
    lines: list[str] = []
    for set_name in sorted(sources):
        lines += new_set(ruleset.sets[set_name])
    for policy_name in sorted(ruleset.policies):
        lines += _new_policy(ruleset.policies[policy_name], ruleset)
    lines += ["firewall-cmd --check-config", "firewall-cmd --reload"]
    notes = [
        "do not run these commands on a JSA appliance: firewalld removes the product's own rules",
        "the host must not have sets and policies with these names: the commands only create new ones",
        *common_notes(host),
    ]
    return Report("\n".join(lines) + "\n", tuple(notes))


def new_set(address_set: AddressSet) -> list[str]:
    """The commands that create a set with all its entries."""
    options = " --option=family=inet6" if address_set.family == IPV6 else ""
    size = len(address_set.entries)
    if size > _DEFAULT_MAXELEM:
        options += f" --option=maxelem={1 << (2 * size).bit_length()}"
    lines = [f"{_COMMAND} --new-ipset={address_set.name} --type=hash:net{options}"]
    return lines + [f"{_COMMAND} --ipset={address_set.name} --add-entry={entry}" for entry in address_set.entries]


def _new_policy(policy: Policy, ruleset: Ruleset) -> list[str]:
    command = f"{_COMMAND} --policy={policy.name}"
    lines = [
        f"{_COMMAND} --new-policy={policy.name}",
        f"{command} --set-priority={policy.priority}",
        f"{command} --set-target={policy.target}",
        f"{command} --add-ingress-zone={policy.ingress}",
        f"{command} --add-egress-zone={policy.egress}",
    ]
    for rule in policy.rules:
        lines += [f"{command} --add-rich-rule='{text}'" for text in _rich_rules(rule, ruleset)]
    return lines


def _rich_rules(rule: Rule, ruleset: Ruleset) -> Iterator[str]:
    """One for each destination: sets as destinations came with firewalld 1.0.0, addresses serve every version."""
    destinations: tuple[str | None, ...] = (rule.destination,)
    if rule.destination and rule.destination.startswith("@"):
        destinations = ruleset.sets[rule.destination[1:]].entries
    for destination in destinations:
        words = ["rule"]
        if rule.family:
            words.append(f'family="{rule.family}"')
        if rule.action != ACCEPT:
            words.append(f'priority="{_REFUSE_PRIORITY}"')
        if rule.source:
            named = rule.source.startswith("@")
            words.append(f'source ipset="{rule.source[1:]}"' if named else f'source address="{rule.source}"')
        if destination:
            words.append(f'destination address="{destination}"')
        if rule.ports:
            words.append(f'port port="{format_ports(rule.ports)}" protocol="{rule.protocol}"')
        else:
            words.append(f'protocol value="{rule.protocol}"')
        if rule.action == ACCEPT:
            words.append("accept")
        else:
            words.append(f'reject type="{REJECT_TYPES[str(rule.family)]}"')
        yield " ".join(words)

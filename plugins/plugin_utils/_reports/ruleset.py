# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host's plan as the rules that all backends apply, and the notes that hold for every format."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import DEFAULT_SSH_PORT, guard_of
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import read_host_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import build_ruleset
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.model import contact_words, left_out


def ruleset_of(host: HostPlan, name: str) -> Ruleset:
    """The rules of *host* as the backends apply them. Raises InputError, with the host's *name*."""
    try:
        rules = read_host_rules(host.as_dict())
        ruleset: Ruleset = build_ruleset(rules, guard_of(rules.management_addresses, None))
    except FirewallError as error:
        raise InputError(f"No report can be made for {name}", [str(error)]) from error
    return ruleset


def common_notes(host: HostPlan) -> list[str]:
    """The notes about *host* that hold for every format."""
    notes = []
    if host.management_addresses:
        notes.append(
            f"the management addresses are accepted on port {DEFAULT_SSH_PORT}: change the port if SSH uses another one"
        )
    else:
        notes.append("no rule here keeps your SSH access open: set jsa_firewall_management_addresses in the inventory")
    for item in host.dynamic:
        if item.sources and item.discovered is None:
            notes.append(
                f"the ports of {item.service or item.id} are not included, because it chooses them when it starts: "
                "run the playbook jsa.ports.discover to find them"
            )
    return notes


def outbound_notes(host: HostPlan, why: str) -> list[str]:
    """The notes of a format that cannot restrict outbound traffic. *why* completes "left out because"."""
    if host.outbound is None:
        return []
    contacts = [contact_words(rule.protocol, rule.ports, rule.destinations) for rule in host.outbound]
    return [left_out(why, what) for what in ("refuse all other outbound traffic", *contacts)]

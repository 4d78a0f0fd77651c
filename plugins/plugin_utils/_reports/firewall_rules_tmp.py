# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one host would need, for administrators who enter it by hand. No host is touched."""

from __future__ import annotations

import ipaddress
import json

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import render
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES
from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports, parse_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.guard import guard_of
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import read_host_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import ACCEPT, POLICY_IN, PRIORITY, Ruleset
from ansible_collections.jsa.ports.plugins.module_utils._rules.wanted import build_ruleset
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError


@dataclass(frozen=True)
class Report:
    text: str
    #: What the format cannot say, or what has to be known before it is used.
    notes: tuple[str, ...]


def ruleset_of(rules: Mapping[str, Any], unlisted: str, controllers: list[str], host: str) -> Ruleset:
    """The same rules as the backends apply. Raises InputError."""
    try:
        read = read_host_rules({**rules, "unlisted": unlisted, "management_addresses": controllers, "outbound": None})
        ruleset: Ruleset = build_ruleset(read, guard_of(read.management_addresses, None))
    except FirewallError as error:
        raise InputError(f"No report can be made for {host}", [str(error)]) from error
    return ruleset


def as_iptables(rules: Mapping[str, Any], ruleset: Ruleset) -> Report:
    """By file of an appliance, each the lines that belong into it."""
    bodies = render(ruleset, FAMILIES)
    text = "".join(f"# /opt/qradar/conf/{name}\n{bodies[name]}" for name in sorted(bodies, reverse=True))
    notes = ["run /opt/qradar/bin/iptables_update.pl when the lines are in their files"]
    if not any("management" in why for policy in ruleset.policies.values() for why in policy.why.values()):
        notes.append("nothing here keeps your own SSH connection open: see jsa_firewall_management_addresses")
    notes.append("no public source names ip6tables.pre: where the appliance has no such file, IPv6 cannot be entered")
    return Report(text, tuple(notes))


def as_firewalld(rules: Mapping[str, Any], ruleset: Ruleset) -> Report:
    """Commands for a firewalld of 0.9.0 or later, to be run in this order."""
    policy = ruleset.policies[POLICY_IN]
    lines = []
    for name, entries in sorted(ruleset.sets.items()):
        family = " --option=family=inet6" if entries.family == "ipv6" else ""
        lines.append(f"firewall-cmd --permanent --new-ipset={name} --type=hash:net{family}")
        lines += [f"firewall-cmd --permanent --ipset={name} --add-entry={entry}" for entry in entries.entries]
    command = f"firewall-cmd --permanent --policy={policy.name}"
    lines += [
        f"firewall-cmd --permanent --new-policy={policy.name}",
        f"{command} --set-priority={PRIORITY}",
        f"{command} --set-target={policy.target}",
        f"{command} --add-ingress-zone={policy.ingress}",
        f"{command} --add-egress-zone={policy.egress}",
    ]
    for rule in policy.rules:
        words = ["rule"]
        if rule.family:
            words.append(f'family="{rule.family}"')
        if rule.action != ACCEPT:
            words.append('priority="100"')
        if rule.source:
            named = rule.source.startswith("@")
            words.append(f'source ipset="{rule.source[1:]}"' if named else f'source address="{rule.source}"')
        if rule.ports:
            words.append(f'port port="{format_ports(rule.ports)}" protocol="{rule.protocol}"')
        else:
            words.append(f'protocol value="{rule.protocol}"')
        if rule.action == ACCEPT:
            words.append("accept")
        else:
            kind = "icmp-admin-prohibited" if rule.family == "ipv4" else "icmp6-adm-prohibited"
            words.append(f'reject type="{kind}"')
        lines.append(f"{command} --add-rich-rule='{' '.join(words)}'")
    lines += ["firewall-cmd --check-config", "firewall-cmd --reload"]
    return Report("\n".join(lines) + "\n", ("never on a JSA appliance: firewalld takes the product's own rules away",))


def as_rest(rules: Mapping[str, Any], ruleset: Ruleset) -> Report:
    """The body for PUT /system/servers/{server_id}/firewall_rules, as far as its records go."""
    records: list[dict[str, Any]] = []
    notes = [
        "PUT replaces the server's whole list: GET it first, and add what has to stay",
        "the resource can only accept: what the plan refuses stays as the product's own rules have it",
    ]
    for row in rules["inbound"]:
        if row["protocol"] not in ("tcp", "udp"):
            notes.append(f"left out, as the resource knows TCP and UDP only: {row['protocol']}")
            continue
        sources = [ipaddress.ip_network(source) for source in row["sources"]]
        anyone = any(source.version == 4 and source.prefixlen == 0 for source in sources)
        single = [source for source in sources if source.version == 4 and source.prefixlen == 32]
        for source in sources:
            covered = source.version == 4 and (anyone or source in single)
            if not covered:
                notes.append(
                    f"left out, as the resource takes one IPv4 address: {row['protocol']} {row['ports']} from {source}"
                )
        base = _port_fields(row)
        if anyone:
            records.append({"is_any_source_ip": True, **base})
        else:
            records += [{"is_any_source_ip": False, "source_ip": str(one.network_address), **base} for one in single]
    return Report(json.dumps(records, indent=2) + "\n", tuple(dict.fromkeys(notes)))


def _port_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    first, last = parse_ports(row["ports"])
    fields: dict[str, Any] = {"protocol": row["protocol"].upper()}
    if first == last:
        return {**fields, "port_type": "SINGLE", "single_port": first}
    return {**fields, "port_type": "RANGE", "port_range": f"{first}-{last}"}


FORMATS: dict[str, Callable[[Mapping[str, Any], Ruleset], Report]] = {
    "iptables": as_iptables,
    "firewalld": as_firewalld,
    "rest": as_rest,
}
SUFFIXES = {"iptables": "iptables", "firewalld": "sh", "rest": "json"}

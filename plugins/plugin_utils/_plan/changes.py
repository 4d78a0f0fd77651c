# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The differences between two plans, and the discovered ports of a plan that are too old."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import (
    HostPlan,
    InboundRule,
    OutboundRule,
    Plan,
    RefusedRule,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import parse_time

ACCEPT, REFUSE = "accept", "refuse"


def rule_text(rule: InboundRule | OutboundRule | RefusedRule) -> str:
    """A rule in one line, the same everywhere people read one: ``accept tcp 22 from 10.0.0.1/32  # ssh``."""
    ports = f" {format_ports(rule.ports)}" if rule.ports else ""
    peers = ""
    if isinstance(rule, InboundRule):
        peers = f" from {', '.join(rule.sources)}"
    elif isinstance(rule, OutboundRule):
        peers = f" to {', '.join(rule.destinations)}"
    verb = REFUSE if isinstance(rule, RefusedRule) else ACCEPT
    return f"{verb} {rule.protocol}{ports}{peers}  # {', '.join(rule.why)}"


def plan_differences(saved: Plan, current: Plan) -> list[str]:
    """The differences between the saved plan (``-``) and the current one of the inventory (``+``), as lines."""
    lines = []
    for name in sorted({*saved.hosts, *current.hosts}):
        before, after = saved.hosts.get(name), current.hosts.get(name)
        if before is None:
            lines.append(f"+ {name}: in the inventory, not in the saved plan")
        elif after is None:
            lines.append(f"- {name}: in the saved plan, not in the inventory")
        elif before != after:
            old, new = _host_lines(before), _host_lines(after)
            known, wanted = set(old), set(new)
            lines += [f"- {name}: {line}" for line in old if line not in wanted]
            lines += [f"+ {name}: {line}" for line in new if line not in known]
    return lines


def stale_discoveries(saved: Plan, max_age: int, now: float) -> list[str]:
    """Services of a saved plan whose ports were discovered more than *max_age* seconds before *now*, as texts."""
    return [
        f"{name} ({item.id}, found {item.discovered_at})"
        for name, host in saved.hosts.items()
        for item in host.dynamic
        if item.discovered is not None and now - parse_time(item.discovered_at) > max_age
    ]


def _host_lines(host: HostPlan) -> list[str]:
    lines = [rule_text(inbound) for inbound in host.inbound]
    lines += [rule_text(outbound) for outbound in host.outbound or ()]
    if host.outbound is not None:
        lines.append("refuse all other outbound traffic")
    lines += [rule_text(rule) for rule in host.refused]
    if host.virtual_addresses:
        lines.append(f"has the virtual address {', '.join(host.virtual_addresses)} of its HA pair")
    if host.nat_group is not None:
        public = f" and is {', '.join(host.public_addresses)} outside of it" if host.public_addresses else ""
        lines.append(f"is in the NAT group {host.nat_group}{public}")
    if host.management_addresses:
        lines.append(f"accept SSH from the management addresses {', '.join(host.management_addresses)}")
    unlisted = "all ports that the catalog does not list"
    lines.append(f"leave {unlisted} to the zones" if host.unlisted == "zone" else f"{host.unlisted} {unlisted}")
    return lines

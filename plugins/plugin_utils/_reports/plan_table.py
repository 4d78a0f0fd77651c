# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as a table."""

from __future__ import annotations

import textwrap

from collections.abc import Iterable, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import (
    TCP,
    UDP,
    HostPlan,
    InboundRule,
    OutboundRule,
    Plan,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.columns import aligned

_WIDTH = 116

#: The maximum number of addresses in a cell; the others are counted.
_SHOWN_SOURCES = 3


def plan_table(plan: Plan, names: Iterable[str]) -> str:
    """A block per host of *names*: what it accepts from whom and why, and what it refuses to everyone else.

    The last block says what the choices of the site leave open and closed.
    """
    blocks = [_host_table(name, plan.hosts[name]) for name in names if name in plan.hosts]
    if blocks and plan.choices:
        blocks.append("\n".join(line for choice in plan.choices for line in _choice(choice)))
    return "\n\n".join(blocks)


def _choice(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _host_table(name: str, host: HostPlan) -> str:
    lines = [f"{name}  {', '.join(host.roles)}  {', '.join(host.addresses)}{_further_addresses(host)}"]
    rows = [("accept", _port(rule), _sources(rule.sources), ", ".join(rule.why)) for rule in host.inbound]
    rows += [
        ("dynamic", f"{'/'.join(item.protocols)} {format_ports(item.ports)}", _sources(item.sources), item.id)
        for item in host.dynamic
        if item.ports
    ]
    rows += [("contact", _port(rule), _sources(rule.destinations), ", ".join(rule.why)) for rule in host.outbound or ()]
    lines += [f"  {line}" for line in aligned(rows)]
    if host.outbound is not None:
        lines.append("  refuse  all other outbound traffic")
    for protocol in (TCP, UDP):
        ports = [format_ports(rule.ports) for rule in host.refused if rule.protocol == protocol]
        if ports:
            lines += _wrapped(f"  refuse  {protocol} to everyone else: ", ports)
    if host.unlisted != "zone":
        lines.append(f"  {host.unlisted}  all ports that the catalog does not list")
    if host.management_addresses:
        lines.append(f"  manage  SSH from {_sources(host.management_addresses)}")
    return "\n".join(lines)


def _further_addresses(host: HostPlan) -> str:
    """Those that the host has with its HA peer, and those that NAT gives it."""
    text = ""
    if host.virtual_addresses:
        text += f"  virtual {', '.join(host.virtual_addresses)}"
    if host.public_addresses:
        text += f"  public {', '.join(host.public_addresses)} (NAT group {host.nat_group})"
    return text


def _port(rule: InboundRule | OutboundRule) -> str:
    return f"{rule.protocol} {format_ports(rule.ports)}" if rule.ports else rule.protocol


def _sources(cidrs: Sequence[str]) -> str:
    if "0.0.0.0/0" in cidrs and "::/0" in cidrs:
        return "anyone"
    more = len(cidrs) - _SHOWN_SOURCES
    shown = cidrs[: _SHOWN_SOURCES - 1] if more > 0 else cidrs
    text = ", ".join(cidr.removesuffix("/32") if "." in cidr else cidr.removesuffix("/128") for cidr in shown)
    return f"{text} and {more + 1} more" if more > 0 else text


def _wrapped(head: str, items: list[str], width: int = _WIDTH) -> list[str]:
    lines = [head.rstrip()] if len(head) > width else []
    current = head
    for number, item in enumerate(items):
        text = item if number == len(items) - 1 else f"{item}, "
        if len(current) + len(text.rstrip()) > width:
            lines.append(current.rstrip())
            current = " " * len(head)
        current += text
    return [*lines, current.rstrip()]

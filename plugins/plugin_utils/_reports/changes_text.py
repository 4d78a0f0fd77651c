# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The differences between two plans, for people and for programs."""

from __future__ import annotations

import textwrap

from collections.abc import Iterator
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.changes import OtherChange, PlanChanges
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.named import NamedFlow, endpoint_text
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.services import Services

_WIDTH = 116

#: What keys of a plan are called where its rules are read.
_WORDS = {
    "refused": "refuse to everyone else",
    "outbound": "contact",
    "management_addresses": "manage SSH from",
    "unlisted": "all ports that the catalog does not list",
}

#: Over the differences of the whole deployment.
_DEPLOYMENT = "deployment"


class ChangesReport:
    """The differences between the plans *old* and *new*, with the words for them."""

    def __init__(self, changes: PlanChanges, old: Plan, new: Plan) -> None:
        self._changes = changes
        self._old, self._new = old, new
        self._services = Services(new, old)

    def text(self, limit: int | None = None) -> str:
        """A block per host: what its rules and settings lose (``-``) and gain (``+``). Empty without a difference.

        *limit*: the maximum number of differences; the others are counted.
        """
        lines: list[str] = []
        before: str | None = ""
        entries = list(self._entries())
        for host, sign, words in entries if limit is None else entries[:limit]:
            if host != before:
                lines += ["", host or _DEPLOYMENT] if lines else [host or _DEPLOYMENT]
            before = host
            lines += textwrap.wrap(
                f"  {sign} {words}", _WIDTH, subsequent_indent=" " * 8, break_long_words=False, break_on_hyphens=False
            )
        if limit is not None and len(entries) > limit:
            lines.append(f"... and {len(entries) - limit} more")
        return "\n".join(lines)

    def headed(self, old: str, new: str, limit: int | None = None) -> str:
        """The text with the names of both plans before it, and the number of flows behind it."""
        text = self.text(limit)
        if not text:
            return f"No differences between {old} and {new}"
        removed, added = len(self._changes.removed), len(self._changes.added)
        return f"{old} (-) and {new} (+):\n\n{text}\n\n{_flows(removed)} removed, {_flows(added)} added"

    def lines(self) -> list[str]:
        """A line per difference, with its host."""
        # A flow names its listener itself.
        return [f"{sign} {words if '→' in words else f'{host or _DEPLOYMENT}: {words}'}"
                for host, sign, words in self._entries()]  # fmt: skip

    def document(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        changes = self._changes
        return {
            "hosts_removed": list(changes.hosts_removed),
            "hosts_added": list(changes.hosts_added),
            "removed": [self._flow_document(flow) for flow in changes.removed],
            "added": [self._flow_document(flow) for flow in changes.added],
            "others": [
                {"host": one.host, "what": one.what, "removed": list(one.removed), "added": list(one.added)}
                for one in changes.others
            ],
        }

    def _flow_document(self, flow: NamedFlow) -> dict[str, Any]:
        source = {"kind": flow.source.kind, "name": flow.source.name, "cidrs": list(flow.source.cidrs)}
        found: dict[str, Any] = {"listener": flow.listener, "source": source, "protocol": flow.protocol}
        if flow.ports is not None:
            found["ports"] = format_ports(flow.ports)
        return {**found, "service": self._services.text(flow.ids), "ids": list(flow.ids)}

    def _entries(self) -> Iterator[tuple[str | None, str, str]]:
        """Host, ``-`` or ``+``, and the difference; host by host, the whole deployment first."""
        changes = self._changes
        by_host: dict[str | None, list[tuple[str, str]]] = {None: []}
        names = {*changes.hosts_removed, *changes.hosts_added, *(one.host or "" for one in changes.others)}
        names.update(flow.listener for flow in (*changes.removed, *changes.added))
        by_host.update((name, []) for name in sorted(names - {""}))
        for sign, hosts, plan in (("-", changes.hosts_removed, self._old), ("+", changes.hosts_added, self._new)):
            for name in hosts:
                by_host[name].append((sign, _host_words(plan.hosts[name])))
        for sign, flows in (("-", changes.removed), ("+", changes.added)):
            for flow in flows:
                by_host[flow.listener].append((sign, self._flow_words(flow)))
        for one in changes.others:
            by_host[one.host] += _other_words(one)
        for host, entries in by_host.items():
            for sign, words in entries:
                yield host, sign, words

    def _flow_words(self, flow: NamedFlow) -> str:
        ports = f" {format_ports(flow.ports)}" if flow.ports else ""
        service = self._services.text(flow.ids)
        return f"{endpoint_text(flow.source)} → {flow.listener}: {flow.protocol}{ports} {service}"


def _flows(count: int) -> str:
    return "1 flow" if count == 1 else f"{count:,} flows"


def _host_words(host: HostPlan) -> str:
    return f"the host ({', '.join(host.addresses)}), {', '.join(host.roles)}"


def _other_words(one: OtherChange) -> Iterator[tuple[str, str]]:
    what = _WORDS.get(one.what, one.what.replace("_", " "))
    yield from (("-", f"{what}: {item}") for item in one.removed)
    yield from (("+", f"{what}: {item}") for item in one.added)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What came of the targets, for people: a table, and what to do about each that fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._reports.columns import aligned

#: Result to what helps.
_REMEDIES: dict[str, str] = {
    "refused": "start the service there, or correct address and port",
    "no_answer": "let a firewall between the console and it open this port",
    "unreachable": "correct address or route",
    "prohibited": "let the firewall that refuses it open this port",
    "reset": "look for a firewall or proxy on the way that inspects and breaks it off",
    "wrong_answer": "correct the address, or let the server serve the console",
    "name_not_resolved": "correct the console's name servers, or the name",
    "tls_failed": "look for a proxy on the way, or another service on this port",
    "certificate_invalid": "exempt it from TLS inspection, or correct the server's certificate or the console's clock",
    "proxy_unreachable": "correct jsa_proxy, or let a firewall open the way to the proxy",
    "proxy_refused": "let the proxy allow this target, or correct the user and password in jsa_proxy",
    "unavailable": "the console itself could not try",
}


def failures(results: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of the results of ``jsa.ports.outward`` that are not ``ok``."""
    return [result for result in results if result["result"] != "ok"]


def outward_table(console: str, results: Iterable[Mapping[str, Any]], left_out: Iterable[str]) -> str:
    """A line for each target of *console*, failures first; then the reason of each; then what was *left_out*."""
    rows = [("FROM", "TARGET", "PURPOSE", "RESULT", "REMEDY")]
    reasons = []
    for result in sorted(results, key=lambda item: item["result"] == "ok"):
        remedy = _REMEDIES.get(result["result"], "")
        rows.append((console, result["target"], result["purpose"], result["result"], remedy))
        if result["reason"]:
            reasons.append(f"{result['target']}: {result['reason']}")
    lines = aligned(rows) if len(rows) > 1 else [f"{console} has nothing to contact"]
    if reasons:
        lines += ["", *reasons]
    lines += ["", *(f"not checked: {text}" for text in left_out)]
    return "\n".join(lines).rstrip()

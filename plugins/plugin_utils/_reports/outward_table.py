# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of the outside targets as a table, with a remedy for each that fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._reports.columns import aligned

#: Result to remedy.
_REMEDIES: dict[str, str] = {
    "refused": "start the service, or correct the address and port",
    "no_answer": "open this port in the firewalls between the console and the target",
    "unreachable": "correct the address or the route",
    "prohibited": "open this port in the firewall that rejects the packets",
    "reset": "look for a firewall or proxy on the path that inspects and ends the connection",
    "wrong_answer": "correct the address, or allow the console on the server",
    "name_not_resolved": "correct the console's name servers, or the name",
    "tls_failed": "look for a proxy on the path, or another service on this port",
    "certificate_invalid": "exclude it from TLS inspection, or correct the server's certificate or the console's clock",
    "proxy_unreachable": "correct jsa_proxy, or open the port of the proxy in the firewalls",
    "proxy_refused": "allow this target on the proxy, or correct the user and password in jsa_proxy",
    "unavailable": "the console could not run the check",
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
    lines = aligned(rows) if len(rows) > 1 else [f"{console} has no targets"]
    if reasons:
        lines += ["", *reasons]
    lines += ["", *(f"not checked: {text}" for text in left_out)]
    return "\n".join(lines).rstrip()

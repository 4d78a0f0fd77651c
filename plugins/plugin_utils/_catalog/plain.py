# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An entry as plain data. Every documented key is there, so that a JMESPath expression need not ask first."""

from __future__ import annotations

from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Condition, Entry


def as_plain(entry: Entry) -> dict[str, Any]:
    """*entry* in the form in which the catalog's data describes one: reading it again gives the same entry."""
    dynamic = entry.dynamic
    disagreement = entry.disagreement
    return {
        "id": entry.id,
        "service": entry.service,
        "purpose": entry.purpose,
        "protocols": list(entry.protocols),
        "ports": [format_ports(ports) for ports in entry.ports],
        "exposure": entry.exposure,
        "confidence": entry.confidence,
        "when": _condition(entry.when),
        "flows": [
            {
                "listeners": list(flow.listeners),
                "initiators": list(flow.initiators),
                "encryption": flow.encryption,
                "attached": flow.attached,
                "same_processor": flow.same_processor,
                "when": _condition(flow.when),
            }
            for flow in entry.flows
        ],
        "dynamic": dynamic
        and {"ports": format_ports(dynamic.ports), "count": dynamic.count, "discovery": dynamic.discovery},
        "ports_with": {
            feature: [format_ports(ports) for ports in ranges] for feature, ranges in entry.ports_with.items()
        },
        "server": entry.server,
        "replaced_by": entry.replaced_by,
        "statements": [
            {
                "document": statement.document,
                "table": statement.table,
                "row": statement.row,
                "ports": list(statement.ports),
                "protocols": list(statement.protocols),
                "says": statement.says,
            }
            for statement in entry.statements
        ],
        "evidence": [dict(item) for item in entry.evidence],
        "disagreement": disagreement
        and {
            "readings": dict(disagreement.readings),
            "verdict": disagreement.verdict,
            "reason": disagreement.reason,
        },
    }


def _condition(when: Condition) -> dict[str, Any]:
    return {
        "features": list(when.features),
        "without_features": list(when.without_features),
        "deployment_roles": list(when.deployment_roles),
        "release_from": when.release_from,
        "release_before": when.release_before,
    }

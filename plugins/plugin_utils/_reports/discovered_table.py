# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answers of port mappers, as a table."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discovery
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.columns import aligned


def discovered_table(found: Mapping[str, Discovery]) -> str:
    """A line per service of each host, and one for each port mapper that returned nothing, with the reason."""
    rows = [("HOST", "ASKED", "SERVICE", "PORT")]
    for name, discovery in found.items():
        rows += [(name, kind, "-", reason) for kind, reason in sorted(discovery.failures.items())]
        rows += [(name, item.kind, item.service, f"{item.port}/{item.protocol}") for item in discovery.services]
    return "\n".join(aligned(rows))

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks of a role registered on a host, as far as they ran."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: (address, port or 0, protocol) -> the probe's result.
Probes = dict[tuple[str, int, str], Mapping[str, Any]]


def has_run(result: Any) -> bool:
    """Not skipped, failed, or without a connection."""
    if not isinstance(result, Mapping) or "changed" not in result:
        return False
    return not any(result.get(word) for word in ("failed", "skipped", "unreachable"))


def probes_of(result: Any) -> Probes | None:
    """What ``jsa.ports.reachability`` told; None where it did not run."""
    if not has_run(result) or "results" not in result:
        return None
    return {(row["address"], int(row.get("port") or 0), row["protocol"]): row for row in result["results"]}


def firewall_as_planned(result: Any) -> bool | None:
    """What jsa.ports.firewall_info told; None where it did not run, or could not ask the firewall."""
    return result.get("as_planned") if has_run(result) else None

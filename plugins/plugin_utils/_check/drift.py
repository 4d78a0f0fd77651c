# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Differences between firewalls and the plan, and ports that the site's own configuration opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation, Opening

#: So many lines are printed for a host; the written result has all of them.
_SHOWN = 8


def opening_line(one: Opening) -> str:
    """A port that the site's own zones and policies open to hosts outside of the deployment."""
    return f"{one.object} opens {one.protocol} {format_ports(one.ports)} ({', '.join(one.why)}) by {one.setting}; " + (
        "it takes effect before the planned rules" if one.effective else "the planned rules take effect before it"
    )


def drift_lines(host: HostObservation) -> list[str]:
    """How its firewall differs from the plan, then which ports the site itself opens."""
    return [*host.differences, *map(opening_line, host.openings)]


def drift_table(lines_of: Mapping[str, Sequence[str]]) -> str:
    """A block per host that has lines; empty where none has."""
    blocks = []
    for name, lines in lines_of.items():
        if not lines:
            continue
        more = len(lines) - _SHOWN
        blocks.append(f"{name}: the firewall differs from the plan, or the site's own rules open internal ports")
        blocks += [f"  {line}" for line in lines[:_SHOWN]]
        if more > 0:
            blocks.append(f"  and {more} more; port_check.json lists all of them")
    return "\n".join(blocks)

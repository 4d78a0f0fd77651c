# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that were not observed, or not in full: each is named, with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import Unseen, failures


def unobserved_table(unseen_of: Mapping[str, Mapping[str, Unseen]]) -> str:
    """A line for each host and reason; empty where every host was observed. *unseen_of*: by host and part."""
    lines = []
    for name, unseen in unseen_of.items():
        parts: dict[str, list[str]] = {}
        for part, one in unseen.items():
            parts.setdefault(one.reason, []).append(part)
        lines += [f"  {name}: {', '.join(mine)}: {reason}" for reason, mine in parts.items()]
    return "\n".join(["Not observed:", *lines]) if lines else ""


def unobserved_message(unseen_of: Mapping[str, Mapping[str, Unseen]]) -> str:
    """Names the hosts that were not observed although Ansible did not count them as failed; empty if there are none."""
    named = [
        f"{name} ({', '.join(f'{part}: {one.reason}' for part, one in failed.items())})"
        for name, unseen in unseen_of.items()
        if (failed := failures(unseen))
    ]
    return f"not observed: {', '.join(named)}" if named else ""

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that were not observed, or not in full: each is named, with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import ABSENT, Unseen, failures


def unobserved_table(unseen_of: Mapping[str, Mapping[str, Unseen]]) -> str:
    """A line for each host and reason; empty where every host was observed. *unseen_of*: by host and part."""
    lines = []
    for name, unseen in unseen_of.items():
        parts: dict[str, list[str]] = {}
        for part, one in unseen.items():
            parts.setdefault(one.reason, []).append(part)
        lines += [f"  {name}: {', '.join(mine)}: {reason}" for reason, mine in parts.items()]
    return "\n".join(["Not observed:", *lines]) if lines else ""


def unobserved_hosts(unseen_of: Mapping[str, Mapping[str, Unseen]], counted: bool = True) -> dict[str, str]:
    """The hosts that were not observed although Ansible did not count them as failed, each with what and why.

    *counted*: as in :func:`failures`.
    """
    return {
        name: f"not observed: {name} ({', '.join(_parts(failed))})"
        for name, unseen in unseen_of.items()
        if (failed := failures(unseen, counted))
    }


def _parts(failed: Mapping[str, Unseen]) -> list[str]:
    """One text for each part; for a host of which nothing is there, its reason once."""
    reasons = dict.fromkeys(one.reason for one in failed.values() if one.kind == ABSENT)
    return [*reasons, *(f"{part}: {one.reason}" for part, one in failed.items() if one.kind != ABSENT)]


def unobserved_message(not_observed: Mapping[str, str]) -> str:
    """All of them in one sentence; empty if there are none. *not_observed*: from unobserved_hosts."""
    named = [text.removeprefix("not observed: ") for text in not_observed.values()]
    return f"not observed: {', '.join(named)}" if named else ""

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pairs of hosts that are checked: a full mesh of n hosts has n² of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan

SCOPES = ("console", "attached", "full", "sample")

#: The largest number of hosts of which every pair is checked by default.
LARGEST_FULL = 50

_SUBJECT = "The scope of the check is not valid; no host was contacted"


@dataclass(frozen=True)
class Scope:
    """The scope of one check; all its steps use the same."""

    name: str = "full"
    #: Of ``sample``: so many flows per listener, and what decides on which.
    sample: int = 20
    seed: int = 0

    @classmethod
    def chosen(cls, name: str | None, sample: int, seed: int, hosts: int) -> Scope:
        """The scope *name*, or the default for *hosts* hosts if it is None. Raises InputError."""
        if name is None:
            name = "full" if hosts <= LARGEST_FULL else "console"
        if sample < 1:
            raise InputError(_SUBJECT, [f"jsa_port_check_sample is {sample}: expected 1 or more"])
        return cls(name, sample, seed)

    def as_dict(self) -> dict[str, Any]:
        """As the modules return it."""
        numbers = {"sample": self.sample, "seed": self.seed} if self.name == "sample" else {}
        return {"name": self.name, **numbers}

    def line(self, flows: int, total: int, hosts: int) -> str:
        """One line: how many flows are checked and how many are left out."""
        drawn = f" (up to {self.sample:,} flows per listener, seed {self.seed})" if self.name == "sample" else ""
        share = f"{flows / total:.1%}" if total else "none"
        left_out = f"{total - flows:,} left out, {share} checked" if flows < total else "none left out"
        return f"Scope {self.name}{drawn}: {flows:,} of {total:,} flows between {hosts:,} hosts, {left_out}"


def initiators_by_listener(plan: Plan, names: Sequence[str], scope: Scope) -> dict[str, list[str]]:
    """The hosts that probe each listener in the scopes ``console`` and ``attached``, without listing all pairs.

    Raises InputError if the scope is ``console`` and no console is among *names*.
    """
    hosts = plan.hosts
    consoles = [name for name in names if "console" in hosts[name].roles]
    if not consoles and scope.name == "console":
        raise InputError(
            _SUBJECT,
            [
                "the scope is console, but no console is among the hosts of the play: add it to --limit, or set "
                "jsa_port_check_scope to attached, full or sample"
            ],
        )
    peers: dict[str, set[str]] = {name: set() for name in names}

    def meet(one: str, other: str | None) -> None:
        if other in peers and one != other:
            peers[one].add(other)
            peers[other].add(one)

    for console in consoles:
        for name in names:
            meet(name, console)
    if scope.name == "attached":
        for name in names:
            meet(name, hosts[name].ha_peer)
            processor = hosts[name].processor
            if processor is not None:
                meet(name, processor)
                # An HA pair is one processor: whichever of its nodes is active answers.
                meet(name, hosts[processor].ha_peer if processor in hosts else None)
    place = {name: number for number, name in enumerate(names)}
    return {name: sorted(peers[name], key=place.__getitem__) for name in names}

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the virtual address of an HA pair is called."""

from __future__ import annotations

from collections import Counter

from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan


def virtual_names(plan: Plan) -> dict[str, str]:
    """Virtual address -> the name of its pair, from those of the nodes: ``con`` for con1 and con2.

    Where that is nothing, a host, or more than one pair: ``con1/con2``.
    """
    nodes: dict[str, list[str]] = {}
    for name, host in plan.hosts.items():
        for address in host.virtual_addresses:
            nodes.setdefault(address, []).append(name)
    common = {pair: _common(pair) for pair in {tuple(sorted(names)) for names in nodes.values()}}
    times = Counter(common.values())
    names = {}
    for address, pair in nodes.items():
        word = common[tuple(sorted(pair))]
        names[address] = word if word and word not in plan.hosts and times[word] == 1 else "/".join(sorted(pair))
    return names


def _common(names: tuple[str, ...]) -> str:
    """What names begin with, without what only joins it to the rest."""
    if len(names) < 2:
        return ""
    length = 0
    for letters in zip(*names, strict=False):
        if len(set(letters)) > 1:
            break
        length += 1
    return names[0][:length].rstrip("-_.")

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole comparison: observations of all hosts and a plan become one document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.jsa.ports.plugins.plugin_utils._learned.deciding import Decider
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.joining import Joiner
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import Learned
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.networks import Widening
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.observations import HostTraffic, harmless
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.peers import Peers
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.suggesting import Suggester
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan


def learn(
    planner: Planner,
    plan: Plan,
    seen: Mapping[str, HostTraffic],
    widening: Widening,
    strangers: Mapping[str, tuple[str, ...]] | None = None,
) -> Learned:
    """What the traffic in *seen*, by host of the plan, says about it.

    *planner*: knows the inventory; *plan* is its own, or a saved one. *widening*: how far addresses that nobody knows
    are rounded up. *strangers*: hosts of the inventory outside of the deployment, with their addresses.
    """
    peers = Peers(planner.topology, strangers)
    widening = replace(widening, known=frozenset(peers.members))
    decider = Decider(plan, planner)
    joiner = Joiner(decider, peers)
    joined = {name: joiner.host(name, one.traffic) for name, one in seen.items() if one.traffic is not None}
    decided = [part for one in joined.values() for part in one.decided]
    return Learned(
        hosts={name: one.learned for name, one in joined.items()},
        not_observed={
            name: harmless("; ".join(dict.fromkeys(part.reason for part in one.unseen.values())))
            for name, one in seen.items()
            if one.traffic is None
        },
        suggestions=Suggester(decider, widening).suggest(decided),
    )

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records of traffic for tests, as jsa.ports.traffic returns them, and what comes of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._learned.learning import learn
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import Learned
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.networks import Widening
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.observations import observed
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner

TIME = "2026-11-25T05:10:00Z"


def contact(
    peer: str, socket: str, connections: int | None = 3, process: str | None = "service", last_seen: str | None = TIME
) -> dict[str, Any]:
    """*socket*: such as 514/udp."""
    port, _slash, protocol = socket.partition("/")
    return {
        "peer": peer,
        "protocol": protocol,
        "port": int(port),
        "connections": connections,
        "last_seen": last_seen,
        "process": process,
    }


def connection(peer: str, socket: str) -> dict[str, Any]:
    kept = ("peer", "protocol", "port")
    return {key: value for key, value in contact(peer, socket).items() if key in kept}


def record(*inbound: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The result of the module on one host. *more*: keys of its traffic."""
    traffic: dict[str, Any] = {
        "state": "recording",
        "since": "2026-11-24T00:00:00Z",
        "gaps": [],
        "not_recorded": 0,
        "capacity": 65535,
        "inbound": list(inbound),
        "outbound": [],
        "established": [],
        "notes": [],
    }
    return {"changed": False, "traffic": {**traffic, **more}}


def learned(
    planner: Planner,
    results: dict[str, dict[str, Any]],
    widening: Widening | None = None,
    alive: Iterable[str] | None = None,
) -> Learned:
    """Of the hosts in *results*."""
    plan = planner.plan(networks_required=False)
    seen = observed({"traffic": results}, list(results), list(results if alive is None else alive))
    return learn(planner, plan, seen, widening or Widening())

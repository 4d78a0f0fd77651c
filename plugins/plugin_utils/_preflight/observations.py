# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a preflight saw of each host, out of what the role registered."""

from __future__ import annotations

import ipaddress

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._task_results import (
    Probes,
    firewall_as_planned,
    has_run,
    probes_of,
)

#: Variables that the role jsa_preflight registers on each host.
LISTENERS_VARIABLE = "jsa_preflight_listeners"
ENDED_VARIABLE = "jsa_preflight_ended"
FIREWALL_VARIABLE = "jsa_preflight_firewall"
OPENED_VARIABLE = "jsa_preflight_opened"
REACHABILITY_VARIABLE = "jsa_preflight_reachability"

#: Protocol and port.
Socket = tuple[str, int]
#: Protocol, port, peer's address.
Packet = tuple[str, int, str]


def family_of(address: str) -> str:
    return f"ipv{ipaddress.ip_address(address).version}"


@dataclass
class HostSeen:
    """Everything that is known of one host."""

    #: Protocol, port and family of each listener of ours; None where none could be started.
    listening: frozenset[tuple[str, int, str]] | None = None
    #: Why there are none, as the host has told it.
    why_none: str | None = None
    in_use: dict[Socket, Mapping[str, Any]] = field(default_factory=dict)
    not_bound: dict[Socket, str] = field(default_factory=dict)
    networks: tuple[str, ...] = ()
    #: Whether the listeners stood until they were ended; None where nobody could ask.
    stood: bool | None = None
    watched: bool = False
    arrived: frozenset[Packet] = frozenset()
    answered: frozenset[Packet] = frozenset()
    #: True where the running firewall is what the plan asks for; None where that is not known.
    firewall_as_planned: bool | None = None
    probes: Probes | None = None

    def stands(self, flow: ExpectedFlow) -> bool:
        """Whether a listener of ours is what *flow* should meet here."""
        return (flow.protocol, flow.port, family_of(flow.address)) in (self.listening or ())

    def as_dict(self) -> dict[str, Any]:
        """For the written result."""
        return {
            "listened": self.listening is not None,
            "why_not": self.why_none,
            "stood": self.stood,
            "watched": self.watched,
            "firewall_as_planned": self.firewall_as_planned,
            "networks": list(self.networks),
            "in_use": [dict(item) for item in self.in_use.values()],
            "not_bound": [
                {"protocol": protocol, "port": port, "why": why} for (protocol, port), why in self.not_bound.items()
            ],
        }


def read_seen(hostvars: Mapping[str, Any], names: Iterable[str]) -> dict[str, HostSeen]:
    return {name: _read(hostvars[name]) for name in names}


def _read(variables: Any) -> HostSeen:
    seen = HostSeen(probes=probes_of(variables.get(REACHABILITY_VARIABLE)))
    listeners = variables.get(LISTENERS_VARIABLE)
    if has_run(listeners) and "listening" in listeners:
        seen.listening = frozenset(
            (item["protocol"], item["port"], name) for item in listeners["listening"] for name in item["families"]
        )
        seen.in_use = {(item["protocol"], item["port"]): item for item in listeners["in_use"]}
        seen.not_bound = {(item["protocol"], item["port"]): item["why"] for item in listeners["not_bound"]}
        seen.networks = tuple(listeners["networks"])
    elif isinstance(listeners, Mapping):
        seen.why_none = str(listeners.get("msg") or "") or None
    ended = variables.get(ENDED_VARIABLE)
    if has_run(ended) and "stood" in ended:
        seen.stood = bool(ended["stood"])
        seen.watched = bool(ended["watched"])
        seen.arrived = _packets(ended["arrived"])
        seen.answered = _packets(ended["answered"])
    opened = variables.get(OPENED_VARIABLE)
    if has_run(opened) and "actions" in opened:
        seen.firewall_as_planned = True
    else:
        seen.firewall_as_planned = firewall_as_planned(variables.get(FIREWALL_VARIABLE))
    return seen


def _packets(rows: Iterable[Mapping[str, Any]]) -> frozenset[Packet]:
    return frozenset((row["protocol"], row["port"], row["peer"]) for row in rows)

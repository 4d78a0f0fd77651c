# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was seen on each host: sockets, probes, and whether its firewall is as planned."""

from __future__ import annotations

import ipaddress

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._check.drift import opening_lines
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import Path, PathKey, read_paths
from ansible_collections.jsa.ports.plugins.plugin_utils._task_results import (
    Probes,
    firewall_as_planned,
    has_run,
    probes_of,
)

#: Variables that the role jsa_port_check registers on each host.
LISTENERS_VARIABLE = "jsa_port_check_listeners"
FIREWALL_VARIABLE = "jsa_port_check_firewall"
#: On an appliance, where the other one only says that it is one.
REACHABILITY_VARIABLE = "jsa_port_check_reachability"
PATHS_VARIABLE = "jsa_port_check_paths"

Socket = tuple[str, int]


@dataclass(frozen=True)
class Listener:
    """A socket that the catalog expects or that listens on the network."""

    status: str
    #: ``network``, ``loopback``, or None where nothing listens.
    bind: str | None
    process: str | None
    #: What it is bound to; empty where nobody said.
    addresses: tuple[str, ...] = ()
    #: ``ipv4`` and ``ipv6``, as far as it serves them.
    families: tuple[str, ...] = ("ipv4", "ipv6")

    def serves(self, address: str) -> bool:
        """Whether a packet to *address* reaches it."""
        parsed = ipaddress.ip_address(address)
        if self.bind != "network" or f"ipv{parsed.version}" not in self.families:
            return False
        bound = [ipaddress.ip_address(text) for text in self.addresses]
        return not bound or any(one.is_unspecified or one == parsed for one in bound)

    @property
    def place(self) -> str:
        """Where it listens, for a sentence."""
        if self.bind == "loopback":
            return "on loopback"
        wildcards = {"0.0.0.0": "on IPv4", "::": "on IPv6"}
        return ", ".join(wildcards.get(address, f"on {address}") for address in self.addresses)


@dataclass
class HostObservation:
    """Everything seen of one host; what could not be seen is None."""

    listeners: dict[Socket, Listener] | None = None
    probes: Probes | None = None
    #: True where the running firewall is what the plan asks for; None where that is not known.
    firewall_as_planned: bool | None = None
    firewall_difference: list[str] = field(default_factory=list)
    #: What the site's own configuration opens although nobody outside of the deployment should reach it.
    openings: list[str] = field(default_factory=list)
    #: Id of the catalog's entry -> the line of those that is about it.
    opening_of: dict[str, str] = field(default_factory=dict)
    #: The host's own addresses and the lengths of their prefixes.
    addresses: dict[str, int] | None = None
    #: What it does with the packets of flows that wanted a closer look.
    paths: dict[PathKey, Path] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For the written result: what was seen of the host itself, its probes being the verdicts."""
        return {
            "observed": self.listeners is not None,
            "firewall_as_planned": self.firewall_as_planned,
            "firewall_difference": self.firewall_difference,
            "openings": self.openings,
            "addresses": sorted(self.addresses) if self.addresses is not None else None,
            "listeners": [
                {"protocol": protocol, "port": port, "status": item.status, "bind": item.bind, "process": item.process}
                for (protocol, port), item in sorted((self.listeners or {}).items())
            ],
        }

    def listens(self, protocol: str, port: int, address: str) -> bool | None:
        """Whether a socket serves *address*; None where nobody looked."""
        if self.listeners is None:
            return None
        listener = self.listeners.get((protocol, port))
        return listener is not None and listener.serves(address)


def read_observations(hostvars: Mapping[str, Any], names: Iterable[str]) -> dict[str, HostObservation]:
    """The observations of *names*, out of what the role registered."""
    observations = {}
    for name in names:
        variables = hostvars[name]
        observation = HostObservation(probes=probes_of(variables.get(REACHABILITY_VARIABLE)))
        listeners = variables.get(LISTENERS_VARIABLE)
        if has_run(listeners) and "results" in listeners:
            observation.listeners = _listeners(listeners["results"])
        paths = variables.get(PATHS_VARIABLE)
        if has_run(paths) and "flows" in paths:
            observation.paths = read_paths(paths)
            if paths["addresses"] is not None:
                observation.addresses = {item["address"]: item["prefix"] for item in paths["addresses"]}
        firewall = variables.get(FIREWALL_VARIABLE)
        observation.firewall_as_planned = firewall_as_planned(firewall)
        if observation.firewall_as_planned is not None:
            observation.firewall_difference = list(firewall["differences"])
            observation.openings = opening_lines(firewall)
            for item, line in zip(firewall.get("openings") or (), observation.openings, strict=True):
                observation.opening_of.update(dict.fromkeys(item["why"], line))
        observations[name] = observation
    return observations


def _listeners(results: Iterable[Mapping[str, Any]]) -> dict[Socket, Listener]:
    listeners: dict[Socket, Listener] = {}
    for result in results:
        first, last = parse_ports(result["ports"])
        if first == last:
            processes = result.get("processes") or [{}]
            listeners[(result["protocol"], first)] = Listener(
                status=result["status"],
                bind=result["bind"],
                process=processes[0].get("name"),
                addresses=tuple(result["addresses"]),
                families=tuple(result["families"]),
            )
    return listeners

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flows that a plan expects between its hosts, and those that must not work, as probes."""

from __future__ import annotations

import ipaddress

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError


@dataclass(frozen=True)
class ExpectedFlow:
    """One connection between two hosts that the plan wants, or (``wanted`` false) wants refused."""

    initiator: str
    listener: str
    address: str
    protocol: str
    #: 0 for ICMP.
    port: int
    ids: tuple[str, ...]
    service: str
    #: Whether a missing listener is a fault.
    required: bool
    wanted: bool = True

    @property
    def probe_key(self) -> tuple[str, int, str]:
        return self.address, self.port, self.protocol

    def probe(self) -> dict[str, Any]:
        """As ``jsa.ports.reachability`` takes it."""
        probe: dict[str, Any] = {"address": self.address, "protocol": self.protocol}
        if self.port:
            probe["port"] = self.port
        return probe


class Expectations:
    """The flows of one plan between the hosts of one play."""

    def __init__(self, plan: Mapping[str, Any], names: list[str]) -> None:
        lacking = [name for name in names if "listeners" not in plan["hosts"][name]]
        if lacking or "source_classes" not in plan:
            raise InputError(
                "The plan says what to accept, but not what to expect, so it cannot be checked",
                ["listeners and source_classes are missing: write it anew with jsa.ports.plan -e jsa_plan_dest=FILE"],
            )
        self._plan = plan
        self._names = names
        self._members = {label: frozenset(value["hosts"]) for label, value in plan["source_classes"].items()}

    def wanted(self) -> Iterator[ExpectedFlow]:
        """Every flow that must work, in the order of listeners, then initiators."""
        for listener in self._names:
            items = self._items(listener)
            for initiator in self._names:
                if initiator != listener:
                    yield from self._between(initiator, listener, items)

    def unwanted(self, observations: Mapping[str, HostObservation]) -> Iterator[ExpectedFlow]:
        """Ports that listen on the network and that the next host has no business with.

        One other host stands for all: the refusal that it must meet is the same for everyone. A port without a
        listener would look closed whatever the firewall does, so it is not worth a packet.
        """
        for index, listener in enumerate(self._names):
            witness = self._names[(index + 1) % len(self._names)]
            address = self._address(witness, listener)
            seen = observations[listener].listeners
            if witness == listener or address is None or not seen:
                continue
            for (protocol, port), socket in sorted(seen.items()):
                refused = self._refusing(listener, protocol, port)
                if socket.bind == "network" and refused and not self._accepted(listener, protocol, port, witness):
                    yield ExpectedFlow(
                        witness, listener, address, protocol, port, tuple(refused), ", ".join(refused), False, False
                    )

    def _items(self, listener: str) -> list[tuple[Mapping[str, Any], frozenset[str], int]]:
        host = self._plan["hosts"][listener]
        items = []
        for item in host["listeners"]:
            first, last = parse_ports(item["ports"])
            if first == last and item["bind"] != "loopback" and item.get("source_classes"):
                members = frozenset().union(*(self._members[label] for label in item["source_classes"]))
                items.append((item, members, first))
        for rule in host["inbound"]:
            if rule["protocol"] == "icmp":
                members = frozenset().union(*(self._members[label] for label in rule.get("source_classes", ())))
                ping = {"id": rule["why"][0], "service": "ICMP echo", "protocol": "icmp", "required": True}
                items.append((ping, members, 0))
        return items

    def _between(
        self, initiator: str, listener: str, items: list[tuple[Mapping[str, Any], frozenset[str], int]]
    ) -> Iterator[ExpectedFlow]:
        mine = [(item, port) for item, members, port in items if initiator in members]
        address = self._address(initiator, listener) if mine else None
        if address is None:
            return
        by_socket: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
        for item, port in mine:
            by_socket.setdefault((item["protocol"], port), []).append(item)
        for (protocol, port), same in by_socket.items():
            yield ExpectedFlow(
                initiator=initiator,
                listener=listener,
                address=address,
                protocol=protocol,
                port=port,
                ids=tuple(item["id"] for item in same),
                service=same[0]["service"],
                required=any(item["required"] for item in same),
            )

    def _address(self, initiator: str, listener: str) -> str | None:
        """The listener's first address in a family that the initiator has too."""
        own = {ipaddress.ip_address(address).version for address in self._plan["hosts"][initiator]["addresses"]}
        for address in self._plan["hosts"][listener]["addresses"]:
            if ipaddress.ip_address(address).version in own:
                return str(address)
        return None

    def _refusing(self, listener: str, protocol: str, port: int) -> list[str]:
        for rule in self._plan["hosts"][listener]["refused"]:
            first, last = parse_ports(rule["ports"])
            if rule["protocol"] == protocol and first <= port <= last:
                return list(rule["why"])
        return []

    def _accepted(self, listener: str, protocol: str, port: int, initiator: str) -> bool:
        addresses = [ipaddress.ip_address(text) for text in self._plan["hosts"][initiator]["addresses"]]
        for rule in self._plan["hosts"][listener]["inbound"]:
            if rule["protocol"] != protocol or "ports" not in rule:
                continue
            first, last = parse_ports(rule["ports"])
            if first <= port <= last:
                networks = [ipaddress.ip_network(cidr) for cidr in rule["sources"]]
                if any(address in network for address in addresses for network in networks):
                    return True
        return False

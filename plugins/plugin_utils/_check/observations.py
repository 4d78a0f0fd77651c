# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a check observed of each host: sockets, firewall, probes, and what its kernel does with packets.

They are made of what the modules returned on the hosts, or read back from the file of each host
(``host_file.py``), which docs/observations.schema.json describes.
"""

from __future__ import annotations

import ipaddress

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Annotated, Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import PATHS, OwnAddress, Path, PathKey, PathsSeen
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow, ProbeKey, SocketKey
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import (
    CONSOLE_RESULTS,
    PROBES,
    SKIPPED,
    Family,
    Part,
    Port,
    ProbeAnswer,
    ProbesSeen,
    Text,
    Unseen,
    known,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import TCP, UDP, Address, Ports
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import Choice

NETWORK = "network"


@dataclass(frozen=True, kw_only=True)
class Socket:
    """A port that the catalog expects, or that something listens on."""

    protocol: Annotated[str, Choice((TCP, UDP))]
    port: Port
    status: Annotated[str, Choice(("listening", "not_listening", "exposed", "unlisted"))]
    #: None where nothing listens.
    bind: Annotated[str, Choice((NETWORK, "loopback"))] | None
    process: Text | None = None
    #: What it is bound to; empty where nobody said.
    addresses: tuple[Address, ...] = ()
    #: As far as it serves them.
    families: tuple[Family, ...] = ("ipv4", "ipv6")

    def serves(self, address: str) -> bool:
        """Whether a packet to *address* reaches it."""
        parsed = _parsed(address)
        if self.bind != NETWORK or f"ipv{parsed.version}" not in self.families:
            return False
        bound = [_parsed(text) for text in self.addresses]
        return not bound or any(one.is_unspecified or one == parsed for one in bound)

    @property
    def place(self) -> str:
        """Where it listens, for a sentence."""
        if self.bind == "loopback":
            return "on loopback"
        wildcards = {"0.0.0.0": "on IPv4", "::": "on IPv6"}
        return ", ".join(wildcards.get(address, f"on {address}") for address in self.addresses)


@dataclass(frozen=True, kw_only=True)
class SocketsSeen:
    """A host's sockets, beside what the catalog expects."""

    results: tuple[Socket, ...]
    #: The host's own addresses at that time; None where the kernel did not tell.
    addresses: tuple[OwnAddress, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A port that the site's own configuration opens although nobody outside of the deployment should reach it."""

    object: Text
    setting: Text
    protocol: Annotated[str, Choice((TCP, UDP))]
    ports: Ports
    #: Ids of the catalog's entries.
    why: tuple[Text, ...]
    #: Whether it decides before our rules do.
    effective: bool


@dataclass(frozen=True, kw_only=True)
class FirewallSeen:
    """A host's running firewall, compared with the plan."""

    #: None where it could not be asked; *reason* says why.
    as_planned: bool | None
    reason: Text | None = None
    #: What is wrong before any rule is compared, such as a firewall that failed and filters nothing.
    alarms: tuple[Text, ...] = ()
    differences: tuple[Text, ...] = ()
    openings: tuple[Opening, ...] = ()
    #: Whether its rules reject, or only log what they would reject. None without rules, or where that is not known.
    refuse: Annotated[str, Choice(("enforce", "log"))] | None = None


@dataclass(frozen=True, kw_only=True)
class ConsoleAnswer:
    """What the console says of a connection from the host."""

    address: Address
    port: Port
    result: Annotated[str, Choice(CONSOLE_RESULTS)]


@dataclass(frozen=True, kw_only=True)
class ConsoleFailure:
    """A connection that the console could not test, and why."""

    address: Address
    port: Port
    reason: Text


@dataclass(frozen=True, kw_only=True)
class ConsoleSeen:
    """The connections from a host that the console tested, because the host itself was not asked."""

    answers: tuple[ConsoleAnswer, ...]
    #: Why none was tested; None where some were.
    reason: Text | None = None
    failures: tuple[ConsoleFailure, ...] = ()


@dataclass(frozen=True, kw_only=True)
class HostObservation:
    """What a check observed of one host; each part is null where it was not observed, and unseen has the reason."""

    sockets: SocketsSeen | None = None
    firewall: FirewallSeen | None = None
    probes: ProbesSeen | None = None
    paths: PathsSeen | None = None
    console: ConsoleSeen | None = None
    unseen: Mapping[str, Unseen] = field(default_factory=dict)

    @property
    def is_left_to_console(self) -> bool:
        """Whether a task was skipped for the host: it is not asked itself."""
        return any(one.kind == SKIPPED for one in self.unseen.values())

    @cached_property
    def listeners(self) -> dict[SocketKey, Socket] | None:
        """None where nobody looked."""
        return None if self.sockets is None else {(one.protocol, one.port): one for one in self.sockets.results}

    @cached_property
    def exposed(self) -> list[SocketKey]:
        """The sockets that listen on the network, as far as somebody looked."""
        return [key for key, one in (self.listeners or {}).items() if one.bind == NETWORK]

    @cached_property
    def answers(self) -> dict[ProbeKey, ProbeAnswer]:
        """What its probes met; empty where it could not be asked to probe."""
        return {one.key: one for one in self.probes.answers} if self.probes else {}

    @cached_property
    def console_results(self) -> dict[ProbeKey, str]:
        """One of CONSOLE_RESULTS for each connection that the console tested."""
        return {(one.address, one.port, TCP): one.result for one in self.console.answers} if self.console else {}

    @cached_property
    def addresses(self) -> dict[str, int] | None:
        """The host's own addresses and the lengths of their prefixes, as told last; None where nobody asked."""
        for part in (self.paths, self.sockets):
            if part is not None and part.addresses is not None:
                return {one.address: one.prefix for one in part.addresses}
        return None

    @cached_property
    def path_of(self) -> dict[PathKey, Path]:
        """The paths by their keys; empty if no flow was evaluated."""
        return {one.key: one for one in self.paths.flows} if self.paths else {}

    @property
    def firewall_as_planned(self) -> bool | None:
        """None where that is not known."""
        return self.firewall.as_planned if self.firewall else None

    @property
    def alarms(self) -> tuple[str, ...]:
        """What is wrong with its firewall before any rule is compared, one sentence each."""
        return self.firewall.alarms if self.firewall else ()

    @property
    def is_enforced(self) -> bool:
        """False where its rules are known to reject nothing."""
        return self.firewall is None or self.firewall.refuse != "log"

    @property
    def differences(self) -> tuple[str, ...]:
        """How the running firewall differs from the plan, one sentence each."""
        return self.firewall.differences if self.firewall else ()

    @property
    def openings(self) -> tuple[Opening, ...]:
        """What the site opens although nobody outside of the deployment should reach it."""
        return self.firewall.openings if self.firewall else ()

    def listens(self, flow: ExpectedFlow) -> bool | None:
        """Whether a socket serves the flow's address; None where nobody looked."""
        if self.listeners is None:
            return None
        listener = self.listeners.get(flow.socket)
        return listener is not None and listener.serves(flow.arrives_at)


def answer_of(flow: ExpectedFlow, observations: Mapping[str, HostObservation]) -> ProbeAnswer | None:
    """What the probe of *flow* met; None where there is no answer that counts.

    A service that not every deployment has is probed before anybody knows whether it runs: the answer counts only where
    something listens. It also counts where another run observes the listener, which is then not in *observations*.
    """
    listener = observations.get(flow.listener)
    if flow.wanted and not flow.required and listener is not None and not listener.listens(flow):
        return None
    return observations[flow.initiator].answers.get(flow.probe_key)


# The same few addresses stand in the sockets of every host.
@lru_cache(maxsize=65536)
def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(address)


def _sockets(result: Mapping[str, Any]) -> dict[str, Any]:
    addresses = result.get("addresses")
    return {
        "results": [document for item in result["results"] if (document := _socket(item)) is not None],
        "addresses": None if addresses is None else [known(OwnAddress, item) for item in addresses],
    }


def _socket(item: Mapping[str, Any]) -> dict[str, Any] | None:
    first, last = parse_ports(item["ports"])
    if first != last:
        # That nothing listens in a range is no single port's fault.
        return None
    processes = item.get("processes") or [{}]
    return known(Socket, item, port=first, process=processes[0].get("name"))


def _firewall(result: Mapping[str, Any]) -> dict[str, Any]:
    openings = [known(Opening, item) for item in result.get("openings") or ()]
    return known(
        FirewallSeen,
        result,
        alarms=result.get("alarms") or [],
        differences=result.get("differences") or [],
        openings=openings,
    )


def _console(result: Mapping[str, Any]) -> dict[str, Any]:
    return known(ConsoleSeen, result)


#: The parts of a check's observations, in the order in which they are observed.
CHECK_PARTS: tuple[Part[Any], ...] = (
    Part("sockets", "jsa.ports.listeners", "results", _sockets, SocketsSeen),
    Part("firewall", "jsa.ports.firewall_info", "as_planned", _firewall, FirewallSeen),
    PROBES,
    PATHS,
    Part("console", "jsa.ports.console_check", "answers", _console, ConsoleSeen),
)

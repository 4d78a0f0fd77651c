# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the rules and kernels of the two hosts do with a flow that had an unexpected result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import Part, Port, Text, known
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.contacts import addresses_toward, first_of, version_of
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import Between, Choice, left_out
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import PROTOCOLS

#: Role, own address, the other's address, protocol, port.
PathKey = tuple[str, str, str, str, int | None]

LISTENER = "listener"
INITIATOR = "initiator"


@dataclass(frozen=True, kw_only=True)
class Passage:
    """What a host does with a packet."""

    decision: Annotated[str, Choice(("accept", "drop", "reject", "unknown"))]
    #: The rule that says so; with ``unknown`` the one that may reject it.
    rule: Text | None

    @property
    def refuses(self) -> bool:
        """Whether the rules certainly drop or reject the packet."""
        return self.decision in ("drop", "reject")

    @property
    def doubtful(self) -> bool:
        """There is a rule that may refuse it."""
        return self.decision == "unknown" and self.rule is not None


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """The queue of a service that accepts no more connections."""

    waiting: int
    limit: int


@dataclass(frozen=True, kw_only=True)
class Path:
    """What one of the two hosts of a flow does with its packets."""

    role: Annotated[str, Choice((LISTENER, INITIATOR))]
    own: Text
    peer: Text
    protocol: Annotated[str, Choice(PROTOCOLS)]
    port: Port | None = left_out()
    #: The initiator's first packet, and the listener's answer.
    question: Passage
    answer: Passage
    #: Whether the host has a route to the peer.
    route: bool
    #: Whether a connection of the peer waits for the end of its handshake; None where that cannot be.
    half_open: bool | None = None
    backlog: Backlog | None = None
    #: Whether the kernel is configured not to answer pings.
    ignored: bool = False

    @property
    def key(self) -> PathKey:
        """Role, own address, peer, protocol and port: what the path of a flow is found by."""
        return self.role, self.own, self.peer, self.protocol, self.port

    @property
    def accepts(self) -> bool:
        """Whether this host certainly accepts both packets."""
        return self.question.decision == self.answer.decision == "accept"


@dataclass(frozen=True, kw_only=True)
class OwnAddress:
    """An address of the host, and the length of its network's prefix."""

    address: Text
    prefix: Annotated[int, Between(0, 128)]

    def __post_init__(self) -> None:
        # A network is made of both.
        if ":" not in self.address and self.prefix > 32:
            raise ValueError(f"prefix: {self.prefix} is too long for IPv4")


@dataclass(frozen=True, kw_only=True)
class PathsSeen:
    """What a host's kernel knows about flows with an unexpected result, and the host's own addresses."""

    #: None where the kernel does not tell.
    addresses: tuple[OwnAddress, ...] | None
    flows: tuple[Path, ...]

    def then(self, later: PathsSeen) -> PathsSeen:
        """Both; of a flow that was evaluated again, the later decision counts."""
        flows = {one.key: one for one in (*self.flows, *later.flows)}
        addresses = self.addresses if later.addresses is None else later.addresses
        return PathsSeen(addresses=addresses, flows=tuple(flows.values()))


def _document(result: Mapping[str, Any]) -> dict[str, Any]:
    addresses = result["addresses"]
    return {
        "addresses": None if addresses is None else [known(OwnAddress, item) for item in addresses],
        "flows": [
            known(Path, item, question=known(Passage, item["question"]), answer=known(Passage, item["answer"]))
            for item in result["flows"]
        ],
    }


#: The results of ``jsa.ports.packet_path``.
PATHS = Part("paths", "jsa.ports.packet_path", "flows", _document, PathsSeen)


def source_of(plan: Plan, flow: ExpectedFlow) -> str | None:
    """The initiator's address for the flow, as the listener sees it."""
    initiator, listener = plan.hosts[flow.initiator], plan.hosts[flow.listener]
    return first_of(addresses_toward(initiator, listener), version_of(flow.address))


def sent_from(plan: Plan, flow: ExpectedFlow) -> str | None:
    """The initiator's address for the flow, as it has it itself: another one where NAT translates."""
    return first_of(plan.hosts[flow.initiator].addresses, version_of(flow.address))


def key_at(role: str, plan: Plan, flow: ExpectedFlow) -> PathKey | None:
    """Of the end *role* of a flow, with the addresses that its host sees. None if the initiator has no address."""
    own = flow.arrives_at if role == LISTENER else sent_from(plan, flow)
    peer = source_of(plan, flow) if role == LISTENER else flow.address
    return None if own is None or peer is None else (role, own, peer, flow.protocol, flow.port)

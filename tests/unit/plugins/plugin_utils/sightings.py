# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was seen of hosts, for tests: observations out of few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import (
    FirewallSeen,
    HostObservation,
    Opening,
    Socket,
    SocketsSeen,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import OwnAddress, Passage, Path, PathsSeen
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import ProbeAnswer, ProbesSeen

_CONTACTS = {"role": "listener", "own": "10.0.0.2", "peer": "10.0.0.1", "protocol": "tcp"}


def socket(port: int, bind: str | None = "network", protocol: str = "tcp", **more: Any) -> Socket:
    more.setdefault("status", "listening" if bind else "not_listening")
    return Socket(protocol=protocol, port=port, bind=bind, process="java", **more)


def answer(flow: ExpectedFlow, result: str, **more: Any) -> ProbeAnswer:
    return ProbeAnswer(address=flow.address, protocol=flow.protocol, port=flow.port, result=result, **more)


def passage(decision: str, rule: str | None = None) -> Passage:
    return Passage(decision=decision, rule=rule)


def path(question: Passage, response: Passage, **more: Any) -> Path:
    """Of any flow; :func:`at` makes it one of a certain end."""
    return Path(**_CONTACTS, question=question, answer=response, **{"route": True, **more})


def at(role: str, source: str, flow: ExpectedFlow, one: Path) -> Path:
    own, peer = (flow.address, source) if role == "listener" else (source, flow.address)
    return replace(one, role=role, own=own, peer=peer, protocol=flow.protocol, port=flow.port)


def opening(why: str, **more: Any) -> Opening:
    values = {"object": "zone public", "setting": "port", "protocol": "tcp", "ports": (5432, 5432), "effective": False}
    return Opening(why=(why,), **{**values, **more})


def observation(
    sockets: Iterable[Socket] | None = None,
    answers: Iterable[ProbeAnswer] | None = None,
    firewall: bool | None = None,
    differences: Iterable[str] = (),
    openings: Iterable[Opening] = (),
    addresses: Mapping[str, int] | None = None,
    paths: Iterable[Path] = (),
    refuse: str | None = None,
) -> HostObservation:
    """None of *sockets* and *answers* is a host that could not be asked for them."""
    own = None
    if addresses is not None:
        own = tuple(OwnAddress(address=address, prefix=prefix) for address, prefix in addresses.items())
    return HostObservation(
        sockets=None if sockets is None else SocketsSeen(results=tuple(sockets)),
        probes=None if answers is None else ProbesSeen(answers=tuple(answers)),
        firewall=FirewallSeen(
            as_planned=firewall, differences=tuple(differences), openings=tuple(openings), refuse=refuse
        ),
        paths=PathsSeen(addresses=own, flows=tuple(paths)),
    )

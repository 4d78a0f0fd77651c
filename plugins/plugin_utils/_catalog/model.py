# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a catalog entry is, once it has been read: plain, frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange


@dataclass(frozen=True)
class Condition:
    """When an entry or a flow applies. Every part that is set must hold."""

    #: Features that the host which the port belongs to must have (the listener; for outbound flows the initiator).
    features: tuple[str, ...] = ()
    #: Features that it must not have.
    without_features: tuple[str, ...] = ()
    #: Roles that at least one host of the deployment must have.
    deployment_roles: tuple[str, ...] = ()
    #: First release to which it applies, as written in the catalog, for example "7.5.0 UP6".
    release_from: str | None = None
    #: First release to which it does not apply any more.
    release_before: str | None = None


@dataclass(frozen=True)
class Flow:
    """Who contacts whom: every initiator may open the entry's ports on every listener."""

    #: Roles, host groups, ``management_modules``, or networks (then the flow leaves the deployment).
    listeners: tuple[str, ...]
    #: Roles, host groups, ``self``, ``ha_peer``, networks, or (site's own entries) addresses and CIDRs.
    initiators: tuple[str, ...]
    #: One of ENCRYPTION.
    encryption: str
    #: Between a collector or data node and the processor that it reports to, where ``jsa_processor`` names one.
    attached: bool = False
    #: Between hosts that report to the same processor, as the data nodes of one cluster do.
    same_processor: bool = False
    when: Condition = field(default_factory=Condition)


@dataclass(frozen=True)
class Statement:
    """One row of one document that the entry rests on."""

    document: str
    #: Row number, from 1, in the document's table of listening ports (``table: ports``) or of public servers.
    row: int
    #: Ports and protocols as the row gives them, in this collection's notation.
    ports: tuple[str, ...]
    protocols: tuple[str, ...]
    #: What the row says about direction and use, in our words.
    says: str
    table: str = "ports"


@dataclass(frozen=True)
class Disagreement:
    """Where the documents differ, or another page contradicts them: each reading, the one that is followed, and why."""

    #: By document, and by page where one of PAGES differs from them.
    readings: dict[str, str]
    verdict: str
    reason: str


@dataclass(frozen=True)
class Dynamic:
    """Ports that only the running service can tell."""

    #: Where they can lie.
    ports: PortRange
    #: How many; None where nobody says.
    count: int | None
    #: How they are found out: ``imq_port_mapper``, ``rpcbind``, or ``none``.
    discovery: str


@dataclass(frozen=True)
class Entry:
    """One purpose for which ports are open. The id is not the port: 9381, 514 and 22 each serve several."""

    id: str
    service: str
    purpose: str
    protocols: tuple[str, ...]
    #: Empty for ICMP and for entries whose ports are all dynamic.
    ports: tuple[PortRange, ...]
    exposure: str
    confidence: str
    flows: tuple[Flow, ...]
    when: Condition = field(default_factory=Condition)
    dynamic: Dynamic | None = None
    #: Feature -> ports that replace ``ports`` on a host with it (FIPS mode has fewer JMX ports).
    ports_with: dict[str, tuple[PortRange, ...]] = field(default_factory=dict)
    #: For public servers: host name or address.
    server: str | None = None
    #: Entry that takes over between hosts of which one is encrypted.
    replaced_by: str | None = None
    statements: tuple[Statement, ...] = ()
    #: {"source": ..., "says": ...}: what other public sources say.
    evidence: tuple[dict[str, str], ...] = ()
    disagreement: Disagreement | None = None
    #: The entry as it was read: what the lookup returns.
    raw: dict[str, Any] = field(default_factory=dict)

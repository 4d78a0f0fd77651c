# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the traffic of a deployment says about its plan: ``learned.json``, described by docs/learned.schema.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import Port
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.observations import (
    NOW,
    STATES,
    Count,
    Gap,
    Text,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Network, Ports, Time, Transport
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import parse_network
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import ANY_V4, ANY_V6
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import Choice, Converted
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write

LEARNED_VERSION = 1

#: What the far end of traffic is known as: a host of the inventory, a name in jsa_networks, or only an address.
KINDS = ("host", "network", "address")
HOST, NETWORK, ADDRESS = KINDS

#: Which end of the traffic the far end is.
DIRECTIONS = ("in", "out")
IN, OUT = DIRECTIONS


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Traffic that was seen, of all far ends with one name on one port."""

    #: Who opened it. A far end is a host's name, a name in jsa_networks, or a CIDR.
    source: Text
    #: On whose port.
    target: Text
    direction: Annotated[str, Choice(DIRECTIONS)]
    kind: Annotated[str, Choice(KINDS)]
    #: The addresses of the far end, all of them, in the fewest CIDRs.
    addresses: tuple[Network, ...]
    #: How many addresses these are.
    peers: Count
    protocol: Transport
    port: Port
    #: By the catalog; empty where it does not list the port.
    service: Text
    #: The process that listens on the port of the target.
    process: Text | None
    #: None where nobody counted.
    connections: Count | None
    #: None where that is not known.
    last_seen: Time | None
    #: Whether a connection is open now.
    open_now: bool
    #: Whether the host let it pass because its rules are not enforced, and would have rejected it.
    staged: bool


@dataclass(frozen=True, kw_only=True)
class NotPlanned(Seen):
    """Traffic that no rule of the plan accepts."""

    #: A sentence for each reason, as jsa.ports.why gives it.
    why: tuple[Text, ...]


@dataclass(frozen=True, kw_only=True)
class PlannedSeen(Seen):
    """Traffic that the plan accepts."""

    #: Ids of the catalog's entries; empty for a management address.
    entries: tuple[Text, ...]


@dataclass(frozen=True, kw_only=True)
class PlannedUnseen:
    """What a rule of the plan accepts, and what was not seen while it was recorded."""

    #: Names of the hosts and networks that were not seen.
    sources: tuple[Text, ...]
    target: Text
    protocol: Transport
    ports: Ports
    service: Text
    entries: tuple[Text, ...]
    #: Whether the rule accepts others who were seen.
    others_seen: bool


@dataclass(frozen=True, kw_only=True)
class HostLearned:
    """What the traffic of one host says, worst first."""

    state: Annotated[str, Choice(STATES)]
    #: When the record begins.
    since: Time | None
    gaps: tuple[Gap, ...]
    #: How many contacts did not fit into the record.
    not_recorded: Count
    #: Whether the rules of the host are not enforced, and what they would reject is recorded.
    staged: bool
    #: When that record begins.
    staged_since: Time | None
    notes: tuple[Text, ...]
    cut_off: tuple[NotPlanned, ...]
    #: On ports that neither the catalog nor jsa_extra_flows lists, where the host's own zones decide.
    left_to_zones: tuple[NotPlanned, ...]
    planned_seen: tuple[PlannedSeen, ...]
    #: Empty without a record: one look cannot tell what never happens.
    planned_unseen: tuple[PlannedUnseen, ...]

    @property
    def recorded(self) -> bool:
        """Whether there is a record, and not just one look."""
        return self.state != NOW


def networks_value(value: tuple[str, ...]) -> str | list[str]:
    """As jsa_networks has it: ``any``, ``none``, or CIDRs."""
    if not value:
        return "none"
    return "any" if {ANY_V4, ANY_V6} <= set(value) else list(value)


#: A value of jsa_networks: ``any`` and ``none`` in the document, CIDRs in Python.
NetworksValue = Annotated[
    tuple[str, ...],
    Converted(
        parse_network,
        networks_value,
        {"anyOf": [{"enum": ["any", "none"]}, {"type": "array", "items": {"type": "string"}}]},
    ),
]


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A network, and who of it was seen."""

    cidr: Network
    #: How many addresses.
    peers: Count
    #: None where nobody counted.
    connections: Count | None


@dataclass(frozen=True, kw_only=True)
class NetworkSeen:
    """Who was seen on the ports of one name in jsa_networks."""

    #: Whether jsa_networks has it already: then the suggestion leaves it as it is.
    is_set: bool
    #: Such as 514/udp.
    ports: tuple[Text, ...]
    seen: tuple[Counted, ...]
    #: Of those seen, who is in no network that jsa_networks has.
    outside: tuple[Counted, ...]


@dataclass(frozen=True, kw_only=True)
class ExtraSide:
    """A flow of an entry of the site's own."""

    listeners: tuple[Text, ...]
    initiators: tuple[Text, ...]


@dataclass(frozen=True, kw_only=True)
class ExtraFlow:
    """An entry for jsa_extra_flows."""

    id: Text
    service: Text
    protocols: tuple[Transport, ...]
    ports: tuple[Text, ...]
    flows: tuple[ExtraSide, ...]


@dataclass(frozen=True, kw_only=True)
class Suggestions:
    """What to paste into the inventory."""

    #: All of jsa_networks: what is set, and what was seen for names that are not.
    jsa_networks: Mapping[str, NetworksValue]
    #: By host: what is set, and what traffic implies. Only hosts with something new.
    jsa_features: Mapping[str, tuple[Text, ...]]
    #: What is new.
    jsa_extra_flows: tuple[ExtraFlow, ...]
    #: By collector or data node: the processor that it was seen with. Only hosts that have none.
    jsa_processor: Mapping[str, Text]
    #: By name in jsa_networks: what the value rests on.
    seen: Mapping[str, NetworkSeen] = field(default_factory=dict)
    #: What is left for a person to decide, a sentence each.
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What the traffic of a deployment says about its plan."""

    version: Annotated[int, Choice((LEARNED_VERSION,))] = LEARNED_VERSION
    hosts: Mapping[str, HostLearned]
    #: Host to the reason.
    not_observed: Mapping[str, Text]
    suggestions: Suggestions

    def as_dict(self) -> dict[str, Any]:
        """In the form of the file."""
        return write(self)

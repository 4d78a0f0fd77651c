# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was observed of each host's traffic: what ``jsa.ports.traffic`` returned there, or read back from a file.

A malformed answer costs its host only, by name.
"""

from __future__ import annotations

import re

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import (
    OBSERVATIONS_VERSION,
    UNANSWERED,
    Part,
    Port,
    Unseen,
    known,
    read_parts,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Address, Time, Transport
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import Between, Choice, Converted, NonEmpty

#: ``recording``: a record is kept on the host. ``now``: it was looked at once. ``absent``: neither; with ``since``, a
#: record was kept until others removed it, and that is what is told.
STATES = ("recording", "now", "absent")
RECORDING, NOW, ABSENT = STATES

#: What Jinja would take for a beginning of its own.
_TEMPLATE = re.compile(r"\{(?=[{%#])")


@lru_cache(maxsize=4096)
def harmless(text: str) -> str:
    """*text* of a host without what a terminal obeys, and as no template: it may be pasted, or read as variables."""
    return _TEMPLATE.sub("{ ", printable(text, ""))


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("expected a string")
    # A plain one: ansible-core marks strings with where they come from.
    return harmless(str(value))


#: A text from a host.
Text = Annotated[str, Converted(_read_text, str, {"type": "string"})]

#: What a kernel's counters hold.
Count = Annotated[int, Between(0, 2**64 - 1)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """New connections, or datagrams, between the host and one peer, on one port of the listening end."""

    peer: Address
    protocol: Transport
    port: Port
    #: None where that is not known.
    connections: Count | None
    last_seen: Time | None
    #: Name of the process that listens on the port of the host; None where nobody does, or that is not known.
    process: Text | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """A connection to the host that is open."""

    peer: Address
    protocol: Transport
    port: Port


@dataclass(frozen=True, kw_only=True)
class Gap:
    """When nothing was recorded."""

    #: None where nobody knows.
    start: Time | None
    end: Time
    reason: Text


@dataclass(frozen=True, kw_only=True)
class StagedSeen:
    """What a host with rules that are not enforced let pass, and would have refused."""

    #: When the record begins; None where nobody knows.
    since: Time | None
    #: How many contacts did not fit into the record.
    not_recorded: Count = 0
    inbound: tuple[Contact, ...]
    outbound: tuple[Contact, ...]


@dataclass(frozen=True, kw_only=True)
class TrafficSeen:
    """The traffic of one host."""

    state: Annotated[str, Choice(STATES)]
    #: When the record begins; None without one.
    since: Time | None
    gaps: tuple[Gap, ...] = ()
    #: How many contacts did not fit into the record.
    not_recorded: Count = 0
    #: How many contacts fit.
    capacity: Count | None = None
    inbound: tuple[Contact, ...]
    outbound: tuple[Contact, ...]
    established: tuple[Connection, ...]
    #: None where the rules are enforced, or nothing of it is recorded.
    staged: StagedSeen | None = None
    #: What could not be recorded, and why.
    notes: tuple[Text, ...] = ()

    @property
    def has_record(self) -> bool:
        """Whether it is known who contacts the host, by a record or by a look, and not only who would be refused."""
        return self.state != ABSENT or self.since is not None


@dataclass(frozen=True, kw_only=True)
class HostTraffic:
    """What was observed of one host; null where it was not, and unseen has the reason."""

    traffic: TrafficSeen | None = None
    unseen: Mapping[str, Unseen] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LearnedObservations:
    """What was observed of the traffic of the hosts."""

    version: Annotated[int, Choice((OBSERVATIONS_VERSION,))] = OBSERVATIONS_VERSION
    purpose: Annotated[str, Choice(("learned",))] = "learned"
    hosts: Annotated[Mapping[str, HostTraffic], NonEmpty("nobody was observed")]


def _traffic(result: Mapping[str, Any]) -> dict[str, Any]:
    told = result["traffic"]
    gaps = [{"start": one["from"], "end": one["to"], "reason": one["reason"]} for one in told.get("gaps", ())]
    return known(TrafficSeen, told, gaps=gaps)


LEARNED_PARTS: tuple[Part[Any], ...] = (Part("traffic", "jsa.ports.traffic", "traffic", _traffic, TrafficSeen),)

_NOTHING_RECORDED = (
    "nothing is recorded there: run jsa.ports.learn first, or take one look without a record with "
    "-e jsa_learn_state=now"
)


def observed(handed_over: Mapping[str, Any], names: Iterable[str], alive: Collection[str]) -> dict[str, HostTraffic]:
    """Out of the module's results, as :func:`read_parts` takes them. Raises InputError."""
    found = {}
    for name, parts in read_parts(LEARNED_PARTS, handed_over, names, alive).items():
        one = HostTraffic(**parts)
        if one.traffic is not None and not one.traffic.has_record and one.traffic.staged is None:
            # Whether somebody talks to it, nobody knows: to say that nobody does would be a lie.
            one = HostTraffic(unseen={"traffic": Unseen(kind=UNANSWERED, reason=_NOTHING_RECORDED)})
        found[name] = one
    return found

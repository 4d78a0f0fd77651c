# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the page shows, ready to be written down: the template computes nothing.

Texts are as hosts, inventories and APIs have them. Only the template makes them safe for HTML.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """How a verdict is shown: never by color alone."""

    #: As port_check.json has it.
    verdict: str
    #: One character whose shape differs from that of every other mark.
    shape: str
    #: One or two words.
    word: str
    meaning: str
    #: ``bad``, ``doubt`` or ``good``: the color.
    tone: str


@dataclass(frozen=True, slots=True)
class Tally:
    """The verdicts on some flows."""

    #: The worst one.
    mark: Mark
    #: How many flows have each verdict, worst first: ``2 network, 7 ok``.
    text: str
    #: All verdicts among them, separated by spaces, for the filter.
    verdicts: str
    #: Sorts the worst first.
    order: int


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Something to filter by: a host, a network, or a group of hosts. Each is made once, and equals only itself."""

    #: Short, unique on the page: ``h3``, ``n0``, ``g1``.
    key: str
    name: str
    #: The key of its group; empty for a group and a network.
    group: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the summary."""

    name: str
    value: str
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Peers:
    """Who may initiate flows: a set that many rows share."""

    key: str
    names: tuple[str, ...]
    #: The keys of its members, separated by spaces.
    members: str
    #: How many of each kind, where they are too many to name: ``event collector (3), networks (1)``.
    summary: str
    #: Whether the names are too many for a row, and stand in a list of sets.
    is_listed: bool = False
    #: Whether the listener of a row is one of the names, and not its own peer.
    but_itself: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """Hosts that share something."""

    #: All of them where they are few, or their number.
    text: str
    #: All of them where ``text`` has only their number.
    full: str = ""


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One protocol and range of ports that a listener accepts, for the same reasons, from some peers."""

    listener: Choice
    #: The first row of its listener has the anchor that the matrix leads to.
    is_first: bool
    peers: Peers
    #: The number of peers: every one is a flow.
    flows: int
    protocol: str
    #: ``tcp 32006``, ``icmp``.
    port: str
    #: Sorts like the numbers do.
    order: int
    services: str
    #: Of the catalog's entries.
    ids: tuple[str, ...]
    #: None where no check has looked at any of the flows.
    tally: Tally | None


@dataclass(frozen=True, slots=True)
class Cell:
    """The flows from one initiator, or group, to one listener, or group."""

    initiator: Choice
    listener: Choice
    flows: int
    mark: Mark | None
    #: The anchor in the table of flows.
    anchor: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One head and its cells; None where there is no flow."""

    head: Choice
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of cells."""

    caption: str
    #: What the first column holds.
    corner: str
    columns: tuple[Choice, ...]
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Who contacts whom: by host, or by role with a grid for the listeners of each role."""

    grid: Grid
    #: Rows are listeners, columns are groups of initiators.
    details: tuple[tuple[Choice, Grid], ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """What a catalog entry is based on."""

    document: str
    #: ``ports, row 24``; empty for a source without rows.
    row: str
    says: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """Why some rows are there."""

    id: str
    service: str
    purpose: str
    confidence: str
    references: tuple[Reference, ...]
    disagreement: str


@dataclass(frozen=True, slots=True)
class HostRow:
    """One host."""

    key: str
    name: str
    roles: str
    addresses: str
    network: str
    #: Its tunnels, processor, HA pair, and treatment of unlisted ports, as far as there is something to say.
    remarks: tuple[str, ...]
    rules: int
    tally: Tally | None
    #: What the last check found on the host itself.
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PortsRow:
    """Ports with their reasons."""

    ports: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefusedGroup:
    """Hosts that refuse the same ports to everyone else."""

    hosts: Names
    rows: tuple[PortsRow, ...]


@dataclass(frozen=True, slots=True)
class DynamicRow:
    """A service that chooses its ports, on the hosts for which the same is known."""

    hosts: Names
    id: str
    service: str
    ports: str
    discovery: str
    #: The discovered ports, or why there are none.
    discovered: str


@dataclass(frozen=True, slots=True)
class OutboundRow:
    """What hosts with restricted outbound traffic may contact."""

    hosts: Names
    port: str
    destinations: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FaultRow:
    """Verdicts of one cause."""

    mark: Mark
    place: str
    ports: str
    services: str
    flows: int
    reason: str
    symptoms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """The verdict on one flow."""

    mark: Mark
    initiator: str
    listener: str
    #: Keys for the filter; empty where the plan does not have the host.
    initiator_key: str
    listener_key: str
    protocol: str
    port: str
    order: int
    service: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The last check."""

    source: str
    scope: str
    counts: tuple[tuple[Mark, int], ...]
    faults: tuple[FaultRow, ...]
    #: Those that are not ok, worst first.
    rows: tuple[VerdictRow, ...]
    #: Sentences about what is not shown.
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Since:
    """What has changed since a baseline."""

    source: str
    new: tuple[VerdictRow, ...]
    gone: tuple[VerdictRow, ...]
    #: One sentence with the numbers.
    summary: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What one of two plans has and the other has not."""

    #: ``+`` or ``-``.
    sign: str
    #: ``added`` or ``removed``.
    word: str
    text: str


@dataclass(frozen=True, slots=True)
class Differences:
    """From an earlier plan to this one."""

    source: str
    rows: tuple[ChangeRow, ...]
    #: How many are not shown; empty if all are.
    note: str = ""


@dataclass(frozen=True, slots=True)
class LearnedRow:
    """Traffic that was recorded and that the plan refuses."""

    host: str
    source: str
    port: str
    connections: str
    last_seen: str
    why: str


@dataclass(frozen=True, slots=True)
class Learned:
    """What was recorded on the hosts."""

    source: str
    #: A sentence for each host: since when, with which gaps, what was seen of the plan.
    records: tuple[tuple[str, str], ...]
    cut_off: tuple[LearnedRow, ...]
    #: Variables to set, as YAML.
    suggestions: str


@dataclass(frozen=True, slots=True)
class Box:
    """A zone or network of the picture. Numbers are pixels."""

    x: int
    y: int
    width: int
    height: int
    title: str
    lines: tuple[str, ...]
    #: ``outside`` or ``inside``.
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """Flows from one box to another."""

    #: As the attribute ``d`` of an SVG path has it.
    path: str
    title: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Zones and networks, and who contacts whom across them."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    description: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    title: str
    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]
    choices: tuple[str, ...]
    marks: tuple[Mark, ...]
    matrix: Matrix
    flows: tuple[FlowRow, ...]
    total_flows: int
    #: Sets that have more members than a row shows.
    peers: tuple[Peers, ...]
    initiators: tuple[Choice, ...]
    listeners: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    protocols: tuple[str, ...]
    entries: tuple[EntryRow, ...]
    hosts: tuple[HostRow, ...]
    refused: tuple[RefusedGroup, ...]
    dynamic: tuple[DynamicRow, ...]
    outbound: tuple[OutboundRow, ...]
    picture: Picture
    mermaid: str
    verdicts: Verdicts | None = None
    since: Since | None = None
    differences: Differences | None = None
    learned: Learned | None = None
    #: Ids of the sections that are there, with their titles.
    sections: tuple[tuple[str, str], ...] = ()

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of a request: one file for each family and form, because tools take IPv4 and IPv6 apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.columns import About, split, table
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import Request, grouped
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.reasons import Reasons

FLOWS, GROUPED = "flows", "grouped"
FAMILIES = {4: "ipv4", 6: "ipv6"}

#: Names of all files that a request can have, without a suffix.
TABLE_NAMES = tuple(f"{form}_{family}" for family in FAMILIES.values() for form in (FLOWS, GROUPED))


@dataclass(frozen=True)
class Settings:
    """What the formats need beside the flows."""

    reasons: Reasons
    about: About
    #: CSV files begin with a byte order mark, by which some programs know UTF-8.
    bom: bool = False


@dataclass(frozen=True)
class Table:
    """What one file has to show."""

    #: Of the file, without a suffix.
    name: str
    #: Headings, then a line for each flow or group.
    rows: list[list[str]]
    #: How many flows each line after the headings stands for.
    flows: list[int]


def tables(request: Request, settings: Settings) -> Iterator[Table]:
    """Two tables for each family that has flows: one flow in a line, and the same flows in groups."""
    for version, family in FAMILIES.items():
        flows = [flow for flow in request.flows if flow.version == version]
        if flows:
            groups = split(grouped(flows))
            rows = table(flows, settings.reasons, settings.about)
            yield Table(f"{FLOWS}_{family}", rows, [1] * len(flows))
            rows = table(groups, settings.reasons, settings.about)
            yield Table(f"{GROUPED}_{family}", rows, [group.flows for group in groups])

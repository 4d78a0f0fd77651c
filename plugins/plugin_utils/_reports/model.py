# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report format makes of one host's plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports


@dataclass(frozen=True)
class Report:
    """The rules of one host in one format."""

    #: What is entered or run by hand, with a final newline.
    text: str
    #: A sentence for each thing that the format cannot express, and for each that has to be known before it is used.
    notes: tuple[str, ...]


def rule_words(protocol: str, ports: PortRange | None) -> str:
    """``tcp 443``, ``tcp 32000-33999``, or ``icmp``."""
    return f"{protocol} {format_ports(ports)}" if ports else protocol


def accept_words(protocol: str, ports: PortRange | None, sources: Iterable[str]) -> str:
    """An inbound rule as notes name it; *sources* are CIDRs."""
    return f"accept {rule_words(protocol, ports)} from {', '.join(sources)}"


def contact_words(protocol: str, ports: PortRange | None, destinations: Iterable[str]) -> str:
    """An outbound rule as notes name it; *destinations* are CIDRs."""
    return f"contact {rule_words(protocol, ports)} on {', '.join(destinations)}"


def refuse_words(protocol: str, ports: Iterable[PortRange]) -> str:
    """Refused ports of one protocol as notes name them."""
    return f"refuse {protocol} {', '.join(format_ports(part) for part in ports)}"


def left_out(why: str, what: str) -> str:
    """A note for *what* a format cannot express; *why* completes "left out because"."""
    return f"left out because {why}: {what}"

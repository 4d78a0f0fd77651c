# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documents say beside their tables: about all ports, and so about no entry."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """One statement, in our words."""

    #: Those of DOCUMENTS that contain it.
    documents: tuple[str, ...]
    says: str
    #: What this collection makes of it.
    means: str


NOTES: tuple[Note, ...] = (
    Note(
        ("administration_guide", "installation_guide"),
        "The listening ports of the table are valid only when iptables is enabled on the system.",
        "The tables describe hosts with the product's own firewall. On a host without it, more ports can be reached.",
    ),
    Note(
        ("administration_guide", "installation_guide"),
        "Unless a row says otherwise, it applies to all JSA products.",
        "An entry applies to each host with its roles, whatever the appliance.",
    ),
    Note(
        ("installation_guide",),
        "Changing any of the common ports may break the deployment.",
        "No variable changes a port of the catalog. Ports that JSA itself lets you choose need your own entry.",
    ),
    Note(
        ("installation_guide",),
        "JSA needs access to public servers and RSS feeds to have the latest security information.",
        "The public servers have entries. The feeds are not named anywhere, so none has: if the console shows feeds "
        "and its outbound traffic is restricted, add their servers to jsa_extra_flows.",
    ),
    Note(
        ("installation_guide",),
        "When a network share is mounted or exported, ports of RPC services such as rpc.mountd and rpc.rquotad are "
        "open, which JSA does not require.",
        "The entry rpcbind opens them where a console exports file systems, if you ask for it.",
    ),
)

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ports that the catalog lists for roles, whoever contacts them: for that, nobody needs a plan."""

from __future__ import annotations

from collections.abc import Collection

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.applicability import listens
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import ICMP
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host


def cataloged_ports(roles: Collection[str]) -> tuple[str, ...]:
    """The ports of a host with these *roles*, as ``514/udp`` or ``32000-33999/tcp``, sorted.

    With each feature that a host can have: one that the inventory does not name yet may be what its traffic implies.
    """
    host = Host(name="", roles=frozenset(roles), addresses=())
    found = {
        (part, protocol)
        for entry in load_catalog().values()
        if listens(entry, host)
        for protocol in entry.protocols
        if protocol != ICMP
        for ports in (entry.ports, *entry.ports_with.values())
        for part in ports
    }
    return tuple(f"{format_ports(part)}/{protocol}" for part, protocol in sorted(found))

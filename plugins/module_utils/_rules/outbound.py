# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may leave a host: the rules of the policy from HOST to ANY. Runs on Python 3.6."""

from typing import Dict, Optional, Sequence, Set

from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES, IPV4, IPV6, Network
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import group_sources
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import ACCEPT, ICMP, NAME_PREFIX, AddressSet, Rule
from ansible_collections.jsa.ports.plugins.module_utils._rules.names import (
    MANAGEMENT,
    MANAGEMENT_LABEL,
    MANAGEMENT_OUT,
    SUFFIX,
    Names,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.rows import Accepted

#: What any host needs to say: path MTU and neighbor discovery, and leases.
ESSENTIALS_OUT = (
    Rule(ACCEPT, IPV4, ICMP[IPV4], None, None),
    Rule(ACCEPT, IPV6, ICMP[IPV6], None, None),
    Rule(ACCEPT, IPV4, "udp", (67, 67), None),
    Rule(ACCEPT, IPV6, "udp", (547, 547), None),
)
_DNS = (53, 53)
_ALL_PORTS = (1, 65535)


def outbound_rules(outbound, management, names, sets):
    # type: (Sequence[Accepted], Optional[Sequence[Network]], Names, Dict[str, AddressSet]) -> Dict[Rule, Set[str]]
    """What may leave the host, and why. Adds to *sets* what the rules name."""
    why = {}  # type: Dict[Rule, Set[str]]
    for rule in ESSENTIALS_OUT:
        why.setdefault(rule, set()).add("essential")
    if not any(row.ports == _DNS for row in outbound):
        for protocol in ("tcp", "udp"):
            why.setdefault(Rule(ACCEPT, None, protocol, _DNS, None), set()).add("dns")
    rows = [(row, names.of(row, "out")) for row in outbound]
    back = None
    if management is not None:
        # Whoever may always come in may also be called back, as a pull or a callback does.
        back = Accepted("tcp", _ALL_PORTS, group_sources(management), (MANAGEMENT,), ())
        rows.append((back, (MANAGEMENT_LABEL, NAME_PREFIX + MANAGEMENT_OUT)))
    for row, (label, stem) in rows:
        for family in FAMILIES:
            protocol = ICMP[family] if row.protocol == "icmp" else row.protocol
            entries = row.sources.entries.get(family, ())
            destination = None  # type: Optional[str]
            if family not in row.sources.any:
                # Those of the management addresses are always there, so that one that moves changes entries only.
                if not entries and row is not back:
                    continue
                sets[stem + SUFFIX[family]] = AddressSet(stem + SUFFIX[family], family, label, entries)
                destination = "@" + stem + SUFFIX[family]
            rule = Rule(ACCEPT, family, protocol, row.ports, None, destination)
            why.setdefault(rule, set()).update(row.why)
    return why

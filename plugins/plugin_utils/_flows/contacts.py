# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a host may contact, by name, where that is restricted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.named import (
    NETWORK,
    Directory,
    Endpoint,
    endpoint_text,
    is_name,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.spans import cidrs_of, span_of
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import TCP, UDP, HostPlan, OutboundRule
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.outbound import DEPLOYMENT
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import PortRange

#: By protocol, and by what the ports are for in words.
PortsOf = Mapping[tuple[str, str], Sequence[PortRange]]

#: Where nothing is restricted.
_EVERYTHING: PortsOf = {(protocol, "to anyone"): ((1, 65535),) for protocol in (TCP, UDP)}


def contacts(directory: Directory, name: str, host: HostPlan) -> PortsOf:
    """The ports that *host* may contact, by protocol and destination."""
    if host.outbound is None:
        return _EVERYTHING
    found: dict[tuple[str, str], list[PortRange]] = {}
    for rule in host.outbound:
        for words in destinations(directory, name, rule):
            if rule.ports is not None:
                found.setdefault((rule.protocol, f"to {words}"), []).append(rule.ports)
    return found


def destinations(directory: Directory, name: str, rule: OutboundRule) -> list[str]:
    """Whom *rule* of the host *name* lets it contact, in words. All other hosts of the deployment are one."""
    if DEPLOYMENT in rule.destination_classes:
        return ["all other hosts of the deployment"]
    endpoints = directory.endpoints(name, rule.destinations, rule.destination_classes)
    # A plan has the members of a network only where something is open to it. One of them is still all that is left.
    literal = {cidr for label in rule.destination_classes if not is_name(label) for cidr in cidrs_of(span_of(label))}
    nameless = tuple(one.name for one in endpoints if one.cidrs == (one.name,) and one.name not in literal)
    unknown = [label for label in rule.destination_classes if is_name(label) and not directory.has_class(label)]
    if len(unknown) == 1 and nameless:
        endpoints = tuple(one for one in endpoints if one.name not in nameless)
        endpoints = (*endpoints, Endpoint(NETWORK, unknown[0], nameless))
    return [endpoint_text(one) for one in endpoints]

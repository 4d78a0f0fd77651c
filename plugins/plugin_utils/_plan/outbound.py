# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host may contact, where that is restricted (``jsa_firewall_restrict_outbound``).

Between hosts of the deployment the listener's own rules decide, port by port; here they are one destination, so that
what leaves a host is a short list: the deployment, and the catalog's outbound entries.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry, Flow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.addresses import Addresses
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.applicability import Applicability
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import SourceClass, any_covers, is_host_token
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.merging import Wanted, merge_accepts
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import OutboundRule
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.sources import Sources
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host, Topology
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import NAME_SERVERS

DEPLOYMENT = "deployment"
DNS = "dns"
_ALL_PORTS = (1, 65535)


class OutboundRules:
    """The outbound rules of the hosts of one topology."""

    def __init__(
        self, topology: Topology, catalog: tuple[Entry, ...], applicability: Applicability, sources: Sources
    ) -> None:
        self._topology = topology
        self._outbound = [entry for entry in catalog if entry.exposure == "outbound"]
        self._applicability = applicability
        self._sources = sources
        self._addresses = Addresses(topology)
        self._deployment = SourceClass(DEPLOYMENT, hosts=frozenset(topology.hosts))

    def rules(self, host: Host) -> tuple[OutboundRule, ...]:
        """What *host* may contact: the deployment, the name servers, and what its outbound entries need."""
        # The peer's addresses on the link between the nodes of a pair are none of the deployment's others.
        inside = [self._deployment, *([self._sources.classes.ha_peer(host)] if host.ha_peer else [])]
        wanted: list[Wanted] = [
            (protocol, _ALL_PORTS, source, DEPLOYMENT) for protocol in ("tcp", "udp") for source in inside
        ]
        if NAME_SERVERS in self._topology.networks:
            servers = self._sources.classes.network(NAME_SERVERS)
            wanted += [(protocol, (53, 53), servers, DNS) for protocol in ("tcp", "udp")]
        for entry in self._outbound:
            for target in self._targets(entry, host):
                ports = _ports(entry)
                wanted += [(protocol, part, target, entry.id) for protocol in entry.protocols for part in ports]
        rules = []
        for rule in merge_accepts(wanted):
            destinations = self._addresses.cidrs(rule.classes.values(), host)
            if destinations and rule.ports:
                rules.append(
                    OutboundRule(
                        protocol=rule.protocol,
                        ports=rule.ports,
                        destinations=destinations,
                        why=rule.all_why,
                        destination_classes=rule.labels,
                    )
                )
        return tuple(rules)

    def _targets(self, entry: Entry, host: Host) -> Iterator[SourceClass]:
        if self._applicability.selected(entry) or self._applicability.obstacle(entry.when, host):
            return
        for flow in entry.flows:
            if any_covers(host, flow.initiators) and not self._applicability.obstacle(flow.when, host):
                yield from self._networks(entry, flow)

    def _networks(self, entry: Entry, flow: Flow) -> Iterator[SourceClass]:
        for token in flow.listeners:
            if entry.server and _is_literal(entry.server):
                yield self._sources.classes.literal(entry.server)
            elif token in self._topology.networks:
                yield self._sources.classes.network(token)
            elif _is_literal(token):
                yield self._sources.classes.literal(token)
            elif not is_host_token(token):
                self._sources.networks_not_set.setdefault(token, set()).add(entry.id)


def _is_literal(text: str) -> bool:
    """Whether it is an address or a CIDR: a server's name has letters."""
    return ":" in text or ("." in text and text.replace(".", "").replace("/", "").isdigit())


def _ports(entry: Entry) -> list[PortRange]:
    """Ports that a service chooses itself belong to it here: whoever may contact it has to reach those too."""
    return [*entry.ports, *([entry.dynamic.ports] if entry.dynamic else [])]

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: catalog x topology."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry, Flow
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discoveries
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan import model
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.addresses import Addresses
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.applicability import (
    Applicability,
    listens,
    ports_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import SourceClass, any_covers
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.doubts import doubts
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.dynamic import DynamicPorts, Taken
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.listeners import Listeners, discovered_listener
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.merging import (
    Accept,
    Wanted,
    merge_accepts,
    merge_refusals,
    without_outside,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.outbound import OutboundRules
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.remarks import Remarks
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.sources import SSH, Sources
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host, Topology
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import ROLES, SELF, SOURCE_NETWORKS

SUBJECT = "The plan cannot be computed from this inventory; nothing was changed"


@dataclass(frozen=True)
class _Listed:
    """An entry that the catalog lists for hosts of the same roles and features."""

    entry: Entry
    ports: tuple[PortRange, ...]
    #: Those that open the ports there, whoever initiates them.
    flows: tuple[Flow, ...]
    #: Whether the entry's condition holds.
    applies: bool
    #: Whether the host itself contacts the service.
    serves_itself: bool


@dataclass(frozen=True)
class _Cataloged:
    """What hosts of the same roles and features share."""

    entries: tuple[_Listed, ...]
    #: Protocol, ports and entry of all that is listed, and that merged.
    ports: tuple[tuple[str, PortRange, str], ...]
    refused: tuple[model.RefusedRule, ...]


@dataclass(frozen=True)
class _Kind:
    """What hosts of the same roles, features and encryption share. Their plans share the values, too."""

    roles: tuple[str, ...]
    wanted: tuple[Wanted, ...]
    #: What is wanted, merged.
    accepts: tuple[Accept, ...]
    #: Protocol, ports and entry of all that the catalog lists, and that merged.
    ports: tuple[tuple[str, PortRange, str], ...]
    refused: tuple[model.RefusedRule, ...]
    #: Of the refused ports those that nobody outside of the deployment contacts.
    internal: tuple[model.RefusedRule, ...]
    listeners: tuple[model.Listener, ...]
    #: Entries whose ports only the running service can tell, and the classes that contact them.
    dynamic: tuple[tuple[Entry, tuple[SourceClass, ...]], ...]


class Planner:
    """Computes the plan of one topology."""

    def __init__(self, topology: Topology, discoveries: Discoveries | None = None) -> None:
        """*discoveries* count where the topology wants them."""
        self.topology = topology
        self.catalog: tuple[Entry, ...] = (*load_catalog().values(), *topology.extra_flows)
        self.applicability = Applicability.of(topology)
        self.sources = Sources(topology, self.catalog, self.applicability)
        self._addresses = Addresses(topology)
        self._outbound = OutboundRules(topology, self.catalog, self.applicability, self.sources)
        self._listeners = Listeners()
        self._discoveries = discoveries or Discoveries()
        self._kinds: dict[tuple[object, ...], _Kind] = {}
        self._by_roles: dict[tuple[frozenset[str], frozenset[str]], _Cataloged] = {}

    def plan(self, problems: Iterable[str] = (), networks_required: bool = True) -> model.Plan:
        """The plan of every host.

        *problems* are those of the inventory. Raises InputError with them and with the networks that nobody set. With
        *networks_required* false, nobody is accepted from those: for a comparison with traffic that is to find them.
        """
        dynamic = DynamicPorts(self.topology, self._discoveries)
        hosts = {name: self._host(host, dynamic) for name, host in self.topology.hosts.items()}
        problems = [*problems, *(self._missing_networks() if networks_required else ())]
        if problems:
            raise InputError(SUBJECT, problems)
        remarks = Remarks(self.topology, self.catalog, self.applicability)
        return model.Plan(
            version=model.PLAN_VERSION,
            release=self.topology.release,
            data_ports=self.topology.data_ports,
            confidences=self.topology.confidences,
            choices=remarks.choices(hosts),
            hosts=hosts,
            source_classes=self._used_classes(hosts.values()),
            warnings=(
                *self.topology.warnings,
                *doubts(self.topology, self.catalog),
                *self._unused_networks(),
                *remarks.warnings(hosts),
                *dynamic.warnings(),
            ),
        )

    def _used_classes(self, hosts: Collection[model.HostPlan]) -> dict[str, model.SourceClass]:
        # Hosts of one kind share their listeners.
        found = {id(host.listeners): host.listeners or () for host in hosts}
        used = {label for items in found.values() for item in items for label in item.source_classes}
        used.update(label for host in hosts for rule in host.inbound for label in rule.source_classes)
        return {
            label: model.SourceClass(hosts=tuple(sorted(source.hosts)), networks=source.cidrs, links=source.links)
            for label, source in sorted(self.sources.classes.known.items())
            if label in used
        }

    def _host(self, host: Host, dynamic: DynamicPorts) -> model.HostPlan:
        kind = self._kind(host)
        taken = {one.entry.id: one for one in dynamic.of(host.name, [entry for entry, _by in kind.dynamic], kind.ports)}
        opened = _with_discovered(kind, taken) if any(one.services for one in taken.values()) else kind
        return model.HostPlan(
            roles=kind.roles,
            addresses=host.addresses,
            virtual_addresses=host.virtual_addresses,
            nat_group=host.nat_group,
            public_addresses=host.public_addresses,
            ha_peer=host.ha_peer,
            processor=host.processor,
            encrypted=host.encrypted,
            unlisted=host.unlisted,
            management_addresses=host.management_addresses,
            inbound=self._inbound(opened.accepts, host),
            outbound=self._outbound.rules(host) if host.restrict_outbound else None,
            refused=opened.refused,
            internal=opened.internal,
            dynamic=tuple(
                self._dynamic_service(entry, sources, host, taken.get(entry.id)) for entry, sources in kind.dynamic
            ),
            listeners=opened.listeners,
        )

    def _dynamic_service(
        self, entry: Entry, sources: tuple[SourceClass, ...], host: Host, taken: Taken | None
    ) -> model.DynamicService:
        if entry.dynamic is None:
            raise ValueError(f"{entry.id} chooses no ports")
        return model.DynamicService(
            id=entry.id,
            service=entry.service,
            protocols=entry.protocols,
            ports=entry.dynamic.ports,
            count=entry.dynamic.count,
            discovery=entry.dynamic.discovery,
            sources=self._addresses.cidrs(sources, host),
            discovered=taken.services if taken else None,
            discovered_at=taken.at if taken else None,
        )

    def _kind(self, host: Host) -> _Kind:
        """What *host* has in common with hosts of its kind, computed once for all of them."""
        key = (
            host.roles,
            host.features,
            host.encrypted,
            host.remote_tunnel_initiation,
            host.name if host.ha_peer else None,
            self.sources.classes.attachment(host),
        )
        if key not in self._kinds:
            self._kinds[key] = self._new_kind(host)
        return self._kinds[key]

    def _new_kind(self, host: Host) -> _Kind:
        wanted: list[Wanted] = []
        found: list[model.Listener] = []
        dynamic: list[tuple[Entry, tuple[SourceClass, ...]]] = []
        cataloged = self._cataloged(host)
        for listed in cataloged.entries:
            entry, ports = listed.entry, listed.ports
            sources = self._sources(listed, host)
            contacts = tuple(source for source in sources if source.cidrs or source.hosts - {host.name})
            for protocol in entry.protocols:
                if protocol == model.ICMP:
                    wanted += [(protocol, None, source, entry.id) for source in sources]
                else:
                    wanted += [(protocol, part, source, entry.id) for part in ports for source in sources]
            if listed.applies and (contacts or listed.serves_itself):
                found += self._listeners.of(entry, ports, contacts)
            if entry.dynamic and contacts:
                dynamic.append((entry, contacts))
        accepts = tuple(merge_accepts(wanted))
        return _Kind(
            roles=tuple(role for role in ROLES if role in host.roles),
            wanted=tuple(wanted),
            accepts=accepts,
            ports=cataloged.ports,
            refused=cataloged.refused,
            internal=without_outside(cataloged.refused, accepts),
            listeners=tuple(found),
            dynamic=tuple(dynamic),
        )

    def _cataloged(self, host: Host) -> _Cataloged:
        """What the catalog lists for *host*, whoever its peers are."""
        key = (host.roles, host.features)
        if key not in self._by_roles:
            entries = tuple(self._listed(entry, host) for entry in self.catalog if listens(entry, host))
            listed = tuple(
                (protocol, part, one.entry.id)
                for one in entries
                for protocol in one.entry.protocols
                if protocol != model.ICMP
                for part in one.ports
            )
            self._by_roles[key] = _Cataloged(entries, listed, merge_refusals(listed))
        return self._by_roles[key]

    def _listed(self, entry: Entry, host: Host) -> _Listed:
        here = [flow for flow in entry.flows if any_covers(host, flow.listeners)]
        obstacle = self.applicability.obstacle
        return _Listed(
            entry,
            ports_of(entry, host),
            tuple(flow for flow in here if not self.applicability.flow_obstacle(entry, flow, host)),
            applies=not obstacle(entry.when, host),
            serves_itself=any(SELF in flow.initiators and not obstacle(flow.when, host) for flow in here),
        )

    def _sources(self, listed: _Listed, host: Host) -> list[SourceClass]:
        """The classes that may open the entry's ports on *host*.

        Those without a member too: a class that gets its first one must not change the names of a rule's classes.
        """
        sources: dict[str, SourceClass] = {}
        for flow in listed.flows:
            sources.update((source.label, source) for source in self.sources.of_flow(listed.entry, flow, host))
        if listed.entry.id == SSH and not self.applicability.selected(listed.entry):
            sources.update((source.label, source) for source in self.sources.tunnel_peers(host))
        return list(sources.values())

    def _inbound(self, accepts: Iterable[Accept], host: Host) -> tuple[model.InboundRule, ...]:
        inbound = []
        for rule in accepts:
            sources = self._addresses.cidrs(rule.classes.values(), host)
            if sources:
                inbound.append(
                    model.InboundRule(
                        protocol=rule.protocol,
                        ports=rule.ports,
                        sources=sources,
                        why=rule.all_why,
                        source_classes=rule.labels,
                    )
                )
        return tuple(inbound)

    def _missing_networks(self) -> list[str]:
        """Silence must neither cut off log sources nor let the world in, so nothing is assumed."""
        missing = sorted(
            self.sources.networks_not_set.items(), key=lambda item: [*SOURCE_NETWORKS, item[0]].index(item[0])
        )
        if not missing:
            return []
        example = "\n".join(f"      {name}: {_EXAMPLES.get(name, '[192.0.2.0/24]')}" for name, _needed_by in missing)
        return [
            *(f"jsa_networks.{name} is not set, but {', '.join(sorted(by))} needs it" for name, by in missing),
            "set each of these networks to a list of CIDRs, any, or none, for the whole deployment; for example, in "
            f"group_vars/all.yml:\n    jsa_networks:\n{example}",
        ]

    def _unused_networks(self) -> list[str]:
        """Networks that the site names and that nothing is opened for: most likely a feature was forgotten."""
        used = self.sources.classes.known
        warnings = []
        for name in SOURCE_NETWORKS:
            if self.topology.networks.get(name) and name not in used:
                entries = [entry for entry in self.catalog if any(name in flow.initiators for flow in entry.flows)]
                features = sorted(
                    {
                        feature
                        for entry in entries
                        for condition in (entry.when, *(flow.when for flow in entry.flows if name in flow.initiators))
                        for feature in condition.features
                    }
                )
                listeners = sorted(
                    {
                        token
                        for entry in entries
                        for flow in entry.flows
                        if name in flow.initiators
                        for token in flow.listeners
                    }
                )
                hint = ""
                if features:
                    hint = f"; jsa_features of the hosts that it contacts does not have {' or '.join(features)}"
                elif not any(any_covers(host, listeners) for host in self.topology.hosts.values()):
                    hint = (
                        f"; no host is {' or '.join(listeners)}, and a console that collects flows itself belongs into "
                        "the group jsa_all_in_one"
                    )
                warnings.append(f"jsa_networks.{name} is set, but no port is opened for it{hint}")
        return warnings


def _with_discovered(kind: _Kind, taken: Mapping[str, Taken]) -> _Kind:
    """The discovered ports beside the cataloged ones: accepted, refused to others, and listened on."""
    wanted = list(kind.wanted)
    refused = list(kind.ports)
    found = list(kind.listeners)
    for entry, sources in kind.dynamic:
        if entry.id not in taken:
            continue
        services: dict[tuple[str, int], list[str]] = {}
        for one in taken[entry.id].services:
            services.setdefault((one.protocol, one.port), []).append(one.service)
        for (protocol, port), names in services.items():
            wanted += [(protocol, (port, port), source, entry.id) for source in sources]
            refused.append((protocol, (port, port), entry.id))
            found.append(discovered_listener(entry, protocol, port, names, sources))
    accepts = tuple(merge_accepts(wanted))
    merged = merge_refusals(refused)
    return replace(
        kind, accepts=accepts, refused=merged, internal=without_outside(merged, accepts), listeners=tuple(found)
    )


#: What the error for a network that nobody set gives to paste. Documentation addresses: nobody's network by accident.
_EXAMPLES: dict[str, str] = {
    "log_sources": "[192.0.2.0/24, 198.51.100.0/24]",
    "off_site_sources": "none",
    "packet_capture_sources": "none",
    "snmp_managers": "[192.0.2.161]",
}

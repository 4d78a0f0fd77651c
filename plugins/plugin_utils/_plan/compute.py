# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: catalog x topology, as the plain value that docs/plan.md describes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports, merge_ranges
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Dynamic, Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discoveries
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.addresses import Addresses
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.applicability import (
    Applicability,
    listens,
    ports_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import SourceClass, any_covers
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import PLAN_VERSION
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.dynamic import DynamicPorts, Taken
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.merging import (
    Accept,
    Wanted,
    merge_accepts,
    merge_refusals,
    without_outside,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.outbound import OutboundRules
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.sources import SSH, Sources
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host, Topology
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import ROLES, SELF, SOURCE_NETWORKS

SUBJECT = "The inventory does not describe a JSA deployment that rules can be computed for; nothing was changed"


@dataclass(frozen=True)
class _Cataloged:
    """What hosts of the same roles and features share."""

    entries: list[tuple[Entry, tuple[PortRange, ...]]]
    #: Protocol, ports and entry of all that is listed, and that merged.
    ports: list[tuple[str, PortRange, str]]
    refused: list[dict[str, Any]]


@dataclass(frozen=True)
class _Kind:
    """What hosts of the same roles, features and encryption share."""

    wanted: list[Wanted]
    #: What is wanted, merged.
    accepts: list[Accept]
    cataloged: _Cataloged
    #: Of the refused ports those that nobody outside of the deployment contacts.
    internal: list[dict[str, Any]]
    listeners: list[dict[str, Any]]
    #: Entries whose ports only the running service can tell, and the classes that contact them.
    dynamic: list[tuple[Entry, list[SourceClass]]]


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
        self._discoveries = discoveries or Discoveries()
        self._kinds: dict[tuple[object, ...], _Kind] = {}
        self._by_roles: dict[tuple[frozenset[str], frozenset[str]], _Cataloged] = {}

    def plan(self, problems: Iterable[str] = ()) -> dict[str, Any]:
        """The plan of every host.

        *problems* are those of the inventory. Raises InputError with them and with the networks that nobody set.
        """
        dynamic = DynamicPorts(self.topology, self._discoveries)
        hosts = {name: self._host(host, dynamic) for name, host in self.topology.hosts.items()}
        problems = [*problems, *self._missing_networks()]
        if problems:
            raise InputError(SUBJECT, problems)
        used = {
            label
            for host in hosts.values()
            for item in (*host["inbound"], *host["listeners"])
            for label in item.get("source_classes", ())
        }
        classes = {label: source for label, source in self.sources.classes.known.items() if label in used}
        return {
            "version": PLAN_VERSION,
            "release": self.topology.release,
            "data_ports": self.topology.data_ports,
            "confidences": list(self.topology.confidences),
            "hosts": hosts,
            "source_classes": {
                label: {"hosts": sorted(source.hosts), "networks": list(source.cidrs)}
                for label, source in sorted(classes.items())
            },
            "warnings": [*self.topology.warnings, *self._unused_networks(), *dynamic.warnings()],
        }

    def _host(self, host: Host, dynamic: DynamicPorts) -> dict[str, Any]:
        kind = self._kind(host)
        plan: dict[str, Any] = {
            "roles": [role for role in ROLES if role in host.roles],
            "addresses": list(host.addresses),
            "ha_peer": host.ha_peer,
            "processor": host.processor,
            "encrypted": host.encrypted,
            "inbound": self._inbound(kind.accepts, host),
            "refused": kind.cataloged.refused,
            "internal": kind.internal,
            "dynamic": [
                {**_dynamic(entry, entry.dynamic), "sources": self._addresses.cidrs(sources, host)}
                for entry, sources in kind.dynamic
                if entry.dynamic
            ],
            "listeners": kind.listeners,
        }
        if host.restrict_outbound:
            plan["outbound"] = self._outbound.rules(host)
        for taken in dynamic.of(host.name, [entry for entry, _sources in kind.dynamic], kind.cataloged.ports):
            self._take_in(plan, taken)
        if any(item.get("discovered") for item in plan["dynamic"]):
            self._open_discovered(plan, kind, host)
        return plan

    @staticmethod
    def _take_in(plan: dict[str, Any], taken: Taken) -> None:
        for item in plan["dynamic"]:
            if item["id"] == taken.entry.id:
                item["discovered"] = [
                    {"service": found.service, "protocol": found.protocol, "port": found.port}
                    for found in taken.services
                ]
                item["discovered_at"] = taken.at

    def _open_discovered(self, plan: dict[str, Any], kind: _Kind, host: Host) -> None:
        """The discovered ports beside the cataloged ones: accepted, refused to others, and listened on."""
        wanted = list(kind.wanted)
        refused = list(kind.cataloged.ports)
        listeners = list(kind.listeners)
        for (entry, sources), item in zip(kind.dynamic, plan["dynamic"], strict=True):
            labels = sorted(source.label for source in sources if source.hosts)
            services: dict[tuple[str, int], list[str]] = {}
            for found in item.get("discovered", ()):
                services.setdefault((found["protocol"], found["port"]), []).append(found["service"])
            for (protocol, port), names in services.items():
                wanted += [(protocol, (port, port), source, entry.id) for source in sources]
                refused.append((protocol, (port, port), entry.id))
                listeners.append(
                    {
                        "id": entry.id,
                        "service": f"{entry.service}: {', '.join(names)}",
                        "protocol": protocol,
                        "ports": str(port),
                        "bind": _bind(entry, True),
                        "required": _is_required(entry, protocol, True),
                        "source_classes": labels,
                    }
                )
        accepts = merge_accepts(wanted)
        plan.update(inbound=self._inbound(accepts, host), refused=merge_refusals(refused), listeners=listeners)
        plan["internal"] = without_outside(plan["refused"], accepts)

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
        listeners: list[dict[str, Any]] = []
        dynamic: list[tuple[Entry, list[SourceClass]]] = []
        cataloged = self._cataloged(host)
        for entry, ports in cataloged.entries:
            sources = self._sources(entry, host)
            contacts = [source for source in sources if source.cidrs or source.hosts - {host.name}]
            for protocol in entry.protocols:
                if protocol == "icmp":
                    wanted += [(protocol, None, source, entry.id) for source in sources]
                else:
                    wanted += [(protocol, part, source, entry.id) for part in ports for source in sources]
            listeners += self._listeners(entry, host, contacts)
            if entry.dynamic and contacts:
                dynamic.append((entry, contacts))
        accepts = merge_accepts(wanted)
        internal = without_outside(cataloged.refused, accepts)
        return _Kind(wanted, accepts, cataloged, internal, listeners, dynamic)

    def _cataloged(self, host: Host) -> _Cataloged:
        """What the catalog lists for *host*, whoever its peers are."""
        key = (host.roles, host.features)
        if key not in self._by_roles:
            entries = [(entry, ports_of(entry, host)) for entry in self.catalog if listens(entry, host)]
            listed = [
                (protocol, part, entry.id)
                for entry, ports in entries
                for protocol in entry.protocols
                if protocol != "icmp"
                for part in ports
            ]
            self._by_roles[key] = _Cataloged(entries, listed, merge_refusals(listed))
        return self._by_roles[key]

    def _sources(self, entry: Entry, host: Host) -> list[SourceClass]:
        """The classes that may open the entry's ports on *host*.

        Those without a member too: a class that gets its first one must not change the names of a rule's classes.
        """
        sources: dict[str, SourceClass] = {}
        for flow in entry.flows:
            if any_covers(host, flow.listeners) and not self.applicability.flow_obstacle(entry, flow, host):
                sources.update((source.label, source) for source in self.sources.of_flow(entry, flow, host))
        if entry.id == SSH and not self.applicability.selected(entry):
            sources.update((source.label, source) for source in self.sources.tunnel_peers(host))
        return list(sources.values())

    def _inbound(self, accepts: list[Accept], host: Host) -> list[dict[str, Any]]:
        inbound = []
        for rule in accepts:
            sources = self._addresses.cidrs(list(rule.classes.values()), host)
            if not sources:
                continue
            item: dict[str, Any] = {"protocol": rule.protocol}
            if rule.ports:
                item["ports"] = format_ports(rule.ports)
            item.update(sources=sources, why=rule.all_why, source_classes=rule.labels)
            inbound.append(item)
        return inbound

    def _listeners(self, entry: Entry, host: Host, sources: list[SourceClass]) -> list[dict[str, Any]]:
        """Sockets that are right to be there, and whether their absence is a fault."""
        serves_itself = any(
            SELF in flow.initiators
            and any_covers(host, flow.listeners)
            and not self.applicability.obstacle(flow.when, host)
            for flow in entry.flows
        )
        if self.applicability.obstacle(entry.when, host) or not (sources or serves_itself):
            return []
        labels = sorted(source.label for source in sources if source.hosts)
        single = list(_single_ports(ports_of(entry, host)))
        return [
            {
                "id": entry.id,
                "service": entry.service,
                "protocol": protocol,
                "ports": format_ports(ports),
                "bind": _bind(entry, bool(sources)),
                "required": ports[0] == ports[1] and _is_required(entry, protocol, bool(sources)),
                "source_classes": labels,
            }
            for protocol in entry.protocols
            if protocol != "icmp"
            for ports in single
        ]

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
                hint = f"; jsa_features of the hosts that it contacts lacks {' or '.join(features)}" if features else ""
                warnings.append(f"jsa_networks.{name} is set, but nothing is opened for it{hint}")
        return warnings


def _dynamic(entry: Entry, dynamic: Dynamic) -> dict[str, Any]:
    return {
        "id": entry.id,
        "service": entry.service,
        "protocols": list(entry.protocols),
        "ports": format_ports(dynamic.ports),
        "count": dynamic.count,
        "discovery": dynamic.discovery,
    }


#: What the error for a network that nobody set gives to paste. Documentation addresses: nobody's network by accident.
_EXAMPLES: dict[str, str] = {
    "log_sources": "[192.0.2.0/24, 198.51.100.0/24]",
    "off_site_sources": "none",
    "packet_capture_sources": "none",
    "snmp_managers": "[192.0.2.161]",
}

#: A range up to this size is so many ports to listen on; a larger one is room that services take ports from.
_LARGEST_LISTED_RANGE = 16


def _single_ports(ranges: tuple[PortRange, ...]) -> Iterator[PortRange]:
    for first, last in merge_ranges(ranges):
        if last - first < _LARGEST_LISTED_RANGE:
            yield from ((port, port) for port in range(first, last + 1))
        else:
            yield first, last


def _bind(entry: Entry, contacted: bool) -> str:
    """Where the entry's socket belongs: on the network, on loopback, or nobody says."""
    if entry.exposure in ("local_only", "tunnel_local"):
        return "loopback"
    return "network" if contacted else "any"


def _is_required(entry: Entry, protocol: str, contacted: bool) -> bool:
    """Whether a missing listener is a fault."""
    if entry.confidence == "low":
        return False
    if entry.exposure == "local_only":
        # Which of the services on "every host" run depends on more than the catalog knows.
        return all("any_host" not in flow.listeners for flow in entry.flows)
    # The documents give UDP for the replication of HA pairs too, but it speaks TCP.
    return contacted and not (entry.exposure == "ha" and protocol == "udp")

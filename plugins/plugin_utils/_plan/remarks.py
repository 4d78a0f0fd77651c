# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan tells about itself: what the site's choices leave open and closed, and what may be a mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry, Flow
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.releases import applies, parse_release
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.applicability import (
    DATA_RANGE,
    NEVER_OPEN,
    Applicability,
    listens,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.classes import any_covers, host_is
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host, Topology
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import CONFIDENCES, HA_PEER

#: From here on JSA has no vulnerability scanner of its own.
_SCANNER_ENDED = "7.5.0 UP6"

_CONTAINERS = "app_containers"
_SMUX = "snmp_smux"
_LOG_SOURCES = "log_sources"
_LEAST_SURE = CONFIDENCES[-1]

#: What each value of jsa_data_ports leaves open and closed; %s is the range.
_DATA_PORTS = {
    "paired": (
        "jsa_data_ports is paired: %s is open between two hosts that exchange one of the listed kinds of data, if "
        "neither is encrypted. Between all other hosts, it is closed. range opens it between all hosts, listed closes "
        "all of it but the listed ports"
    ),
    "range": (
        "jsa_data_ports is range: %s is open between any two hosts of which neither is encrypted, also where they "
        "exchange no data. paired closes it there"
    ),
    "listed": (
        "jsa_data_ports is listed: of %s, only the ports with an entry of their own are open. A deployment takes other "
        "ports of the range without notice: paired opens them between hosts that exchange data"
    ),
}


class Remarks:
    """Sentences about the plan of one topology."""

    def __init__(self, topology: Topology, catalog: tuple[Entry, ...], applicability: Applicability) -> None:
        self._topology = topology
        self._catalog = catalog
        self._applicability = applicability
        self._by_token: dict[str, frozenset[str]] = {}

    def choices(self, hosts: Mapping[str, HostPlan]) -> tuple[str, ...]:
        """What jsa_data_ports and jsa_confidence leave open and closed in the plan of *hosts*."""
        return (*self._data_ports(hosts), *self._confidences())

    def warnings(self, hosts: Mapping[str, HostPlan]) -> list[str]:
        """What is no mistake for certain, yet looks like one, in the plan of *hosts*."""
        return [*self._app_hosts(), *self._scanners(), *self._smux(hosts), *self._features_for_nothing()]

    def _data_ports(self, hosts: Mapping[str, HostPlan]) -> Iterator[str]:
        by_id = {entry.id: entry for entry in self._catalog}
        yield _DATA_PORTS[self._topology.data_ports] % _ports(by_id[DATA_RANGE])
        containers = by_id[_CONTAINERS]
        shared = _shared(by_id[DATA_RANGE], containers)
        names = [
            name
            for name, host in hosts.items()
            if listens(containers, self._topology.hosts[name]) and any(DATA_RANGE in rule.why for rule in host.inbound)
        ]
        if names:
            yield f"on {', '.join(names)}, {shared} of this range can be ports of the containers of apps, too"

    def _confidences(self) -> Iterator[str]:
        chosen = ", ".join(self._topology.confidences)
        closed = [entry for entry in self._catalog if entry.confidence not in self._topology.confidences]
        texts = list(self._concerned(closed))
        if texts:
            yield (
                f"jsa_confidence is {chosen}: closed are {', '.join(texts)}. To open them, add their confidence to "
                "jsa_confidence"
            )
        unsure = [entry for entry in self._catalog if entry.confidence == _LEAST_SURE and entry not in closed]
        texts = list(self._concerned(unsure))
        if texts:
            yield (
                f"jsa_confidence is {chosen}: open are {', '.join(texts)}, though no source is sure who contacts them. "
                f"To close them, remove {_LEAST_SURE} from jsa_confidence"
            )

    def _concerned(self, entries: Iterable[Entry]) -> Iterator[str]:
        """Those that open a port of a host of the deployment to somebody, if they open any."""
        for entry in entries:
            if entry.exposure not in NEVER_OPEN and any(
                self._has_peer(flow, host)
                for host in self._topology.hosts.values()
                for flow in entry.flows
                if not self._applicability.obstacle(entry.when, host)
                and not self._applicability.obstacle(flow.when, host)
            ):
                yield f"{entry.id} ({entry.confidence}, {_ports(entry)})"

    def _has_peer(self, flow: Flow, host: Host) -> bool:
        """Whether *host* listens for *flow*, and there is somebody to initiate it."""
        return any_covers(host, flow.listeners) and any(
            bool(self._topology.networks.get(token))
            or (token == HA_PEER and host.ha_peer is not None)
            or len(self._covered(token)) > (host.name in self._covered(token))
            for token in flow.initiators
        )

    def _covered(self, token: str) -> frozenset[str]:
        """Hosts of a role or group, found once for all flows."""
        if token not in self._by_token:
            hosts = self._topology.hosts.items()
            self._by_token[token] = frozenset(name for name, host in hosts if host_is(host, token))
        return self._by_token[token]

    def _app_hosts(self) -> Iterator[str]:
        """The nodes of an HA pair are one app host."""
        names = {
            min(self._topology.cluster(name)) for name, host in self._topology.hosts.items() if "app_host" in host.roles
        }
        if len(names) > 1:
            yield (
                f"{', '.join(sorted(names))} all have the role app_host, but JSA supports one app host in a deployment"
            )

    def _scanners(self) -> Iterator[str]:
        names = [name for name, host in self._topology.hosts.items() if "vulnerability_scanner" in host.roles]
        if names and applies(parse_release(self._topology.release), _SCANNER_ENDED, None):
            yield (
                f"{', '.join(names)}: JSA's own vulnerability scanner ended with {_SCANNER_ENDED} and is not supported "
                "in any version: remove the role vulnerability_scanner, or set jsa_release if the deployment is older"
            )

    def _smux(self, hosts: Mapping[str, HostPlan]) -> Iterator[str]:
        names = [
            name
            for name, host in hosts.items()
            if any(_SMUX in rule.why and _LOG_SOURCES in rule.source_classes for rule in host.inbound)
        ]
        if names and self._topology.networks.get(_LOG_SOURCES):
            yield (
                f"{', '.join(names)}: 199/tcp ({_SMUX}) is open to {_LOG_SOURCES}, as the documents say, but the SNMP "
                "daemon usually binds it to loopback, where no log source reaches it: look with jsa.ports.listeners"
            )

    def _features_for_nothing(self) -> Iterator[str]:
        """A feature that the site asks for and jsa_confidence leaves without effect."""
        by_feature: dict[str, list[Entry]] = {}
        for entry in self._catalog:
            for feature in {*entry.when.features, *(name for flow in entry.flows for name in flow.when.features)}:
                by_feature.setdefault(feature, []).append(entry)
        for name, host in self._topology.hosts.items():
            for feature in sorted(host.features):
                entries = by_feature.get(feature, [])
                if entries and all(entry.confidence not in self._topology.confidences for entry in entries):
                    unsure = ", ".join(f"{entry.id} is {entry.confidence}" for entry in entries)
                    yield (
                        f"{name}: the feature {feature} opens nothing, for the confidence of {unsure}: add it to "
                        "jsa_confidence"
                    )


def _ports(entry: Entry) -> str:
    ports = [format_ports(part) for part in entry.ports] or ["chosen at startup"]
    return f"{', '.join(ports)}/{'+'.join(entry.protocols)}"


def _shared(wide: Entry, dynamic: Entry) -> str:
    """The ports of *wide* among which the service of *dynamic* can choose."""
    first, last = dynamic.dynamic.ports if dynamic.dynamic else (1, 0)
    return ", ".join(format_ports((max(first, low), min(last, high))) for low, high in wide.ports)

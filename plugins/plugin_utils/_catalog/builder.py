# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds an entry from the mapping that describes it, and reports what is not valid."""

from __future__ import annotations

import dataclasses
import ipaddress
import re

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports, parse_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import (
    Condition,
    Disagreement,
    Dynamic,
    Entry,
    Flow,
    Statement,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.node import Node
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.plain import as_plain
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.releases import parse_release
from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import expected
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import (
    CONFIDENCES,
    DISCOVERIES,
    DOCUMENT_TABLES,
    DOCUMENTS,
    ENCRYPTION,
    EXPOSURES,
    FEATURES,
    HA_PEER,
    HARDWARE,
    HOST_GROUPS,
    OUTSIDE_LISTENERS,
    PAGES,
    PROTOCOLS,
    ROLES,
    SELF,
    SOURCE_NETWORKS,
)

_ENTRY_KEYS = (
    "id",
    "service",
    "purpose",
    "protocols",
    "ports",
    "exposure",
    "confidence",
    "encryption",
    "when",
    "flows",
    "dynamic",
    "ports_with",
    "server",
    "replaced_by",
    "statements",
    "evidence",
    "disagreement",
)
_FLOW_KEYS = ("listeners", "initiators", "encryption", "attached", "same_processor", "when")
_WHEN_KEYS = ("features", "without_features", "deployment_roles", "release_from", "release_before")
_STATEMENT_KEYS = ("document", "table", "row", "ports", "protocols", "says")

_ID = re.compile(r"[a-z][a-z0-9_]*")

#: What a statement writes for ports that its row leaves to chance.
DYNAMIC = "dynamic"

_HOSTS = (*ROLES, *HOST_GROUPS)
_TABLES = tuple(sorted({table for document, table in DOCUMENT_TABLES}))

#: What host encryption can do only to a flow between two hosts, and only to one within the deployment.
_BETWEEN_HOSTS = ("carrier", "tunnelled")
_WITHIN_DEPLOYMENT = (*_BETWEEN_HOSTS, "only_encrypted")


class Builder:
    """Reads entries of one origin: the catalog's own, or the site's."""

    def __init__(self, problems: list[str], site: bool, networks: tuple[str, ...] = ()) -> None:
        self._problems = problems
        self._site = site
        self._listeners = (*_HOSTS, *OUTSIDE_LISTENERS, HARDWARE, *networks)
        self._initiators = (*_HOSTS, SELF, HA_PEER, *SOURCE_NETWORKS, *networks)

    def entry(self, data: object, where: str) -> Entry:
        """The entry that *data* describes; None, with problems added, where it does not describe one."""
        node = Node(data, where, self._problems, _ENTRY_KEYS)
        entry_id = node.text("id")
        if entry_id:
            if not _ID.fullmatch(entry_id):
                node.problem(
                    "id", "%r is not an ID: expected lowercase letters, digits, and _, with a letter first" % entry_id
                )
            node.where = "%s (%s)" % (where, entry_id)
        flows = self._flows(node)
        service = node.text("service", entry_id if self._site else None)
        entry = Entry(
            id=entry_id,
            service=service,
            purpose=node.text("purpose", service if self._site else None),
            protocols=self._protocols(node),
            ports=node.port_ranges("ports"),
            exposure=node.choice("exposure", EXPOSURES, self._usual_exposure(flows) if self._site else None),
            confidence=node.choice("confidence", CONFIDENCES, "high" if self._site else None),
            flows=flows,
            when=self._condition(node),
            dynamic=self._dynamic(node),
            ports_with=self._ports_with(node),
            server=node.text("server") if node.has("server") else None,
            replaced_by=node.text("replaced_by") if node.has("replaced_by") else None,
            statements=self._statements(node),
            evidence=self._evidence(node),
            disagreement=self._disagreement(node),
        )
        self._check_ports(node, entry)
        self._check_exposure(node, entry)
        self._check_server(node, entry)
        return dataclasses.replace(entry, raw=as_plain(entry))

    def _protocols(self, node: Node) -> tuple[str, ...]:
        protocols = node.names("protocols", PROTOCOLS)
        if not protocols and not node.items("protocols"):
            node.problem("protocols", "missing; %s" % expected("", PROTOCOLS))
        return protocols

    def _condition(self, node: Node) -> Condition:
        when = node.child("when", _WHEN_KEYS)
        if when is None:
            return Condition()
        first, end = self._release(when, "release_from"), self._release(when, "release_before")
        if first is not None and end is not None and parse_release(first) >= parse_release(end):
            when.problem("release_before", "%r is not after release_from %r" % (end, first))
        features = when.names("features", FEATURES)
        without = when.names("without_features", FEATURES)
        for feature in features:
            if feature in without:
                when.problem("without_features", "%r is also in features" % feature)
        return Condition(
            features=features,
            without_features=without,
            deployment_roles=when.names("deployment_roles", ROLES),
            release_from=first,
            release_before=end,
        )

    def _release(self, when: Node, key: str) -> str | None:
        if not when.has(key):
            return None
        try:
            parse_release(when.data[key])
        except ValueError as error:
            when.problem(key, str(error))
            return None
        return str(when.data[key])

    def _flows(self, node: Node) -> tuple[Flow, ...]:
        usual = node.choice("encryption", ENCRYPTION, "") or None
        flows = tuple(self._flow(child, usual) for child in node.children("flows", _FLOW_KEYS))
        if not flows:
            node.problem("flows", "missing: an entry needs at least one flow")
        return flows

    def _flow(self, node: Node, usual_encryption: str | None) -> Flow:
        listeners = self._side(node, "listeners", self._listeners)
        initiators = self._side(node, "initiators", self._initiators)
        both = listeners + initiators
        leaves = any(_is_outside(name) for name in both)
        if node.has("encryption"):
            encryption = node.choice("encryption", ENCRYPTION)
        elif leaves:
            encryption = "unaffected"
        elif usual_encryption is not None:
            encryption = usual_encryption
        elif initiators == (SELF,):
            encryption = "unaffected"
        elif self._site:
            encryption = "open"
        else:
            encryption = ""
            node.problem("encryption", "missing in the flow and in the entry; %s" % expected("", ENCRYPTION))
        impossible = _WITHIN_DEPLOYMENT if leaves else _BETWEEN_HOSTS if SELF in initiators else ()
        if encryption in impossible:
            node.problem(
                "encryption",
                "%s is for flows between two hosts of the deployment; write a separate flow for the others"
                % encryption,
            )
        attached, same_processor = node.flag("attached"), node.flag("same_processor")
        for key, value in (("attached", attached), ("same_processor", same_processor)):
            if value and not all(name in ROLES for name in both):
                node.problem(key, "both sides must be roles: only hosts report to a processor")
        if attached and same_processor:
            node.problem("same_processor", "contradicts attached: a host is the processor, or it reports to it")
        return Flow(
            listeners=listeners,
            initiators=initiators,
            encryption=encryption,
            attached=attached,
            same_processor=same_processor,
            when=self._condition(node),
        )

    def _side(self, node: Node, key: str, valid: tuple[str, ...]) -> tuple[str, ...]:
        if not node.items(key):
            node.problem(key, "missing; %s" % expected("", valid))
        if not self._site:
            return node.names(key, valid)
        found: list[str] = []
        for value in node.items(key):
            text = str(value).strip()
            if text not in valid:
                problem = _address_problem(text)
                if problem:
                    node.problem(key, "%r %s; %s, or an address or CIDR" % (value, problem, expected(text, valid)))
                    continue
            if text in found:
                node.problem(key, "%r is listed twice" % text)
            else:
                found.append(text)
        return tuple(found)

    def _usual_exposure(self, flows: tuple[Flow, ...]) -> str:
        listeners = {name for flow in flows for name in flow.listeners}
        if listeners == {HARDWARE}:
            return "hardware"
        if listeners and all(_is_outside(name) for name in listeners):
            return "outbound"
        initiators = {name for flow in flows for name in flow.initiators}
        if any(_is_outside(name) for name in initiators):
            return "external_in"
        if initiators == {SELF}:
            return "local_only"
        return "ha" if initiators == {HA_PEER} else "inter_host"

    def _dynamic(self, node: Node) -> Dynamic | None:
        dynamic = node.child("dynamic", ("ports", "count", "discovery"))
        if dynamic is None:
            return None
        ranges = dynamic.port_ranges("ports")
        if len(dynamic.items("ports")) != 1:
            dynamic.problem("ports", "expected one range")
        return Dynamic(
            ports=ranges[0] if ranges else (1, 65535),
            count=dynamic.number("count", required=False),
            discovery=dynamic.choice("discovery", DISCOVERIES),
        )

    def _ports_with(self, node: Node) -> dict[str, tuple[tuple[int, int], ...]]:
        by_feature = node.mapping("ports_with")
        if not by_feature:
            return {}
        inner = Node(by_feature, "%s: ports_with" % node.where, self._problems, FEATURES)
        return {feature: inner.port_ranges(feature) for feature in sorted(inner.data)}

    def _statements(self, node: Node) -> tuple[Statement, ...]:
        return tuple(self._statement(child) for child in node.children("statements", _STATEMENT_KEYS))

    def _statement(self, node: Node) -> Statement:
        document = node.choice("document", tuple(DOCUMENTS))
        table = node.choice("table", _TABLES, "ports")
        row = node.number("row", required=True)
        if row is not None and document in DOCUMENTS and table in _TABLES:
            rows = DOCUMENT_TABLES.get((document, table), 0)
            if row > rows:
                node.problem("row", "%d is beyond the %d rows of table %r in the %s" % (row, rows, table, document))
        ports: list[str] = []
        for value in node.items("ports"):
            if value == DYNAMIC:
                ports.append(DYNAMIC)
                continue
            try:
                ports.append(format_ports(parse_ports(value)))
            except ValueError as error:
                node.problem("ports", str(error))
        return Statement(
            document=document,
            row=row or 0,
            ports=tuple(ports),
            protocols=node.names("protocols", PROTOCOLS),
            says=node.text("says"),
            table=table,
        )

    def _evidence(self, node: Node) -> tuple[dict[str, str], ...]:
        return tuple(
            {"source": child.text("source"), "says": child.text("says")}
            for child in node.children("evidence", ("source", "says"))
        )

    def _disagreement(self, node: Node) -> Disagreement | None:
        child = node.child("disagreement", ("readings", "verdict", "reason"))
        if child is None:
            return None
        sources = (*DOCUMENTS, *PAGES)
        readings = Node(child.mapping("readings"), "%s: readings" % child.where, self._problems, sources)
        said = (*DOCUMENTS, *(page for page in PAGES if readings.has(page)))
        return Disagreement(
            readings={source: readings.text(source) for source in said},
            verdict=child.choice("verdict", (*said, "both", "neither")),
            reason=child.text("reason"),
        )

    def _check_ports(self, node: Node, entry: Entry) -> None:
        if "icmp" in entry.protocols:
            if len(entry.protocols) > 1:
                node.problem("protocols", "icmp has no ports and cannot share an entry with tcp or udp")
            for key in ("ports", "dynamic", "ports_with"):
                if node.has(key) and node.data[key]:
                    node.problem(key, "icmp has no ports")
        elif entry.protocols and not node.items("ports") and entry.dynamic is None:
            node.problem("ports", "missing: tcp and udp need ports, or dynamic")

    def _check_exposure(self, node: Node, entry: Entry) -> None:
        """An exposure promises something about who takes part; the flows must keep it."""
        if not entry.flows or not all(flow.listeners and flow.initiators for flow in entry.flows):
            return
        problem = _contradiction(entry)
        if problem is not None:
            node.problem("exposure", "%s contradicts the flows: %s" % (entry.exposure, problem))

    def _check_server(self, node: Node, entry: Entry) -> None:
        public = any("public_servers" in flow.listeners for flow in entry.flows)
        if public and entry.server is None:
            node.problem("server", "missing: a flow to public_servers needs the server's name or address")
        elif entry.server is not None and not public:
            node.problem("server", "only for flows to public_servers")


def _contradiction(entry: Entry) -> str | None:
    listeners = {name for flow in entry.flows for name in flow.listeners}
    initiators = {name for flow in entry.flows for name in flow.initiators}
    exposure = entry.exposure
    if exposure in ("local_only", "tunnel_local", "unknown") and initiators != {SELF}:
        return "only the host itself (self) may initiate"
    if exposure == "ha" and initiators != {HA_PEER}:
        return "only ha_peer may initiate"
    if exposure == "outbound" and not all(_is_outside(name) for name in listeners):
        return "no host of the deployment may listen"
    if exposure == "external_in" and not any(_is_outside(name) for name in initiators):
        return "a network outside the deployment must initiate"
    if exposure == "inter_host" and not any(_is_between_hosts(flow) for flow in entry.flows):
        return "a host must contact another"
    if exposure == "hardware" and listeners != {HARDWARE}:
        return "only management_modules may listen"
    if exposure != "hardware" and HARDWARE in listeners:
        return "management_modules listen only where the exposure is hardware"
    return None


def _is_outside(name: str) -> bool:
    return name not in _HOSTS and name not in (SELF, HA_PEER)


def _is_between_hosts(flow: Flow) -> bool:
    return any(name in _HOSTS for name in flow.listeners) and any(
        name in _HOSTS or name == HA_PEER for name in flow.initiators
    )


def _address_problem(text: str) -> str | None:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        if "host bits" in str(error):
            return "has host bits set (the network is %s)" % ipaddress.ip_network(text, strict=False)
        return "is not known"
    return None

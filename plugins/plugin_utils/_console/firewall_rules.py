# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of the console's resource firewall_rules: accepts from one IPv4 address or from anyone."""

from __future__ import annotations

import ipaddress
import json

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4
from ansible_collections.jsa.ports.plugins.module_utils._ports import PortRange, format_ports
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import ACCEPT, POLICY_IN, Rule, Ruleset

#: A network of so many addresses can be expanded on request.
MOST_EXPANDED = 64
#: Networks that the plan made of single addresses are expanded without a request, up to so many.
_MOST_JOINED = 1024

#: A rule of the list in a form that can be compared: text that is the same for the same rule, whoever wrote it.
RuleKey = str

_MEMBERS = ("is_any_source_ip", "source_ip", "port_type", "single_port", "port_range", "protocol")


@dataclass(frozen=True)
class Expansion:
    """Which networks become single addresses."""

    #: Addresses of hosts, from which the plan makes networks by joining neighbors.
    singles: frozenset[str] = frozenset()
    #: Whether other networks of up to MOST_EXPANDED addresses are expanded.
    requested: bool = False

    def allows(self, network: ipaddress.IPv4Network) -> bool:
        """Whether *network* is written as single addresses."""
        if network.num_addresses == 1 or (self.requested and network.num_addresses <= MOST_EXPANDED):
            return True
        return network.num_addresses <= _MOST_JOINED and self.singles.issuperset(map(str, network))


@dataclass(frozen=True)
class Expressed:
    """What of some rules the resource can hold, and a sentence for each part that it cannot."""

    documents: tuple[dict[str, Any], ...]
    left_out: tuple[str, ...]


def key_of(document: Any) -> RuleKey:
    """Of a rule as the console returns it. Members that are not used can be null or missing."""
    if not isinstance(document, Mapping) or set(document) - set(_MEMBERS):
        # Of an unknown form: it is the same only as itself.
        return json.dumps(document, sort_keys=True)
    return json.dumps({name: document.get(name) for name in _MEMBERS if document.get(name) is not None}, sort_keys=True)


def words_of(document: Mapping[str, Any]) -> str:
    """A rule for people: ``tcp 443 from 10.0.0.1``."""
    ports = document.get("single_port") or document.get("port_range") or "all ports"
    source = "anyone" if document.get("is_any_source_ip") else document.get("source_ip")
    return f"{str(document.get('protocol')).lower()} {ports} from {source}"


def express(rules: Ruleset, expansion: Expansion) -> Expressed:
    """The inbound accepts of *rules* as documents, each once, in a fixed order."""
    documents: dict[RuleKey, dict[str, Any]] = {}
    missing: dict[str, list[str]] = {}
    refused: list[str] = []
    for policy in rules.policies.values():
        for rule in policy.rules:
            if policy.name != POLICY_IN:
                missing.setdefault("can restrict inbound traffic only", []).append(_words(rule, "all"))
            elif rule.action != ACCEPT:
                refused.append(_words(rule, None))
            else:
                for source in _sources(rule, rules):
                    obstacle = _obstacle(rule, source, expansion)
                    if obstacle:
                        missing.setdefault(obstacle, []).append(_words(rule, source or "anyone"))
                        continue
                    for document in _documents(rule, source):
                        documents.setdefault(key_of(document), document)
    left_out = [f"{why}: {_some(what)}" for why, what in missing.items()]
    if refused:
        left_out.append(f"can only accept, so the ports are not closed for others: {_some(dict.fromkeys(refused))}")
    return Expressed(tuple(documents.values()), tuple(left_out))


def _sources(rule: Rule, rules: Ruleset) -> Iterable[str | None]:
    """CIDRs; None is anyone."""
    if rule.source is None or not rule.source.startswith("@"):
        return [rule.source]
    return list(rules.sets[rule.source[1:]].entries)


def _obstacle(rule: Rule, source: str | None, expansion: Expansion) -> str | None:
    """Why a rule cannot be written for a source; None where it can."""
    if rule.protocol not in ("tcp", "udp"):
        return "supports TCP and UDP only"
    if source is None:
        # A rule for both families is written for the one that there is.
        return None if rule.family in (None, IPV4) else "supports IPv4 only"
    network = ipaddress.ip_network(source)
    if isinstance(network, ipaddress.IPv6Network):
        return "supports IPv4 only"
    if expansion.allows(network):
        return None
    if network.num_addresses <= MOST_EXPANDED:
        return "supports single addresses only (set expand_networks to write each address of these networks)"
    return "supports single addresses only"


def _documents(rule: Rule, source: str | None) -> Iterable[dict[str, Any]]:
    if source is None:
        return [_document(rule.protocol, rule.ports, None)]
    return [_document(rule.protocol, rule.ports, str(address)) for address in ipaddress.ip_network(source)]


def _document(protocol: str, ports: PortRange | None, source: str | None) -> dict[str, Any]:
    is_single = ports is not None and ports[0] == ports[1]
    return {
        "is_any_source_ip": source is None,
        "source_ip": source,
        "port_type": "ANY" if ports is None else "SINGLE" if is_single else "RANGE",
        "single_port": format_ports(ports) if ports and is_single else None,
        "port_range": format_ports(ports) if ports and not is_single else None,
        "protocol": protocol.upper(),
    }


def _words(rule: Rule, source: str | None) -> str:
    ports = f" {format_ports(rule.ports)}" if rule.ports else ""
    return f"{rule.protocol}{ports}" + (f" from {source}" if source else "")


_SHOWN = 10


def _some(items: Iterable[str]) -> str:
    listed = list(dict.fromkeys(items))
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Terms for aerleon, a library that knows the languages of many firewalls, and what it makes of them.

It writes whole policies, and drops terms that it cannot write without a word. So its text is never handed on as it is:
the formats take the rules out of it, term by term, and what has none is counted.
"""

from __future__ import annotations

import hashlib
import logging

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import (
    ADD,
    FlowGroup,
    Note,
    Request,
    counted,
    grouped,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.names import harmless
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.reasons import Reasons
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.spans import span_of

try:
    from aerleon import api
    from aerleon.lib.naming import Naming
except ImportError as error:
    AERLEON_IMPORT_ERROR: ImportError | None = error
else:
    AERLEON_IMPORT_ERROR = None

#: Names of filters and chains, in all languages.
NAME = "jsa_ports"

#: The shortest of all limits, that of iptables, is 24.
_HASH_LENGTH = 10
_LONGEST_COMMENT = 95

_ICMP = {4: "icmp", 6: "icmpv6"}


@dataclass(frozen=True)
class Term:
    """A group of flows under the name that it has in the text."""

    name: str
    comment: str
    group: FlowGroup


def terms(request: Request, version: int, reasons: Reasons) -> list[Term]:
    """What one family adds, in groups. The same group has the same name in each request."""
    groups = grouped(flow for flow in request.flows if flow.change == ADD and flow.version == version)
    return [_term(group, reasons) for group in groups]


def _term(group: FlowGroup, reasons: Reasons) -> Term:
    zones = group.sources[0].zone, group.destinations[0].zone
    cidrs = [[end.cidr for end in ends] for ends in (group.sources, group.destinations)]
    parts = [*zones, group.service, *cidrs[0], "to", *cidrs[1], *group.ids]
    digest = hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:_HASH_LENGTH]
    port = f"-{group.ports[0]}" if group.ports else ""
    names = ", ".join(dict.fromkeys(end.name for end in group.destinations))
    comment = harmless(f"{reasons.of(group.ids).application}, to {names}", _LONGEST_COMMENT)
    return Term(f"jsa-{group.protocol}{port}-{digest}", comment, group)


def render(target: str, filters: Mapping[str, Sequence[Term]], version: int) -> str:
    """aerleon's text of *target*. *filters*: options of the target -> the terms of that filter. Raises InputError."""
    networks: dict[str, Any] = {}
    services: dict[str, Any] = {}
    policy: list[Any] = []
    for options, members in filters.items():
        lines = [_line(term, version, networks, services) for term in members]
        policy.append({"header": {"targets": {target: options}}, "terms": lines})
    definitions = Naming()
    definitions.ParseDefinitionsObject({"networks": networks, "services": services}, "")
    with _quiet():
        try:
            (text,) = (api.Generate([{"filename": NAME, "filters": policy}], definitions) or {}).values()
        except Exception as error:
            # It has many classes of errors, and no common one that it documents.
            raise InputError(f"aerleon cannot write {target}", [" ".join(str(error).split())]) from error
    return str(text)


def _line(term: Term, version: int, networks: dict[str, Any], services: dict[str, Any]) -> dict[str, Any]:
    group = term.group
    names = [f"{side}_{term.name}" for side in ("FROM", "TO")]
    for name, ends in zip(names, (group.sources, group.destinations), strict=True):
        networks[name] = {"values": [{"address": cidr} for cidr in _outermost(end.cidr for end in ends)]}
    line = {
        "name": term.name,
        "comment": term.comment,
        "source-address": names[0],
        "destination-address": names[1],
        "protocol": group.protocol if group.ports else _ICMP[version],
        "action": "accept",
    }
    if group.ports:
        service = f"{group.protocol.upper()}_{format_ports(group.ports)}"
        services[service] = [{"protocol": group.protocol, "port": format_ports(group.ports)}]
        line["destination-port"] = service
    return line


def _outermost(cidrs: Iterable[str]) -> list[str]:
    """The same addresses without CIDRs that are in others: nftables takes no overlapping ones into a set."""
    found: list[str] = []
    end = -1
    for _first, last, cidr in sorted((span_of(cidr)[0], -span_of(cidr)[1], cidr) for cidr in set(cidrs)):
        if -last > end:
            found.append(cidr)
            end = -last
    return found


def left_out(request: Request, missing: Iterable[Term], file: str) -> Iterator[Note]:
    """Notes about what a file does not have: the *missing* terms, and what is to be removed."""
    gone = [term.group for term in missing]
    for version in (4, 6):
        flows = sum(group.flows for group in gone if group.version == version)
        if flows:
            yield Note(
                f"left out, because aerleon does not write it for {file}: {counted(flows)} of IPv{version}", flows
            )
    removed = sum(flow.change != ADD for flow in request.flows)
    if removed:
        yield Note(f"left out, because {file} only adds: {counted(removed)} to remove, which csv has", removed)


@contextmanager
def _quiet() -> Iterator[None]:
    """While this lasts, what aerleon tells its own log stays there: it would be printed between Ansible's lines."""
    log = logging.getLogger("absl")
    disabled, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = disabled

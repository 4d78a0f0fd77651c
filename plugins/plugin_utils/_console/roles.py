# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an appliance to the roles of its host: what the site says, then the appliance's code, then its components."""

from __future__ import annotations

import re

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.plugin_utils._console.records import HostRecord
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import IMPLIED_ROLES

#: The first digits of a code of four digits, and complete shorter codes. Network insights (19) have no ports of their
#: own in the catalog, so they are unknown.
_PREFIXES: dict[str, tuple[str, ...]] = {
    "31": ("console",),
    "21": ("console", "event_processor", "flow_processor"),
    "18": ("event_processor", "flow_processor"),
    "17": ("flow_processor",),
    "16": ("event_processor",),
    "15": ("event_collector",),
    "14": ("data_node",),
    "13": ("flow_collector",),
    "12": ("flow_collector",),
    "80": ("console", "event_collector", "event_processor"),
    "81": ("console", "event_collector", "event_processor"),
}
_CODES: dict[str, tuple[str, ...]] = {
    "4000": ("app_host",),
    "700": ("risk_manager",),
    "600": ("vulnerability_processor",),
    "610": ("vulnerability_scanner",),
}

#: Components that only hosts of one role have.
_COMPONENTS: dict[str, str] = {
    "magistrate": "console",
    "ariel_proxy_server": "console",
    "qflow": "flow_collector",
    "datanode": "data_node",
    "qrm": "risk_manager",
    "tomcat-rm": "risk_manager",
    "ziptie-server": "risk_manager",
    "arc_builder": "risk_manager",
}
#: Components that hosts of any kind can have in addition.
_ADDED: dict[str, str] = {
    "qvmprocessor": "vulnerability_processor",
    "qvmscanner": "vulnerability_scanner",
    "qvmhostedscanner": "vulnerability_scanner",
}
_EVENT_PROCESSORS = {"eventprocessor", "ecs-ep"}
_EVENT_COLLECTORS = {"eventcollectoringress", "eventcollector", "ecs-ec-ingress", "ecs-ec"}

_CODE = re.compile(r"([0-9]{3,4})(?![0-9A-Za-z])")


@dataclass(frozen=True)
class RoleTable:
    """What the site says of its appliances: prefixes of codes or types to roles, and names of hosts to roles."""

    appliances: Mapping[str, tuple[str, ...]]
    hosts: Mapping[str, tuple[str, ...]]

    def roles(self, host: HostRecord, names: Iterable[str]) -> frozenset[str] | None:
        """The roles of a host with these *names*. None if its kind is not known; empty if the site says so."""
        for name in names:
            if name in self.hosts:
                return frozenset(self.hosts[name])
        components = {component.lower().rstrip("0123456789") for component in host.components or () if component}
        found = self._of_appliance(host)
        if found is None:
            found = _of_code(host, components)
        if found is None:
            found = _of_components(components)
        added = {role for component, role in _ADDED.items() if component in components}
        if found is None and not added:
            return None
        return frozenset(found or ()) | added

    def _of_appliance(self, host: HostRecord) -> tuple[str, ...] | None:
        texts = appliance_texts(host)
        fitting = [prefix for prefix in self.appliances if any(text.startswith(prefix) for text in texts)]
        return self.appliances[max(fitting, key=len)] if fitting else None


def appliance_texts(host: HostRecord) -> list[str]:
    """What the console calls the kind of the host, the code first."""
    if host.appliance is None:
        return []
    return [text.strip() for text in (host.appliance.id, host.appliance.type) if text and text.strip()]


def _of_code(host: HostRecord, components: set[str]) -> tuple[str, ...] | None:
    for text in appliance_texts(host):
        match = _CODE.match(text)
        if match is None:
            continue
        code = match[1]
        found = _CODES.get(code) or (_PREFIXES.get(code[:2]) if len(code) == 4 else None)
        if found is not None:
            return _with_processors(components) if code.startswith("31") and len(code) == 4 else found
    return None


def _with_processors(components: set[str]) -> tuple[str, ...]:
    """A console, which is an all-in-one if it processes events and collects flows."""
    processes, collects = bool(_EVENT_PROCESSORS & components), "qflow" in components
    if processes and collects:
        return "console", "event_processor", "flow_processor"
    return ("console", *(("event_processor",) if processes else ()), *(("flow_collector",) if collects else ()))


def _of_components(components: set[str]) -> tuple[str, ...] | None:
    found = {_COMPONENTS[component] for component in components if component in _COMPONENTS}
    if "console" in found:
        return (*_with_processors(components), *(found - {"console", "flow_collector"}))
    if _EVENT_PROCESSORS & components and found <= {"flow_collector"}:
        # An event processor or a flow processor: only a code tells.
        return None
    if not found and _EVENT_COLLECTORS & components:
        return ("event_collector",)
    return tuple(sorted(found)) or None


def groups_of(roles: frozenset[str], group_roles: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The fewest groups that have exactly these roles, the one with the most roles first."""
    implied = {IMPLIED_ROLES[role] for role in roles if role in IMPLIED_ROLES}
    left, whole = set(roles) - implied, roles | implied
    groups: list[str] = []
    while left:
        fitting = [name for name, own in group_roles.items() if whole.issuperset(own) and left.intersection(own)]
        best = max(fitting, key=lambda name: len(left.intersection(group_roles[name])))
        groups.append(best)
        left.difference_update(group_roles[best])
    return tuple(groups)

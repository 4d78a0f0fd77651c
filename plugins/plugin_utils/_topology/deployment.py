# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables that hold for the whole deployment: networks, release, and what to open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import CatalogError, load_extra
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.releases import parse_release
from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import did_you_mean
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import parse_network
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import DynamicPortsChoice
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.names import UNKNOWN_VARIABLES
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import (
    CONFIDENCES,
    DATA_PORTS,
    DEFAULT_CONFIDENCES,
    DESTINATION_NETWORKS,
    NAME_SERVERS,
    ROLES,
    SOURCE_NETWORKS,
)

DEFAULT_GROUP_ROLES: dict[str, tuple[str, ...]] = {
    "jsa_all_in_one": ("console", "event_collector", "flow_collector", "event_processor", "flow_processor"),
    "jsa_console": ("console",),
    "jsa_collectors": ("event_collector", "flow_collector"),
    "jsa_event_collectors": ("event_collector",),
    "jsa_flow_collectors": ("flow_collector",),
    "jsa_processors": ("event_processor", "flow_processor"),
    "jsa_event_processors": ("event_processor",),
    "jsa_flow_processors": ("flow_processor",),
    "jsa_data_nodes": ("data_node",),
    "jsa_app_hosts": ("app_host",),
    "jsa_risk_managers": ("risk_manager",),
    "jsa_vulnerability_processors": ("vulnerability_processor",),
    "jsa_vulnerability_scanners": ("vulnerability_scanner",),
}

DYNAMIC_PORTS = ("none", "discovered")

#: Variables that must have the same value on each host of the deployment.
DEPLOYMENT_VARIABLES: tuple[str, ...] = (
    "jsa_networks",
    "jsa_release",
    "jsa_confidence",
    "jsa_data_ports",
    "jsa_dynamic_ports",
    "jsa_dynamic_ports_max_age",
    "jsa_extra_flows",
    "jsa_group_roles",
    "jsa_resolve",
    "jsa_unknown_variables",
)


def check_roles(value: Any) -> tuple[str, ...]:
    """One role or a list of roles. Raises ValueError with what would have been valid."""
    roles = [value] if isinstance(value, str) else value
    if not isinstance(roles, (list, tuple)) or not roles:
        raise ValueError(f"{value!r} is not a list of roles; the roles are {', '.join(ROLES)}")
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        wrong = "; ".join(f"unknown role {role!r}{did_you_mean(str(role), ROLES)}" for role in unknown)
        raise ValueError(f"{wrong}; the roles are {', '.join(ROLES)}")
    return tuple(str(role) for role in roles)


def read_group_roles(value: Any, problems: list[str]) -> dict[str, tuple[str, ...]]:
    """``jsa_group_roles``: inventory group -> roles. Replaces the default mapping."""
    if value is None:
        return DEFAULT_GROUP_ROLES
    if not isinstance(value, Mapping) or not value:
        problems.append("jsa_group_roles: expected a mapping of inventory groups to lists of roles")
        return DEFAULT_GROUP_ROLES
    mapping = {}
    for group, roles in value.items():
        try:
            mapping[str(group)] = check_roles(roles)
        except ValueError as error:
            problems.append(f"jsa_group_roles.{group}: {error}")
    return mapping


def read_networks(value: Any, extra: set[str], problems: list[str]) -> dict[str, tuple[str, ...]]:
    """``jsa_networks``; *extra* are the further names that the site's own flows use."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        problems.append("jsa_networks: expected a mapping of network names to lists of CIDRs, any, or none")
        return dict.fromkeys((*SOURCE_NETWORKS, *DESTINATION_NETWORKS), ())
    known = {*SOURCE_NETWORKS, *DESTINATION_NETWORKS, NAME_SERVERS, *extra}
    networks = {}
    for name, content in value.items():
        if name not in known:
            problems.append(
                f"jsa_networks.{name}: unknown network{did_you_mean(str(name), known)}; "
                f"expected {', '.join(dict.fromkeys((*SOURCE_NETWORKS, *DESTINATION_NETWORKS)))}, or a name that "
                "jsa_extra_flows uses"
            )
            continue
        try:
            networks[str(name)] = parse_network(content)
        except ValueError as error:
            problems.append(f"jsa_networks.{name}: {error}")
            # It is set, though not to anything: nobody has to be told to set it.
            networks[str(name)] = ()
    return networks


def extra_network_names(extra_flows: Any, networks: Any) -> set[str]:
    """Names in ``jsa_networks`` that the site's own flows refer to."""
    if not isinstance(extra_flows, (list, tuple)) or not isinstance(networks, Mapping):
        return set()
    used: set[str] = set()
    for entry in extra_flows:
        flows = entry.get("flows") if isinstance(entry, Mapping) else None
        for flow in flows if isinstance(flows, (list, tuple)) else ():
            for side in ("initiators", "listeners"):
                names = flow.get(side) if isinstance(flow, Mapping) else None
                used.update(name for name in names or () if isinstance(name, str))
    return used & {name for name in networks if isinstance(name, str)}


def read_confidences(value: Any, problems: list[str]) -> tuple[str, ...]:
    """``jsa_confidence``: which entries of the catalog to open."""
    if value is None:
        return DEFAULT_CONFIDENCES
    chosen = [value] if isinstance(value, str) else value
    if not isinstance(chosen, (list, tuple)) or not chosen or any(item not in CONFIDENCES for item in chosen):
        problems.append(f"jsa_confidence: {value!r} is not a list of {', '.join(CONFIDENCES)}")
        return CONFIDENCES
    return tuple(name for name in CONFIDENCES if name in chosen)


def read_data_ports(value: Any, problems: list[str]) -> str:
    """``jsa_data_ports``: where the whole range 32000-33999 is open beside the listed ports of it."""
    if value is None:
        return DATA_PORTS[0]
    if value not in DATA_PORTS:
        problems.append(f"jsa_data_ports: {value!r} is not one of {', '.join(DATA_PORTS)}")
        return DATA_PORTS[0]
    return str(value)


def read_dynamic_ports(settings: Mapping[str, Any], problems: list[str]) -> DynamicPortsChoice:
    """``jsa_dynamic_ports`` and ``jsa_dynamic_ports_max_age``."""
    use = settings["jsa_dynamic_ports"]
    if use is not None and use not in DYNAMIC_PORTS:
        problems.append(f"jsa_dynamic_ports: {use!r} is not one of {', '.join(DYNAMIC_PORTS)}")
    value = settings["jsa_dynamic_ports_max_age"]
    max_age = DynamicPortsChoice.max_age
    if value is not None:
        digits = str(value).strip()
        if isinstance(value, bool) or not digits.isascii() or not digits.isdigit() or not int(digits):
            problems.append(f"jsa_dynamic_ports_max_age: {value!r} is not a number of seconds above 0")
        else:
            max_age = int(digits)
    return DynamicPortsChoice(use == "discovered", max_age, declined=use == "none")


def read_release(value: Any, problems: list[str]) -> str | None:
    """``jsa_release``, for example ``7.5.0 UP8``; unset is the newest."""
    if value is None:
        return None
    try:
        parse_release(value)
    except ValueError as error:
        problems.append(f"jsa_release: {error}")
        return None
    return str(value)


def read_unknown_variables(value: Any, problems: list[str]) -> str:
    """``jsa_unknown_variables``, one of UNKNOWN_VARIABLES."""
    if value is None:
        return UNKNOWN_VARIABLES[0]
    if value not in UNKNOWN_VARIABLES:
        problems.append(f"jsa_unknown_variables: {value!r} is not one of {', '.join(UNKNOWN_VARIABLES)}")
        return UNKNOWN_VARIABLES[0]
    return str(value)


def read_extra_flows(value: Any, networks: set[str], problems: list[str]) -> tuple[Entry, ...]:
    """``jsa_extra_flows``: entries of the site's own, in the catalog's form."""
    if value is None:
        return ()
    try:
        return tuple(load_extra(value, networks).values())
    except CatalogError as error:
        problems.extend(error.problems)
        return ()

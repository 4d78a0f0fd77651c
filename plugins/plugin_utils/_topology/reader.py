# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the topology out of inventory variables: one pass over the hosts, all problems in one error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import did_you_mean
from ansible_collections.jsa.ports.plugins.plugin_utils._topology import clusters, deployment
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import (
    is_address,
    parse_address,
    read_addresses,
    read_networks,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host, Topology
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.names import (
    Named,
    misspelt_groups,
    misspelt_variables,
    without_role,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.nat import check_nat, read_nat
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.resolving import Resolver
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import FEATURES, IMPLIED_ROLES, UNLISTED

#: Of a host, and part of its plan, though their names are those of a role's variables.
FIREWALL_VARIABLES: tuple[str, ...] = (
    "jsa_firewall_management_addresses",
    "jsa_firewall_restrict_outbound",
    "jsa_firewall_unlisted",
)

HOST_VARIABLES: tuple[str, ...] = (
    *FIREWALL_VARIABLES,
    "jsa_address",
    "jsa_encrypted",
    "jsa_features",
    "jsa_ha_crossover_address",
    "jsa_ha_peer",
    "jsa_ha_virtual_address",
    "jsa_nat_group",
    "jsa_processor",
    "jsa_public_address",
    "jsa_remote_tunnel_initiation",
    "jsa_roles",
)

#: How to go on with a name of the site's own.
SOFTEN = "if one of these names is your own, rename it, or set jsa_unknown_variables to warn or ignore"

_TRUE = (True, 1, "true", "yes", "on", "1")
_FALSE = (False, 0, "false", "no", "off", "0")


def read_topology(
    inventory: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, list[str]],
    play_vars: Mapping[str, Any] | None = None,
    named: Named | None = None,
    resolver: Resolver | None = None,
) -> tuple[Topology, list[str]]:
    """The deployment that *inventory* describes, and every problem in it.

    *inventory*: host name -> its variables (``jsa_*`` and ``ansible_host`` are looked at).
    *groups*: host name -> names of its inventory groups.
    *play_vars*: deployment variables as the play sees them; they win over the inventory's.
    *named*: the variables that people have set, if they are not just those of *inventory*.
    *resolver* is asked for names of hosts where ``jsa_resolve`` is set.
    Invalid values are left out of the topology, so that the plan can report further problems. If there is a problem,
    the topology must not be applied.
    """
    problems: list[str] = []
    values = {name: _values_of(name, variables, problems) for name, variables in inventory.items()}
    settings = _deployment_settings(values, play_vars or {}, problems)
    group_roles = deployment.read_group_roles(settings["jsa_group_roles"], problems)

    roles: dict[str, set[str]] = {}
    for name, own in values.items():
        found = declared_roles(name, own, groups[name], group_roles, problems)
        if found:
            roles[name] = found
    peers = clusters.read_peers(values, problems)
    for name, peer in peers.items():
        if name not in roles and peer in roles:
            roles[name] = set(roles[peer])
    members = sorted(roles)
    peers = {name: peer for name, peer in peers.items() if name in roles and peer in roles}

    wants_names = _read_flag("all", "jsa_resolve", settings, problems)
    resolver = (resolver or Resolver()) if wants_names else None
    shared = clusters.share_values(values, peers, problems)
    virtual = clusters.read_virtual_addresses(values, peers, problems)
    crossover = clusters.read_crossover_addresses(values, peers, problems)
    nat = {name: read_nat(name, shared[name], problems) for name in members}
    hosts = {
        name: replace(
            _read_host(
                name,
                shared[name],
                roles[name],
                peers.get(name),
                (host_addresses(name, shared[name], problems, resolver), virtual.get(name, ())),
                problems,
            ),
            crossover_addresses=crossover.get(name, ()),
            nat_group=nat[name][0],
            public_addresses=nat[name][1],
        )
        for name in members
    }
    _check_consoles(hosts, values, problems)
    _check_processors(hosts, problems)
    clusters.check_addresses_unique(hosts, problems)
    check_nat(hosts, problems)

    choice = deployment.read_unknown_variables(settings["jsa_unknown_variables"], problems)
    misspelt, warnings = _doubts(named or Named(inventory), groups, hosts, group_roles, choice)
    # First: the others may only come of it.
    problems[:0] = misspelt

    networks = settings["jsa_networks"]
    extra_names = deployment.extra_network_names(settings["jsa_extra_flows"], networks)
    topology = Topology(
        hosts=hosts,
        networks=deployment.read_networks(networks, extra_names, problems),
        release=deployment.read_release(settings["jsa_release"], problems),
        confidences=deployment.read_confidences(settings["jsa_confidence"], problems),
        data_ports=deployment.read_data_ports(settings["jsa_data_ports"], problems),
        dynamic_ports=deployment.read_dynamic_ports(settings, problems),
        extra_flows=deployment.read_extra_flows(settings["jsa_extra_flows"], extra_names, problems),
        misspelt=tuple(misspelt),
        warnings=(*warnings, *(resolver.warnings() if resolver else ())),
    )
    return topology, problems


def _values_of(name: str, variables: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """The variables that matter, each read once: a lookup in Ansible's host variables renders templates."""
    values: dict[str, Any] = {}
    for variable in (*HOST_VARIABLES, *deployment.DEPLOYMENT_VARIABLES, "ansible_host"):
        try:
            if variable in variables:
                values[variable] = variables[variable]
        except Exception as error:  # whatever a site's template raises belongs to that host and variable
            problems.append(f"{name}: {variable}: {error}")
    return values


def _deployment_settings(
    values: Mapping[str, Mapping[str, Any]], play_vars: Mapping[str, Any], problems: list[str]
) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for variable in deployment.DEPLOYMENT_VARIABLES:
        if play_vars.get(variable) is not None:
            settings[variable] = play_vars[variable]
            continue
        first: str | None = None
        settings[variable] = None
        for name, own in values.items():
            if own.get(variable) is None:
                continue
            if first is None:
                first, settings[variable] = name, own[variable]
            elif own[variable] != settings[variable]:
                problems.append(
                    f"{variable}: {first} and {name} have different values, but it holds for the whole deployment: "
                    "set it once, for the group all"
                )
                break
    return settings


def declared_roles(
    name: str,
    own: Mapping[str, Any],
    groups: list[str],
    group_roles: Mapping[str, tuple[str, ...]],
    problems: list[str],
) -> set[str]:
    """The roles, implied ones too, that a host has by its own variables and groups: none where only its peer has some.

    *own*: its variables. *group_roles*: as read from ``jsa_group_roles``. Adds to *problems* what is wrong.
    """
    found: set[str] = set()
    if own.get("jsa_roles") in ([], ()):
        # Said, not forgotten: the host is out of the deployment.
        return found
    if own.get("jsa_roles") is not None:
        try:
            found.update(deployment.check_roles(own["jsa_roles"]))
        except ValueError as error:
            problems.append(f"{name}: jsa_roles: {error}")
    else:
        for group in groups:
            found.update(group_roles.get(group, ()))
    found.update(implied for role, implied in IMPLIED_ROLES.items() if role in found)
    return found


def host_addresses(
    name: str, own: Mapping[str, Any], problems: list[str], resolver: Resolver | None = None
) -> tuple[str, ...]:
    """The addresses of a host, sorted; *own* are its variables. Names are looked up if there is a *resolver*.

    Adds to *problems* what is wrong, or that none is known.
    """
    value = own.get("jsa_address")
    if value is not None and value not in ("", [], ()):
        return read_addresses(name, "jsa_address", value, problems)
    for variable, candidate in (("ansible_host", own.get("ansible_host")), ("its name", name)):
        if is_address(candidate):
            try:
                return (parse_address(candidate),)
            except ValueError as error:
                problems.append(f"{name}: {variable}: {error}: set jsa_address to the address that its peers see")
                return ()
    if resolver is not None:
        return resolver.addresses(name, str(own.get("ansible_host") or name), problems)
    problems.append(
        f"{name}: its address is not known: set jsa_address to one address or a list, or ansible_host to one address. "
        "To look up the names of all hosts on the controller, set jsa_resolve: true for the group all"
    )
    return ()


def _read_flag(name: str, variable: str, own: Mapping[str, Any], problems: list[str]) -> bool:
    value = own.get(variable)
    if value is None:
        return False
    plain = value.strip().lower() if isinstance(value, str) else value
    if plain not in (*_TRUE, *_FALSE):
        problems.append(f"{name}: {variable}: {value!r} is neither true nor false")
    return plain in _TRUE


def _read_features(name: str, own: Mapping[str, Any], problems: list[str]) -> frozenset[str]:
    value = own.get("jsa_features")
    if value is None:
        return frozenset()
    features = [value] if isinstance(value, str) else value
    if not isinstance(features, (list, tuple)):
        problems.append(f"{name}: jsa_features: {value!r} is not a list; the features are {', '.join(FEATURES)}")
        return frozenset()
    for feature in features:
        if feature not in FEATURES:
            problems.append(
                f"{name}: jsa_features: unknown feature {feature!r}{did_you_mean(str(feature), FEATURES)}; "
                f"the features are {', '.join(FEATURES)}"
            )
    return frozenset(str(feature) for feature in features)


def _read_unlisted(name: str, own: Mapping[str, Any], problems: list[str]) -> str:
    value = own.get("jsa_firewall_unlisted")
    if value is None:
        return UNLISTED[0]
    if value not in UNLISTED:
        problems.append(
            f"{name}: jsa_firewall_unlisted: {value!r} is not one of {', '.join(UNLISTED)}"
            f"{did_you_mean(str(value), UNLISTED)}"
        )
        return UNLISTED[0]
    return str(value)


def _read_management_addresses(name: str, own: Mapping[str, Any], problems: list[str]) -> tuple[str, ...]:
    variable = "jsa_firewall_management_addresses"
    value = own.get(variable)
    return () if value in (None, "") else read_networks(name, variable, value, problems)


def _read_host(
    name: str,
    own: Mapping[str, Any],
    roles: set[str],
    peer: str | None,
    addresses: tuple[tuple[str, ...], tuple[str, ...]],
    problems: list[str],
) -> Host:
    """*addresses*: its own, and those of its HA pair."""
    own_addresses, virtual = addresses
    host = Host(
        name=name,
        roles=frozenset(roles),
        addresses=own_addresses,
        virtual_addresses=virtual,
        encrypted=_read_flag(name, "jsa_encrypted", own, problems),
        remote_tunnel_initiation=_read_flag(name, "jsa_remote_tunnel_initiation", own, problems),
        ha_peer=peer,
        processor=own.get("jsa_processor"),
        features=_read_features(name, own, problems),
        restrict_outbound=_read_flag(name, "jsa_firewall_restrict_outbound", own, problems),
        unlisted=_read_unlisted(name, own, problems),
        management_addresses=_read_management_addresses(name, own, problems),
    )
    if host.remote_tunnel_initiation and host.is_console:
        problems.append(
            f"{name}: jsa_remote_tunnel_initiation: tunnels between the console and managed hosts cannot be reversed; "
            "set it on a managed host, for its tunnels with other managed hosts"
        )
        return replace(host, remote_tunnel_initiation=False)
    return host


def _check_consoles(hosts: Mapping[str, Host], values: Mapping[str, Mapping[str, Any]], problems: list[str]) -> None:
    consoles = [name for name, host in hosts.items() if host.is_console]
    if not hosts:
        problems.append(
            f"none of the {len(values)} hosts has a role: put hosts into the groups "
            f"{', '.join(deployment.DEFAULT_GROUP_ROLES)}, set jsa_roles on them, or assign "
            "roles to your own groups with jsa_group_roles"
        )
    elif not consoles:
        problems.append(
            "no host has the role console: every flow of a deployment begins or ends there; put it into the group "
            "jsa_console, or, if it also collects and processes, jsa_all_in_one. (If only a part of the inventory is "
            "visible, apply a saved plan with jsa_plan_file.)"
        )
    elif len(consoles) > 2 or (len(consoles) == 2 and hosts[consoles[0]].ha_peer != consoles[1]):
        problems.append(
            f"{', '.join(consoles)}: all have the role console, but a deployment has one, or one HA pair: set "
            "jsa_ha_peer on a node of the pair, or use one inventory per deployment"
        )


def _check_processors(hosts: dict[str, Host], problems: list[str]) -> None:
    able = ("event_processor", "flow_processor", "console")
    for name, host in hosts.items():
        if host.processor is None:
            continue
        target = hosts.get(host.processor) if isinstance(host.processor, str) else None
        if target is None:
            problems.append(
                f"{name}: jsa_processor: {host.processor!r} is not a host of the deployment"
                f"{did_you_mean(str(host.processor), hosts)}"
            )
        elif not target.roles.intersection(able) or name in (target.name, target.ha_peer):
            problems.append(
                f"{name}: jsa_processor: {target.name} is not a processor that it can report to; name an event or flow "
                "processor, or the console"
            )
        else:
            continue
        hosts[name] = replace(host, processor=None)


def _doubts(
    named: Named,
    groups: Mapping[str, list[str]],
    hosts: Mapping[str, Host],
    group_roles: Mapping[str, tuple[str, ...]],
    choice: str,
) -> tuple[list[str], list[str]]:
    """What is most likely misspelt, as problems, and as warnings where *choice*, of UNKNOWN_VARIABLES, says so."""
    misspelt = [
        *misspelt_variables(named, (*HOST_VARIABLES, *deployment.DEPLOYMENT_VARIABLES)),
        *misspelt_groups(groups, hosts, group_roles),
    ]
    warnings = without_role(groups, hosts, group_roles)
    if choice == "warn":
        return [], [*misspelt, *warnings]
    if choice == "ignore" or not misspelt:
        return [], warnings
    return [*misspelt, SOFTEN], warnings

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory as Ansible hands it to an action plugin, made ready for the topology's reader."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.deployment import (
    DEPLOYMENT_VARIABLES,
    read_group_roles,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Topology
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.names import Named, misspelt_variables
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.reader import (
    FIREWALL_VARIABLES,
    HOST_VARIABLES,
    SOFTEN,
    declared_roles,
    host_addresses,
    read_topology,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import UNLISTED


class _Variables(Mapping[str, Any]):
    """The variables of a host, of which only those with a template in them are rendered: that is what costs."""

    def __init__(self, hostvars: Any, name: str) -> None:
        self._hostvars = hostvars
        self._name = name
        self._raw: Mapping[str, Any] = hostvars.raw_get(name)

    def __getitem__(self, variable: str) -> Any:
        value = self._raw[variable]
        return self._hostvars[self._name][variable] if _has_template(value) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __contains__(self, variable: object) -> bool:
        return variable in self._raw


def _has_template(value: Any) -> bool:
    if isinstance(value, str):
        return any(mark in value for mark in ("{{", "{%", "{#"))
    if isinstance(value, Mapping):
        return any(_has_template(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(_has_template(item) for item in value)


def topology_of_task(task_vars: Mapping[str, Any], templar: Any) -> tuple[Topology, list[str]]:
    """The topology of the whole inventory, whatever ``--limit`` says, and its problems."""
    hostvars = task_vars["hostvars"]
    inventory = {str(name): _Variables(hostvars, name) for name in hostvars}
    groups: dict[str, list[str]] = {name: [] for name in inventory}
    for group, members in task_vars["groups"].items():
        for name in members:
            groups[name].append(group)
    named = names_that_people_set(task_vars, inventory)
    topology, problems = read_topology(inventory, groups, _play_variables(task_vars, inventory, templar), named)
    return topology, [*problems, *_hidden_variables(task_vars, inventory, templar)]


def addresses_of_strangers(task_vars: Mapping[str, Any], topology: Topology) -> dict[str, tuple[str, ...]]:
    """The hosts of the inventory that have no role, with their addresses; without any where they are not known."""
    found: dict[str, tuple[str, ...]] = {}
    for name in task_vars["hostvars"]:
        if name not in topology.hosts:
            variables = _Variables(task_vars["hostvars"], name)
            try:
                own = {one: variables[one] for one in ("jsa_address", "ansible_host") if one in variables}
            except Exception:
                # Whatever a template of a host that has nothing to do with the deployment raises.
                own = {}
            found[str(name)] = host_addresses(str(name), own, [])
    return found


def names_that_people_set(task_vars: Mapping[str, Any], inventory: Mapping[str, Collection[str]]) -> Named:
    """The names of the variables of inventory and play, without the results and facts of earlier tasks.

    *inventory*: host name -> names of its variables.
    """
    # Ansible keeps both apart from what people set, but offers no other way to ask for them.
    manager = getattr(task_vars.get("hostvars"), "_variable_manager", None)
    facts: Mapping[str, Collection[str]] = getattr(manager, "_nonpersistent_fact_cache", {})
    by_host = {name: [one for one in names if one not in facts.get(name, ())] for name, names in inventory.items()}
    running = task_vars.get("inventory_hostname", "")
    elsewhere = {*inventory.get(running, ()), *facts.get(running, ())}
    return Named(by_host, [name for name in task_vars if name not in elsewhere])


def require_known_variables(task_vars: Mapping[str, Any], templar: Any) -> None:
    """For a task that needs no plan. Raises InputError where a variable of its host, play or role looks misspelt."""
    choice = task_vars.get("jsa_unknown_variables")
    if choice is not None and templar.template(choice) in ("warn", "ignore"):
        return
    named = names_that_people_set(task_vars, {})
    misspelt = misspelt_variables(named, (*HOST_VARIABLES, *DEPLOYMENT_VARIABLES))
    if misspelt:
        raise InputError("Nothing was changed", [*misspelt, SOFTEN])


def is_certainly_no_console(task_vars: Mapping[str, Any], templar: Any) -> bool:
    """Whether the host of the task cannot be a console, as far as its own variables and groups tell.

    Much faster than reading the topology, which looks at each host of the inventory.
    """
    name = task_vars["inventory_hostname"]
    problems: list[str] = []
    group_roles = read_group_roles(templar.template(task_vars.get("jsa_group_roles")), problems)
    groups = [group for group, members in task_vars["groups"].items() if name in members]
    own = {"jsa_roles": templar.template(task_vars.get("jsa_roles"))}
    roles = declared_roles(name, own, groups, group_roles, problems)
    if problems or "console" in roles:
        return False
    if roles:
        return True
    # A node of an HA pair has the roles of the other one, where it has none itself; either may name the other.
    if task_vars.get("jsa_ha_peer") is not None:
        return False
    consoles = {one for group, given in group_roles.items() if "console" in given for one in _members(task_vars, group)}
    peers = [task_vars["hostvars"].raw_get(one).get("jsa_ha_peer") for one in consoles]
    return not any(peer == name or _has_template(peer) for peer in peers)


def roles_of_task(task_vars: Mapping[str, Any], templar: Any) -> frozenset[str]:
    """The roles of the task's host; empty where it has none.

    A node of an HA pair has the roles of the other one, where it has none itself; either may name the other. Raises
    InputError. Faster than reading the topology: other hosts are looked at only for a host without roles of its own.
    """
    problems: list[str] = []
    group_roles = read_group_roles(templar.template(task_vars.get("jsa_group_roles")), problems)
    name = str(task_vars["inventory_hostname"])
    roles = _roles(task_vars, name, group_roles, problems)
    if not roles and templar.template(task_vars.get("jsa_roles")) is None:
        peer = templar.template(task_vars.get("jsa_ha_peer")) or _named_by(task_vars, name, group_roles)
        if isinstance(peer, str) and peer in task_vars["hostvars"]:
            roles = _roles(task_vars, peer, group_roles, problems)
    if problems:
        raise InputError("The roles of the host cannot be read; nothing was changed", problems)
    return roles


def _named_by(task_vars: Mapping[str, Any], name: str, group_roles: Mapping[str, tuple[str, ...]]) -> str | None:
    """The host of a group with roles that has *name* as its jsa_ha_peer."""
    members = sorted({one for group in group_roles for one in _members(task_vars, group)})
    hostvars = task_vars["hostvars"]
    return next((one for one in members if _Variables(hostvars, one).get("jsa_ha_peer") == name), None)


def _roles(
    task_vars: Mapping[str, Any], name: str, group_roles: Mapping[str, tuple[str, ...]], problems: list[str]
) -> frozenset[str]:
    groups = [group for group, members in task_vars["groups"].items() if name in members]
    return frozenset(declared_roles(name, _Variables(task_vars["hostvars"], name), groups, group_roles, problems))


def _members(task_vars: Mapping[str, Any], group: str) -> list[str]:
    return list(task_vars["groups"].get(group, ()))


def _play_variables(
    task_vars: Mapping[str, Any], inventory: Mapping[str, Mapping[str, Any]], templar: Any
) -> dict[str, Any]:
    """Deployment variables that the play, a role or a task sets over what the inventory says."""
    own = inventory.get(task_vars.get("inventory_hostname", ""), {})
    play_variables = {}
    for variable in DEPLOYMENT_VARIABLES:
        if variable in task_vars:
            value = templar.template(task_vars[variable])
            if variable not in own or own[variable] != value:
                play_variables[variable] = value
    return play_variables


def _hidden_variables(
    task_vars: Mapping[str, Any], inventory: Mapping[str, Mapping[str, Any]], templar: Any
) -> list[str]:
    """Problems of variables that a play or a role sets, though the plan of each host needs that host's own value.

    Left unsaid, a plan would leave open what the play says is to be refused.
    """
    own = inventory.get(task_vars.get("inventory_hostname", ""))
    if own is None:
        # The implicit localhost has variables of the group all, but is no host of the inventory.
        return []
    problems = []
    for variable in FIREWALL_VARIABLES:
        try:
            value = templar.template(task_vars.get(variable))
            is_own = variable in own and own[variable] == value
        except Exception:
            # What a template raises is told where the host's own variables are read.
            continue
        if value not in (None, *_UNSET) and not is_own:
            problems.append(
                f"{variable} is set by a play or a role, which has no effect on the plan: set it in the "
                "inventory, in group_vars or host_vars, or with -e"
            )
    return problems


#: What the plan takes where the inventory sets none of FIREWALL_VARIABLES.
_UNSET: tuple[Any, ...] = (UNLISTED[0], [], "", False)

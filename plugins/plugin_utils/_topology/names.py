# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of variables and groups that are most likely misspelt: what they should say would silently not happen."""

from __future__ import annotations

import difflib

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host
from ansible_collections.jsa.ports.plugins.plugin_utils._yaml import load_yaml

#: What becomes of a name that is not known: the values of ``jsa_unknown_variables``.
UNKNOWN_VARIABLES: tuple[str, ...] = ("error", "warn", "ignore")

#: Read by the playbooks themselves, or handed over by one to another.
PLAYBOOK_VARIABLES: tuple[str, ...] = (
    "jsa_change_request_bom",
    "jsa_change_request_columns",
    "jsa_change_request_dest",
    "jsa_change_request_expiry",
    "jsa_change_request_formats",
    "jsa_change_request_from",
    "jsa_change_request_owner",
    "jsa_change_request_prefix",
    "jsa_change_request_prefix_ipv6",
    "jsa_change_request_since",
    "jsa_diff_dest",
    "jsa_discover_dynamic",
    "jsa_discover_if_wanted",
    "jsa_discover_kinds",
    "jsa_dynamic_ports_file",
    "jsa_firewall_serial",
    "jsa_hosts",
    "jsa_learn_days",
    "jsa_learn_dest",
    "jsa_learn_entries",
    "jsa_learn_observations_dest",
    "jsa_learn_persistent",
    "jsa_learn_prefix",
    "jsa_learn_prefix6",
    "jsa_learn_state",
    "jsa_observe_here",
    "jsa_observe_here_host",
    "jsa_outward_ca_file",
    "jsa_outward_dns_name",
    "jsa_outward_timeout",
    "jsa_plan_dest",
    "jsa_proxy",
    "jsa_public_servers",
    "jsa_report_baseline",
    "jsa_report_check",
    "jsa_report_dest",
    "jsa_report_learned",
    "jsa_report_since",
    "jsa_report_title",
    "jsa_zones",
)

_PREFIX = "jsa_"
_ROLES = Path(__file__).resolve().parents[3] / "roles"

#: How alike two names have to be, from 0 to 1.
_ALIKE = 0.8
#: The same for groups, and for groups of hosts that have a role by another one: jsa_processors_site1 may lie below
#: jsa_processors.
_ALIKE_GROUP, _ALIKE_FURTHER_GROUP = 0.75, 0.93


@dataclass(frozen=True)
class Named:
    """The names of the variables that people have set. Facts and results of tasks are none of them."""

    #: By host of the inventory.
    by_host: Mapping[str, Collection[str]]
    #: By a play, a role or a task.
    by_play: Collection[str] = ()


@cache
def role_variables() -> Mapping[str, frozenset[str]]:
    """Name of each role of the collection to its variables: those of its argument specs, and its own."""
    found = {}
    for specs in sorted(_ROLES.glob("*/meta/argument_specs.yml")):
        names: set[str] = set()
        for spec in load_yaml(specs)["argument_specs"].values():
            names.update(spec.get("options", ()))
        own = specs.parents[1] / "vars" / "main.yml"
        if own.exists():
            names.update(load_yaml(own))
        found[specs.parents[1].name] = frozenset(names)
    return found


def misspelt_variables(named: Named, inventory_variables: Iterable[str]) -> list[str]:
    """A sentence for each variable that looks like a misspelt one, with the likely name.

    *inventory_variables*: the names that the plan reads from the inventory.
    """
    roles = role_variables()
    known = {*inventory_variables, *PLAYBOOK_VARIABLES, *(name for names in roles.values() for name in names)}
    owners: dict[str, list[str]] = {}
    for host, names in named.by_host.items():
        for name in names:
            if name.startswith(_PREFIX) and name not in known:
                owners.setdefault(name, []).append(host)
    for name in named.by_play:
        if name.startswith(_PREFIX) and name not in known:
            owners.setdefault(name, [])
    sentences = []
    for name, hosts in sorted(owners.items()):
        hint = _hint(name, known, roles)
        if hint:
            where = f"set for {_hosts(hosts, len(named.by_host))}" if hosts else "set by a play or a role"
            what = f"{hosts[0]}: the variable {name}" if len(hosts) == 1 else f"the variable {name} ({where})"
            sentences.append(f"{what} is not known{hint}")
    return sentences


def misspelt_groups(
    groups: Mapping[str, Collection[str]], hosts: Mapping[str, Host], group_roles: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """A sentence for each group that looks like a misspelt one, with the likely name.

    *groups*: host name -> names of its groups. *hosts*: those of the deployment. *group_roles*: the groups that count.
    """
    members: dict[str, list[str]] = {}
    for name, names in groups.items():
        for group in names:
            if group.startswith(_PREFIX) and group not in group_roles:
                members.setdefault(group, []).append(name)
    sentences = []
    for group, names in sorted(members.items()):
        without = [name for name in names if name not in hosts]
        likely = _likely(group, group_roles, _ALIKE_GROUP if without else _ALIKE_FURTHER_GROUP)
        # Where its hosts have the roles all the same, it only divides a group that counts.
        if likely and any(name not in hosts or not hosts[name].roles.issuperset(group_roles[likely]) for name in names):
            of = f" (of {_hosts(names, len(groups))})"
            what = f"{names[0]}: its group {group}" if len(names) == 1 else f"the group {group}{of}"
            sentences.append(f"{what} is not known, did you mean {likely}?")
    return sentences


def without_role(
    groups: Mapping[str, Collection[str]], hosts: Mapping[str, Host], group_roles: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """A sentence for each host that is in a group of such a name, and for which nothing is planned."""
    sentences = []
    for name, names in groups.items():
        own = [group for group in names if group.startswith(_PREFIX) and group not in group_roles]
        if name not in hosts and own and not any(group in group_roles for group in names):
            sentences.append(f"{name} is in the group {own[0]} but has no role, so nothing is planned for it")
    return sorted(sentences)


def _hint(name: str, known: Collection[str], roles: Mapping[str, Collection[str]]) -> str:
    """What to tell of an unknown variable; nothing where it may well be the site's own."""
    if name in roles:
        # As a switch of the site's own.
        return ""
    role = next((role for role in roles if name.startswith(f"{role}_")), None)
    likely = _likely(name, known, _ALIKE) or _longer(name, known)
    if likely:
        return f", did you mean {likely}?"
    return f": the role {role} has no such variable" if role else ""


def _likely(name: str, known: Iterable[str], alike: float) -> str | None:
    found = difflib.get_close_matches(name, sorted(known), n=1, cutoff=alike)
    return found[0] if found else None


def _longer(name: str, known: Iterable[str]) -> str | None:
    """The variable of the firewall that ends like *name*: who leaves out the role believes that a host is hardened."""
    ending = name.removeprefix(_PREFIX)
    return next((one for one in sorted(known) if one == f"{_PREFIX}firewall_{ending}"), None)


def _hosts(names: Collection[str], of: int) -> str:
    first, *others = sorted(names)
    if not others:
        return first
    if len(names) == of:
        return f"all {of} hosts"
    return f"{first} and {len(others)} more {'host' if len(others) == 1 else 'hosts'}"

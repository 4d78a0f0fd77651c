# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which host of a plan a machine is, by its name and its addresses."""

from __future__ import annotations

from collections.abc import Collection

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan

_SUBJECT = "It is not certain which host of the plan this machine is"
_REMEDY = "set jsa_observe_here_host to the name of this host in the plan"


def host_of(plan: Plan, machine: str, addresses: Collection[str]) -> str:
    """The plan's name for the machine with the host name *machine*, and with *addresses* on its interfaces.

    Raises InputError where name and addresses do not lead to exactly one host.
    """
    short = machine.partition(".")[0]
    named = [name for name in plan.hosts if name == machine]
    named = named or [name for name in plan.hosts if name.partition(".")[0] == short]
    having = [name for name, host in plan.hosts.items() if not set(host.addresses).isdisjoint(addresses)]
    found = [name for name in named if name in having]
    if not having:
        # Behind NAT, a host may have none of the addresses that the plan has.
        found = named
    elif not named:
        found = having
    if len(found) == 1:
        return found[0]
    own = ", ".join(sorted(addresses)) or "none"
    by_name, by_address = ", ".join(named) or "none", ", ".join(having) or "none"
    raise InputError(
        _SUBJECT,
        [
            f"its name is {machine}, which is that of: {by_name}",
            f"its addresses are {own}, which are those of: {by_address}",
            _REMEDY,
        ],
    )

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.learned: joins the recorded traffic of all hosts with the plan."""

from __future__ import annotations

import json

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._printable import plain
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    ControllerAction,
    hosts_in_play,
    no_search_for_cycles,
    require_netaddr,
    show,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.discoveries import DISCOVERY_OPTIONS, Handed
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.guilty import guilty_hosts
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.inventory import (
    addresses_of_strangers,
    topology_of_task,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.observed import LEARNED
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discoveries
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.learning import learn
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.model import HostLearned, Learned
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.networks import BITS, Widening
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.learned_table import learned_table
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.suggested_inventory import suggested_inventory
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.unobserved import (
    unobserved_hosts,
    unobserved_message,
)

_SUBJECT = "The traffic cannot be compared with the plan"

#: Networks that hold more than a site has are most likely a slip.
_SHORTEST = {4: 8, 6: 16}


class ActionModule(ControllerAction):
    """Prints and writes what the traffic says, and fails for hosts that were not observed. Connects to no host."""

    AS_IS = ("observations",)
    ARGUMENT_SPEC = {
        "observations": {"type": "dict"},
        "observations_dest": {"type": "path"},
        "plan_file": {"type": "path"},
        **DISCOVERY_OPTIONS,
        "dest": {"type": "path"},
        "prefix": {"type": "int", "default": BITS[4]},
        "prefix6": {"type": "int", "default": BITS[6]},
        "fail": {"type": "bool", "default": True},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        require_netaddr()
        widening = _widening(arguments)
        planner, plan = self._plan(arguments, task_vars)
        hosts = hosts_in_play(plan.hosts, task_vars)
        if arguments["observations"] is None:
            return {"changed": False, "hosts": hosts}
        with no_search_for_cycles():
            seen = LEARNED.read(arguments["observations"], plan, task_vars, required=("traffic",))
            learned = learn(planner, plan, seen, widening, addresses_of_strangers(task_vars, planner.topology))
        changed = False
        if arguments["observations_dest"]:
            text = LEARNED.text(seen)
            changed = write_file(arguments["observations_dest"], text, "The observations", self._task.check_mode)
        pasted = suggested_inventory(learned.suggestions)
        if arguments["dest"]:
            files = {"learned.json": _json(learned), "suggested.yml": pasted}
            what = "What was learned"
            changed = self.write_results(arguments["dest"], "jsa_learn_dest", what, files) or changed
        show(f"{learned_table(learned)}\n\nTo paste into the inventory:\n\n{pasted}")
        result: dict[str, Any] = {
            "changed": changed,
            "hosts": hosts,
            "summary": {name: _numbers(one) for name, one in learned.hosts.items()},
            "guilty": {},
        }
        not_observed = unobserved_hosts({name: one.unseen for name, one in seen.items()})
        if not_observed:
            msg = unobserved_message(not_observed)
            result["guilty"] = guilty_hosts({}, not_observed, msg, task_vars)
            result.update({"failed": True, "msg": msg} if arguments["fail"] else {})
        return result

    def _plan(self, arguments: Mapping[str, Any], task_vars: dict[str, Any]) -> tuple[Planner, Plan]:
        """Raises InputError for all that is wrong with the inventory but networks that nobody set."""
        plan_file = arguments["plan_file"]
        saved = parse_plan(read_file(plan_file, "The saved plan"), plan_file) if plan_file else None
        topology, problems = topology_of_task(task_vars, self._templar)
        handed = Handed.of(arguments)
        planner = Planner(topology, handed.discoveries() if topology.dynamic_ports.use else Discoveries())
        plan = planner.plan(problems, networks_required=False)
        handed.require_all(plan)
        if saved is None:
            return planner, plan
        unknown = [name for name in saved.hosts if name not in topology.hosts]
        if unknown:
            raise InputError(_SUBJECT, [f"{name} of {plan_file} is not in the inventory" for name in unknown])
        return planner, saved


def _widening(arguments: Mapping[str, Any]) -> Widening:
    problems = [
        f"{name} (jsa_learn_{name}): {arguments[name]} is outside {_SHORTEST[version]}-{BITS[version]}"
        for name, version in (("prefix", 4), ("prefix6", 6))
        if not _SHORTEST[version] <= arguments[name] <= BITS[version]
    ]
    if problems:
        raise InputError(_SUBJECT, problems)
    return Widening(arguments["prefix"], arguments["prefix6"])


def _json(learned: Learned) -> str:
    # What hosts say of themselves may contain what no reader of JSON has to accept.
    return json.dumps(plain(learned.as_dict()), indent=1, allow_nan=False) + "\n"


def _numbers(one: HostLearned) -> dict[str, int]:
    names = ("cut_off", "left_to_zones", "planned_seen", "planned_unseen")
    return {name: len(getattr(one, name)) for name in names}

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.change_request: what the network team has to allow, in its formats."""

from __future__ import annotations

import os

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.basic import missing_required_lib

from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import (
    ControllerAction,
    hosts_in_play,
    require_netaddr,
    show,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.discoveries import DISCOVERY_OPTIONS, Handed
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import (
    content_of,
    make_folder,
    read_file,
    remove_file,
    write_file,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.inventory import topology_of_task
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.columns import About, read_columns
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.flows import make_request
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.reasons import Reasons
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.registry import DEFAULT_FORMATS, FORMATS
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.tables import Settings
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.whole import Whole, write_request
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.zones import named_zones, networks_of_hosts
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discoveries
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan

_WHAT = "The change request"


class ActionModule(ControllerAction):
    """Writes files on the controller; touches no host."""

    ARGUMENT_SPEC = {
        "dest": {"type": "path", "required": True},
        "formats": {
            "type": "list",
            "elements": "str",
            "choices": list(FORMATS),
            "default": list(DEFAULT_FORMATS),
        },
        "since": {"type": "path"},
        "plan_file": {"type": "path"},
        "zones": {"type": "dict"},
        "prefix": {"type": "int", "default": 24},
        "prefix_ipv6": {"type": "int", "default": 64},
        "columns": {"type": "dict"},
        "owner": {"type": "str", "default": ""},
        "requested_from": {"type": "str", "default": ""},
        "expiry": {"type": "str", "default": ""},
        "bom": {"type": "bool", "default": False},
        **DISCOVERY_OPTIONS,
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        require_netaddr()
        _require_libraries(arguments["formats"])
        zones = named_zones(arguments["zones"]) if arguments["zones"] is not None else None
        headings = read_columns(arguments["columns"]) if arguments["columns"] is not None else {}
        earlier = _saved(arguments["since"], "The earlier plan") if arguments["since"] else None
        plan, reasons = self._plan(arguments, task_vars)
        if zones is None:
            plans = [plan, earlier] if earlier else [plan]
            zones = networks_of_hosts(plans, arguments["prefix"], arguments["prefix_ipv6"])
        # A play without a host of the plan, as that on localhost for a saved one, is about all of them. So is one with
        # all hosts of the plan: those that only the earlier plan has are in no play.
        only = set(hosts_in_play(plan.hosts, task_vars))
        request = make_request(plan, zones, earlier, only if 0 < len(only) < len(plan.hosts) else None)
        about = About(arguments["owner"], arguments["requested_from"], arguments["expiry"], headings)
        whole = write_request(request, arguments["formats"], Settings(reasons, about, arguments["bom"]))
        result = self._written(arguments["dest"], whole)
        show(whole.text)
        notes = {name: list(texts) for name, texts in whole.notes.items()}
        return {**result, "notes": notes, "summary": dict(whole.summary), "_ansible_verbose_override": True}

    def _plan(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> tuple[Plan, Reasons]:
        """The saved plan or that of the inventory, and the reasons of its flows. Raises InputError."""
        plan_file = arguments["plan_file"]
        topology, problems = topology_of_task(task_vars, self._templar)
        reasons = Reasons(topology.extra_flows)
        if plan_file:
            if topology.misspelt:
                raise InputError(f"The saved plan {plan_file} is not used; nothing was changed", topology.misspelt)
            return _saved(plan_file, "The saved plan"), reasons
        handed = Handed.of(arguments)
        planner = Planner(topology, handed.discoveries() if topology.dynamic_ports.use else Discoveries())
        plan = planner.plan(problems)
        handed.require_all(plan)
        return plan, reasons

    def _written(self, dest: str, whole: Whole) -> dict[str, Any]:
        """Writes the files, and removes those that are out of date. What has changed."""
        check_mode = self._task.check_mode
        if not check_mode:
            make_folder(dest, "The folder jsa_change_request_dest")
        folder = os.path.abspath(os.path.expanduser(dest))
        diffs, written, removed = [], [], []
        for name, content in whole.files.items():
            path = os.path.join(folder, name)
            before = content_of(path, _WHAT)
            if write_file(path, content, _WHAT, check_mode):
                written.append(name)
                if isinstance(content, str):
                    diffs.append(_difference(path, before, content))
        for name in whole.outdated:
            path = os.path.join(folder, name)
            if remove_file(path, "The outdated file", check_mode):
                removed.append(name)
        result: dict[str, Any] = {"changed": bool(written or removed), "files": list(whole.files), "removed": removed}
        if self._task.diff:
            result["diff"] = diffs
        return result


def _require_libraries(formats: list[str]) -> None:
    for name in formats:
        error = FORMATS[name].library_error
        if error is not None:
            library = str(FORMATS[name].library)
            reason = f"for the format {name}, which you can leave out of jsa_change_request_formats"
            raise AnsibleActionFail(missing_required_lib(library, reason=reason)) from error


def _saved(path: str, what: str) -> Plan:
    return parse_plan(read_file(path, what), path)


def _difference(path: str, before: bytes | None, after: str) -> dict[str, str]:
    return {
        "before_header": path,
        "after_header": path,
        "before": printable((before or b"").decode(errors="replace"), keep="\r\n"),
        "after": printable(after, keep="\r\n"),
    }

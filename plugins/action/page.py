# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.page: writes the plan, and what is known about it, as one page for a browser."""

from __future__ import annotations

import os
import time

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import ControllerAction, require_netaddr, show
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.discoveries import DISCOVERY_OPTIONS, Handed
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.inventory import topology_of_task
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Entry
from ansible_collections.jsa.ports.plugins.plugin_utils._check.result import parse_result
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discoveries
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.build import Sources, page
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.differences import differences_section
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.learned import learned_section
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Differences, Learned, Page
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.render import html
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan

_SUBJECT = "The report is not written"
_FILE = "index.html"


@dataclass(frozen=True)
class _Found:
    """The plan, and the entries that its reasons name."""

    plan: Plan
    entries: Mapping[str, Entry]


class ActionModule(ControllerAction):
    """Reads the inventory or a saved plan, and files on the controller. Connects to no host."""

    ARGUMENT_SPEC = {
        "plan_file": {"type": "path"},
        "dest": {"type": "path", "required": True},
        "title": {"type": "str", "default": "Ports of the JSA deployment"},
        "check": {"type": "path"},
        "baseline": {"type": "path"},
        "since": {"type": "path"},
        "learned": {"type": "path"},
        "zones": {"type": "dict", "default": {}},
        **DISCOVERY_OPTIONS,
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result of the task. Raises InputError."""
        require_netaddr()
        _require_options(arguments)
        found = self._found(arguments, task_vars)
        made = page(_sources(arguments, found))
        text = html(made)
        dest = arguments["dest"]
        changed = self.write_results(dest, "jsa_report_dest", "The report", {_FILE: text})
        path = os.path.join(dest, _FILE)
        show(f"{path}: {_summary(made, text)}")
        return {"changed": changed, "path": path, "flows": made.total_flows}

    def _found(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> _Found:
        """Raises InputError."""
        plan_file = arguments["plan_file"]
        saved = parse_plan(read_file(plan_file, "The saved plan"), plan_file) if plan_file else None
        topology, problems = topology_of_task(task_vars, self._templar)
        entries = {**load_catalog(), **{entry.id: entry for entry in topology.extra_flows}}
        if saved is not None:
            if topology.misspelt:
                raise InputError(_SUBJECT, topology.misspelt)
            return _Found(saved, entries)
        handed = Handed.of(arguments)
        planner = Planner(topology, handed.discoveries() if topology.dynamic_ports.use else Discoveries())
        plan = planner.plan(problems)
        handed.require_all(plan)
        return _Found(plan, entries)


def _require_options(arguments: Mapping[str, Any]) -> None:
    """Raises InputError."""
    if not arguments["dest"]:
        raise InputError(_SUBJECT, ["no folder is set: add -e jsa_report_dest=FOLDER"])
    if arguments["baseline"] and not arguments["check"]:
        raise InputError(
            _SUBJECT,
            ["a baseline is compared with the last check: add -e jsa_report_check=FILE, a port_check.json"],
        )


def _sources(arguments: Mapping[str, Any], found: _Found) -> Sources:
    """Everything that the page is made from. Raises InputError and AnsibleActionFail."""
    check, baseline = arguments["check"], arguments["baseline"]
    zones = {str(name): [one] if isinstance(one, str) else one for name, one in arguments["zones"].items()}
    return Sources(
        plan=found.plan,
        entries=found.entries,
        check=parse_result(read_file(check, "The result of the check"), check) if check else None,
        check_name=_named(check),
        baseline=parse_result(read_file(baseline, "The baseline"), baseline) if baseline else None,
        baseline_name=_named(baseline),
        differences=_differences(arguments["since"], found.plan),
        learned=_learned(arguments["learned"]),
        zones=zones,
        title=arguments["title"],
    )


def _differences(path: str | None, plan: Plan) -> Differences | None:
    if not path:
        return None
    return differences_section(parse_plan(read_file(path, "The earlier plan"), path), plan, _named(path))


def _learned(path: str | None) -> Learned | None:
    return learned_section(read_file(path, "The recorded traffic"), path, _named(path)) if path else None


def _named(path: str | None) -> str:
    """A file as a reader of the page knows it: its name, and when it was written."""
    if not path:
        return ""
    written = os.stat(os.path.expanduser(path)).st_mtime
    return f"{os.path.basename(path)}, written {time.strftime('%Y-%m-%d %H:%M', time.gmtime(written))} UTC"


def _summary(made: Page, text: str) -> str:
    size = len(text.encode()) / 1000
    return f"{len(made.hosts):,} hosts, {made.total_flows:,} flows, {size:,.0f} kB. Open it in a browser."

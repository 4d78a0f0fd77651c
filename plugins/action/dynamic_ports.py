# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.dynamic_ports: shows and keeps what the hosts' port mappers told."""

from __future__ import annotations

import os

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import ControllerAction, show
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.dynamic_task import registered
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discovery
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.reading import merge_file, parse_discovery, parse_file
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.columns import aligned


class ActionModule(ControllerAction):
    """Reads what the play's hosts registered; touches no host."""

    ARGUMENT_SPEC = {"file": {"type": "path"}, "show": {"type": "bool", "default": True}}

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        results: dict[str, Any] = {}
        found: dict[str, Discovery] = {}
        for name, answer in registered(task_vars, task_vars.get("ansible_play_hosts_all", ())).items():
            try:
                discovery = parse_discovery(answer)
            except ValueError as error:
                subject = "What a host's port mappers told cannot be used"
                raise InputError(subject, [f"{name}: {error}"]) from error
            if discovery is not None:
                results[name], found[name] = answer, discovery
        if arguments["show"] and found:
            show(_table(found))
        changed = self._keep(arguments["file"], results) if arguments["file"] and results else False
        return {"changed": changed, "hosts": list(found)}

    def _keep(self, file: str, results: Mapping[str, Any]) -> bool:
        before = None
        if os.path.exists(os.path.expanduser(file)):
            before = read_file(file, "The discovered ports in")
        if before is not None:
            parse_file(before, file)
        return write_file(file, merge_file(before, file, results), "The discovered ports", self._task.check_mode)


def _table(found: Mapping[str, Discovery]) -> str:
    rows = [("HOST", "ASKED", "SERVICE", "PORT")]
    for name, discovery in found.items():
        rows += [(name, kind, "-", reason) for kind, reason in sorted(discovery.failures.items())]
        rows += [(name, item.kind, item.service, f"{item.port}/{item.protocol}") for item in discovery.services]
    return "\n".join(aligned(rows))

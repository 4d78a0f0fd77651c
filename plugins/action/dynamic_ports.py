# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.dynamic_ports: shows and keeps what the hosts' port mappers told."""

from __future__ import annotations

import os

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.jsa.ports.plugins.plugin_utils._action import fail_with, read_file, show, write_file
from ansible_collections.jsa.ports.plugins.plugin_utils._columns import aligned
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discovery
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.reading import merge_file, parse_discovery, parse_file
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.task import registered
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError

ARGUMENT_SPEC: dict[str, Any] = {"file": {"type": "path"}, "show": {"type": "bool", "default": True}}


class ActionModule(ActionBase):
    """Reads what the play's hosts registered; touches no host."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result = super().run(tmp, task_vars)
        _spec, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        results: dict[str, Any] = {}
        found: dict[str, Discovery] = {}
        for name, answer in registered(task_vars, task_vars.get("ansible_play_hosts_all", ())).items():
            try:
                discovery = parse_discovery(answer)
            except ValueError as error:
                subject = "What a host's port mappers told cannot be used"
                raise fail_with(InputError(subject, [f"{name}: {error}"])) from error
            if discovery is not None:
                results[name], found[name] = answer, discovery
        if arguments["show"] and found:
            show(_table(found))
        changed = self._keep(arguments["file"], results) if arguments["file"] and results else False
        result.update(changed=changed, hosts=list(found))
        return result

    def _keep(self, file: str, results: Mapping[str, Any]) -> bool:
        before = None
        if os.path.exists(os.path.expanduser(file)):
            before = read_file(file, "The discovered ports in")
        try:
            if before is not None:
                parse_file(before, file)
            text = merge_file(before, file, results)
        except InputError as error:
            raise fail_with(error) from error
        return write_file(file, text, "The discovered ports", self._task.check_mode)


def _table(found: Mapping[str, Discovery]) -> str:
    rows = [("HOST", "ASKED", "SERVICE", "PORT")]
    for name, discovery in found.items():
        rows += [(name, kind, "-", reason) for kind, reason in sorted(discovery.failures.items())]
        rows += [(name, item.kind, item.service, f"{item.port}/{item.protocol}") for item in discovery.services]
    return "\n".join(aligned(rows))

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Discoveries as a task of the controller has them: registered in this run, or kept in a file by an earlier one."""

from __future__ import annotations

import os
import time

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discoveries, Discovery
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.reading import VARIABLE, parse_discovery, parse_file
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Topology


def discoveries_of_task(topology: Topology, task_vars: Mapping[str, Any]) -> Discoveries:
    """What is known of the topology's hosts; nothing where the inventory does not want it. Raises InputError."""
    wanted = topology.dynamic_ports
    if not wanted.use:
        return Discoveries()
    found: dict[str, Discovery] = {}
    if wanted.file and os.path.exists(os.path.expanduser(wanted.file)):
        found.update(parse_file(read_file(wanted.file, "The discovered ports in"), wanted.file))
    for name, result in registered(task_vars, topology.hosts).items():
        try:
            discovery = parse_discovery(result)
        except ValueError as error:
            raise InputError("What a host's port mappers told cannot be used", [f"{name}: {error}"]) from None
        if discovery is not None:
            found[name] = discovery
    return Discoveries(time.time(), found)


def registered(task_vars: Mapping[str, Any], names: Any) -> dict[str, Any]:
    """What the discover playbook registered in this run."""
    hostvars = task_vars["hostvars"]
    results = {}
    for name in names:
        variables = hostvars.raw_get(name)
        if VARIABLE in variables:
            results[str(name)] = variables[VARIABLE]
    return results

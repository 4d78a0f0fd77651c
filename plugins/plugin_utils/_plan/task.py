# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of the inventory that an Ansible task sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.inventory import topology_of_task


def plan_of_task(task_vars: Mapping[str, Any], templar: Any) -> tuple[Planner, dict[str, Any]]:
    """The planner and its plan of the whole inventory. Raises InputError with all mistakes at once."""
    topology, mistakes = topology_of_task(task_vars, templar)
    planner = Planner(topology)
    return planner, planner.plan(mistakes)

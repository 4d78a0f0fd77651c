# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the actions of the check make of the task that they run in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._action import deployment_hosts_in_play, fail_with
from ansible_collections.jsa.ports.plugins.plugin_utils._check.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation, read_observations
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError


def expected_and_seen(
    plan: dict[str, Any], task_vars: Mapping[str, Any]
) -> tuple[Expectations, dict[str, HostObservation]]:
    """Between the hosts of the play. Raises AnsibleActionFail where the plan does not say what to expect."""
    names = deployment_hosts_in_play(plan, task_vars)
    try:
        return Expectations(plan, names), read_observations(task_vars["hostvars"], names)
    except InputError as error:
        raise fail_with(error) from error

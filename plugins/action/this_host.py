# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Action plugin of jsa.ports.this_host: which host of a saved plan the machine is that Ansible itself runs on."""

from __future__ import annotations

import socket

from typing import Any

from ansible_collections.jsa.ports.plugins.module_utils._host.routing import read_addresses
from ansible_collections.jsa.ports.plugins.module_utils._printable import printable
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.action import ControllerAction
from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.files import read_file
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.this_host import host_of


class ActionModule(ControllerAction):
    """Compares the machine's name and addresses with the plan's. Connects to no host."""

    ARGUMENT_SPEC = {
        "plan_file": {"type": "path", "required": True},
        "host": {"type": "str"},
    }

    def work(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        file, host = arguments["plan_file"], arguments["host"]
        if not file:
            raise InputError("The plan is missing", ["set jsa_plan_file to a saved plan on this host"])
        plan = parse_plan(read_file(file, "The saved plan"), file)
        if host is None:
            host = host_of(plan, printable(socket.gethostname(), ""), _addresses())
        elif host not in plan.hosts:
            raise InputError(
                "The host is not in the plan", [f"jsa_observe_here_host is {host}, and {file} has no such host"]
            )
        return {"changed": False, "host": host}


def _addresses() -> list[str]:
    """Those of this machine's interfaces; none where its kernel does not tell."""
    try:
        return [one.address for one in read_addresses()]
    except OSError:
        return []

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The formats that the rules of a host can be reported in. A new one is a function and a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.console_rest import render_console_rest
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.firewall_cmd import render_firewall_cmd
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.iptables import render_iptables
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.model import Report


@dataclass(frozen=True)
class Format:
    """One format for the rules of a host."""

    #: Of the plan and the name of one of its hosts. Raises InputError where the rules of the host cannot be used.
    render: Callable[[Plan, str], Report]
    #: Of the file, without the dot.
    suffix: str
    description: str


FORMATS: dict[str, Format] = {
    "iptables": Format(render_iptables, "iptables", "lines for the files of a JSA appliance, such as iptables.pre"),
    "firewall_cmd": Format(render_firewall_cmd, "sh", "commands for firewalld on a host that is not an appliance"),
    "console_rest": Format(
        render_console_rest,
        "json",
        "the body for the console's PUT /system/servers/{server_id}/firewall_rules",
    ),
}

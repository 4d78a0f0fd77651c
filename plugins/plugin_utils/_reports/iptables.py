# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines that belong into the files of a JSA appliance."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import render
from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.model import Report
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.ruleset import common_notes, outbound_notes, ruleset_of

_CONF = "/opt/qradar/conf"


def render_iptables(plan: Plan, name: str) -> Report:
    """By file of an appliance, each the lines that belong into it. Raises InputError."""
    host = plan.hosts[name]
    bodies = render(ruleset_of(host, name), FAMILIES)
    text = "".join(f"# {_CONF}/{file}\n{bodies[file]}" for file in sorted(bodies, reverse=True))
    notes = [
        "run /opt/qradar/bin/iptables_update.pl when the lines are in their files",
        *common_notes(host),
        "no public source names ip6tables.pre: where the appliance has no such file, IPv6 cannot be entered",
        *outbound_notes(host, "the product's own files take rules for inbound traffic only"),
    ]
    return Report(text, tuple(notes))

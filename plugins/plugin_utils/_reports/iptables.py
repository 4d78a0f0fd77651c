# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines for the files of a JSA appliance."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.module_utils._backends.appliance.render import render
from ansible_collections.jsa.ports.plugins.module_utils._families import FAMILIES
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.model import Report
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.ruleset import common_notes, outbound_notes, ruleset_of

_CONF = "/opt/qradar/conf"


def render_iptables(plan: Plan, name: str) -> Report:
    """The lines for each file of an appliance. Raises InputError."""
    host = plan.hosts[name]
    bodies = render(ruleset_of(host, name), FAMILIES)
    text = "".join(f"# {_CONF}/{file}\n{bodies[file]}" for file in sorted(bodies, reverse=True))
    notes = [
        "after you have added the lines to the files, run /opt/qradar/bin/iptables_update.pl",
        *common_notes(host),
        "no public document mentions ip6tables.pre: if the appliance does not have this file, it takes no IPv6 rules",
        *outbound_notes(host, "the product's files support inbound rules only"),
    ]
    return Report(text, tuple(notes))

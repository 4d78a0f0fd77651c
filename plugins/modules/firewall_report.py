#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of jsa.ports.firewall_report; its action plugin does the work on the controller."""

DOCUMENTATION = r"""
module: firewall_report
short_description: Show what the hosts of a plan would need, to be entered by hand
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Writes the rules of every host of the play in one of three forms. Runs on the controller, touches no host.
  - What a form cannot say is told, not left out silently.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.plan
options:
  format:
    description:
      - V(iptables) are the lines for an appliance's C(iptables.pre) and its like.
      - V(firewalld) are commands for a host that is no appliance.
      - V(rest) is the body for the console's C(PUT /system/servers/{server_id}/firewall_rules), which replaces the
        whole list of that server.
    type: str
    choices: [iptables, firewalld, rest]
    default: iptables
  dest:
    description: Folder on the controller for one file per host. Without it the reports are printed.
    type: path
  unlisted:
    description: As in M(jsa.ports.firewall).
    type: str
    choices: [zone, reject, drop]
    default: zone
  controllers:
    description: As in M(jsa.ports.firewall), for port 22.
    type: list
    elements: str
    default: []
seealso:
  - module: jsa.ports.plan
  - module: jsa.ports.firewall
"""

EXAMPLES = r"""
- name: Compute the plan
  jsa.ports.plan:
  run_once: true
  register: rules

- name: Write what has to be entered by hand
  jsa.ports.firewall_report:
    plan: "{{ rules.plan }}"
    format: rest
    dest: reports
  run_once: true
"""

RETURN = r"""
reports:
  description: Host to the text, and to what has to be known about it.
  returned: success
  type: dict
  sample:
    con1:
      text: "# /opt/qradar/conf/iptables.pre ..."
      notes: [run /opt/qradar/bin/iptables_update.pl when the lines are in their files]
"""

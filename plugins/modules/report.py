#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of jsa.ports.report; its action plugin does the work on the controller."""

DOCUMENTATION = r"""
module: report
short_description: Show the rules of hosts in a form to enter by hand
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Writes the rules of each host of the play in one format. Runs on the controller and contacts no host.
  - Notes list the rules that the format cannot express, and what to consider before you use the report.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.plan
options:
  format:
    description:
      - V(iptables) writes the lines for the files of a JSA appliance, such as C(iptables.pre).
      - V(firewall_cmd) writes commands for firewalld 0.9.0 or later, on a host that is not an appliance.
      - V(console_rest) writes the body for the console's C(PUT /system/servers/{server_id}/firewall_rules), which
        replaces the whole list of that server. The resource supports single IPv4 addresses only, so networks that the
        plan made of neighboring hosts are written as single addresses.
    type: str
    choices: [iptables, firewall_cmd, console_rest]
    default: iptables
  dest:
    description:
      - Folder on the controller for one file per host. If it is not set, the reports are printed.
      - Each file has the name of its host. Characters other than ASCII letters, digits, and C(_.-~), and a dot at the
        beginning, are percent-encoded.
    type: path
notes:
  - O(plan) determines, for each host, the treatment of unlisted ports and the management addresses that can use SSH.
seealso:
  - module: jsa.ports.plan
"""

EXAMPLES = r"""
- name: Compute the plan
  jsa.ports.plan:
  run_once: true
  register: rules

- name: Write the rules to enter by hand
  jsa.ports.report:
    plan: "{{ rules.plan }}"
    format: console_rest
    dest: reports
  run_once: true
"""

RETURN = r"""
reports:
  description: The report of each host, by the host's name.
  returned: success
  type: dict
  contains:
    text:
      description: The lines to enter or the commands to run.
      type: str
    notes:
      description: Rules that the format cannot express, and what to consider before you use the text.
      type: list
      elements: str
  sample:
    con1:
      text: "# /opt/qradar/conf/iptables.pre ..."
      notes: ["after you have added the lines to the files, run /opt/qradar/bin/iptables_update.pl"]
"""

#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin. The code is in plugins/action and runs on the controller.

DOCUMENTATION = r"""
module: console_firewall
short_description: Write planned rules through the console's REST API
version_added: 1.0.0
description:
  - Writes the rules of the hosts of the play to the console's resource C(firewall_rules). Contacts only the console,
    and no host by SSH. Run it with C(run_once).
  - The resource can only accept, over IPv4, from single addresses or from anyone. Everything else in the plan is listed
    before anything is written, and left out. If the plan restricts outbound traffic, or C(jsa_firewall_unlisted) is not
    V(zone), nothing is written for that host.
  - The list of each server is read, merged, written, and read again. Rules of others are never removed. If the list
    changed between the read and the write, nothing is written.
  - Whether the product needs a deployment after such a change is not documented.
  - Tested with a stand-in that was written from the API's documentation, not yet with a real console.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.console
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  token:
    description:
      - Token of an authorized service of the console. The default is the environment variable E(JSA_TOKEN).
    type: str
  plan:
    description: The plan, as M(jsa.ports.plan) returns it. Required for O(state=present).
    type: dict
  hosts:
    description: Hosts of the play whose rules to write. The default is all hosts of the play.
    type: list
    elements: str
  state:
    description:
      - V(present) writes the rules of the plan. V(absent) removes all rules that O(state_file) contains. V(previous)
        restores the rules that this file contains from before.
    type: str
    choices: [present, absent, previous]
    default: present
  state_file:
    description:
      - File on the controller that contains the rules that were written, because the console cannot mark them. Use one
        file per console, and keep it. Without it, no rule is ever removed.
    type: path
  steps:
    description: Number of changes that O(state=previous) goes back. Up to five states are kept.
    type: int
    default: 1
  expand_networks:
    description:
      - Whether to write each address of a network of up to 64 addresses. Other networks are left out. Addresses of
        hosts are always written, also if the plan joins neighbors to networks.
    type: bool
    default: false
  confirm_probes:
    description:
      - >-
        Probes such as C({from: con1, port: 32006/tcp}) that the console makes after the write, from the named host to
        each changed host. If one fails, the earlier list is written and read again, and the task fails. TCP only.
    type: list
    elements: dict
    default: []
seealso:
  - module: jsa.ports.plan
  - module: jsa.ports.report
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Compute the plan
  jsa.ports.plan:
  run_once: true
  register: planned

- name: Write the rules
  jsa.ports.console_firewall:
    url: https://console.example.com
    ca_path: /etc/pki/console-ca.pem
    plan: "{{ planned.plan }}"
    state_file: console_rules.json
    confirm_probes:
      - {from: con1, port: 22/tcp}
  run_once: true
"""

RETURN = r"""
hosts:
  description: For each host, whether its rules change, which, and what the API cannot express.
  returned: always
  type: dict
  sample:
    ep1:
      changed: true
      actions: {created: [tcp 443 from 10.0.0.1], changed: [], removed: [], entries: {}}
      left_out: []
"""

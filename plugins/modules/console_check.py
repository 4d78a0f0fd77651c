#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin. The code is in plugins/action and runs on the controller.

DOCUMENTATION = r"""
module: console_check
short_description: Test planned flows through the console's REST API
version_added: 1.0.0
description:
  - Lets the console test whether its managed hosts can connect to the TCP ports that the plan expects
    (C(server_connection_validator)). All initiators of one listener and port are tested in one call. The console
    stores nothing.
  - Contacts only the console, and no host by SSH. UDP, ICMP, and connections from outside of the deployment cannot be
    tested in this way. They are listed as not tested.
  - Tested with a stand-in that was written from the API's documentation, not yet with a real console.
  - Run it with C(run_once). M(jsa.ports.port_verdicts) turns the results into verdicts.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.plan
  - jsa.ports.check_scope
  - jsa.ports.console
options:
  token:
    description:
      - Token of an authorized service of the console. The default is the environment variable E(JSA_TOKEN).
    type: str
  initiators:
    description: Hosts of the play whose flows to test. The default is all hosts of the play.
    type: list
    elements: str
  whole_plan:
    description: Whether to test the flows to all hosts of the plan, as in M(jsa.ports.port_flows).
    type: bool
    default: false
  rate:
    description: Maximum number of calls per second. V(0) means no limit.
    type: float
    default: 5
  progress_file:
    description:
      - File on the controller that keeps the results if the console fails. A run within an hour continues from there.
        A complete run removes the file.
    type: path
seealso:
  - module: jsa.ports.port_flows
  - module: jsa.ports.port_verdicts
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Compute the plan
  jsa.ports.plan:
  run_once: true
  register: planned

- name: Let the console test the flows
  jsa.ports.console_check:
    url: https://console.example.com
    ca_path: /etc/pki/console-ca.pem
    plan: "{{ planned.plan }}"
    progress_file: console_check.progress
  run_once: true
  register: tested

- name: Report what is blocked
  jsa.ports.port_verdicts:
    plan: "{{ planned.plan }}"
    observations:
      console: "{{ tested.hosts }}"
  run_once: true
"""

RETURN = r"""
hosts:
  description: For each host of the play, the results of its connections, as M(jsa.ports.port_verdicts) takes them.
  returned: success
  type: dict
  sample:
    ep1:
      changed: false
      answers: [{address: 10.0.0.1, port: 443, result: SUCCESS}]
      failures: []
calls:
  description: Number of calls that test all flows.
  returned: success
  type: int
  sample: 120
not_tested:
  description: What cannot be tested through the console.
  returned: success
  type: list
  elements: str
  sample: ["UDP, 12 flows: the console can test TCP only"]
"""

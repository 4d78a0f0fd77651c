#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin. The code is in plugins/action and runs on the controller.

DOCUMENTATION = r"""
module: port_verdicts
short_description: Report the cause if a planned flow does not work
version_added: 1.0.0
description:
  - Joins the listening sockets, the state of the firewall and the probes of all hosts of the play into one verdict per
    flow. Prints the verdicts, worst first and grouped by cause, and writes them as JSON and JUnit XML.
  - Names the hosts that were not observed. Connects to no host. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.check_scope
options:
  plan:
    description: The plan, as M(jsa.ports.plan) returns it. Exactly one of O(plan) and O(plan_file) is required.
    type: dict
  plan_file:
    description: File on the controller with a saved plan.
    type: path
  observations:
    description:
      - >-
        The observations of each host. Each part is a mapping of host names to the result of a module:
        C(sockets) of M(jsa.ports.listeners) and C(probes) of M(jsa.ports.reachability) are required, C(firewall) of
        M(jsa.ports.firewall_info) and C(paths) of M(jsa.ports.packet_path) optional. C(console) of
        M(jsa.ports.console_check) replaces the other parts for hosts that are not asked themselves. With it, none of
        them is required.
      - Instead of these four parts, C(observed) has the results of M(jsa.ports.observe), and C(observed_again) those of
        the second call, which can be skipped.
      - If a host of the play has no result, the task fails and names the host. If Ansible removed the host from the
        play, or if a result cannot be read, the task prints and writes everything first, and then fails.
      - Exactly one of O(observations) and O(observations_from) is required.
    type: dict
  observations_from:
    description:
      - Folder on the controller with a file for each host, as M(jsa.ports.observations) writes them, on this controller
        or on others. The hosts are then all hosts of the plan, not those of the play, and the scope is that of the
        files.
      - A host without a file, or with one that is too old, was not observed. If a file is damaged or of another plan,
        or if the plan has no host for it, the task fails and names each such file.
    type: path
  max_age:
    description: For O(observations_from), the age in seconds at which an observation can no longer be used.
    type: int
    default: 3600
  dest:
    description: Folder on the controller for C(port_check.json) and C(port_check.xml). Created if it is missing.
    type: path
  fail_on:
    description:
      - Verdicts that make the task fail, after everything is printed and written.
      - A host without a working firewall always makes it fail.
    type: list
    elements: str
    choices:
      - unexpected_open
      - service_down
      - host_firewall
      - network
      - blocked
      - unverifiable
      - ok
    default:
      - unexpected_open
      - service_down
      - host_firewall
      - network
      - blocked
  baseline:
    description: An earlier C(port_check.json). Only new and gone verdicts are printed, and the others are counted.
    type: path
  fail_on_new:
    description: Fail only for verdicts that are not in O(baseline).
    type: bool
    default: false
  allow_empty:
    description:
      - Whether a check without any verdict is a success. A plan with one host has none. By default any other fails,
        because nothing was checked.
    type: bool
    default: false
  fail:
    description:
      - Whether the task fails. With V(false), it returns RV(guilty) instead, so that a later task can fail the hosts
        that have to be corrected, instead of the host that this task runs on.
    type: bool
    default: true
seealso:
  - module: jsa.ports.port_flows
  - module: jsa.ports.observe
  - module: jsa.ports.observations
  - module: jsa.ports.console_check
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Select what to ask each host for
  jsa.ports.port_flows:
    plan: "{{ planned.plan }}"
  run_once: true
  register: selected

- name: Observe the host
  jsa.ports.observe:
    request: "{{ selected.requests[inventory_hostname] }}"
  register: first

- name: Report the causes, and fail only if a port is open that should not be
  jsa.ports.port_verdicts:
    plan: "{{ planned.plan }}"
    observations:
      observed: >-
        {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all
           | map('extract', hostvars, 'first') | map('default', none))) }}
    dest: results
    fail_on: [unexpected_open]
  run_once: true

- name: Report what several controllers have observed, or the hosts themselves
  jsa.ports.port_verdicts:
    plan_file: plan.json
    observations_from: observations
    fail_on: [unexpected_open]
  run_once: true
"""

RETURN = r"""
summary:
  description: Number of flows by verdict.
  returned: always
  type: dict
  sample:
    unexpected_open: 0
    service_down: 1
    host_firewall: 0
    network: 0
    blocked: 0
    unverifiable: 12
    ok: 120
scope:
  description: Which flows were checked, how many, and how many were left out.
  returned: always
  type: dict
  sample: {name: console, flows: 1200, left_out: 43800}
baseline:
  description: The changes since O(baseline).
  returned: success, when O(baseline) is set
  type: dict
  sample: {file: before/port_check.json, new: [], gone: [], still: 3, unknown: 0}
guilty:
  description:
    - The hosts that have to be corrected, each with a message. The first host of the play if none of them takes part in
      it, or if nothing was checked. Empty if there is no reason to fail.
  returned: always
  type: dict
  sample: {ep1: "flow to correct here: 1 service_down; see the table above for the causes"}
verdicts:
  description:
    - The flows whose verdict is not V(ok), worst first. If the task fails, it prints them as a table instead. O(dest)
      always contains them.
  returned: success
  type: list
  elements: dict
  sample:
    - verdict: service_down
      from: con1
      to: ep1
      address: 10.0.0.2
      protocol: tcp
      port: 32006
      entries: [ariel_query]
      service: Ariel queries
      reason: no service listens on this port on ep1
"""

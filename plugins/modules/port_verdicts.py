#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: port_verdicts
short_description: Says whose fault it is where a planned flow does not work
version_added: 1.0.0
description:
  - Joins the listening sockets, the state of the firewall and the probes of all hosts of the play into one verdict per
    flow, prints them worst first, those with one cause together, and writes them as JSON and JUnit XML.
  - Hosts that were not observed are named. Touches no host. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.plan
  - jsa.ports.check_scope
options:
  observations:
    description:
      - >-
        What was observed of each host. Each part is a mapping of host names to what a module returned there:
        C(sockets) of M(jsa.ports.listeners) and C(probes) of M(jsa.ports.reachability) are required, C(firewall) of
        M(jsa.ports.firewall_info) and C(paths) of M(jsa.ports.packet_path) optional.
      - A host of the play without a result is an error that names it, unless Ansible has dropped it from the play;
        then the task fails once everything is printed and written. An answer that cannot be read costs that host this
        part of its observation, and fails likewise.
      - Or what O(observations_dest) wrote earlier, read back. The hosts are those in it, whatever the play's are.
    type: dict
    required: true
  observations_dest:
    description:
      - File on the controller for what was observed, as one JSON document. Its schema is in
        C(docs/observations.schema.json).
    type: path
  dest:
    description: Folder on the controller for C(port_check.json) and C(port_check.xml). Made where it is missing.
    type: path
  fail_on:
    description: Verdicts that make the task fail, after everything is printed and written.
    type: list
    elements: str
    choices:
      - unexpected_open
      - service_down
      - host_firewall
      - network
      - unverifiable
      - ok
    default:
      - unexpected_open
      - service_down
      - host_firewall
      - network
  baseline:
    description: An earlier C(port_check.json). Only what is new or gone since then is printed, the rest is counted.
    type: path
  fail_on_new:
    description: Fail only for verdicts that O(baseline) does not have.
    type: bool
    default: false
seealso:
  - module: jsa.ports.port_flows
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Say whose fault it is, and fail only where a port is open that should not be
  jsa.ports.port_verdicts:
    plan: "{{ planned.plan }}"
    observations:
      sockets: >-
        {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all
           | map('extract', hostvars, 'listening') | map('default', none))) }}
      probes: >-
        {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all
           | map('extract', hostvars, 'reached') | map('default', none))) }}
    observations_dest: results/observations.json
    dest: results
    fail_on: [unexpected_open]
  run_once: true

- name: Say it again, later and elsewhere
  jsa.ports.port_verdicts:
    plan: "{{ planned.plan }}"
    observations: "{{ lookup('ansible.builtin.file', 'results/observations.json') | from_json }}"
  run_once: true
"""

RETURN = r"""
summary:
  description: How many flows have each verdict.
  returned: always
  type: dict
  sample:
    unexpected_open: 0
    service_down: 1
    host_firewall: 0
    network: 0
    unverifiable: 12
    ok: 120
scope:
  description: Which flows were looked at, how many, and how many were left out.
  returned: always
  type: dict
  sample: {name: console, flows: 1200, left_out: 43800}
baseline:
  description: What has changed since O(baseline).
  returned: success, where O(baseline) is given
  type: dict
  sample: {file: before/port_check.json, new: [], gone: [], still: 3, unknown: 0}
verdicts:
  description:
    - The flows whose verdict is not V(ok), worst first. A task that fails has printed them as a table instead; O(dest)
      has them in any case.
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

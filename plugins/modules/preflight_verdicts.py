#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: preflight_verdicts
short_description: Says what the network does to each flow that JSA will need
version_added: 1.0.0
description:
  - Joins the temporary listeners, what reached them, and the probes of all hosts of the play into one verdict per flow,
    prints them worst first and, from network to network, what has to be changed, and writes JSON and JUnit XML.
  - Hosts that were not observed are named. Touches no host. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.plan
options:
  observations:
    description:
      - >-
        What was observed of each host. Each part is a mapping of host names to what a module returned there:
        C(listeners) of M(jsa.ports.preflight) with C(state=present), C(probes) of M(jsa.ports.reachability) and
        C(record) of M(jsa.ports.preflight) with C(state=absent).
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
    description: Folder on the controller for C(preflight.json) and C(preflight.xml). Made where it is missing.
    type: path
  fail_on:
    description: Verdicts that make the task fail, after everything is printed and written.
    type: list
    elements: str
    choices:
      - wrong_host
      - network
      - host_firewall
      - translated
      - unverifiable
      - ok
    default:
      - wrong_host
      - network
      - host_firewall
      - translated
seealso:
  - module: jsa.ports.preflight
  - module: jsa.ports.port_flows
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Say what the network blocks, whatever the hosts' own firewalls do
  jsa.ports.preflight_verdicts:
    plan: "{{ planned.plan }}"
    observations:
      listeners: >-
        {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all
           | map('extract', hostvars, 'listeners') | map('default', none))) }}
      probes: >-
        {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all
           | map('extract', hostvars, 'reached') | map('default', none))) }}
      record: >-
        {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all
           | map('extract', hostvars, 'ended') | map('default', none))) }}
    dest: results
    fail_on: [network, wrong_host]
  run_once: true
"""

RETURN = r"""
summary:
  description: How many flows have each verdict.
  returned: always
  type: dict
  sample:
    wrong_host: 0
    network: 8
    host_firewall: 0
    translated: 0
    unverifiable: 2
    ok: 120
changes:
  description: What the network has to change, a line for all ports that meet the same between two networks.
  returned: always
  type: list
  elements: dict
  sample:
    - from: 10.1.0.0/24
      to: 10.2.0.0/24
      ports: [udp 514, tcp 32004-32011]
      how: dropped
      initiators: [ec1]
      listeners: [ep1]
verdicts:
  description:
    - The flows whose verdict is not V(ok), worst first. A task that fails has printed them as a table instead; O(dest)
      has them in any case.
  returned: success
  type: list
  elements: dict
  sample:
    - verdict: unverifiable
      from: con1
      to: ep1
      address: 10.0.0.2
      protocol: udp
      port: 123
      entries: [ntp]
      service: NTP
      reason: chronyd has the port on ep1, and does not answer what it does not understand
"""

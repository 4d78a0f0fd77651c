#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin. The code is in plugins/action and runs on the controller.

DOCUMENTATION = r"""
module: preflight_verdicts
short_description: Report what the network does to each flow that JSA needs
version_added: 1.0.0
description:
  - Joins the temporary listeners, their records, and the probes of all hosts of the play into one verdict per flow.
    Prints the verdicts, worst first, and the required changes between networks, and writes JSON and JUnit XML.
  - Names the hosts that were not observed. Connects to no host. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.plan
options:
  observations:
    description:
      - >-
        The observations of each host. Each part is a mapping of host names to the result of a module:
        C(listeners) of M(jsa.ports.preflight) with C(state=present), C(probes) of M(jsa.ports.reachability) and
        C(record) of M(jsa.ports.preflight) with C(state=absent).
      - If a host of the play has no result, the task fails and names the host. If Ansible removed the host from the
        play, or if a result cannot be read, the task prints and writes everything first, and then fails.
      - Alternatively, the content of an earlier O(observations_dest). The hosts are then those in the observations,
        not those of the play.
    type: dict
    required: true
  observations_dest:
    description:
      - File on the controller for the observations, as one JSON document. Its schema is in
        C(docs/observations.schema.json).
    type: path
  dest:
    description: Folder on the controller for C(preflight.json) and C(preflight.xml). Created if it is missing.
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
  allow_empty:
    description:
      - Whether a preflight without any verdict is a success. A plan with one host has none. By default any other fails,
        because nothing was tested.
    type: bool
    default: false
  fail:
    description:
      - Whether the task fails. With V(false), it returns RV(guilty) instead, so that a later task can fail the hosts
        that have to be corrected, instead of the host that this task runs on.
    type: bool
    default: true
seealso:
  - module: jsa.ports.preflight
  - module: jsa.ports.port_flows
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
# The tasks before it are in the examples of jsa.ports.preflight.
- name: Report the flows that the network blocks
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
  description: Number of flows by verdict.
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
  description: The required changes of the network. One item for all ports with the same result between two networks.
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
guilty:
  description:
    - The hosts that have to be corrected, each with a message. The first host of the play if none of them takes part in
      it, or if nothing was tested. Empty if there is no reason to fail.
  returned: always
  type: dict
  sample: {ep1: "flow to correct here: 1 host_firewall; see the table above for the causes"}
verdicts:
  description:
    - The flows whose verdict is not V(ok), worst first. If the task fails, it prints them as a table instead. O(dest)
      always contains them.
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

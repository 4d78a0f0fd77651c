#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: port_flows
short_description: Works out the flows of a JSA deployment, what each host probes, and what wants a closer look
version_added: 1.0.0
description:
  - Without O(observations), chooses which flows between the hosts of the play a check looks at, and says how many it
    leaves out. A full mesh of n hosts has n² pairs.
  - With the sockets of the hosts in O(observations), sorts the flows by the host that opens them, as
    M(jsa.ports.reachability) takes them. A port that listens on the network but is not for everyone is also probed
    once, from a host that has no business with it.
  - With the answers of the probes as well, names the flows that should get through and did not, where something
    listens, and those that should not and did, as M(jsa.ports.packet_path) takes them.
  - Touches no host. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.plan
options:
  purpose:
    description:
      - V(check) is for a deployment that runs, V(preflight) for hosts with the temporary listeners of
        M(jsa.ports.preflight). A preflight looks at every flow, and of a range wider than 16 ports at 16.
    type: str
    choices: [check, preflight]
    default: check
  scope:
    description:
      - V(console) is each host with the console, both ways; V(attached) adds the processor that a host reports to and
        its HA peer; V(full) is every pair; V(sample) draws some flows of each listener out of all of them.
      - Without it, V(full) for up to 50 hosts, V(console) for more.
    type: str
    choices: [console, attached, full, sample]
  sample:
    description: Of V(sample), so many flows per listener.
    type: int
    default: 20
  seed:
    description:
      - Decides which flows V(sample) draws, and with which listener each host begins. The same seed decides the same.
    type: int
    default: 0
  rate:
    description:
      - What each host may send, in new probes per second; V(0) for no limit.
      - No listener gets more from all that probe at a time (C(forks)), so a host of which many probe the same listener
        is given less.
    type: float
    default: 200
  token:
    description: Of the run, as M(jsa.ports.preflight) was given it. Required with O(purpose=preflight).
    type: str
  baseline:
    description:
      - An earlier C(port_check.json) that M(jsa.ports.port_verdicts) will compare with. A damaged one, or one of
        another version, fails here.
    type: path
  fail_on_new:
    description: Whether M(jsa.ports.port_verdicts) will fail for new verdicts only; that needs O(baseline).
    type: bool
    default: false
  observations:
    description:
      - What the hosts were seen to do so far, as M(jsa.ports.port_verdicts#module) takes it, or with
        O(purpose=preflight) M(jsa.ports.preflight_verdicts#module). Here every part of it is optional.
      - A host of the play without a result in a part that is there is an error that names the host, unless Ansible has
        dropped it.
    type: dict
seealso:
  - module: jsa.ports.reachability
  - module: jsa.ports.packet_path
  - module: jsa.ports.port_verdicts
  - module: jsa.ports.preflight
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Look at each host with the console and with its processor only
  jsa.ports.port_flows:
    plan: "{{ planned.plan }}"
    scope: attached
  run_once: true
  register: chosen

- name: Work out what each host should probe, whatever listens
  jsa.ports.port_flows:
    plan: "{{ planned.plan }}"
    scope: "{{ chosen.scope.name }}"
    observations: {}
  run_once: true
  register: to_probe

- name: Probe the other hosts
  jsa.ports.reachability:
    probes: "{{ to_probe.probes[inventory_hostname] }}"
    rate: "{{ to_probe.rates[inventory_hostname] }}"
  register: reached

- name: Work out which flows want a closer look
  jsa.ports.port_flows:
    plan: "{{ planned.plan }}"
    scope: "{{ chosen.scope.name }}"
    observations:
      probes: >-
        {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all
           | map('extract', hostvars, 'reached') | map('default', none))) }}
  run_once: true
  register: doubtful
"""

RETURN = r"""
scope:
  description: For the other steps of the check.
  returned: when O(purpose=check) and O(observations) is not given
  type: dict
  sample: {name: sample, sample: 20, seed: 0}
flows:
  description: How many flows will be looked at.
  returned: when O(purpose=check) and O(observations) is not given
  type: int
  sample: 1200
left_out:
  description: How many flows between the hosts of the play will not.
  returned: when O(purpose=check) and O(observations) is not given
  type: int
  sample: 43800
probes:
  description: Host name to its probes. Where a temporary listener runs, the probe expects that one.
  returned: when O(purpose=preflight), or O(observations) is given without answers of probes
  type: dict
  sample:
    ep1:
      - address: 10.0.0.1
        port: 443
        protocol: tcp
rates:
  description: Host name to the new probes per second that it may send.
  returned: when O(purpose=check) and RV(probes) is returned
  type: dict
  sample:
    ep1: 40.0
closer_looks:
  description: Host name to the flows that it should look at.
  returned: when O(purpose=check) and O(observations) has the answers of probes
  type: dict
  sample:
    ep1:
      - role: listener
        own: 10.0.0.3
        peer: 10.0.0.1
        protocol: tcp
        port: 32006
"""

#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin. The code is in plugins/action and runs on the controller.

DOCUMENTATION = r"""
module: port_flows
short_description: Select the flows of a JSA deployment to check, and what to ask each host for
version_added: 1.0.0
description:
  - Without O(observations), selects the flows between the hosts of the play to check, and returns how many are left
    out. A full mesh of n hosts has n² pairs. Also returns what to ask each host for before anything is known of the
    others, in the form that M(jsa.ports.observe) requires.
  - With O(observations), returns what is left to ask, now that it is known what listens and which results the probes
    have. If the sockets were read but nothing was probed, this is all probes. A port that listens on the network, but
    is not open to all hosts, is probed once from a host that should be rejected.
  - Connects to no host. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.plan
options:
  purpose:
    description:
      - V(check) is for a running deployment, V(preflight) for hosts with the temporary listeners of
        M(jsa.ports.preflight). A preflight tests all flows, and 16 ports of a range of more than 16 ports.
    type: str
    choices: [check, preflight]
    default: check
  scope:
    description:
      - V(console) selects the flows between each host and the console, V(attached) adds the host's processor and HA
        peer, V(full) selects all flows, and V(sample) selects some flows of each listener.
      - The default is V(full) for up to 50 hosts of the play, and V(console) for more.
    type: str
    choices: [console, attached, full, sample]
  sample:
    description: For O(scope=sample), the number of flows per listener.
    type: int
    default: 20
  seed:
    description:
      - Seed for the selection of flows with O(scope=sample), and for the order in which each host probes.
    type: int
    default: 0
  rate:
    description:
      - Maximum number of new probes per second that a host sends. V(0) means no limit.
      - A listener also receives at most this number from all hosts that probe at the same time (C(forks)), so the rate
        of a host is lower if many hosts probe the same listener.
    type: float
    default: 200
  token:
    description: The token of the run, as in M(jsa.ports.preflight). Required with O(purpose=preflight).
    type: str
  baseline:
    description:
      - An earlier C(port_check.json) for M(jsa.ports.port_verdicts). The task fails if the file is damaged or has
        another version.
    type: path
  fail_on_new:
    description: Whether M(jsa.ports.port_verdicts) will fail for new verdicts only. Requires O(baseline).
    type: bool
    default: false
  console_hosts:
    description: The hosts that are not asked themselves, because the console tests their flows. They probe nothing.
    type: list
    elements: str
    default: []
  whole_plan:
    description:
      - Whether the hosts of the play probe all hosts of the plan, and not only each other. The hosts outside of the
        play are observed by other runs, and M(jsa.ports.port_verdicts) joins all of them.
      - Nothing is known of the sockets of the other hosts, so optional ports are probed in any case. A host that they
        should reject also probes the ports that may listen there. For O(scope), all hosts of the plan count. The hosts
        of the play evaluate all flows that the others send to them.
    type: bool
    default: false
  observations:
    description:
      - The observations so far, in the form that M(jsa.ports.port_verdicts) requires, or with
        O(purpose=preflight) M(jsa.ports.preflight_verdicts). All parts are optional.
      - If a host of the play has no result in a part, the task fails and names the host, unless Ansible removed the
        host from the play.
    type: dict
seealso:
  - module: jsa.ports.observe
  - module: jsa.ports.reachability
  - module: jsa.ports.packet_path
  - module: jsa.ports.port_verdicts
  - module: jsa.ports.preflight
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Select the flows between each host and the console or its processor
  jsa.ports.port_flows:
    plan: "{{ planned.plan }}"
    scope: attached
  run_once: true
  register: chosen

- name: Observe the host
  jsa.ports.observe:
    request: "{{ chosen.requests[inventory_hostname] }}"
  register: first

- name: Select what is left to ask
  jsa.ports.port_flows:
    plan: "{{ planned.plan }}"
    scope: "{{ chosen.scope.name }}"
    observations:
      observed: >-
        {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all
           | map('extract', hostvars, 'first') | map('default', none))) }}
  run_once: true
  register: rest

- name: Observe the host again
  jsa.ports.observe:
    request: "{{ rest.requests[inventory_hostname] }}"
  register: second
  when: inventory_hostname in rest.requests
"""

RETURN = r"""
scope:
  description: The scope, for the other steps of the check.
  returned: when O(purpose=check) and O(observations) is not set
  type: dict
  sample: {name: sample, sample: 20, seed: 0}
flows:
  description: Number of flows to check.
  returned: when O(purpose=check) and O(observations) is not set
  type: int
  sample: 1200
left_out:
  description: Number of flows between the hosts of the play that are not checked.
  returned: when O(purpose=check) and O(observations) is not set
  type: int
  sample: 43800
requests:
  description:
    - What to ask each host for, by host name, as M(jsa.ports.observe) takes it (O(jsa.ports.observe#module:request)).
    - Without O(observations), the hosts of the play that the console does not test. Each request has the rules and the
      sockets of the plan, the probes, the rate of the host, and the flows that often have an unexpected result of which
      the listener knows nothing.
    - With O(observations), the hosts for which anything is left to ask. Each request has the probes that are left, the
      rate, and the flows that have an unexpected result and were not evaluated yet.
  returned: when O(purpose=check)
  type: dict
  sample:
    ep1: ' {"probes":[{"address":"10.0.0.1","protocol":"tcp","port":443,"open":true,"own":"10.0.0.2"}],"rate":40.0}'
probes:
  description: The probes by host name, in the form that M(jsa.ports.reachability) requires. If a temporary listener
    runs, the probe expects it.
  returned: when O(purpose=preflight)
  type: dict
  sample:
    ep1:
      - address: 10.0.0.1
        port: 443
        protocol: tcp
"""

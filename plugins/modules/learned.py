#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: learned
short_description: Compare the recorded traffic of the hosts with the plan
version_added: 1.0.0
description:
  - Joins what M(jsa.ports.traffic) recorded on each host with the plan of the inventory. Prints, worst first, the
    traffic that the plan would cut off and why, the planned traffic that was seen, and the planned traffic that was
    never seen. Suggests what to set in the inventory so that the plan accepts what was seen.
  - Networks that C(jsa_networks) does not have are no error here. The plan accepts nobody from them, and the traffic
    suggests their value. All other problems of the inventory are errors, as in M(jsa.ports.plan).
  - Changes nothing and connects to no host. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  observations:
    description:
      - >-
        The observations of each host. The part C(traffic) is a mapping of host names to the result of
        M(jsa.ports.traffic).
      - If a host of the play has no result, the task fails and names the host. If Ansible removed the host from the
        play, if its result cannot be read, or if nothing is recorded there, the task prints and writes everything
        first, and then fails.
      - Alternatively, the content of an earlier O(observations_dest). The hosts are then those in the observations,
        not those of the play.
      - Without it, the module only returns RV(hosts).
    type: dict
  observations_dest:
    description:
      - File on the controller for the observations, as one JSON document. Its schema is in
        C(docs/observations.schema.json).
    type: path
  plan_file:
    description: A saved plan that is compared instead of the plan of the inventory.
    type: path
  discovered:
    description: As in M(jsa.ports.plan).
    type: dict
  discovered_file:
    description: As in M(jsa.ports.plan). The file is not changed.
    type: path
  dest:
    description:
      - Folder on the controller for C(learned.json), whose schema is in C(docs/learned.schema.json), and
        C(suggested.yml), an inventory with the suggestions. Created if it is missing.
    type: path
  prefix:
    description:
      - Prefix length to which the IPv4 addresses of the suggested networks are rounded, such as V(24). A network that
        has at least two of the addresses, and no host of the deployment, is suggested as a whole. By default, exactly
        the seen addresses are suggested.
    type: int
    default: 32
  prefix6:
    description: The same for IPv6, such as V(64).
    type: int
    default: 128
  fail:
    description:
      - Whether the task fails if hosts were not observed. With V(false), it returns RV(guilty) instead, so that a later
        task can fail these hosts, instead of the host that this task runs on.
    type: bool
    default: true
seealso:
  - module: jsa.ports.traffic
  - module: jsa.ports.why
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Find the hosts of the deployment
  jsa.ports.learned:
  run_once: true
  register: deployment

- name: Read the recorded traffic
  jsa.ports.traffic:
    state: read
  when: inventory_hostname in deployment.hosts
  register: recorded

- name: Compare it with the plan
  jsa.ports.learned:
    observations:
      traffic: >-
        {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all
           | map('extract', hostvars, 'recorded') | map('default', none))) }}
    dest: learned
    prefix: 24
  run_once: true
"""

RETURN = r"""
hosts:
  description: The hosts of the play that are in the plan.
  returned: success
  type: list
  elements: str
  sample: [con1, ec1, ep1]
summary:
  description: The numbers of findings by host. O(dest) always contains the findings.
  returned: when O(observations) is set
  type: dict
  sample:
    con1: {cut_off: 2, left_to_zones: 0, planned_seen: 14, planned_unseen: 5}
guilty:
  description:
    - The hosts that were not observed, each with a message. The first host of the play if none of them takes part in
      it. Empty if every host was observed.
  returned: when O(observations) is set
  type: dict
  sample:
    ec1: "not observed: ec1 (traffic: nothing is recorded there: run jsa.ports.learn first, or take one look without a
      record with -e jsa_learn_state=now)"
"""

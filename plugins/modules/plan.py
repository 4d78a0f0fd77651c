#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: plan
short_description: Compute what must be open between the hosts of a JSA deployment
version_added: 1.0.0
description:
  - Reads the whole inventory once, on the controller, and computes for every host of the deployment which packets it
    accepts from whom and why, and on which cataloged ports it refuses everyone else.
  - Hosts outside of C(--limit) are peers all the same. The plan of the same inventory is the same to the byte.
  - All problems of the inventory are told in one message, each with the host, the variable and the remedy.
  - Run it with C(run_once). The variables that it reads are described in the collection's
    L(variables, https://github.com/jsa-ports/jsa.ports/blob/main/docs/variables.md). They have to be in the inventory,
    in C(group_vars) or C(host_vars), or be given with C(-e).
  - Needs the Python library netaddr on the controller.
extends_documentation_fragment:
  - jsa.ports.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - The time at which ports were discovered is part of O(discovered_file), so that each new discovery changes it.
options:
  plan_file:
    description:
      - A plan that was saved earlier and is used as it was reviewed, instead of computing one.
      - A damaged file, one of another version, or a host of the play that it does not know is an error. What differs
        from the inventory of today is told in a warning and returned as RV(differences).
    type: path
  dest:
    description: File on the controller that the plan is written to, as JSON.
    type: path
  show:
    description: Whether to print the plan of the play's hosts as a table.
    type: bool
    default: false
  discovered:
    description:
      - What M(jsa.ports.portmap) returned on each host, by the name of the host, or what this module returned earlier
        as RV(discovered). The ports are part of the plan where C(jsa_dynamic_ports) is V(discovered).
      - A host without a result, because the task was skipped there, has the value null. It is an error where the plan
        of the host has ports that only its port mappers know.
    type: dict
  discovered_file:
    description:
      - File on the controller, JSON, that keeps discovered ports for later runs. It is read where C(jsa_dynamic_ports)
        is V(discovered), and does not have to exist. A damaged one is an error.
      - With O(discovered) it is updated. Hosts that are in the file and not in O(discovered) stay in it as they are.
    type: path
  use_discovered:
    description:
      - V(false) takes no discovered ports into the plan, whatever C(jsa_dynamic_ports) says. The plan still tells by
        its C(dynamic) items which hosts have such ports.
    type: bool
    default: true
  show_discovered:
    description: Whether to print O(discovered) as a table.
    type: bool
    default: false
  return_plan:
    description: Whether to return the plan. A playbook that only shows or writes it saves seconds with 1,000 hosts.
    type: bool
    default: true
seealso:
  - module: jsa.ports.why
  - module: jsa.ports.firewall
  - module: jsa.ports.portmap
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Write the plan for the change board
  jsa.ports.plan:
    dest: plan.json
    show: true
  run_once: true

- name: Take the plan that the change board signed
  jsa.ports.plan:
    plan_file: plan.json
  run_once: true
  register: planned

- name: Ask the port mappers of each host
  jsa.ports.portmap:
  register: answer

- name: Compute the plan with the ports that they named, and keep those for later runs
  jsa.ports.plan:
    discovered: >-
      {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all
         | map('extract', hostvars, 'answer') | map('default', none))) }}
    discovered_file: dynamic_ports.json
  run_once: true
"""

RETURN = r"""
plan:
  description:
    - The plan of the whole deployment, in the form of
      L(plan.schema.json, https://github.com/jsa-ports/jsa.ports/blob/main/docs/plan.schema.json).
  returned: when O(return_plan=true)
  type: dict
  contains:
    version:
      description: Version of the form.
      type: int
      sample: 1
    hosts:
      description: Host name to what holds for it.
      type: dict
      sample:
        con1:
          roles: [console]
          addresses: [10.0.0.1]
          unlisted: zone
          management_addresses: []
          inbound:
            - protocol: tcp
              ports: "5432"
              sources: [10.0.0.2/32]
              why: [postgres]
              source_classes: [managed_host unencrypted]
          refused:
            - protocol: tcp
              ports: "8080"
              why: [tomcat_http]
          dynamic: []
    source_classes:
      description: The classes of peers that rules name, with their hosts or networks.
      type: dict
      sample:
        managed_host unencrypted:
          hosts: [ep1]
          networks: []
    warnings:
      description: What is no problem for certain, yet looks like one.
      type: list
      elements: str
      sample: []
differences:
  description: What the inventory says today that the saved plan does not, and the other way round.
  returned: success
  type: list
  elements: str
  sample:
    - "+ ep3: in the inventory, not in the saved plan"
discovered:
  description: The usable results in O(discovered), by host, as O(discovered_file) keeps them.
  returned: when O(discovered) is given
  type: dict
  sample:
    ep1:
      observed_at: "2026-11-25T05:10:00Z"
      services:
        - service: admin
          kind: imq
          protocol: tcp
          port: 43691
      imq:
        state: ok
        reason: ""
      rpcbind: null
"""

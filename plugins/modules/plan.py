#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: plan
short_description: Compute which ports must be open between the hosts of a JSA deployment
version_added: 1.0.0
description:
  - Reads the whole inventory once, on the controller, and computes for every host of the deployment which packets it
    accepts, from which sources, and why, and on which cataloged ports it rejects everyone else.
  - Hosts outside of C(--limit) are still peers. The same inventory always gives the same plan, byte for byte.
  - One message reports all problems of the inventory, each with the host, the variable, and the remedy.
  - Run it with C(run_once). The variables that it reads are described in the collection's
    L(variables, https://github.com/jsa-ports/jsa.ports/blob/main/docs/variables.md). They must be set in the
    inventory, in C(group_vars) or C(host_vars), or with C(-e).
  - Needs the Python library netaddr on the controller.
extends_documentation_fragment:
  - jsa.ports.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - In diff mode, the differences of O(plan_file) from the current inventory are printed in full, and those of the
        file O(dest) that is there from the plan that overwrites it.
  idempotent:
    support: partial
    details:
      - O(discovered_file) contains the time of the discovery, so each new discovery changes the file.
options:
  plan_file:
    description:
      - A saved plan that is used instead of computing one.
      - A damaged file, a file with another version, or a host of the play that is not in the file is an error.
        Differences from the current inventory cause a warning and are returned as RV(differences).
    type: path
  dest:
    description: File on the controller that the plan is written to, as JSON.
    type: path
  show:
    description:
      - Whether to print the plan of the play's hosts as a table. From C(-v) on, with every source of a rule.
    type: bool
    default: false
  discovered:
    description:
      - The results of M(jsa.ports.portmap) by host name, or an earlier RV(discovered) of this module. The ports become
        part of the plan if C(jsa_dynamic_ports) is V(discovered).
      - Use null for a host on which the task was skipped. It is an error if the plan of this host has ports that only
        its port mappers know.
    type: dict
  discovered_file:
    description:
      - JSON file on the controller that stores discovered ports for later runs. It is read if C(jsa_dynamic_ports) is
        V(discovered), and does not need to exist. A damaged file is an error.
      - With O(discovered), the file is updated. Hosts that are not in O(discovered) are not changed.
    type: path
  use_discovered:
    description:
      - With V(false), the plan contains no discovered ports, regardless of C(jsa_dynamic_ports). The C(dynamic) items
        of the plan still show which hosts have such ports.
    type: bool
    default: true
  show_discovered:
    description: Whether to print O(discovered) as a table.
    type: bool
    default: false
  return_plan:
    description: Whether to return the plan. With 1,000 hosts, V(false) saves seconds if it is only shown or written.
    type: bool
    default: true
  as_text:
    description:
      - Whether to return RV(plan_text) instead of RV(plan). Ansible evaluates each value of an option as a template. A
        plan has hundreds of values for each host, and a text is one. The modules of this collection that take a plan
        from a task take the text, too.
    type: bool
    default: false
  fail:
    description:
      - Whether the task fails if the inventory or another input is wrong. With V(false), it is skipped and returns
        RV(guilty), so that a later task can fail the hosts that have to be corrected, instead of the host that this
        task runs on.
    type: bool
    default: true
seealso:
  - module: jsa.ports.diff
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

- name: Use the plan that the change board approved
  jsa.ports.plan:
    plan_file: plan.json
  run_once: true
  register: planned

- name: Ask the port mappers of each host
  jsa.ports.portmap:
  register: answer

- name: Compute the plan with the discovered ports, and store them for later runs
  jsa.ports.plan:
    discovered: >-
      {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all
         | map('extract', hostvars, 'answer') | map('default', none))) }}
    discovered_file: dynamic_ports.json
  run_once: true

- name: Compute the plan
  jsa.ports.plan:
    fail: false
  run_once: true
  register: planned

- name: Fail on the hosts that have to be corrected
  ansible.builtin.fail:
    msg: "{{ planned.guilty[inventory_hostname] }}"
  when: inventory_hostname in planned.guilty
  any_errors_fatal: true
"""

RETURN = r"""
plan_text:
  description: The plan as one JSON text.
  returned: when O(return_plan=true) and O(as_text=true)
  type: str
  sample: ' {"version":1,"hosts":{}}'
plan:
  description:
    - The plan of the whole deployment, in the form of
      L(plan.schema.json, https://github.com/jsa-ports/jsa.ports/blob/main/docs/plan.schema.json).
  returned: when O(return_plan=true) and O(as_text=false)
  type: dict
  contains:
    version:
      description: Version of the format.
      type: int
      sample: 1
    hosts:
      description: The rules and properties of each host, by host name.
      type: dict
      sample:
        con1:
          roles: [console]
          addresses: [10.0.0.1]
          unlisted: zone
          management_addresses: []
          inbound:
            - protocol: tcp
              ports: "443"
              sources: [10.0.0.2/32]
              why: [https]
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
    choices:
      description: What C(jsa_data_ports) and C(jsa_confidence) leave open and closed, as sentences.
      type: list
      elements: str
      sample:
        - "jsa_confidence is high, medium: closed are rmi (low, 9913/tcp). To open them, add their confidence to
          jsa_confidence"
    warnings:
      description: Possible problems of the inventory.
      type: list
      elements: str
      sample: []
written:
  description:
    - Whether O(dest) or O(discovered_file) was written with new content, or would be in check mode. C(changed) is
      always false, because no host is changed.
  returned: success
  type: bool
  sample: true
differences:
  description:
    - The differences between the saved plan (C(-)) and the current inventory (C(+)), one each, as in M(jsa.ports.diff).
    - In diff mode also those between the file O(dest) that was there (C(-)) and the plan (C(+)).
  returned: success
  type: list
  elements: str
  sample:
    - "+ ep3 (10.0.0.3) → con1: tcp 443 Apache HTTPS"
discovered:
  description: The usable results in O(discovered), by host, in the form of O(discovered_file).
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
guilty:
  description:
    - The hosts of the play that have to be corrected, each with its message. A problem of no single host is reported
      on the first of them, or on the first host of the play. Empty if there is a plan.
  returned: success, or when O(fail=false)
  type: dict
  sample: {}
"""

#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: plan
short_description: Computes what must be open between the hosts of a JSA deployment
version_added: 1.0.0
description:
  - Reads the whole inventory once, on the controller, and computes for every host of the deployment which packets it
    accepts from whom and why, and on which cataloged ports it refuses everyone else.
  - Hosts outside of C(--limit) are peers all the same. The plan of the same inventory is the same to the byte.
  - All problems of the inventory are told in one message, each with the host, the variable and the remedy.
  - Run it with C(run_once). The variables that it reads are described in the collection's
    L(variables, https://github.com/jsa-ports/jsa.ports/blob/main/docs/variables.md).
  - Needs the Python library netaddr on the controller.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
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
  use_discovered:
    description:
      - V(false) takes no discovered ports into the plan, whatever C(jsa_dynamic_ports) says. The plan still tells by
        its C(dynamic) items which hosts have such ports.
    type: bool
    default: true
  return_plan:
    description: Whether to return the plan. A playbook that only shows or writes it saves seconds with 1,000 hosts.
    type: bool
    default: true
seealso:
  - module: jsa.ports.why
  - module: jsa.ports.firewall
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
"""

RETURN = r"""
plan:
  description: The plan of the whole deployment. Left out when O(return_plan=false).
  returned: success
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
"""

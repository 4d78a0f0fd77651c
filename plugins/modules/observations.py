#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin. The code is in plugins/action and runs on the controller.

DOCUMENTATION = r"""
module: observations
short_description: Write what a check observed of each host as a file
version_added: 1.0.0
description:
  - Writes one JSON file for each host of the play, with what was observed of it, when, and by which plan. The schema is
    in C(docs/observations.schema.json).
  - The files of several runs, controllers, or hosts are joined into verdicts by M(jsa.ports.port_verdicts) or by the
    playbook jsa.ports.verdicts.
  - Connects to no host. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.plan
  - jsa.ports.check_scope
options:
  observations:
    description:
      - The observations of each host, as in M(jsa.ports.port_verdicts). The probes have to be those that
        M(jsa.ports.port_flows) returns with O(jsa.ports.port_flows#module:whole_plan=true).
    type: dict
    required: true
  dest:
    description:
      - Folder on the controller for the files. Created if it is missing. The name of a file is that of the host, with
        characters that are not letters, digits or C(_.-~) percent-encoded, and C(.json).
    type: path
    required: true
  fail:
    description:
      - Whether the task fails if a host was not observed. With V(false), it returns RV(guilty) instead.
    type: bool
    default: true
notes:
  - The files of the hosts of other runs are not changed. A host that was not observed also gets a file, which says why.
seealso:
  - module: jsa.ports.port_flows
  - module: jsa.ports.port_verdicts
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Write the observation of each host of this part of the inventory
  jsa.ports.observations:
    plan: "{{ planned.plan }}"
    observations:
      observed: >-
        {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all
           | map('extract', hostvars, 'observed') | map('default', none))) }}
    dest: observations
  run_once: true
"""

RETURN = r"""
written:
  description: The number of hosts of which there is a new file.
  returned: success
  type: int
  sample: 40
complete:
  description: Whether the play has all hosts of the plan, so that M(jsa.ports.port_verdicts) can judge them at once.
  returned: success
  type: bool
  sample: false
guilty:
  description:
    - The hosts that were not observed, each with a message. Empty if RV(complete), because the verdicts name them.
  returned: success
  type: dict
  sample: {}
"""

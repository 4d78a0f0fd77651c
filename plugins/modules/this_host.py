#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin. The code is in plugins/action and runs on the controller.

DOCUMENTATION = r"""
module: this_host
short_description: Find out which host of a saved plan this machine is
version_added: 1.0.0
description:
  - Compares the name and the addresses of the machine that Ansible itself runs on with the hosts of a saved plan.
  - It is for hosts that observe themselves, as with the playbook jsa.ports.observe_here. Connects to no host.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  plan_file:
    description: File on this machine with a saved plan.
    type: path
    required: true
  host:
    description:
      - The name of this machine in the plan, if its own name and addresses do not tell. The task fails if the plan has
        no such host.
    type: str
seealso:
  - module: jsa.ports.plan
  - module: jsa.ports.observations
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Find out which host of the plan this machine is
  jsa.ports.this_host:
    plan_file: /etc/jsa_ports/plan.json
  register: this
"""

RETURN = r"""
host:
  description: The name of this machine in the plan.
  returned: success
  type: str
  sample: ep1
"""

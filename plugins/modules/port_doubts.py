#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: port_doubts
short_description: Works out which flows of a JSA deployment the hosts at their ends should look at once more
version_added: 1.0.0
description:
  - Names the flows between the hosts of the play that should get through and did not, where something listens, and
    those that should not and did, as M(jsa.ports.packet_path) takes them.
  - Reads what the role P(jsa.ports.jsa_port_check#role) registered on each host. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.plan
  - jsa.ports.check_scope
seealso:
  - module: jsa.ports.port_scope
  - module: jsa.ports.packet_path
  - module: jsa.ports.port_verdicts
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Work out which flows want a closer look
  jsa.ports.port_doubts:
    plan: "{{ planned.plan }}"
  run_once: true
  register: doubts
"""

RETURN = r"""
flows:
  description: Host name to the flows.
  returned: success
  type: dict
  sample:
    ep1:
      - role: listener
        own: 10.0.0.3
        peer: 10.0.0.1
        protocol: tcp
        port: 32006
"""

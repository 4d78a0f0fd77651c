#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: preflight_probes
short_description: Works out what each host should probe while temporary listeners stand
version_added: 1.0.0
description:
  - Sorts the flows that a plan wants between the hosts of the play by the host that opens them, as
    M(jsa.ports.reachability) takes them. Where a temporary listener stands, the probe expects that one.
  - Of a range wider than 16 ports, 16 are probed, the same that M(jsa.ports.preflight_listeners) takes.
  - Reads what the role P(jsa.ports.jsa_preflight#role) registered on each host. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.plan
options:
  token:
    description: That of the run, as M(jsa.ports.preflight_listeners) was given it.
    type: str
    required: true
seealso:
  - module: jsa.ports.preflight_listeners
  - module: jsa.ports.preflight_verdicts
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Work out what each host should probe
  jsa.ports.preflight_probes:
    plan: "{{ planned.plan }}"
    token: "{{ my_token }}"
  run_once: true
  register: to_probe
"""

RETURN = r"""
probes:
  description: Host name to its probes.
  returned: success
  type: dict
  sample:
    ep1:
      - address: 10.0.0.1
        port: 443
        protocol: tcp
        expect: 0123456789abcdef con1
"""

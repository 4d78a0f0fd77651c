#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: port_probes
short_description: Works out what each host of a JSA deployment should probe
version_added: 1.0.0
description:
  - Sorts the flows that a plan expects between the hosts of the play by the host that opens them, as
    M(jsa.ports.reachability) takes them; a port that listens on the network but is not for everyone is also probed once
    from a host that has no business with it.
  - Reads what the role P(jsa.ports.jsa_port_check#role) registered on each host. Run it with C(run_once).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.plan
  - jsa.ports.check_scope
options:
  rate:
    description:
      - What each host may send, in new probes per second; V(0) for no limit.
      - No listener gets more from all that probe at a time (C(forks)), so a host of which many probe the same listener
        is given less.
    type: float
    default: 200
  seed:
    description: Decides with which listener each host begins.
    type: int
    default: 0
seealso:
  - module: jsa.ports.port_scope
  - module: jsa.ports.reachability
  - module: jsa.ports.port_verdicts
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Work out what each host should probe
  jsa.ports.port_probes:
    plan: "{{ planned.plan }}"
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
rates:
  description: Host name to the new probes per second that it may send.
  returned: success
  type: dict
  sample:
    ep1: 40.0
"""

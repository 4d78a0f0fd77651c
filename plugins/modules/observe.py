#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.observe: the interface to module_utils/_observe/whole."""

DOCUMENTATION = r"""
module: observe
short_description: Observe everything that a check needs of a host in one call
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Does in one call what M(jsa.ports.listeners), M(jsa.ports.firewall_info), M(jsa.ports.reachability) and
    M(jsa.ports.packet_path) do in four. Reads the listening sockets, compares the firewall with the plan, sends the
    probes, and evaluates rules and routes for each flow that has an unexpected result.
  - Every part of the answer has the form of the module that returns only this part. If the firewall, or the rules and
    routes, cannot be read, the part has C(msg) instead, with the reason, and the module does not fail.
  - M(jsa.ports.port_flows) returns the O(request) of each host.
  - Changes nothing. Check mode also sends the probes. Requires root and C(nft) to read the rules.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  request:
    description:
      - The options O(expected), O(rules), O(probes), O(rate), O(flows), and O(foreseen) as one JSON text, as
        M(jsa.ports.port_flows) returns it. None of them can be set beside it.
      - Ansible evaluates each value of an option as a template. A host has thousands of these values. A text is one.
      - For the same reason, the task then returns RV(answer).
    type: raw
  expected:
    description:
      - What should listen, in the form that M(jsa.ports.listeners) requires.
      - Without this option, the sockets are not read.
    type: list
    elements: dict
  rules:
    description:
      - The rules of the host, in the form that M(jsa.ports.firewall_info) requires.
      - Without this option, the firewall is not compared.
    type: dict
  keep_controllers:
    description: As in M(jsa.ports.firewall_info).
    type: int
    default: 3
  respect_denials:
    description: As in M(jsa.ports.firewall_info).
    type: bool
    default: false
  refuse:
    description: As in M(jsa.ports.firewall_info).
    type: str
    choices: [enforce, log]
    default: enforce
  probes:
    description:
      - The probes, in the form that M(jsa.ports.reachability) requires. Two more keys are not returned with the result.
      - C(open) is whether the port should be open. If the result is another one, this host evaluates its rules and
        routes for the flow. Without C(open), every result is expected.
      - C(own) is the address of this host that the flow comes from. Without C(own), nothing is evaluated.
    type: list
    elements: dict
    default: []
  timeout:
    description: Seconds to wait for the answer to each probe.
    type: float
    default: 3
  settle:
    description:
      - Seconds to wait for the answer to a UDP or ICMP probe if the peer answered other probes at least four times
        faster. Many UDP services never answer, so most of the time of a check would be spent waiting for them. If it is
        more than half a second, and the peer answered within an eighth of a second, half a second is enough.
      - If it is more than 1, it is also the time to wait for the answer to a TCP probe with C(recheck=false) from such
        a peer. Peers limit their ICMP errors, so they do not reject all closed ports.
      - V(0) always waits for O(timeout).
    type: float
    default: 1.2
  rate:
    description: Maximum number of new probes per second. V(0) means no limit.
    type: float
    default: 200
  retries:
    description: As in M(jsa.ports.reachability).
    type: int
    default: 1
  recheck_seconds:
    description: As in M(jsa.ports.reachability).
    type: float
    default: 20
  flows:
    description: Flows to evaluate whatever the results are, in the form that M(jsa.ports.packet_path) requires.
    type: list
    elements: dict
    default: []
  foreseen:
    description:
      - The same, but only flows to the ports on which this host listens. Their initiators often have an unexpected
        result, such as no answer over UDP. Evaluating them here saves another call.
      - Without O(expected), all of them are evaluated.
    type: list
    elements: dict
    default: []
  hosts:
    description:
      - Number of hosts that the task runs on. With it, the task prints how many of them are done, how many probes they
        have sent, and the first results that are not as expected, while it runs.
    type: int
seealso:
  - module: jsa.ports.port_flows
  - module: jsa.ports.port_verdicts
"""

EXAMPLES = r"""
- name: Compute the plan of the deployment
  jsa.ports.plan:
  run_once: true
  register: planned

- name: Select what to ask each host for
  jsa.ports.port_flows:
    plan: "{{ planned.plan }}"
  run_once: true
  register: selected

- name: Observe the host
  jsa.ports.observe:
    request: "{{ selected.requests[inventory_hostname] }}"
  become: true
  register: observed
"""

RETURN = r"""
answer:
  description:
    - The other return values as one JSON text, as M(jsa.ports.port_flows), M(jsa.ports.observations), and
      M(jsa.ports.port_verdicts) take it.
  returned: when O(request) is set, instead of the other return values
  type: str
  sample: ' {"sockets":{},"firewall":{},"probes":{},"paths":{}}'
sockets:
  description: The result of M(jsa.ports.listeners).
  returned: when O(expected) is set
  type: dict
  sample: {results: [], summary: {listening: 0, not_listening: 0, exposed: 0, unlisted: 0}, addresses: []}
firewall:
  description:
    - What M(jsa.ports.firewall_info) returns about O(rules), without C(actions) and C(diff). C(msg) if O(rules) are
      invalid.
  returned: when O(rules) is set
  type: dict
  sample: {as_planned: true, reason: null, alarms: [], differences: [], openings: []}
probes:
  description: The result of M(jsa.ports.reachability).
  returned: success
  type: dict
  sample: {results: [], summary: {open: 0}, seconds: 1.3}
paths:
  description: The result of M(jsa.ports.packet_path). C(msg) if it cannot be told.
  returned: success
  type: dict
  sample: {addresses: [{address: 10.0.0.3, prefix: 24, interface: eth0}], flows: [], obstacle: null}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.flow import FlowError
from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.model import ProbeError
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.expected import ExpectationError
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import TableError
from ansible_collections.jsa.ports.plugins.module_utils._observe.whole.look import look
from ansible_collections.jsa.ports.plugins.module_utils._observe.whole.request import read_request
from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable


def main():
    module = AnsibleModule(
        argument_spec={
            # The action plugin replaces it by the options that it has.
            "request": {"type": "raw"},
            "expected": {"type": "list", "elements": "dict"},
            "rules": {"type": "dict"},
            "keep_controllers": {"type": "int", "default": 3},
            "respect_denials": {"type": "bool", "default": False},
            "refuse": {"type": "str", "choices": ["enforce", "log"], "default": "enforce"},
            "probes": {"type": "list", "elements": "dict", "default": []},
            "timeout": {"type": "float", "default": 3},
            "settle": {"type": "float", "default": 1.2},
            "rate": {"type": "float", "default": 200},
            "retries": {"type": "int", "default": 1},
            "recheck_seconds": {"type": "float", "default": 20},
            "flows": {"type": "list", "elements": "dict", "default": []},
            "foreseen": {"type": "list", "elements": "dict", "default": []},
            # The action plugin reads it.
            "hosts": {"type": "int"},
        },
        supports_check_mode=True,
    )
    if module.params["request"] is not None:
        module.fail_json(msg="request is an option of the task: on the host, the module takes what is in it")
    try:
        answer = look(read_request(module.params), module.params, module.warn)
    except (ExpectationError, FlowError, ProbeError, TableError) as error:
        module.fail_json(msg=printable(str(error)))
    module.exit_json(changed=False, **plain(answer))


if __name__ == "__main__":
    main()

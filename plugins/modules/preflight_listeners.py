#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.preflight_listeners: a thin shell over module_utils/_observe/preflight."""

DOCUMENTATION = r"""
module: preflight_listeners
short_description: Let temporary listeners stand where JSA will listen, so that the network can be tested before
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Starts one process that listens on the given ports, TCP and UDP, IPv4 and IPv6, until it is stopped or its time is
    over (O(seconds)). It ends by itself then, whatever became of the connection and the controller, and leaves neither
    a file nor a busy port.
  - A TCP connection gets one line and is closed. A datagram gets the same line if it is a question of
    M(jsa.ports.reachability) (C(expect)), which is never shorter than its answer. The line says which run and which
    host answers, and as whom the other side is seen.
  - Ports in use are left to whoever has them, and told. A port in use on loopback alone is taken on O(addresses).
  - While it stands, the process notes which of the questions reached this host, before the host's own firewall decides
    (root only). M(jsa.ports.preflight_verdicts) tells that firewall from the network's by it.
  - Does not touch the host's firewall.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  state:
    description:
      - V(present) lets the listeners stand. Others of the same O(name) are replaced, unless they are the same ones and
        have half of their time left.
      - V(absent) ends those of this O(name), and takes away what they have left.
    type: str
    choices: [present, absent]
    default: present
  listeners:
    description:
      - Where to listen, in the form of the plan's C(listeners).
      - Each item has C(protocol) (V(tcp) or V(udp)) and C(ports) (one port or a range), and may have C(bind)
        (V(network), V(loopback) or V(any)) and C(source_classes). Other keys are ignored.
      - What belongs on loopback is left out, and so is what nobody contacts (an empty list of C(source_classes)).
      - Of a range wider than 16 ports, 16 are taken, always the same ones, both ends among them.
    type: list
    elements: dict
    default: []
  token:
    description: What tells this run from all others, 16 to 64 letters, digits, V(_) or V(-). Needed to start.
    type: str
  host:
    description: The name that the listeners answer with, as a rule that of the inventory. Needed to start.
    type: str
  name:
    description: Name of the deployment. Listeners of other names are left alone; their ports are in use.
    type: str
    default: default
  seconds:
    description: How long the listeners stand if nobody ends them, up to V(3600).
    type: int
    default: 300
  addresses:
    description: Addresses of this host to take where a port is in use on loopback alone.
    type: list
    elements: str
    default: []
notes:
  - Ports below 1024 and the note of what arrived need root.
seealso:
  - module: jsa.ports.reachability
  - module: jsa.ports.preflight_verdicts
"""

EXAMPLES = r"""
- name: Let listeners stand where the plan expects some, for five minutes
  jsa.ports.preflight_listeners:
    listeners: "{{ planned.plan.hosts[inventory_hostname].listeners }}"
    token: "{{ my_token }}"
    host: "{{ inventory_hostname }}"
  become: true
  register: listeners

- name: Name the ports that somebody else has
  ansible.builtin.debug:
    msg: "{{ item.protocol }} {{ item.port }}: {{ item.processes | map(attribute='name') | join(', ') }}"
  loop: "{{ listeners.in_use }}"

- name: End them
  jsa.ports.preflight_listeners:
    state: absent
  become: true
"""

RETURN = r"""
listening:
  description: Where the listeners stand; in check mode where nobody else does.
  returned: when O(state=present)
  type: list
  elements: dict
  contains:
    protocol:
      description: V(tcp) or V(udp).
      type: str
      sample: udp
    port:
      description: The port.
      type: int
      sample: 514
    families:
      description: V(ipv4), V(ipv6) or both.
      type: list
      elements: str
      sample: [ipv4, ipv6]
  sample: [{protocol: udp, port: 514, families: [ipv4, ipv6]}]
in_use:
  description: Ports that somebody else has.
  returned: when O(state=present)
  type: list
  elements: dict
  contains:
    protocol:
      description: V(tcp) or V(udp).
      type: str
      sample: tcp
    port:
      description: The port.
      type: int
      sample: 22
    families:
      description: In which families it could not be taken.
      type: list
      elements: str
      sample: [ipv4, ipv6]
    listens:
      description: Whether a service listens there. V(false) for a connection that the host itself has opened.
      type: bool
      sample: true
    bind:
      description: Where it listens, V(network), V(loopback), or V(none) where nothing does.
      type: str
      sample: network
    addresses:
      description: The addresses that it is bound to.
      type: list
      elements: str
      sample: ["0.0.0.0", "::"]
    processes:
      description: Who has it. Empty where that cannot be seen.
      type: list
      elements: dict
      sample: [{pid: 812, name: sshd}]
  sample:
    - protocol: tcp
      port: 22
      families: [ipv4, ipv6]
      listens: true
      bind: network
      addresses: ["0.0.0.0", "::"]
      processes: [{pid: 812, name: sshd}]
not_bound:
  description: Ports that could not be taken for another reason.
  returned: when O(state=present)
  type: list
  elements: dict
  contains:
    protocol:
      description: V(tcp) or V(udp).
      type: str
      sample: udp
    port:
      description: The port.
      type: int
      sample: 514
    families:
      description: In which families.
      type: list
      elements: str
      sample: [ipv4]
    why:
      description: What the kernel said.
      type: str
      sample: needs root
  sample: [{protocol: udp, port: 514, families: [ipv4], why: needs root}]
networks:
  description: The networks that the host's addresses are in.
  returned: when O(state=present)
  type: list
  elements: str
  sample: [10.1.0.0/24]
pid:
  description: The process; V(none) in check mode.
  returned: when O(state=present)
  type: int
  sample: 4711
stood:
  description: Whether the listeners still stood. V(false) where their time was over, or nobody had started any.
  returned: when O(state=absent)
  type: bool
  sample: true
watched:
  description: Whether the listeners could see what reached the host.
  returned: when O(state=absent)
  type: bool
  sample: true
arrived:
  description: What reached the host, whether or not its own firewall let it in.
  returned: when O(state=absent)
  type: list
  elements: dict
  contains:
    protocol:
      description: V(tcp) or V(udp).
      type: str
      sample: udp
    port:
      description: The port on this host.
      type: int
      sample: 514
    peer:
      description: The address that it came from.
      type: str
      sample: 10.2.0.9
  sample: [{protocol: udp, port: 514, peer: 10.2.0.9}]
answered:
  description: What was answered, as RV(arrived). A firewall of the host may keep the answer, a network may lose it.
  returned: when O(state=absent)
  type: list
  elements: dict
  sample: [{protocol: udp, port: 514, peer: 10.2.0.9}]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight import control
from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.folder import ROOT, locked
from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.request import (
    RequestError,
    check_name,
    read_request,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.preflight.surroundings import (
    predict,
    read_networks,
    sort_failures,
    used_ports,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import TableError


def present(params, check_mode, root=ROOT):
    request = read_request(params)
    standing = control.Standing(request.name, root)
    changed = not standing.fits(request)
    state = standing.state
    if check_mode and changed:
        # What stands now, and would be replaced, is in nobody's way.
        own = state["pid"] if standing.alive else None
        listening, in_use = predict(request.ports, used_ports(request.ports), own)
        return {
            "changed": True,
            "pid": None,
            "listening": listening,
            "in_use": in_use,
            "not_bound": [],
            "networks": read_networks(),
        }
    if changed:
        control.stop(standing)
        state = control.start(standing, request)
    failed = state["failed"]
    in_use, not_bound = sort_failures(failed, used_ports((item[0], item[1]) for item in failed))
    listening = [
        {"protocol": protocol, "port": port, "families": families} for protocol, port, families in state["bound"]
    ]
    return {
        "changed": changed,
        "pid": state["pid"],
        "listening": listening,
        "in_use": in_use,
        "not_bound": not_bound,
        "networks": read_networks(),
    }


def absent(params, check_mode, root=ROOT):
    try:
        standing = control.Standing(check_name(params["name"]), root)
    except ValueError as error:
        raise RequestError("name: %s" % error)
    answer = {"changed": standing.left_over, "stood": standing.alive, "watched": False, "arrived": [], "answered": []}
    if standing.left_over and not check_mode:
        answer.update(control.stop(standing) or {})
    return answer


def run(params, check_mode, root=ROOT):
    verb = present if params["state"] == "present" else absent
    if check_mode:
        return verb(params, True, root)
    with locked(root):
        return verb(params, False, root)


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "listeners": {"type": "list", "elements": "dict", "default": []},
            "token": {"type": "str", "no_log": False},
            "host": {"type": "str"},
            "name": {"type": "str", "default": "default"},
            "seconds": {"type": "int", "default": 300},
            "addresses": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        answer = run(module.params, module.check_mode)
    except (RequestError, TableError, control.StartError) as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg="%s: temporary listeners need root, and room in /run" % error)
    module.exit_json(**answer)


if __name__ == "__main__":
    main()

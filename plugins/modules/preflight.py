#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.preflight: a thin shell over module_utils/_observe/preflight.

The action plugin of the same name, which compares and opens the host's firewall, runs it.
"""

DOCUMENTATION = r"""
module: preflight
short_description: Listen for a while where JSA will listen, so that the network can be tested before
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Starts one process that listens on the ports that a plan names for the host, TCP and UDP, IPv4 and IPv6, until it is
    stopped or its time is over (O(seconds)). It ends by itself then, whatever became of the connection and the
    controller, and leaves neither a file nor a busy port.
  - A TCP connection gets one line and is closed. A datagram gets the same line if it is a question of
    M(jsa.ports.reachability) (C(expect)), which is never shorter than its answer. The line says which run and which
    host answers, and as whom the other side is seen.
  - Ports in use are left to whoever has them, and named. A port in use on loopback alone is taken on the host's
    addresses. What belongs on loopback is left out, and so is what nobody contacts. Of a range wider than 16 ports, 16
    are taken, always the same ones, both ends among them.
  - While it runs, the process notes which of the questions reached this host, before the host's own firewall decides
    (root only). M(jsa.ports.preflight_verdicts) tells that firewall from the network's by it.
  - Compares the host's running firewall with the plan, and opens it only with O(open).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  state:
    description:
      - V(present) starts the listeners. Others of the same O(name) are replaced, unless they are the same ones and
        have half of their time left.
      - V(absent) ends those of this O(name), closes what O(open) opened (O(pending)), and returns what was seen.
    type: str
    choices: [present, absent]
    default: present
  rules:
    description:
      - What the host accepts and listens on, as C(hosts) of the plan that M(jsa.ports.plan) returns has it.
      - Required with O(state=present).
    type: dict
  open:
    description:
      - Whether to load O(rules) into the host's firewall where it is not as planned.
      - They are loaded as a candidate that nobody ever confirms, so that the permanent files stay what they are, to the
        byte, and the host goes back by itself when O(seconds) are over, also when the controller, the connection, or
        the host itself ends before.
      - A new SSH connection is tried once they are loaded. Where there is none, they are taken back at once.
    type: bool
    default: false
  token:
    description:
      - What tells this run from all others, 16 to 64 letters, digits, V(_) or V(-).
      - Required with O(state=present).
    type: str
  host:
    description:
      - The name that the listeners answer with, as a rule that of the inventory.
      - Required with O(state=present).
    type: str
  name:
    description: Name of the deployment. Listeners of other names are left alone; their ports are in use.
    type: str
    default: default
  seconds:
    description: How long the listeners, and the rules, stay if nobody ends them, up to V(3600).
    type: int
    default: 300
  pending:
    description:
      - With O(state=absent), RV(pending) of the task that started the listeners. Without it the firewall is left alone.
    type: dict
notes:
  - Ports below 1024 and the note of what arrived need root.
seealso:
  - module: jsa.ports.port_flows
  - module: jsa.ports.reachability
  - module: jsa.ports.preflight_verdicts
"""

EXAMPLES = r"""
- name: Listen where the plan expects it, for five minutes
  jsa.ports.preflight:
    rules: "{{ planned.plan.hosts[inventory_hostname] }}"
    token: "{{ my_token }}"
    host: "{{ inventory_hostname }}"
  become: true
  register: listeners

- name: Name the ports that somebody else has
  ansible.builtin.debug:
    msg: "{{ item.protocol }} {{ item.port }}: {{ item.processes | map(attribute='name') | join(', ') }}"
  loop: "{{ listeners.in_use }}"

- name: End that, and close the firewall where it was opened
  jsa.ports.preflight:
    state: absent
    pending: "{{ listeners.pending | default(omit) }}"
  become: true
  register: ended
"""

RETURN = r"""
listening:
  description: Where the listeners are; in check mode, where nobody else is.
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
firewall:
  description: The host's own firewall.
  returned: when O(state=present), unless it could not be opened
  type: dict
  contains:
    as_planned:
      description: Whether the running firewall is as O(rules) say. V(none) where it could not be asked.
      type: bool
      sample: false
    reason:
      description: Why it could not be asked.
      type: str
      sample: firewalld does not run
    opened:
      description: Whether the rules were loaded for the length of the preflight.
      type: bool
      sample: false
  sample: {as_planned: false, reason: null, opened: false}
pending:
  description: What to give back to close the firewall.
  returned: when O(state=present) has opened it
  type: dict
  sample:
    id: 0123456789abcdef
    seconds: 300
    ssh: true
    command: [/usr/bin/python3, -I, -S, /var/lib/jsa_ports/firewalld/timer.pyz]
closed:
  description: What the host's firewall has since.
  returned: when O(state=absent) and O(pending) is given
  type: str
  sample: The host is back on the committed rules
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
    rules = params["rules"] or {}
    request = read_request(dict(params, listeners=rules.get("listeners") or [], addresses=rules.get("addresses") or []))
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
            "rules": {"type": "dict"},
            "token": {"type": "str", "no_log": False},
            "host": {"type": "str"},
            "name": {"type": "str", "default": "default"},
            "seconds": {"type": "int", "default": 300},
            # Those of the action plugin; it does not pass them on.
            "open": {"type": "bool", "default": False},
            "pending": {"type": "dict"},
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

#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.preflight: the interface to module_utils/_observe/preflight.

The action plugin of the same name compares and opens the host's firewall, and runs this module.
"""

DOCUMENTATION = r"""
module: preflight
short_description: Start temporary listeners on the ports of JSA, to test the network before JSA runs
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Starts one process that listens on the ports that a plan names for the host, TCP and UDP, IPv4 and IPv6, until it is
    stopped or O(seconds) have passed. It stops by itself, even if the connection or the controller is lost, and leaves
    no file and no port in use.
  - A TCP connection gets one line and is closed. A datagram gets the same line if it is a request of
    M(jsa.ports.reachability) (C(expect)), which is never shorter than the answer. The line contains the run, the host
    that answers, and the source address of the request.
  - Ports in use are not touched, and are returned. If a port is in use on loopback only, the module listens on the
    host's addresses. It does not listen on ports for loopback, and on ports that no host contacts. In a range of more
    than 16 ports, it listens on 16, always the same ones, including both ends.
  - While it runs, the process records which requests reached this host before the host's own firewall (root only).
    M(jsa.ports.preflight_verdicts) uses this to distinguish the host's firewall from one in the network.
  - Compares the host's running firewall with the plan, and opens the firewall only if O(open) is V(true).
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  state:
    description:
      - V(present) starts the listeners. It replaces others with the same O(name), unless they are the same and half of
        their time is left.
      - V(absent) stops those with this O(name), rolls back the firewall that O(open) opened (O(pending)), and returns
        what the listeners recorded.
    type: str
    choices: [present, absent]
    default: present
  rules:
    description:
      - The plan of this host, from C(hosts) of the plan that M(jsa.ports.plan) returns.
      - Required with O(state=present).
    type: dict
  open:
    description:
      - Whether to load O(rules) into the host's firewall if it differs from the plan.
      - The rules are loaded as a candidate that is never confirmed. The permanent files do not change, and the rules
        are rolled back after O(seconds), even if the controller or the connection is lost, or the host restarts.
      - The module then opens a new SSH connection. If that fails, the rules are rolled back at once.
    type: bool
    default: false
  token:
    description:
      - Identifies this run, 16 to 64 letters, digits, V(_) or V(-).
      - Required with O(state=present).
    type: str
  host:
    description:
      - The name that the listeners answer with, usually the name in the inventory.
      - Required with O(state=present).
    type: str
  name:
    description: Name of the deployment. Listeners with other names are not touched, and their ports count as in use.
    type: str
    default: default
  seconds:
    description: Seconds after which the listeners stop and the rules are rolled back, at most V(3600).
    type: int
    default: 300
  pending:
    description:
      - With O(state=absent), RV(pending) of the task that started the listeners. Without it, the firewall is not
        changed.
    type: dict
notes:
  - Ports below 1024 and the record of requests require root.
seealso:
  - module: jsa.ports.port_flows
  - module: jsa.ports.reachability
  - module: jsa.ports.preflight_verdicts
"""

EXAMPLES = r"""
- name: Start the temporary listeners for five minutes
  jsa.ports.preflight:
    rules: "{{ planned.plan.hosts[inventory_hostname] }}"
    token: "{{ my_token }}"
    host: "{{ inventory_hostname }}"
  become: true
  register: listeners

- name: Show the ports in use
  ansible.builtin.debug:
    msg: "{{ item.protocol }} {{ item.port }}: {{ item.processes | map(attribute='name') | join(', ') }}"
  loop: "{{ listeners.in_use }}"

- name: Select what each host probes
  jsa.ports.port_flows:
    plan: "{{ planned.plan }}"
    purpose: preflight
    token: "{{ my_token }}"
    observations:
      listeners: >-
        {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all
           | map('extract', hostvars, 'listeners') | map('default', none))) }}
  run_once: true
  register: selected

- name: Probe the other hosts
  jsa.ports.reachability:
    probes: "{{ selected.probes[inventory_hostname] }}"
  register: reached

- name: Stop the listeners and roll back the firewall
  jsa.ports.preflight:
    state: absent
    pending: "{{ listeners.pending | default(omit) }}"
  become: true
  register: ended
"""

RETURN = r"""
listening:
  description: The ports of the listeners, or in check mode, those that are free.
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
  description: Ports that are in use by other processes.
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
      description: The families in which the port could not be bound.
      type: list
      elements: str
      sample: [ipv4, ipv6]
    listens:
      description: Whether a service listens. V(false) for an outbound connection of the host.
      type: bool
      sample: true
    bind:
      description: Where it listens, V(network), V(loopback), or V(none) if nothing listens.
      type: str
      sample: network
    addresses:
      description: The addresses that it is bound to.
      type: list
      elements: str
      sample: ["0.0.0.0", "::"]
    processes:
      description: The processes that have the port. Empty if they cannot be read.
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
  description: Ports that could not be bound for another reason.
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
      description: The families in which the port could not be bound.
      type: list
      elements: str
      sample: [ipv4]
    why:
      description: The error of the kernel.
      type: str
      sample: needs root
  sample: [{protocol: udp, port: 514, families: [ipv4], why: needs root}]
networks:
  description: The networks of the host's addresses.
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
      description: Whether the running firewall matches O(rules). V(none) if it could not be read.
      type: bool
      sample: false
    reason:
      description: Why the firewall could not be read.
      type: str
      sample: firewalld does not run
    opened:
      description: Whether the rules were loaded for the duration of the preflight.
      type: bool
      sample: false
  sample: {as_planned: false, reason: null, opened: false}
pending:
  description: The value for O(pending), to roll back the firewall.
  returned: when O(state=present) opened the firewall
  type: dict
  sample:
    id: 0123456789abcdef
    seconds: 300
    ssh: true
    command: [/usr/bin/python3, -I, -S, /var/lib/jsa_ports/firewalld/timer.pyz]
closed:
  description: The state of the host's firewall after the rollback.
  returned: when O(state=absent) and O(pending) is given
  type: str
  sample: The host is back on the committed rules
pid:
  description: Process ID of the listeners, or V(none) in check mode.
  returned: when O(state=present)
  type: int
  sample: 4711
stood:
  description: Whether the listeners were still running. V(false) if their time had passed, or if none were started.
  returned: when O(state=absent)
  type: bool
  sample: true
watched:
  description: Whether the listeners could record which requests reached the host.
  returned: when O(state=absent)
  type: bool
  sample: true
arrived:
  description: Requests that reached the host, before its own firewall.
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
      description: The source address.
      type: str
      sample: 10.2.0.9
  sample: [{protocol: udp, port: 514, peer: 10.2.0.9}]
answered:
  description:
    - Requests that were answered, in the form of RV(arrived). The host's firewall or the network may still drop the
      answer.
  returned: when O(state=absent)
  type: list
  elements: dict
  sample: [{protocol: udp, port: 514, peer: 10.2.0.9}]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._host.root import NEEDS_ROOT, is_root
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
from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable


def present(params, check_mode, root=ROOT):
    """Starts or keeps the listeners. Returns the module's result. Raises RequestError, StartError and OSError."""
    rules = params["rules"] or {}
    request = read_request(dict(params, listeners=rules.get("listeners") or [], addresses=rules.get("addresses") or []))
    standing = control.Standing(request.name, root)
    changed = not standing.fits(request)
    state = standing.state
    if check_mode and changed:
        # The listeners that would be replaced do not block the new ones.
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
    """Stops the listeners and returns their record as the module's result. Raises RequestError, OSError."""
    try:
        standing = control.Standing(check_name(params["name"]), root)
    except ValueError as error:
        raise RequestError("name: %s" % error)
    answer = {"changed": standing.left_over, "stood": standing.alive, "watched": False, "arrived": [], "answered": []}
    if standing.left_over and not check_mode:
        answer.update(control.stop(standing) or {})
    return answer


def run(params, check_mode, root=ROOT):
    """Runs the state of *params*, locked against other runs unless in check mode. Raises as the states do."""
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
            # Only the action plugin uses these. It does not pass them on.
            "open": {"type": "bool", "default": False},
            "pending": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    try:
        answer = run(module.params, module.check_mode)
    except (RequestError, TableError, control.StartError) as error:
        module.fail_json(msg=printable(str(error)))
    except OSError as error:
        needs = "%s: temporary listeners need space in /run" % error if is_root() else NEEDS_ROOT
        module.fail_json(msg=printable(needs))
    module.exit_json(**plain(answer))


if __name__ == "__main__":
    main()

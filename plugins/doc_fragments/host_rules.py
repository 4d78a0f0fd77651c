# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  steps:
    description:
      - How many committed states O(state=previous) goes back.
    type: int
    default: 1
  inbound:
    description:
      - What to accept, in the form of the plan's C(inbound).
      - Each item has C(protocol) (V(tcp), V(udp) or V(icmp)), C(ports) (one port or a range such as V(32000-33999);
        absent for ICMP) and C(sources) (CIDRs; V(0.0.0.0/0) and V(::/0) for anyone).
      - C(why) (names of catalog entries) and C(source_classes) (stable names for the sources; rules with the same
        ones share address sets) are optional.
      - Other keys are ignored.
    type: list
    elements: dict
    default: []
  refused:
    description:
      - What to refuse for everyone that O(inbound) does not accept, in the form of the plan's C(refused).
      - Each item has C(protocol) (V(tcp) or V(udp)) and C(ports), and may have C(why).
    type: list
    elements: dict
    default: []
  controllers:
    description:
      - Addresses or CIDRs that always reach the host's SSH port, besides the address of the connection that this run
        comes through.
    type: list
    elements: str
    default: []
  require_controller:
    description:
      - Fail, and write nothing, when the SSH connection that this run comes through cannot be found on the host.
      - Where Ansible's connection to the host is not SSH (local, a container's) it is V(false) unless it is set.
      - Set it to V(false) where O(controllers) names the addresses.
    type: bool
    default: true
  ssh_port:
    description:
      - The host's SSH port for O(controllers). The port of the connection that this run comes through if not set, V(22)
        if there is none.
    type: int
  confirm_timeout:
    description:
      - For how many seconds the loaded rules wait for the confirmation. Without it the host is back on the committed
        rules when they are over.
      - V(0) writes the rules to stay at once, with a warning.
      - Connections that are not SSH (local, a container's) confirm without a new connection.
    type: int
    default: 60
  confirm_probes:
    description:
      - Probes that have to succeed, with the new rules loaded, before these are confirmed. One that does not takes the
        rules back at once.
      - Each item has C(from), the host of the inventory that sends the probe, and C(port), such as V(32006/tcp) or
        V(514/udp), on the host of the task. It may have C(address), where that is not the host's C(jsa_address) or
        C(ansible_host).
    type: list
    elements: dict
    default: []
  phase:
    description:
      - How the action plugin tells the part of the module that runs on the host whether somebody will confirm. It is
        set for you.
    type: str
    choices: [apply, stage]
    default: apply
"""

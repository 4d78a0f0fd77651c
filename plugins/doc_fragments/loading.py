# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  reload:
    description:
      - Whether firewalld can be reloaded. A reload discards run-time changes of others that are not permanent, such as
        the bans of fail2ban, and loads what others wrote to firewalld's files (RV(reload_changes)).
      - V(needed) reloads firewalld if the rules require it, and reports what the reload changes.
      - V(lossless) reloads firewalld only if the reload changes nothing of the site's own. Otherwise, the module fails
        and writes nothing.
      - V(never) fails if a reload is required. Peers can be added and removed without one.
      - A rollback reloads firewalld if necessary, regardless of this option.
    type: str
    choices: [needed, lossless, never]
    default: needed
  offline:
    description:
      - Whether to write the permanent files if firewalld is not running. They take effect when it starts.
    type: bool
    default: false
  update_timeout:
    description:
      - Number of seconds that the update program of a JSA appliance can run. Then it is ended, and the earlier rules
        are restored. When the timer rolls back, it always allows 120 seconds.
    type: int
    default: 120
  learned:
    description:
      - What happens if a change of the rules would reject a peer that has an open connection to the host, if this
        connection were new. Open connections are never interrupted, but the peer could not connect again.
      - The same applies to the sources in the host's record (M(jsa.ports.traffic), and O(refuse=log)), except those
        that the present rules reject already.
      - V(warn) names these peers in a warning. V(fail) fails and writes nothing, also in check mode. V(ignore) does not
        look at the connections and the record.
      - Only the rules of the plan are evaluated, not the site's own rules.
    type: str
    choices: [warn, fail, ignore]
    default: warn
  verify_identity:
    description:
      - Whether to fail, and write nothing, if the host has none of the addresses in C(addresses) of O(rules), which
        means that the rules are for another host.
      - The addresses that NAT gives the host are in C(public_addresses) of O(rules), and are not compared.
      - Set it to V(false) for a host whose own addresses are not in the plan.
    type: bool
    default: true
  require_controller:
    description:
      - Whether to fail, and write nothing, if the connection comes from the host itself, as through a port forward, and
        C(management_addresses) of O(rules) is empty. Loopback is always accepted, so such a connection does not prove
        that others can connect.
      - Also whether to fail, and write nothing, if the SSH connection of this run is not found on the host.
      - The default is V(false) if Ansible's connection to the host is not SSH (local, a container's).
      - Set it to V(false) if C(management_addresses) of O(rules) contains the controller's address.
    type: bool
    default: true
"""

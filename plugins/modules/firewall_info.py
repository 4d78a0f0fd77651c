#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.firewall_info: a thin shell over module_utils/_backends and _observe/facts."""

DOCUMENTATION = r"""
module: firewall_info
short_description: Gather information about a host's firewall and compare it with the plan
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Returns the firewall of the host. On a JSA appliance, also returns what the product reports about itself
    (C(/opt/qradar/bin/myver), C(/opt/qradar/conf/capabilities/hostcapabilities.xml), C(/opt/qradar/ha/bin/ha)).
  - With O(rules), compares them with the files and the kernel's rules, and returns which internal ports the site's own
    zones and policies open. Warns of rules of the site that the rules of the plan override, and on an appliance of
    rules of the site that are evaluated before the rules of the plan.
  - Changes nothing.
  - A value that is not known is V(none). Only the output formats of the product's programs that are published are
    supported.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
  - jsa.ports.host_rules
options: {}
seealso:
  - module: jsa.ports.firewall
  - module: jsa.ports.plan
"""

EXAMPLES = r"""
- name: Gather information about the firewall
  jsa.ports.firewall_info:
  register: found

- name: Show the release of the appliance
  ansible.builtin.debug:
    msg: "{{ found.product.release }} UP{{ found.product.update_package }}"
  when: found.backend == "appliance"

- name: Compute the plan of the deployment
  jsa.ports.plan:
  run_once: true
  register: planned

- name: Compare the firewall of this host with the plan
  jsa.ports.firewall_info:
    rules: "{{ planned.plan.hosts[inventory_hostname] }}"
  register: compared

- name: Show what is not as planned
  ansible.builtin.debug:
    msg: "{{ compared.reason or compared.differences }}"
  when: not compared.as_planned
"""

RETURN = r"""
backend:
  description: V(appliance) (the product's own iptables), V(firewalld) (it is running), or V(none).
  returned: success
  type: str
  sample: firewalld
version:
  description: Version of firewalld, or of iptables on an appliance. V(none) if it is not known.
  returned: success
  type: str
  sample: 1.3.3
product:
  description: What an appliance reports about itself. Values that are not known are V(none).
  returned: success
  type: dict
  contains:
    name:
      description: Name of the product.
      type: str
      sample: JSA
    release:
      description: Release of the product.
      type: str
      sample: 7.5.0
    update_package:
      description: Number of the update package.
      type: int
      sample: 8
    release_name:
      description: Release and update package, as the product reports them.
      type: str
      sample: 7.5.0 UpdatePackage 8
    internal_version:
      description: The product's internal version.
      type: str
      sample: 2021.6.8.20240302192142
    appliance_type:
      description: Number of the appliance type, or V(software).
      type: str
      sample: "1699"
    is_console:
      description: Whether the host is the console.
      type: bool
      sample: false
    console_address:
      description: Address of the console.
      type: str
      sample: 10.0.0.1
    ha_role:
      description: Role of the host in its HA pair. V(none) if it is not part of one.
      type: str
      sample: primary
    ha_state:
      description: State of the host in its HA pair.
      type: str
      sample: active
    operating_system:
      description: The operating system, as the product reports it.
      type: str
      sample: Red Hat Enterprise Linux release 8.8 (Ootpa)
    fips:
      description: Whether FIPS mode is enabled.
      type: bool
      sample: false
    sources:
      description: Source of each value that is known.
      type: dict
      sample: {release: /opt/qradar/bin/myver -v}
  sample: {name: JSA, release: 7.5.0, update_package: 8, sources: {release: /opt/qradar/bin/myver -v}}
refuse:
  description:
    - V(enforce) if the rules of this collection reject what the plan does not accept. V(log) if they reject nothing
      (O(refuse)), with a warning. V(none) if there are no rules, or if they could not be read.
  returned: success
  type: str
  sample: enforce
as_planned:
  description: Whether the files and the kernel's rules match O(rules). V(none) if they could not be compared.
  returned: when O(rules) is set
  type: bool
  sample: false
alarms:
  description:
    - What is wrong before any rule is compared. firewalld failed to load its configuration, the host runs on a snapshot
      of its earlier rules, or the kernel accepts every packet. With an alarm, RV(as_planned) is V(false).
  returned: when O(rules) is set
  type: list
  elements: str
  sample: ["The kernel filters nothing that comes to this host: every port can be reached from everywhere"]
reason:
  description: Why the rules could not be compared. V(none) if they were.
  returned: when O(rules) is set
  type: str
  sample: "firewalld is masked on this host, so it cannot be started"
differences:
  description: Differences from the plan, by object, in the files and in the running rules.
  returned: when O(rules) is set
  type: list
  elements: str
  sample: ["has in the running rules, policy jsa-in: accept tcp 6000 from anyone"]
openings:
  description:
    - Zones and policies of the site that open a port in C(internal) of O(rules), as M(jsa.ports.firewall) returns
      them. V(none) if they are not known.
  returned: when O(rules) is set
  type: list
  elements: dict
  sample: [{object: zone public, setting: service postgresql, protocol: tcp, ports: "5432", why: [postgres],
            effective: false}]
actions:
  description:
    - What M(jsa.ports.firewall) would change, in the format of its own result. V(none) if the rules could not be
      compared.
  returned: when O(rules) is set
  type: dict
  sample: {created: [], changed: [jsa-in], removed: [], entries: {}}
diff:
  description: The rules before and after that change, as C(--diff) shows them. Empty if nothing would change.
  returned: when O(rules) is set
  type: list
  elements: dict
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._backends import compare as comparing
from ansible_collections.jsa.ports.plugins.module_utils._backends.detect import Options, select_backend
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import find_ssh_connection
from ansible_collections.jsa.ports.plugins.module_utils._observe.facts.gather import Product
from ansible_collections.jsa.ports.plugins.module_utils._printable import plain, printable
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import read_host_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.staged import LOG


def look(module):
    """The module's result. Raises FirewallError for invalid rules, and for a backend that the host does not have."""
    rules = None if module.params["rules"] is None else read_host_rules(module.params["rules"])
    backend = select_backend(module.params["backend"], Options(respect_denials=module.params["respect_denials"]))
    runs = backend.runs()
    result = {
        "changed": False,
        "backend": backend.name if runs else "none",
        "version": backend.version() if runs else None,
        "product": Product(backend.programs).gather(),
        "refuse": None,
    }
    if rules is not None:
        ssh_port, kept = module.params["ssh_port"], module.params["keep_controllers"]
        told = comparing.look(
            backend, rules, find_ssh_connection(), ssh_port, kept, module.warn, module.params["refuse"]
        )
        result.update(told)
    elif runs:
        result["refuse"] = comparing.enforcement(backend)
        if result["refuse"] == LOG:
            module.warn(printable(comparing.not_enforced(backend)))
    return result


def main():
    module = AnsibleModule(
        argument_spec={
            "backend": {"type": "str", "choices": ["auto", "firewalld", "appliance"], "default": "auto"},
            "rules": {"type": "dict"},
            "ssh_port": {"type": "int"},
            "keep_controllers": {"type": "int", "default": 3},
            "respect_denials": {"type": "bool", "default": False},
            "refuse": {"type": "str", "choices": ["enforce", "log"], "default": "enforce"},
        },
        supports_check_mode=True,
    )
    try:
        result = look(module)
    except FirewallError as error:
        module.fail_json(msg=printable(str(error)))
    module.exit_json(**plain(result))


if __name__ == "__main__":
    main()

#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.firewall_info: a thin shell over module_utils/_backends and _observe/facts."""

DOCUMENTATION = r"""
module: firewall_info
short_description: Tell which firewall a host has, what the host is, and whether its rules are as planned
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Finds out which firewall the host has, and on a JSA appliance what the product says about itself
    (C(/opt/qradar/bin/myver), C(/opt/qradar/conf/capabilities/hostcapabilities.xml), C(/opt/qradar/ha/bin/ha)).
  - With O(rules), compares files and kernel with them, and says where the site's own zones open what should be closed.
  - Changes nothing.
  - What cannot be known is V(none), never a guess. The forms of the product's answers that it understands are those
    that are quoted in public. Others are left unknown.
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
- name: Look at the hosts
  jsa.ports.firewall_info:
  register: found

- name: Tell the releases
  ansible.builtin.debug:
    msg: "{{ found.product.release }} UP{{ found.product.update_package }}"
  when: found.backend == "appliance"

- name: Compute the plan of the deployment
  jsa.ports.plan:
  run_once: true
  register: planned

- name: Compare this host with its part of it
  jsa.ports.firewall_info:
    rules: "{{ planned.plan.hosts[inventory_hostname] }}"
  register: compared

- name: Tell what is not as planned
  ansible.builtin.debug:
    msg: "{{ compared.reason or compared.differences }}"
  when: not compared.as_planned
"""

RETURN = r"""
backend:
  description: V(appliance) (JSA's own iptables), V(firewalld) (it runs), or V(none).
  returned: success
  type: str
  sample: firewalld
version:
  description: Version of firewalld, on an appliance of iptables. V(none) where it is not known.
  returned: success
  type: str
  sample: 1.3.3
product:
  description: What an appliance says about itself. Each value is V(none) where it is not known, and on other hosts.
  returned: success
  type: dict
  contains:
    name:
      description: What the product calls itself.
      type: str
      sample: JSA
    release:
      description: The release.
      type: str
      sample: 7.5.0
    update_package:
      description: Number of the update package.
      type: int
      sample: 8
    release_name:
      description: Both, in the product's own words.
      type: str
      sample: 7.5.0 UpdatePackage 8
    internal_version:
      description: The product's internal version.
      type: str
      sample: 2021.6.8.20240302192142
    appliance_type:
      description: Number of the appliance's type, or V(software).
      type: str
      sample: "1699"
    is_console:
      description: Whether it is the console.
      type: bool
      sample: false
    console_address:
      description: Address of the console.
      type: str
      sample: 10.0.0.1
    ha_role:
      description: Which node of an HA pair it is. V(none) where it is none.
      type: str
      sample: primary
    ha_state:
      description: State of that node.
      type: str
      sample: active
    operating_system:
      description: The operating system, as the product names it.
      type: str
      sample: Red Hat Enterprise Linux release 8.8 (Ootpa)
    fips:
      description: Whether FIPS mode is on.
      type: bool
      sample: false
    sources:
      description: Name of a value to where it comes from, for those that are known.
      type: dict
      sample: {release: /opt/qradar/bin/myver -v}
  sample: {name: JSA, release: 7.5.0, update_package: 8, sources: {release: /opt/qradar/bin/myver -v}}
as_planned:
  description: Whether files and kernel are what O(rules) says. V(none) where the firewall cannot be asked.
  returned: when O(rules) is set
  type: bool
  sample: false
reason:
  description: Why the firewall cannot be asked.
  returned: when O(rules) is set
  type: str
  sample: "firewalld is installed, but does not run (not running): systemctl enable --now firewalld"
differences:
  description: What is not as planned, object by object, in the files and in what runs.
  returned: when O(rules) is set
  type: list
  elements: str
  sample: ["has in what runs, policy jsa-in: accept tcp 6000 from anyone"]
openings:
  description:
    - Where a zone or policy of the site opens a port that the rules' C(internal) names, as M(jsa.ports.firewall)
      returns it. V(none) where nobody can tell.
  returned: when O(rules) is set
  type: list
  elements: dict
  sample: [{object: zone public, setting: service postgresql, protocol: tcp, ports: "5432", why: [postgres],
            effective: false}]
actions:
  description:
    - What M(jsa.ports.firewall) would change, in the form of its own result. V(none) where the firewall cannot be
      asked.
  returned: when O(rules) is set
  type: dict
  sample: {created: [], changed: [jsa-in], removed: [], entries: {}}
diff:
  description: The rules before and after that change, as C(--diff) shows them. Empty where there is none.
  returned: when O(rules) is set
  type: list
  elements: dict
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._backends.compare import compare, warnings_of
from ansible_collections.jsa.ports.plugins.module_utils._backends.detect import select_backend
from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import find_ssh_connection
from ansible_collections.jsa.ports.plugins.module_utils._observe.facts.gather import Product
from ansible_collections.jsa.ports.plugins.module_utils._rules.host_rules import read_host_rules


def look(module):
    """What the module returns. Raises FirewallError for rules that cannot be read, or a backend of other hosts."""
    rules = None if module.params["rules"] is None else read_host_rules(module.params["rules"])
    backend = select_backend(module.params["backend"])
    runs = backend.runs()
    result = {
        "changed": False,
        "backend": backend.name if runs else "none",
        "version": backend.version() if runs else None,
        "product": Product(backend.programs).gather(),
    }
    if rules is not None:
        for text in warnings_of(backend):
            module.warn(text)
        ssh_port, kept = module.params["ssh_port"], module.params["keep_controllers"]
        result.update(compare(backend, rules, find_ssh_connection(), ssh_port, kept))
    return result


def main():
    module = AnsibleModule(
        argument_spec={
            "backend": {"type": "str", "choices": ["auto", "firewalld", "appliance"], "default": "auto"},
            "rules": {"type": "dict"},
            "ssh_port": {"type": "int"},
            "keep_controllers": {"type": "int", "default": 3},
        },
        supports_check_mode=True,
    )
    try:
        result = look(module)
    except FirewallError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()

#!/usr/bin/python

# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.facts: a thin shell over module_utils/_observe/facts."""

DOCUMENTATION = r"""
module: facts
short_description: Tell what a host is, a JSA appliance or not, and which firewall it has
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Reads what an appliance offers (C(/opt/qradar/bin/myver), C(/opt/qradar/conf/capabilities/hostcapabilities.xml),
    C(/opt/qradar/ha/bin/ha)) and which firewall there is. Changes nothing.
  - Each fact says where it comes from. What cannot be known is V(none), never a guess.
  - The forms that it understands are those that are quoted in public. Others are left unknown.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options: {}
seealso:
  - module: jsa.ports.appliance_iptables
  - module: jsa.ports.firewalld_policy
"""

EXAMPLES = r"""
- name: Look at the hosts
  jsa.ports.facts:

- name: Tell the releases
  ansible.builtin.debug:
    msg: "{{ ansible_facts.jsa_ports.release }} UP{{ ansible_facts.jsa_ports.update_package }}"
  when: ansible_facts.jsa_ports.backend == "appliance"
"""

RETURN = r"""
ansible_facts:
  description: What is known of the host.
  returned: success
  type: dict
  contains:
    jsa_ports:
      description: All of it under one name.
      type: dict
      contains:
        backend:
          description: V(appliance) (JSA's own iptables), V(firewalld) (it runs), or V(none).
          type: str
          sample: appliance
        firewall_version:
          description: Version of firewalld, on an appliance of iptables.
          type: str
          sample: 1.8.4
        product:
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
          description: Fact to where it comes from, for those that are known.
          type: dict
          sample: {backend: /opt/qradar/bin/iptables_update.pl}
  sample: {jsa_ports: {backend: firewalld, firewall_version: 1.3.3, release: null}}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client
from ansible_collections.jsa.ports.plugins.module_utils._observe.facts.gather import Facts


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    module.exit_json(changed=False, ansible_facts={"jsa_ports": Facts(Client()).gather()})


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: outward_targets
short_description: Work out what the console of a JSA deployment contacts outside
version_added: 1.0.0
description:
  - Joins the catalog's outbound entries with the inventory into targets for M(jsa.ports.outward). Contacts nobody.
  - SMTP gateways, time, NFS and name servers are the single addresses in C(jsa_networks). Public servers are those of
    the catalog.
  - Run it with C(run_once).
  - Needs the Python library netaddr on the controller.
extends_documentation_fragment:
  - jsa.ports.attributes
  - jsa.ports.attributes.without_diff
options:
  public_servers:
    description:
      - V(none) leaves the public servers out.
      - A mapping of their names to what replaces them, each V(none) or a mapping with C(host), C(port) and C(name),
        the name that the certificate has to be for.
    type: raw
  dns_name:
    description: The name that name servers are asked for. By default the first public server's.
    type: str
seealso:
  - module: jsa.ports.outward
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: What the console contacts, through a mirror
  jsa.ports.outward_targets:
    public_servers:
      download.juniper.net: {host: mirror.example.org, port: 8443}
      license.xforce-security.com: none
  run_once: true
  register: outward
"""

RETURN = r"""
consoles:
  description: The hosts of the play that the targets are for.
  returned: success
  type: list
  elements: str
  sample: [con1]
targets:
  description: As M(jsa.ports.outward) takes them, with the catalog's C(id) and a C(purpose) for people.
  returned: success
  type: list
  elements: dict
  sample:
    - id: public_juniper_download
      purpose: JSA automatic updates
      kind: tls
      host: mirror.example.org
      port: 8443
left_out:
  description: What is not contacted, and why.
  returned: success
  type: list
  elements: str
  sample: ["ntp_out: jsa_networks.ntp_servers is not set"]
"""

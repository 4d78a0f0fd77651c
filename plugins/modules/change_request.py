#!/usr/bin/python
# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The documentation of an action plugin: everything happens on the controller, in plugins/action.

DOCUMENTATION = r"""
module: change_request
short_description: Write a change request for the network team
version_added: 1.0.0
description:
  - Writes which flows of the plan the firewalls of the network have to allow, as tables and in the languages of
    firewalls. Only flows between two zones are included. Flows inside a zone are counted.
  - A flow has one source network or address, one destination address, and one port or range. The virtual address of an
    HA pair is a destination, too.
  - The files only add to a firewall. What is to be removed is in files of its own.
  - Each format returns notes about the flows that it cannot express. No flow is left out without a note. The notes are
    printed, returned, and written to C(notes.txt).
  - If the play includes only some hosts of the deployment, only flows from or to these hosts are included.
  - Uses the inventory on the controller and contacts no host. Run it with C(run_once).
requirements:
  - The Python library netaddr on the controller.
  - The Python library xlsxwriter on the controller, for the format V(xlsx).
  - The Python library aerleon on the controller, for the formats V(paloalto), V(ciscoasa), V(nftables), and
    V(juniper).
extends_documentation_fragment:
  - jsa.ports.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: partial
    details:
      - Differences of XLSX files are not returned.
  idempotent:
    support: full
options:
  dest:
    description:
      - Folder on the controller for the files.
      - Files of an earlier request in the same formats that this request does not have are removed from it.
    type: path
    required: true
  formats:
    description:
      - V(csv) and V(xlsx) write C(flows_ipv4) and C(flows_ipv6) with one flow in each line, and C(grouped_ipv4) and
        C(grouped_ipv6) with the same flows in lists.
      - V(junos) writes C(junos.set) with lines for an SRX firewall, and, with O(since), C(junos_delete.set). With
        O(zones), the policies are between zones. Otherwise, they are global.
      - V(paloalto) writes C(set) commands for PAN-OS.
      - V(ciscoasa) writes lines of an access list. It supports IPv4 only.
      - V(nftables) writes a chain without a hook.
      - V(juniper) writes terms of a stateless filter of Junos.
    type: list
    elements: str
    choices: [csv, xlsx, junos, paloalto, ciscoasa, nftables, juniper]
    default: [csv, xlsx, junos]
  since:
    description:
      - A saved plan that the firewalls of the network already allow. Only the differences are written.
    type: path
  plan_file:
    description: A saved plan that is used instead of computing one.
    type: path
  zones:
    description:
      - The zones of the network, each with one CIDR or a list of CIDRs. If an address is in several of them, the most
        specific CIDR decides.
      - A source that is larger than a zone is requested for each zone that it contains.
      - If it is not set, the networks of the hosts' addresses are the zones, see O(prefix) and O(prefix_ipv6).
    type: dict
  prefix:
    description: The prefix length of the networks that are zones if O(zones) is not set, for IPv4.
    type: int
    default: 24
  prefix_ipv6:
    description: The same as O(prefix) for IPv6.
    type: int
    default: 64
  columns:
    description:
      - The headings of the tables, in their order, each with the name of a column, or with C({text}) for the same text
        in each line.
      - The columns are C(id), C(change), C(source_name), C(source_ip), C(source_zone), C(destination_name),
        C(destination_ip), C(destination_zone), C(protocol), C(port), C(service), C(initiator), C(application),
        C(justification), C(reference), C(condition), C(confidence), C(owner), C(requested_from), C(expiry), and
        C(status). If it is not set, the tables have all of them.
    type: dict
  owner:
    description: The content of the column C(owner).
    type: str
    default: ''
  requested_from:
    description: The content of the column C(requested_from), for example a date.
    type: str
    default: ''
  expiry:
    description: The content of the column C(expiry), for example a date.
    type: str
    default: ''
  bom:
    description: Whether CSV files begin with a byte order mark, which some programs need to recognize UTF-8.
    type: bool
    default: false
  discovered:
    description: As in M(jsa.ports.plan).
    type: dict
  discovered_file:
    description: As in M(jsa.ports.plan). The file is not changed.
    type: path
seealso:
  - module: jsa.ports.plan
author:
  - the jsa.ports authors (@jsa-ports)
"""

EXAMPLES = r"""
- name: Write what the network has to allow
  jsa.ports.change_request:
    dest: request
    zones:
      core: 10.0.0.0/24
      dmz: [10.0.1.0/24, 10.0.2.0/24]
  run_once: true

- name: Write a table with the headings of our own form
  jsa.ports.change_request:
    dest: request
    formats: [csv]
    columns:
      Source: source_ip
      Destination: destination_ip
      Service: service
      Action: {text: accept}
      Business justification: justification
    expiry: "2027-06-30"
  run_once: true
"""

RETURN = r"""
files:
  description: The names of the files in O(dest).
  returned: success
  type: list
  elements: str
  sample: [flows_ipv4.csv, grouped_ipv4.csv, junos.set, notes.txt]
removed:
  description: The names of the outdated files that were removed.
  returned: success
  type: list
  elements: str
  sample: []
notes:
  description:
    - By format, what it cannot express, and what to know before its files are used. The key C(request) contains the
      notes for all formats.
  returned: success
  type: dict
  sample:
    request:
      - "left out: 24 flows inside one of the zones of jsa_zones"
    ciscoasa:
      - "left out, because aerleon does not write it for ciscoasa: 22 flows of IPv6"
summary:
  description: The number of flows to add, to remove, and inside of zones.
  returned: success
  type: dict
  sample:
    add: 52
    remove: 0
    inside_zones: 24
"""

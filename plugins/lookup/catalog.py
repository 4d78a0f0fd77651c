# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: catalog
short_description: Look up the ports of Juniper Secure Analytics
version_added: 1.0.0
author: the jsa.ports authors (@jsa-ports)
description:
  - Returns entries of the catalog that the collection computes its rules from. Each entry describes one purpose of
    open ports, with the flows between roles, the rows of Juniper's documents that it is based on, and its confidence.
  - Options filter the selection. An entry must match all options that are set, and at least one value of an option
    with several values.
  - Runs on the controller and contacts no host.
options:
  _terms:
    description:
      - What to look up. Each term is the id of an entry (V(ariel_query)), a port (V(514)), or a port with its
        protocol (V(514/udp)). Lists of terms are flattened.
      - A port selects every entry that lists it, alone or within a range. Ports that a service chooses when it starts
        are not listed.
      - The entries are returned in the order of the terms, each once. The entries of a port are sorted by the size of
        their range, smallest first. Without terms, all entries are returned, in the order of their ports.
      - A term that matches no entry is an error. If the options exclude all entries, the list is empty.
    type: list
    elements: raw
    required: false
  role:
    description:
      - Only entries with a flow in which a host with this role takes part. One of V(console), V(event_collector),
        V(event_processor), V(flow_collector), V(flow_processor), V(data_node), V(app_host), V(risk_manager),
        V(vulnerability_processor), V(vulnerability_scanner).
      - A processor includes the collector of its kind, so V(event_processor) also finds the entries of
        V(event_collector). Entries for all hosts, or for all hosts but the console, match each role.
      - V(any_host) and V(managed_host) find the entries for all hosts, or for all hosts but the console.
    type: str
  direction:
    description:
      - Seen from the hosts with O(role), which is required. With V(inbound), they listen; with V(outbound), they
        initiate the connection or send the first packet.
      - Flows of a host with itself or with the other node of its HA pair have both directions.
    type: str
  peer:
    description:
      - Only entries with a flow whose other side, seen from O(role), is this. Without O(role), either side.
      - Takes all values of O(role), with the same meaning; V(self) for the host itself and V(ha_peer) for the other
        node of its HA pair; V(management_modules) for the hardware; and the networks outside the deployment, which
        are V(admin), V(users), V(api_clients), V(log_sources), V(flow_sources), V(wincollect_agents),
        V(snmp_managers), V(packet_capture_sources), V(off_site_sources), V(disconnected_log_collectors),
        V(certificate_clients), V(smtp_gateways), V(ntp_servers), V(nfs_servers), V(windows_hosts), V(public_servers),
        V(polled_sources), V(vendor_apis), V(forwarding_targets), V(off_site_targets), V(ldap_servers),
        V(radius_servers), V(network_devices).
    type: str
  protocol:
    description: Only entries with one of these protocols, V(tcp), V(udp), V(icmp).
    type: list
    elements: str
  exposure:
    description:
      - Only entries with one of these exposures.
      - V(inter_host) is between hosts of the deployment, V(external_in) comes from outside, V(outbound) goes outside,
        V(ha) is between the nodes of an HA pair. V(local_only) and V(tunnel_local) stay on the host, V(hardware)
        belongs to management hardware, V(obsolete) to releases of the past, and of V(unknown) no source says who
        takes part.
    type: list
    elements: str
  feature:
    description:
      - Only entries that depend, as a whole or in part, on one of these features (C(jsa_features)), which are
        V(api_polling), V(dlc), V(email), V(event_forwarding), V(fibre_channel), V(fips), V(ftp_polling),
        V(http_receiver), V(jdbc_polling), V(json_receiver), V(ldap_login), V(log_file_protocol), V(nfs_client),
        V(nfs_export), V(off_site_forwarding), V(packet_capture), V(radius_login), V(risk_adapters), V(snmp_agent),
        V(srx_binary_logs), V(tls_syslog), V(udp_multiline), V(wincollect), V(windows_polling).
    type: list
    elements: str
  document:
    description:
      - Only entries that are based on a row of one of these documents, the tables of Juniper's administration guide
        (V(administration_guide)) and of its installation guide (V(installation_guide)).
    type: list
    elements: str
  confidence:
    description: Only entries whose listener and initiator have this confidence, V(high), V(medium), or V(low).
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression that is applied to the list of entries. Every entry has all keys, so an expression does
        not need to test for them.
      - If the result is a list, it is returned unchanged. Null becomes an empty list, and any other result becomes the
        only element of a list.
    type: str
requirements:
  - jmespath, for O(query) only
notes:
  - Use C(query(...)) or C(lookup(..., wantlist=true)) if you expect a list. As with every lookup plugin,
    C(lookup(...)) alone returns a single result without its list, and joins strings with commas.
"""

EXAMPLES = r"""
- name: What is port 32006 for?
  ansible.builtin.debug:
    msg: "{{ query('jsa.ports.catalog', '32006/tcp', query='[].{id: id, purpose: purpose}') }}"

- name: Show the rows that one entry is based on
  ansible.builtin.debug:
    msg: "{{ entry.service }}: {{ entry.statements | map(attribute='says') | join(' / ') }}"
  vars:
    entry: "{{ lookup('jsa.ports.catalog', 'si_registry') }}"

- name: List the entries for what the console contacts on an event processor
  ansible.builtin.debug:
    msg: >-
      {{ query('jsa.ports.catalog', role='event_processor', direction='inbound', peer='console', query='[].id') }}

- name: Show where Juniper's documents disagree
  ansible.builtin.debug:
    msg: "{{ query('jsa.ports.catalog', query='[?disagreement].{id: id, reason: disagreement.reason}') }}"

- name: Look up several entries, one at a time
  ansible.builtin.debug:
    msg: "{{ item.id }} is {{ item.confidence }}"
  with_jsa.ports.catalog: [ssh, 514/udp]
"""

RETURN = r"""
_raw:
  description:
    - The entries, or the result of O(query).
  type: list
  elements: raw
  contains:
    id:
      description: Name of the entry. It is not the port; 9381, 514 and 22 serve several purposes each.
      type: str
      sample: ariel_query
    service:
      description: The service that listens.
      type: str
      sample: Ariel queries
    purpose:
      description: The purpose of the flows.
      type: str
      sample: Searches of the console's Ariel proxy in the databases of processors and data nodes.
    protocols:
      description: V(tcp), V(udp), both, or V(icmp).
      type: list
      elements: str
      sample: [tcp]
    ports:
      description: Ports and ranges. Empty for ICMP, and where all ports are dynamic.
      type: list
      elements: str
      sample: ["32006"]
    exposure:
      description: One of the values of O(exposure).
      type: str
      sample: inter_host
    confidence:
      description: Confidence in listener and initiator, V(high), V(medium), or V(low).
      type: str
      sample: high
    when:
      description: When the entry applies. All conditions that are set must be met.
      type: dict
      contains:
        features:
          description: Features that the listening host must have, or the initiator if the flow leaves the deployment.
          type: list
          elements: str
          sample: [snmp_agent]
        without_features:
          description: Features that it must not have.
          type: list
          elements: str
          sample: []
        deployment_roles:
          description: Roles that some host of the deployment must have.
          type: list
          elements: str
          sample: [app_host]
        release_from:
          description: First release to which it applies, or null.
          type: str
          sample: 7.3.3
        release_before:
          description: First release to which it does not apply any more, or null.
          type: str
          sample: 7.5.0 UP6
    flows:
      description: Who contacts whom. Each initiator of a flow may contact each of its listeners.
      type: list
      elements: dict
      contains:
        listeners:
          description: Roles, V(any_host), V(managed_host), V(management_modules), or networks outside.
          type: list
          elements: str
          sample: [event_processor, flow_processor]
        initiators:
          description: Roles, V(any_host), V(managed_host), V(self), V(ha_peer), or networks outside.
          type: list
          elements: str
          sample: [console]
        encryption:
          description:
            - The effect on the flow if one of the two hosts is encrypted.
            - V(carrier) carries the tunnels, V(open) stays as it is, V(tunnelled) no longer needs a port of its own,
              V(only_encrypted) exists only then, V(unaffected) is no flow between two hosts of the deployment.
          type: str
          sample: tunnelled
        attached:
          description: Whether it is only between a collector or data node and the processor that it reports to.
          type: bool
          sample: false
        same_processor:
          description: Whether it is only between hosts that report to the same processor.
          type: bool
          sample: false
        when:
          description: As RV(_raw[].when), for this flow alone.
          type: dict
          sample:
            features: []
            without_features: []
            deployment_roles: []
            release_from: null
            release_before: null
    dynamic:
      description: Ports that only the running service knows, or null.
      type: dict
      contains:
        ports:
          description: The range of these ports.
          type: str
          sample: 32001-65535
        count:
          description: The number of these ports, or null if no source gives it.
          type: int
          sample: 4
        discovery:
          description: How the ports are discovered; V(imq_port_mapper), V(rpcbind) or V(none).
          type: str
          sample: imq_port_mapper
    ports_with:
      description: For each feature that changes them, the ports of a host with it.
      type: dict
      sample: {fips: ["7777-7783", "7788"]}
    server:
      description: Name or address of the public server, or null.
      type: str
      sample: download.juniper.net
    replaced_by:
      description: ID of the entry that replaces this one if one of the hosts is encrypted, or null.
      type: str
      sample: socat_ntp
    statements:
      description: The rows of the documents that the entry is based on.
      type: list
      elements: dict
      contains:
        document:
          description: One of the values of O(document).
          type: str
          sample: administration_guide
        table:
          description: V(ports) for the table of listening ports, V(servers) for that of public servers.
          type: str
          sample: ports
        row:
          description: Number of the row, from 1.
          type: int
          sample: 61
        ports:
          description: The ports that the row names; V(dynamic) stands for ports that it leaves open.
          type: list
          elements: str
          sample: ["32006"]
        protocols:
          description: The protocols that the row names.
          type: list
          elements: str
          sample: [tcp]
        says:
          description: Direction and use according to the row, in the words of this collection.
          type: str
          sample: Both ways between components; Ariel's proxy server and its query server.
    evidence:
      description: What other public sources say.
      type: list
      elements: dict
      contains:
        source:
          description: The source, with its address where it has one.
          type: str
          sample: IBM support document 1086363 (https://www.ibm.com/support/pages/node/1086363)
        says:
          description: What the source says, in the words of this collection.
          type: str
          sample: A flow collector logs that it lost its connection to port 32010 of another host.
    disagreement:
      description: The differences between the documents, or null.
      type: dict
      contains:
        readings:
          description:
            - What each document says. V(app_hosts_page) and V(wincollect_page) are further pages of Juniper, where one
              of them contradicts both documents.
          type: dict
          sample: {administration_guide: TCP., installation_guide: No protocol.}
        verdict:
          description: The document or page that the entry follows, or V(both) or V(neither).
          type: str
          sample: administration_guide
        reason:
          description: The reason for the verdict.
          type: str
          sample: The cell was lost.
"""

import copy

from collections.abc import Iterable
from typing import Any

from ansible.errors import AnsibleLookupError, AnsibleOptionsError
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.lookup import LookupBase

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import CatalogError, load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.selection import Filters, select
from ansible_collections.jsa.ports.plugins.plugin_utils._suggestions import expected

try:
    import jmespath
except ImportError:
    HAS_JMESPATH = False
else:
    HAS_JMESPATH = True

_NAME = "jsa.ports.catalog"
_ONE = ("role", "direction", "peer")
_SEVERAL = ("protocol", "exposure", "feature", "document", "confidence")
_OPTIONS = (*_ONE, *_SEVERAL, "query")


class LookupModule(LookupBase):
    """Selects entries of the catalog. Contacts no host."""

    def run(self, terms: Iterable[object], variables: Any = None, **kwargs: Any) -> list[Any]:
        """The entries, or the result of the option ``query``.

        Raises AnsibleOptionsError for a wrong option, and AnsibleLookupError for a term that matches no entry.
        """
        # Loops of the form with_... pass it on.
        kwargs.pop("wantlist", None)
        problems = [f"unknown option {name!r}; {expected(name, _OPTIONS)}" for name in kwargs if name not in _OPTIONS]
        if not problems:
            self.set_options(var_options=variables, direct=kwargs)
            filters = self._filters()
            problems = filters.problems()
        if problems:
            raise AnsibleOptionsError(f"{_NAME}: {'; '.join(problems)}")
        try:
            catalog = load_catalog()
        except CatalogError as error:
            raise AnsibleLookupError(f"{_NAME}: the catalog is damaged:\n{error}") from None
        entries, problems = select(catalog, self._flatten(terms), filters)
        if problems:
            raise AnsibleLookupError(f"{_NAME}: {'; '.join(problems)}")
        found = [copy.deepcopy(entry.raw) for entry in entries]
        expression = self.get_option("query")
        return found if expression is None else _search(expression, found)

    def _filters(self) -> Filters:
        given: dict[str, Any] = {name: self.get_option(name) for name in _ONE}
        given.update((name, tuple(self.get_option(name) or ())) for name in _SEVERAL)
        return Filters(**given)


def _search(expression: str, entries: list[dict[str, Any]]) -> list[Any]:
    if not HAS_JMESPATH:
        raise AnsibleLookupError(missing_required_lib("jmespath", reason=f"for the option query of {_NAME}"))
    try:
        result = jmespath.search(expression, entries)
    except jmespath.exceptions.JMESPathError as error:
        # ansible-core from 2.19 on appends the message of a cause, which is in this one already.
        example = "[?exposure=='inter_host'].{id: id, ports: ports}"
        raise AnsibleLookupError(
            f"{_NAME}: query: {expression!r} is not a valid JMESPath expression for a list of entries; for example, "
            f'"{example}". {error}'
        ) from None
    if result is None:
        return []
    return result if isinstance(result, list) else [result]

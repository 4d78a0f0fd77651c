# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names that catalog, topology and plan share. Each is spelled here once."""

from __future__ import annotations

#: What a host of the deployment can be. "JSA Flow Processor" of the documents' rows 2055, 9995, 32000 and 32010 is
#: the flow collector here: Juniper renamed QRadar's flow collector so, and kept "Flow Processor" for the processor.
ROLES: tuple[str, ...] = (
    "console",
    "event_collector",
    "event_processor",
    "flow_collector",
    "flow_processor",
    "data_node",
    "app_host",
    "risk_manager",
    "vulnerability_processor",
    "vulnerability_scanner",
)

#: A processor has the collector of its kind on board.
IMPLIED_ROLES: dict[str, str] = {
    "event_processor": "event_collector",
    "flow_processor": "flow_collector",
}

#: Sets of hosts that a flow can name instead of roles: every host of the deployment, and every one but the console.
HOST_GROUPS: tuple[str, ...] = ("any_host", "managed_host")

#: The other node of the same HA pair, and the host itself (over loopback).
HA_PEER = "ha_peer"
SELF = "self"

#: Networks outside the deployment from which JSA is contacted: the keys of ``jsa_networks``.
SOURCE_NETWORKS: tuple[str, ...] = (
    "admin",
    "users",
    "api_clients",
    "log_sources",
    "flow_sources",
    "wincollect_agents",
    "snmp_managers",
    "packet_capture_sources",
    "off_site_sources",
    "disconnected_log_collectors",
    "certificate_clients",
)

#: What JSA contacts outside the deployment. ``log_sources`` and ``wincollect_agents`` are contacted too.
DESTINATION_NETWORKS: tuple[str, ...] = (
    "smtp_gateways",
    "ntp_servers",
    "nfs_servers",
    "windows_hosts",
    "public_servers",
    "polled_sources",
    "vendor_apis",
    "forwarding_targets",
    "off_site_targets",
    "ldap_servers",
    "radius_servers",
    "network_devices",
)

#: A key of ``jsa_networks`` that no flow has: no row of the documents speaks of name servers.
NAME_SERVERS = "dns_servers"

#: Everything outside the deployment that a flow can have as its listener.
OUTSIDE_LISTENERS: tuple[str, ...] = (*DESTINATION_NETWORKS, "log_sources", "wincollect_agents")

#: Management hardware: beside the host, never behind its firewall.
HARDWARE = "management_modules"

EXPOSURES: tuple[str, ...] = (
    "inter_host",
    "external_in",
    "outbound",
    "local_only",
    "tunnel_local",
    "ha",
    "hardware",
    "obsolete",
    "unknown",
)

#: What host encryption does to a flow between two hosts of the deployment, of which one or both are encrypted.
#: carrier: it carries the tunnels; open: stays as it is; tunnelled: needs no port of its own any more;
#: only_encrypted: exists only then; unaffected: no flow between two hosts of the deployment.
ENCRYPTION: tuple[str, ...] = ("carrier", "open", "tunnelled", "only_encrypted", "unaffected")

PROTOCOLS: tuple[str, ...] = ("tcp", "udp", "icmp")

#: What a host does with packets for ports that the catalog does not list for it: its own zones decide, or none gets in.
UNLISTED: tuple[str, ...] = ("zone", "reject", "drop")

CONFIDENCES: tuple[str, ...] = ("high", "medium", "low")

#: What is opened where the site does not choose: nothing that no source explains.
DEFAULT_CONFIDENCES: tuple[str, ...] = ("high", "medium")

#: Between which hosts the data range is open: those with a listed data flow, all of them, or none. The first is the
#: default.
DATA_PORTS: tuple[str, ...] = ("paired", "range", "listed")

#: The two documents the catalog rests on, and the title under which a reader finds each.
DOCUMENTS: dict[str, str] = {
    "administration_guide": "Juniper Secure Analytics Administration Guide, JSA Port Usage",
    "installation_guide": "Juniper Secure Analytics Installation Guide, Common Ports and Servers Used by JSA",
}

#: How many rows each table of each document has: "ports" is the table of listening ports, "servers" that of public
#: servers, which only one of the documents contains.
DOCUMENT_TABLES: dict[tuple[str, str], int] = {
    ("administration_guide", "ports"): 68,
    ("installation_guide", "ports"): 68,
    ("installation_guide", "servers"): 5,
}

#: Further pages of Juniper's that contradict a row of both documents, and the title under which a reader finds each.
PAGES: dict[str, str] = {
    "app_hosts_page": (
        "Juniper Secure Analytics Administration Guide, App Hosts (https://www.juniper.net/documentation/us/en/"
        "software/jsa7.5.0/jsa-admin/topics/concept/concept-jsa-admin-app-host.html)"
    ),
    "wincollect_page": (
        "Juniper Secure Analytics WinCollect User Guide, Communication Between WinCollect Agents and JSA "
        "(https://www.juniper.net/documentation/us/en/software/jsa7.5.0/jsa-wincollect/topics/concept/"
        "jsa-wincollect-communication-between-wincollect-agents-and.html)"
    ),
}

#: How ports that a service chooses itself are found out.
DISCOVERIES: tuple[str, ...] = ("imq_port_mapper", "rpcbind", "none")

#: Features of a host that a condition of the catalog asks for: the values of ``jsa_features``.
FEATURES: tuple[str, ...] = (
    "api_polling",
    "dlc",
    "email",
    "event_forwarding",
    "fibre_channel",
    "fips",
    "ftp_polling",
    "http_receiver",
    "jdbc_polling",
    "json_receiver",
    "ldap_login",
    "log_file_protocol",
    "nfs_client",
    "nfs_export",
    "off_site_forwarding",
    "packet_capture",
    "radius_login",
    "risk_adapters",
    "snmp_agent",
    "srx_binary_logs",
    "tls_syslog",
    "udp_multiline",
    "wincollect",
    "windows_polling",
)

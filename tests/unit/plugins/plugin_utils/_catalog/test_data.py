# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the catalog has to say, typed by hand: who may contact whom on what, and what must stay closed."""

from __future__ import annotations

import itertools

import pytest
import yaml

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog import loader
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.releases import applies, parse_release
from ansible_collections.jsa.ports.plugins.plugin_utils._vocabulary import (
    DESTINATION_NETWORKS,
    FEATURES,
    PAGES,
    ROLES,
    SOURCE_NETWORKS,
)

CATALOG = load_catalog()

# Between hosts with all features, all confidences and the newest release. data_range, which holds between any two
# unencrypted hosts, is left out everywhere.
TO_CONSOLE = {
    "ssh",
    "https",
    "ntp_mh",
    "rpcbind",
    "cert_download",
    "localca",
    "postgres",
    "rmi",
    "syslog_internal",
    "si_registry",
    "snmp_trap",
    "snmp_smux",
}
FROM_CONSOLE = {"ssh", "imq", "imq_dynamic"}
EVENTS = {"norm_events", "ec_data", "identity"}
FLOWS = {"norm_flows", "flow_listen"}
SEARCH = {"ariel_query", "ariel_listen"}
STREAMS = {"stream_events", "stream_flows", "ade", "ecs"}

UNENCRYPTED = {
    # (initiator, listener): ids
    ("event_collector", "console"): TO_CONSOLE | EVENTS | STREAMS,
    ("event_processor", "console"): TO_CONSOLE | EVENTS | STREAMS | SEARCH | {"offense"},
    ("flow_collector", "console"): TO_CONSOLE | FLOWS,
    ("flow_processor", "console"): TO_CONSOLE | FLOWS | SEARCH | {"stream_flows", "ade", "offense"},
    ("data_node", "console"): TO_CONSOLE | SEARCH,
    ("app_host", "console"): TO_CONSOLE | {"syslog_app_host"},
    ("risk_manager", "console"): TO_CONSOLE | {"rm_internal"},
    ("vulnerability_processor", "console"): TO_CONSOLE,
    ("vulnerability_scanner", "console"): TO_CONSOLE,
    ("console", "event_collector"): FROM_CONSOLE | {"identity"},
    ("console", "event_processor"): FROM_CONSOLE | {"identity"} | SEARCH,
    ("console", "flow_collector"): FROM_CONSOLE,
    ("console", "flow_processor"): FROM_CONSOLE | SEARCH,
    ("console", "data_node"): FROM_CONSOLE | SEARCH,
    ("console", "app_host"): FROM_CONSOLE | {"conman", "traefik"},
    ("console", "risk_manager"): FROM_CONSOLE | {"rm_internal"},
    ("console", "vulnerability_processor"): FROM_CONSOLE | {"qvm_tomcat", "qvm_cmd", "qvm_postgres"},
    ("console", "vulnerability_scanner"): FROM_CONSOLE,
    ("event_collector", "event_collector"): EVENTS,
    ("event_collector", "event_processor"): EVENTS,
    ("event_processor", "event_collector"): EVENTS,
    ("event_processor", "event_processor"): EVENTS,
    ("flow_collector", "event_processor"): FLOWS,
    ("flow_collector", "flow_processor"): FLOWS,
    ("flow_processor", "event_processor"): FLOWS,
    ("flow_processor", "flow_processor"): FLOWS,
    ("event_processor", "data_node"): SEARCH,
    ("flow_processor", "data_node"): SEARCH,
    ("data_node", "event_processor"): SEARCH,
    ("data_node", "flow_processor"): SEARCH,
    ("data_node", "data_node"): SEARCH,
}

STAYS_OPEN = {"ssh", "rpcbind", "cert_download", "localca", "si_registry", "snmp_trap", "snmp_smux", "socat_ntp"}

ENCRYPTED = {
    **{(role, "console"): STAYS_OPEN for role in ROLES if role != "console"},
    **{("console", role): {"ssh"} for role in ROLES if role != "console"},
    ("data_node", "console"): STAYS_OPEN | SEARCH,
    ("console", "data_node"): {"ssh"} | SEARCH,
    ("event_processor", "data_node"): SEARCH,
    ("flow_processor", "data_node"): SEARCH,
    ("data_node", "event_processor"): SEARCH,
    ("data_node", "flow_processor"): SEARCH,
    ("data_node", "data_node"): SEARCH,
    ("app_host", "console"): STAYS_OPEN | {"https", "syslog_app_host"},
    ("console", "app_host"): {"ssh", "traefik_enc", "conman_enc"},
    ("risk_manager", "console"): STAYS_OPEN | {"rm_tunnel", "rm_internal"},
    ("console", "risk_manager"): {"ssh", "rm_tunnel", "rm_internal"},
}

LOGS = {
    "syslog",
    "syslog_tls",
    "snmp_trap",
    "snmp_smux",
    "srx_binary_logs",
    "http_receiver",
    "udp_multiline",
    "json_receiver",
}
FROM_OUTSIDE = {
    # (network, listener): ids
    **{("admin", role): {"ssh"} for role in ROLES},
    **{("users", role): {"emulex"} for role in ROLES},
    ("admin", "management_modules"): {"imm_rdp"},
    ("users", "console"): {"https", "rpcbind", "emulex"},
    ("api_clients", "console"): {"https"},
    ("wincollect_agents", "console"): {"https", "syslog", "syslog_tls", "wincollect_cfg"},
    ("wincollect_agents", "event_collector"): {"syslog", "syslog_tls", "wincollect_cfg_collectors"},
    ("wincollect_agents", "event_processor"): {"syslog", "syslog_tls", "wincollect_cfg_collectors"},
    **{("log_sources", role): LOGS for role in ("console", "event_collector", "event_processor")},
    **{("disconnected_log_collectors", role): {"dlc"} for role in ("console", "event_collector", "event_processor")},
    ("flow_sources", "flow_collector"): {"netflow_2055", "netflow_9995"},
    ("flow_sources", "flow_processor"): {"netflow_2055", "netflow_9995"},
    ("snmp_managers", "console"): {"snmpd"},
    ("packet_capture_sources", "console"): {"pcap"},
    ("packet_capture_sources", "event_collector"): {"pcap"},
    ("packet_capture_sources", "event_processor"): {"pcap"},
    ("off_site_sources", "console"): {"norm_flows", "norm_events"},
    ("off_site_sources", "event_collector"): {"norm_flows", "norm_events"},
    ("off_site_sources", "event_processor"): {"norm_flows", "norm_events"},
    ("off_site_sources", "flow_processor"): {"norm_flows"},
    ("certificate_clients", "console"): {"cert_download"},
}

WINDOWS = {"dcom", "netbios_ns", "netbios_dgm", "netbios_ssn", "smb"}
NFS = {"nfs", "nfs_mountd", "nfs_mountd_rhel", "nfs_rpcbind"}
COLLECTING = ("console", "event_collector", "event_processor")
OFF_SITE = {"off_site_target", "off_site_target_ssh"}
TO_OUTSIDE = {
    # (initiator, destination): ids
    **{(role, "smtp_gateways"): {"smtp"} for role in ROLES},
    ("console", "ntp_servers"): {"ntp_out"},
    ("console", "nfs_servers"): NFS,
    ("console", "windows_hosts"): WINDOWS,
    ("event_collector", "windows_hosts"): WINDOWS,
    ("event_processor", "windows_hosts"): WINDOWS,
    ("wincollect_agents", "windows_hosts"): WINDOWS,
    **{(role, "polled_sources"): {"ssh_out_logfile", "jdbc_polling", "ftp_polling"} for role in COLLECTING},
    **{(role, "vendor_apis"): {"api_polling"} for role in COLLECTING},
    **{(role, "forwarding_targets"): {"forwarding"} for role in COLLECTING},
    **{(role, "off_site_targets"): OFF_SITE for role in (*COLLECTING, "flow_collector", "flow_processor")},
    ("console", "ldap_servers"): {"ldap_login"},
    ("console", "radius_servers"): {"radius_login"},
    ("risk_manager", "network_devices"): {"risk_adapters", "risk_adapters_snmp"},
    ("console", "public_servers"): {"public_juniper_download", "public_xforce_update", "public_xforce_license"},
}

STAYS_ON_THE_HOST = {
    "local_only": {
        "syslogng_local",
        "docker",
        "jmx",
        "arc_builder",
        "tomcat_ctl",
        "tomcat_ajp",
        "tomcat_http",
        "xforce_db",
        "vault",
        "app_containers",
    },
    "tunnel_local": {"syslog_tunnel", "ssh_tunnel_local"},
    "unknown": {"arp_redirect", "ecs_soap"},
}

CONFIDENCE = {
    "low": {
        "rpcbind",
        "postgres",
        "arp_redirect",
        "syslog_tunnel",
        "rmi",
        "rm_internal",
        "qvm_postgres",
        "ecs_soap",
        "identity",
        "public_vuln_scanner_1",
        "public_vuln_scanner_2",
    },
    "medium": {
        "netbios_dgm",
        "snmp_smux",
        "nfs_mountd",
        "nfs",
        "nfs_rpcbind",
        "nfs_mountd_rhel",
        "syslog_app_host",
        "wincollect_cfg_collectors",
        "http_receiver",
        "json_receiver",
        "dlc",
        "app_containers",
        "jdbc_polling",
        "ftp_polling",
        "api_polling",
        "forwarding",
        "off_site_target",
        "off_site_target_ssh",
        "ldap_login",
        "radius_login",
        "imq_dynamic",
        "stream_events",
        "stream_flows",
        "ade",
        "ecs",
        "rm_tunnel",
        "snmpd",
        "localca",
        "emulex",
        "norm_flows",
        "norm_events",
        "ec_data",
        "offense",
        "ariel_listen",
        "pcap",
        "public_juniper_download",
        "public_xforce_update",
        "public_xforce_license",
    },
}

SCANNER_UNTIL_UP6 = {
    ("vulnerability_scanner", "vulnerability_processor"): {"qvm_cmd", "qvm_postgres"},
    ("vulnerability_scanner", "console"): {"identity"},
    ("vulnerability_scanner", "event_collector"): {"identity"},
    ("vulnerability_scanner", "event_processor"): {"identity"},
    ("vulnerability_processor", "public_servers"): {"public_vuln_scanner_1", "public_vuln_scanner_2"},
}

FEATURE_OF = {
    "email": {"smtp"},
    "fibre_channel": {"emulex"},
    "fips": {"jmx"},
    "log_file_protocol": {"ssh_out_logfile"},
    "nfs_client": NFS,
    "nfs_export": {"rpcbind"},
    "packet_capture": {"pcap"},
    "snmp_agent": {"snmp_trap", "snmp_smux", "snmpd"},
    "tls_syslog": {"syslog_tls"},
    "wincollect": {"wincollect_cfg", "wincollect_cfg_collectors", "syslog", "syslog_tls", "https"},
    "srx_binary_logs": {"srx_binary_logs"},
    "http_receiver": {"http_receiver"},
    "udp_multiline": {"udp_multiline"},
    "json_receiver": {"json_receiver"},
    "dlc": {"dlc"},
    "jdbc_polling": {"jdbc_polling"},
    "ftp_polling": {"ftp_polling"},
    "api_polling": {"api_polling"},
    "event_forwarding": {"forwarding"},
    "off_site_forwarding": OFF_SITE,
    "ldap_login": {"ldap_login"},
    "radius_login": {"radius_login"},
    "risk_adapters": {"risk_adapters", "risk_adapters_snmp"},
    "windows_polling": WINDOWS,
}


def names(name):
    known = {name}
    if name in ROLES:
        known |= {"any_host"} | ({"managed_host"} if name != "console" else set())
        known |= {"event_processor": {"event_collector"}, "flow_processor": {"flow_collector"}}.get(name, set())
    return known


def opened(initiator, listener, closed_by_encryption=(), release=None):
    release = parse_release(release)
    return {
        entry.id
        for entry in CATALOG.values()
        if entry.id != "data_range" and applies(release, entry.when.release_from, entry.when.release_before)
        for flow in entry.flows
        if flow.encryption not in closed_by_encryption
        and applies(release, flow.when.release_from, flow.when.release_before)
        and names(listener) & set(flow.listeners)
        and names(initiator) & set(flow.initiators)
    }


@pytest.mark.parametrize("pair", list(itertools.product(ROLES, ROLES)), ids="-".join)
def test_between_unencrypted_hosts(pair):
    assert opened(*pair, closed_by_encryption=("only_encrypted",)) == UNENCRYPTED.get(pair, set())


@pytest.mark.parametrize("pair", list(itertools.product(ROLES, ROLES)), ids="-".join)
def test_between_encrypted_hosts(pair):
    assert opened(*pair, closed_by_encryption=("tunnelled",)) == ENCRYPTED.get(pair, set())


@pytest.mark.parametrize("network", SOURCE_NETWORKS)
def test_from_outside(network):
    for listener in (*ROLES, "management_modules"):
        assert opened(network, listener) == FROM_OUTSIDE.get((network, listener), set()), listener


@pytest.mark.parametrize("destination", [*DESTINATION_NETWORKS, "log_sources"])
def test_to_outside(destination):
    for initiator in (*ROLES, *SOURCE_NETWORKS):
        assert opened(initiator, destination) == TO_OUTSIDE.get((initiator, destination), set()), initiator


def test_the_end_of_the_scanner():
    for pair in itertools.product(ROLES, (*ROLES, "public_servers")):
        gone = opened(*pair, release="7.5.0 UP5") - opened(*pair, release="7.5.0 UP6")
        assert gone == SCANNER_UNTIL_UP6.get(pair, set()), pair
        assert opened(*pair, release="7.5.0 UP6") == opened(*pair), pair


def test_the_end_of_the_web_administration():
    assert "webmin" in opened("users", "app_host", release="2014.5")
    assert "webmin" not in opened("users", "app_host", release="2014.6")
    assert CATALOG["webmin"].exposure == "obsolete"


@pytest.mark.parametrize("exposure", STAYS_ON_THE_HOST)
def test_what_stays_on_the_host(exposure):
    found = {entry.id for entry in CATALOG.values() if entry.exposure == exposure}
    assert found == STAYS_ON_THE_HOST[exposure]
    assert {name for entry_id in found for flow in CATALOG[entry_id].flows for name in flow.initiators} == {"self"}


def test_between_ha_peers():
    found = {entry.id for entry in CATALOG.values() for flow in entry.flows if "ha_peer" in flow.initiators}
    assert found == {"ssh", "drbd", "ha_heartbeat", "icmp"}


def test_data_range():
    (flow,) = CATALOG["data_range"].flows
    assert (flow.listeners, flow.initiators, flow.encryption) == (("any_host",), ("any_host",), "tunnelled")


def test_attached():
    # Where a deployment says which processor a collector or a data node reports to, these open between the two alone.
    found = {
        (entry.id, listener, initiator)
        for entry in CATALOG.values()
        for flow in entry.flows
        if flow.attached
        for listener in flow.listeners
        for initiator in flow.initiators
    }
    events = set(itertools.product(("event_collector", "event_processor"), ("event_collector", "event_processor")))
    to_console = set(itertools.product(("console",), ("event_collector", "event_processor")))
    processors = ("console", "event_processor", "flow_processor")
    assert found == (
        {("norm_events", *pair) for pair in events | to_console}
        | {("ec_data", *pair) for pair in events | to_console}
        | {("identity", *pair) for pair in events}
        | {("norm_flows", *pair) for pair in itertools.product(processors, ("flow_collector", "flow_processor"))}
        | {("flow_listen", *pair) for pair in itertools.product(processors, ("flow_collector",))}
        | {(search, "data_node", processor) for search in SEARCH for processor in processors[1:]}
        | {(search, processor, "data_node") for search in SEARCH for processor in processors[1:]}
    )


def test_same_processor():
    # Data move between the data nodes of one processor, in any direction.
    found = {
        (entry.id, flow.listeners, flow.initiators, flow.encryption)
        for entry in CATALOG.values()
        for flow in entry.flows
        if flow.same_processor
    }
    assert found == {(search, ("data_node",), ("data_node",), "open") for search in SEARCH}


@pytest.mark.parametrize("feature", FEATURES)
def test_features(feature):
    found = {
        entry.id
        for entry in CATALOG.values()
        if feature in entry.ports_with
        or any(feature in when.features for when in (entry.when, *(flow.when for flow in entry.flows)))
    }
    assert found == FEATURE_OF[feature]


def test_confidence():
    for confidence, expected in CONFIDENCE.items():
        assert {entry.id for entry in CATALOG.values() if entry.confidence == confidence} == expected


def test_replaced_by():
    assert {entry.id: entry.replaced_by for entry in CATALOG.values() if entry.replaced_by} == {
        "ntp_mh": "socat_ntp",
        "conman": "conman_enc",
        "traefik": "traefik_enc",
    }


def test_dynamic_ports():
    found = {
        entry.id: (entry.dynamic.ports, entry.dynamic.count, entry.dynamic.discovery)
        for entry in CATALOG.values()
        if entry.dynamic
    }
    assert found == {
        "rpcbind": ((1024, 65535), None, "rpcbind"),
        "dcom": ((1025, 65535), None, "none"),
        "imq_dynamic": ((32001, 65535), 4, "imq_port_mapper"),
        "rmi": ((1024, 65535), 1, "none"),
        "app_containers": ((32768, 60999), None, "none"),
        "ftp_polling": ((1024, 65535), None, "none"),
    }


def test_the_registry_is_for_deployments_with_apps():
    assert CATALOG["si_registry"].when.deployment_roles == ("app_host",)


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.id)
def test_both_readings_wherever_the_documents_differ(entry):
    rows = [said for said in entry.statements if said.table == "ports"]
    readings = {(frozenset(said.ports), frozenset(said.protocols), said.says) for said in rows}
    documents = {said.document for said in rows}
    differ = bool(rows) and (len(readings) > 1 or len(documents) < 2)
    page = entry.disagreement is not None and any(name in PAGES for name in entry.disagreement.readings)
    assert (differ or page) == (entry.disagreement is not None)


def test_pages_that_contradict_both_documents():
    found = {
        entry.id: (entry.disagreement.verdict, [name for name in entry.disagreement.readings if name in PAGES])
        for entry in CATALOG.values()
        if entry.disagreement and set(entry.disagreement.readings) & set(PAGES)
    }
    assert found == {
        "traefik": ("app_hosts_page", ["app_hosts_page"]),
        "traefik_enc": ("app_hosts_page", ["app_hosts_page"]),
        "wincollect_cfg_collectors": ("wincollect_page", ["wincollect_page"]),
    }


@pytest.mark.parametrize(
    "entry_id",
    ["webmin", "snmp_trap", "snmp_smux", "snmpd", "imq", "imq_dynamic", "stream_events", "stream_flows", "ade", "ecs"],
)
def test_what_the_translation_lost_is_no_statement(entry_id):
    assert "English original" in CATALOG[entry_id].disagreement.reason
    assert "an inference" in CATALOG[entry_id].disagreement.reason


@pytest.mark.parametrize(
    ("entry_id", "words"),
    [
        ("ssh", ["Flow processors that use encryption open sessions"]),
        ("qvm_tomcat", ["no longer supported in any version"]),
        ("qvm_cmd", ["no longer supported in any version"]),
        ("qvm_postgres", ["no longer supported in any version"]),
        ("public_vuln_scanner_1", ["no longer supported in any version"]),
        ("smb", ["Microsoft Security Event Log Protocol", "Adaptive Log Exporter"]),
        ("localca", ["Inference", "narrower than"]),
        ("snmpd", ["Inference", "row of 8001 itself names no condition"]),
        ("postgres", ["local", "over 443"]),
        ("dlc", ["data range"]),
    ],
)
def test_what_an_entry_does_not_leave_out(entry_id, words):
    text = " ".join(str(CATALOG[entry_id].raw).split())
    for word in words:
        assert word in text


def test_what_the_documents_differ_in():
    assert {entry.id for entry in CATALOG.values() if entry.disagreement} == {
        "ade",
        "conman",
        "ecs",
        "emulex",
        "imq",
        "imq_dynamic",
        "jmx",
        "norm_flows",
        "pcap",
        "qvm_cmd",
        "qvm_postgres",
        "qvm_tomcat",
        "si_registry",
        "snmp_smux",
        "snmp_trap",
        "snmpd",
        "stream_events",
        "stream_flows",
        "traefik",
        "traefik_enc",
        "webmin",
        "wincollect_cfg_collectors",
    }


@pytest.mark.parametrize("path", sorted(loader._DATA.glob("*.yml")), ids=lambda path: path.name)
def test_no_key_twice(path):
    # The parser would keep the last one and say nothing.
    pending = [yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)]
    while pending:
        node = pending.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, value in node.value]
            assert len(keys) == len(set(keys)), "%s line %d" % (keys, node.start_mark.line + 1)
            pending.extend(value for key, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            pending.extend(node.value)

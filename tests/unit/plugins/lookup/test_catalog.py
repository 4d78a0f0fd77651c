# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import subprocess
import sys

from pathlib import Path

import pytest
import yaml

from ansible import constants
from ansible.errors import AnsibleLookupError, AnsibleOptionsError

from ansible_collections.jsa.ports.plugins.lookup import catalog
from ansible_collections.jsa.ports.plugins.plugin_utils import _vocabulary
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import CatalogError, load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.selection import DIRECTIONS

pytestmark = pytest.mark.process

COLLECTIONS = Path(catalog.__file__).parents[5]
ALL = list(load_catalog())
ALL_OF_22 = ["ssh", "ssh_out_logfile", "off_site_target_ssh", "risk_adapters"]


@pytest.fixture
def look_up():
    # What ansible-core's loader does with a plugin; test_in_a_playbook has the loader itself do it.
    plugin = catalog.LookupModule()
    plugin._load_name = "jsa.ports.catalog"
    options = yaml.safe_load(catalog.DOCUMENTATION)["options"]
    constants.config.initialize_plugin_configuration_definitions("lookup", plugin._load_name, options)

    def run(*terms, **options):
        return plugin.run(list(terms), variables={}, **options)

    return run


@pytest.fixture
def ids(look_up):
    def run(*terms, **options):
        return [entry["id"] for entry in look_up(*terms, **options)]

    return run


def test_no_terms_give_all_entries_in_the_order_of_their_ports(ids):
    assert ids() == ALL
    assert len(ALL) == 98


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (["ssh"], ["ssh"]),
        (["smtp", "ssh"], ["smtp", "ssh"]),
        # What rests on a row of the documents comes first.
        ([22], ALL_OF_22),
        (["22"], ALL_OF_22),
        (["22/tcp"], ALL_OF_22),
        (["514/udp"], ["syslog", "syslog_app_host", "syslog_internal", "forwarding"]),
        (["ssh_out_logfile", 22], ["ssh_out_logfile", "ssh", "off_site_target_ssh", "risk_adapters"]),
        ([25, "ssh", 25], ["smtp", "ssh"]),
        ([["smtp", "ssh"], 199], ["smtp", "ssh", "snmp_smux"]),
        ([9381], ["cert_download", "localca"]),
        (["32006/tcp"], ["ariel_query", "data_range"]),
        ([32012], ["data_range"]),
        ([33999], ["data_range"]),
        ([20500], ["ssh_tunnel_local"]),
        ([7791], ["jmx"]),
        (["icmp"], ["icmp"]),
        ([" ssh "], ["ssh"]),
    ],
)
def test_terms(ids, terms, expected):
    assert ids(*terms) == expected


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        (["shs"], ["'shs'", "no entry has this id", "did you mean ssh?", "a port such as 22 or 514/udp"]),
        (["ariel"], ["did you mean ariel_query or ariel_listen"]),
        ([""], ["no entry has this id"]),
        ([True], ["no entry has this id"]),
        (["32000-33999"], ["no entry has this id", "a port such as"]),
        ([8443], ["no entry lists this port", "nearest are 8413 (wincollect_cfg)"]),
        ([34000], ["nearest are 33999 (data_range)"]),
        ([45000], ["no entry lists this port"]),
        (["0"], ["ports are 1 to 65535"]),
        (["65536/tcp"], ["ports are 1 to 65535"]),
        (["22/udp"], ["lists port 22 with tcp only"]),
        (["22/sctp"], ["'sctp' has no ports", "tcp, udp"]),
        (["22/icmp"], ["'icmp' has no ports"]),
        (["22/"], ["'' has no ports"]),
        (["ssh", "shs", 8443], ["'shs'", "8443"]),
    ],
)
def test_unknown_terms(look_up, terms, says):
    with pytest.raises(AnsibleLookupError) as caught:
        look_up(*terms)
    for text in says:
        assert text in str(caught.value)


def test_the_catalog_is_not_changed_by_what_is_done_to_a_result(look_up):
    (entry,) = look_up("ssh")
    entry["flows"][0]["listeners"].append("everybody")
    entry["ports"].clear()
    assert look_up("ssh")[0]["ports"] == ["22"]
    assert "everybody" not in look_up("ssh")[0]["flows"][0]["listeners"]


@pytest.mark.parametrize(
    ("role", "inside", "outside"),
    [
        # what names the role, what all hosts do, what managed hosts do, what the collector on board does
        ("console", ["https", "conman", "data_range", "drbd"], ["netflow_2055", "arc_builder"]),
        ("app_host", ["conman", "data_range", "imq_dynamic"], ["ariel_query", "offense"]),
        ("event_processor", ["offense", "stream_events", "syslog"], ["netflow_2055", "conman"]),
        ("event_collector", ["syslog", "stream_events"], ["offense", "ariel_query"]),
        ("flow_processor", ["flow_listen", "netflow_2055", "stream_flows"], ["syslog", "stream_events"]),
        ("flow_collector", ["flow_listen", "netflow_2055"], ["stream_flows", "ariel_query"]),
        ("managed_host", ["imq_dynamic", "ssh", "syslog_internal", "data_range"], ["conman", "ntp_out"]),
        ("any_host", ["data_range", "jmx", "drbd", "smtp"], ["imq_dynamic", "syslog_internal"]),
    ],
)
def test_role(ids, role, inside, outside):
    found = ids(role=role)
    assert [entry_id for entry_id in inside if entry_id not in found] == []
    assert [entry_id for entry_id in outside if entry_id in found] == []


@pytest.mark.parametrize(
    ("options", "inside", "outside"),
    [
        # inbound: the role listens
        (
            {"role": "console", "direction": "inbound"},
            ["https", "ssh", "offense", "jmx"],
            ["conman", "ntp_out", "smtp"],
        ),
        ({"role": "app_host", "direction": "inbound"}, ["conman", "imq", "vault"], ["https", "si_registry", "ntp_mh"]),
        # outbound: the role initiates
        ({"role": "console", "direction": "outbound"}, ["conman", "ntp_out", "smtp"], ["https", "syslog", "offense"]),
        ({"role": "app_host", "direction": "outbound"}, ["https", "si_registry", "ntp_mh"], ["conman", "imq_dynamic"]),
        ({"role": "event_processor", "direction": "outbound"}, ["stream_events", "offense"], ["flow_listen", "syslog"]),
        # only the collector on board initiates it
        ({"role": "flow_processor", "direction": "outbound"}, ["flow_listen"], ["netflow_2055"]),
        # what a host does with itself or its peer is both
        ({"role": "data_node", "direction": "outbound"}, ["jmx", "drbd", "icmp"], ["docker", "tomcat_ctl"]),
        ({"role": "data_node", "direction": "inbound"}, ["jmx", "drbd", "icmp"], ["docker", "tomcat_ctl"]),
        # peer: the other side of the same flow
        (
            {"role": "console", "direction": "inbound", "peer": "app_host"},
            ["https", "syslog_app_host", "si_registry"],
            ["conman", "traefik", "offense", "jmx", "drbd"],
        ),
        (
            {"role": "console", "direction": "outbound", "peer": "app_host"},
            ["conman", "traefik", "ssh", "imq"],
            ["https", "si_registry"],
        ),
        ({"role": "console", "peer": "app_host"}, ["https", "conman"], ["offense", "qvm_cmd", "ntp_out"]),
        ({"role": "event_processor", "peer": "event_processor"}, ["norm_events", "data_range"], ["ariel_query"]),
        ({"role": "console", "peer": "admin"}, ["ssh"], ["https", "imm_rdp"]),
        ({"role": "console", "peer": "windows_hosts"}, ["dcom", "smb"], ["ssh"]),
        ({"role": "app_host", "peer": "windows_hosts"}, [], ["dcom", "smb"]),
        ({"role": "console", "peer": "self"}, ["jmx", "postgres", "docker"], ["https", "drbd"]),
        ({"role": "console", "peer": "ha_peer"}, ["ssh", "drbd", "icmp"], ["jmx", "https"]),
        ({"role": "console", "direction": "outbound", "peer": "ha_peer"}, ["ssh", "drbd"], ["jmx"]),
        # peer without a role: either side
        ({"peer": "log_sources"}, ["syslog", "udp_multiline"], ["https", "netflow_2055", "ssh_out_logfile"]),
        ({"peer": "polled_sources"}, ["ssh_out_logfile", "jdbc_polling"], ["syslog"]),
        ({"peer": "disconnected_log_collectors"}, ["dlc"], ["syslog", "data_range"]),
        ({"peer": "management_modules"}, ["imm_rdp"], ["ssh"]),
        ({"peer": "public_servers"}, ["public_xforce_update"], ["https"]),
        ({"peer": "data_node"}, ["ariel_query", "jmx", "https"], ["conman", "offense"]),
        # the others
        ({"protocol": "udp"}, ["syslog", "ntp_out", "drbd"], ["ssh", "icmp"]),
        ({"protocol": "icmp"}, ["icmp"], ["ssh", "drbd"]),
        ({"protocol": ["udp", "icmp"]}, ["syslog", "icmp"], ["ssh"]),
        ({"exposure": "ha"}, ["drbd", "icmp"], ["ssh"]),
        ({"exposure": "hardware,unknown"}, ["imm_rdp", "ecs_soap"], ["ssh", "webmin"]),
        ({"feature": "wincollect"}, ["wincollect_cfg", "https", "syslog_tls"], ["ssh", "snmpd"]),
        ({"feature": "fips"}, ["jmx"], ["vault"]),
        ({"document": "installation_guide"}, ["emulex", "public_xforce_update", "ssh"], ["pcap"]),
        ({"document": "administration_guide"}, ["pcap", "ssh"], ["emulex", "public_xforce_update"]),
        ({"confidence": "low"}, ["rmi", "identity"], ["ssh", "ade"]),
        ({"confidence": ["low", "medium"]}, ["rmi", "ade"], ["ssh"]),
        ({"confidence": "low", "exposure": "inter_host", "protocol": "udp"}, ["rpcbind"], ["rmi", "ecs_soap", "drbd"]),
    ],
)
def test_options(ids, options, inside, outside):
    found = ids(**options)
    assert [entry_id for entry_id in inside if entry_id not in found] == []
    assert [entry_id for entry_id in outside if entry_id in found] == []
    assert found == [entry_id for entry_id in ALL if entry_id in found]


def test_both_directions_together_are_the_role(ids):
    for role in _vocabulary.ROLES:
        inbound, outbound = (ids(role=role, direction=direction) for direction in DIRECTIONS)
        assert set(inbound) | set(outbound) == set(ids(role=role))


def test_terms_and_options_together(ids):
    assert ids(514, role="console", peer="log_sources") == ["syslog"]
    assert ids("ssh", exposure="ha") == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"role": "consol"}, ["role: 'consol' is not known", "did you mean console?", "any_host"]),
        ({"role": "admin"}, ["role: 'admin' is not known"]),
        ({"role": "console", "direction": "in"}, ["direction: 'in' is not known", "did you mean inbound?"]),
        ({"direction": "inbound"}, ["direction: needs role"]),
        ({"peer": "internet"}, ["peer: 'internet' is not known", "public_servers"]),
        ({"protocol": "TCP"}, ["protocol: 'TCP' is not known", "did you mean tcp?"]),
        ({"exposure": ["ha", "internal"]}, ["exposure: 'internal' is not known", "inter_host"]),
        ({"feature": "snmp"}, ["feature: 'snmp' is not known", "did you mean snmp_agent?"]),
        ({"document": "guide"}, ["document: 'guide' is not known", "administration_guide"]),
        ({"confidence": "sure"}, ["confidence: 'sure' is not known", "high, medium, low"]),
        ({"role": "x", "peer": "y"}, ["role: 'x'", "peer: 'y'"]),
        ({"rol": "console"}, ["unknown option 'rol'", "did you mean role?"]),
        ({"release": "7.3.3"}, ["unknown option 'release'", "role, direction, peer"]),
    ],
)
def test_invalid_options(look_up, options, says):
    with pytest.raises(AnsibleOptionsError) as caught:
        look_up(**options)
    for text in says:
        assert text in str(caught.value)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("[].id", ALL_OF_22),
        ("[?exposure=='outbound'].{id: id}", [{"id": name} for name in ALL_OF_22[1:]]),
        ("[0].id", ["ssh"]),
        ("length(@)", [4]),
        ("[5]", []),
        ("[?id=='nobody']", []),
        ("[].when.features[]", ["log_file_protocol", "off_site_forwarding", "risk_adapters"]),
        ("[0].{service: service, row: statements[0].row}", [{"service": "SSH", "row": 1}]),
    ],
)
def test_query(look_up, expression, expected):
    assert look_up("22", query=expression) == expected


@pytest.mark.parametrize(
    "expression", ["[?id==ssh", "", "[?id='ssh']", "no_function(@)", "length(`1`)", "sort_by(@, &ports)"]
)
def test_a_bad_expression(look_up, expression):
    with pytest.raises(AnsibleLookupError) as caught:
        look_up(query=expression)
    assert "query: %r is not a valid JMESPath expression" % expression in str(caught.value)
    assert "[?exposure=='inter_host']" in str(caught.value)


def test_jmespath_missing(look_up, monkeypatch):
    monkeypatch.setattr(catalog, "HAS_JMESPATH", False)
    assert look_up("ssh")
    with pytest.raises(AnsibleLookupError, match=r"Failed to import the required Python library \(jmespath\)"):
        look_up("ssh", query="[].id")


def test_a_damaged_catalog(look_up, monkeypatch):
    def fail():
        raise CatalogError(["access.yml[0] (ssh): ports: port 70000 is outside 1-65535"])

    monkeypatch.setattr(catalog, "load_catalog", fail)
    with pytest.raises(AnsibleLookupError, match=r"catalog is damaged:\naccess\.yml"):
        look_up()


def documented_keys(contains):
    return {key: documented_keys(value["contains"]) if "contains" in value else None for key, value in contains.items()}


def assert_same_keys(data, documented, place):
    assert set(data) == set(documented), place
    for key, inner in documented.items():
        values = data[key] if isinstance(data[key], list) else [data[key]]
        for value in values:
            if inner is not None and value is not None:
                assert_same_keys(value, inner, "%s.%s" % (place, key))


@pytest.mark.parametrize("entry", [dict(entry.raw) for entry in load_catalog().values()], ids=lambda entry: entry["id"])
def test_every_documented_key_is_there_and_no_other(entry):
    documented = documented_keys(yaml.safe_load(catalog.RETURN)["_raw"]["contains"])
    assert_same_keys(entry, documented, entry["id"])


@pytest.mark.parametrize(
    ("option", "valid"),
    [
        ("role", (*_vocabulary.ROLES, *_vocabulary.HOST_GROUPS)),
        ("direction", DIRECTIONS),
        (
            "peer",
            (*_vocabulary.SOURCE_NETWORKS, *_vocabulary.DESTINATION_NETWORKS, "self", "ha_peer", "management_modules"),
        ),
        ("protocol", _vocabulary.PROTOCOLS),
        ("exposure", _vocabulary.EXPOSURES),
        ("feature", _vocabulary.FEATURES),
        ("document", tuple(_vocabulary.DOCUMENTS)),
        ("confidence", _vocabulary.CONFIDENCES),
    ],
)
def test_every_valid_value_is_documented_and_accepted(look_up, option, valid):
    text = json.dumps(yaml.safe_load(catalog.DOCUMENTATION)["options"][option]["description"])
    for value in valid:
        assert "V(%s)" % value in text
        look_up(**({"role": "console", option: value} if option == "direction" else {option: value}))


PLAYBOOK = """
- name: Use the lookup as its users do
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Keep what the templates gave
      ansible.builtin.copy:
        content: "{{ results | to_json }}"
        dest: "{{ dest }}"
        mode: "0600"
      vars:
        wanted_role: "{{ 'con' ~ 'sole' }}"
        wanted_terms: [smtp, 199]
        results:
          query: "{{ query('jsa.ports.catalog', 'ssh', 'smtp') | map(attribute='id') }}"
          query_empty: "{{ query('jsa.ports.catalog', 'ssh', exposure='ha') }}"
          one: "{{ lookup('jsa.ports.catalog', 'ssh').ports }}"
          wantlist: "{{ lookup('jsa.ports.catalog', 'ssh', wantlist=true) | map(attribute='id') }}"
          joined: "{{ lookup('jsa.ports.catalog', 22, query='[].id') }}"
          several: "{{ lookup('jsa.ports.catalog', 22) | map(attribute='id') }}"
          everything: "{{ query('jsa.ports.catalog') | length }}"
          templated: "{{ query('jsa.ports.catalog', wanted_terms, role=wanted_role, query='[].id') }}"
          options: "{{ query('jsa.ports.catalog', exposure=['ha', 'hardware'], protocol='icmp', query='[].id') }}"
          null_key: "{{ lookup('jsa.ports.catalog', 'ssh').dynamic is none }}"
          ignored: "{{ query('jsa.ports.catalog', 'shs', errors='ignore') }}"

    - name: Loop
      ansible.builtin.debug:
        msg: "looped over {{ item.id }}"
      with_jsa.ports.catalog:
        - smb
        - 514/udp
      loop_control:
        label: "{{ item.id }}"

    - name: Loop over a single term
      ansible.builtin.debug:
        msg: "looped over {{ item.id }}"
      with_jsa.ports.catalog: smtp
      loop_control:
        label: "{{ item.id }}"

    - name: Ask for what is not there
      ansible.builtin.debug:
        msg: "{{ query('jsa.ports.catalog', 'shs') }}"
"""


def test_in_a_playbook(tmp_path):
    playbook = tmp_path / "playbook.yml"
    playbook.write_text(PLAYBOOK, encoding="utf-8")
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_CONFIG": str(tmp_path / "none.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"),
        "ANSIBLE_REMOTE_TEMP": str(tmp_path / "tmp"),
        "ANSIBLE_NOCOLOR": "1",
    }
    run = subprocess.run(
        [
            sys.executable,
            # "-m ansible playbook" asks the installed distribution, and ansible-test has ansible on the path only.
            "-m",
            "ansible.cli.playbook",
            "--inventory=localhost,",
            "--extra-vars=dest=%s ansible_python_interpreter=%s" % (tmp_path / "results", sys.executable),
            str(playbook),
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    output = run.stdout + run.stderr
    assert run.returncode == 2, output
    assert (tmp_path / "results").exists(), output
    results = json.loads((tmp_path / "results").read_text(encoding="utf-8"))
    # ansible-core before 2.19 makes a text of what is neither list nor mapping.
    assert str(results.pop("everything")) == str(len(ALL))
    assert str(results.pop("null_key")) == "True"
    assert results == {
        "query": ["ssh", "smtp"],
        "query_empty": [],
        "one": ["22"],
        "wantlist": ["ssh"],
        "joined": ",".join(ALL_OF_22),
        "several": ALL_OF_22,
        "templated": ["smtp", "snmp_smux"],
        "options": ["icmp"],
        "ignored": [],
    }
    for looped in ("smb", "syslog", "syslog_internal", "smtp"):
        assert "looped over %s" % looped in output
    assert "term 'shs': no entry has this id; did you mean ssh?" in output

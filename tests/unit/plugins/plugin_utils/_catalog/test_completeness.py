# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalog against the documents' tables, in both directions."""

from __future__ import annotations

import collections

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._ports import merge_ranges, parse_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._catalog.rows import (
    JMX_IN_FIPS_MODE,
    PUBLIC_SERVERS,
    ROWS,
)

STATEMENTS = [(entry, statement) for entry in load_catalog().values() for statement in entry.statements]
PORT_STATEMENTS = [(entry, statement) for entry, statement in STATEMENTS if statement.table == "ports"]


def ranges(ports):
    return merge_ranges(parse_ports(port) for port in ports if port != "dynamic")


def test_the_table_itself():
    counts = collections.Counter(document for document, number in ROWS)
    assert counts == {"administration_guide": 68, "installation_guide": 68}
    by_document = {
        document: collections.Counter(row.ports for (name, number), row in ROWS.items() if name == document)
        for document in counts
    }
    together = by_document["administration_guide"] | by_document["installation_guide"]
    assert sum(together.values()) == 69


@pytest.mark.parametrize("key", sorted(ROWS), ids=lambda key: "%s-%d" % key)
def test_every_row_has_an_entry(key):
    document, number = key
    row = ROWS[key]
    entries = [entry for entry, said in PORT_STATEMENTS if (said.document, said.row) == key]
    assert entries, "no entry rests on row %d of the %s: %s" % (number, document, row)
    covered = merge_ranges(ports for entry in entries for ports in entry.ports)
    assert covered == ranges(row.ports)
    assert {protocol for entry in entries for protocol in entry.protocols} >= set(row.protocols)
    assert any(entry.dynamic for entry in entries) == ("dynamic" in row.ports)


@pytest.mark.parametrize(
    ("entry", "statement"),
    PORT_STATEMENTS,
    ids=["%s-%s-%d" % (entry.id, said.document, said.row) for entry, said in PORT_STATEMENTS],
)
def test_every_statement_is_a_row(entry, statement):
    row = ROWS[statement.document, statement.row]
    assert ranges(statement.ports) == ranges(row.ports)
    assert ("dynamic" in statement.ports) == ("dynamic" in row.ports)
    assert set(statement.protocols) == set(row.protocols)
    row_ports = ranges(row.ports)
    for first, last in entry.ports:
        assert any(start <= first and last <= end for start, end in row_ports)


def test_no_entry_without_a_statement():
    """Or, where no row of the documents has the port, without evidence that names its source."""
    rowless = [entry for entry in load_catalog().values() if not entry.statements]
    assert [entry.id for entry in rowless if not entry.evidence] == []
    assert {entry.id for entry in rowless} == {
        "api_polling",
        "app_containers",
        "dlc",
        "forwarding",
        "ftp_polling",
        "http_receiver",
        "jdbc_polling",
        "json_receiver",
        "ldap_login",
        "nfs_mountd_rhel",
        "nfs_rpcbind",
        "off_site_target",
        "off_site_target_ssh",
        "radius_login",
        "risk_adapters",
        "risk_adapters_snmp",
        "srx_binary_logs",
        "udp_multiline",
    }


def test_no_statement_twice_in_one_entry():
    seen = collections.Counter((entry.id, said.document, said.table, said.row) for entry, said in STATEMENTS)
    assert [key for key, count in seen.items() if count > 1] == []


def test_public_servers():
    found = {said.row: entry.server for entry, said in STATEMENTS if said.table == "servers"}
    assert found == dict(enumerate(PUBLIC_SERVERS, start=1))
    assert {entry.server for entry in load_catalog().values() if entry.server} == set(PUBLIC_SERVERS)


def test_jmx_in_fips_mode():
    assert merge_ranges(load_catalog()["jmx"].ports_with["fips"]) == ranges(JMX_IN_FIPS_MODE.split())

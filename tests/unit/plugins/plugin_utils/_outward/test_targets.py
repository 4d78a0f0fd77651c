# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a console contacts outside, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._outward.targets import Outward, outward_targets
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.outward_table import outward_table
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS, read

GROUPS = {"con1": "jsa_console", "ep1": "jsa_processors"}


def outward(networks: dict[str, Any] | None = None, features: Any = (), **options: Any) -> Outward:
    topology, problems = read(
        GROUPS, {"con1": {"jsa_features": list(features)}}, jsa_networks={**NO_NETWORKS, **(networks or {})}
    )
    assert problems == []
    return outward_targets(topology, "con1", **options)


def texts(found: Outward) -> list[str]:
    return [f"{item['id']} {item['kind']} {item['host']}:{item['port']}" for item in found.targets]


PUBLIC = [
    "public_juniper_download tls download.juniper.net:443",
    "public_xforce_license tls license.xforce-security.com:443",
    "public_xforce_update tls update.xforce-security.com:443",
]


def test_public_servers_of_the_catalog_that_the_console_contacts() -> None:
    # Not the hosted scanner: that one had ended, and is not the console's.
    assert texts(outward()) == PUBLIC


def test_servers_of_the_site() -> None:
    found = outward(
        {"smtp_gateways": ["192.0.2.25"], "ntp_servers": ["192.0.2.123", "2001:db8::123"],
         "nfs_servers": ["192.0.2.49"], "dns_servers": ["192.0.2.53"]},
        ["email", "nfs_client"],
    )  # fmt: skip
    assert texts(found) == [
        "smtp smtp 192.0.2.25:25",
        "ntp_out ntp 192.0.2.123:123",
        "ntp_out ntp 2001:db8::123:123",
        "nfs_mountd mountd 192.0.2.49:762",
        "nfs nfs 192.0.2.49:2049",
        "dns dns 192.0.2.53:53",
        *PUBLIC,
    ]
    assert found.targets[5]["name"] == "download.juniper.net"
    assert found.left_out == []


def test_what_is_left_out_says_why() -> None:
    found = outward({"ntp_servers": ["192.0.2.0/24"], "dns_servers": ["192.0.2.53"]}, public_servers="none")
    assert found.targets == []
    assert found.left_out == [
        "smtp: con1 does not have the feature email (jsa_features)",
        "ntp_out: 192.0.2.0/24 in jsa_networks.ntp_servers is not a single address",
        "nfs_mountd: con1 does not have the feature nfs_client (jsa_features)",
        "nfs: con1 does not have the feature nfs_client (jsa_features)",
        "dns: 192.0.2.53 cannot be asked without a name: set jsa_outward_dns_name",
    ]


def test_public_servers_replaced() -> None:
    found = outward(
        {"dns_servers": ["192.0.2.53"]},
        public_servers={
            "download.juniper.net": {"host": "mirror.test", "port": "8443", "name": "download.juniper.net"},
            "update.xforce-security.com": "none",
        },
        dns_name="x.test",
    )
    assert texts(found) == [
        "dns dns 192.0.2.53:53",
        "public_juniper_download tls mirror.test:8443",
        "public_xforce_license tls license.xforce-security.com:443",
    ]
    assert [item.get("name") for item in found.targets] == ["x.test", "download.juniper.net", None]


def test_all_mistakes_at_once() -> None:
    with pytest.raises(InputError) as error:
        outward(
            public_servers={
                "download.juniper.com": "none",
                "update.xforce-security.com": {"host": "", "port": 0, "adress": 1},
                "license.xforce-security.com": [],
            }
        )
    text = str(error.value)
    for part in ("download.juniper.net", "host: ''", "port: 0", "unknown key 'adress'", "expected none, or a mapping"):
        assert part in text
    with pytest.raises(InputError, match="expected none, or a mapping of server names"):
        outward(public_servers=["x"])


def test_the_table_has_failures_first() -> None:
    good = {"target": "a:25", "purpose": "SMTP", "result": "ok", "reason": ""}
    bad = {"target": "b:443", "purpose": "Updates", "result": "proxy_refused", "reason": "it forbids it (403)"}
    lines = outward_table("con1", [good, bad], ["smtp: because"]).splitlines()
    assert "b:443" in lines[1] and "allow this target on the proxy" in lines[1]
    assert "a:25" in lines[2]
    assert lines[-3:] == ["b:443: it forbids it (403)", "", "not checked: smtp: because"]
    assert outward_table("con1", [], []) == "con1 has no targets"

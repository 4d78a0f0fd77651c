# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of the site's own a reload would change: what runs, against what is kept."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import CommandError
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.site import (
    SiteObject,
    lost_by_reload,
    running_policies,
    running_zones,
)

NO_DIRECT: tuple[list[Any], list[Any], list[Any]] = ([], [], [])


class FakeClient:
    """A firewalld: what runs, what is kept, and whether NetworkManager is there."""

    def __init__(
        self,
        zones: Any = None,
        policies: Any = None,
        sets: Any = None,
        direct: Any = NO_DIRECT,
        kept_direct: Any = NO_DIRECT,
        network_manager: bool = False,
    ) -> None:
        #: Kind -> name -> (what runs, what is kept or None).
        self.known: dict[str, dict[str, tuple[Any, Any]]] = {
            "zone": zones or {}, "policy": policies or {}, "ipset": sets or {},
        }  # fmt: skip
        self.direct = dict(zip(("getAllChains", "getAllRules", "getAllPassthroughs"), direct, strict=True))
        self.kept_direct = kept_direct
        self.network_manager = network_manager

    def call(self, interface: str, member: str, signature: str = "", arguments: Any = (), path: str = "",
             destination: str = "") -> tuple[Any, ...]:  # fmt: skip
        if member == "NameHasOwner":
            assert (interface, destination) == ("org.freedesktop.DBus", "org.freedesktop.DBus")
            assert list(arguments) == ["org.freedesktop.NetworkManager"]
            return (self.network_manager,)
        if interface == "direct":
            return (self.direct[member],)
        if interface == "config.direct":
            return (self.kept_direct,)
        if interface == "config":
            kind = {"getZoneByName": "zone", "getPolicyByName": "policy", "getIPSetByName": "ipset"}[member]
            assert (signature, path) == ("s", "/config")
            (name,) = arguments
            if self.known[kind][name][1] is None:
                raise CommandError(["firewalld", member], None, "INVALID_ZONE")
            return (f"/config/{kind}/{name}",)
        if interface.startswith("config."):
            _root, _config, kind, name = path.split("/")
            assert interface == "config." + kind
            return (self.known[kind][name][1],)
        if not arguments:
            return (list(self.known[interface]),)
        assert signature == "s"
        return (self.known[interface][arguments[0]][0],)


def lost(**site: Any) -> list[str]:
    client: Any = FakeClient(**site)
    return lost_by_reload(client)


ZONE = {"short": "Public", "description": "x", "version": "1", "target": "default", "services": ["ssh"],
        "ports": [("80", "tcp")], "masquerade": False, "forward": True}  # fmt: skip


def test_what_runs() -> None:
    client: Any = FakeClient({"public": (ZONE, ZONE)}, {"site": ({"priority": 1}, {}), "jsa-in": ({}, {})})
    assert running_zones(client) == [SiteObject("zone public", ZONE)]
    assert running_policies(client) == [SiteObject("policy site", {"priority": 1})]


def test_a_site_that_keeps_all_that_runs_loses_nothing() -> None:
    other_texts = {**ZONE, "short": "p", "description": "y", "version": "2"}
    entries = ("", "", "", "", {}, ["192.0.2.1"])
    assert lost(zones={"public": (ZONE, other_texts)}, sets={"blocklist": (entries, entries)}) == []


@pytest.mark.parametrize(
    ("running", "words"),
    [
        ({**ZONE, "services": ["ssh", "http"]}, ["service http, changed at run time only"]),
        ({**ZONE, "services": []}, ["service ssh, in the files only"]),
        (
            {**ZONE, "ports": [("81", "tcp"), ("", "udp")]},
            [
                "port 81/tcp, changed at run time only",
                "port udp, changed at run time only",
                "port 80/tcp, in the files only",
            ],
        ),
        ({**ZONE, "masquerade": True}, ["masquerade, changed at run time only"]),
        ({**ZONE, "icmp_block_inversion": True}, ["icmp block inversion, changed at run time only"]),
        ({**ZONE, "target": "DROP"}, ["target DROP, changed at run time only", "target default, in the files only"]),
        ({**ZONE, "new_kind": ["x"]}, ["new_kind x, changed at run time only"]),
    ],
)
def test_settings(running: dict[str, Any], words: list[str]) -> None:
    assert lost(zones={"public": (running, ZONE)}) == ["zone public: " + one for one in words]


def test_objects_that_are_not_kept() -> None:
    found = lost(zones={"gone": (ZONE, None), "public": (ZONE, ZONE)}, policies={"left": ({}, None)})
    assert found == ["zone gone is no longer in the files", "policy left is no longer in the files"]


@pytest.mark.parametrize(
    ("network_manager", "words"), [(True, []), (False, ["zone public: interface eth0, changed at run time only"])]
)
def test_interfaces_that_network_manager_binds_anew(network_manager: bool, words: list[str]) -> None:
    running = {**ZONE, "interfaces": ["eth0"]}
    assert lost(zones={"public": (running, ZONE)}, network_manager=network_manager) == words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ["set b: entry 1, changed at run time only", "set b: entry 3, in the files only"]),
        ({"timeout": "0"}, ["set b: entry 1, changed at run time only", "set b: entry 3, in the files only"]),
        ({"timeout": "60"}, ["set b: entries that time out, if it has any"]),
    ],
)
def test_entries(options: dict[str, str], words: list[str]) -> None:
    running, kept = ("", "", "", "", options, ["1", "2"]), ("", "", "", "", options, ["2", "3"])
    # Ours come from our own files.
    assert lost(sets={"b": (running, kept), "jsa-ep-4": (running, kept)}) == words


def test_direct_rules() -> None:
    chain, rule = ("ipv4", "filter", "X"), ("ipv4", "filter", "X", 5, ["-j", "DROP"])
    only, both = "direct: %s, changed at run time only", "direct: %s, in the files only"
    words = ["chain ipv4 filter X", "passthrough ipv6 -N Y", "rule ipv4 filter X 5 -j DROP"]
    everything = ([chain], [rule], [("ipv6", ["-N", "Y"])])
    assert lost(direct=everything) == [only % word for word in words]
    assert lost(kept_direct=everything) == [both % word for word in words]
    assert lost(direct=everything, kept_direct=everything) == []
